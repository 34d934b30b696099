package knn

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// wideKinds are tables of 300 rows whose neighbors float32 loses unless columns
// are centered first.
var wideKinds = map[string]func(r *rand.Rand) []float64{
	"seconds": func(r *rand.Rand) []float64 { return []float64{1.7e9 + 600*r.Float64(), 5 * r.NormFloat64()} },
	"milliseconds": func(r *rand.Rand) []float64 {
		return []float64{1.7e12 + math.Floor(6e5*r.Float64()), 5e3 * r.NormFloat64()}
	},
	"nanoseconds": func(r *rand.Rand) []float64 { return []float64{1.7e18 + 6e11*r.Float64(), 5e9 * r.NormFloat64()} },
	"large":       func(r *rand.Rand) []float64 { return []float64{1e15 + 40*r.Float64(), r.NormFloat64()} },
	"places": func(r *rand.Rand) []float64 {
		return []float64{52.520006599999997 + 1e-4*r.NormFloat64(), 13.404954 + 1e-4*r.NormFloat64()}
	},
	"prices and ids": func(r *rand.Rand) []float64 {
		return []float64{math.Round(1e4*r.Float64()) / 100, 7e9 + float64(r.IntN(300))}
	},
	"one far": func(r *rand.Rand) []float64 {
		if r.IntN(300) == 0 {
			return []float64{1e10, -1e10}
		}
		return []float64{1.7e9 + r.Float64(), r.Float64()}
	},
	"zeros for missing": func(r *rand.Rand) []float64 { // and more than half
		if r.IntN(10) < 6 {
			return []float64{0, r.NormFloat64() * 100}
		}
		return []float64{1.7e9 + 600*r.Float64(), r.NormFloat64() * 100}
	},
	"groups": func(r *rand.Rand) []float64 {
		return []float64{1e10*float64(r.IntN(4)*r.IntN(2)) + 100*r.NormFloat64(), 100 * r.NormFloat64()}
	},
	"no value": func(r *rand.Rand) []float64 {
		return []float64{[]float64{-9999, 1e20, 1.7e9 + 600*r.Float64(), 1.7e9 + 600*r.Float64()}[r.IntN(4)], 300 * r.Float64()}
	},
	"sizes": func(r *rand.Rand) []float64 {
		return []float64{1e12 * float64(1+r.IntN(3)), 1e6 + r.Float64(), 1e-6 * r.NormFloat64()}
	},
	"years": func(r *rand.Rand) []float64 {
		return []float64{2000 + 1.0/12*float64(r.IntN(300)), r.NormFloat64() / 10}
	},
}

func wideTable(kind string) (x []float64, n, d int) {
	r := rand.New(rand.NewPCG(7, 7))
	for range 300 {
		row := wideKinds[kind](r)
		x, d = append(x, row...), len(row)
	}
	return x, 300, d
}

// nearest64 are the k nearest rows of ref to the rows of x by differences in
// float64. own is set where a row of x is row of ref of the same number.
func nearest64(ref, x []float64, d, k int, own bool) (index []int32) {
	for i := range len(x) / d {
		var list []pair
		for j := range len(ref) / d {
			if own && i == j {
				continue
			}
			var s float64
			for c := range d {
				v := x[i*d+c] - ref[j*d+c]
				s += v * v
			}
			list = append(list, pair{s, int32(j)})
		}
		slices.SortFunc(list, comparePairs)
		for _, p := range list[:k] {
			index = append(index, p.j)
		}
	}
	return index
}

// kept is the mean share of neighbors that two graphs share.
func kept(a, b []int32, k int) float64 {
	hits := 0
	for i := 0; i < len(a); i += k {
		for _, j := range a[i : i+k] {
			if slices.Contains(b[i:i+k], j) {
				hits++
			}
		}
	}
	return float64(hits) / float64(len(a))
}

// plain is a matrix without RawRowView.
type plain struct {
	x    []float64
	n, d int
}

func (p plain) Dims() (r, c int)    { return p.n, p.d }
func (p plain) At(i, j int) float64 { return p.x[i*p.d+j] }

func sparse64(x []float64, n, d int) Points {
	start, index, value := []int{0}, []int32{}, []float64{}
	for i := range n {
		for j := range d {
			if v := x[i*d+j]; v != 0 {
				index, value = append(index, int32(j)), append(value, v)
			}
		}
		start = append(start, len(index))
	}
	return CSR(d, start, index, value)
}

