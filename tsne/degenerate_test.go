package tsne

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/semamap/semamap/tsne/knn"
)

// deadline fails the test when f takes longer than some seconds or leaves a
// goroutine behind.
func deadline(t *testing.T, f func()) {
	t.Helper()
	before := runtime.NumGoroutine()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(60 * time.Second):
		t.Fatal("hangs")
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

// short is a schedule for tests of what happens, not of how well.
var short = []Phase{{Steps: 30, Exaggeration: 12}, {Steps: 30}}

func embed(t *testing.T, x []float32, n, d int, s *Settings) *Result {
	t.Helper()
	if s == nil {
		s = &Settings{Phases: short}
	}
	var res *Result
	deadline(t, func() {
		var err error
		if res, err = Embed(context.Background(), Rows(x, n, d), s); err != nil {
			t.Error(err)
		}
	})
	if res == nil {
		t.FailNow()
	}
	finite(t, res.Y)
	if !(res.KL-res.KL == 0) {
		t.Errorf("KL = %v", res.KL)
	}
	dims := max(s.Dims, 1)
	if s.Dims == 0 {
		dims = 2
	}
	if len(res.Y) != n*dims || res.Len() != n {
		t.Errorf("%d numbers for %d rows", len(res.Y), n)
	}
	return res
}

func TestValueError(t *testing.T) {
	for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))} {
		x, _ := blobs(100, 7, 2, 1)
		x[7*63+4] = bad
		x[7*80+1] = bad // the first is named
		_, err := Embed(context.Background(), Rows(x, 100, 7), nil)
		var ve *ValueError
		if !errors.As(err, &ve) || !errors.Is(err, knn.ErrValue) || ve.Row != 63 || ve.Col != 4 || (ve.Value == ve.Value && ve.Value != float64(bad)) {
			t.Errorf("%v: %v", bad, err)
		}
		c := knn.Combine(Rows(x, 100, 7), []int{0, 1, 3}, []int32{5, 6, 63}, nil)
		if _, err := Embed(context.Background(), c, nil); !errors.As(err, &ve) || ve.Row != 1 || ve.Col != 4 {
			t.Errorf("combination with %v: %v", bad, err)
		}
	}
	m := table{3, 2, []float64{1, 2, 3, 1e39, 5, 6}}
	var ve *ValueError
	if _, err := Embed(context.Background(), Matrix(m), nil); !errors.As(err, &ve) || ve.Row != 1 || ve.Col != 1 || ve.Value != 1e39 {
		t.Errorf("beyond float32: %v", err)
	}
	// An overflow of the sum of finite numbers.
	c := knn.Combine(Rows([]float32{3e38, 1, 2, 3}, 2, 2), []int{0, 1, 3}, []int32{1, 0, 0}, []float32{1, 1, 1})
	if _, err := Embed(context.Background(), c, nil); !errors.As(err, &ve) || ve.Row != 1 || ve.Col != 0 {
		t.Errorf("overflowing combination: %v", err)
	}
}

// table is a matrix as gonum's.
type table struct {
	r, c int
	x    []float64
}

func (m table) Dims() (r, c int)    { return m.r, m.c }
func (m table) At(i, j int) float64 { return m.x[i*m.c+j] }

func TestMatrix(t *testing.T) {
	x, _ := blobs(60, 4, 3, 1)
	m := table{60, 4, make([]float64, len(x))}
	for i, v := range x {
		m.x[i] = float64(v)
	}
	s := &Settings{Phases: short}
	want := embed(t, x, 60, 4, s)
	got, err := Embed(context.Background(), Matrix(m), s)
	if err != nil || !slices.Equal(got.Y, want.Y) {
		t.Errorf("a matrix gives another map (%v)", err)
	}
}

