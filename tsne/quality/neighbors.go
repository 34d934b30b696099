package quality

import (
	"context"

	"github.com/semamap/semamap/internal/par"
)

// Neighbors returns the k nearest other points of each of the given points of
// a map, exactly, k indices a point, ordered by (squared distance, index);
// rows nil means every point. A tree of boxes makes it about 1 µs a
// point for k = 10 in the plane, also where many points coincide or some lie
// far away. It is meant for up to three dimensions; in many it is right, but
// slow.
func Neighbors(ctx context.Context, y []float32, dims, k int, rows []int32, workers int) ([]int32, error) {
	n, err := checkMap(y, dims)
	if err != nil {
		return nil, err
	}
	if k < 0 || k > max(n-1, 0) {
		return nil, inputErr("k = %d of %d points", k, n)
	}
	if rows != nil {
		if _, err := checkLists("rows", rows, 1, n); err != nil {
			return nil, err
		}
	}
	t := newTree(y, dims)
	// Without rows, neighbours in the tree are searched one after another: they
	// need the same boxes. at is where the result of a query goes.
	m, query, at := n, t.perm, t.perm
	if rows != nil {
		m, query, at = len(rows), rows, nil
	}
	out := make([]int32, m*k)
	heaps := make([][]near, par.Workers(workers))
	err = par.Blocks(ctx, workers, m, 256, func(w, _, lo, hi int) {
		if heaps[w] == nil {
			heaps[w] = make([]near, 0, k)
		}
		for q := lo; q < hi; q++ {
			list := t.search(query[q], heaps[w][:0])
			to := q
			if at != nil {
				to = int(at[q])
			}
			for c, e := range list {
				out[to*k+c] = e.j
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// near is a candidate neighbour.
type near struct {
	d2 float64
	j  int32
}

func (a near) less(b near) bool { return a.d2 < b.d2 || a.d2 == b.d2 && a.j < b.j }

// insert puts e into an ascending list of at most cap(list) entries.
func insert(list []near, e near) []near {
	if len(list) < cap(list) {
		list = append(list, e)
	} else if len(list) == 0 || !e.less(list[len(list)-1]) {
		return list
	}
	i := len(list) - 1
	for ; i > 0 && e.less(list[i-1]); i-- {
		list[i] = list[i-1]
	}
	list[i] = e
	return list
}

const leafSize = 12

// tree is a k-d tree whose node v has the children 2v+1 and 2v+2 and holds the
// points perm[lo:hi]; halves are split at the median, so lo and hi follow from
// v and are not stored. Every node knows its box and its smallest index: a box
// at exactly the k-th distance is opened only if it may hold a smaller index,
// so even a map with all points on one place is searched quickly.
type tree struct {
	y    []float32
	dims int
	perm []int32
	box  []float32 // 2·dims a node: lower corner, upper corner
	low  []int32   // smallest index of each node
}

func newTree(y []float32, dims int) *tree {
	n := len(y) / dims
	nodes := 1
	for size := n; size > leafSize; size = (size + 1) / 2 {
		nodes = 2*nodes + 1
	}
	t := &tree{y, dims, make([]int32, n), make([]float32, nodes*2*dims), make([]int32, nodes)}
	for i := range t.perm {
		t.perm[i] = int32(i)
	}
	if n > 0 {
		t.build(0, 0, n)
	}
	return t
}

func (t *tree) build(v, lo, hi int) {
	d := t.dims
	box := t.box[v*2*d : (v+1)*2*d]
	low := t.perm[lo]
	copy(box[:d], t.y[int(low)*d:])
	copy(box[d:], box[:d])
	for _, i := range t.perm[lo:hi] {
		low = min(low, i)
		for c, x := range t.y[int(i)*d : int(i)*d+d] {
			box[c], box[d+c] = min(box[c], x), max(box[d+c], x)
		}
	}
	t.low[v] = low
	if !t.inner(v, hi-lo) {
		return
	}
	axis, width := 0, float64(-1)
	for c := range d {
		if w := float64(box[d+c]) - float64(box[c]); w > width {
			axis, width = c, w
		}
	}
	mid := lo + (hi-lo+1)/2
	t.split(lo, hi, mid, axis)
	t.build(2*v+1, lo, mid)
	t.build(2*v+2, mid, hi)
}

// inner reports whether a node has children. Nodes of one depth differ by at
// most one in size, so the size alone may not decide: the space may be short.
func (t *tree) inner(v, size int) bool { return size > leafSize && 2*v+2 < len(t.low) }

// split orders perm[lo:hi] so that the points before mid are not above those
// from mid on, along axis and then by index.
func (t *tree) split(lo, hi, mid, axis int) {
	y, d, p := t.y, t.dims, t.perm
	less := func(a, b int32) bool {
		u, v := y[int(a)*d+axis], y[int(b)*d+axis]
		return u < v || u == v && a < b
	}
	for hi-lo > 1 {
		// The median of three as pivot; no two points are equal in this order.
		a, b, c := p[lo], p[(lo+hi)/2], p[hi-1]
		if less(b, a) {
			a, b = b, a
		}
		if less(c, b) {
			b = c
			if less(b, a) {
				b = a
			}
		}
		i, j := lo, hi-1
		for i <= j {
			for less(p[i], b) {
				i++
			}
			for less(b, p[j]) {
				j--
			}
			if i <= j {
				p[i], p[j] = p[j], p[i]
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

// distance returns the squared distance of q from the box of node v. It is
// rounded like sqDist32, so it is never above that of a point in the box.
func (t *tree) distance(v int, q []float32) float64 {
	d := t.dims
	box := t.box[v*2*d : (v+1)*2*d]
	var s float64
	for c, x := range q {
		var e float64
		if x < box[c] {
			e = float64(box[c]) - float64(x)
		} else if x > box[d+c] {
			e = float64(x) - float64(box[d+c])
		}
		s += float64(e * e)
	}
	return s
}

// search fills list, up to its capacity, with the nearest points of point i.
func (t *tree) search(i int32, list []near) []near {
	if cap(list) == 0 {
		return list
	}
	return t.visit(0, 0, len(t.perm), t.y[int(i)*t.dims:int(i+1)*t.dims], i, list)
}

func (t *tree) visit(v, lo, hi int, q []float32, self int32, list []near) []near {
	if !t.inner(v, hi-lo) {
		for _, j := range t.perm[lo:hi] {
			if j != self {
				list = insert(list, near{sqDist32(q, t.y[int(j)*t.dims:int(j+1)*t.dims]), j})
			}
		}
		return list
	}
	mid := lo + (hi-lo+1)/2
	a, b := near{t.distance(2*v+1, q), t.low[2*v+1]}, near{t.distance(2*v+2, q), t.low[2*v+2]}
	wanted := func(e near) bool { return len(list) < cap(list) || e.less(list[len(list)-1]) }
	if b.less(a) {
		if wanted(b) {
			list = t.visit(2*v+2, mid, hi, q, self, list)
		}
		if wanted(a) {
			list = t.visit(2*v+1, lo, mid, q, self, list)
		}
		return list
	}
	if wanted(a) {
		list = t.visit(2*v+1, lo, mid, q, self, list)
	}
	if wanted(b) {
		list = t.visit(2*v+2, mid, hi, q, self, list)
	}
	return list
}
