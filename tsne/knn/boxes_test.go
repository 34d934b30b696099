package knn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Rows of up to eight numbers go through a tree of boxes; the list of
// neighbors is the defined one also where many rows coincide, tie or lie far
// away.
func TestBoxes(t *testing.T) {
	defer func(was [boxDims + 1]int) { boxLeast = was }(boxLeast)
	boxLeast = [boxDims + 1]int{}
	rng := rand.New(rand.NewPCG(3, 3))
	for _, d := range []int{1, 2, 3, 4, 5, 8, 9} {
		for name, at := range map[string]func(i, c int) float32{
			"normal":    func(_, _ int) float32 { return float32(rng.NormFloat64()) },
			"grid":      func(_, _ int) float32 { return float32(rng.IntN(6)) }, // many ties and copies
			"equal":     func(_, _ int) float32 { return 3 },
			"line":      func(i, c int) float32 { return float32(i % 50 * c) },
			"outliers":  func(i, _ int) float32 { return float32(rng.NormFloat64() * math.Pow(10, float64(i%30))) },
			"two lumps": func(i, _ int) float32 { return float32(i%2) * 1e30 },
		} {
			for _, n := range []int{1, 2, 12, 13, 14, 25, 26, 27, 203} {
				flat := make([]float32, n*d)
				for i := range flat {
					flat[i] = at(i/d, i%d)
				}
				x := Rows(flat, n, d)
				for _, k := range []int{0, 1, 7, n - 1} {
					if k > n-1 {
						continue
					}
					what := fmt.Sprintf("%s, %d×%d, k %d", name, n, d, k)
					got, err := Search(t.Context(), x, k, &Settings{Workers: 3})
					if err != nil {
						t.Fatalf("%s: %v", what, err)
					}
					sameGraph(t, what, got, oracle(t, x, x, k, true, Euclidean))
					if got.Stats.Method != Exact || got.Stats.columns != d && k > 0 && got.Stats.Distinct > 1 {
						t.Fatalf("%s: %+v", what, got.Stats)
					}
					some := made{Rows(slices.Concat(flat[(n-1)*d:], flat[:d], flat[n/2*d:][:d], flat[:d]), 4, d)}
					if got, err = Query(t.Context(), x, some, k, &Settings{Workers: 2}); err != nil {
						t.Fatalf("%s: %v", what, err)
					}
					sameGraph(t, what+", asked for", got, oracle(t, x, some, k, false, Euclidean))
				}
			}
		}
	}
}

// made hides that rows are stored.
type made struct{ Points }

// The planned memory is enough, and the lists do not depend on their length.
func TestBoxesMemory(t *testing.T) {
	const n, k = 3000, 10
	x := Rows(normal(9, 2*n), n, 2)
	want, err := Search(t.Context(), x, k, nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Search(t.Context(), x, k, &Settings{MaxMemory: want.Stats.Bytes})
	if err != nil || again.Stats != want.Stats {
		t.Fatalf("%+v, %v; want %+v", again, err, want.Stats)
	}
	sameGraph(t, "enough memory", again, want)
	many, err := Search(t.Context(), x, 257, nil)
	if err != nil || many.Stats.rescored == 0 {
		t.Fatal(err)
	}
	sameGraph(t, "more neighbors", truncated(many, k), want)
}

// Coincident rows must not make the search quadratic.
func TestBoxesOfCoincidentRows(t *testing.T) {
	const n = 100_000
	got, err := Search(t.Context(), Rows(make([]float32, 2*n), n, 2), 10, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	for _, i := range []int{10, 5000, n - 1} {
		if index, _ := got.Row(i); !slices.Equal(index, want) {
			t.Errorf("neighbors of %d: %v", i, index)
		}
	}
}
