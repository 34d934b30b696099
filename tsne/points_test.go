package tsne

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/semamap/semamap/internal/vec"
	"github.com/semamap/semamap/tsne/knn"
)

var errCut = errors.New("the file is cut")

// cut is a set of points that fails after some calls of Row.
type cut struct {
	Points
	left  *atomic.Int64
	short bool // a row is short instead
}

func cutAfter(x Points, calls int) cut {
	c := cut{Points: x, left: new(atomic.Int64)}
	c.left.Store(int64(calls))
	return c
}

func (c cut) Row(dst []float32, i int) ([]float32, error) {
	row, err := c.Points.Row(dst, i)
	if c.left.Add(-1) < 0 {
		if c.short {
			return row[:len(row)-1], nil
		}
		return nil, errCut
	}
	return row, err
}

// TestRowErrors lets a set of points fail at every stage.
func TestRowErrors(t *testing.T) {
	const n, d = 300, 12
	ctx := context.Background()
	flat := make([]float32, n*d)
	for i := range flat {
		flat[i] = float32(normal(1, streamStart, i))
	}
	x := Rows(flat, n, d)
	s := &Settings{Phases: []Phase{{Steps: 2}}}
	res, err := Embed(ctx, x, s)
	if err != nil {
		t.Fatal(err)
	}
	comb := func(base Points) Points {
		start, index := []int{0}, []int32{}
		for i := range n {
			index = append(index, int32(i), int32((i*7+1)%n))
			start = append(start, len(index))
		}
		return knn.Combine(base, start, index, nil)
	}
	for name, run := range map[string]func(x Points) error{
		"rows":      func(x Points) error { _, err := New(ctx, x, s); return err },
		"means":     func(x Points) error { _, err := New(ctx, comb(x), s); return err },
		"new":       func(y Points) error { _, err := res.Transform(ctx, x, y, nil); return err },
		"reference": func(y Points) error { _, err := res.Transform(ctx, y, x, nil); return err },
	} {
		t.Run(name, func(t *testing.T) {
			all := cutAfter(x, 1<<30)
			if err := run(all); err != nil {
				t.Fatal(err)
			}
			calls := 1<<30 - int(all.left.Load())
			for step := range 20 {
				c := cutAfter(x, step*(calls-1)/19)
				if err := run(c); !errors.Is(err, errCut) || !strings.Contains(err.Error(), "row ") {
					t.Fatalf("after %d of %d rows: %v", step*(calls-1)/19, calls, err)
				}
				c = cutAfter(x, step*(calls-1)/19)
				c.short = true
				if err := run(c); !errors.Is(err, knn.ErrPoints) {
					t.Fatalf("short row after %d of %d: %v", step*(calls-1)/19, calls, err)
				}
			}
		})
	}
}

