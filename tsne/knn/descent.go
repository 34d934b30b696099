package knn

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

// NN-descent [DML11] from a forest of random trees. Every
// comparison is one of canonical distances, every random choice a hash of the
// seed and what is chosen, and a list holds the k smallest of all it was
// offered in a round, whatever their order: the graph is the same for any
// number of goroutines and on every machine.
//
// [DML11]: Dong, Moses, Li: Efficient k-nearest neighbor graph construction
// for generic similarity measures, WWW 2011.

const (
	leafRows    = 64
	trees       = 4
	joinSide    = 24 // neighbours, and reverse neighbours, of each kind in a join
	maxRounds   = 20
	stopShare   = 0.001 // of all entries: fewer new ones end the descent
	recallRows  = 1000
	exactBelow  = 1024 // rows that are searched exactly in any case
	descentLock = 6    // rows per lock: 64
)

type descent struct {
	ctx     context.Context
	workers int
	s       *source // flat
	rows    view
	seed    uint64
	k       int
	g       *Graph
	count   []int32 // entries of each list
	fresh   []bool  // n×k: entered since the row last took part with it
	worst   []atomic.Uint64
	lock    []sync.Mutex
}

func descentCost(n, k int64) int64 {
	return n * (12*k + k + 8 + 4 + 4*4*joinSide + 16)
}

func searchDescent(ctx context.Context, s *source, k int, set *Settings, used int64) (*Graph, error) {
	if k == 0 || s.n <= max(exactBelow, 4*k) {
		return searchExact(ctx, s, s, k, true, set, used)
	}
	if s.flat == nil {
		used += 4 * int64(s.n) * int64(s.d)
	}
	bytes := used + descentCost(int64(s.n), int64(k)) + 64<<20
	if set.MaxMemory > 0 && bytes > set.MaxMemory {
		return nil, fmt.Errorf("%w: %d bytes, the approximate search needs %d", ErrMemory, set.MaxMemory, bytes)
	}
	if s.flat == nil {
		flat := make([]float32, s.n*s.d)
		if _, err := s.view(ctx, set.Workers, 0, s.n, flat); err != nil {
			return nil, err
		}
		s = &source{n: s.n, d: s.d, flat: flat}
	}
	e := &descent{ctx: ctx, workers: par.Workers(set.Workers), s: s, seed: set.Seed, k: k}
	e.rows, _ = s.view(ctx, e.workers, 0, s.n, nil)
	e.g = newGraph(s.n, k)
	e.g.Stats.Method, e.g.Stats.Bytes = Descent, bytes
	e.count = make([]int32, s.n)
	e.fresh = make([]bool, s.n*k)
	e.worst = make([]atomic.Uint64, s.n)
	for i := range e.worst {
		e.worst[i].Store(math.Float64bits(math.Inf(1)))
	}
	e.lock = make([]sync.Mutex, s.n>>descentLock+1)
	for t := range trees {
		if err := e.grow(uint64(t)); err != nil {
			return nil, err
		}
	}
	if err := e.fillUp(); err != nil {
		return nil, err
	}
	for e.g.Stats.Rounds < maxRounds {
		e.g.Stats.Rounds++
		changed, err := e.round(uint64(e.g.Stats.Rounds))
		if err != nil {
			return nil, err
		}
		if float64(changed) < stopShare*float64(s.n)*float64(k) {
			break
		}
	}
	e.fresh, e.count, e.worst, e.lock = nil, nil, nil, nil
	if err := e.measure(set); err != nil {
		return nil, err
	}
	if r := e.g.Recall; r.Mean < set.MinRecall {
		return nil, fmt.Errorf("%w: %v, wanted %v", ErrRecall, r, set.MinRecall)
	}
	return e.g, nil
}

// offer puts j at distance d2 into list i if it is among the k smallest.
func (e *descent) offer(i int, d2 float64, j int32) {
	if d2 > math.Float64frombits(e.worst[i].Load()) {
		return
	}
	l := &e.lock[i>>descentLock]
	l.Lock()
	defer l.Unlock()
	index, dist := e.g.Row(i)
	fresh := e.fresh[i*e.k:][:e.k]
	n := int(e.count[i])
	at, found := slices.BinarySearchFunc(dist[:n], d2, func(a, b float64) int {
		if a < b {
			return -1
		} else if a > b {
			return 1
		}
		return 0
	})
	if found {
		for ; at < n && dist[at] == d2 && index[at] <= j; at++ {
			if index[at] == j {
				return
			}
		}
	}
	if at == e.k {
		return
	}
	if n < e.k {
		n++
		e.count[i] = int32(n)
	}
	copy(index[at+1:n], index[at:])
	copy(dist[at+1:n], dist[at:])
	copy(fresh[at+1:n], fresh[at:])
	index[at], dist[at], fresh[at] = j, d2, true
	if n == e.k {
		e.worst[i].Store(math.Float64bits(dist[n-1]))
	}
}

