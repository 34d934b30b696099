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

const (
	poleRows   = 128 // rows of a sample that moves the poles of a node
	poleRounds = 3
)

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
		rows: rows, leaf: max(leaf, 1),
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
			c, err := t.split(v, func(a, b []float32) error {
				return par.Blocks(ctx, workers, v.hi-v.lo, 1024, func(_, _, lo, hi int) { t.sides(v, a, b, v.lo+lo, v.lo+hi) })
			})
			if err != nil {
				return nil, nil, err
			}
			next = append(next, c[0], c[1])
			more = more || large(c[0]) || large(c[1])
		}
		nodes = next
	}
	below := make([][]node, len(nodes))
	err = par.Blocks(ctx, workers, len(nodes), 1, func(_, at, _, _ int) { below[at] = t.down(ctx, nil, nodes[at]) })
	if err != nil {
		return nil, nil, err
	}
	for _, b := range below {
		leaves = append(leaves, b...)
	}
	return t.order, leaves, nil
}

type tree struct {
	rows         *view
	leaf         int
	order, other []int32
	left         []bool // by place in order
}

// poles draws two rows of a node and moves them to the middles of the rows
// around them: two-means, on a sample.
func (t *tree) poles(v node, try uint64) (a, b []float32) {
	size := uint64(v.hi - v.lo)
	p := mix(v.key, 1, try) % size
	q := (p + 1 + mix(v.key, 2, try)%(size-1)) % size
	a, b = t.rows.row(int(t.order[v.lo+int(p)])), t.rows.row(int(t.order[v.lo+int(q)]))
	if size < 2*poleRows || try > 0 {
		return a, b
	}
	d := len(a)
	sum := make([]float64, 2*d)
	for it := range poleRounds {
		clear(sum)
		count := [2]int{}
		for s := 0; s < poleRows; s += 4 {
			var x [4][]float32
			for r := range x {
				x[r] = t.rows.row(int(t.order[v.lo+int(mix(v.key, 4, uint64(it), uint64(s+r))%size)]))
			}
			da := vec.SqDist4(a, x[0], x[1], x[2], x[3])
			db := vec.SqDist4(b, x[0], x[1], x[2], x[3])
			for r := range x {
				side := 0
				if db[r] < da[r] {
					side = 1
				}
				count[side]++
				to := sum[side*d:][:d]
				for c, w := range x[r] {
					to[c] += float64(w)
				}
			}
		}
		if count[0] == 0 || count[1] == 0 {
			break
		}
		middle := make([]float32, 2*d)
		for c := range middle {
			middle[c] = float32(sum[c] / float64(count[c/d]))
		}
		a, b = middle[:d], middle[d:]
	}
	return a, b
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

// split cuts a node in two; sides is to find the side of each of its rows. Where
// nearly all are on one side, as when a row far from all others was drawn,
// other rows are drawn, and in the end the rows are halved as they stand.
func (t *tree) split(v node, sides func(a, b []float32) error) ([2]node, error) {
	size := v.hi - v.lo
	mid := v.lo + size/2
	for try := range uint64(4) {
		if err := sides(t.poles(v, try)); err != nil {
			return [2]node{}, err
		}
		if m := t.move(v); min(m-v.lo, v.hi-m) >= max(1, size/32) {
			mid = m
			break
		}
	}
	return [2]node{{v.lo, mid, mix(v.key, 3, 0)}, {mid, v.hi, mix(v.key, 3, 1)}}, nil
}

// move brings the rows of either side together and returns where the second
// side begins.
func (t *tree) move(v node) int {
	l, r := v.lo, v.lo
	for p := v.lo; p < v.hi; p++ {
		i := t.order[p]
		if t.left[p] {
			t.order[l] = i
			l++
		} else {
			t.other[r] = i
			r++
		}
	}
	copy(t.order[l:v.hi], t.other[v.lo:r])
	return l
}

// down splits a node down to its leaves, which it appends to dst.
func (t *tree) down(ctx context.Context, dst []node, v node) []node {
	if v.hi-v.lo <= t.leaf || ctx.Err() != nil {
		return append(dst, v)
	}
	c, _ := t.split(v, func(a, b []float32) error {
		t.sides(v, a, b, v.lo, v.hi)
		return nil
	})
	return t.down(ctx, t.down(ctx, dst, c[0]), c[1])
}

// mix hashes numbers into one: splitmix64 over each in turn.
//
//go:noinline
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
