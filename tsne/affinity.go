package tsne

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/tsne/knn"
)

// Affinities are the joint probabilities P of N rows as a compressed sparse
// matrix: row i has the entries Ptr[i] … Ptr[i+1]−1, with ascending columns
// Col and values Val. P is symmetric, its diagonal is empty and its sum is 1.
type Affinities struct {
	Ptr []int64
	Col []int32
	Val []float32
}

func (a *Affinities) rows() int { return max(0, len(a.Ptr)-1) }

// newAffinities calibrates the neighbours of g: p(j|i) has the entropy of the
// perplexity, and p_ij = (w_i p(j|i) + w_j p(i|j)) / 2W. Of the settings it
// uses Perplexity, Kernel, Weights and Workers. An explicit Perplexity must be
// below the number of neighbours of each row; zero means 30, or a third of
// the neighbours if that is less.
func newAffinities(ctx context.Context, g *knn.Graph, s *Settings) (*Affinities, error) {
	var set Settings
	if s != nil {
		set = *s
	}
	if err := g.Check(); err != nil {
		return nil, err
	}
	if err := set.fill(g.N); err != nil {
		return nil, err
	}
	kern, _, err := set.graphKernel(g)
	if err != nil {
		return nil, err
	}
	a, _, err := affinities(ctx, g, kern, set.Weights, set.Workers, false)
	return a, err
}

// graphKernel returns the kernel for a given graph, and its perplexity.
func (s *Settings) graphKernel(g *knn.Graph) (Kernel, float64, error) {
	if s.Kernel != nil {
		if k, err := s.Kernel.neighbors(g.K + 1); err != nil || k > g.K {
			return nil, 0, fmt.Errorf("%d neighbours a row are too few: %w", g.K, err)
		}
		return s.Kernel, 0, nil
	}
	u := s.Perplexity
	switch {
	case g.K <= 1: // nothing to calibrate
	case u == 0:
		k := float64(g.K)
		u = min(30, max(k/3, min((k+1)/2, 2)))
	case !(u > 1 && u < float64(g.K)):
		return nil, 0, badSetting("Perplexity", u, fmt.Sprintf("must be above 1 and below %d, the neighbours of a row", g.K))
	}
	return gaussian(u), u, nil
}

// affinities returns P and the number of rows without a solution. With reuse
// it overwrites g.Dist2 and empties g.
func affinities(ctx context.Context, g *knn.Graph, kern Kernel, w []float64, workers int, reuse bool) (*Affinities, int, error) {
	n, k := g.N, g.K
	cond := g.Dist2
	if !reuse {
		cond = make([]float64, len(g.Dist2))
	}
	const size = 64
	// Calibrate, and sort each row by column.
	unsolved := make([]int, par.NumBlocks(n, size))
	col := g.Index
	if !reuse {
		col = make([]int32, len(g.Index))
	}
	type scratch struct {
		f    []float64
		keys []uint64
	}
	buf := make([]scratch, par.Workers(workers))
	err := par.Blocks(ctx, workers, n, size, func(worker, b, lo, hi int) {
		s := &buf[worker]
		if s.f == nil {
			*s = scratch{make([]float64, 6*k+64), make([]uint64, k)}
		}
		d2, p, wj, rest := s.f[:k], s.f[k:2*k], s.f[2*k:3*k:3*k], s.f[3*k:]
		if w == nil {
			wj = nil
		}
		for i := lo; i < hi; i++ {
			index := g.Index[i*k : (i+1)*k]
			copy(d2, g.Dist2[i*k:])
			for c := range wj {
				wj[c] = w[index[c]]
			}
			if k > 0 && !kern.row(p, d2, wj, rest) {
				unsolved[b]++
			}
			for c, j := range index {
				s.keys[c] = uint64(j)<<32 | uint64(c)
			}
			slices.Sort(s.keys)
			wi := 1.0
			if w != nil {
				wi = w[i]
			}
			for c, key := range s.keys {
				col[i*k+c] = int32(key >> 32)
				cond[i*k+c] = float64(wi * p[uint32(key)])
			}
		}
	})
	if err != nil {
		return nil, 0, err
	}
	var bad int
	for _, u := range unsolved {
		bad += u
	}
	if reuse {
		g.Index, g.Dist2 = nil, nil
	}
	a, err := symmetrize(ctx, n, k, col, cond, w, workers)
	return a, bad, err
}

// total returns the sum of the weights of n rows.
func total(w []float64, n int) float64 {
	if w == nil {
		return float64(n)
	}
	var s float64
	for _, v := range w {
		s += v
	}
	return s
}

