package knn

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// randomCSR makes n sparse rows of d columns with about per numbers each: of
// columns drawn alike or, with skew, the first ones more often.
func randomCSR(seed uint64, n, d, per int, skew bool) (start []int, index []int32, value []float32) {
	r := rand.New(rand.NewPCG(seed, 5))
	start = []int{0}
	seen := make([]int, d)
	for i := range n {
		for range per {
			j := r.IntN(d)
			if skew {
				j = int(float64(j) * r.Float64() * r.Float64())
			}
			if seen[j] == i+1 {
				continue
			}
			seen[j] = i + 1
			index, value = append(index, int32(j)), append(value, float32(r.NormFloat64()))
		}
		start = append(start, len(index))
	}
	return start, index, value
}

// inMemory returns the rows of x in memory.
func inMemory(t testing.TB, x Points) Points {
	n, d := x.Dims()
	all := make([]float32, 0, n*d)
	for i := range n {
		row, err := x.Row(nil, i)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, row...)
	}
	return Rows(all, n, d)
}

// sparseKinds are sparse rows that are hard in different ways.
func sparseKinds() map[string]Points {
	kinds := map[string]Points{}
	for _, c := range []struct {
		name      string
		n, d, per int
		skew      bool
		change    func(v float32, e int) float32
	}{
		{"few numbers", 150, 1000, 3, false, nil},
		{"many numbers", 120, 400, 30, false, nil},
		{"words", 150, 1500, 25, true, nil},
		{"heavy", 150, 1500, 40, false, nil},
		{"heavy counts", 150, 1500, 40, false, func(_ float32, e int) float32 { return float32(1 + e%4) }},
		{"counts", 150, 500, 6, true, func(_ float32, e int) float32 { return float32(1 + e%4) }},
		{"ones", 150, 1000, 7, false, func(float32, int) float32 { return 1 }},
		{"large", 120, 300, 9, true, func(v float32, _ int) float32 { return v * 1e30 }},
		{"small", 120, 300, 9, true, func(v float32, _ int) float32 { return v * 1e-30 }},
		{"wide range", 120, 300, 9, true, func(v float32, e int) float32 { return v * float32(math.Pow(10, float64(e%40-20))) }},
		{"alike", 120, 300, 9, true, func(v float32, _ int) float32 { return 1 + v*1e-7 }},
	} {
		start, index, value := randomCSR(7, c.n, c.d, c.per, c.skew)
		for e, v := range value {
			if c.change != nil {
				value[e] = c.change(v, e)
			}
		}
		if strings.HasPrefix(c.name, "heavy") { // columns that most rows have
			for e := range index {
				if e%5 < 3 {
					index[e] %= 20
				}
			}
		}
		// An empty row, one with a zero, copies, one in another order, one in parts.
		lo := start[20]
		start[21], start[22] = lo, lo // rows 20 and 21 are empty; 22 has what was theirs
		value[start[30]] = 0
		for _, i := range []int{5, 9, 40} {
			from := start[i]
			n := len(index)
			index, value = append(index, index[from:start[i+1]]...), append(value, value[from:start[i+1]]...)
			slices.Reverse(index[n:])
			slices.Reverse(value[n:])
			start = append(start, len(index))
		}
		index, value = append(index, 3, 1, 3, 1), append(value, 2, 1, 4, -1)
		start = append(start, len(index))
		kinds[c.name] = CSR(c.d, start, index, value)
	}
	return kinds
}

var allMetrics = []Metric{Euclidean, Cosine, Correlation, Manhattan, Chebyshev, Hamming, Jaccard}

// definitions are the distances of all pairs, read aloud.
func definitions(t testing.TB, ref, x Points, k int, same bool, metric Metric) *Graph {
	if !metric.direct() {
		return oracle(t, ref, x, k, same, metric)
	}
	n, d := x.Dims()
	m, _ := ref.Dims()
	g := newGraph(n, k)
	for i := range n {
		a, _ := x.Row(nil, i)
		list := make([]pair, 0, m)
		for j := range m {
			if same && i == j {
				continue
			}
			b, _ := ref.Row(nil, j)
			var lane [8]float64
			var most, unequal, one, both float64
			for c := range d {
				diff := math.Abs(float64(a[c]) - float64(b[c]))
				lane[c%8] += diff
				most = max(most, diff)
				if a[c] != b[c] {
					unequal++
				}
				if (a[c] != 0) != (b[c] != 0) {
					one++
				}
				if a[c] != 0 && b[c] != 0 {
					both++
				}
			}
			var v float64
			switch {
			case metric == Manhattan:
				v = ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]))
			case metric == Chebyshev:
				v = most
			case metric == Hamming && d > 0:
				v = unequal / float64(d)
			case metric == Jaccard && one > 0:
				v = one / (one + both)
			}
			list = append(list, pair{v * v, int32(j)})
		}
		g.put(i, list)
	}
	return g
}

