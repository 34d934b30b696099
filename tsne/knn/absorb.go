package knn

import (
	"math"
	"slices"

	"github.com/semamap/semamap/internal/par"
)

type absorbScratch struct {
	distScratch
	mark   []int32 // by row: the last absorption that knew it
	stamp  int32
	fresh  []pair
	merged []pair
}

// absorb takes the candidates of list p into the graph and empties the list.
// Only those within the limit and not yet in the graph get their distances,
// and the limit falls to what the k-th neighbour leaves.
func (e *exact) absorb(w, p int) {
	t := &e.low.tmp[w]
	if t.mark == nil {
		t.mark = make([]int32, e.ref.n)
	}
	l, i := e.lists, e.rowAt(p)
	keys := l.key[p*l.size:][:l.count[p]]
	have := int(e.low.have[p])
	index, dist := e.graph.Row(i)
	t.stamp++
	for _, j := range index[:have] {
		t.mark[j] = t.stamp
	}
	n := 0
	for _, key := range keys {
		if t.mark[keyIndex(key)] != t.stamp && keyValue(key) <= l.limit[p] {
			keys[n] = key
			n++
		}
	}
	keys = keys[:n]
	e.rescored[w] += int64(n)
	t.distances(e.low.rows.row(i), &e.low.rows, keys)
	t.fresh = t.fresh[:0]
	for c, key := range keys {
		f := pair{t.dist[c], int32(keyIndex(key))}
		if have < e.k || comparePairs(f, pair{dist[have-1], index[have-1]}) < 0 {
			t.fresh = append(t.fresh, f)
		}
	}
	if len(t.fresh) > 0 {
		slices.SortFunc(t.fresh, comparePairs)
		t.merged = t.merged[:0]
		f := t.fresh
		for c := 0; len(t.merged) < e.k && (c < have || len(f) > 0); {
			if c == have || len(f) > 0 && comparePairs(f[0], pair{dist[c], index[c]}) < 0 {
				t.merged = append(t.merged, f[0])
				f = f[1:]
			} else {
				t.merged = append(t.merged, pair{dist[c], index[c]})
				c++
			}
		}
		have = len(t.merged)
		for c, m := range t.merged {
			index[c], dist[c] = m.j, m.d2
		}
		e.low.have[p] = int32(have)
	}
	limit := float32(math.Inf(1))
	if have == e.k {
		limit = e.bound(i).reach(dist[e.k-1])
	}
	l.count[p], l.limit[p], l.top[p] = 0, limit, makeKey(limit, math.MaxInt32)
}

// absorbAll absorbs all lists; cut tells that only the best of each count.
func (e *exact) absorbAll(cut bool) error {
	err := par.Blocks(e.ctx, e.workers, e.x.n, 16, func(w, _, lo, hi int) {
		for p := lo; p < hi; p++ {
			if e.ctx.Err() != nil {
				return
			}
			if cut {
				e.lists.finish(p)
				e.lists.limit[p] = float32(math.Inf(1))
			}
			e.absorb(w, p)
		}
	})
	if err == nil {
		err = e.ctx.Err()
	}
	return err
}