// grow compares the rows of each leaf of a random tree with each other.
func (e *descent) grow(t uint64) error {
	order, leaves, err := partition(e.ctx, e.workers, &e.rows, e.s.n, leafRows, mix(e.seed, 'T', t))
	if err != nil {
		return err
	}
	err = par.Blocks(e.ctx, e.workers, len(leaves), 8, func(_, _, lo, hi int) {
		for _, v := range leaves[lo:hi] {
			if e.ctx.Err() != nil {
				return
			}
			e.joinAll(order[v.lo:v.hi], nil)
		}
	})
	if err == nil {
		err = e.ctx.Err()
	}
	return err
}

// joinAll compares the rows of a with each other and with those of b.
func (e *descent) joinAll(a, b []int32) {
	for at, p := range a {
		x := e.rows.row(int(p))
		for _, set := range [2][]int32{a[at+1:], b} {
			for len(set) > 0 {
				var q [4]int32
				m := copy(q[:], set)
				set = set[m:]
				for r := m; r < 4; r++ {
					q[r] = q[0]
				}
				d := vec.SqDist4(x, e.rows.row(int(q[0])), e.rows.row(int(q[1])), e.rows.row(int(q[2])), e.rows.row(int(q[3])))
				for r, j := range q[:m] {
					if j != p {
						e.offer(int(p), d[r], j)
						e.offer(int(j), d[r], p)
					}
				}
			}
		}
	}
}

// fillUp gives every list k entries: the rows from a random place on.
func (e *descent) fillUp() error {
	n := e.s.n
	return par.Blocks(e.ctx, e.workers, n, 64, func(_, _, lo, hi int) {
		for i := lo; i < hi; i++ {
			x := e.rows.row(i)
			for j := int(mix(e.seed, 'F', uint64(i)) % uint64(n)); int(e.count[i]) < e.k; j = (j + 1) % n {
				if j != i {
					e.offer(i, vec.SqDist(x, e.rows.row(j)), int32(j))
				}
			}
		}
	})
}

// round joins, for every row, its new neighbours with each other and with its
// old ones, neighbours in both directions. It returns how many entries of the
// lists are new.
func (e *descent) round(r uint64) (changed int64, err error) {
	n, k := e.s.n, e.k
	var side [2]sampled // old and new
	for s := range side {
		side[s].forward = make([]int32, n*joinSide)
		side[s].count = make([]uint8, n)
	}
	type draw struct {
		h uint64
		c int
	}
	pick := make([][]draw, e.workers)
	err = par.Blocks(e.ctx, e.workers, n, 256, func(w, _, lo, hi int) {
		for i := lo; i < hi; i++ {
			index, _ := e.g.Row(i)
			fresh := e.fresh[i*k:][:k]
			for s, isNew := range []bool{false, true} {
				d := pick[w][:0]
				for c, j := range index {
					if fresh[c] == isNew {
						d = append(d, draw{mix(e.seed, 'R', r, uint64(i), uint64(j)), c})
					}
				}
				slices.SortFunc(d, func(a, b draw) int {
					if a.h != b.h {
						if a.h < b.h {
							return -1
						}
						return 1
					}
					return a.c - b.c
				})
				pick[w] = d
				d = d[:min(len(d), joinSide)]
				for t, v := range d {
					side[s].forward[i*joinSide+t] = index[v.c]
				}
				side[s].count[i] = uint8(len(d))
				if isNew {
					for _, v := range d {
						fresh[v.c] = false
					}
				}
			}
		}
	})
	if err != nil {
		return 0, err
	}
	for s := range side {
		if err := side[s].reverse(e, r, uint64(s)); err != nil {
			return 0, err
		}
	}
	type scratch struct{ old, new []int32 }
	tmp := make([]scratch, e.workers)
	err = par.Blocks(e.ctx, e.workers, n, 16, func(w, _, lo, hi int) {
		t := &tmp[w]
		for i := lo; i < hi; i++ {
			if e.ctx.Err() != nil {
				return
			}
			t.new = side[1].both(t.new[:0], i)
			t.old = side[0].both(t.old[:0], i)
			e.joinAll(t.new, t.old)
		}
	})
	if err == nil {
		err = e.ctx.Err()
	}
	for _, f := range e.fresh {
		if f {
			changed++
		}
	}
	return changed, err
}

