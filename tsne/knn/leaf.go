package knn

import (
	"context"
	"math"
	"math/bits"
	"slices"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

// The rows of a leaf are compared with each other by the float32 kernels of
// the exact search. As there, a value only proposes: whatever may belong to a
// list by a bound on the rounding error gets its canonical distance, so the
// lists do not depend on the kernel. Copies are taken relative to the mean of
// the leaf, which makes the bound tight.

// A leafJoin is what one goroutine needs to compare the rows of a leaf.
type leafJoin struct {
	e          *descent
	mr, nr     int
	mean       []float64
	row        []float32 // the copy of one
	a, b, c    []float32
	norm       []float32 // squared lengths of the copies, NaN behind the last
	nan        []float32
	limit      []float32
	rows, cols []uint32
	hits       [][]uint64 // of each row of a panel: keys of value and place in the leaf
	full       []int      // how many hits to gather before the next cut
	known      []uint64   // a bit for each place in the leaf
	join       merger

	scale, longest float64
}

func newLeafJoin(e *descent, leaf int) *leafJoin {
	mr, nr := vec.TileShape()
	t := &leafJoin{
		e: e, mr: mr, nr: nr, mean: make([]float64, e.d), row: make([]float32, e.d),
		a: make([]float32, mr*e.d), b: make([]float32, roundUp(leaf, nr)*e.d), c: make([]float32, mr*nr),
		norm: make([]float32, roundUp(leaf, nr)), nan: make([]float32, max(mr, nr)), limit: make([]float32, mr),
		rows: make([]uint32, mr), cols: make([]uint32, mr),
		hits: make([][]uint64, mr), full: make([]int, mr), known: make([]uint64, (leaf+63)/64),
	}
	for r := range t.hits {
		t.hits[r] = make([]uint64, 0, leaf)
	}
	for r := range t.nan {
		t.nan[r] = float32(math.NaN())
	}
	return t
}

// joinLeaves compares the rows of each leaf, and puts what is near into their
// lists. A row is in one leaf, so that no list is shared.
func (e *descent) joinLeaves(ctx context.Context, order []int32, leaves []node) error {
	place := make([]int32, e.n) // of each row in order
	size := 0
	for p, i := range order {
		place[i] = int32(p)
	}
	for _, v := range leaves {
		size = max(size, v.hi-v.lo)
	}
	work := make([]*leafJoin, e.workers)
	return par.Blocks(ctx, e.workers, len(leaves), 1, func(w, at, _, _ int) {
		if work[w] == nil {
			work[w] = newLeafJoin(e, size)
		}
		work[w].leaf(ctx, order[leaves[at].lo:leaves[at].hi], place, int32(leaves[at].lo))
	})
}

func (t *leafJoin) leaf(ctx context.Context, ids, place []int32, first int32) {
	t.copies(ids)
	d := t.e.d
	for p := 0; p < len(ids); p += t.mr {
		if ctx.Err() != nil {
			return
		}
		n := min(t.mr, len(ids)-p)
		copy(t.limit, t.nan)
		for r := range n {
			b := t.bound(p + r)
			t.limit[r] = b.reach(t.e.worst(ids[p+r]))
			t.hits[r], t.full[r] = t.hits[r][:0], 2*(t.e.k+1)
		}
		t.panel(p, n)
		for j := 0; j < len(ids); j += t.nr {
			vec.GemmTile(t.c, t.a, t.b[j*d:], d, false)
			vec.SelectTile(t.rows, t.cols, t.c, t.nan, t.limit, t.norm[j:][:t.nr], t.nan)
			for r := range n {
				if t.rows[r] != 0 {
					t.collect(p+r, r, j)
				}
			}
		}
		for r := range n {
			t.cut(p+r, r)
			t.put(ids, place, first, p+r, t.hits[r])
		}
	}
}

// copies fills b with the columns of all rows.
func (t *leafJoin) copies(ids []int32) {
	e := t.e
	clear(t.mean)
	for _, i := range ids {
		for c, v := range e.rows.row(int(i)) {
			t.mean[c] += float64(v)
		}
	}
	for c := range t.mean {
		t.mean[c] /= float64(len(ids))
	}
	var most float64
	for _, i := range ids {
		for c, v := range e.rows.row(int(i)) {
			most = max(most, math.Abs(float64(v)-t.mean[c]))
		}
	}
	t.scale = 1
	if most > 0 {
		_, exp := math.Frexp(most)
		t.scale = math.Ldexp(1, -exp)
	}
	nr, d := t.nr, e.d
	copied := roundUp(len(ids), nr)
	clear(t.b[(copied-nr)*d : copied*d])
	copy(t.norm[copied-nr:copied], t.nan)
	t.longest = 0
	for p, i := range ids {
		dst := t.b[p/nr*nr*d+p%nr:]
		var sum [2]float64
		vec.CentreRow(t.row, e.rows.row(int(i)), t.mean, t.scale, 1)
		for c, w := range t.row {
			dst[c*nr] = w
			sum[c&1] += float64(w) * float64(w)
		}
		t.norm[p] = float32(sum[0] + sum[1])
		t.longest = max(t.longest, sum[0]+sum[1])
	}
	t.longest = math.Sqrt(t.longest) * (1 + 2*unit)
}

// panel fills a with n rows from place p on, times -2.
func (t *leafJoin) panel(p, n int) {
	for r := range n {
		src := t.b[(p+r)/t.nr*t.nr*t.e.d+(p+r)%t.nr:]
		at := r
		for c := range t.e.d {
			t.a[at] = -2 * src[c*t.nr]
			at += t.mr
		}
	}
}

// collect adds the hits of row r of the panel among the columns from j on.
func (t *leafJoin) collect(p, r, j int) {
	values, norm := t.c[r*t.nr:][:t.nr], t.norm[j:][:t.nr]
	hits := t.hits[r]
	for m := t.rows[r]; m != 0; m &= m - 1 {
		c := bits.TrailingZeros32(m)
		hits = append(hits, makeKey(values[c]+norm[c], j+c))
	}
	t.hits[r] = hits
	if len(hits) >= t.full[r] {
		t.cut(p, r)
		t.full[r] = len(t.hits[r]) + t.e.k + 1
	}
}

// cut drops the hits of row p of the leaf that cannot be among its k nearest
// rows: k+1 others, one of which may be the row itself, are nearer.
func (t *leafJoin) cut(p, r int) {
	hits, keep := t.hits[r], t.e.k+1
	if len(hits) <= keep {
		return
	}
	vec.SelectKeys(hits, keep)
	b := t.bound(p)
	limit := b.around(keyValue(hits[keep-1]))
	top := makeKey(limit, -1) // behind all rows of that value
	n := keep
	for _, key := range hits[keep:] {
		if key <= top {
			hits[n] = key
			n++
		}
	}
	t.hits[r] = hits[:n]
	t.limit[r] = min(t.limit[r], limit)
}

// put merges the hits of row p into its list.
func (t *leafJoin) put(ids, place []int32, first int32, p int, hits []uint64) {
	i := ids[p]
	clear(t.known)
	t.known[p>>6] |= 1 << (p & 63)
	index, _ := t.e.list(i)
	for _, j := range index {
		if at := place[unmark(j)] - first; uint32(at) < uint32(len(ids)) {
			t.known[at>>6] |= 1 << (at & 63)
		}
	}
	t.join.cand = t.join.cand[:0]
	n := 0
	for _, key := range hits {
		at := keyIndex(key)
		if t.known[at>>6]>>(at&63)&1 == 0 {
			hits[n] = key
			n++
		}
	}
	slices.Sort(hits[:n])
	for _, key := range hits[:n] {
		t.join.cand = append(t.join.cand, ids[keyIndex(key)])
	}
	t.join.merge(t.e, i)
}

func (t *leafJoin) bound(p int) bound {
	b := newBound(float64(t.norm[p]), t.longest, t.scale, t.e.d, t.e.d, false)
	b.dot = 1.02 * unit * float64(t.e.d+4) // summed in one go
	return b
}

// A merger adds rows to a list.
type merger struct {
	cand []int32 // rows to add: none is in the list, none twice
	dist []float64
	near []pair
}

// merge takes the distances of the candidates from row i and keeps the k
// nearest of these and the list. It returns how many candidates were kept;
// they are marked as new.
func (t *merger) merge(e *descent, i int32) int {
	if len(t.cand) == 0 {
		return 0
	}
	worst := e.worst(i)
	t.dist = slices.Grow(t.dist[:0], len(t.cand))[:len(t.cand)]
	vec.SqDistRows(t.dist, e.rows.row(int(i)), e.rows.x, t.cand)
	near := t.near[:0]
	for c, d2 := range t.dist {
		if d2 <= worst {
			near = append(near, pair{d2, t.cand[c]})
		}
	}
	t.near = near
	if len(near) == 0 {
		return 0
	}
	e.sort(near)
	index, dist := e.lists(i)
	have := int(e.count[i])
	total := min(len(index), have+len(near))
	// How many of the list stay?
	a, b := 0, 0
	for a+b < total {
		if b == len(near) || a < have && e.less(dist[a], index[a], near[b].d2, near[b].j) {
			a++
		} else {
			b++
		}
	}
	added := b
	for at := total - 1; b > 0; at-- {
		if a > 0 && e.less(near[b-1].d2, near[b-1].j, dist[a-1], index[a-1]) {
			a--
			dist[at], index[at] = dist[a], index[a]
		} else {
			b--
			dist[at], index[at] = near[b].d2, ^near[b].j
		}
	}
	e.count[i] = int32(total)
	return added
}

// less orders the entries of a list: by distance, then by the number of the
// row in the source. Entries may be marked.
func (e *descent) less(da float64, a int32, db float64, b int32) bool {
	if da != db {
		return da < db
	}
	return e.orig[unmark(a)] < e.orig[unmark(b)]
}

// unmark returns the row of an entry: new entries are stored as ^j.
func unmark(j int32) int32 { return j ^ j>>31 }

// sort orders candidates, which mostly are nearly in order already.
func (e *descent) sort(a []pair) {
	if e.insert(a, 1, 8*len(a)) {
		return
	}
	for _, gap := range [...]int{701, 301, 132, 57, 23, 10, 4, 1} {
		e.insert(a, gap, math.MaxInt)
	}
}

// insert makes every gap-th candidate follow in order, by most moves.
func (e *descent) insert(a []pair, gap, most int) bool {
	for i := gap; i < len(a); i++ {
		v, at := a[i], i
		for ; at >= gap && e.less(v.d2, v.j, a[at-gap].d2, a[at-gap].j); at -= gap {
			a[at] = a[at-gap]
			most--
		}
		a[at] = v
		if most < 0 {
			return false
		}
	}
	return true
}
