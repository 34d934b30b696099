package knn

import (
	"context"
	"fmt"
	"math"
	"runtime"

	"github.com/semamap/semamap/internal/vec"
)

const (
	extra     = 8         // candidates beyond k
	bandAlign = 768       // bands hold whole panels of every kind and whole lock groups
	bandBytes = 32 << 20  // packed rows on each side of a band pair, unless memory is short
	tileCols  = 1024      // columns of a work item
	blockRows = 256       // rows of a work item, at most
	maxDepth  = 4096      // columns of the data a tile takes at once
	splitDim  = 16        // columns that make split numbers pay
	unit      = 0x1p-24   // rounding of float32
	flush     = vec.Flush // smaller numbers of a copy are zero: no product underflows
)

// An exact search of the k nearest rows of ref for the rows of x.
type exact struct {
	rescorer
	frame                     // the float32 copy
	refLen, xLen []float32    // squared lengths of the copies
	near         *arrangement // when not nil, the lists are in its order
	low          *lowered     // when not nil, its rows are compared
	split        bool         // rows are compared as split numbers
	second       [2]second    // expected of float32 and of split numbers
	fixed, limit int64        // memory planned besides bands, and allowed (0: any)
}

// searchExact finds the k nearest rows. The rows of each source are distinct
// or the search still is right, only slower.
func searchExact(ctx context.Context, ref, x *source, k int, same bool, set *Settings, used int64) (*Graph, error) {
	if k == 0 || x.n == 0 {
		return newGraph(x.n, k), nil
	}
	if boxed(ref, x, k, set, used) {
		return searchBoxes(ctx, ref, x, k, same, set, used)
	}
	e := &exact{rescorer: newRescorer(ctx, ref, x, k, same, set), limit: set.MaxMemory}
	e.split = vec.Splits() && ref.d >= splitDim
	if err := e.plan(used); err != nil {
		return nil, err
	}
	if err := e.copyFrame(true); err != nil {
		return nil, err
	}
	if e.whole && e.largest > 1<<8 {
		e.split = false // whole numbers stay exact
	}
	if err := e.trial(); err != nil {
		return nil, err
	}
	if same && ref.flat != nil {
		rows, err := ref.view(ctx, e.workers, 0, ref.n, nil)
		if err != nil {
			return nil, err
		}
		if err := e.lower(&rows); err != nil {
			return nil, err
		}
		if e.low != nil {
			rows = view{e.low.z, nil, e.low.q, 0, ref.n}
			// The sample makes way for the bands. The pace of the collector
			// would keep it until the heap has doubled.
			runtime.GC()
		}
		// The products of long rows outweigh all else.
		if ref.n >= arrangeRows && ref.d < lowerDim || e.low != nil {
			if err := e.arrange(&rows); err != nil {
				return nil, err
			}
		}
	}
	if err := e.candidates(); err != nil {
		return nil, err
	}
	return e.finish()
}

// plan makes the graph and sets the size of the bands, or reports that
// MaxMemory is too small.
func (e *exact) plan(used int64) error {
	n, m, d := int64(e.x.n), int64(e.ref.n), int64(e.ref.d)
	e.fixed = used + n*(listCost(e.keep)+int64(e.k)*12+4) + m*4 + 16*d
	if e.limit > 0 {
		least := func() int64 { return e.fixed + min(e.most(), bandAlign)*e.perRow() }
		e.split = e.split && least() <= e.limit // whole blocks of columns take more
		if least := least(); least > e.limit {
			return fmt.Errorf("%w: %d bytes, the search needs %d", ErrMemory, e.limit, least)
		}
	}
	e.graph = newGraph(e.x.n, e.k)
	e.graph.Stats.Columns = e.ref.d
	e.setBands()
	return nil
}

// most is the largest useful size of a band.
func (e *exact) most() int64 {
	return (int64(max(e.x.n, e.ref.n)) + bandAlign - 1) / bandAlign * bandAlign
}

// perRow is the memory of a row of a band. It is packed twice, and made once
// on either side when the source does not hold it.
func (e *exact) perRow() int64 {
	per := 8 * int64(e.packed())
	if e.ref.flat == nil {
		per += 4 * int64(e.ref.d)
	}
	if e.x.flat == nil && !e.same {
		per += 4 * int64(e.ref.d)
	}
	return max(per, 1)
}

// setBands sets the size of the bands from what is planned so far.
func (e *exact) setBands() {
	bytes := int64(bandBytes)
	if e.low != nil {
		bytes /= 2 // lowered rows are packed fast, and held besides
	}
	rows := max(bytes/max(4*int64(e.packed()), 1)/bandAlign*bandAlign, bandAlign)
	if e.limit > 0 {
		rows = min(rows, max((e.limit-e.fixed)/e.perRow()/bandAlign*bandAlign, bandAlign))
	}
	e.band = int(min(rows, e.most()))
	e.graph.Stats.Bytes = e.fixed + int64(e.band)*e.perRow()
}

// reserve plans more memory, if there is enough.
func (e *exact) reserve(bytes int64) bool {
	if e.limit > 0 && e.fixed+bytes+min(e.most(), bandAlign)*e.perRow() > e.limit {
		return false
	}
	e.fixed += bytes
	return true
}

// width is the number of columns that are compared.
func (e *exact) width() int {
	if e.low != nil {
		return e.low.q
	}
	return e.ref.d
}

