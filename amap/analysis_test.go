package amap

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/semamap/semamap/internal/vec"
)

const smallCounts = "testdata/tokens-count-small_position.pickle"

// small opens the small map with its counts.
func small(t testing.TB, opts ...Option) *Map {
	t.Helper()
	c, err := OpenCounts(smallCounts)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Open(smallFile, append([]Option{WithCounts(c), WithPositions(15)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

type numpyTruth struct {
	Seen                           int
	Mean, Var, Min, Max, Countmean []float64
	Argmin, Argmax                 []int32
	Nonzero                        []int
	Tokenmean, Norm                []float64
	Tokenargmax                    []int
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
		m := small(t, WithMmap(mmap))
		stats, err := m.Stats(t.Context(), &StatOptions{Modes: []Mode{Input}, Layers: []int{1}, Tokens: true})
		if err != nil {
			t.Fatal(err)
		}
		s := stats[0]
		if s.Rows != tr.Seen || len(s.Units) != 8 || len(s.Tokens) != tr.Seen {
			t.Fatalf("%d rows, %d units, %d tokens", s.Rows, len(s.Units), len(s.Tokens))
		}
		for i, u := range s.Units {
			if !near(u.Mean, tr.Mean[i]) || !near(u.Var, tr.Var[i]) || !near(u.CountMean, tr.Countmean[i]) ||
				float64(u.Min) != tr.Min[i] || float64(u.Max) != tr.Max[i] || u.Nonzero != tr.Nonzero[i] ||
				u.ArgMax != tr.Argmax[i] || u.ArgMin != tr.Argmin[i] || u.Unit != (UnitID{1, i}) || u.NaN+u.Inf != 0 {
				t.Errorf("unit %d: %+v", i, u)
			}
		}
		for i, k := range s.Tokens {
			if !near(k.Mean, tr.Tokenmean[i]) || !near(k.Norm, tr.Norm[i]) || k.ArgMax != tr.Tokenargmax[i] {
				t.Errorf("token %d: %+v", i, k)
			}
		}
		if d := Dead(stats, 0.1); !slices.Contains(d, UnitID{1, 3}) {
			t.Errorf("unit 3 is dead: %v", d)
		}
		if d := LowVariance(stats, 1e-3); !slices.Equal(d, []UnitID{{1, 3}}) {
			t.Errorf("unit 3 varies least: %v", d)
		}
		// Everything: 6 layers of 116 rows.
		all, err := m.Stats(t.Context(), &StatOptions{Unseen: true, Positions: true})
		if err != nil || len(all) != 6 || all[5].Rows != 116 || all[5].Mode != Output || all[5].Layer != 2 {
			t.Error(err, len(all))
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
	m, err := NewMap(Float32, map[Mode][]Rows{Input: {x}})
	if err != nil {
		t.Fatal(err)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	one, err := m.Stats(t.Context(), &StatOptions{Tokens: true})
	if err != nil {
		t.Fatal(err)
	}
	runtime.GOMAXPROCS(8)
	eight, err := m.Stats(t.Context(), &StatOptions{Tokens: true})
	if err != nil {
		t.Fatal(err)
	}
	for u, s := range one[0].Units {
		d := UnitStats{ArgMin: -1, ArgMax: -1, Min: float32(math.NaN()), Max: float32(math.NaN())}
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
				if d.ArgMin < 0 || v < d.Min {
					d.Min, d.ArgMin = v, int32(r)
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
		if s.ArgMin != d.ArgMin || s.ArgMax != d.ArgMax || s.NaN != d.NaN || s.Inf != d.Inf || s.Nonzero != d.Nonzero ||
			math.Float32bits(s.Min)&^(1<<22|1<<31) != math.Float32bits(d.Min)&^(1<<22|1<<31) && d.ArgMin >= 0 {
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
		e := eight[0].Units[u]
		for _, p := range [][2]float64{{s.Mean, e.Mean}, {s.Var, e.Var}} {
			if math.Float64bits(p[0]) != math.Float64bits(p[1]) && p[0] == p[0] {
				t.Errorf("unit %d: other bits on 8 processors", u)
			}
		}
	}
	if s := one[0].Units[0]; s.Var != 0 || s.Mean != float64(float32(0.3)) {
		t.Errorf("a constant unit: %+v", s)
	}
	if s := one[0].Units[1]; s.Max == s.Max || s.ArgMax != -1 || s.NaN != 3000 {
		t.Errorf("a unit of NaN: %+v", s)
	}
	for i, k := range one[0].Tokens {
		if e := eight[0].Tokens[i]; e.ArgMax != k.ArgMax || e.Nonzero != k.Nonzero {
			t.Fatal("tokens differ")
		}
	}
}

func TestHistogramAsNumPy(t *testing.T) {
	tr := numpy(t)
	m := small(t)
	o := &HistogramOptions{Modes: []Mode{Input}, Layers: []int{1}, Bins: 20}
	h, err := m.Histogram(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(h.Counts, tr.Hist) || !slices.EqualFunc(h.Edges, tr.Edges, near) {
		t.Errorf("%v %v, want %v %v", h.Counts, h.Edges, tr.Hist, tr.Edges)
	}
	o.Bins, o.Min, o.Max = 7, -0.1, 0.3
	if h, err = m.Histogram(t.Context(), o); err != nil || !slices.Equal(h.Counts, tr.Hist7) {
		t.Errorf("%v, want %v, %v", h.Counts, tr.Hist7, err)
	}
	sum := h.Under + h.Over + h.NaN
	for _, n := range h.Counts {
		sum += n
	}
	if sum != h.Total || h.Total != int64(tr.Seen*8) {
		t.Errorf("%d of %d values", sum, h.Total)
	}
	// By pattern and by value are the same.
	v, err := m.FilterUnits([]UnitID{{1, 7}, {1, 6}, {1, 5}, {1, 4}, {1, 3}, {1, 2}, {1, 1}, {1, 0}})
	if err != nil {
		t.Fatal(err)
	}
	h2, err := v.Histogram(t.Context(), o)
	if err != nil || !reflect.DeepEqual(h, h2) {
		t.Errorf("%+v, want %+v, %v", h2, h, err)
	}
	if _, err := m.Histogram(t.Context(), &HistogramOptions{Min: 1, Max: 1}); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
	hm, err := NewMap(Float32, map[Mode][]Rows{Input: {hard(300, 37)}})
	if err != nil {
		t.Fatal(err)
	}
	h, err = hm.Histogram(t.Context(), nil)
	if err != nil || h.NaN == 0 || h.Under == 0 || h.Over == 0 || h.Total != 300*37 {
		t.Errorf("%+v %v", h, err)
	}
}

func TestSelectivityAsSciPy(t *testing.T) {
	tr := numpy(t)
	for _, mmap := range []bool{true, false} {
		m := small(t, WithMmap(mmap))
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
	m, err := NewMap(Float16, map[Mode][]Rows{Input: {x}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := m.Selectivity(t.Context(), Input, []int32{0, 10, 20, 30, 40, 50, 60, 70, 80, 90}, nil)
	if err != nil || s[2].AUC != 1 || s[2].Q > 1e-10 || s[0].AUC != 0.5 || s[0].P != 1 || s[1].Q < 0.01 {
		t.Errorf("%+v %v", s, err)
	}
}

func TestCountMean(t *testing.T) {
	tr := numpy(t)
	m := small(t)
	l := layer(t, m, Input, 1)
	var rows []int32
	for i := range int32(100) {
		rows = append(rows, i) // those that never occurred weigh nothing
	}
	got, err := l.CountMean(nil, rows)
	if err != nil {
		t.Fatal(err)
	}
	for u, v := range got {
		if v != float32(tr.Countmean[u]) && math.Abs(float64(v)-tr.Countmean[u]) > 1e-7*math.Abs(tr.Countmean[u]) {
			t.Errorf("unit %d: %v, want %v", u, v, tr.Countmean[u])
		}
	}
	bare, err := Open(smallFile)
	if err != nil {
		t.Fatal(err)
	}
	defer bare.Close()
	if _, err := layer(t, bare, Input, 1).CountMean(nil, rows); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

func TestTop(t *testing.T) {
	m := small(t)
	l := layer(t, m, Output, 2)
	var ids []int32
	for i := range int32(100) {
		if n, _ := m.Counts().Of(Output, i); n >= 10 {
			ids = append(ids, i)
		}
	}
	slices.SortStableFunc(ids, func(a, b int32) int {
		va, vb := l.At(int(a), 6), l.At(int(b), 6)
		switch {
		case va > vb:
			return -1
		case va < vb:
			return 1
		}
		return 0
	})
	got, err := m.TopTokens(t.Context(), Output, []UnitID{{2, 6}, {0, 3}}, 5, &TopOptions{MinCount: 10})
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range got[0] {
		if n, _ := m.Counts().Of(Output, v.ID); v.ID != ids[i] || float64(v.Value) != l.At(int(ids[i]), 6) || v.Count != n {
			t.Errorf("place %d: %+v, want %d", i, v, ids[i])
		}
	}
	// A dead unit: all ties, lowest ids first.
	if len(got[1]) != 5 || !slices.IsSortedFunc(got[1], func(a, b TokenValue) int { return int(a.ID - b.ID) }) {
		t.Errorf("%+v", got[1])
	}
	units, err := m.TopUnits(t.Context(), Output, []int32{5}, 24)
	if err != nil || len(units) != 24 {
		t.Fatal(err, len(units))
	}
	for i, u := range units {
		if float64(u.Value) != layer(t, m, Output, u.Unit.Layer).At(5, u.Unit.Unit) || i > 0 && u.Value > units[i-1].Value {
			t.Errorf("place %d: %+v", i, u)
		}
	}
	for _, u := range []UnitID{{3, 0}, {0, 8}, {-1, 0}} {
		if _, err := m.TopTokens(t.Context(), Output, []UnitID{u}, 5, nil); !errors.Is(err, ErrNotFound) {
			t.Error(u, err)
		}
	}
	if _, err := m.TopUnits(t.Context(), Output, []int32{5000}, 3); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

func TestFilter(t *testing.T) {
	m := small(t)
	f, err := m.Filter([]int32{40, 7, 99})
	if err != nil {
		t.Fatal(err)
	}
	g, err := f.Filter([]int32{99, 40})
	if err != nil {
		t.Fatal(err)
	}
	l, base := layer(t, g, Output, 1), layer(t, m, Output, 1)
	if r, u := l.Dims(); r != 2 || u != 8 || l.TokenID(0) != 99 || l.At(0, 5) != base.At(99, 5) || l.At(1, 5) != base.At(40, 5) {
		t.Error(r, u, l.TokenID(0))
	}
	if _, err := f.Filter([]int32{3}); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	v, err := g.FilterUnits([]UnitID{{1, 5}, {1, 2}, {0, 7}})
	if err != nil || !slices.Equal(v.Layers(Input), []int{0, 1}) {
		t.Fatal(err)
	}
	if l := layer(t, v, Output, 1); l.At(0, 1) != base.At(99, 2) || l.UnitID(0) != (UnitID{1, 5}) {
		t.Error("wrong unit")
	}
	top, err := v.TopUnits(t.Context(), Output, []int32{99}, 3)
	if err != nil || len(top) != 3 {
		t.Fatal(err)
	}
	for _, u := range top {
		if float64(u.Value) != layer(t, m, Output, u.Unit.Layer).At(99, u.Unit.Unit) {
			t.Errorf("%+v", u)
		}
	}
	s, err := v.Stats(t.Context(), nil)
	if err != nil || s[0].Rows != 2 {
		t.Errorf("%+v %v", s, err)
	}
	// Written, a view is an ordinary map.
	var b bytes.Buffer
	one, err := g.FilterUnits([]UnitID{{1, 5}})
	if err != nil {
		t.Fatal(err)
	}
	if err := WriteSYSIF(t.Context(), &b, one); !errors.Is(err, ErrShape) {
		t.Error("a list without its first layer:", err)
	}
	b.Reset()
	if err := WriteSYSIF(t.Context(), &b, g); err != nil {
		t.Fatal(err)
	}
	again, err := NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()), WithRowIDs([]int32{99, 40}))
	if err != nil {
		t.Fatal(err)
	}
	if l := layer(t, again, Output, 1); l.At(1, 5) != base.At(40, 5) || l.TokenID(1) != 40 {
		t.Error("the written view differs")
	}
	if r, ok := again.RowOf(40); r != 1 || !ok {
		t.Error(r, ok)
	}
	if _, err := NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()), WithRowIDs([]int32{99})); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
}

// Two shards make the map of the whole, as NumPy computes and rounds it.
func TestMergeAsNumPy(t *testing.T) {
	tr := numpy(t)
	m := small(t)
	c := m.Counts()
	part := func(mode Mode) Part {
		s, err := NewMap(Float16, map[Mode][]Rows{Input: {layer(t, m, mode, 0)}})
		if err != nil {
			t.Fatal(err)
		}
		return Part{s, NewCounts(map[Mode][]int64{Input: c.All(mode)})}
	}
	whole, counts, err := Merge(0, part(Input), part(Output))
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
		n1, _ := c.Of(Input, int32(i))
		n2, _ := c.Of(Output, int32(i))
		if n, _ := counts.Of(Input, int32(i)); n != n1+n2 {
			t.Errorf("count %d of row %d", n, i)
		}
	}
	// The merged map can be written and read.
	var b bytes.Buffer
	if err := WriteSYSIF(t.Context(), &b, whole); err != nil {
		t.Fatal(err)
	}
	again, err := NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil || layer(t, again, Input, 0).At(8, 1) != tr.Merged[8][1] || layer(t, again, Input, 0).DType() != Float16 {
		t.Error(err)
	}
	if _, _, err := Merge(0); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
	if _, _, err := Merge(0, part(Input), Part{Map: m}); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
	short := part(Input)
	short.Counts = NewCounts(map[Mode][]int64{Input: {1, 2}})
	if _, _, err := Merge(0, short); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
}

func codes(r *Report, s State) (out []string) {
	for _, f := range r.Findings {
		if f.State == s && !slices.Contains(out, f.Code) {
			out = append(out, f.Code)
		}
	}
	return out
}

// Each check fails on a map made for it, and on nothing else.
func TestCheck(t *testing.T) {
	const rows, units = 40, 4 // 32 tokens, 8 positions of a window of 7
	build := func(d DType, change func(x map[Mode][]float32, c map[Mode][]int64)) *Map {
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
		m, err := NewMap(d, map[Mode][]Rows{Input: {rowsOf{x[Input], units}}, Output: {rowsOf{x[Output], units}}}, WithPositions(7), WithCounts(NewCounts(c)))
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
		r := build(c.d, c.change).Check(t.Context(), nil)
		if !slices.Equal(r.Flags(), c.want) || r.Err != nil {
			t.Errorf("%s: flags %v, want %v\n%s", name, r.Flags(), c.want, r)
		}
	}
	// Windows are known: the first position must have as many.
	if r := build(Float32, nil).Check(t.Context(), &CheckOptions{Windows: 21}); !slices.Equal(r.Flags(), []string{"wPos"}) {
		t.Error(r)
	}
	// What is not known is not done, never passed.
	m, err := Open(smallFile)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	r := m.Check(t.Context(), nil)
	if got := codes(r, NotDone); !slices.Equal(got, []string{"rows", "wTkn", "wPos", "unseen", "wAct", "wSum", "bias"}) {
		t.Error(got)
	}
	if !strings.Contains(r.String(), "not done") {
		t.Error(r)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r := m.Check(ctx, nil); !errors.Is(r.Err, context.Canceled) {
		t.Error(r.Err)
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
	m, err := NewMap(Float16, map[Mode][]Rows{Input: {x}}, WithPositions(1), WithCounts(NewCounts(map[Mode][]int64{Input: {n, 0, n, 0}})))
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Check(t.Context(), nil).Flags(); !slices.Equal(got, []string{"wSum", "bias"}) {
		t.Errorf("flags %v (stored / true %.2f)", got, ratio)
	}
}