func TestBadShape(t *testing.T) {
	for _, c := range []struct{ len, n, d int }{{10, 3, 4}, {0, -1, 2}, {0, 2, -1}, {1, math.MaxInt, 2}, {4, math.MaxInt/2 + 3, 2}} {
		_, err := Embed(context.Background(), Rows(make([]float32, c.len), c.n, c.d), nil)
		if !errors.Is(err, knn.ErrPoints) {
			t.Errorf("%v: %v", c, err)
		}
	}
	if _, err := Embed(context.Background(), nil, nil); !errors.Is(err, knn.ErrSetting) {
		t.Errorf("no points: %v", err)
	}
	for _, c := range []Points{
		knn.Combine(nil, nil, nil, nil),
		knn.Combine(Rows(make([]float32, 4), 2, 2), []int{0, 3}, []int32{0, 1}, nil),
		knn.Combine(Rows(make([]float32, 4), 2, 2), []int{0, 2, 1}, []int32{0, 1}, nil),
		knn.Combine(Rows(make([]float32, 4), 2, 2), []int{0, 2}, []int32{0, 2}, nil),
		knn.Combine(Rows(make([]float32, 4), 2, 2), []int{0, 2}, []int32{0, 1}, []float32{1}),
		knn.Combine(Rows(make([]float32, 4), 2, 2), []int{0, 2, 2}, []int32{0, 1}, nil),
	} {
		if _, err := Embed(context.Background(), c, nil); !errors.Is(err, knn.ErrPoints) {
			t.Errorf("%v: %v", c, err)
		}
	}
}

func TestTiny(t *testing.T) {
	for _, dims := range []int{1, 2, 3} {
		for _, m := range []Method{Auto, Exact, Tree, Mesh} {
			if m == Mesh && dims == 3 {
				continue
			}
			for n := range 6 {
				t.Run(fmt.Sprintf("%d-D/%v/n=%d", dims, m, n), func(t *testing.T) {
					x := []float32{0, 0, 1, 0, 0, 3, 5, 5, 9, 1}
					res := embed(t, x[:2*n], n, 2, &Settings{Phases: short, Dims: dims, Expert: &Expert{Method: m}})
					if n == 1 && (!slices.Equal(res.Y, make([]float32, dims)) || res.KL != 0) {
						t.Errorf("%v, KL %v", res.Y, res.KL)
					}
					for i := range n {
						for j := range i {
							if slices.Equal(res.Y[i*dims:(i+1)*dims], res.Y[j*dims:(j+1)*dims]) {
								t.Errorf("rows %d and %d are at the same place", i, j)
							}
						}
					}
				})
			}
		}
	}
}

func TestAllEqual(t *testing.T) {
	x := slices.Repeat([]float32{1, -2, 3}, 40)
	for _, s := range []*Settings{nil, {Perplexity: 5}, {Dims: 3}, {Start: Random()}} {
		res := embed(t, x, 40, 3, s)
		for _, v := range res.Y {
			if v != 0 {
				t.Fatalf("a position is %v", v)
			}
		}
		if res.KL != 0 || res.Stats.Distinct != 1 {
			t.Errorf("KL %v, %d distinct rows", res.KL, res.Stats.Distinct)
		}
	}
	// −0 equals +0; no columns at all.
	if res := embed(t, []float32{0, float32(math.Copysign(0, -1))}, 2, 1, nil); res.Stats.Distinct != 1 {
		t.Error("−0 and +0 are distinct")
	}
	embed(t, nil, 7, 0, nil)
	res := embed(t, x, 40, 3, &Settings{Duplicates: Keep, Phases: short})
	if res.Stats.Unsolved != 40 {
		t.Errorf("%d rows unsolved, want all 40", res.Stats.Unsolved)
	}
}

func TestTwoRows(t *testing.T) {
	r, err := New(context.Background(), Rows([]float32{0, 1}, 2, 1), &Settings{Perplexity: 50})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.p.Val, []float32{0.5, 0.5}) {
		t.Errorf("p = %v, want ½ each", r.p.Val)
	}
	// Two rows of three, one doubled.
	res := embed(t, []float32{0, 1, 1}, 3, 1, &Settings{Perplexity: 50})
	if res.Stats.Distinct != 2 || res.Y[2] != res.Y[4] || res.Y[0] == res.Y[2] {
		t.Errorf("%v", res.Y)
	}
}

