package knn

import (
	"context"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/semamap/semamap/internal/par"
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
	leafNumbers = 1 << 19 // of a leaf, at most
	leafRows    = 1024
	recallRows  = 1000
	exactBelow  = 1024 // rows that are searched exactly in any case
)

var (
	leafMax     = envInt("LEAF", 512)
	trees       = envInt("TREES", 4)
	poleRows    = envInt("PROWS", 64)
	poleRounds  = envInt("PROUNDS", 3)
	poleMin     = uint64(envInt("PMIN", 256))
	maxRounds   = envInt("ROUNDS", 3)
	exploreNear = envInt("NEAR", 20)
	exploreFar  = envInt("FAR", 90)
)

func envInt(s string, v int) int {
	if t := os.Getenv(s); t != "" {
		v, _ = strconv.Atoi(t)
	}
	return v
}

var start time.Time

func debugf(f string, a ...any) {
	if os.Getenv("DEBUG") != "" {
		fmt.Fprintf(os.Stderr, "%.3f ", time.Since(start).Seconds())
		fmt.Fprintf(os.Stderr, f, a...)
	}
}

type descent struct {
	ctx     context.Context
	workers int
	s       *source // flat
	rows    view    // in the order of the first tree
	orig    []int32 // their numbers in the source
	seed    uint64
	n, d, k int
	g       *Graph  // row u of the source has list u
	count   []int32 // entries of each list
}

func descentCost(n, k int64) int64 {
	return n * (12*k + k + 8 + 4 + 4*4*64 + 16)
}

func searchDescent(ctx context.Context, s *source, k int, set *Settings, used int64) (*Graph, error) {
	if k == 0 || s.n <= max(exactBelow, 4*k) {
		return searchExact(ctx, s, s, k, true, set, used)
	}
	start = time.Now()
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
	e := &descent{ctx: ctx, workers: par.Workers(set.Workers), s: s, n: s.n, d: s.d, seed: set.Seed, k: k}
	e.g = newGraph(s.n, k)
	e.g.Stats.Method, e.g.Stats.Bytes = Descent, bytes
	e.count = make([]int32, s.n)
	truth, ids, err := e.sample(set)
	if err != nil {
		return nil, err
	}
	debugf("sample\n")
	leaf := max(min(leafMax, leafNumbers/max(s.d, 1)), 256, 3*k)
	for t := range trees {
		if err := e.grow(uint64(t), leaf); err != nil {
			return nil, err
		}
		debugf("tree: recall %v\n", e.recall(truth, ids).Mean)
	}
	if err := e.fillUp(); err != nil {
		return nil, err
	}
	for e.g.Stats.Rounds < maxRounds {
		e.g.Stats.Rounds++
		_, err := e.explore(e.g.Stats.Rounds == 1)
		if err != nil {
			return nil, err
		}
		debugf("round: recall %v\n", e.recall(truth, ids).Mean)
	}
	e.count = nil
	e.g.Recall = e.recall(truth, ids)
	if err := e.rename(); err != nil {
		return nil, err
	}
	debugf("done\n")
	if r := e.g.Recall; r.Mean < set.MinRecall {
		return nil, fmt.Errorf("%w: %v, wanted %v", ErrRecall, r, set.MinRecall)
	}
	return e.g, nil
}

// lists returns the list of row i, with the places behind its entries.
func (e *descent) lists(i int32) (index []int32, dist []float64) { return e.g.Row(int(e.orig[i])) }

// list returns the entries of the list of row i.
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

// grow compares the rows of each leaf of a random tree with each other. The
// first tree also sets the order of the rows.
func (e *descent) grow(t uint64, leaf int) error {
	key := mix(e.seed, 'T', t)
	if t > 0 {
		order, leaves, err := partition(e.ctx, e.workers, &e.rows, e.n, leaf, key)
		if err != nil {
			return err
		}
		debugf("partition\n")
		return e.joinLeaves(order, leaves)
	}
	rows, err := e.s.view(e.ctx, e.workers, 0, e.n, nil)
	if err != nil {
		return err
	}
	order, leaves, err := partition(e.ctx, e.workers, &rows, e.n, leaf, key)
	if err != nil {
		return err
	}
	flat := make([]float32, e.n*e.d)
	err = par.Blocks(e.ctx, e.workers, e.n, 64, func(_, _, lo, hi int) {
		for p := lo; p < hi; p++ {
			copy(flat[p*e.d:(p+1)*e.d], rows.row(int(order[p])))
		}
	})
	if err != nil {
		return err
	}
	e.rows, e.orig = view{flat, nil, e.d, 0, e.n}, order
	same := make([]int32, e.n)
	for p := range same {
		same[p] = int32(p)
	}
	debugf("partition\n")
	return e.joinLeaves(same, leaves)
}

// fillUp gives every list k entries: the rows from a random place on.
func (e *descent) fillUp() error {
	t := make([]merger, e.workers)
	return par.Blocks(e.ctx, e.workers, e.n, 64, func(w, _, lo, hi int) {
		t := &t[w]
		for i := int32(lo); i < int32(hi); i++ {
			need := e.k - int(e.count[i])
			if need == 0 {
				continue
			}
			t.cand = t.cand[:0]
			index, _ := e.list(i)
			for j := int32(mix(e.seed, 'F', uint64(e.orig[i])) % uint64(e.n)); len(t.cand) < need; j = (j + 1) % int32(e.n) {
				if j != i && !slices.Contains(index, j) {
					t.cand = append(t.cand, j)
				}
			}
			t.merge(e, i, false)
		}
	})
}

// rename gives the entries the numbers of the source.
func (e *descent) rename() error {
	return par.Blocks(e.ctx, e.workers, e.n, 256, func(_, _, lo, hi int) {
		for at, j := range e.g.Index[lo*e.k : hi*e.k] {
			e.g.Index[lo*e.k+at] = e.orig[unmark(j)]
		}
	})
}

// sample searches some rows exactly: their numbers in the source are ids.
func (e *descent) sample(set *Settings) (truth *Graph, ids []int32, err error) {
	n := e.n
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
	ids = make([]int32, 0, m)
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
	truth, err = searchExact(e.ctx, e.s, &sample, e.k+1, false, &Settings{Workers: set.Workers}, 0)
	return truth, ids, err
}

// recall compares the lists with those of the sample.
func (e *descent) recall(truth *Graph, ids []int32) Recall {
	n, m := e.n, len(ids)
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
			if _, ok := slices.BinarySearch(list, e.orig[unmark(j)]); ok {
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
	return Recall{mean, max(0, mean-half), min(1, mean+half), m}
}
