package knn

import (
	"context"
	"math"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

const (
	boxDims = 8  // columns, at most, of rows that a tree of boxes may search
	boxRows = 12 // rows of a leaf
)

// boxLeast is from how many rows on, by their length, a tree is faster than
// tiles.
var boxLeast = [boxDims + 1]int{0, 0, 0, 0, 1 << 14, 1 << 16, 1 << 18, math.MaxInt32, math.MaxInt32}

// boxes is a k-d tree. Node v has the children 2v+1 and 2v+2 and holds the
// rows at places lo to hi; halves are split at the median, so lo and hi follow
// from v and are not stored.
type boxes struct {
	d     int
	x     []float32 // the rows, in the order of the tree
	order []int32   // the row at each place
	box   []float32 // 2·d numbers a node: lower corner, upper corner
}

// boxed reports whether a tree of boxes finds the neighbors: of rows so short
// that it passes over nearly all of them.
func boxed(ref, x *source, k int, set *Settings, used int64) bool {
	return ref.d > 0 && ref.d <= boxDims && ref.n >= boxLeast[ref.d] &&
		(set.MaxMemory == 0 || boxBytes(ref, x, k, set, used) <= set.MaxMemory)
}

// boxBytes is the memory of a search, used included.
func boxBytes(ref, x *source, k int, set *Settings, used int64) int64 {
	bytes := used + int64(x.n)*int64(k)*12 + int64(par.Workers(set.Workers))*int64(2*k+4*boxRows)*36
	for _, s := range []*source{ref, x} {
		bytes += int64(s.n)*int64(8*s.d+4) + int64(boxNodes(s.n))*int64(8*s.d)
	}
	return bytes
}

func boxNodes(n int) int {
	nodes := 1
	for size := n; size > boxRows; size = (size + 1) / 2 {
		nodes = 2*nodes + 1
	}
	return nodes
}

// searchBoxes finds the k nearest rows of ref, which has some, for the rows of
// x.
func searchBoxes(ctx context.Context, ref, x *source, k int, same bool, set *Settings, used int64) (*Graph, error) {
	rows, err := ref.all(ctx, set.Workers)
	if err != nil {
		return nil, err
	}
	t := newBoxes(&rows, ref.n)
	order := t.order
	if !same { // near rows one after another need the same boxes
		rows, err := x.all(ctx, set.Workers)
		if err != nil {
			return nil, err
		}
		order = newBoxes(&rows, x.n).order
	}
	g := newGraph(x.n, k)
	g.Stats.columns, g.Stats.Bytes = ref.d, boxBytes(ref, x, k, set, used)
	work := make([]boxQuery, par.Workers(set.Workers))
	err = par.Blocks(ctx, len(work), x.n, 256, func(w, _, lo, hi int) {
		q := &work[w]
		if q.boxes == nil {
			q.init(t, k)
		}
		q.last = nil
		for _, i := range order[lo:hi] {
			if ctx.Err() != nil {
				return
			}
			self := int32(-1)
			if same {
				self = i
			}
			q.search(x.row(int(i), &q.scratch), self)
			index, d2 := g.Row(int(i))
			for c, e := range q.list[:k] {
				index[c], d2[c] = e.j, e.d2
			}
		}
	})
	if err != nil {
		return nil, err
	}
	for _, q := range work {
		g.Stats.rescored += q.taken
	}
	return g, nil
}

func newBoxes(rows *view, n int) *boxes {
	d := rows.d
	t := &boxes{d: d, x: make([]float32, n*d), order: make([]int32, n), box: make([]float32, boxNodes(n)*2*d)}
	for i := range n {
		t.order[i] = int32(i)
		copy(t.x[i*d:], rows.row(i))
	}
	t.build(0, 0, n)
	return t
}

func (t *boxes) corners(v int) (low, high []float32) {
	box := t.box[v*2*t.d : (v+1)*2*t.d]
	return box[:t.d], box[t.d:]
}

// inner reports whether a node has children. Nodes of one depth differ by at
// most one in size, so the size alone may not decide: the space may be short.
func (t *boxes) inner(v, size int) bool { return size > boxRows && (2*v+3)*2*t.d <= len(t.box) }

func (t *boxes) build(v, lo, hi int) {
	d := t.d
	low, high := t.corners(v)
	copy(low, t.x[lo*d:])
	copy(high, low)
	for x := t.x[lo*d : hi*d]; len(x) > 0; x = x[d:] {
		for c := range low {
			low[c], high[c] = min(low[c], x[c]), max(high[c], x[c])
		}
	}
	if !t.inner(v, hi-lo) {
		return
	}
	axis, width := 0, -1.0
	for c := range low {
		if w := float64(high[c]) - float64(low[c]); w > width {
			axis, width = c, w
		}
	}
	mid := lo + (hi-lo+1)/2
	t.split(lo, hi, mid, axis)
	t.build(2*v+1, lo, mid)
	t.build(2*v+2, mid, hi)
}

// split orders the places lo to hi so that the rows before mid are not above
// those from mid on along axis.
func (t *boxes) split(lo, hi, mid, axis int) {
	x, d := t.x[axis:], t.d
	for hi-lo > 1 {
		// The median of three as pivot; rows equal to it go to both sides.
		a, b, c := x[lo*d], x[(lo+hi)/2*d], x[(hi-1)*d]
		pivot := max(min(a, b), min(max(a, b), c))
		i, j := lo, hi-1
		for i <= j {
			for x[i*d] < pivot {
				i++
			}
			for x[j*d] > pivot {
				j--
			}
			if i <= j {
				t.swap(i, j)
				i++
				j--
			}
		}
		switch {
		case mid <= j:
			hi = j + 1
		case mid >= i:
			lo = i
		default:
			return
		}
	}
}

func (t *boxes) swap(i, j int) {
	t.order[i], t.order[j] = t.order[j], t.order[i]
	a, b := t.x[i*t.d:(i+1)*t.d], t.x[j*t.d:(j+1)*t.d]
	for c := range a {
		a[c], b[c] = b[c], a[c]
	}
}

// boxQuery is the search for one row after another.
type boxQuery struct {
	*boxes
	scratch
	k     int
	at    []float32 // the row
	self  int32
	limit float64 // the largest distance of interest
	list  []pair  // what is within the limit so far; cut when it is full
	next  []pair  // as large, for sorting
	count []int32 // of buckets
	last  []float32
	reach float64 // distance of the k-th neighbor of last
	dist  [2 * boxRows]float64
	seq   [2 * boxRows]int32
	taken int64 // distances
}

func (q *boxQuery) init(t *boxes, k int) {
	q.boxes, q.k = t, k
	size := 2*k + 4*boxRows
	q.list, q.next, q.count = make([]pair, 0, size), make([]pair, size), make([]int32, size+1)
	for p := range q.seq {
		q.seq[p] = int32(p)
	}
}

// search leaves the k nearest rows, but for self, at the front of the list. The
// k-th is not farther than that of the row before by more than these two are
// apart.
func (q *boxQuery) search(at []float32, self int32) {
	q.at, q.self, q.list, q.limit = at, self, q.list[:0], math.Inf(1)
	if q.last != nil {
		far := q.reach + math.Sqrt(vec.SqDist(at, q.last))
		q.limit = far * far * (1 + 0x1p-40)
	}
	q.visit(0, 0, len(q.order))
	q.cut()
	q.last, q.reach = append(q.last[:0], at...), math.Sqrt(q.list[q.k-1].d2)
}

func (q *boxQuery) visit(v, lo, hi int) {
	if !q.inner(v, hi-lo) {
		q.leaf(lo, hi)
		return
	}
	mid := lo + (hi-lo+1)/2
	a, b := q.gap(2*v+1), q.gap(2*v+2)
	if a <= b && a <= q.limit {
		q.visit(2*v+1, lo, mid)
	}
	if b <= q.limit {
		q.visit(2*v+2, mid, hi)
	}
	if a > b && a <= q.limit {
		q.visit(2*v+1, lo, mid)
	}
}

// leaf takes in the rows of a leaf.
func (q *boxQuery) leaf(lo, hi int) {
	if cap(q.list)-len(q.list) < hi-lo {
		q.cut()
	}
	n, d := hi-lo, q.d
	q.taken += int64(n)
	x, dist := q.x[lo*d:hi*d], q.dist[:n]
	switch at := q.at; d {
	case 1:
		for p, v := range x {
			e := float64(v) - float64(at[0])
			dist[p] = float64(e * e)
		}
	case 2:
		a0, a1 := float64(at[0]), float64(at[1])
		for p := range dist {
			e0, e1 := float64(x[2*p])-a0, float64(x[2*p+1])-a1
			dist[p] = float64(e0*e0) + float64(e1*e1)
		}
	case 3:
		a0, a1, a2 := float64(at[0]), float64(at[1]), float64(at[2])
		for p := range dist {
			y := x[3*p : 3*p+3 : 3*p+3]
			e0, e1, e2 := float64(y[0])-a0, float64(y[1])-a1, float64(y[2])-a2
			dist[p] = float64(e0*e0) + float64(e2*e2) + float64(e1*e1)
		}
	default:
		vec.SqDistRows(dist, at, x, q.seq[:n])
	}
	for p, d2 := range dist {
		if d2 <= q.limit {
			if j := q.order[lo+p]; j != q.self {
				q.list = append(q.list, pair{d2, j})
			}
		}
	}
}

// cut sorts the list and keeps the k nearest.
func (q *boxQuery) cut() {
	list := q.list
	var far float64
	for _, e := range list {
		far = max(far, e.d2)
	}
	// Into buckets by distance, which keeps the order between them.
	if by := float64(len(q.count)-2) / far; by > 0 && !math.IsInf(by, 1) {
		count := q.count
		clear(count)
		for _, e := range list {
			count[int(e.d2*by)+1]++
		}
		for b := 1; b < len(count); b++ {
			count[b] += count[b-1]
		}
		next := q.next[:len(list)]
		for _, e := range list {
			b := &count[int(e.d2*by)]
			next[*b] = e
			*b++
		}
		q.list, q.next = next, list[:cap(list)]
		list = next
	}
	for i, e := range list {
		c := i
		for ; c > 0 && (e.d2 < list[c-1].d2 || e.d2 == list[c-1].d2 && e.j < list[c-1].j); c-- {
			list[c] = list[c-1]
		}
		list[c] = e
	}
	if len(list) >= q.k {
		q.list = list[:q.k]
		q.limit = min(q.limit, list[q.k-1].d2)
	}
}

// gap returns the squared distance of the row from a box. It is rounded as
// distances are, so it is never above that of a row in the box.
func (q *boxQuery) gap(v int) float64 {
	low, high := q.corners(v)
	var e [boxDims]float64
	for c, x := range q.at {
		g := max(float64(low[c])-float64(x), float64(x)-float64(high[c]), 0)
		e[c&7] = float64(g * g)
	}
	return ((e[0] + e[4]) + (e[2] + e[6])) + ((e[1] + e[5]) + (e[3] + e[7]))
}
