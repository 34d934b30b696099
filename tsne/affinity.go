package tsne

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"unsafe"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/tsne/internal/share"
	"github.com/semamap/semamap/tsne/knn"
)

// joint is the joint probabilities P of N rows as a compressed sparse matrix:
// row i has the entries Ptr[i] … Ptr[i+1]−1, with ascending columns Col and
// values Val. P is symmetric, its diagonal is empty and its sum is 1.
type joint struct {
	Ptr []int64
	Col []int32
	Val []float32
}

// graphKernel returns the kernel for a given graph, and its perplexity.
func (s *Settings) graphKernel(g *knn.Graph) (Kernel, float64, error) {
	if s.Kernel != nil {
		if k, err := s.Kernel.neighbors(g.K + 1); err != nil || k > g.K {
			return nil, 0, share.Errorf("%d neighbors a row are too few: %w", g.K, err)
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
		return nil, 0, badSetting("Perplexity", u, fmt.Sprintf("must be above 1 and below %d, the neighbors of a row", g.K))
	}
	return gaussian(u), u, nil
}

// affinities returns P and the number of rows without a solution. With reuse
// it overwrites g.Dist2 and empties g. P is put in room, if that is enough.
func affinities(ctx context.Context, g *knn.Graph, kern Kernel, w []float64, workers int, reuse bool, room []uint64) (*joint, int, error) {
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
			m := k // neighbors
			for m > 0 && index[m-1] < 0 {
				m--
			}
			index = index[:m]
			copy(d2, g.Dist2[i*k:])
			for c, j := range index {
				if w != nil {
					wj[c] = w[j]
				}
			}
			if k > 0 && (m == 0 || !kern.row(p[:m], d2[:m], wj[:min(m, len(wj))], rest)) {
				unsolved[b]++
			}
			for c, j := range index {
				s.keys[c] = uint64(j)<<32 | uint64(c)
			}
			slices.Sort(s.keys[:m])
			wi := 1.0
			if w != nil {
				wi = w[i]
			}
			for c, key := range s.keys[:m] {
				col[i*k+c] = int32(key >> 32)
				cond[i*k+c] = float64(wi * p[uint32(key)])
			}
			for c := m; c < k; c++ {
				col[i*k+c], cond[i*k+c] = noColumn, 0
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
	a, err := symmetrize(ctx, n, k, col, cond, w, workers, room)
	return a, bad, err
}

// view returns memory of 8-byte numbers as one of 4-byte numbers.
func view[To int32 | float32, From uint64 | float64](x []From) []To {
	return unsafe.Slice((*To)(unsafe.Pointer(unsafe.SliceData(x))), 2*len(x))
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

// noColumn stands behind the columns of a row of fewer than k.
const noColumn = math.MaxInt32

// symmetrize adds the matrix of n rows of k values, columns ascending, and its
// transpose, and divides by twice the total weight of the rows that have any.
func symmetrize(ctx context.Context, n, k int, col []int32, val []float64, w []float64, workers int, room []uint64) (*joint, error) {
	// The transpose is never stored. Each worker takes a range of columns, which
	// is one stretch of every row, and so meets the entries of each row of the
	// transpose in ascending order. Within it, some columns at a time: the rows
	// that are merged with them fit in the cache.
	const columns = 4096
	at := make([]int32, n) // entries of each row passed
	size := max(1, par.NumBlocks(n, par.Workers(workers)))
	transpose := func(f func(j, i int32, e int)) error {
		clear(at)
		err := par.Blocks(ctx, workers, n, size, func(_, _, lo, hi int) {
			next := make([]int32, n) // entry of each row
			for i := range next {
				e, _ := slices.BinarySearch(col[i*k:(i+1)*k], int32(lo))
				next[i] = int32(e)
			}
			for ; lo < hi && ctx.Err() == nil; lo += columns {
				end := int32(min(lo+columns, hi))
				for i, e := range next {
					c := col[i*k : (i+1)*k]
					for ; int(e) < k && c[e] < end; e++ {
						f(c[e], int32(i), i*k+int(e))
					}
					next[i] = e
				}
			}
		})
		return cmp.Or(err, ctx.Err())
	}
	a := &joint{Ptr: make([]int64, n+1)}
	err := transpose(func(j, i int32, _ int) {
		own := col[int(j)*k:][:k]
		x := int(at[j])
		for x < k && own[x] < i {
			x++
		}
		if x < k && own[x] == i {
			x++
		} else {
			a.Ptr[j+1]++
		}
		at[j] = int32(x)
	})
	if err != nil {
		return nil, err
	}
	alone := 0.0 // the weight of rows without neighbors
	for i := range n {
		m, _ := slices.BinarySearch(col[i*k:(i+1)*k], noColumn)
		if a.Ptr[i+1] += a.Ptr[i] + int64(m); m == 0 && k > 0 {
			alone += weight(w, i)
		}
	}
	entries := int(a.Ptr[n])
	if half := (entries + 1) / 2; 2*half <= len(room) {
		a.Col, a.Val = view[int32](room[:half])[:entries], view[float32](room[half:])[:entries]
	} else {
		a.Col, a.Val = make([]int32, entries), make([]float32, entries)
	}
	norm := 2 * (total(w, n) - alone)
	next := slices.Clone(a.Ptr[:n])
	// pass writes the entries of row j before column i.
	pass := func(j, i int32) (x int, own []int32, t int64) {
		own = col[int(j)*k:][:k]
		x, t = int(at[j]), next[j]
		for ; x < k && own[x] < i; x++ {
			a.Col[t], a.Val[t] = own[x], float32(val[int(j)*k+x]/norm)
			t++
		}
		return x, own, t
	}
	err = transpose(func(j, i int32, e int) {
		x, own, t := pass(j, i)
		v := val[e]
		if x < k && own[x] == i {
			v = val[int(j)*k+x] + v
			x++
		}
		a.Col[t], a.Val[t] = i, float32(v/norm)
		at[j], next[j] = int32(x), t+1
	})
	if err != nil {
		return nil, err
	}
	err = par.Blocks(ctx, workers, n, 512, func(_, _, lo, hi int) {
		for j := lo; j < hi; j++ {
			pass(int32(j), math.MaxInt32)
		}
	})
	return a, err
}

// order gives the rows new places: that at place from[p] goes to place p. Room
// for the columns is taken from spare, if there is enough, and what the old
// ones took is returned.
func (a *joint) order(p *pool, from, to, spare []int32) []int32 {
	n, entries := len(from), len(a.Col)
	if len(spare) < entries {
		spare = make([]int32, entries)
	}
	ptr := make([]int64, n+1)
	for p, f := range from {
		ptr[p+1] = ptr[p] + a.Ptr[f+1] - a.Ptr[f]
	}
	col, bits := spare[:entries], a.Col // the values go by way of where the columns were
	for pass := range 2 {
		p.do(par.NumBlocks(n, updateBlock), func(_, b int) {
			for i := b * updateBlock; i < min(n, (b+1)*updateBlock); i++ {
				lo, hi := a.Ptr[from[i]], a.Ptr[from[i]+1]
				if pass == 0 {
					for e, j := range a.Col[lo:hi] {
						col[ptr[i]+int64(e)] = to[j]
					}
					continue
				}
				for e, v := range a.Val[lo:hi] {
					bits[ptr[i]+int64(e)] = int32(math.Float32bits(v))
				}
			}
		})
	}
	a.Ptr = ptr
	p.do(par.NumBlocks(entries, 1<<14), func(_, b int) {
		for e := b << 14; e < min(entries, (b+1)<<14); e++ {
			a.Val[e] = math.Float32frombits(uint32(bits[e]))
		}
	})
	a.Col = col
	return bits
}

// normalize makes the sum of a 1.
func (a *joint) normalize(ctx context.Context) error {
	var sum float64
	for e, v := range a.Val {
		if e&0xfffff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		sum += float64(v)
	}
	if len(a.Ptr) > 2 && !(sum > 0) {
		return badSetting("Affinities", sum, "the sum is not positive")
	}
	if math.Abs(sum-1) > 1e-6 && sum > 0 {
		for e, v := range a.Val {
			if e&0xfffff == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			a.Val[e] = float32(float64(v) / sum)
		}
	}
	return nil
}

// validAffinities reports the first defect of affinities, and their sum.
func validAffinities(ctx context.Context, a *joint) (sum float64, err error) {
	bad := func(row, entry int, reason string) (float64, error) {
		return 0, share.Errorf("row %d, entry %d: %s", row, entry, reason)
	}
	n := len(a.Ptr) - 1
	if n < 0 || n > math.MaxInt32 || len(a.Col) != len(a.Val) || a.Ptr[0] != 0 || a.Ptr[n] != int64(len(a.Col)) {
		return 0, errors.New("the numbers of rows, columns and values do not fit")
	}
	for i := range n {
		if a.Ptr[i+1] < a.Ptr[i] || a.Ptr[i+1] > a.Ptr[n] {
			return 0, share.Errorf("row %d ends before it begins", i)
		}
	}
	for i := range n {
		if i%4096 == 0 && ctx.Err() != nil {
			return 0, ctx.Err()
		}
		for e := a.Ptr[i]; e < a.Ptr[i+1]; e++ {
			entry := int(e - a.Ptr[i])
			j, v := a.Col[e], a.Val[e]
			switch {
			case j < 0 || int(j) >= n:
				return bad(i, entry, fmt.Sprintf("column %d is out of range", j))
			case int(j) == i:
				return bad(i, entry, "the diagonal must be empty")
			case entry > 0 && a.Col[e-1] >= j:
				return bad(i, entry, fmt.Sprintf("column %d is not above the one before", j))
			case !(v >= 0 && v <= math.MaxFloat32):
				return bad(i, entry, fmt.Sprintf("value %v", v))
			}
			sum += float64(v)
		}
	}
	// Walk the columns beside the rows: entry (i, j) must meet (j, i).
	at := slices.Clone(a.Ptr[:n])
	for i := range n {
		if i%4096 == 0 && ctx.Err() != nil {
			return 0, ctx.Err()
		}
		for e := a.Ptr[i]; e < a.Ptr[i+1]; e++ {
			j := a.Col[e]
			t := at[j]
			if t >= a.Ptr[j+1] || int(a.Col[t]) != i || a.Val[t] != a.Val[e] {
				return bad(i, int(e-a.Ptr[i]), fmt.Sprintf("no equal entry in row %d", j))
			}
			at[j]++
		}
	}
	return sum, nil
}