func TestColumns(t *testing.T) {
	x, _ := blobs(90, 3, 3, 4)
	wide := make([]float32, 0, 90*5)
	for i := range 90 {
		wide = append(wide, 7, x[3*i], x[3*i+1], -1e20, x[3*i+2])
	}
	s := &Settings{Phases: short, Start: Random()}
	if a, b := embed(t, x, 90, 3, s), embed(t, wide, 90, 5, s); !slices.Equal(a.Y, b.Y) {
		t.Error("constant columns change the map")
	}
	embed(t, wide, 90, 5, nil)
	embed(t, x[:90], 90, 1, nil)
	// A line of points may leave its line.
	line := make([]float32, 50)
	for i := range line {
		line[i] = float32(i)
	}
	res := embed(t, line, 50, 1, &Settings{})
	var high float32
	for i := 1; i < len(res.Y); i += 2 {
		high = max(high, res.Y[i])
	}
	if high < 0.1 {
		t.Errorf("a line stays on its line: %v", high)
	}
}

func TestPerplexity(t *testing.T) {
	for _, c := range []struct {
		n    int
		want float64
	}{{3, 1.5}, {4, 2}, {5, 2}, {8, 7. / 3}, {61, 20}, {91, 30}, {200, 30}} {
		x, _ := blobs(c.n, 3, 2, 5)
		if res := embed(t, x, c.n, 3, &Settings{Phases: short}); res.Perplexity != c.want {
			t.Errorf("n=%d: perplexity %v, want %v", c.n, res.Perplexity, c.want)
		}
	}
	x, _ := blobs(50, 3, 2, 5)
	copy(x[3*40:], x[:3*10]) // 40 distinct
	for _, p := range []float64{math.NaN(), -1, 0.5, 1, 39, 50, math.Inf(1)} {
		_, err := Embed(context.Background(), Rows(x, 50, 3), &Settings{Perplexity: p})
		var se *SettingError
		if !errors.As(err, &se) || !errors.Is(err, knn.ErrSetting) || se.Name != "Perplexity" {
			t.Errorf("perplexity %v: %v", p, err)
		}
	}
	r, err := New(context.Background(), Rows(x, 50, 3), &Settings{Perplexity: 30})
	if err != nil || r.stats.neighbors != 39 || r.stats.Unsolved != 0 {
		t.Errorf("%v", err)
	}
}

func TestSimplex(t *testing.T) {
	const n = 60
	x := make([]float32, n*n)
	for i := range n {
		x[i*n+i] = 1
	}
	res := embed(t, x, n, n, nil)
	if res.Stats.Unsolved != n {
		t.Errorf("%d rows unsolved, want all", res.Stats.Unsolved)
	}
}

// Half of the rows are copies, some with more copies than the perplexity.
func TestDuplicates(t *testing.T) {
	const n = 200
	x, _ := blobs(n, 4, 3, 6)
	for i := 100; i < n; i++ {
		copy(x[4*i:4*i+4], x[4*(i%30%3):])
	}
	res := embed(t, x, n, 4, &Settings{Perplexity: 10})
	// Few rows have one with more copies than the perplexity next to them,
	// and so no solution.
	if res.Stats.Distinct != 100 || res.Stats.Unsolved > 3 {
		t.Errorf("%+v", res.Stats)
	}
	for i := 100; i < n; i++ {
		a, b := res.Y[2*i:2*i+2], res.Y[2*(i%30%3):][:2]
		if !slices.Equal(a, b) {
			t.Fatalf("copy %d is apart from its row", i)
		}
	}
	kept := embed(t, x, n, 4, &Settings{Perplexity: 10, Duplicates: Keep, Phases: short})
	if kept.Stats.Unsolved == 0 || kept.Stats.Distinct != n {
		t.Errorf("%+v", kept.Stats)
	}
}