// A map of points and one of their distances have the same affinities.
func TestDistances(t *testing.T) {
	const n, d = 120, 4
	x, _ := blobs(n, d, 3, 2)
	copy(x[d*70:], x[:d*3]) // rows 70 to 72 are copies of rows 0 to 2
	dist := make([][]float64, n)
	for i := range dist {
		dist[i] = make([]float64, n)
		for j := range n {
			for c := range d {
				v := float64(x[i*d+c]) - float64(x[j*d+c])
				dist[i][j] += v * v
			}
			dist[i][j] = math.Sqrt(dist[i][j])
		}
	}
	s := &Settings{Start: Spectral(), Perplexity: 15}
	want, err := New(t.Context(), Rows(x, n, d), s)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Settings{s, {Perplexity: 15}} {
		r, err := New(t.Context(), Distances(Slices(dist)), s)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(r.of, want.of) || r.u != n-3 || !slices.Equal(r.p.Col, want.p.Col) {
			t.Error("other neighbors")
		}
		for e, v := range r.p.Val {
			if math.Abs(float64(v-want.p.Val[e])) > 1e-6*float64(v) {
				t.Fatalf("affinity %d is %v, want %v", e, v, want.p.Val[e])
			}
		}
		for range r.Steps(t.Context()) {
		}
		res, err := r.Result()
		if err != nil {
			t.Fatal(err)
		}
		finite(t, res.Y)
		if res.Y[0] != res.Y[2*70] {
			t.Error("points at distance zero lie apart")
		}
		if _, err := res.Transform(t.Context(), Distances(Slices(dist)), Distances(Slices(dist)), nil); !errors.Is(err, knn.ErrPoints) {
			t.Errorf("transform: %v", err)
		}
	}
	for name, s := range map[string]*Settings{
		"Start": {Start: PCA()}, "Metric": {Metric: knn.Cosine}, "Method": {Search: &knn.Settings{Method: knn.Descent}},
	} {
		var se *SettingError
		if _, err := New(t.Context(), Distances(Slices(dist)), s); !errors.As(err, &se) || se.Name != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	dist[5][9] = -1
	var ve *ValueError
	if _, err := New(t.Context(), Distances(Slices(dist)), nil); !errors.As(err, &ve) || ve.Row != 5 || ve.Col != 9 {
		t.Error(err)
	}
}

// Rows of float64 far from zero make the map of those near zero.
func TestCentered(t *testing.T) {
	const n, d = 60, 4
	x, _ := blobs(n, d, 3, 2)
	near, far := make([]float64, n*d), make([]float64, n*d)
	for i, v := range x {
		near[i] = math.Round(float64(v)*1024)/1024 + 1e-12 // not exact in float32
		far[i] = near[i] + 1<<20
	}
	s := &Settings{Phases: short}
	a, err := Embed(t.Context(), Rows(near, n, d), s)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Embed(t.Context(), Rows(far, n, d), s)
	if err != nil || b.Stats.Distinct != a.Stats.Distinct {
		t.Fatal(b, err)
	}
	y, err := b.Transform(t.Context(), Rows(far, n, d), Rows(far[:d], 1, d), nil)
	if err != nil || y[0] != b.Y[0] || y[1] != b.Y[1] {
		t.Errorf("a copy of row 0 is placed at %v, not %v (%v)", y, b.Y[:2], err)
	}
	p, err := knn.Search(t.Context(), Rows(near, n, d), 10, nil)
	if err != nil {
		t.Fatal(err)
	}
	if q, err := knn.Search(t.Context(), Rows(far, n, d), 10, nil); err != nil || !slices.Equal(p.Index, q.Index) {
		t.Errorf("other neighbors (%v)", err)
	}
}

// What float32 merges is told apart in every stage, and by checkpoints.
func TestWide(t *testing.T) {
	const n = 150
	rng := rand.New(rand.NewPCG(1, 9))
	x := make([]float64, 2*n)
	for i := range n {
		x[2*i], x[2*i+1] = 1.7e9+600*rng.Float64(), 5e7+100*rng.NormFloat64()
	}
	near := make([]float64, 2*n) // the same rows in the middle of their columns
	for c := range 2 {
		col := make([]float64, n)
		for i := range n {
			col[i] = x[2*i+c]
		}
		slices.Sort(col)
		for i := range n {
			near[2*i+c] = x[2*i+c] - col[n/2]
		}
	}
	s := &Settings{Phases: short}
	start, index := make([]int, n+1), make([]int32, n)
	for i := range n {
		start[i+1], index[i] = i+1, int32(i)
	}
	want, err := Embed(t.Context(), Rows(near, n, 2), s)
	if err != nil || want.Stats.Distinct != n {
		t.Fatal(want, err)
	}
	for way, p := range map[string]Points{
		"Rows": Rows(x, n, 2), "means": knn.Combine(Rows(x, n, 2), start, index, nil), "Select": knn.Select(Rows(x, n, 2), index),
	} {
		r, err := Embed(t.Context(), p, s)
		if err != nil || r.Stats.Distinct != n || r.Stats.Rounded != nil || way != "means" && !slices.Equal(r.Y, want.Y) {
			t.Errorf("%s: %+v, %v", way, r.Stats, err)
		}
		// New points are moved as the reference is: copies lie on their rows.
		y, err := r.Transform(t.Context(), p, Rows(x[20:60], 20, 2), nil)
		if err != nil || !slices.Equal(y, r.Y[20:60]) {
			t.Errorf("%s: copies lie apart (%v)", way, err)
		}
	}
	// One number less than a step of float32 away is another run.
	for _, m := range []knn.Metric{knn.Euclidean, knn.Cosine} {
		s.Metric = m
		r, err := New(t.Context(), Rows(x, n, 2), s)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(t.TempDir(), "run")
		if err := r.SaveFile(name); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), name, Rows(x, n, 2), s); err != nil {
			t.Error(err)
		}
		y := slices.Clone(x)
		y[60] += 1e-3
		if _, err := Open(t.Context(), name, Rows(y, n, 2), s); !errors.Is(err, ErrMismatch) {
			t.Errorf("metric %d, other data: %v", m, err)
		}
	}
	// Columns that no offset saves are named.
	for i := range n {
		x[2*i+1] = math.Pow(1.7, float64(i%50)) + 1e-3*float64(i)
	}
	if r, err := Embed(t.Context(), Rows(x, n, 2), &Settings{Phases: short}); err != nil || !slices.Equal(r.Stats.Rounded, []int{1}) {
		t.Errorf("columns %v are lost (%v)", r.Stats.Rounded, err)
	}
}

