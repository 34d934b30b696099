package knn

import (
	"context"

	"github.com/semamap/semamap/internal/par"
)

const (
	boxDims = 3   // columns, at most, of rows that a tree of boxes searches
	boxRows = 12  // rows of a leaf
	boxK    = 256 // neighbors, at most: lists are sorted by insertion
)

// boxes is a k-d tree. Node v has the children 2v+1 and 2v+2 and holds the
// rows at places lo to hi; halves are split at the median, so lo and hi follow
// from v and are not stored.
type boxes struct {
	d     int
	x     []float32 // the rows, in the order of the tree
	order []int32   // the row at each place
	box   []float32 // 2·d numbers a node: lower corner, upper corner
}

// boxed reports whether a tree of boxes finds the neighbors.
func boxed(ref, x *source, k int, set *Settings, used int64) bool {
	return ref.d > 0 && ref.d <= boxDims && k <= boxK &&
		(set.MaxMemory == 0 || boxBytes(ref, x, k, used) <= set.MaxMemory)
}

// boxBytes is the memory of a search, used included.
func boxBytes(ref, x *source, k int, used int64) int64 {
	return used + int64(x.n)*int64(k)*12 + int64(ref.n)*int64(8*ref.d+4) + int64(boxNodes(ref.n))*int64(8*ref.d)
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
	g := newGraph(x.n, k)
	g.Stats.columns, g.Stats.Bytes = ref.d, boxBytes(ref, x, k, used)
	work := make([]boxQuery, par.Workers(set.Workers))
	err = par.Blocks(ctx, len(work), x.n, 256, func(w, _, lo, hi int) {
		q := &work[w]
		if q.boxes == nil {
			*q = boxQuery{boxes: t, self: -1, list: make([]pair, 0, k)}
		}
		for p := lo; p < hi; p++ {
			i := p
			if same { // rows in the order of the tree need the same boxes
				i, q.self = int(t.order[p]), t.order[p]
				q.at = t.x[p*t.d:][:t.d]
			} else {
				q.at = x.row(i, &q.scratch)
			}
			q.list = q.list[:0]
			q.visit(0, 0, ref.n)
			index, d2 := g.Row(i)
			for c, e := range q.list {
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
	at    []float32 // the row
	self  int32
	list  []pair // ascending, of at most cap(list)
	taken int64  // distances
}

func (q *boxQuery) visit(v, lo, hi int) {
	if !q.inner(v, hi-lo) {
		var e [boxDims]float64
		for p, j := range q.order[lo:hi] {
			x := q.x[(lo+p)*q.d:]
			for c, y := range q.at {
				e[c] = float64(x[c]) - float64(y)
			}
			d2 := boxSum(&e)
			if n := len(q.list); j != q.self && (n < cap(q.list) || d2 < q.list[n-1].d2 || d2 == q.list[n-1].d2 && j < q.list[n-1].j) {
				q.insert(pair{d2, j})
			}
		}
		q.taken += int64(hi - lo)
		return
	}
	mid := lo + (hi-lo+1)/2
	a, b := q.gap(2*v+1), q.gap(2*v+2)
	if a <= b && q.wants(a) {
		q.visit(2*v+1, lo, mid)
	}
	if q.wants(b) {
		q.visit(2*v+2, mid, hi)
	}
	if a > b && q.wants(a) {
		q.visit(2*v+1, lo, mid)
	}
}

// wants reports whether a row at squared distance d2 may belong to the list.
func (q *boxQuery) wants(d2 float64) bool {
	return len(q.list) < cap(q.list) || d2 <= q.list[len(q.list)-1].d2
}

// insert puts e into the list if it belongs there.
func (q *boxQuery) insert(e pair) {
	list := q.list
	if len(list) < cap(list) {
		list = append(list, e)
	}
	i := len(list) - 1
	for ; i > 0 && (e.d2 < list[i-1].d2 || e.d2 == list[i-1].d2 && e.j < list[i-1].j); i-- {
		list[i] = list[i-1]
	}
	list[i] = e
	q.list = list
}

// gap returns the squared distance of the row from a box. It is rounded as
// distances are, so it is never above that of a row in the box.
func (q *boxQuery) gap(v int) float64 {
	low, high := q.corners(v)
	var e [boxDims]float64
	for c, x := range q.at {
		if x < low[c] {
			e[c] = float64(low[c]) - float64(x)
		} else if x > high[c] {
			e[c] = float64(x) - float64(high[c])
		}
	}
	return boxSum(&e)
}

// boxSum adds squares in the order of a canonical distance, without fused
// operations.
func boxSum(e *[boxDims]float64) float64 {
	return float64(e[0]*e[0]) + float64(e[2]*e[2]) + float64(e[1]*e[1])
}
