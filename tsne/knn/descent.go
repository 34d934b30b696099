package knn

import (
	"context"
	"math"
	"slices"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/tsne/internal/share"
)

// NN-descent [DML11] in the form of [TLZM16]: a few random trees, whose leaves
// are compared in full, give most neighbors, and rounds in which each row
// looks at the neighbors of its neighbors give the rest. A sample of rows is
// searched exactly before all this; the search goes on until the lists of the
// sample are good enough, or neither rounds nor trees make them much better.
//
// Every comparison that decides is one of canonical distances, every random
// choice a hash of the seed and what is chosen, and only one goroutine at a
// time writes to a list, from what was there before the tree or the round: the
// graph is the same for any number of goroutines and on every machine.
//
// [DML11]: Dong, Moses, Li: Efficient k-nearest neighbor graph construction
// for generic similarity measures, WWW 2011.
// [TLZM16]: Tang, Liu, Zhang, Mei: Visualizing large-scale and
// high-dimensional data, WWW 2016, section 3.1.

const (
	leastLeaf   = 512 // rows of a leaf, where k does not need more
	mostLeaf    = 1024
	leafNumbers = 1 << 19 // of all rows of a leaf
	fewTrees    = 4       // at a time
	mostTrees   = 16
	exploreNear = 10   // neighbors, and reverse neighbors, to look from at first
	exploreFar  = 96   // neighbors of them to look at
	wantRecall  = 0.98 // that ends the search
	fairRecall  = 0.95 // that ends it where rounds find little
	growShare   = 0.03 // of all entries: if fewer are new, more neighbors are looked from
	stopShare   = 0.001
	recallRows  = 1000
	exactBelow  = 1024 // rows that are searched exactly in any case
)

type descent struct {
	workers int
	s       *source // flat
	rows    view    // in the order of the first tree
	orig    []int32 // their numbers in the source
	seed    uint64
	n, k    int
	d       int     // of rows: a multiple of 8
	g       *Graph  // list orig[i] is that of row i; it names rows as rows does
	count   []int32 // entries of each list
	leaves  []node  // of the first tree
	trees   int     // how many there were
	sample  sample
}

// plan returns the memory the search needs, and how much of it is the scratch
// memory of one goroutine.
func (e *descent) plan(used int64) (bytes, scratch int64) {
	n, k, d := int64(e.n), int64(e.k), int64(roundUp(max(e.d, 1), 8))
	leaf := int64(e.leafRows())
	scratch = 4*d*(leaf+64) + 8*d + 16*8*leaf + 1<<20
	tree := int64(4 + 4 + 1 + 4) // its order and scratch, and the places of rows
	round := 2*4*min(k, exploreFar) + 1
	return used + n*(12*k+4*d+4+4+max(tree, round)) + 64<<20 + scratch, scratch
}

// leafRows is the size of the largest leaf: more rows bear larger ones.
//
//go:noinline
func (e *descent) leafRows() int {
	size := min(max(int(math.Sqrt(float64(e.n))), leastLeaf), mostLeaf, leafNumbers/max(e.d, 1))
	return max(size, 256, 3*e.k)
}

