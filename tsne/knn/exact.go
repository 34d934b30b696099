package knn

import (
	"context"
	"math"

	"github.com/semamap/semamap/internal/vec"
	"github.com/semamap/semamap/tsne/internal/share"
)

const (
	extra     = 8         // candidates beyond k
	bandAlign = 768       // bands hold whole panels of every kind and whole lock groups
	bandBytes = 32 << 20  // packed rows on each side of a band pair, unless memory is short
	tileCols  = 1024      // columns of a work item
	blockRows = 256       // rows of a work item, at most
	maxDepth  = 2048      // columns of the data a tile takes at once, and sums in one go
	rankDepth = 64        // columns by which near lowered rows are ranked
	splitDim  = 16        // columns that make split numbers pay
	unit      = 0x1p-24   // rounding of float32
	flush     = vec.Flush // smaller numbers of a copy are zero: no product underflows
)

// Optimizations of the exact search. BenchmarkAblation disables one at a time;
// nothing else changes disabled.
const (
	optProjection = 1 << iota // compare rows that lie near a subspace by their projections
	optIntegers               // round the projections to integers
	optParts                  // compare those part by part
	optRanking                // rank near rows first, for limits that exclude the others
	optOrder                  // put near rows next to each other
	optNearFirst              // compare near cells first
	optSkip                   // skip pairs of cells that are too far apart
	optLumps                  // search lumps that are far apart one by one
)

var disabled int

// An exact search of the k nearest rows of ref for the rows of x. A place is a
// row of x, or of cols, in the order in which they are compared.
type exact struct {
	rescorer
	frame                     // the float32 copy
	cols         *source      // the rows of ref, by place
	colAt        []int32      // when not nil: the row of ref at each place
	refLen, xLen []float32    // squared lengths of the copies, by place
	triangle     bool         // x is ref: each pair is compared once, for both
	near         *arrangement // when not nil, the rows are in its order
	rowBalls     *balls       // when not nil, these hold the rows by place
	colBalls     *balls
	low          *lowered // when not nil, its rows are compared
	split        bool     // rows are compared as split numbers
	fixed, limit int64    // memory planned besides bands, and allowed (0: any)
	absorber
}

// searchAll is searchExact without regard to odd rows. m is the middle of ref.
func searchAll(ctx context.Context, ref, x *source, m *middle, k int, same bool, set *Settings, used int64) (*Graph, error) {
	e := &exact{rescorer: newRescorer(ref, x, k, same, set), cols: ref, triangle: same, limit: set.MaxMemory}
	e.split = vec.Splits() && ref.d >= splitDim
	if err := e.plan(used); err != nil {
		return nil, err
	}
	if err := e.copyFrame(ctx, m); err != nil {
		return nil, err
	}
	if e.whole && e.largest > 1<<8 {
		e.split = false // whole numbers stay exact
	}
	if same && ref.flat != nil {
		rows, err := ref.view(ctx, e.workers, 0, ref.n, nil)
		if err != nil {
			return nil, err
		}
		if disabled&optProjection == 0 {
			if err := e.lower(ctx, &rows); err != nil {
				return nil, err
			}
		}
		if e.low != nil {
			rows = view{e.low.z.flat, nil, e.low.z.d, 0, ref.n}
		}
		// The products of long rows outweigh all else.
		if disabled&optOrder == 0 && (ref.n >= arrangeRows && ref.d < lowerDim || e.low != nil) {
			if err := e.arrange(ctx, &rows); err != nil {
				return nil, err
			}
		}
	}
	if e.low == nil {
		if err := e.lengthen(ctx); err != nil {
			return nil, err
		}
	}
	if err := e.candidates(ctx); err != nil {
		return nil, err
	}
	if e.low != nil {
		return e.done(0), nil
	}
	failed, err := e.rescore(ctx, e.bound)
	if err != nil {
		return nil, err
	}
	e.lists = nil
	if len(failed) > 0 {
		if err := e.again(ctx, failed); err != nil {
			return nil, err
		}
	}
	return e.done(len(failed)), nil
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
			return share.Errorf("%w: %d bytes, the search needs %d", ErrMemory, e.limit, least)
		}
	}
	e.graph = newGraph(e.x.n, e.k)
	e.graph.Stats.columns = e.ref.d
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
		return e.low.columns + 1
	}
	return e.ref.d
}

// packed is the number of words of a packed row.
func (e *exact) packed() int { return e.tiling().d }

func (e *exact) tiling() tiling {
	if e.low != nil && e.low.step != 0 {
		return intTiling(e.low.step, e.low.sizes())
	}
	return newTiling(e.split, e.width())
}

// A stage is a pass over pairs of rows.
type stage struct {
	depth     int  // columns to compare; the others count as zero
	near, far bool // which pairs
	absorb    bool // full lists go to the graph
}

