package knn

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/semamap/semamap/internal/vec"
)

// tight makes rows in clusters of the given spread, whose means are one apart
// in every column.
func tight(seed uint64, n, d, clusters int, spread float64) []float32 {
	r := rand.New(rand.NewPCG(seed, 5))
	mean, x := normal(seed, clusters*d), make([]float32, n*d)
	for i := range n {
		at := mean[r.IntN(clusters)*d:]
		for c := range d {
			x[i*d+c] = at[c] + float32(spread*r.NormFloat64())
		}
	}
	return x
}

// To search all rows again takes the memory of the first search, twice half of
// it, and not more.
func TestRecheckBytes(t *testing.T) {
	disabled = optLumps
	defer func() { disabled = 0 }()
	const n, d, k = 6000, 64, 130
	x := Rows(tight(2, n, d, 3, 1e-4), n, d)
	for _, workers := range []int{1, 8} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		g, err := Search(t.Context(), x, k, &Settings{Method: Exact, Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if g.Stats.Rechecked != n {
			t.Errorf("%d rows are searched again", g.Stats.Rechecked)
		}
		if got := int64(after.TotalAlloc - before.TotalAlloc); got > g.Stats.Bytes*11/4 {
			t.Errorf("%d workers allocate %d bytes in all, %d are planned", workers, got, g.Stats.Bytes)
		}
	}
}

// What memory is enough does not depend on the kind of numbers.
func TestLeastMemory(t *testing.T) {
	const n, d, k = 1000, 33, 5
	x := Rows(normal(3, n*d), n, d)
	var least [2]int64
	for split := range least {
		restore := vec.ForceSplit(split == 1)
		for limit := int64(1 << 16); ; limit += 1 << 12 {
			g, err := Search(t.Context(), x, k, &Settings{MaxMemory: limit})
			if err == nil {
				least[split] = limit
				sameGraph(t, "least memory", g, oracle(t, x, x, k, true, Euclidean))
				break
			}
		}
		restore()
	}
	if least[0] != least[1] {
		t.Errorf("float32 numbers need %d bytes, split ones %d", least[0], least[1])
	}
}
