package knn

import (
	"math"
	"math/rand/v2"
	"testing"
)

// ugly makes rows of which a few, or a few numbers, are unlike the others.
var ugly = []struct {
	name  string
	spoil func(r *rand.Rand, x []float32, n, d int)
}{
	{"clean", func(*rand.Rand, []float32, int, int) {}},
	{"cell 1e10", func(_ *rand.Rand, x []float32, n, d int) { x[n/3*d+7] = 1e10 }},
	{"cell 1e30", func(_ *rand.Rand, x []float32, n, d int) { x[n/3*d+7] = 1e30 }},
	{"20 rows × 1e4", func(_ *rand.Rand, x []float32, n, d int) { times(x, d, 1e4, func(i int) bool { return i%(n/20) == 3 }) }},
	{"1 % rows × 1e4", func(_ *rand.Rand, x []float32, n, d int) { times(x, d, 1e4, func(i int) bool { return i%100 == 3 }) }},
	{"half × 100", func(_ *rand.Rand, x []float32, n, d int) { times(x, d, 100, func(i int) bool { return i%2 == 0 }) }},
	{"log-normal column", func(_ *rand.Rand, x []float32, n, d int) {
		for i := 3; i < n*d; i += d {
			x[i] = float32(math.Exp(3 * float64(x[i])))
		}
	}},
	{"1 % cells -9999", cellsOf(0.01, -9999)},
	{"3 % cells -9999", cellsOf(0.03, -9999)},
	{"0.1 % cells 1e8", cellsOf(0.001, 1e8)},
	{"column 1e8", func(_ *rand.Rand, x []float32, n, d int) {
		for i := 3; i < n*d; i += d {
			x[i] = 1e8
		}
	}},
	{"Cauchy", func(r *rand.Rand, x []float32, n, d int) {
		for i := range n {
			f := float32(math.Tan(math.Pi * (r.Float64() - 0.5)))
			times(x[i*d:][:d], d, f, func(int) bool { return true })
		}
	}},
	{"two lumps", func(_ *rand.Rand, x []float32, n, d int) {
		for i := range x {
			if i/d%2 == 0 {
				x[i] += 1e5
			}
		}
	}},
	{"columns × 1e4", func(_ *rand.Rand, x []float32, n, d int) {
		for i := 0; i < n*d; i += 2 {
			x[i] *= 1e4
		}
	}},
}

func times(x []float32, d int, f float32, which func(i int) bool) {
	for i := range x {
		if which(i / d) {
			x[i] *= f
		}
	}
}

func cellsOf(share float64, v float32) func(*rand.Rand, []float32, int, int) {
	return func(r *rand.Rand, x []float32, _, _ int) {
		for i := range x {
			if r.Float64() < share {
				x[i] = v
			}
		}
	}
}

func BenchmarkUgly(b *testing.B) {
	const n, d = 20_000, 50
	for _, u := range ugly {
		x := normal(1, n*d)
		u.spoil(rand.New(rand.NewPCG(1, 2)), x, n, d)
		benchSearch(b, u.name, Rows(x, n, d), 90, &Settings{Method: Exact})
	}
}