// candidates fills the lists, or the graph when the rows are lowered.
func (e *exact) candidates(ctx context.Context) error {
	size := 2 * e.keep
	if e.low != nil {
		size = e.low.listSize(e.keep)
	}
	// To clear all this may take tens of milliseconds: look at the context.
	e.makeLists(size)
	if err := ctx.Err(); err != nil {
		return err
	}
	f := e.tiling()
	p := &pass{a: f.rows(min(e.band, e.x.n)), b: f.columns(min(e.band, e.ref.n)), work: newTileScratches(f, e.workers)}
	if err := ctx.Err(); err != nil {
		return err
	}
	if e.x.flat == nil || e.ref.flat == nil {
		p.made = make([]float32, min(e.band, max(e.x.n, e.ref.n))*e.ref.d)
	}
	if e.low == nil {
		return e.run(ctx, p, stage{depth: e.width(), near: true, far: true})
	}
	e.absorber = newAbsorber(e.x.n, e.k+1+size, e.workers)
	// Near rows are ranked by estimated distances, of the columns of the largest
	// variances; the best give limits for the bounds.
	if disabled&optRanking == 0 {
		if err := e.run(ctx, p, stage{depth: min(e.width()-1, rankDepth), near: true}); err != nil {
			return err
		}
		if err := e.absorbAll(ctx, &e.low.rows, true); err != nil {
			return err
		}
	}
	if err := e.run(ctx, p, stage{depth: e.width(), near: true, far: true, absorb: true}); err != nil {
		return err
	}
	return e.absorbAll(ctx, &e.low.rows, false)
}

// A pass is the memory that stages need.
type pass struct {
	a, b *panels
	made []float32
	work []*tileScratch
}

// run compares one pair of bands after the other: those of a band with itself
// first, as near rows stand near each other.
func (e *exact) run(ctx context.Context, p *pass, g stage) error {
	if e.triangle {
		for a0 := 0; a0 < e.x.n; a0 += e.band {
			if err := e.runBands(ctx, p, g, a0, a0, a0+1); err != nil {
				return err
			}
		}
	}
	for a0 := 0; a0 < e.x.n; a0 += e.band {
		from := 0
		if e.triangle {
			from = a0 + e.band
		}
		if err := e.runBands(ctx, p, g, a0, from, e.ref.n); err != nil {
			return err
		}
	}
	return nil
}

// runBands compares the band from a0 on with those that begin in [from, to).
func (e *exact) runBands(ctx context.Context, p *pass, g stage, a0, from, to int) error {
	a1, packed := min(a0+e.band, e.x.n), false
	var all *view
	if e.low != nil {
		all = &e.low.rows
	}
	for b0 := from; b0 < to; b0 += e.band {
		b1 := min(b0+e.band, e.ref.n)
		items := e.items(a0, a1, b0, b1, p.work[0].block, tileCols, g)
		if len(items) == 0 {
			continue
		}
		if !packed {
			if err := e.packBand(ctx, p.a, e.x, a0, a1, g.depth, -2, p.made); err != nil {
				return err
			}
			packed = true
		}
		if err := e.packBand(ctx, p.b, e.cols, b0, b1, g.depth, 1, p.made); err != nil {
			return err
		}
		if err := e.bandPair(ctx, p.a, p.b, a0, b0, items, p.work, g, all); err != nil {
			return err
		}
	}
	return nil
}

// packBand packs the rows at places [lo, hi), or their lowered ones, times by.
func (e *exact) packBand(ctx context.Context, dst *panels, s *source, lo, hi, depth int, by float32, made []float32) error {
	f := &e.frame
	if e.low != nil {
		f, s = &e.low.frame, e.low.z
	}
	if dst.step != 0 {
		return e.low.pack(ctx, e.workers, dst, lo, hi)
	}
	v, err := s.view(ctx, e.workers, lo, hi, made)
	if err != nil {
		return err
	}
	return dst.fillAll(ctx, e.workers, hi-lo, depth, func(to []float32, i, c int) {
		f.copyRow(to, v.row(lo + i)[c:c+len(to)], c, by)
	})
}

//go:noinline
func roundUp(n, to int) int { return (n + to - 1) / to * to }

// bound of the row at a place.
func (e *exact) bound(p int) bound { return e.boundOf(float64(e.xLen[p])) }

// boundOf is the bound of a row whose copy has the given squared length.
func (e *exact) boundOf(len2 float64) bound {
	b := newBound(len2, e.longest, e.scale, e.width(), e.ref.d, e.split)
	b.exact = e.whole && e.low == nil
	if e.low != nil {
		b.eta, b.low = e.low.eta, 4*math.Sqrt(float64(e.width()))*flush+2.1*e.low.rounded
		b.slack += 2.1 * e.low.rounded * e.low.rounded
	}
	return b
}
