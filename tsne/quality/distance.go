package quality

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
	"github.com/semamap/semamap/tsne/knn"
)

// maxPairs bounds the memory of DistanceCorrelation to about half a gigabyte.
const maxPairs = 1 << 24

// DistanceCorrelation returns Spearman's rank correlation between the distances
// in the data x and on the map y; equal distances share their mean rank. Equal
// rows count once, unless Settings.CountCopies is set.
// Settings.Sample is the number of pairs of points, drawn independently. Zero
// means all pairs; more than 2²⁴ pairs are an error. The result is NaN if all
// distances in the data, or all on the map, are equal. DistanceCorrelation
// reads Settings.Sample, CountCopies, Seed and Workers.
func DistanceCorrelation(ctx context.Context, x knn.Points, y []float32, dims int, s *Settings) (float64, error) {
	if ctx == nil {
		return 0, errNoContext
	}
	n, err := checkBoth(x, y, dims)
	if err != nil {
		return 0, err
	}
	set := s.fill()
	if !set.CountCopies {
		if x, y, _, err = distinct(ctx, x, y, dims, set.Workers); err != nil {
			return 0, err
		}
		n = len(y) / dims
	}
	x, d := centered(x)
	if n < 2 {
		return 0, inputErr("no pair among %d points", n)
	}
	m := int64(set.Sample)
	if m == 0 {
		m = int64(n) * int64(n-1) / 2
	}
	if m < 0 || m > maxPairs {
		return 0, inputErr("%d pairs; draw at most %d by Settings.Sample", m, maxPairs)
	}
	dx, dy := make([]float64, m), make([]float64, m)
	wide := wideOf(x)
	buf := make([][2][]float32, par.Workers(set.Workers))
	err = par.Try(ctx, set.Workers, int(m), 512, func(w, b, lo, hi int) error {
		if buf[w][0] == nil {
			buf[w] = [2][]float32{make([]float32, d), make([]float32, d)}
		}
		rng := rand.New(rand.NewPCG(set.Seed, 1<<32+uint64(b)))
		i, j := 0, 0
		if set.Sample == 0 {
			i, j = pairAt(int64(lo))
		}
		for p := lo; p < hi; p++ {
			if set.Sample != 0 {
				i, j = rng.IntN(n), rng.IntN(n-1)
				if j >= i {
					j++
				}
			}
			ri, err := readRow(x, buf[w][0], i, d)
			if err != nil {
				return err
			}
			rj, err := readRow(x, buf[w][1], j, d)
			if err != nil {
				return err
			}
			dx[p] = vec.SqDist(ri, rj)
			if wide != nil {
				var a []float64
				if a, err = read64(wide, nil, i); err == nil {
					err = wide.Read64(j, func(b []float64) { dx[p] = sqDist64(a, b) })
				}
				if err != nil {
					return err
				}
			}
			dy[p] = sqDist32(y[i*dims:(i+1)*dims], y[j*dims:(j+1)*dims])
			if !(dx[p] <= math.MaxFloat64) {
				return cmp.Or(finiteErr(ri, i), finiteErr(rj, j))
			}
			if set.Sample == 0 {
				if j++; j == i {
					i, j = i+1, 0
				}
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
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