// packed is the number of words of a packed row.
func (e *exact) packed() int { return newTiling(e.split, e.width()).d }

// candidates fills the lists, one pair of bands after the other: those of a
// band with itself first, as near rows stand near each other.
func (e *exact) candidates() error {
	f := newTiling(e.split, e.width())
	// To clear all this may take tens of milliseconds: look at the context.
	size := 2 * e.keep
	if e.low != nil {
		size = e.low.listSize(e.keep)
	}
	e.lists = newLists(e.ctx, e.x.n, e.keep, size)
	if err := e.ctx.Err(); err != nil {
		return err
	}
	a := f.rows(min(e.band, e.x.n))
	b := f.columns(min(e.band, e.ref.n))
	if err := e.ctx.Err(); err != nil {
		return err
	}
	var made []float32
	if e.x.flat == nil || e.ref.flat == nil {
		made = make([]float32, min(e.band, max(e.x.n, e.ref.n))*e.ref.d)
	}
	work := make([]*tileScratch, e.workers)
	for w := range work {
		work[w] = newTileScratch(f)
	}
	type packed struct{ lo, depth int }
	var inA, inB packed // what a and b hold
	run := func(g stage) error {
		for _, p := range e.bandPairs() {
			a0, b0 := p[0], p[1]
			a1, b1 := min(a0+e.band, e.x.n), min(b0+e.band, e.ref.n)
			items := e.items(a0, a1, b0, b1, work[0].block, g)
			if len(items) == 0 {
				continue
			}
			if is := (packed{a0, g.depth}); is != inA {
				if err := e.packBand(a, e.x, a0, a1, g.depth, -2, made); err != nil {
					return err
				}
				inA = is
			}
			if is := (packed{b0, g.depth}); is != inB {
				if err := e.packBand(b, e.ref, b0, b1, g.depth, 1, made); err != nil {
					return err
				}
				inB = is
			}
			if err := e.bandPair(a, b, a0, a1, b0, b1, items, work, g); err != nil {
				return err
			}
		}
		return nil
	}
	if e.low == nil {
		return run(stage{depth: e.width(), near: true, far: true})
	}
	// Near rows are ranked by their estimated distances, which lack the last
	// column; the best give limits for the bounds.
	if err := run(stage{depth: e.low.p, near: true}); err != nil {
		return err
	}
	if err := e.absorbAll(true); err != nil {
		return err
	}
	if err := run(stage{depth: e.low.q, near: true, far: true, absorb: true}); err != nil {
		return err
	}
	return e.absorbAll(false)
}

// A stage is a pass over pairs of rows.
type stage struct {
	depth     int  // columns to compare; the others count as zero
	near, far bool // which pairs
	absorb    bool // full lists go to the graph
}

// bandPairs lists the first rows of all pairs of bands.
func (e *exact) bandPairs() (pairs [][2]int) {
	if e.same {
		for a0 := 0; a0 < e.x.n; a0 += e.band {
			pairs = append(pairs, [2]int{a0, a0})
		}
	}
	for a0 := 0; a0 < e.x.n; a0 += e.band {
		from := 0
		if e.same {
			from = a0 + e.band
		}
		for b0 := from; b0 < e.ref.n; b0 += e.band {
			pairs = append(pairs, [2]int{a0, b0})
		}
	}
	return pairs
}

// packBand packs the rows at places [lo, hi) of s, times by.
func (e *exact) packBand(dst panels, s *source, lo, hi, depth int, by float32, made []float32) error {
	if e.low != nil {
		return e.packLowered(dst, lo, hi, depth, by)
	}
	if e.perm != nil {
		v, err := s.view(e.ctx, e.workers, 0, s.n, nil)
		if err != nil {
			return err
		}
		return e.pack(dst, func(i int) []float32 { return v.row(int(e.perm[lo+i])) }, hi-lo, by)
	}
	v, err := s.view(e.ctx, e.workers, lo, hi, made)
	if err != nil {
		return err
	}
	return e.pack(dst, func(i int) []float32 { return v.row(lo + i) }, hi-lo, by)
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }

// finish rescores the candidates, takes those rows whose list is proved and
// searches the others again.
func (e *exact) finish() (*Graph, error) {
	if e.low != nil {
		return e.done(0), nil
	}
	failed, err := e.rescore(e.bound)
	if err != nil {
		return nil, err
	}
	e.lists = nil
	if len(failed) > 0 {
		if err := e.recheck(failed); err != nil {
			return nil, err
		}
	}
	return e.done(len(failed)), nil
}

// bound of row i.
func (e *exact) bound(i int) bound {
	return e.boundOf(float64(e.xLen[i]), e.split)
}

// boundOf is the bound of a row whose copy has the given squared length, when
// rows are compared as split numbers or not.
func (e *exact) boundOf(len2 float64, split bool) bound {
	b := newBound(len2, e.longest, e.scale, e.width(), e.ref.d, split)
	b.exact = e.whole
	if e.low != nil {
		l, m := math.Sqrt(len2)*(1+2*unit), e.longest
		b.slack = b.slack*(1+e.low.eta) + 2.1*e.low.eta*l*m + 4*math.Sqrt(float64(e.width()))*flush*(l+m)
		b.exact = false
	}
	return b
}