// Every way in finds the neighbors that differences in float64 give.
func TestWide(t *testing.T) {
	const k = 10
	for kind := range wideKinds {
		x, n, d := wideTable(kind)
		want := nearest64(x, x, d, k, true)
		start, index, ones := []int{0}, []int32{}, []float32{}
		for i := range n {
			index, ones = append(index, int32(i), int32(i)), append(ones, .25, .75)
			start = append(start, len(index))
		}
		order := rand.New(rand.NewPCG(1, 2)).Perm(n)
		all := make([]int32, n)
		back := make([]float64, n*d)
		for i, o := range order {
			all[i] = int32(o)
			copy(back[o*d:(o+1)*d], x[i*d:(i+1)*d]) // row o of back is row i of x
		}
		for way, p := range map[string]Points{
			"Rows":    Rows(x, n, d),
			"Slices":  Slices(slices.Collect(slices.Chunk(x, d))),
			"Matrix":  Matrix(plain{x, n, d}),
			"CSR":     sparse64(x, n, d),
			"mean":    Combine(Rows(x, n, d), start, index, nil),
			"sum":     Combine(Rows(x, n, d), start, index, ones),
			"Select":  Select(Rows(back, n, d), all),
			"twice":   Select(Select(Rows(x, n, d), identity(n)), identity(n)),
			"of mean": Select(Combine(Rows(x, n, d), start, index, nil), identity(n)),
			"of CSR":  Select(sparse64(x, n, d), identity(n)),
		} {
			g, err := Search(t.Context(), p, k, nil)
			if err != nil {
				t.Fatalf("%s, %s: %v", kind, way, err)
			}
			if got := kept(g.Index, want, k); got < .995 || g.Rounded != nil {
				t.Errorf("%s, %s: %.3f of the neighbors, columns %v lost", kind, way, got, g.Rounded)
			}
			if of, first, err := Distinct(t.Context(), p, 0); err != nil || len(first) < n*99/100 && kind != "years" && kind != "zeros for missing" {
				t.Errorf("%s, %s: %d distinct rows of %d (%v)", kind, way, len(first), len(of), err)
			}
		}
		// A query is moved as its reference is, of whatever types they are.
		const m = 250
		want = nearest64(x[:m*d], x[m*d:], d, k, false)
		low := make([]float32, len(x))
		for i, v := range x {
			low[i] = float32(v)
		}
		for way, p := range map[string][2]Points{
			"Rows": {Rows(x[:m*d], m, d), Rows(x[m*d:], n-m, d)},
			"CSR":  {Rows(x[:m*d], m, d), sparse64(x[m*d:], n-m, d)},
			"mean": {Combine(Rows(x, n, d), start[:m+1], index[:2*m], nil), Rows(x[m*d:], n-m, d)},
			"sum":  {Rows(x[:m*d], m, d), Combine(Rows(x[m*d:], n-m, d), start[:n-m+1], index[:2*(n-m)], ones[:2*(n-m)])},
		} {
			g, err := Query(t.Context(), p[0], p[1], k, nil)
			if err != nil {
				t.Fatalf("%s, %s: %v", kind, way, err)
			}
			if got := kept(g.Index, want, k); got < .995 {
				t.Errorf("query %s, %s: %.3f of the neighbors", kind, way, got)
			}
		}
		// Where the reference is of float32, queries are not.
		ref := make([]float64, m*d)
		for i := range ref {
			ref[i] = float64(low[i])
		}
		want = nearest64(ref, x[m*d:], d, 1, false)
		g, err := Query(t.Context(), Rows(low[:m*d], m, d), Rows(x[m*d:], n-m, d), 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, j := range g.Index {
			var got, best float64
			for c := range d {
				a, b := x[(m+i)*d+c]-ref[int(j)*d+c], x[(m+i)*d+c]-ref[int(want[i])*d+c]
				got, best = got+a*a, best+b*b
			}
			if got > best*1.0001 {
				t.Errorf("%s: query %d against float32 finds a row at %v, not %v", kind, i, math.Sqrt(got), math.Sqrt(best))
				break
			}
		}
	}
}

func identity(n int) []int32 {
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32(i)
	}
	return ids
}