// Distances that differ in the seventh digit.
func TestNearDuplicates(t *testing.T) {
	const n = 80
	x := make([]float32, 2*n)
	for i := range n {
		x[2*i] = 1000 * (1 + float32(i%40)*1.2e-7)
		x[2*i+1] = float32(i / 40)
	}
	embed(t, x, n, 2, nil)
}

// P must not change with the scale or the place of the data.
func TestScale(t *testing.T) {
	const n, d = 120, 5
	x, _ := blobs(n, d, 3, 7)
	for i := range x {
		x[i] = float32(math.Round(float64(x[i])*64) / 64) // so that shifts are exact
	}
	s := &Settings{Phases: short}
	base, err := New(context.Background(), Rows(x, n, d), s)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ scale, shift float32 }{{1e30, 0}, {1e-30, 0}, {1e-18, 0}, {1, 4096}, {1, 65536}, {0x1p90, 0}} {
		y := make([]float32, len(x))
		for i, v := range x {
			y[i] = v*c.scale + c.shift
		}
		r, err := New(context.Background(), Rows(y, n, d), s)
		if err != nil {
			t.Fatalf("%v: %v", c, err)
		}
		if !slices.Equal(r.p.Col, base.p.Col) {
			t.Errorf("%v: other neighbors", c)
			continue
		}
		for e, v := range r.p.Val {
			if w := base.p.Val[e]; math.Abs(float64(v-w)) > 1e-6*float64(w)+1e-12 {
				t.Errorf("%v: P is %v, want %v", c, v, w)
				break
			}
		}
		advance(r, 1<<30)
		res, err := r.Result()
		if err != nil {
			t.Errorf("%v: %v", c, err)
		}
		finite(t, res.Y)
	}
}

func TestOutliers(t *testing.T) {
	// Given positions far apart: the mesh gives way, memory is bounded.
	const n = 3000
	x, _ := blobs(n, 3, 3, 8)
	y := make([]float32, 2*n)
	for i := range y {
		y[i] = float32(i % 37)
	}
	y[0], y[1], y[7] = 1e9, -1e9, 1e12
	r, err := New(context.Background(), Rows(x, n, 3), &Settings{Start: Positions(y), KeepStart: true, Expert: &Expert{Method: Mesh}, Phases: short})
	if err != nil {
		t.Fatal(err)
	}
	for step := range r.Steps(t.Context()) {
		if step.method == Mesh {
			t.Fatal("a mesh of a map of 1e12")
		}
	}
	res, err := r.Result()
	if err != nil {
		t.Fatal(err)
	}
	finite(t, res.Y)
	for i := range y {
		// No point moves faster than the clip; the mean is removed as well.
		if i > 7 && math.Abs(float64(res.Y[i]-res.Y[i%2+8])) > 37+2*5*60 {
			t.Fatalf("point %d went to %v", i/2, res.Y[i])
		}
	}
}

