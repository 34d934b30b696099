package tsne

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/semamap/semamap/tsne/knn"
)

// given returns P as a run takes it.
func given(t *testing.T, x Points) *joint {
	t.Helper()
	r, err := New(t.Context(), nil, &Settings{Affinities: x, Start: Random()})
	if err != nil {
		t.Fatal(err)
	}
	return r.p
}

func sameJoint(t *testing.T, what string, got, want *joint) {
	t.Helper()
	if !slices.Equal(got.Ptr, want.Ptr) || !slices.Equal(got.Col, want.Col) {
		t.Fatalf("%s: %v, want %v", what, got, want)
	}
	for e, v := range got.Val {
		if w := want.Val[e]; math.Abs(float64(v-w)) > 2e-7*float64(w) {
			t.Fatalf("%s: value %d is %v, want %v", what, e, v, w)
		}
	}
}

// dense returns affinities as a matrix.
func dense(x *joint) [][]float64 {
	n := len(x.Ptr) - 1
	m := make([][]float64, n)
	for i := range m {
		m[i] = make([]float64, n)
		for e := x.Ptr[i]; e < x.Ptr[i+1]; e++ {
			m[i][x.Col[e]] = float64(x.Val[e])
		}
	}
	return m
}

// Affinities of other programs come in any order and need not be symmetric.
func TestForeignAffinities(t *testing.T) {
	m := [][]float64{{9, 1, 0, 2}, {3, 0, 0, 0}, {0, 0, 0, 0.5}, {2, 0, 0.25, 7}}
	want := &joint{[]int64{0, 2, 3, 4, 6}, []int32{1, 3, 0, 3, 0, 2}, []float32{2, 2, 2, .375, 2, .375}}
	for e := range want.Val {
		want.Val[e] /= 8.75
	}
	sameJoint(t, "dense", given(t, Slices(m)), want)
	sparse := CSR(4, []int{0, 5, 7, 8, 11}, []int32{3, 1, 0, 3, 2, 0, 0, 3, 3, 2, 0}, []float64{1.5, 1, 9, .5, 0, 1, 2, .5, 7, .25, 2})
	sameJoint(t, "sparse", given(t, sparse), want)
	if m[0][1] != 1 {
		t.Error("the matrix was changed")
	}
}

