package knn

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func comparePairs(a, b pair) int { return cmp.Or(cmp.Compare(a.d2, b.d2), cmp.Compare(a.j, b.j)) }

// Lists of all shapes, also those that cut quicksort badly.
func TestSortPairs(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	shapes := map[string]func(i, n int) float64{
		"random":     func(int, int) float64 { return r.Float64() },
		"few values": func(int, int) float64 { return float64(r.IntN(3)) },
		"equal":      func(int, int) float64 { return 1 },
		"ascending":  func(i, _ int) float64 { return float64(i) },
		"descending": func(i, _ int) float64 { return float64(-i) },
		"organ":      func(i, n int) float64 { return float64(min(i, n-i)) },
		"infinite":   func(i, _ int) float64 { return []float64{math.Inf(1), 0, 5}[i%3] },
	}
	for name, f := range shapes {
		for _, n := range []int{0, 1, 2, 3, 16, 17, 18, 98, 1000, 5000} {
			a := make([]pair, n)
			for i, j := range r.Perm(n) {
				a[i] = pair{f(i, n), int32(j)}
			}
			want := slices.Clone(a)
			slices.SortFunc(want, comparePairs)
			for depth := range 4 {
				got := slices.Clone(a)
				quicksort(got, depth)
				if !slices.Equal(got, want) {
					t.Errorf("%s, %d pairs, depth %d: not in order", name, n, depth)
				}
			}
			if sortPairs(a); !slices.Equal(a, want) {
				t.Errorf("%s, %d pairs: not in order", name, n)
			}
		}
	}
}

func TestSortNumbers(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	v := []float64{math.Inf(1), math.Inf(-1), 0, -1, 1, math.MaxFloat64, -math.MaxFloat64, 5e-324, -5e-324}
	for range 1000 {
		v = append(v, r.NormFloat64())
	}
	want := slices.Clone(v)
	slices.Sort(want)
	if sortNumbers(v); !slices.Equal(v, want) {
		t.Error("not in order")
	}
}

func BenchmarkSortPairs(b *testing.B) {
	for _, n := range []int{98, 5000} {
		// Many lists, so that no processor learns their order.
		lists := make([][]pair, 200000/n)
		for l := range lists {
			lists[l] = make([]pair, n)
			for i := range lists[l] {
				lists[l][i] = pair{rand.Float64(), int32(i)}
			}
		}
		run := func(name string, sort func([]pair)) {
			b.Run(fmt.Sprintf("%s/n=%d", name, n), func(b *testing.B) {
				a := make([]pair, n)
				for i := range b.N {
					copy(a, lists[i%len(lists)])
					sort(a)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/pair")
			})
		}
		run("here", sortPairs)
		run("slices", func(a []pair) { slices.SortFunc(a, comparePairs) })
	}
}
