package quality

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

// maxPairs bounds the memory of DistanceCorrelation to about half a gigabyte.
const maxPairs = 1 << 24

// DistanceCorrelation returns Spearman's rank correlation of the distances of
// pairs of points in the data and in the map, equal distances sharing their
// mean rank. The size of the sample is a number of pairs, drawn independently;
// 0 means every pair, and more than 2²⁴ pairs are refused. The result is NaN
// when all distances in the data, or all in the map, are equal.
func DistanceCorrelation(ctx context.Context, x Points, y []float32, dims int, s Sample) (float64, error) {
	n, err := checkMap(y, dims)
	if err != nil {
		return 0, err
	}
	xn, d := x.Dims()
	if xn != n {
		return 0, inputErr("%d rows of data and %d points of the map", xn, n)
	}
	if n < 2 {
		return 0, inputErr("no pair among %d points", n)
	}
	all := int64(n) * int64(n-1) / 2
	m := int64(s.Size)
	if m == 0 {
		m = all
	}
	if m < 0 || m > maxPairs {
		return 0, inputErr("%d pairs; draw at most %d by Sample.Size", m, maxPairs)
	}
	dx, dy := make([]float64, m), make([]float64, m)
	type buffers struct{ a, b []float32 }
	buf := make([]buffers, par.Workers(s.Workers))
	bad := make([]error, par.NumBlocks(int(m), 512))
	err = par.Blocks(ctx, s.Workers, int(m), 512, func(w, b, lo, hi int) {
		if buf[w].a == nil {
			buf[w] = buffers{make([]float32, d), make([]float32, d)}
		}
		ra, rb := buf[w].a, buf[w].b
		rng := rand.New(rand.NewPCG(s.Seed, 1<<32+uint64(b)))
		i, j := 0, 0
		if s.Size == 0 {
			i, j = pairAt(int64(lo))
		}
		for p := lo; p < hi; p++ {
			if s.Size != 0 {
				i, j = rng.IntN(n), rng.IntN(n-1)
				if j >= i {
					j++
				}
			}
			x.Row(ra, i)
			x.Row(rb, j)
			dx[p] = vec.SqDist(ra, rb)
			dy[p] = sqDist32(y[i*dims:(i+1)*dims], y[j*dims:(j+1)*dims])
			if !(dx[p] <= math.MaxFloat64) && bad[b] == nil {
				row, at := ra, i
				if notFinite(ra) < 0 {
					row, at = rb, j
				}
				bad[b] = inputErr("row %d, column %d is %v", at, notFinite(row), row[notFinite(row)])
			}
			if s.Size == 0 {
				if j++; j == i {
					i, j = i+1, 0
				}
			}
		}
	})
	if err != nil {
		return 0, err
	}
	for _, e := range bad {
		if e != nil {
			return 0, e
		}
	}
	order := make([]int32, m)
	rank(dx, order)
	rank(dy, order)
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	return pearson(dx, dy), nil
}

// pairAt returns pair p of (1,0), (2,0), (2,1), (3,0), …
func pairAt(p int64) (i, j int) {
	i = int((1 + math.Sqrt(1+8*float64(p))) / 2)
	for int64(i)*int64(i-1)/2 > p {
		i--
	}
	for int64(i+1)*int64(i)/2 <= p {
		i++
	}
	return i, int(p - int64(i)*int64(i-1)/2)
}

// rank replaces values by their ranks, from 0, ties by the mean of theirs.
func rank(v []float64, order []int32) {
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		switch {
		case v[a] < v[b]:
			return -1
		case v[a] > v[b]:
			return 1
		}
		return int(a) - int(b)
	})
	for lo := 0; lo < len(order); {
		hi := lo + 1
		for hi < len(order) && v[order[hi]] == v[order[lo]] {
			hi++
		}
		mean := float64(lo+hi-1) / 2
		for _, i := range order[lo:hi] {
			v[i] = mean // later groups have larger values, which are still unchanged
		}
		lo = hi
	}
}

func pearson(a, b []float64) float64 {
	var ma, mb float64
	for i := range a {
		ma += a[i]
		mb += b[i]
	}
	ma, mb = ma/float64(len(a)), mb/float64(len(b))
	var ab, aa, bb float64
	for i := range a {
		x, y := a[i]-ma, b[i]-mb
		ab += x * y
		aa += x * x
		bb += y * y
	}
	return ab / math.Sqrt(aa*bb)
}