func searchDescent(ctx context.Context, s *source, k int, set *Settings, used int64) (*Graph, error) {
	if k == 0 || s.n <= max(exactBelow, 4*k) {
		return searchExact(ctx, s, s, k, true, set, used)
	}
	e := &descent{workers: par.Workers(set.Workers), s: s, n: s.n, d: s.d, seed: set.Seed, k: k}
	if s.flat == nil {
		used += 4 * int64(s.n) * int64(s.d)
	}
	bytes, scratch := e.plan(used)
	if set.MaxMemory > 0 {
		if bytes > set.MaxMemory {
			return nil, share.Errorf("%w: %d bytes, the approximate search needs %d", ErrMemory, set.MaxMemory, bytes)
		}
		e.workers = int(min(int64(e.workers), 1+48<<20/scratch)) // what 64 MB hold
	}
	var err error
	if e.s, err = s.made(ctx, set.Workers); err != nil {
		return nil, err
	}
	if err := e.takeSample(ctx); err != nil {
		return nil, err
	}
	e.g = newGraph(e.n, k)
	e.g.Stats.Method, e.g.Stats.Bytes = Descent, bytes
	e.count = make([]int32, e.n)
	want := max(wantRecall, set.MinRecall)
	if err := e.layOut(ctx); err != nil {
		return nil, err
	}
	if err := e.plant(ctx, fewTrees, want); err != nil {
		return nil, err
	}
	if err := e.fillUp(ctx); err != nil {
		return nil, err
	}
	far := min(exploreFar, k)
	near, met := min(exploreNear, far), 0
	for done := false; !done && e.recall().Mean < want; {
		e.g.Stats.rounds++
		changed, err := e.explore(ctx, met, near, far)
		if err != nil {
			return nil, err
		}
		met = near
		switch all := float64(e.n) * float64(k); {
		case float64(changed) >= growShare*all:
		case e.recall().Mean >= max(fairRecall, set.MinRecall): // the rest is dear
			done = true
		case near < far:
			near = min(2*near, far)
		case float64(changed) >= stopShare*all:
		case e.trees < mostTrees: // nothing more to find from here
			if err := e.plant(ctx, fewTrees, want); err != nil {
				return nil, err
			}
		default:
			done = true
		}
	}
	e.g.Recall = e.recall()
	if err := e.rename(ctx); err != nil {
		return nil, err
	}
	if r := e.g.Recall; r.Mean < set.MinRecall {
		return nil, share.Errorf("%w: %v, wanted %v", ErrRecall, r, set.MinRecall)
	}
	return e.g, nil
}

// lists returns the list of row i, with the places behind its entries.
//
//go:noinline
func (e *descent) lists(i int32) (index []int32, dist []float64) { return e.g.Row(int(e.orig[i])) }

// list returns the entries of the list of row i.
//
//go:noinline
func (e *descent) list(i int32) (index []int32, dist []float64) {
	index, dist = e.lists(i)
	return index[:e.count[i]], dist[:e.count[i]]
}

// worst is the largest squared distance that can enter the list of row i.
func (e *descent) worst(i int32) float64 {
	if _, dist := e.list(i); len(dist) == e.k {
		return dist[e.k-1]
	}
	return math.Inf(1)
}

// layOut copies the rows in the order of a random tree: near ones are then
// near in memory.
func (e *descent) layOut(ctx context.Context) error {
	rows, err := e.s.view(ctx, e.workers, 0, e.n, nil)
	if err != nil {
		return err
	}
	order, leaves, err := partition(ctx, e.workers, &rows, e.n, e.leafRows(), mix(e.seed, 'T'))
	if err != nil {
		return err
	}
	e.leaves = leaves
	e.d = roundUp(max(e.d, 1), 8) // zeros behind a row change no bit of a canonical distance
	flat := make([]float32, e.n*e.d)
	err = par.Blocks(ctx, e.workers, e.n, 64, func(_, _, lo, hi int) {
		for p := lo; p < hi; p++ {
			copy(flat[p*e.d:], rows.row(int(order[p])))
		}
	})
	e.rows, e.orig = view{flat, nil, e.d, 0, e.n}, order
	e.sample.locate(order)
	return err
}

// plant compares the rows of each leaf of random trees with each other: of at
// least so many trees, unless the recall is as wanted before.
func (e *descent) plant(ctx context.Context, least int, want float64) error {
	var err error
	recall, gain := e.recall().Mean, 0.0
	// A tree more gives about half of what the last one gave.
	for t := 0; recall < want && (t < least || recall+gain/2 >= want); t++ {
		var order []int32
		leaves := e.leaves
		if e.trees == 0 { // that of layOut
			order = make([]int32, e.n)
			for p := range order {
				order[p] = int32(p)
			}
		} else if order, leaves, err = partition(ctx, e.workers, &e.rows, e.n, e.leafRows(), mix(e.seed, 'T', uint64(e.trees))); err != nil {
			return err
		}
		e.trees++
		if err := e.joinLeaves(ctx, order, leaves); err != nil {
			return err
		}
		r := e.recall().Mean
		gain, recall = r-recall, r
	}
	return nil
}