// sampled holds some neighbours of every row, and some of the rows that have
// it as a neighbour.
type sampled struct {
	forward []int32 // n×joinSide
	count   []uint8
	start   []int32 // of the reverse neighbours
	back    []int32
}

// reverse fills start and back with at most joinSide reverse neighbours of
// each row, chosen by hash.
func (s *sampled) reverse(e *descent, r, kind uint64) error {
	n := e.s.n
	all := make([]int64, n+1)
	for i := range n {
		for _, j := range s.forward[i*joinSide:][:s.count[i]] {
			all[j+1]++
		}
	}
	for i := range n {
		all[i+1] += all[i]
	}
	back := make([]int32, all[n])
	next := slices.Clone(all[:n])
	for i := range n {
		for _, j := range s.forward[i*joinSide:][:s.count[i]] {
			back[next[j]] = int32(i)
			next[j]++
		}
	}
	err := par.Blocks(e.ctx, e.workers, n, 256, func(_, _, lo, hi int) {
		for j := lo; j < hi; j++ {
			l := back[all[j]:all[j+1]]
			if len(l) > joinSide {
				slices.SortFunc(l, func(a, b int32) int {
					ha, hb := mix(e.seed, 'B', r, kind, uint64(a), uint64(j)), mix(e.seed, 'B', r, kind, uint64(b), uint64(j))
					if ha != hb {
						if ha < hb {
							return -1
						}
						return 1
					}
					return int(a) - int(b)
				})
			}
		}
	})
	if err != nil {
		return err
	}
	s.start = make([]int32, n+1)
	at := int32(0)
	for j := range n {
		at += int32(copy(back[at:], back[all[j]:min(all[j+1], all[j]+joinSide)]))
		s.start[j+1] = at
	}
	s.back = back[:at]
	return nil
}

// both appends the neighbours of row i in both directions, each once.
func (s *sampled) both(dst []int32, i int) []int32 {
	dst = append(dst, s.forward[i*joinSide:][:s.count[i]]...)
	n := len(dst)
	for _, j := range s.back[s.start[i]:s.start[i+1]] {
		if !slices.Contains(dst[:n], j) {
			dst = append(dst, j)
		}
	}
	return dst
}

// measure searches some rows exactly and sets the recall of the graph.
func (e *descent) measure(set *Settings) error {
	n := e.s.n
	m := min(recallRows, n)
	// Floyd's sample of m of n rows.
	in := make(map[int]bool, m)
	for j := n - m; j < n; j++ {
		c := int(mix(e.seed, 'M', uint64(j)) % uint64(j+1))
		if in[c] {
			c = j
		}
		in[c] = true
	}
	ids := make([]int32, 0, m)
	for i := range n {
		if in[i] {
			ids = append(ids, int32(i))
		}
	}
	sample := *e.s
	sample.n, sample.ids = m, make([]int32, m)
	for t, i := range ids {
		sample.ids[t] = int32(e.s.orig(int(i)))
	}
	truth, err := searchExact(e.ctx, e.s, &sample, e.k+1, false, &Settings{Workers: set.Workers}, 0)
	if err != nil {
		return err
	}
	var sum, sq float64
	list := make([]int32, 0, e.k+1)
	for t, i := range ids {
		near, _ := truth.Row(t)
		list = list[:0]
		for _, j := range near {
			if j != i && len(list) < e.k {
				list = append(list, j)
			}
		}
		slices.Sort(list)
		found := 0
		index, _ := e.g.Row(int(i))
		for _, j := range index {
			if _, ok := slices.BinarySearch(list, j); ok {
				found++
			}
		}
		share := float64(found) / float64(e.k)
		sum += share
		sq += share * share
	}
	mean := sum / float64(m)
	half := 0.0
	if m < n {
		half = 1.96 * math.Sqrt(max(0, sq/float64(m)-mean*mean)/float64(m-1))
		if half == 0 { // all rows alike: at most 3 in m differ (rule of three)
			half = 3 / float64(m)
		}
	}
	e.g.Recall = Recall{mean, max(0, mean-half), min(1, mean+half), m}
	return nil
}