// A sparse search gives the lists of the dense one, bit for bit.
func TestSparse(t *testing.T) {
	for name, x := range sparseKinds() {
		dense := inMemory(t, x)
		n, _ := x.Dims()
		some := make([]int32, 0, n)
		for i := range n {
			if i%5 == 1 {
				some = append(some, int32(n-1-i))
			}
		}
		for _, metric := range allMetrics {
			s := &Settings{Metric: metric}
			full := definitions(t, dense, dense, n-1, true, metric)
			for _, k := range []int{1, 17, n - 1} {
				g, err := Search(t.Context(), x, k, s)
				if err != nil {
					t.Fatal(name, metric.name(), err)
				}
				sameGraph(t, fmt.Sprint(name, " ", metric.name(), " k=", k), g, truncated(full, k))
			}
			part, densePart := Select(x, some), Select(dense, some)
			g, err := Search(t.Context(), part, 11, s)
			if err != nil {
				t.Fatal(err)
			}
			sameGraph(t, name+" "+metric.name()+" selection", g, definitions(t, densePart, densePart, 11, true, metric))
			want := definitions(t, dense, densePart, 9, false, metric)
			for form, q := range map[string][2]Points{"sparse": {x, part}, "of dense": {x, densePart}, "in dense": {dense, part}} {
				g, err := Query(t.Context(), q[0], q[1], 9, s)
				if err != nil {
					t.Fatal(name, err)
				}
				sameGraph(t, fmt.Sprint(name, " ", metric.name(), " query ", form), g, want)
			}
		}
		of, first, err := Distinct(t.Context(), x, 2)
		wantOf, wantFirst, _ := Distinct(t.Context(), dense, 2)
		if err != nil || !slices.Equal(of, wantOf) || !slices.Equal(first, wantFirst) {
			t.Errorf("%s: other rows are equal: %v", name, err)
		}
	}
}

// These rows are searched sparse, those dense.
func TestSparsePays(t *testing.T) {
	for _, c := range []struct {
		d, per int
		want   bool
	}{{1000, 3, true}, {1000, 50, true}, {1000, 400, false}, {50, 5, true}, {8, 4, false}, {math.MaxInt32, 3, true}} {
		start, index, value := []int{0}, []int32{}, []float32{}
		r := rand.New(rand.NewPCG(2, 2))
		for range 200 {
			for range c.per {
				index, value = append(index, int32(r.IntN(c.d))), append(value, 1)
			}
			start = append(start, len(index))
		}
		s, err := newSource(CSR(c.d, start, index, value), Euclidean)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.scan(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		if got := s.sparse(s, 5, true, &Settings{}) != nil; got != c.want {
			t.Errorf("%d of %d numbers: %v", c.per, c.d, got)
		}
	}
}

// Values of more columns than memory could hold.
func TestSparseManyColumns(t *testing.T) {
	const d = math.MaxInt32
	start, index, value := randomCSR(3, 200, 5000, 9, true)
	narrow := CSR(5000, start, index, value)
	far := slices.Clone(index)
	for e := range far {
		far[e] = (far[e]/8)*8*40000 + far[e]%8 // in the same lane and order
	}
	for _, metric := range []Metric{Euclidean, Cosine, Manhattan, Jaccard} {
		s := &Settings{Metric: metric}
		want, err := Search(t.Context(), narrow, 12, s)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Search(t.Context(), CSR(d, start, far, value), 12, s)
		if err != nil {
			t.Fatal(err)
		}
		sameGraph(t, metric.name(), got, want)
	}
}

// The graph of a sparse search is the same for any number of goroutines.
func TestSparseWorkers(t *testing.T) {
	x := sparseKinds()["words"]
	want, err := Search(t.Context(), x, 20, &Settings{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []int{2, 3, 8} {
		g, err := Search(t.Context(), x, 20, &Settings{Workers: w})
		if err != nil {
			t.Fatal(err)
		}
		sameGraph(t, fmt.Sprint(w), g, want)
	}
}

func TestSparseErrors(t *testing.T) {
	var ve *ValueError
	inf := float32(math.Inf(1))
	for _, metric := range allMetrics {
		_, err := Search(t.Context(), CSR(9, []int{0, 1, 3, 4}, []int32{0, 4, 2, 1}, []float32{1, 2, inf, inf}), 1, &Settings{Metric: metric})
		if !errors.As(err, &ve) || ve.Row != 1 || ve.Col != 2 || ve.Value != float64(inf) {
			t.Errorf("%v: %v", metric.name(), err)
		}
	}
	// Numbers of one column overflow together.
	_, err := Search(t.Context(), CSR(9, []int{0, 1, 3}, []int32{0, 4, 4}, []float32{1, 3e38, 3e38}), 1, nil)
	if !errors.As(err, &ve) || ve.Row != 1 || ve.Col != 4 {
		t.Error(err)
	}
	for _, m := range []Method{Gram, Descent} {
		var se *SettingError
		if _, err := Search(t.Context(), Rows(normal(1, 20), 10, 2), 1, &Settings{Method: m, Metric: Jaccard}); !errors.As(err, &se) || se.Name != "Method" {
			t.Error(err)
		}
	}
}

func BenchmarkSparse(b *testing.B) {
	for _, skew := range []bool{false, true} {
		name := "uniform"
		if skew {
			name = "skew"
		}
		b.Run(name, func(b *testing.B) {
			start, index, value := randomCSR(1, 2000, 20000, 60, skew)
			x := CSR(20000, start, index, value)
			for b.Loop() {
				if _, err := Search(b.Context(), x, 90, &Settings{Workers: 1}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