// Rows of a common offset keep their neighbors by angle.
func TestWideMetrics(t *testing.T) {
	const n, d, k = 200, 20, 10
	r := rand.New(rand.NewPCG(3, 4))
	shape := make([]float64, n*d)
	for i := range shape {
		shape[i] = r.NormFloat64()
	}
	x := slices.Clone(shape)
	for i := range n {
		off := 1e9 * (1 + r.Float64())
		for j := range d {
			x[i*d+j] += off
		}
	}
	for i := range x { // what is left of it in float64
		shape[i] = x[i] - x[i/d*d]
	}
	unit := func(x []float64, centered bool) []float64 {
		y := slices.Clone(x)
		for row := range slices.Chunk(y, d) {
			var mean, sq float64
			for _, v := range row {
				mean += v / d
			}
			for j := range row {
				if centered {
					row[j] -= mean
				}
				sq += row[j] * row[j]
			}
			for j := range row {
				row[j] /= math.Sqrt(sq)
			}
		}
		return y
	}
	u := unit(shape, true)
	want := nearest64(u, u, d, k, true)
	g, err := Search(t.Context(), Rows(x, n, d), k, &Settings{Metric: Correlation})
	if err != nil || kept(g.Index, want, k) < .995 {
		t.Errorf("correlation: %.3f of the neighbors (%v)", kept(g.Index, want, k), err)
	}
	q, err := Query(t.Context(), Rows(x, n, d), Rows(x, n, d), k+1, &Settings{Metric: Correlation})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if list, d2 := q.Row(i); int(list[0]) != i || d2[0] != 0 || !slices.Equal(list[1:], g.Index[i*k:(i+1)*k]) {
			t.Fatalf("query %d: %v at %v, search %v", i, list, d2[0], g.Index[i*k:(i+1)*k])
		}
	}
	for i := range x {
		x[i] = 1e6 + r.NormFloat64()
	}
	u = unit(x, false)
	want = nearest64(u, u, d, k, true)
	if g, err = Search(t.Context(), Rows(x, n, d), k, &Settings{Metric: Cosine}); err != nil || kept(g.Index, want, k) < .995 {
		t.Errorf("cosine: %.3f of the neighbors (%v)", kept(g.Index, want, k), err)
	}
	// Constant rows are zero, whatever their number.
	for i := range d {
		x[i], x[d+i] = .1, 1e9/3
	}
	if g, err = Search(t.Context(), Rows(x, n, d), 1, &Settings{Metric: Correlation}); err != nil || g.Index[0] != 1 || g.Dist2[0] != 0 {
		t.Errorf("constant rows: %d at %v (%v)", g.Index[0], g.Dist2[0], err)
	}
}

// What float32 holds keeps its bits, in float64 as well.
func TestWideExact(t *testing.T) {
	const n, d, k = 300, 6, 7
	x := normal(5, n*d)
	y := make([]float64, len(x))
	for i := range x {
		x[i] += 1000
		y[i] = float64(x[i])
	}
	for _, m := range []Metric{Euclidean, Cosine, Correlation} {
		a, err := Search(t.Context(), Rows(x, n, d), k, &Settings{Metric: m})
		if err != nil {
			t.Fatal(err)
		}
		b, err := Search(t.Context(), Rows(y, n, d), k, &Settings{Metric: m})
		if err != nil || !slices.Equal(a.Index, b.Index) || !slices.Equal(a.Dist2, b.Dist2) {
			t.Errorf("%s: other bits (%v)", m.name(), err)
		}
	}
	// So do sums of such rows, and sparse rows with columns of zeros.
	wide := slices.Clone(y)
	for i := range wide {
		wide[i] = wide[i] - 1000 + 1e-9
	}
	start, index, weight := []int{0}, []int32{}, []float32{}
	for i := range n {
		index, weight = append(index, int32(i), int32((i*7+3)%n)), append(weight, 1, float32(i%3))
		start = append(start, len(index))
	}
	if c := canonical(Euclidean, Combine(Rows(wide, n, d), start, index, weight))[0]; !isCombination(c) {
		t.Errorf("sums became %T", c)
	}
	if c := canonical(Euclidean, Combine(Rows(wide, n, d), start, index, nil))[0]; !isCombination(c) {
		t.Errorf("means became %T", c)
	}
	s := CSR(d, []int{0, 1, 2, 3}, []int32{0, 1, 2}, []float64{.1, .2, .3})
	if canonical(Euclidean, s)[0] != s {
		t.Error("sparse rows were moved")
	}
}

func isCombination(x Points) bool { _, ok := x.(combination); return ok }