func TestEqualStart(t *testing.T) {
	x, _ := blobs(60, 3, 3, 8)
	res := embed(t, x, 60, 3, &Settings{Start: Positions(make([]float32, 120)), Phases: short})
	seen := map[[2]float32]bool{}
	for i := range 60 {
		seen[[2]float32{res.Y[2*i], res.Y[2*i+1]}] = true
	}
	if len(seen) != 60 {
		t.Errorf("%d places for 60 rows", len(seen))
	}
	for _, bad := range [][]float32{make([]float32, 119), append(make([]float32, 119), float32(math.NaN())), append(make([]float32, 119), 1e30)} {
		if _, err := Embed(context.Background(), Rows(x, 60, 3), &Settings{Start: Positions(bad)}); err == nil {
			t.Error("no error for bad positions")
		}
	}
	// Different positions are taken as they are where that is asked for, and with
	// fixed rows; else they are centered and scaled.
	y := make([]float32, 120)
	for i := range y {
		y[i] = float32(i)
	}
	for _, s := range []*Settings{{KeepStart: true}, {Fixed: append(make([]bool, 59), true)}} {
		s.Start = Positions(y)
		r, err := New(context.Background(), Rows(x, 60, 3), s)
		if err != nil || !slices.Equal(r.Positions(nil), y) {
			t.Errorf("start is not as given (%v)", err)
		}
	}
	for _, s := range []*Settings{{}, {Fixed: make([]bool, 60)}} {
		for name, c := range map[string]struct{ x, y, side float64 }{ // factors of the columns; the longest side of the start
			"wide": {1e3, 1e3, 3.407e-4}, "as it should be": {1e-5, 1e-5, 3.407e-4}, "narrow": {1e-12, 1e-12, 3.407e-4},
			"high": {1, 4, 13.63e-4}, "a line": {0, 7, 3.407e-4}, "nearly a line": {1e-9, 7, 3.407e-4},
		} {
			z := slices.Clone(y)
			for i := 0; i < len(z); i += 2 {
				z[i], z[i+1] = z[i]*float32(c.x), z[i+1]*float32(c.y)
			}
			s.Start = Positions(z)
			r, err := New(context.Background(), Rows(x, 60, 3), s)
			if err != nil {
				t.Fatal(err)
			}
			p := r.Positions(nil)
			b := boxOf(p, 2)
			if side := b.side(); math.Abs(side/c.side-1) > 0.001 || math.Abs(float64(b.lo[1]+b.hi[1])) > 1e-6 {
				t.Errorf("%s: a start of side %v, from %v to %v", name, side, b.lo, b.hi)
			}
			if c.x == c.y && math.Abs(float64((p[7]-p[1])/(p[6]-p[0]))-1) > 1e-4 {
				t.Errorf("%s: the start has another shape", name)
			}
		}
	}
}

func TestAbsurdRates(t *testing.T) {
	x, _ := blobs(100, 3, 3, 8)
	for _, p := range []Phase{{LearningRate: 1e30}, {Exaggeration: 1000}, {Exaggeration: 1e6, LearningRate: 1e38}, {LearningRate: 1e-30}, {Momentum: 0.99999}} {
		for _, m := range []Method{Exact, Mesh, Tree} {
			p.Steps = 50
			embed(t, x, 100, 3, &Settings{Phases: []Phase{p}, Expert: &Expert{Method: m}})
		}
	}
}

func TestDiverged(t *testing.T) {
	r := smallRun(t, 100)
	advance(r, 3)
	r.v[11] = float32(math.NaN())
	steps := 0
	for range r.Steps(t.Context()) {
		steps++
	}
	if _, err := r.Result(); !errors.Is(err, ErrDiverged) || !strings.Contains(err.Error(), "step 4: ") || steps != 1 {
		t.Errorf("%v after %d steps", err, steps)
	}
	if err := r.Save(nil); !errors.Is(err, ErrDiverged) {
		t.Errorf("Save: %v", err)
	}
	if f := r.Repulsion(); f.Z == f.Z || f.Phi[99] == f.Phi[99] || f.Force[0] == f.Force[0] {
		t.Errorf("Repulsion: Z = %v", f.Z)
	}
}

