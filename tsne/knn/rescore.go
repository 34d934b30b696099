package knn

import (
	"context"
	"math"
	"slices"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
	"github.com/semamap/semamap/tsne/internal/share"
)

// A rescorer turns lists of candidates into a graph: it takes canonical
// distances and says which rows have no proof yet.
type rescorer struct {
	workers  int
	ref, x   *source
	same     bool // x is ref: a row is not its own neighbor
	others   int  // rows that can be neighbors of a row
	k, keep  int
	band     int     // rows to make at a time where a source does not hold them
	label    []int32 // when not nil: the numbers of the rows in the graph
	order    []int32 // when not nil: the order in which to visit the lists
	at       []int32 // when not nil: the row that each list is for
	lists    *lists
	left     *share.Search // when not nil: gets the memory of lists
	graph    *Graph
	rescored []int64 // by worker
}

func newRescorer(ref, x *source, k int, same bool, set *Settings) rescorer {
	r := rescorer{workers: par.Workers(set.Workers), ref: ref, x: x, same: same, others: ref.n, k: k, left: set.left}
	if same {
		r.others--
	}
	r.keep = min(k+extra, r.others)
	r.rescored = make([]int64, r.workers)
	return r
}

func (e *rescorer) makeLists(size int) {
	e.lists = newLists(e.x.n, e.keep, size, groupShift)
	if e.left != nil {
		e.left.Left = e.lists.key
	}
}

func (e *rescorer) name(i int) int32 {
	if e.label != nil {
		return e.label[i]
	}
	return int32(i)
}

// rowAt is the row that list p is for.
func (e *rescorer) rowAt(p int) int {
	if e.at != nil {
		return int(e.at[p])
	}
	return p
}

func (e *rescorer) done(rechecked int) *Graph {
	g := e.graph
	g.Stats.Rechecked = rechecked
	for _, c := range e.rescored {
		g.Stats.rescored += c
	}
	return g
}

// A bound tells how the float32 value v of a row x and a row y, |y|² - 2x·y of
// their scaled copies, relates to their distance: v + len2 is within slackAt of
// the squared distance of the copies, and the distance of the copies within
// shiftAt of scale times the distance of the rows. Both grow with the length of
// the copy of y, which is at most that of x plus the distance: a far row does
// not loosen the bound of near ones.
type bound struct {
	len2, scale  float64
	len, longest float64 // lengths: of the copy of x, and of the longest of any y
	dot          float64 // error of an inner product, as a multiple of both lengths
	slack, shift float64 // parts that do not depend on lengths
	round        float64 // relative error of a canonical distance
	eta, low     float64 // of lowered rows: relative error of a product, error by length
	size, raw    float64 // of a sum: see sums
	exact        bool    // there is no error
	sums         *sums   // the rows are sums of others
}

// newBound returns the bound of a row whose copy has the squared length len2.
// No copy is longer than longest; width numbers of them are compared, split or
// not, and the rows have d.
func newBound(len2, longest, scale float64, width, d int, split bool) bound {
	b := bound{len2: len2, scale: scale, longest: longest, round: canonicalError(d)}
	b.len = math.Sqrt(len2) * (1 + 2*unit)
	b.dot = 1.02 * unit * float64(min(width, maxDepth)+par.NumBlocks(width, maxDepth)+4)
	if split {
		b.dot = vec.SplitError(roundUp(width, vec.SplitCols))
	}
	b.slack, b.shift = float64(width)*0x1p-120, 2.02*math.Sqrt(float64(d))*flush
	return b
}

// canonicalError bounds the relative error of a canonical distance.
func canonicalError(d int) float64 { return float64(d+32) * 0x1p-53 }

// slackAt is the slack for rows whose copies are not longer than m: of the inner
// product; of the two lengths, the value and its last addition.
func (b *bound) slackAt(m float64) float64 {
	l := b.len
	s := 2*b.dot*l*m + 1.02*unit*(2*m*m+2*l*m+2*l*l) + b.slack
	s = s*(1+b.eta) + 2.1*b.eta*l*m + b.low*(l+m)
	if b.sums != nil {
		size := b.size + b.sums.at(m).size
		s += b.sums.dot * size * size
	}
	return s
}

func (b *bound) shiftAt(m float64) float64 {
	s := 1.01*unit*(b.len+m) + b.shift
	if b.sums != nil {
		y := b.sums.at(m)
		s += 1.01 * unit * (b.size + y.size + b.raw + y.raw)
	}
	return s
}

// lengthAt bounds the length of a copy within the distance far.
func (b *bound) lengthAt(far float64) float64 { return min(b.longest, (b.len+far)*(1+2*unit)) }

// proved reports whether every row that is not a candidate, all of which have
// values of at least top, is farther than the squared distance kth.
func (b *bound) proved(top float32, kth float64) bool {
	return b.exact || top > b.reach(kth) // exact values are ordered as the lists are
}

// reach is the largest value that a row not farther than kth can have.
func (b *bound) reach(kth float64) float32 { return b.valueAt(math.Sqrt(kth*(1+4*b.round)) * b.scale) }