// What UMAP calls a fuzzy simplicial set has rows of unequal degree.
func TestUMAP(t *testing.T) {
	type csr struct {
		Start []int
		Index []int32
		Value []float32
	}
	var g struct{ Fuzzy, Links csr }
	b, err := os.ReadFile("testdata/fuzzy.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	n := len(g.Fuzzy.Start) - 1
	x := CSR(n, g.Fuzzy.Start, g.Fuzzy.Index, g.Fuzzy.Value)
	p := given(t, x)
	var sum float64
	for _, v := range g.Fuzzy.Value {
		sum += float64(v)
	}
	for i := range n {
		row, _ := x.Row(nil, i)
		for e := p.Ptr[i]; e < p.Ptr[i+1]; e++ {
			if want := float64(row[p.Col[e]]) / sum; math.Abs(float64(p.Val[e])-want) > 1e-6*want {
				t.Fatalf("row %d, column %d: %v, want %v", i, p.Col[e], p.Val[e], want)
			}
		}
	}
	for name, s := range map[string]*Settings{
		"affinities": {Affinities: x, Start: Spectral()},
		"mean":       {Affinities: MeanAffinities([]float64{1, 3}, x, CSR(n, g.Links.Start, g.Links.Index, g.Links.Value)), Start: Spectral()},
	} {
		res, err := Embed(t.Context(), nil, s)
		if err != nil {
			t.Fatal(err)
		}
		separate(t, name, res, n/2)
	}
	// The directed graph of distances, of which each row knows six.
	res, err := Embed(t.Context(), Distances(CSR(n, g.Links.Start, g.Links.Index, g.Links.Value)), &Settings{Perplexity: 4})
	if err != nil {
		t.Fatal(err)
	}
	separate(t, "links", res, n/2)
}

// separate fails if the first half of the points is not apart from the rest.
func separate(t *testing.T, what string, res *Result, half int) {
	t.Helper()
	finite(t, res.Y)
	centre := func(lo, hi int) (x, y float64) {
		for i := lo; i < hi; i++ {
			a, b := res.XY(i)
			x, y = x+a/float64(hi-lo), y+b/float64(hi-lo)
		}
		return x, y
	}
	ax, ay := centre(0, half)
	bx, by := centre(half, res.Len())
	for i := range res.Len() {
		x, y := res.XY(i)
		if (math.Hypot(x-ax, y-ay) < math.Hypot(x-bx, y-by)) != (i < half) {
			t.Errorf("%s: point %d is in the wrong half", what, i)
		}
	}
}

func TestCombinedAffinities(t *testing.T) {
	a := Slices([][]float64{{0, 1, 3}, {1, 0, 0}, {1, 0, 0}})
	b := Slices([][]float64{{0, 2, 0}, {2, 0, 4}, {0, 4, 0}})
	pa, pb := dense(given(t, a)), dense(given(t, b))
	check := func(name string, x Points, f func(a, b float64) float64) {
		t.Helper()
		got := dense(given(t, x))
		var sum float64
		for i := range pa {
			for j := range pa {
				sum += f(pa[i][j], pb[i][j])
			}
		}
		for i := range pa {
			for j := range pa {
				if want := f(pa[i][j], pb[i][j]) / sum; math.Abs(got[i][j]-want) > 1e-7 {
					t.Errorf("%s: %d, %d: %v, want %v", name, i, j, got[i][j], want)
				}
			}
		}
	}
	check("mean", MeanAffinities(nil, a, b), func(a, b float64) float64 { return (a + b) / 2 })
	check("weighted", MeanAffinities([]float64{3, 1}, a, b), func(a, b float64) float64 { return 3*a + b })
	check("one", MeanAffinities([]float64{1, 0}, a, b), func(a, _ float64) float64 { return a })
	check("product", ProductAffinities(a, b), func(a, b float64) float64 { return a * b })
	check("of one", ProductAffinities(a), func(a, _ float64) float64 { return a })
	check("nested", MeanAffinities(nil, MeanAffinities(nil, a, b), ProductAffinities(a, a)), func(a, b float64) float64 {
		var sum float64
		for i := range pa {
			for j := range pa {
				sum += pa[i][j] * pa[i][j]
			}
		}
		return (a+b)/2 + a*a/sum
	})
	for name, x := range map[string]Points{
		"none": MeanAffinities(nil), "no product": ProductAffinities(), "nil": MeanAffinities(nil, a, nil), "weights": MeanAffinities([]float64{1}, a, b),
		"negative": MeanAffinities([]float64{1, -1}, a, b), "zero": MeanAffinities([]float64{0, 0}, a, b), "NaN": MeanAffinities([]float64{1, math.NaN()}, a, b),
		"shape": ProductAffinities(a, Slices([][]float64{{0, 1}, {1, 0}})), "values": ProductAffinities(a, Slices([][]float64{{0, -1, 0}, {0, 0, 0}, {0, 0, 0}})),
		"apart": ProductAffinities(CSR(3, []int{0, 1, 2, 2}, []int32{1, 0}, []float32{1, 1}), CSR(3, []int{0, 0, 1, 2}, []int32{2, 1}, []float32{1, 1})),
	} {
		if _, err := New(t.Context(), nil, &Settings{Affinities: x, Start: Random()}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// What Affinities returns is P.
func TestAffinitiesOfRows(t *testing.T) {
	const n = 80
	x, _ := blobs(n, 4, 2, 3)
	copy(x[4*9:], x[:4]) // a copy
	for _, s := range []*Settings{nil, {Perplexity: 7, Metric: knn.Manhattan}, {Kernel: Uniform(5)}} {
		a, err := Affinities(t.Context(), Rows(x, n, 4), s)
		if err != nil {
			t.Fatal(err)
		}
		set := Settings{}
		if s != nil {
			set = *s
		}
		set.Duplicates = Keep
		want, err := New(t.Context(), Rows(x, n, 4), &set)
		if err != nil {
			t.Fatal(err)
		}
		sameJoint(t, "rows", given(t, a), want.p)
	}
	for _, n := range []int{0, 1, 2} {
		a, err := Affinities(t.Context(), Rows(x[:4*n], n, 4), nil)
		if err != nil {
			t.Fatal(n, err)
		}
		if rows, _ := a.Dims(); rows != n {
			t.Errorf("%d rows, want %d", rows, n)
		}
	}
	if _, err := Affinities(t.Context(), nil, nil); !errors.Is(err, knn.ErrSetting) {
		t.Error(err)
	}
}

// Rows of a given graph may have few neighbors, or none.
func TestUnequalNeighbors(t *testing.T) {
	const n = 60
	x, _ := blobs(n, 4, 2, 3)
	g, err := knn.Search(t.Context(), Rows(x, n, 4), 12, nil)
	if err != nil {
		t.Fatal(err)
	}
	inf := math.Inf(1)
	cut := func(i, keep int) {
		for c := keep; c < 12; c++ {
			g.Index[i*12+c], g.Dist2[i*12+c] = -1, inf
		}
	}
	cut(3, 5)
	cut(4, 1)
	cut(5, 0)
	for i := range n { // nobody's neighbor
		index, d2 := g.Row(i)
		if c := slices.Index(index, 5); c >= 0 {
			copy(index[c:], index[c+1:])
			copy(d2[c:], d2[c+1:])
			index[11], d2[11] = -1, inf
		}
	}
	r, err := New(t.Context(), Rows(x, n, 4), &Settings{Neighbors: g, Perplexity: 6})
	if err != nil {
		t.Fatal(err)
	}
	if sum, err := validAffinities(t.Context(), r.p); err != nil || math.Abs(sum-1) > 1e-6 {
		t.Errorf("sum %v, %v", sum, err)
	}
	if r.stats.Unsolved != 3 {
		t.Errorf("%d rows without a solution", r.stats.Unsolved)
	}
	if r.p.Ptr[6] != r.p.Ptr[5] {
		t.Error("a row alone has affinities")
	}
	for range r.Steps(t.Context()) {
	}
	res, err := r.Result()
	if err != nil {
		t.Fatal(err)
	}
	finite(t, res.Y)
	g.Index[3*12+7] = 9 // behind the end
	if _, err := New(t.Context(), Rows(x, n, 4), &Settings{Neighbors: g}); !errors.Is(err, knn.ErrGraph) || !strings.Contains(err.Error(), "row 3, entry 7: ") {
		t.Error(err)
	}
}

// A sparse matrix makes the map of the dense one, from the same start.
func TestSparseStart(t *testing.T) {
	const n, d = 150, 90
	x := make([]float32, n*d)
	start, index, value := []int{0}, []int32{}, []float32{}
	for i := range n {
		for c := range d {
			if c%3 == i%3 && (c*7+i*5)%11 < 3 {
				x[i*d+c] = float32(1+(c+i)%5) * 1e3
				index, value = append(index, int32(c)), append(value, x[i*d+c])
			}
		}
		start = append(start, len(index))
	}
	copy(x[140*d:], x[8*d:9*d]) // a copy: merged rows have weights
	index, value = append(index[:start[140]:start[140]], index[start[8]:start[9]]...), append(value[:start[140]:start[140]], value[start[8]:start[9]]...)
	for i := 140; i < n; i++ {
		if i > 140 {
			for c := range d {
				if v := x[i*d+c]; v != 0 {
					index, value = append(index, int32(c)), append(value, v)
				}
			}
		}
		start[i+1] = len(index)
	}
	for _, metric := range []knn.Metric{knn.Euclidean, knn.Cosine, knn.Manhattan, knn.Jaccard} {
		s := &Settings{Metric: metric, Perplexity: 8}
		a, err := New(t.Context(), CSR(d, start, index, value), s)
		if err != nil {
			t.Fatal(err)
		}
		b, err := New(t.Context(), Rows(x, n, d), s)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(a.of, b.of) || !slices.Equal(a.p.Val, b.p.Val) || !slices.Equal(a.p.Col, b.p.Col) {
			t.Error("other affinities")
		}
		ya, yb := a.Positions(nil), b.Positions(nil)
		for i := range ya {
			if math.Abs(float64(ya[i]-yb[i])) > 2e-7 {
				t.Fatalf("start of row %d: %v, want %v", i/2, ya[i], yb[i])
			}
		}
	}
}

// Hashed columns, of which there are more than memory could hold, make the map
// of the columns in use.
func TestManyColumns(t *testing.T) {
	const n = 60
	start, index, value := []int{0}, []int32{}, []float32{}
	for i := range n {
		for c := range int32(6) {
			index, value = append(index, (int32(i%2)*9+(c*int32(i+5))%11)*1e8), append(value, float32(1+c))
		}
		start = append(start, len(index))
	}
	for _, metric := range []knn.Metric{knn.Euclidean, knn.Cosine, knn.Jaccard} {
		x := CSR(math.MaxInt32, start, index, value)
		res, err := Embed(t.Context(), x, &Settings{Metric: metric, Phases: short})
		if err != nil {
			t.Fatal(err)
		}
		finite(t, res.Y)
		y, err := res.Transform(t.Context(), x, x, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(y[:2], res.Y[:2]) && metric != knn.Jaccard {
			t.Errorf("a copy is at %v, not %v", y[:2], res.Y[:2])
		}
	}
}

// New points may be known by their distances alone.
func TestTransformDistances(t *testing.T) {
	const n, m, d = 120, 30, 4
	x, _ := blobs(n+m, d, 3, 2)
	ref, fresh := x[:n*d], x[n*d:]
	copy(fresh[7*d:8*d], ref[11*d:]) // a copy of a row
	between := func(a, b []float32) [][]float64 {
		out := make([][]float64, len(a)/d)
		for i := range out {
			out[i] = make([]float64, len(b)/d)
			for j := range out[i] {
				for c := range d {
					v := float64(a[i*d+c]) - float64(b[j*d+c])
					out[i][j] += v * v
				}
				out[i][j] = math.Sqrt(out[i][j])
			}
		}
		return out
	}
	res, err := Embed(t.Context(), Distances(Slices(between(ref, ref))), &Settings{Perplexity: 12, Phases: short})
	if err != nil {
		t.Fatal(err)
	}
	want, err := res.Transform(t.Context(), Rows(ref, n, d), Rows(fresh, m, d), nil)
	if err != nil {
		t.Fatal(err)
	}
	links := between(fresh, ref)
	check := func(name string, x Points) {
		t.Helper()
		got, err := res.Transform(t.Context(), nil, x, nil)
		if err != nil {
			t.Fatal(name, err)
		}
		for i := range want {
			if math.Abs(float64(got[i]-want[i])) > 1e-2 {
				t.Errorf("%s: row %d is at %v, want %v", name, i/2, got[i], want[i])
			}
		}
		if got[2*7] != res.Y[2*11] {
			t.Errorf("%s: a point at distance zero lies apart", name)
		}
	}
	check("all", Distances(Slices(links)))
	// Only the nearest are known, as a matrix and as a sparse one.
	start, index, value := []int{0}, []int32{}, []float64{}
	for i := range links {
		far := slices.Sorted(slices.Values(links[i]))[40]
		for j, v := range links[i] {
			if v > far {
				links[i][j] = math.Inf(1)
			} else {
				index, value = append(index, int32(j)), append(value, v)
			}
		}
		start = append(start, len(index))
	}
	check("near", Distances(Slices(links)))
	check("sparse", Distances(CSR(n, start, index, value)))

	for j := range links[3] {
		links[3][j] = math.Inf(1)
	}
	if _, err := res.Transform(t.Context(), nil, Distances(Slices(links)), nil); !errors.Is(err, knn.ErrSetting) || !strings.Contains(err.Error(), "3") {
		t.Error(err)
	}
	for j := range 3 { // fewer than the perplexity
		links[3][10*j] = 1
	}
	if got, err := res.Transform(t.Context(), nil, Distances(Slices(links)), nil); err != nil {
		t.Error(err)
	} else {
		finite(t, got)
	}
	links[4][9] = -1
	var ve *ValueError
	if _, err := res.Transform(t.Context(), nil, Distances(Slices(links)), nil); !errors.As(err, &ve) || ve.Row != 4 || ve.Col != 9 {
		t.Error(err)
	}
	for name, p := range map[string][2]Points{
		"nothing": {nil, nil}, "no reference": {nil, Rows(fresh, m, d)}, "no points": {Rows(ref, n, d), nil},
		"columns": {nil, Distances(Rows(fresh, m, d))},
	} {
		if _, err := res.Transform(t.Context(), p[0], p[1], nil); !errors.Is(err, knn.ErrSetting) && !errors.Is(err, knn.ErrPoints) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Distances may be zero between different points, and missing; not negative,
// NaN or asymmetric.
func TestMissingDistances(t *testing.T) {
	const n, d = 90, 3
	x, _ := blobs(n, d, 2, 2)
	inf := math.Inf(1)
	m := make([][]float64, n)
	for i := range m {
		m[i] = make([]float64, n)
		for j := range m[i] {
			for c := range d {
				v := float64(x[i*d+c]) - float64(x[j*d+c])
				m[i][j] += v * v
			}
			m[i][j] = math.Sqrt(m[i][j])
		}
	}
	for i := range n / 2 { // no link between the halves
		for j := n / 2; j < n; j++ {
			m[i][j], m[j][i] = inf, inf
		}
	}
	m[3][8], m[8][3] = 0, 0 // though their rows differ
	for j := range n {      // alone
		m[20][j], m[j][20] = inf, inf
	}
	m[5][6] *= 1 + 1e-6 // by rounding
	embed := func(x Points) *Run {
		t.Helper()
		r, err := New(t.Context(), x, &Settings{Perplexity: 14})
		if err != nil {
			t.Fatal(err)
		}
		for range r.Steps(t.Context()) {
		}
		res, err := r.Result()
		if err != nil {
			t.Fatal(err)
		}
		finite(t, res.Y)
		return r
	}
	want := embed(Distances(Slices(m)))
	start, index, value := []int{0}, []int32{}, []float64{}
	for i := range m {
		for j, v := range m[i] {
			if v != inf {
				index, value = append(index, int32(j)), append(value, v)
			}
		}
		start = append(start, len(index))
	}
	got := embed(Distances(CSR(n, start, index, value)))
	if !slices.Equal(got.p.Col, want.p.Col) || !slices.Equal(got.p.Val, want.p.Val) || got.u != n {
		t.Error("sparse distances have other affinities")
	}
	if want.stats.Unsolved != 1 {
		t.Errorf("%d rows without a solution", want.stats.Unsolved)
	}
	for _, bad := range []float64{math.NaN(), -1, 2 * m[5][9]} {
		old := m[5][9]
		m[5][9] = bad
		var ve *ValueError
		if _, err := New(t.Context(), Distances(Slices(m)), nil); !errors.As(err, &ve) || ve.Row != 5 || ve.Col != 9 {
			t.Errorf("%v: %v", bad, err)
		}
		for e := start[5]; e < start[6]; e++ {
			if index[e] == 9 {
				value[e] = bad
				if _, err := New(t.Context(), Distances(CSR(n, start, index, value)), nil); !errors.As(err, &ve) || ve.Row != 5 || ve.Col != 9 {
					t.Errorf("sparse, %v: %v", bad, err)
				}
				value[e] = old
			}
		}
		m[5][9] = old
	}
}
