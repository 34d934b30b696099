package knn

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/semamap/semamap/internal/vec"
)

// Distances by every metric are those of scikit-learn, of dense rows and of
// sparse ones.
func TestMetricsGolden(t *testing.T) {
	var want struct {
		K                  int
		X                  [][]float64
		Distances, Queries map[string][][]float64
	}
	b, err := os.ReadFile("testdata/metrics.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	x, d := Slices(want.X), len(want.X[0])
	start, index, value, some := []int{0}, []int32{}, []float64{}, []int32{}
	for i, row := range want.X {
		for c, v := range row {
			if v != 0 {
				index, value = append(index, int32(c)), append(value, v)
			}
		}
		start = append(start, len(index))
		if i%7 == 0 {
			some = append(some, int32(i))
		}
	}
	for _, metric := range allMetrics {
		name := strings.ToLower(metric.name())
		lists, ok := want.Distances[name]
		if !ok {
			continue
		}
		for form, p := range map[string]Points{"dense": x, "sparse": CSR(d, start, index, value)} {
			g, err := Search(t.Context(), p, want.K, &Settings{Metric: metric})
			if err != nil {
				t.Fatal(err)
			}
			q, err := Query(t.Context(), p, Select(p, some), want.K, &Settings{Metric: metric})
			if err != nil {
				t.Fatal(err)
			}
			compare := func(g *Graph, lists [][]float64) {
				for i, list := range lists {
					_, d2 := g.Row(i)
					for c, v := range list {
						if math.Abs(math.Sqrt(d2[c])-v) > 2e-7*(1+v) {
							t.Errorf("%s %s, row %d, place %d: %v, want %v", form, name, i, c, math.Sqrt(d2[c]), v)
						}
					}
				}
			}
			compare(g, lists)
			compare(q, want.Queries[name])
		}
		delete(want.Distances, name)
	}
	if len(want.Distances) > 0 {
		t.Errorf("metrics are left: %v", want.Distances)
	}
}

// Graphs by the definition of a metric, at all levels, in memory and in parts.
func TestDirect(t *testing.T) {
	few := normal(3, 300*70)
	for i := range few {
		few[i] = float32(math.Round(float64(few[i])))
	}
	bits := make([]float32, 300*70)
	for i := range bits {
		if few[i] > 0 {
			bits[i] = 1
		}
	}
	few[5*70] = float32(math.Copysign(0, -1))
	sets := map[string]Points{
		"normal": Rows(normal(1, 300*19), 300, 19), "few": Rows(few, 300, 70), "bits": Rows(bits, 300, 70),
		"one": Rows(few[:300], 300, 1), "none": Rows([]float32{}, 300, 0), "nine": Rows(few[:2700], 300, 9),
	}
	for _, l := range vec.Levels() {
		restore := vec.Force(l)
		for name, x := range sets {
			some := Select(x, []int32{7, 200, 31, 7, 299})
			for _, metric := range []Metric{Manhattan, Chebyshev, Hamming, Jaccard} {
				s := &Settings{Metric: metric}
				for _, p := range []Points{x, struct{ Points }{x}} {
					g, err := Search(t.Context(), p, 14, s)
					if err != nil {
						t.Fatal(err)
					}
					sameGraph(t, fmt.Sprint(l, " ", name, " ", metric.name()), g, definitions(t, x, x, 14, true, metric))
					if g, err = Query(t.Context(), p, some, 14, s); err != nil {
						t.Fatal(err)
					}
					sameGraph(t, fmt.Sprint(l, " ", name, " query ", metric.name()), g, definitions(t, x, some, 14, false, metric))
				}
			}
		}
		restore()
	}
}

// Rows of many bands, that are not in memory.
func TestDirectBands(t *testing.T) {
	const n, d = 4200, 5000
	x := CSR(d, []int{0}, nil, []float32(nil)).(*sparse[float32])
	for i := range n {
		for c := range int32(3) {
			x.index, x.value = append(x.index, (int32(i)*37+c*1999)%d), append(x.value, float32(i%11+1))
		}
		x.start = append(x.start, len(x.index))
	}
	x.n = n
	some := []int32{0, 17, 4099, 4199}
	g, err := Query(t.Context(), x, Select(x, some), 5, &Settings{Metric: Chebyshev})
	if err != nil {
		t.Fatal(err)
	}
	for q, i := range some {
		var list []pair
		a, _ := x.Row(nil, int(i))
		for j := range n {
			b, _ := x.Row(nil, j)
			v := slowChebyshev(a, b)
			list = append(list, pair{v * v, int32(j)})
		}
		slices.SortFunc(list, comparePairs)
		index, d2 := g.Row(q)
		for c, p := range list[:5] {
			if index[c] != p.j || d2[c] != p.d2 {
				t.Errorf("row %d, place %d: %d at %v, want %v", i, c, index[c], d2[c], p)
			}
		}
	}
}

func slowChebyshev(a, b []float32) float64 {
	var most float64
	for c := range a {
		most = max(most, math.Abs(float64(a[c])-float64(b[c])))
	}
	return most
}

// A bound on memory makes bands smaller, and is kept.
func TestDirectMemory(t *testing.T) {
	x := Rows(normal(5, 700*30), 700, 30)
	for _, metric := range []Metric{Manhattan, Jaccard} {
		want, err := Search(t.Context(), x, 9, &Settings{Metric: metric})
		if err != nil {
			t.Fatal(err)
		}
		limit := want.Stats.Bytes
		if metric == Manhattan {
			limit /= 2
		}
		g, err := Search(t.Context(), x, 9, &Settings{Metric: metric, MaxMemory: limit})
		if err != nil || g.Stats.Bytes > limit {
			t.Fatal(metric.name(), err)
		}
		sameGraph(t, metric.name(), g, want)
		if _, err := Search(t.Context(), x, 9, &Settings{Metric: metric, MaxMemory: 10000}); !errors.Is(err, ErrMemory) {
			t.Errorf("%s: %v", metric.name(), err)
		}
	}
}

// Numbers of float64 are different where float32 cannot tell them apart.
func TestHammingWide(t *testing.T) {
	x := make([]float64, 300*3)
	for i := range x {
		x[i] = 1e9 + float64(i)
	}
	copy(x[3*50:], x[:3])
	g, err := Search(t.Context(), Rows(x, 300, 3), 2, &Settings{Metric: Hamming})
	if err != nil {
		t.Fatal(err)
	}
	if index, d2 := g.Row(0); index[0] != 50 || d2[0] != 0 || d2[1] == 0 {
		t.Errorf("%v at %v", index, d2)
	}
}

// A shortlist keeps what a sort finds.
func TestShortlist(t *testing.T) {
	for name, values := range map[string]func(i int) float64{
		"equal":  func(i int) float64 { return 1 },
		"rising": func(i int) float64 { return float64(i) }, "falling": func(i int) float64 { return float64(-i) },
		"ties": func(i int) float64 { return float64(i * 7919 % 13) }, "all": func(i int) float64 { return float64(i * 7919 % 10007) },
		"infinite": func(i int) float64 { return 1 / float64(max(0, i-900)) },
	} {
		for _, k := range []int{0, 1, 2, 13, 90, 999} {
			var v []float64
			var want []pair
			for i := range 1000 {
				v = append(v, values(i))
				if i != 400 && !math.IsInf(v[i], 0) {
					want = append(want, pair{v[i], int32(i)})
				}
			}
			slices.SortFunc(want, comparePairs)
			want = want[:min(k, len(want))]
			for _, around := range []func(float64) float64{nil, func(v float64) float64 { return v + 1 }} {
				var s shortlist
				s.reset(k, around)
				s.add(v[:333], 0, 400)
				s.add(v[333:], 333, 400)
				s.cut()
				got := slices.Clone(s.list)
				slices.SortFunc(got, comparePairs)
				if around != nil && k > 0 {
					for _, p := range got[min(k, len(got)):] {
						if p.d2 > want[len(want)-1].d2+1 {
							t.Errorf("%s, k = %d: kept %v", name, k, p)
						}
					}
				}
				if len(got) < len(want) || !slices.Equal(got[:len(want)], want) || around == nil && len(got) > k {
					t.Errorf("%s, k = %d: %d, want %d", name, k, len(got), len(want))
				}
			}
		}
	}
}