// far2 is reach as a squared distance of rows.
func (b *bound) far2(kth float64) float64 {
	return (float64(b.reach(kth)) + b.len2) / (b.scale * b.scale)
}

// around is the largest value of a row that can be as near as some row of
// value v.
func (b *bound) around(v float32) float32 {
	far, m := b.within(float64(v) + b.len2)
	return b.valueAt((far + b.shiftAt(m)) * (1 + 8*b.round))
}

// within bounds the distance of copies whose value is at most far2 - len2, and
// the length of such a one.
func (b *bound) within(far2 float64) (far, m float64) {
	m = b.longest
	for range 6 { // nearly as short as it gets
		far = math.Sqrt(max(0, far2+b.slackAt(m)))
		m = b.lengthAt(far)
	}
	return far, m
}

// valueAt is the largest value of a row within the scaled distance far.
func (b *bound) valueAt(far float64) float32 {
	m := b.lengthAt((far + b.shift + 2.1*unit*b.len) * (1 + 2*unit))
	if b.sums != nil {
		m = b.longest
		for range 6 { // nearly as short as it gets
			m = b.lengthAt(far + b.shiftAt(m))
		}
	}
	far += b.shiftAt(m)
	v := far*far*(1+0x1p-50) - b.len2 + b.slackAt(m)
	return math.Nextafter32(float32(v), float32(math.Inf(1)))
}

// Rows of so many numbers are rescored in bands that stay in the last cache.
const (
	wideDim   = 4096
	wideBytes = 16 << 20
)

// rescore takes the canonical distances of all candidates, band by band, and
// writes the lists. It returns the places of those without proof.
func (e *rescorer) rescore(ctx context.Context, bound func(p int) bound) (failed []int32, err error) {
	d, keep := e.ref.d, e.keep
	band := e.ref.n
	var made []float32
	if e.ref.flat == nil {
		band = min(e.band, e.ref.n)
		made = make([]float32, band*d)
	} else if d >= wideDim {
		band = max(wideBytes/(4*d), 16)
	}
	type buffers struct {
		scratch
		distScratch
		list []pair
	}
	tmp := make([]buffers, e.workers)
	blocks := par.NumBlocks(e.x.n, 16)
	bad := make([][]int32, blocks)
	for b0 := 0; b0 < e.ref.n; b0 += band {
		b1 := min(b0+band, e.ref.n)
		v, err := e.ref.view(ctx, e.workers, b0, b1, made)
		if err != nil {
			return nil, err
		}
		first, last := b0 == 0, b1 == e.ref.n
		err = par.Blocks(ctx, e.workers, e.x.n, 16, func(w, b, lo, hi int) {
			t := &tmp[w]
			for at := lo; at < hi; at++ {
				p := at // the place of the list
				if e.order != nil {
					p = int(e.order[at])
				}
				if ctx.Err() != nil {
					return
				}
				if first {
					_, top := e.lists.finish(p)
					e.lists.top[p] = top
				}
				row := e.xRow(p, &v, &t.scratch)
				count := int(e.lists.count[p])
				list := e.lists.key[p*2*keep:][:2*keep]
				// The second half takes the distances of the first.
				t.distances(row, &v, list[:count])
				for d, c := range t.at {
					list[keep+c] = math.Float64bits(t.dist[d])
				}
				e.rescored[w] += int64(len(t.at))
				if !last {
					continue
				}
				t.list = t.list[:0]
				for c, key := range list[:count] {
					t.list = append(t.list, pair{math.Float64frombits(list[keep+c]), e.name(keyIndex(key))})
				}
				name := int(e.name(e.rowAt(p)))
				e.graph.put(name, t.list)
				if within := bound(p); count < e.others && !within.proved(keyValue(e.lists.top[p]), e.graph.Dist2[(name+1)*e.k-1]) {
					bad[b] = append(bad[b], int32(p))
				}
			}
		})
		if err != nil {
			return nil, err
		}
	}
	for _, b := range bad {
		failed = append(failed, b...)
	}
	return failed, nil
}

// xRow returns the row of list p: from v when it is there, else made in t.
func (e *rescorer) xRow(p int, v *view, t *scratch) []float32 {
	if i := e.rowAt(p); e.same && i >= v.lo && i < v.hi {
		return v.row(i)
	}
	return e.x.row(p, t)
}

// distScratch holds canonical distances.
type distScratch struct {
	at   []int // places in the list of keys, ascending
	dist []float64
	rows []int32
}

// distances takes the canonical distances of row to those keys that are in the
// view.
func (t *distScratch) distances(row []float32, v *view, keys []uint64) {
	t.at, t.rows = t.at[:0], t.rows[:0]
	for c, key := range keys {
		if j := keyIndex(key); j >= v.lo && j < v.hi {
			t.at = append(t.at, c)
			t.rows = append(t.rows, int32(v.place(j)))
		}
	}
	t.dist = slices.Grow(t.dist[:0], len(t.at))[:len(t.at)]
	vec.SqDistRows(t.dist, row, v.x, t.rows)
}
