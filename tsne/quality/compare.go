package quality

import (
	"context"
	"math"
	"slices"
	"sort"
	"sync/atomic"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
	"github.com/semamap/semamap/tsne/knn"
)

// A Comparison reports how well a map keeps the k nearest neighbors.
type Comparison struct {
	Rows   int // points that were evaluated
	Copies int // rows that are equal to an earlier one; see Settings.CountCopies

	// Preservation is the mean share of the k nearest neighbors in the data
	// that are among the k nearest on the map, often called knn10 for k = 10.
	Preservation float64

	// Trustworthiness is 1 less a penalty for false neighbors: points that are
	// near on the map but far in the data, weighted by their rank there,
	//
	//	T = 1 − 2/(m k (2n−3k−1)) Σ_i Σ_{j∈U(i)} (r(i,j) − k),
	//
	// where i runs over the m points evaluated, U(i) are the points among the
	// k nearest of i on the map but not in the data, and r(i,j) is the rank of
	// j among all n−1 other points by distance in the data.
	Trustworthiness float64

	// Continuity is 1 less a penalty for torn neighborhoods: trustworthiness
	// with data and map exchanged.
	Continuity float64
}

// Compare compares the k nearest neighbors in the data x and on the map y,
// n·dims numbers. Equal rows count once, unless Settings.CountCopies is set; n
// below is then the number of distinct rows. k must be below n/2. Compare
// computes the distances of the m rows evaluated to all n rows, about m·n·d
// operations; Settings.Sample limits m. It reads Settings.Rows, Sample,
// CountCopies, Seed and Workers.
func Compare(ctx context.Context, x knn.Points, y []float32, dims, k int, s *Settings) (Comparison, error) {
	if ctx == nil {
		return Comparison{}, errNoContext
	}
	n, err := checkBoth(x, y, dims)
	if err != nil {
		return Comparison{}, err
	}
	set := s.fill()
	once, places, of, err := distinct(ctx, x, y, dims, set.Workers)
	if err != nil {
		return Comparison{}, err
	}
	copies := n - len(places)/dims
	if copies > 0 && !set.CountCopies {
		if err := checkIndices("Rows", set.Rows, 1, n); err != nil {
			return Comparison{}, err
		}
		set.Rows = renumber(set.Rows, of)
		x, y, n = once, places, n-copies
	}
	x, d := centered(x)
	if k < 1 || 2*k >= n {
		return Comparison{}, inputErr("k = %d is not below half of %d points", k, n)
	}
	rows, err := set.rows(n)
	if err != nil {
		return Comparison{}, err
	}
	embedded, err := mapNeighbors(ctx, y, dims, k, rows, set.Workers)
	if err != nil {
		return Comparison{}, err
	}
	workers := par.Workers(set.Workers)
	scratch := make([]*comparison, workers)
	var kept, falseRanks, tornRanks atomic.Int64 // whole numbers: the order of the sum does not matter
	err = par.Try(ctx, workers, len(rows), rowBlock, func(w, _, lo, hi int) error {
		if scratch[w] == nil {
			scratch[w] = newComparison(x, y, dims, n, d, k)
		}
		c := scratch[w]
		if err := c.block(ctx, rows[lo:hi], embedded[lo*k:hi*k]); err != nil {
			return err
		}
		kept.Add(c.kept)
		falseRanks.Add(c.falseRanks)
		tornRanks.Add(c.tornRanks)
		return nil
	})
	if err != nil {
		return Comparison{}, err
	}
	m := float64(len(rows))
	norm := 2 / (m * float64(k) * (2*float64(n) - 3*float64(k) - 1))
	return Comparison{
		Rows:            len(rows),
		Copies:          copies,
		Preservation:    float64(kept.Load()) / (m * float64(k)),
		Trustworthiness: 1 - norm*float64(falseRanks.Load()),
		Continuity:      1 - norm*float64(tornRanks.Load()),
	}, nil
}

// renumber returns the distinct rows that the given rows are, each once.
func renumber(rows, of []int32) []int32 {
	if rows == nil {
		return nil
	}
	seen, out := map[int32]bool{}, []int32{}
	for _, i := range rows {
		if u := of[i]; !seen[u] {
			seen[u] = true
			out = append(out, u)
		}
	}
	return out
}

// mapNeighbors returns the k nearest other points of each of some points of a
// map.
func mapNeighbors(ctx context.Context, y []float32, dims, k int, rows []int32, workers int) ([]int32, error) {
	n := len(y) / dims
	all, set := knn.Rows(y, n, dims), &knn.Settings{Method: knn.Exact, Workers: workers}
	every := len(rows) == n
	for i := 0; every && i < n; i++ {
		every = int(rows[i]) == i
	}
	if every {
		g, err := knn.Search(ctx, all, k, set)
		if err != nil {
			return nil, err
		}
		return g.Index, nil
	}
	// One more than k: a point is the nearest to itself, or has k others on
	// its place before it.
	some := make([]float32, 0, len(rows)*dims)
	for _, i := range rows {
		some = append(some, y[int(i)*dims:int(i+1)*dims]...)
	}
	g, err := knn.Query(ctx, all, knn.Rows(some, len(rows), dims), k+1, set)
	if err != nil {
		return nil, err
	}
	out := make([]int32, 0, len(rows)*k)
	for r, i := range rows {
		list, _ := g.Row(r)
		self := slices.Index(list, i)
		if self < 0 {
			self = k
		}
		out = append(append(out, list[:self]...), list[self+1:]...)
	}
	return out, nil
}

// rowBlock rows of the sample, a multiple of 4, share each row of the data
// while it is in cache.
const rowBlock = 16

