package knn

import (
	"context"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

// A node of a random tree: places [lo, hi) of its order of the rows.
type node struct {
	lo, hi int
	key    uint64
}

// subtreeRows is how many rows a node may have for one goroutine to split it
// down to its leaves: that many stay in its cache.
const subtreeRows = 8192

// partition splits the n rows of a view until leaves hold at most the given
// number: a random partition tree [DF08] in which a node is split by which of
// two of its rows is nearer. It returns the rows in the order of the leaves,
// and the leaves in the order of their places. Canonical distances and hashes
// of key decide: the tree is the same on every machine.
//
// [DF08]: Dasgupta, Freund: Random projection trees and low dimensional
// manifolds, STOC 2008.
func partition(ctx context.Context, workers int, rows *view, n, leaf int, key uint64) (order []int32, leaves []node, err error) {
	if n == 0 {
		return nil, nil, ctx.Err()
	}
	t := &tree{
		ctx: ctx, rows: rows, leaf: max(leaf, 1),
		order: make([]int32, n), other: make([]int32, n), left: make([]bool, n),
	}
	for i := range t.order {
		t.order[i] = int32(i)
	}
	// Level by level, a pass over the rows each, while nodes are large.
	nodes := []node{{0, n, key}}
	large := func(v node) bool { return v.hi-v.lo > max(subtreeRows, t.leaf) }
	for more := true; more; {
		more = false
		var next []node
		for _, v := range nodes {
			if !large(v) {
				next = append(next, v)
				continue
			}
			a, b := t.poles(v)
			err := par.Blocks(ctx, workers, v.hi-v.lo, 1024, func(_, _, lo, hi int) { t.sides(v, a, b, v.lo+lo, v.lo+hi) })
			if err != nil {
				return nil, nil, err
			}
			c := t.move(v)
			next = append(next, c[0], c[1])
			more = more || large(c[0]) || large(c[1])
		}
		nodes = next
	}
	below := make([][]node, len(nodes))
	err = par.Blocks(ctx, workers, len(nodes), 1, func(_, at, _, _ int) { below[at] = t.down(nil, nodes[at]) })
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, nil, err
	}
	for _, b := range below {
		leaves = append(leaves, b...)
	}
	return t.order, leaves, nil
}

type tree struct {
	ctx          context.Context
	rows         *view
	leaf         int
	order, other []int32
	left         []bool // by place in order
}

// poles draws the two rows that split a node.
func (t *tree) poles(v node) (a, b []float32) {
	size := uint64(v.hi - v.lo)
	p := mix(v.key, 1) % size
	q := (p + 1 + mix(v.key, 2)%(size-1)) % size
	return t.rows.row(int(t.order[v.lo+int(p)])), t.rows.row(int(t.order[v.lo+int(q)]))
}

// sides finds which of the rows at places [lo, hi) are nearer to a than to b.
func (t *tree) sides(v node, a, b []float32, lo, hi int) {
	for p := lo; p < hi; p += 4 {
		var x [4][]float32
		for r := range x {
			x[r] = t.rows.row(int(t.order[min(p+r, hi-1)]))
		}
		da := vec.SqDist4(a, x[0], x[1], x[2], x[3])
		db := vec.SqDist4(b, x[0], x[1], x[2], x[3])
		for r := range min(4, hi-p) {
			t.left[p+r] = da[r] < db[r] || da[r] == db[r] && mix(v.key, uint64(t.order[p+r]))&1 == 0
		}
	}
}

// move brings the rows of either side together and returns the two nodes.
func (t *tree) move(v node) [2]node {
	l, r := v.lo, 0
	for p := v.lo; p < v.hi; p++ {
		i := t.order[p]
		if t.left[p] {
			t.order[l] = i
			l++
		} else {
			t.other[v.lo+r] = i
			r++
		}
	}
	copy(t.order[l:v.hi], t.other[v.lo:])
	mid := l
	if size := v.hi - v.lo; min(mid-v.lo, v.hi-mid) < max(1, size/32) {
		mid = v.lo + size/2 // lopsided: an outlier was drawn
	}
	return [2]node{{v.lo, mid, mix(v.key, 3, 0)}, {mid, v.hi, mix(v.key, 3, 1)}}
}

// down splits a node down to its leaves, which it appends to dst.
func (t *tree) down(dst []node, v node) []node {
	if v.hi-v.lo <= t.leaf {
		return append(dst, v)
	}
	if t.ctx.Err() != nil {
		return dst
	}
	a, b := t.poles(v)
	t.sides(v, a, b, v.lo, v.hi)
	c := t.move(v)
	return t.down(t.down(dst, c[0]), c[1])
}

// mix hashes numbers into one: splitmix64 over each in turn.
func mix(seed uint64, v ...uint64) uint64 {
	h := seed
	for _, x := range v {
		h += x*0xd1342543de82ef95 + 0x9e3779b97f4a7c15
		h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
		h = (h ^ h>>27) * 0x94d049bb133111eb
		h ^= h >> 31
	}
	return h
}