// Columns that no offset saves are named, and only those.
func TestRounded(t *testing.T) {
	const n, d = 400, 3
	r := rand.New(rand.NewPCG(5, 5))
	x := make([]float64, n*d)
	var at [100]float64 // too near for groups, too far for one
	for i := range at {
		at[i] = 1e10 * r.Float64()
	}
	for i := range n {
		x[i*d], x[i*d+2] = r.NormFloat64(), 1e12+float64(i%2)*1e30+r.NormFloat64()
		x[i*d+1] = at[i%100] + 1e3*r.Float64()
	}
	for _, m := range []Method{Exact, Descent} {
		if g, err := Search(t.Context(), Rows(x, n, d), 5, &Settings{Method: m}); err != nil || !slices.Equal(g.Rounded, []int{1}) {
			t.Errorf("method %d: columns %v (%v)", m, g.Rounded, err)
		}
	}
	copy(x[d:2*d], x[:d]) // lists of merged rows are expanded
	if g, err := Search(t.Context(), Rows(x, n, d), 5, nil); err != nil || !slices.Equal(g.Rounded, []int{1}) {
		t.Errorf("columns %v (%v)", g.Rounded, err)
	}
	if g, err := Query(t.Context(), Rows(x, n, d), Rows(x, n, d), 5, nil); err != nil || !slices.Equal(g.Rounded, []int{1}) {
		t.Errorf("query: columns %v (%v)", g.Rounded, err)
	}
	x = slices.Concat(x, x) // more rows than the sample
	for i := range n * d * 2 {
		x[i] = math.Exp(8 * r.NormFloat64())
	}
	if g, err := Search(t.Context(), Rows(x, 2*n, d), 5, nil); err != nil || g.Rounded != nil {
		t.Errorf("log-normal columns: %v (%v)", g.Rounded, err)
	}
}

// A bad number is reported as it was given, in the caller's row.
func TestWideErrors(t *testing.T) {
	x, n, d := wideTable("seconds")
	for _, v := range []float64{math.NaN(), math.Inf(-1), 1e39} {
		x[17*d+1] = v
		for _, m := range []Metric{Euclidean, Cosine, Correlation} {
			for way, p := range map[string]Points{"Rows": Rows(x, n, d), "CSR": sparse64(x, n, d), "Select": Select(Rows(x, n, d), identity(n)[10:])} {
				_, err := Search(t.Context(), p, 5, &Settings{Metric: m})
				ve, ok := err.(*ValueError)
				if !ok || ve.Row != 17 || ve.Col != 1 || way != "CSR" && cmp.Compare(ve.Value, v) != 0 {
					t.Errorf("%v, %s, %s: %v", v, m.name(), way, err)
				}
			}
		}
	}
}

// Tables of random scales, groups and odd values: what is not reported as lost
// keeps its distances.
func TestWideRandom(t *testing.T) {
	const n, d, k = 60, 2, 6
	tables := 2000
	if testing.Short() {
		tables = 300
	}
	named := 0
	for seed := range uint64(tables) {
		r := rand.New(rand.NewPCG(seed, 11))
		x := make([]float64, n*d)
		for c := range d {
			offset, width := math.Pow(10, 20*r.Float64()-3), math.Pow(10, 12*r.Float64()-6)
			far, groups := math.Pow(10, 20*r.Float64()-3), 1+r.IntN(5)
			odd := r.IntN(3)
			width = max(width, 1e-11*(offset+4*far)) // float64 holds it
			for i := range n {
				x[i*d+c] = offset + width*r.NormFloat64() + far*float64(r.IntN(groups))
				if odd == 1 && i < 3 {
					x[i*d+c] *= 1e6 * r.NormFloat64()
				}
			}
		}
		g, err := Search(t.Context(), Rows(x, n, d), k, nil)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if g.Rounded != nil {
			named++
			continue
		}
		want := nearest64(x, x, d, k, true)
		wrong := 0
		for i := range n {
			far := func(list []int32) (most float64) {
				for _, j := range list {
					var s float64
					for c := range d {
						v := x[i*d+c] - x[int(j)*d+c]
						s += v * v
					}
					most = max(most, s)
				}
				return math.Sqrt(most)
			}
			got, best := far(g.Index[i*k:(i+1)*k]), far(want[i*k:(i+1)*k])
			if got > best*1.05 {
				wrong++
			}
		}
		if wrong > n/10 {
			t.Errorf("seed %d: %d of %d rows have neighbors too far away", seed, wrong, n)
		}
	}
	if named > tables/20 {
		t.Errorf("columns of %d tables of %d are lost", named, tables)
	}
	t.Log(named, "tables of", tables, "have columns that are lost")
}
