package knn

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/semamap/semamap/internal/vec"
)

// ugly makes rows of which a few, or a few numbers, are unlike the others.
// again is the share of rows, at most, that are searched again; 0 means that
// float32 cannot prove many, as each lies far out with a few others.
var ugly = []struct {
	name  string
	again float64
	spoil func(r *rand.Rand, x []float32, n, d int)
}{
	{"clean", 0.001, func(*rand.Rand, []float32, int, int) {}},
	{"cell 1e10", 0.001, func(_ *rand.Rand, x []float32, n, d int) { x[n/3*d+7] = 1e10 }},
	{"cell 1e30", 0.001, func(_ *rand.Rand, x []float32, n, d int) { x[n/3*d+7] = 1e30 }},
	{"20 rows × 1e4", 0.02, func(_ *rand.Rand, x []float32, n, d int) { times(x, d, 1e4, func(i int) bool { return i%(n/20) == 3 }) }},
	{"1 % rows × 1e4", 0.02, func(_ *rand.Rand, x []float32, n, d int) { times(x, d, 1e4, func(i int) bool { return i%100 == 3 }) }},
	{"half × 100", 0.01, func(_ *rand.Rand, x []float32, n, d int) { times(x, d, 100, func(i int) bool { return i%2 == 0 }) }},
	{"log-normal column", 0.02, func(_ *rand.Rand, x []float32, n, d int) {
		for i := 3; i < n*d; i += d {
			x[i] = float32(math.Exp(3 * float64(x[i])))
		}
	}},
	{"1 % cells -9999", 0, cellsOf(0.01, -9999)},
	{"3 % cells -9999", 0, cellsOf(0.03, -9999)},
	{"0.1 % cells 1e8", 0, cellsOf(0.001, 1e8)},
	{"10 % cells -9999", 0, cellsOf(0.1, -9999)},
	{"1 % cells 1e30", 0, cellsOf(0.01, 1e30)},
	{"column 1e8", 0.001, func(_ *rand.Rand, x []float32, n, d int) {
		for i := 3; i < n*d; i += d {
			x[i] = 1e8
		}
	}},
	{"Cauchy", 0.01, func(r *rand.Rand, x []float32, n, d int) {
		for i := range n {
			f := float32(math.Tan(math.Pi * (r.Float64() - 0.5)))
			times(x[i*d:][:d], d, f, func(int) bool { return true })
		}
	}},
	{"two lumps", 0, func(_ *rand.Rand, x []float32, n, d int) {
		for i := range x {
			if i/d%2 == 0 {
				x[i] += 1e5
			}
		}
	}},
	{"lumps at 1 to 1e6", 0, func(_ *rand.Rand, x []float32, n, d int) {
		for i := range x {
			x[i] += float32(math.Pow10(i / d % 7))
		}
	}},
	{"lumps along a line", 0, func(r *rand.Rand, x []float32, n, d int) {
		for i := range n {
			x[i*d] += float32(math.Pow(10, 1+4*r.Float64()))
		}
	}},
	{"columns × 1e4", 0.001, func(_ *rand.Rand, x []float32, n, d int) {
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

// A few rows or numbers unlike the others do not make the others dearer: hardly
// more distances are taken by the definition than without them, and the lists
// are those of all distances.
func TestUgly(t *testing.T) {
	const n, d, k = 1500, 50, 20
	arrangeFrom(t, 1000)
	clean := 0.0
	for _, u := range ugly {
		x := normal(1, n*d)
		u.spoil(rand.New(rand.NewPCG(1, 2)), x, n, d)
		p := Rows(x, n, d)
		want := oracle(t, p, p, k, true, Euclidean)
		for _, set := range []*Settings{nil, {Workers: 3, MaxMemory: 1 << 26}} {
			g, err := Search(t.Context(), p, k, set)
			if err != nil {
				t.Fatal(u.name, err)
			}
			sameGraph(t, u.name, g, want)
			work := float64(g.Stats.rescored) / n
			if clean == 0 {
				clean = work
			}
			t.Logf("%s: %d searched again, %.1f distances a row", u.name, g.Stats.Rechecked, work)
			if u.again > 0 && (float64(g.Stats.Rechecked) > u.again*n || work > 1.5*clean) {
				t.Errorf("%s: %d rows are searched again, %.1f distances a row, %.1f without", u.name, g.Stats.Rechecked, work, clean)
			}
		}
		// At every level, and with as little memory as will do.
		if !testing.Short() {
			eachLevel(func(l vec.Level) {
				g, err := Search(t.Context(), p, k, nil)
				if err != nil {
					t.Fatal(u.name, err)
				}
				sameGraph(t, fmt.Sprint(u.name, " at ", l), g, want)
			})
		}
		for limit := int64(1 << 19); ; limit += 1 << 17 {
			g, err := Search(t.Context(), p, k, &Settings{MaxMemory: limit})
			if errors.Is(err, ErrMemory) {
				continue
			}
			if err != nil {
				t.Fatal(u.name, err)
			}
			sameGraph(t, fmt.Sprint(u.name, " in ", limit), g, want)
			break
		}
		// As queries of the others, and of themselves.
		some := Rows(x[:100*d], 100, d)
		for from, k := range map[int]int{0: 1, 100: k} {
			ref := Rows(x[from*d:], n-from, d)
			g, err := Query(t.Context(), ref, some, k, nil)
			if err != nil {
				t.Fatal(u.name, err)
			}
			sameGraph(t, u.name+", asked for", g, oracle(t, ref, some, k, false, Euclidean))
		}
	}
}

// Lumps of all sizes at all distances: some rows of a lump are proved at once,
// some in the second search, some in a frame of their own.
func TestUglyMixtures(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 7))
		n, d, k := 300+r.IntN(500), 4+r.IntN(16), 1+r.IntN(40)
		lumps := make([][2]float64, 1+r.IntN(8)) // distance and size
		for l := range lumps {
			lumps[l] = [2]float64{math.Pow(10, 7*r.Float64()), math.Pow(10, 4*r.Float64()-2)}
		}
		x := make([]float32, n*d)
		for i := range n {
			l := r.IntN(len(lumps))
			for c := range d {
				x[i*d+c] = float32(lumps[l][0]*float64((l+c)%3-1) + lumps[l][1]*math.Pow(r.NormFloat64(), 3))
			}
		}
		p := Rows(x, n, d)
		g, err := Search(t.Context(), p, k, nil)
		if err != nil {
			t.Fatal(err)
		}
		sameGraph(t, fmt.Sprintf("seed %d, %d × %d, k %d", seed, n, d, k), g, oracle(t, p, p, k, true, Euclidean))
		if g, err = Query(t.Context(), p, p, k, nil); err != nil {
			t.Fatal(err)
		}
		sameGraph(t, fmt.Sprintf("seed %d as queries", seed), g, oracle(t, p, p, k, false, Euclidean))
	}
}