// comparison is the work of one goroutine of Compare.
type comparison struct {
	x          knn.Points
	y          []float32
	dims, n, d int
	k          int
	q          [rowBlock][]float32 // the rows of the block
	made       [rowBlock][]float32 // room for them
	row        []float32
	wide       rows64 // not nil: the rows are compared by their numbers of float64
	q64        [rowBlock][]float64
	d2         [rowBlock]float64
	targets    []near // k for each row of the block: where it is in the data, of its neighbors in the map
	bins       []int  // k+1 each: bins[t] rows lie before target t and not before target t−1
	nearest    [][]near

	kept, falseRanks, tornRanks int64 // of the last block
}

func newComparison(x knn.Points, y []float32, dims, n, d, k int) *comparison {
	c := &comparison{
		x: x, y: y, dims: dims, n: n, d: d, k: k,
		row:     make([]float32, d),
		wide:    wideOf(x),
		targets: make([]near, rowBlock*k),
		bins:    make([]int, rowBlock*(k+1)),
		nearest: make([][]near, rowBlock),
	}
	for i := range c.nearest {
		c.nearest[i], c.made[i] = make([]near, 0, k), make([]float32, d)
	}
	return c
}

// checkEvery rows of the data the context is looked at.
const checkEvery = 256

func (c *comparison) block(ctx context.Context, rows, embedded []int32) error {
	k, d := c.k, c.d
	c.kept, c.falseRanks, c.tornRanks = 0, 0, 0
	clear(c.bins)
	for r, i := range rows {
		q, err := readRow(c.x, c.made[r], int(i), d)
		if err == nil {
			err = finiteErr(q, int(i))
		}
		if err != nil {
			return err
		}
		c.q[r] = q
		if c.wide != nil {
			if c.q64[r], err = read64(c.wide, c.q64[r], int(i)); err != nil {
				return err
			}
		}
		c.nearest[r] = c.nearest[r][:0]
		targets := c.targets[r*k : (r+1)*k]
		for t, j := range embedded[r*k : (r+1)*k] {
			row, err := readRow(c.x, c.row, int(j), d)
			if err != nil {
				return err
			}
			targets[t] = near{vec.SqDist(q, row), j}
			if c.wide != nil {
				if err := c.wide.Read64(int(j), func(x []float64) { targets[t].d2 = sqDist64(c.q64[r], x) }); err != nil {
					return err
				}
			}
		}
		slices.SortFunc(targets, compareNear)
	}
	for r := len(rows); r < rowBlock; r++ {
		c.q[r] = c.made[r] // the distances are not used
	}
	for j := range c.n {
		if j%checkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		row, err := readRow(c.x, c.row, j, d)
		if err != nil {
			return err
		}
		if c.wide != nil {
			err := c.wide.Read64(j, func(x []float64) {
				for r := range rows {
					c.d2[r] = sqDist64(c.q64[r], x)
				}
			})
			if err != nil {
				return err
			}
		}
		for r := 0; c.wide == nil && r < len(rows); r += 4 {
			d2 := vec.SqDist4(row, c.q[r], c.q[r+1], c.q[r+2], c.q[r+3])
			copy(c.d2[r:], d2[:])
		}
		for r, i := range rows {
			if int(i) == j {
				continue
			}
			e := near{c.d2[r], int32(j)}
			if !(e.d2 <= math.MaxFloat64) {
				return finiteErr(row, j)
			}
			targets := c.targets[r*k : (r+1)*k]
			if e.less(targets[k-1]) {
				t := sort.Search(k, func(t int) bool { return e.less(targets[t]) })
				c.bins[r*(k+1)+t]++
			}
			c.nearest[r] = insert(c.nearest[r], e)
		}
	}
	for r, i := range rows {
		rank := 1 // of the next target in the data
		for _, n := range c.bins[r*(k+1) : r*(k+1)+k] {
			rank += n
			if rank > k {
				c.falseRanks += int64(rank - k)
			} else {
				c.kept++
			}
		}
		c.tornRanks += c.torn(i, c.nearest[r])
	}
	return nil
}

// torn returns Σ max(0, r−k) for the ranks r in the map of the neighbors of
// point i in the data. It reuses bins and targets.
func (c *comparison) torn(i int32, nearest []near) int64 {
	k, dims := c.k, c.dims
	q := c.y[int(i)*dims : int(i+1)*dims]
	targets, bins := c.targets[:k], c.bins[:k]
	for t, e := range nearest {
		targets[t] = near{sqDist32(q, c.y[int(e.j)*dims:int(e.j+1)*dims]), e.j}
	}
	slices.SortFunc(targets, compareNear)
	clear(bins)
	last := targets[k-1]
	for j := range c.n {
		e := near{sqDist32(q, c.y[j*dims:(j+1)*dims]), int32(j)}
		if e.less(last) && int(i) != j {
			bins[sort.Search(k, func(t int) bool { return e.less(targets[t]) })]++
		}
	}
	var sum int64
	rank := 1
	for _, n := range bins {
		rank += n
		sum += int64(max(0, rank-k))
	}
	return sum
}

// near is a candidate neighbor.
type near struct {
	d2 float64
	j  int32
}

func (a near) less(b near) bool { return a.d2 < b.d2 || a.d2 == b.d2 && a.j < b.j }

func compareNear(a, b near) int {
	if a.less(b) {
		return -1
	}
	if b.less(a) {
		return 1
	}
	return 0
}

// insert puts e into an ascending list of at most cap(list) entries.
func insert(list []near, e near) []near {
	if len(list) < cap(list) {
		list = append(list, e)
	} else if !e.less(list[len(list)-1]) {
		return list
	}
	i := len(list) - 1
	for ; i > 0 && e.less(list[i-1]); i-- {
		list[i] = list[i-1]
	}
	list[i] = e
	return list
}
