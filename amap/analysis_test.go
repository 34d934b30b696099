package amap

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/semamap/semamap/internal/vec"
)

const smallCounts = "testdata/tokens-count-small_position.pickle"

// small opens the small map with its counts.
func small(t testing.TB, noMmap bool) *Map {
	t.Helper()
	c, err := OpenCounts(smallCounts)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Open(smallFile, &Options{Counts: c, Positions: 16, NoMmap: noMmap})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

type numpyTruth struct {
	Seen                           int
	Mean, Var, Min, Max, Countmean []float64
	Argmax                         []int32
	Nonzero                        []int
	Hist, Hist7                    []int64
	Edges                          []float64
	IDs                            []int32
	AUC, P, Q                      []float64
	Merged                         [][]float64
}

func numpy(t *testing.T) (tr numpyTruth) {
	t.Helper()
	b, err := os.ReadFile("testdata/analysis.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &tr); err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestStatsAsNumPy(t *testing.T) {
	tr := numpy(t)
	for _, mmap := range []bool{true, false} {
		m := small(t, !mmap)
		stats, err := m.Stats(t.Context(), Input, &Scope{Layers: []int{1}})
		if err != nil || len(stats) != 8 {
			t.Fatal(len(stats), err)
		}
		for i, u := range stats {
			if !near(u.Mean, tr.Mean[i]) || !near(u.Var, tr.Var[i]) || !near(u.CountMean, tr.Countmean[i]) ||
				float64(u.Min) != tr.Min[i] || float64(u.Max) != tr.Max[i] || u.Nonzero != tr.Nonzero[i] ||
				u.ArgMax != tr.Argmax[i] || u.Mode != Input || u.Unit != (UnitID{1, i}) || u.Rows != tr.Seen || u.NaN+u.Inf != 0 {
				t.Errorf("unit %d: %+v", i, u)
			}
		}
		if d := Dead(stats, 0.1); !slices.Contains(d, stats[3]) {
			t.Errorf("unit 3 is dead: %v", d)
		}
		for i, u := range stats {
			if u.Var < 1e-3 != (i == 3) {
				t.Errorf("unit 3 varies least: unit %d has variance %v", i, u.Var)
			}
		}
		// Everything: 6 layers of 116 rows and 8 units.
		all, err := m.Stats(t.Context(), "", &Scope{Unseen: true, Positions: true})
		if err != nil || len(all) != 48 || all[47].Rows != 116 || all[47].Mode != Output || all[47].Unit != (UnitID{2, 7}) {
			t.Error(err, len(all))
		}
		// A least count is the same in every analysis.
		some, err := m.Stats(t.Context(), Input, &Scope{Layers: []int{1}, MinCount: 10})
		want := 0
		for _, n := range m.Counts()[Input][:100] {
			if n >= 10 {
				want++
			}
		}
		if err != nil || some[0].Rows != want {
			t.Errorf("%d rows with a count of at least 10, want %d, %v", some[0].Rows, want, err)
		}
	}
}

// hard is a matrix with every kind of number.
func hard(rows, units int) rowsOf {
	rng := rand.New(rand.NewPCG(5, 6))
	x := make([]float32, rows*units)
	for i := range x {
		switch rng.IntN(20) {
		case 0, 1, 2, 3:
		case 4:
			x[i] = float32(math.NaN())
		case 5:
			x[i] = float32(math.Inf(1 - 2*rng.IntN(2)))
		default:
			x[i] = float32(rng.NormFloat64())
		}
		switch i % units {
		case 0:
			x[i] = 0.3 // constant, and no sum of it is exact
		case 1:
			x[i] = float32(math.NaN())
		case 2:
			x[i] = float32(math.Inf(-1))
		case 3:
			x[i] = 1000 + float32(rng.IntN(2))/1024 // small steps far from 0
		}
	}
	return rowsOf{x, units}
}

func TestStatsHard(t *testing.T) {
	x := hard(3000, 37)
	m, err := NewMap(Float32, map[Mode][]Rows{Input: {x}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	one, err := m.Stats(t.Context(), Input, nil)
	if err != nil {
		t.Fatal(err)
	}
	runtime.GOMAXPROCS(8)
	eight, err := m.Stats(t.Context(), Input, nil)
	if err != nil {
		t.Fatal(err)
	}
	for u, s := range one {
		d := UnitStats{ArgMax: -1, Min: float32(math.NaN()), Max: float32(math.NaN())}
		var sum, n float64
		for r := range 3000 {
			v := x.x[r*37+u]
			switch {
			case v != v:
				d.NaN++
			default:
				if math.IsInf(float64(v), 0) {
					d.Inf++
				}
				if d.ArgMax < 0 || v < d.Min {
					d.Min = v
				}
				if d.ArgMax < 0 || v > d.Max {
					d.Max, d.ArgMax = v, int32(r)
				}
			}
			if v != 0 {
				d.Nonzero++
			}
			sum, n = sum+float64(v), n+1
		}
		if s.ArgMax != d.ArgMax || s.NaN != d.NaN || s.Inf != d.Inf || s.Nonzero != d.Nonzero ||
			math.Float32bits(s.Min)&^(1<<22|1<<31) != math.Float32bits(d.Min)&^(1<<22|1<<31) && d.ArgMax >= 0 {
			t.Errorf("unit %d: %+v, want %+v", u, s, d)
		}
		if d.NaN+d.Inf == 0 {
			mean, v := sum/n, 0.0
			for r := range 3000 {
				e := float64(x.x[r*37+u]) - mean
				v += e * e / n
			}
			if math.Abs(s.Mean-mean) > 1e-12*math.Abs(mean) || math.Abs(s.Var-v) > 1e-9*v {
				t.Errorf("unit %d: mean %v, variance %v; want %v, %v", u, s.Mean, s.Var, mean, v)
			}
		}
		e := eight[u]
		for _, p := range [][2]float64{{s.Mean, e.Mean}, {s.Var, e.Var}} {
			if math.Float64bits(p[0]) != math.Float64bits(p[1]) && p[0] == p[0] {
				t.Errorf("unit %d: other bits on 8 processors", u)
			}
		}
	}
	if s := one[0]; s.Var != 0 || s.Mean != float64(float32(0.3)) {
		t.Errorf("a constant unit: %+v", s)
	}
	if s := one[1]; s.Max == s.Max || s.ArgMax != -1 || s.NaN != 3000 {
		t.Errorf("a unit of NaN: %+v", s)
	}
}

func TestHistogramAsNumPy(t *testing.T) {
	tr := numpy(t)
	m := small(t, false)
	o := &Scope{Layers: []int{1}}
	edges, counts, err := m.Histogram(t.Context(), Input, 20, 0, 0, o)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(counts, tr.Hist) || !slices.EqualFunc(edges, tr.Edges, near) {
		t.Errorf("%v %v, want %v %v", counts, edges, tr.Hist, tr.Edges)
	}
	sum := int64(0)
	for _, n := range counts {
		sum += n
	}
	if sum != int64(tr.Seen*8) {
		t.Errorf("%d of %d values", sum, tr.Seen*8)
	}
	edges, counts, err = m.Histogram(t.Context(), Input, 7, -0.1, 0.3, o)
	if err != nil || !slices.Equal(counts, tr.Hist7) {
		t.Errorf("%v, want %v, %v", counts, tr.Hist7, err)
	}
	// By pattern and by value are the same.
	v, err := NewMap(Float32, map[Mode][]Rows{Input: {layer(t, m, Input, 0), layer(t, m, Input, 1)}}, &Options{Counts: m.Counts(), Positions: 16})
	if err != nil {
		t.Fatal(err)
	}
	edges2, counts2, err := v.Histogram(t.Context(), Input, 7, -0.1, 0.3, o)
	if err != nil || !slices.Equal(counts, counts2) || !slices.Equal(edges, edges2) {
		t.Errorf("%v, want %v, %v", counts2, counts, err)
	}
	if _, _, err := m.Histogram(t.Context(), Input, 0, 1, 1, nil); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
	// Neither NaN nor infinite values are counted, nor what is out of range.
	x := hard(300, 37)
	hm, err := NewMap(Float32, map[Mode][]Rows{Input: {x}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range [][2]float64{{0, 0}, {-1, 0.5}} {
		edges, counts, err := hm.Histogram(t.Context(), "", 0, r[0], r[1], nil)
		if err != nil || len(counts) != 100 || len(edges) != 101 {
			t.Fatal(err, len(counts))
		}
		sum, want := int64(0), int64(0)
		for _, n := range counts {
			sum += n
		}
		for _, f := range x.x {
			if v := float64(f); v-v == 0 && (r[0] == r[1] || v >= r[0] && v <= r[1]) {
				want++
			}
		}
		if sum != want {
			t.Errorf("%v: %d values, want %d", r, sum, want)
		}
	}
}

func TestSelectivityAsSciPy(t *testing.T) {
	tr := numpy(t)
	for _, mmap := range []bool{true, false} {
		m := small(t, !mmap)
		s, err := m.Selectivity(t.Context(), Input, tr.IDs, nil)
		if err != nil || len(s) != len(tr.AUC) {
			t.Fatal(err, len(s))
		}
		for i, u := range s {
			if !near(u.AUC, tr.AUC[i]) || math.Abs(u.P-tr.P[i]) > 1e-9*tr.P[i] || math.Abs(u.Q-tr.Q[i]) > 1e-9*tr.Q[i] {
				t.Errorf("%v: AUC %v, p %v, q %v; want %v, %v, %v", u.Unit, u.AUC, u.P, u.Q, tr.AUC[i], tr.P[i], tr.Q[i])
			}
		}
	}
	// Ties and signs, against the definition.
	rng := rand.New(rand.NewPCG(1, 2))
	var r ranker
	for range 200 {
		n := 3 + rng.IntN(700)
		x, inside := make([]float32, n), make([]bool, n)
		for i := range x {
			x[i] = float32(rng.IntN(7)-3) / 2
			if x[i] == 0 && rng.IntN(2) == 0 {
				x[i] = float32(math.Copysign(0, -1))
			}
			inside[i] = rng.IntN(4) == 0
		}
		var u, pairs float64
		for i := range x {
			for j := range x {
				if inside[i] && !inside[j] {
					pairs++
					if x[i] > x[j] {
						u++
					} else if x[i] == x[j] {
						u += 0.5
					}
				}
			}
		}
		if s := r.test(x, inside); pairs > 0 && s.AUC != u/pairs {
			t.Fatalf("AUC %v, want %v", s.AUC, u/pairs)
		}
	}
	// A unit that is on for the set and off elsewhere.
	x := rowsOf{make([]float32, 100*3), 3}
	for i := range 100 {
		x.x[i*3+1] = float32(rng.NormFloat64())
		if i%10 == 0 {
			x.x[i*3+2] = 1
		}
	}
	m, err := NewMap(Float16, map[Mode][]Rows{Input: {x}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := m.Selectivity(t.Context(), Input, []int32{0, 10, 20, 30, 40, 50, 60, 70, 80, 90}, nil)
	if err != nil || s[2].AUC != 1 || s[2].Q > 1e-10 || s[0].AUC != 0.5 || s[0].P != 1 || s[1].Q < 0.01 {
		t.Errorf("%+v %v", s, err)
	}
}

// The mean over occurrences is the mean weighted by counts.
func TestCountMean(t *testing.T) {
	tr := numpy(t)
	m := small(t, false)
	l := layer(t, m, Input, 1)
	var rows []int32
	var weights []float64
	for i := range int32(100) {
		rows = append(rows, i) // those that never occurred weigh nothing
		weights = append(weights, float64(m.Counts()[Input][i]))
	}
	got, err := l.Mean(nil, rows, weights...)
	if err != nil {
		t.Fatal(err)
	}
	for u, v := range got {
		if v != float32(tr.Countmean[u]) && math.Abs(float64(v)-tr.Countmean[u]) > 1e-7*math.Abs(tr.Countmean[u]) {
			t.Errorf("unit %d: %v, want %v", u, v, tr.Countmean[u])
		}
	}
}

func TestTop(t *testing.T) {
	for _, noMmap := range []bool{false, true} {
		m := small(t, noMmap)
		l := layer(t, m, Output, 2)
		count := m.Counts()[Output]
		var want []int32
		for i := range int32(100) {
			if count[i] >= 10 {
				want = append(want, i)
			}
		}
		slices.SortStableFunc(want, func(a, b int32) int { return cmp.Compare(l.At(int(b), 6), l.At(int(a), 6)) })
		ids, values, err := m.TopTokens(t.Context(), Output, UnitID{2, 6}, 5, &Scope{MinCount: 10})
		if err != nil || !slices.Equal(ids, want[:5]) {
			t.Errorf("%v, want %v, %v", ids, want[:5], err)
		}
		for i, id := range ids {
			if float64(values[i]) != l.At(int(id), 6) {
				t.Errorf("value %v of token %d", values[i], id)
			}
		}
		// A dead unit: all ties, lowest ids first.
		ids, _, err = m.TopTokens(t.Context(), Output, UnitID{0, 3}, 5, &Scope{MinCount: 10})
		if err != nil || len(ids) != 5 || !slices.IsSorted(ids) {
			t.Error(ids, err)
		}
		units, values, err := m.TopUnits(t.Context(), Output, []int32{5}, 24)
		if err != nil || len(units) != 24 {
			t.Fatal(err, len(units))
		}
		for i, u := range units {
			if float64(values[i]) != layer(t, m, Output, u.Layer).At(5, u.Unit) || i > 0 && values[i] > values[i-1] {
				t.Errorf("place %d: %v %v", i, u, values[i])
			}
		}
		for _, u := range []UnitID{{3, 0}, {0, 8}, {-1, 0}} {
			if _, _, err := m.TopTokens(t.Context(), Output, u, 5, nil); !errors.Is(err, ErrNotFound) {
				t.Error(u, err)
			}
		}
		if _, _, err := m.TopUnits(t.Context(), Output, []int32{5000}, 3); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
		if _, _, err := m.TopTokens(t.Context(), "", UnitID{0, 0}, 3, nil); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
	}
	bare, err := Open(smallFile, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer bare.Close()
	if _, _, err := bare.TopTokens(t.Context(), Input, UnitID{0, 0}, 3, &Scope{MinCount: 1}); !errors.Is(err, ErrNotFound) {
		t.Error("a least count without counts:", err)
	}
}

func TestFilter(t *testing.T) {
	m := small(t, false)
	f, err := m.Filter([]int32{40, 7, 99})
	if err != nil {
		t.Fatal(err)
	}
	g, err := f.Filter([]int32{99, 40})
	if err != nil {
		t.Fatal(err)
	}
	l, base := layer(t, g, Output, 1), layer(t, m, Output, 1)
	if r, u := l.Dims(); r != 2 || u != 8 || l.tokenID(0) != 99 || l.At(0, 5) != base.At(99, 5) || l.At(1, 5) != base.At(40, 5) {
		t.Error(r, u, l.tokenID(0))
	}
	if _, err := f.Filter([]int32{3}); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	units, values, err := g.TopUnits(t.Context(), Output, []int32{99}, 3)
	if err != nil || len(units) != 3 {
		t.Fatal(err)
	}
	for i, u := range units {
		if float64(values[i]) != layer(t, m, Output, u.Layer).At(99, u.Unit) {
			t.Errorf("%v %v", u, values[i])
		}
	}
	s, err := g.Stats(t.Context(), Input, nil)
	if err != nil || s[0].Rows != 2 {
		t.Errorf("%+v %v", s, err)
	}
	none, err := m.Filter([]int32{})
	if err != nil {
		t.Fatal(err)
	}
	if s, err := none.Stats(t.Context(), Input, nil); err != nil || s[0].Rows != 0 || !math.IsNaN(s[0].Mean) {
		t.Errorf("no rows: %+v %v", s, err)
	}
	// Written, a view is an ordinary map.
	var b bytes.Buffer
	if err := g.WriteSYSIF(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	again := reopen(t, b.Bytes(), &Options{IDs: []int32{99, 40}})
	if l := layer(t, again, Output, 1); l.At(1, 5) != base.At(40, 5) || l.tokenID(1) != 40 {
		t.Error("the written view differs")
	}
	if r, ok := again.row(40); r != 1 || !ok {
		t.Error(r, ok)
	}
	if _, err := NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()), &Options{IDs: []int32{99}}); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
}

// Two shards make the map of the whole, as NumPy computes and rounds it.
func TestMergeAsNumPy(t *testing.T) {
	tr := numpy(t)
	m := small(t, false)
	c := m.Counts()
	part := func(mode Mode, counts []int64) *Map {
		s, err := NewMap(Float16, map[Mode][]Rows{Input: {layer(t, m, mode, 0)}}, &Options{Counts: Counts{Input: counts}})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	in, out := part(Input, c[Input]), part(Output, c[Output])
	whole, err := Merge(0, in, out)
	if err != nil {
		t.Fatal(err)
	}
	l := layer(t, whole, Input, 0)
	for i, row := range tr.Merged {
		got, err := l.Row(nil, i)
		if err != nil {
			t.Fatal(err)
		}
		for j, v := range row {
			if float64(got[j]) != v || l.At(i, j) != v {
				t.Errorf("%d, %d: %v, want %v", i, j, got[j], v)
			}
		}
		if n := whole.Counts()[Input][i]; n != c[Input][i]+c[Output][i] {
			t.Errorf("count %d of row %d", n, i)
		}
	}
	// The merged map can be written and read.
	var b bytes.Buffer
	if err := whole.WriteSYSIF(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	again := reopen(t, b.Bytes(), nil)
	if layer(t, again, Input, 0).At(8, 1) != tr.Merged[8][1] || layer(t, again, Input, 0).DType() != Float16 {
		t.Error("the written map differs")
	}
	if _, err := Merge(0); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
	if _, err := Merge(0, in, m); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
	if _, err := Merge(0, part(Input, []int64{1, 2})); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
	if _, err := Merge(0, in, part(Input, nil)); !errors.Is(err, ErrShape) {
		t.Error("a part without counts of a mode:", err)
	}
	// Some units of a merged layer, several rows at once.
	v, err := l.Select(nil, []int{3, 1})
	if err != nil {
		t.Fatal(err)
	}
	cols := make([]float32, 2*len(tr.Merged))
	if err := v.ReadRows(cols, 0, len(tr.Merged)); err != nil {
		t.Fatal(err)
	}
	for i, row := range tr.Merged {
		if float64(cols[2*i]) != row[3] || float64(cols[2*i+1]) != row[1] {
			t.Fatalf("row %d: %v, want %v, %v", i, cols[2*i:2*i+2], row[3], row[1])
		}
	}
}

// suspects lists the codes of the checks that failed, undone those not done, each
// once.
func suspects(r []Finding) (out []string) {
	for _, f := range r {
		if f.Suspect && !slices.Contains(out, f.Code) {
			out = append(out, f.Code)
		}
	}
	return out
}

func undone(r []Finding) (out []string) {
	for _, f := range r {
		if !f.done && !slices.Contains(out, f.Code) {
			out = append(out, f.Code)
		}
	}
	return out
}

// Each check fails on a map made for it, and on nothing else.
func TestCheck(t *testing.T) {
	const rows, units = 40, 4 // 32 tokens, 8 positions of a window of 7
	build := func(d DType, windows int64, change func(x map[Mode][]float32, c map[Mode][]int64)) *Map {
		x := map[Mode][]float32{Input: make([]float32, rows*units), Output: make([]float32, rows*units)}
		c := map[Mode][]int64{Input: make([]int64, rows), Output: make([]int64, rows)}
		for r := range 28 { // the last four tokens are unseen
			c[Input][r], c[Output][r] = 5, 5
			for u := range units {
				x[Input][r*units+u] = float32(r%5) / 2
				x[Output][r*units+u] = x[Input][r*units+u]
			}
		}
		for p := range 7 {
			c[Input][32+p], c[Output][33+p] = 20, 20
		}
		// The same total by positions: Σ 5·(r%5)/2 over 28 rows a unit.
		for u := range units {
			var sum float32
			for r := range 28 {
				sum += 5 * x[Input][r*units+u]
			}
			x[Input][32*units+u] = sum / 20
			x[Output][33*units+u] = sum / 20
		}
		if change != nil {
			change(x, c)
		}
		m, err := NewMap(d, map[Mode][]Rows{Input: {rowsOf{x[Input], units}}, Output: {rowsOf{x[Output], units}}}, &Options{Positions: 8, Counts: c, Windows: windows})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	for name, c := range map[string]struct {
		d      DType
		change func(x map[Mode][]float32, c map[Mode][]int64)
		want   []string
	}{
		"good":   {Float16, nil, nil},
		"wTkn":   {Float32, func(x map[Mode][]float32, c map[Mode][]int64) { c[Output][0] += 3 }, []string{"wTkn"}}, // token 0 has no activation
		"wAct":   {Float32, func(x map[Mode][]float32, c map[Mode][]int64) { x[Output][4] *= 9; x[Output][33*4]++ }, []string{"wAct"}},
		"wPos":   {Float32, func(x map[Mode][]float32, c map[Mode][]int64) { c[Input][34]-- }, []string{"wPos"}},
		"wSum":   {Float32, func(x map[Mode][]float32, c map[Mode][]int64) { x[Input][35*4] = 3 }, []string{"wSum"}},
		"nan":    {Float32, func(x map[Mode][]float32, c map[Mode][]int64) { x[Input][29*4] = float32(math.NaN()) }, []string{"finite", "unseen"}},
		"inf":    {Float32, func(x map[Mode][]float32, c map[Mode][]int64) { x[Input][39*4] = float32(math.Inf(1)) }, []string{"finite", "unseen"}},
		"unseen": {Float32, func(x map[Mode][]float32, c map[Mode][]int64) { x[Input][30*4] = 1 }, []string{"unseen"}},
		"bias":   {Float16, func(x map[Mode][]float32, c map[Mode][]int64) { c[Input][0], c[Output][0] = 2049, 2049 }, []string{"bias"}},
		"fp32":   {Float32, func(x map[Mode][]float32, c map[Mode][]int64) { c[Input][0], c[Output][0] = 2049, 2049 }, nil},
		"rows":   {Float32, func(x map[Mode][]float32, c map[Mode][]int64) { c[Input] = c[Input][:39] }, []string{"rows"}},
	} {
		r, err := build(c.d, 0, c.change).Check(t.Context())
		if !slices.Equal(suspects(r), c.want) || err != nil {
			t.Errorf("%s: suspect %v, want %v, %v\n%v", name, suspects(r), c.want, err, r)
		}
	}
	// Windows are known: the first position must have as many.
	if r, err := build(Float32, 21, nil).Check(t.Context()); !slices.Equal(suspects(r), []string{"wPos"}) {
		t.Error(r, err)
	}
	// What is not known is not done, never passed.
	m, err := Open(smallFile, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	r, err := m.Check(t.Context())
	if got := undone(r); !slices.Equal(got, []string{"rows", "wTkn", "wPos", "unseen", "wAct", "wSum", "bias"}) || err != nil {
		t.Error(got, err)
	}
	if !strings.Contains(r[len(r)-1].String(), "not done") {
		t.Error(r)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r, err := m.Check(ctx); !errors.Is(err, context.Canceled) || len(r) == 0 {
		t.Error(r, err)
	}
}

// SYSIF's running mean in fp16, simulated: with one occurrence an update the mean
// of 10,000 comes out near twice its true value, and the totals show it.
func TestRunningMeanBias(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const n = 10000
	f16 := func(v float64) float64 { return float64(vec.F16(vec.F64ToF16(v))) }
	var mean, sum float64
	for i := range n {
		v := f16(max(0, rng.NormFloat64()-1))
		sum += v
		mean = f16(mean + f16(f16(v-mean)/float64(i+1)))
	}
	ratio := mean / (sum / n)
	if ratio < 1.3 {
		t.Fatalf("stored / true mean is %v: the simulation shows no bias", ratio)
	}
	x := rowsOf{[]float32{float32(mean), 0, float32(sum / n), 0}, 1}
	m, err := NewMap(Float16, map[Mode][]Rows{Input: {x}}, &Options{Positions: 2, Counts: Counts{Input: {n, 0, n, 0}}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := m.Check(t.Context())
	if got := suspects(r); !slices.Equal(got, []string{"wSum", "bias"}) || err != nil {
		t.Errorf("suspect %v (stored / true %.2f), %v", got, ratio, err)
	}
}