func TestNewResult(t *testing.T) {
	y := make([]float32, 12)
	for name, f := range map[string]func() (*Result, error){
		"dims":    func() (*Result, error) { return NewResult(y, 4, nil) },
		"y":       func() (*Result, error) { return NewResult(y[:11], 2, nil) },
		"Freedom": func() (*Result, error) { return NewResult(y, 2, &Settings{Freedom: -1}) },
		"Weights": func() (*Result, error) { return NewResult(y, 3, &Settings{Weights: make([]float64, 6)}) },
	} {
		var se *SettingError
		if _, err := f(); !errors.As(err, &se) || se.Name != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	y[7] = float32(math.NaN())
	var ve *ValueError
	if _, err := NewResult(y, 2, nil); !errors.As(err, &ve) || ve.Row != 3 || ve.Col != 1 {
		t.Error(err)
	}
}

// bulk is points that are read fast at once and slowly by rows.
type bulk struct {
	Points
	rows, calls *int
	fail        bool
}

func (b bulk) ReadRows(dst []float32, lo, hi int) error {
	*b.calls++
	if b.fail {
		return errCut
	}
	_, d := b.Dims()
	for i := lo; i < hi; i++ {
		row, err := b.Points.Row(nil, i)
		if err != nil {
			return err
		}
		copy(dst[(i-lo)*d:], row)
	}
	return nil
}

func (b bulk) Row(dst []float32, i int) ([]float32, error) { *b.rows++; return b.Points.Row(dst, i) }

func TestReadRows(t *testing.T) {
	const n, d = 5000, 3
	x, _ := blobs(n, d, 2, 1)
	s := &Settings{Phases: []Phase{{Steps: 2}}, Workers: 1}
	want := embed(t, x, n, d, s)
	b := bulk{Rows(x, n, d), new(int), new(int), false}
	got, err := Embed(t.Context(), b, s)
	if err != nil || !slices.Equal(got.Y, want.Y) || *b.rows > 0 || *b.calls != 2 {
		t.Errorf("%d rows, %d blocks read; %v", *b.rows, *b.calls, err)
	}
	if g, err := knn.Search(t.Context(), b, 3, nil); err != nil || g.N != n || *b.rows > 0 || *b.calls != 4 {
		t.Errorf("search: %d rows, %d blocks read; %v", *b.rows, *b.calls, err)
	}
	s.MaxMemory = 1 << 40
	got, err = Embed(t.Context(), b, s)
	if err != nil || !slices.Equal(got.Y, want.Y) || *b.rows == 0 {
		t.Errorf("bounded memory: %d rows read; %v", *b.rows, err)
	}
	b.fail, s.MaxMemory = true, 0
	if _, err := Embed(t.Context(), b, s); !errors.Is(err, errCut) || !strings.Contains(err.Error(), "rows 0 to 4095") {
		t.Error(err)
	}
	if _, err := knn.Search(t.Context(), b, 3, nil); !errors.Is(err, errCut) {
		t.Error(err)
	}
}

func TestStatsKernels(t *testing.T) {
	x, _ := blobs(60, 20, 3, 1)
	want := vec.Best().String()
	if vec.Splits() {
		want += "+amx"
	}
	if s := embed(t, x, 60, 20, &Settings{Phases: short}).Stats; s.Kernels != want || s.Stepping <= 0 {
		t.Errorf("%+v, want %s", s, want)
	}
}
