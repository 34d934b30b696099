package knn

import (
	"context"
	"fmt"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

// A node of a random tree: places [lo, hi) of its order of the rows.
type node struct {
	lo, hi int
	key    uint64
}

// partition splits the n rows of a view until leaves hold at most the given
// number: a random partition tree [DF08] in which a node is split by which of
// two of its rows is nearer. It returns the rows in the order of the leaves.
//
// [DF08]: Dasgupta, Freund: Random projection trees and low dimensional
// manifolds, STOC 2008.
func partition(ctx context.Context, workers int, rows *view, n, leaf int, key uint64) (order []int32, leaves []node, err error) {
	other := make([]int32, n)
	order = make([]int32, n)
	for i := range order {
		order[i] = int32(i)
	}
	left := make([]bool, n) // by place in order
	nodes := []node{{0, n, key}}
	for depth := 0; len(nodes) > 0; depth++ {
		if depth > 64 {
			return nil, nil, fmt.Errorf("knn: a partition tree is too deep") // halving by place makes it impossible
		}
		// Which of two rows is nearer?
		for _, v := range nodes {
			size := uint64(v.hi - v.lo)
			a := mix(v.key, 1) % size
			b := (a + 1 + mix(v.key, 2)%(size-1)) % size
			ra, rb := rows.row(int(order[v.lo+int(a)])), rows.row(int(order[v.lo+int(b)]))
			err := par.Blocks(ctx, workers, v.hi-v.lo, 512, func(_, _, lo, hi int) {
				for p := v.lo + lo; p < v.lo+hi; p++ {
					x := rows.row(int(order[p]))
					d := vec.SqDist4(x, ra, rb, rb, rb)
					left[p] = d[0] < d[1] || d[0] == d[1] && mix(v.key, uint64(order[p]))&1 == 0
				}
			})
			if err != nil {
				return nil, nil, err
			}
		}
		var next []node
		for _, v := range nodes {
			at := v.lo
			for p := v.lo; p < v.hi; p++ {
				if left[p] {
					other[at] = order[p]
					at++
				}
			}
			mid := at
			for p := v.lo; p < v.hi; p++ {
				if !left[p] {
					other[at] = order[p]
					at++
				}
			}
			copy(order[v.lo:v.hi], other[v.lo:v.hi])
			if small := min(mid-v.lo, v.hi-mid); small < (v.hi-v.lo)/32 {
				mid = (v.lo + v.hi) / 2 // lopsided: an outlier was drawn
			}
			for s, c := range []node{{v.lo, mid, 0}, {mid, v.hi, 0}} {
				c.key = mix(v.key, 3, uint64(s))
				if c.hi-c.lo > leaf {
					next = append(next, c)
				} else {
					leaves = append(leaves, c)
				}
			}
		}
		nodes = next
	}
	return order, leaves, nil
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
