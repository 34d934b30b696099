package quality

import (
	"context"
	"math"
	"slices"
	"sort"
	"sync"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

// A Neighborhood tells how well a map keeps the k nearest neighbours.
type Neighborhood struct {
	K    int
	Rows int // points looked at

	// Preservation is the mean share of the k nearest neighbours in the data
	// that are among the k nearest in the map.
	Preservation float64

	// Trustworthiness falls by false neighbours: points near in the map that
	// are far in the data, weighed by their rank there,
	//
	//	T = 1 − 2/(m k (2n−3k−1)) Σ_i Σ_{j∈U(i)} (r(i,j) − k),
	//
	// the sum over the m points looked at, with U(i) the points among the k
	// nearest of i in the map and not in the data, and r(i,j) the rank of j
	// among all n−1 others by distance in the data.
	Trustworthiness float64

	// Continuity falls by torn neighbourhoods: the same with data and map
	// exchanged.
	Continuity float64
}

// CompareNeighbors compares the k nearest neighbours in the data x and in the
// map y, against all rows, for the rows of the sample. k must be below n/2.
// All distances from a row of the sample are computed, m·n·d operations: that
// is the cost to bound with the sample.
func CompareNeighbors(ctx context.Context, x Points, y []float32, dims, k int, s Sample) (Neighborhood, error) {
	n, err := checkMap(y, dims)
	if err != nil {
		return Neighborhood{}, err
	}
	xn, d := x.Dims()
	if xn != n {
		return Neighborhood{}, inputErr("%d rows of data and %d points of the map", xn, n)
	}
	if k < 1 || 2*k >= n {
		return Neighborhood{}, inputErr("k = %d is not below half of %d points", k, n)
	}
	rows, err := s.Rows(n)
	if err != nil {
		return Neighborhood{}, err
	}
	embedded, err := Neighbors(ctx, y, dims, k, rows, s.Workers)
	if err != nil {
		return Neighborhood{}, err
	}
	workers := par.Workers(s.Workers)
	scratch := make([]*comparison, workers)
	var mu sync.Mutex
	var kept, falseRanks, tornRanks int64
	var bad error
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	err = par.Blocks(ctx, workers, len(rows), rowBlock, func(w, _, lo, hi int) {
		if scratch[w] == nil {
			scratch[w] = newComparison(x, y, dims, n, d, k)
		}
		c := scratch[w]
		err := c.block(ctx, rows[lo:hi], embedded[lo*k:hi*k])
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			if bad == nil && ctx.Err() == nil {
				bad = err
			}
			cancel(err)
			return
		}
		// Whole numbers: the order of the sum does not matter.
		kept, falseRanks, tornRanks = kept+c.kept, falseRanks+c.falseRanks, tornRanks+c.tornRanks
	})
	if bad != nil {
		return Neighborhood{}, bad
	}
	if err != nil {
		return Neighborhood{}, err
	}
	m := len(rows)
	norm := 2 / (float64(m) * float64(k) * (2*float64(n) - 3*float64(k) - 1))
	return Neighborhood{
		K:               k,
		Rows:            m,
		Preservation:    float64(kept) / (float64(m) * float64(k)),
		Trustworthiness: 1 - norm*float64(falseRanks),
		Continuity:      1 - norm*float64(tornRanks),
	}, nil
}

// Trustworthiness returns [Neighborhood.Trustworthiness] alone.
func Trustworthiness(ctx context.Context, x Points, y []float32, dims, k int, s Sample) (float64, error) {
	h, err := CompareNeighbors(ctx, x, y, dims, k, s)
	return h.Trustworthiness, err
}

// Continuity returns [Neighborhood.Continuity] alone.
func Continuity(ctx context.Context, x Points, y []float32, dims, k int, s Sample) (float64, error) {
	h, err := CompareNeighbors(ctx, x, y, dims, k, s)
	return h.Continuity, err
}

// rowBlock rows of the sample, a multiple of 4, share each row of the data
// while it is in cache.
const rowBlock = 16

// comparison is the work of one goroutine of CompareNeighbors.
type comparison struct {
	x          Points
	y          []float32
	dims, n, d int
	k          int
	q          []float32 // the rows of the block
	row        []float32
	d2         [rowBlock]float64
	targets    []near // k for each row of the block: where it is in the data, of its neighbours in the map
	bins       []int  // k+1 each: bins[t] rows lie before target t and not before target t−1
	nearest    [][]near

	kept, falseRanks, tornRanks int64 // of the last block
}

func newComparison(x Points, y []float32, dims, n, d, k int) *comparison {
	c := &comparison{
		x: x, y: y, dims: dims, n: n, d: d, k: k,
		q:       make([]float32, rowBlock*d),
		row:     make([]float32, d),
		targets: make([]near, rowBlock*k),
		bins:    make([]int, rowBlock*(k+1)),
		nearest: make([][]near, rowBlock),
	}
	for i := range c.nearest {
		c.nearest[i] = make([]near, 0, k)
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
		q := c.q[r*d : (r+1)*d]
		c.x.Row(q, int(i))
		if col := notFinite(q); col >= 0 {
			return inputErr("row %d, column %d is %v", i, col, q[col])
		}
		c.nearest[r] = c.nearest[r][:0]
		targets := c.targets[r*k : (r+1)*k]
		for t, j := range embedded[r*k : (r+1)*k] {
			c.x.Row(c.row, int(j))
			targets[t] = near{vec.SqDist(q, c.row), j}
		}
		slices.SortFunc(targets, compareNear)
	}
	for j := range c.n {
		if j%checkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		c.x.Row(c.row, j)
		for r := 0; r < len(rows); r += 4 {
			q := c.q[r*d : (r+4)*d] // of rows past the block, the distances are not used
			d2 := vec.SqDist4(c.row, q[:d], q[d:2*d], q[2*d:3*d], q[3*d:])
			copy(c.d2[r:], d2[:])
		}
		for r, i := range rows {
			if int(i) == j {
				continue
			}
			e := near{c.d2[r], int32(j)}
			if !(e.d2 <= math.MaxFloat64) {
				col := notFinite(c.row)
				return inputErr("row %d, column %d is %v", j, col, c.row[col])
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

// torn returns Σ max(0, r−k) for the ranks r in the map of the neighbours of
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

func compareNear(a, b near) int {
	if a.less(b) {
		return -1
	}
	if b.less(a) {
		return 1
	}
	return 0
}

// notFinite returns the first column that is NaN or infinite, or −1.
func notFinite(x []float32) int {
	for c, v := range x {
		if v-v != 0 {
			return c
		}
	}
	return -1
}