// symmetrize adds the matrix of n rows of k values, columns ascending, and its
// transpose, and divides by twice the total weight.
func symmetrize(ctx context.Context, n, k int, col []int32, val []float64, w []float64, workers int) (*Affinities, error) {
	// The transpose, by counting: its columns come out ascending. Each worker
	// takes a range of columns, which is one stretch of every row.
	ptr := make([]int64, n+1)
	size := max(1, par.NumBlocks(n, par.Workers(workers)))
	ranges := func(f func(i, e int, j int32)) error {
		return par.Blocks(ctx, workers, n, size, func(_, _, lo, hi int) {
			for i := range n {
				if i&1023 == 0 && ctx.Err() != nil {
					return
				}
				c := col[i*k : (i+1)*k]
				from, _ := slices.BinarySearch(c, int32(lo))
				for e, j := range c[from:] {
					if int(j) >= hi {
						break
					}
					f(i, i*k+from+e, j)
				}
			}
		})
	}
	if err := ranges(func(_, _ int, j int32) { ptr[j+1]++ }); err != nil {
		return nil, err
	}
	for i := range n {
		ptr[i+1] += ptr[i]
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	tcol, tval := make([]int32, len(col)), make([]float64, len(col))
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	at := slices.Clone(ptr[:n])
	err := ranges(func(i, e int, j int32) {
		t := at[j]
		at[j]++
		tcol[t], tval[t] = int32(i), val[e]
	})
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	row := func(i int) (c, tc []int32, v, tv []float64) {
		return col[i*k : (i+1)*k], tcol[ptr[i]:ptr[i+1]], val[i*k : (i+1)*k], tval[ptr[i]:ptr[i+1]]
	}
	a := &Affinities{Ptr: make([]int64, n+1)}
	err = par.Blocks(ctx, workers, n, 512, func(_, _, lo, hi int) {
		for i := lo; i < hi; i++ {
			c, tc, _, _ := row(i)
			both, x, y := 0, 0, 0
			for x < len(c) && y < len(tc) {
				cx, cy := c[x], tc[y]
				if cx == cy {
					both++
				}
				if cx <= cy {
					x++
				}
				if cy <= cx {
					y++
				}
			}
			a.Ptr[i+1] = int64(len(c) + len(tc) - both)
		}
	})
	if err != nil {
		return nil, err
	}
	for i := range n {
		a.Ptr[i+1] += a.Ptr[i]
	}
	a.Col, a.Val = make([]int32, a.Ptr[n]), make([]float32, a.Ptr[n])
	norm := 2 * total(w, n)
	err = par.Blocks(ctx, workers, n, 512, func(_, _, lo, hi int) {
		for i := lo; i < hi; i++ {
			c, tc, v, tv := row(i)
			e := a.Ptr[i]
			for x, y := 0, 0; x < len(c) || y < len(tc); e++ {
				cx, cy := int32(math.MaxInt32), int32(math.MaxInt32)
				if x < len(c) {
					cx = c[x]
				}
				if y < len(tc) {
					cy = tc[y]
				}
				var s float64
				if cx <= cy {
					s = v[x]
					x++
				}
				if cy <= cx {
					s += tv[y]
					y++
				}
				a.Col[e], a.Val[e] = min(cx, cy), float32(s/norm)
			}
		}
	})
	return a, err
}

// checkAffinities validates given affinities and returns a copy that sums to
// 1.
func checkAffinities(ctx context.Context, a *Affinities) (*Affinities, error) {
	n, sum, err := validAffinities(ctx, a)
	if err != nil {
		return nil, err
	}
	if n > 1 && !(sum > 0) {
		return nil, fmt.Errorf("%w: the sum is not positive", ErrAffinities)
	}
	c := &Affinities{slices.Clone(a.Ptr), slices.Clone(a.Col), slices.Clone(a.Val)}
	if math.Abs(sum-1) > 1e-6 && sum > 0 {
		for e, v := range c.Val {
			if e&0xfffff == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
			c.Val[e] = float32(float64(v) / sum)
		}
	}
	return c, nil
}

// validAffinities reports the first defect of affinities, their rows and
// their sum.
func validAffinities(ctx context.Context, a *Affinities) (rows int, sum float64, err error) {
	bad := func(row, entry int, reason string) error {
		return fmt.Errorf("%w: row %d, entry %d: %s", ErrAffinities, row, entry, reason)
	}
	n := len(a.Ptr) - 1
	if n < 0 || n > math.MaxInt32 || len(a.Col) != len(a.Val) || a.Ptr[0] != 0 || a.Ptr[n] != int64(len(a.Col)) {
		return 0, 0, fmt.Errorf("%w: Ptr does not fit Col and Val", ErrAffinities)
	}
	for i := range n {
		if a.Ptr[i+1] < a.Ptr[i] || a.Ptr[i+1] > a.Ptr[n] {
			return 0, 0, fmt.Errorf("%w: row %d: Ptr descends", ErrAffinities, i)
		}
	}
	for i := range n {
		if i%4096 == 0 && ctx.Err() != nil {
			return 0, 0, ctx.Err()
		}
		for e := a.Ptr[i]; e < a.Ptr[i+1]; e++ {
			entry := int(e - a.Ptr[i])
			j, v := a.Col[e], a.Val[e]
			switch {
			case j < 0 || int(j) >= n:
				return 0, 0, bad(i, entry, fmt.Sprintf("column %d is out of range", j))
			case int(j) == i:
				return 0, 0, bad(i, entry, "the diagonal must be empty")
			case entry > 0 && a.Col[e-1] >= j:
				return 0, 0, bad(i, entry, fmt.Sprintf("column %d is not above the one before", j))
			case !(v >= 0 && v <= math.MaxFloat32):
				return 0, 0, bad(i, entry, fmt.Sprintf("value %v", v))
			}
			sum += float64(v)
		}
	}
	// Walk the columns beside the rows: entry (i, j) must meet (j, i).
	at := slices.Clone(a.Ptr[:n])
	for i := range n {
		if i%4096 == 0 && ctx.Err() != nil {
			return 0, 0, ctx.Err()
		}
		for e := a.Ptr[i]; e < a.Ptr[i+1]; e++ {
			j := a.Col[e]
			t := at[j]
			if t >= a.Ptr[j+1] || int(a.Col[t]) != i || a.Val[t] != a.Val[e] {
				return 0, 0, bad(i, int(e-a.Ptr[i]), fmt.Sprintf("no equal entry in row %d", j))
			}
			at[j]++
		}
	}
	return n, sum, nil
}