func TestGivenAffinities(t *testing.T) {
	// Two parts without a link, and a row on its own.
	p := &joint{Ptr: []int64{0, 1, 2, 3, 4, 4}, Col: []int32{1, 0, 3, 2}, Val: []float32{1, 1, 3, 3}}
	for _, s := range []*Settings{{Start: Random()}, {Start: Spectral()}, {Start: Random(), Dims: 3}, {Start: Random(), Expert: &Expert{Method: Mesh}}} {
		s.Affinities, s.Phases = p.points(), short
		res, err := Embed(context.Background(), nil, s)
		if err != nil {
			t.Fatal(err)
		}
		finite(t, res.Y)
		if res.Len() != 5 {
			t.Errorf("%d rows", res.Len())
		}
	}
	if p.Val[3] != 3 {
		t.Error("the given values were changed")
	}
	r, err := New(context.Background(), nil, &Settings{Affinities: p.points(), Start: Random()})
	if err != nil || r.p.Val[0] != 0.125 {
		t.Errorf("not normalized: %v (%v)", r.p.Val, err)
	}
	if _, err := New(context.Background(), nil, &Settings{Affinities: p.points()}); !errors.Is(err, knn.ErrSetting) {
		t.Errorf("PCA without points: %v", err)
	}
	nan := float32(math.NaN())
	for _, c := range []struct {
		name     string
		a        joint
		row, col int
	}{
		{"negative", joint{[]int64{0, 1, 2}, []int32{1, 0}, []float32{-1, -1}}, 0, 1},
		{"NaN", joint{[]int64{0, 1, 2}, []int32{1, 0}, []float32{nan, nan}}, 0, 1},
		{"NaN behind", joint{[]int64{0, 2, 4, 5}, []int32{2, 1, 0, 2, 1}, []float32{1, 1, 1, nan, 1}}, 1, 2},
		{"diagonal", joint{[]int64{0, 1, 1}, []int32{0}, []float32{1}}, 0, -1},
		{"range", joint{[]int64{0, 1, 2}, []int32{2, 0}, []float32{1, 1}}, 0, 0},
		{"zero sum", joint{[]int64{0, 1, 2}, []int32{1, 0}, []float32{0, 0}}, 0, -1},
		{"pointers", joint{[]int64{0, 3, 2}, []int32{1, 0}, []float32{1, 1}}, 0, -1},
		{"lengths", joint{[]int64{0, 1, 2}, []int32{1, 0}, []float32{1}}, 0, -1},
	} {
		_, err := New(context.Background(), nil, &Settings{Affinities: c.a.points(), Start: Random()})
		if !errors.Is(err, knn.ErrSetting) && !errors.Is(err, knn.ErrPoints) || c.col >= 0 && c.name != "range" && !strings.Contains(err.Error(), fmt.Sprintf("row %d, column %d: ", c.row, c.col)) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestGivenNeighbors(t *testing.T) {
	const n = 100
	x, _ := blobs(n, 4, 3, 3)
	g, err := knn.Search(context.Background(), Rows(x, n, 4), 60, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &Settings{Phases: short, Perplexity: 20}
	want := embed(t, x, n, 4, s)
	s.Neighbors = g
	if got := embed(t, x, n, 4, s); !slices.Equal(got.Y, want.Y) {
		t.Error("given neighbors give another map")
	}
	a, err := NewAffinities(context.Background(), g, &Settings{Perplexity: 20})
	if err != nil {
		t.Fatal(err)
	}
	s = &Settings{Phases: short, Affinities: a.points()}
	if got := embed(t, x, n, 4, s); !slices.Equal(got.Y, want.Y) {
		t.Error("given affinities give another map")
	}
	for name, spoil := range map[string]func(g *knn.Graph){
		"self":     func(g *knn.Graph) { g.Index[2*60+5] = 2 },
		"repeated": func(g *knn.Graph) { g.Index[2*60+5] = g.Index[2*60+4] },
		"range":    func(g *knn.Graph) { g.Index[2*60+5] = n },
		"negative": func(g *knn.Graph) { g.Index[2*60+5] = -1 },
		"NaN":      func(g *knn.Graph) { g.Dist2[2*60+5] = math.NaN() },
	} {
		bad := &knn.Graph{N: n, K: 60, Index: slices.Clone(g.Index), Dist2: slices.Clone(g.Dist2)}
		spoil(bad)
		_, err := New(context.Background(), Rows(x, n, 4), &Settings{Neighbors: bad})
		if !errors.Is(err, knn.ErrGraph) || !strings.Contains(err.Error(), "row 2, entry 5: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := New(context.Background(), Rows(x, n, 4), &Settings{Neighbors: g, Perplexity: 60}); !errors.Is(err, knn.ErrSetting) {
		t.Errorf("perplexity 60 of 60 neighbors: %v", err)
	}
	bad := &knn.Graph{N: n, K: 60}
	if _, err := New(context.Background(), Rows(x, n, 4), &Settings{Neighbors: bad}); !errors.Is(err, knn.ErrGraph) {
		t.Errorf("empty graph: %v", err)
	}
}

func TestSettingsErrors(t *testing.T) {
	x, _ := blobs(40, 3, 2, 1)
	for name, s := range map[string]Settings{
		"Dims":                   {Dims: 4},
		"Kernel":                 {Kernel: Sigma(-1)},
		"Phases[0].Steps":        {Phases: []Phase{{Steps: -1}}},
		"Phases[1].Momentum":     {Phases: []Phase{{}, {Momentum: 1}}},
		"MinGradNorm":            {MinGradNorm: -1},
		"Expert.Method":          {Expert: &Expert{Method: Mesh}, Dims: 3},
		"Expert.Spacing":         {Expert: &Expert{Spacing: 0.7}},
		"Expert.Theta":           {Expert: &Expert{Theta: 2}},
		"Freedom":                {Freedom: -1},
		"Expert.MaxStep":         {Expert: &Expert{MaxStep: math.NaN()}},
		"MaxMemory":              {MaxMemory: -1},
		"Duplicates":             {Duplicates: 9},
		"Weights":                {Weights: make([]float64, 40)},
		"Fixed":                  {Fixed: make([]bool, 3)},
		"LearningRate":           {LearningRate: 5, Phases: short},
		"Iterations":             {Iterations: 5, Phases: short},
		"EarlyExaggeration":      {EarlyExaggeration: 5, Phases: short},
		"Iterations ":            {Iterations: -5},
		"EarlyExaggeration ":     {EarlyExaggeration: -5},
		"LearningRate ":          {LearningRate: -5},
		"Metric":                 {Metric: knn.Cosine, Search: &knn.Settings{Metric: knn.Correlation}},
		"Metric ":                {Metric: 9},
		"KeepStart":              {KeepStart: true},
		"Phases[0].LearningRate": {Phases: []Phase{{LearningRate: math.Inf(1)}}},
	} {
		_, err := Embed(context.Background(), Rows(x, 40, 3), &s)
		var se *SettingError
		if !errors.As(err, &se) || se.Name != strings.TrimSpace(name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// All wrong settings are named at once.
	_, err := Embed(context.Background(), Rows(x, 40, 3), &Settings{Dims: 9, Expert: &Expert{Theta: -1}})
	if e, ok := err.(interface{ Unwrap() []error }); !ok || len(e.Unwrap()) != 2 {
		t.Errorf("%v", err)
	}
	if _, err := Embed(context.Background(), Rows(x, 40, 3), &Settings{MaxMemory: 100}); !errors.Is(err, knn.ErrMemory) {
		t.Errorf("MaxMemory: %v", err)
	}
	for _, k := range []Kernel{Mixture(), Mixture(5, 39), Multiscale(0.5), Uniform(0), Uniform(40), Sigma(math.Inf(1))} {
		if _, err := Embed(context.Background(), Rows(x, 40, 3), &Settings{Kernel: k}); !errors.Is(err, knn.ErrSetting) {
			t.Errorf("%v: %v", k, err)
		}
	}
}

func TestCancel(t *testing.T) {
	const n, d = 4000, 10
	x, _ := blobs(n, d, 5, 1)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	deadline(t, func() {
		if _, err := Embed(ctx, Rows(x, n, d), nil); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	// Some time later: in any stage.
	for _, after := range []time.Duration{time.Millisecond, 5 * time.Millisecond, 20 * time.Millisecond, 80 * time.Millisecond, 200 * time.Millisecond} {
		deadline(t, func() {
			ctx, cancel := context.WithCancel(context.Background())
			defer time.AfterFunc(after, cancel).Stop()
			res, err := Embed(ctx, Rows(x, n, d), &Settings{Phases: []Phase{{Steps: 1 << 30}}})
			cancel()
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			if res != nil {
				finite(t, res.Y)
			}
		})
	}
}