// fillUp gives every list k entries: the rows from a random place on.
func (e *descent) fillUp(ctx context.Context) error {
	t := make([]merger, e.workers)
	return par.Blocks(ctx, e.workers, e.n, 64, func(w, _, lo, hi int) {
		t := &t[w]
		for i := int32(lo); i < int32(hi); i++ {
			need := e.k - int(e.count[i])
			if need == 0 {
				continue
			}
			t.cand = t.cand[:0]
			index, _ := e.list(i)
			for j := int32(mix(e.seed, 'F', uint64(e.orig[i])) % uint64(e.n)); len(t.cand) < need; j = (j + 1) % int32(e.n) {
				if j != i && !slices.Contains(index, ^j) && !slices.Contains(index, j) {
					t.cand = append(t.cand, j)
				}
			}
			t.merge(e, i)
		}
	})
}

// rename gives the entries the numbers of the source.
func (e *descent) rename(ctx context.Context) error {
	return par.Blocks(ctx, e.workers, e.n, 256, func(_, _, lo, hi int) {
		for at, j := range e.g.Index[lo*e.k : hi*e.k] {
			e.g.Index[lo*e.k+at] = e.orig[unmark(j)]
		}
	})
}

// A sample is some rows with their true neighbors.
type sample struct {
	rows  []int32   // numbers in the source, ascending
	at    []int32   // numbers in the order of the first tree
	truth [][]int32 // numbers in the source
}

// takeSample searches some rows exactly.
func (e *descent) takeSample(ctx context.Context) error {
	n := e.n
	m := min(recallRows, n)
	// Floyd's sample of m of n rows.
	in := make([]bool, n)
	for j := n - m; j < n; j++ {
		c := int(mix(e.seed, 'M', uint64(j)) % uint64(j+1))
		if in[c] {
			c = j
		}
		in[c] = true
	}
	s := &e.sample
	for i, drawn := range in {
		if drawn {
			s.rows = append(s.rows, int32(i))
		}
	}
	g, err := searchExact(ctx, e.s, e.s.pick(s.rows), e.k+1, false, &Settings{Workers: e.workers}, 0)
	if err != nil {
		return err
	}
	for t, i := range s.rows {
		near, _ := g.Row(t)
		list := make([]int32, 0, e.k+1)
		for _, j := range near {
			if j != i && len(list) < e.k {
				list = append(list, j)
			}
		}
		s.truth = append(s.truth, list)
	}
	return nil
}

// locate finds the rows of the sample in an order.
func (s *sample) locate(order []int32) {
	s.at = make([]int32, len(s.rows))
	for p, i := range order {
		if t, ok := slices.BinarySearch(s.rows, i); ok {
			s.at[t] = int32(p)
		}
	}
}

// recall compares the lists with those of the sample.
func (e *descent) recall() Recall {
	var sum, sq float64
	m := len(e.sample.rows)
	for t, truth := range e.sample.truth {
		found := 0
		index, _ := e.list(e.sample.at[t])
		for _, j := range index {
			if slices.Contains(truth, e.orig[unmark(j)]) {
				found++
			}
		}
		share := float64(found) / float64(e.k)
		sum += share
		sq += float64(share * share) // the same on every machine: not fused
	}
	mean := sum / float64(m)
	half := 0.0
	if m < e.n {
		half = float64(1.96 * math.Sqrt(max(0, sq/float64(m)-float64(mean*mean))/float64(m-1)))
		if half == 0 { // all rows alike: at most 3 in m differ (rule of three)
			half = 3 / float64(m)
		}
	}
	return Recall{mean, max(0, mean-half), min(1, mean+half), m}
}
