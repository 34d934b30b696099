package tsne

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/semamap/semamap/tsne/knn"
)

func TestTransform(t *testing.T) {
	const n, m, d = 600, 60, 10
	all, label := blobs(n+m, d, 6, 21)
	ref, x := all[:n*d], all[n*d:]
	copy(x[:d], ref[17*d:18*d]) // an exact copy
	ctx := context.Background()
	for _, s := range []Settings{{}, {Dims: 1}, {Dims: 3}, {Expert: &Expert{Method: Mesh}, Freedom: 0.7}} {
		s.Phases = []Phase{{Steps: 100, Exaggeration: 12}, {Steps: 100}}
		res, err := Embed(ctx, Rows(ref, n, d), &s)
		if err != nil {
			t.Fatal(err)
		}
		k := res.Dims
		y, err := res.Transform(ctx, Rows(ref, n, d), Rows(x, m, d), nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(y) != m*k {
			t.Fatalf("%d numbers", len(y))
		}
		finite(t, y)
		if !slices.Equal(y[:k], res.Y[17*k:18*k]) {
			t.Errorf("%d-D: a copy is at %v, its row at %v", k, y[:k], res.Y[17*k:18*k])
		}
		good := 0
		for i := 1; i < m; i++ {
			best, at := math.Inf(1), 0
			for j := range n {
				var d2 float64
				for c := range k {
					v := float64(y[i*k+c] - res.Y[j*k+c])
					d2 += v * v
				}
				if d2 < best {
					best, at = d2, j
				}
			}
			if label[at] == label[n+i] {
				good++
			}
		}
		if good < (m-1)*95/100 {
			t.Errorf("%d-D: %d of %d new points are beside their own", k, good, m-1)
		}
		// A position does not depend on what else is placed.
		for _, cut := range [][2]int{{0, 1}, {5, 6}, {13, 40}} {
			part, err := res.Transform(ctx, Rows(ref, n, d), Rows(x[cut[0]*d:cut[1]*d], cut[1]-cut[0], d), &TransformSettings{Workers: 3})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(part, y[cut[0]*k:cut[1]*k]) {
				t.Errorf("%d-D: rows %d to %d alone go elsewhere", k, cut[0], cut[1])
			}
		}
		// They stay near the map.
		lo, hi := slices.Min(res.Y), slices.Max(res.Y)
		for _, v := range y {
			if v < lo-0.1*(hi-lo)-1e-3 || v > hi+0.1*(hi-lo)+1e-3 {
				t.Errorf("%d-D: %v is outside [%v, %v]", k, v, lo, hi)
			}
		}
	}
}

// Without other settings new points are placed by the metric of the map.
func TestTransformMetric(t *testing.T) {
	const n, m, d = 200, 20, 6
	x, _ := blobs(n+m, d, 4, 3)
	for i := n; i < n+m; i++ { // the same directions, far out
		for c := range d {
			x[i*d+c] = 100 * x[(i-n)*d+c]
		}
	}
	ref, far := Rows(x[:n*d], n, d), Rows(x[n*d:], m, d)
	s := &Settings{Search: &knn.Settings{Metric: knn.Cosine}, Phases: []Phase{{Steps: 50}}}
	res, err := Embed(context.Background(), ref, s)
	if err != nil {
		t.Fatal(err)
	}
	got, err := res.Transform(context.Background(), ref, far, nil)
	if err != nil {
		t.Fatal(err)
	}
	again := func(s *Settings) []float32 {
		stored, err := NewResult(res.Y, 2, s)
		if err != nil {
			t.Fatal(err)
		}
		y, err := stored.Transform(context.Background(), ref, far, nil)
		if err != nil {
			t.Fatal(err)
		}
		return y
	}
	want, plain := again(&Settings{Metric: knn.Cosine}), again(nil)
	if !slices.Equal(got, want) || slices.Equal(got, plain) {
		t.Error("not placed by the cosine")
	}
}

func TestTransformErrors(t *testing.T) {
	const n, d = 40, 3
	x, _ := blobs(n, d, 2, 1)
	ctx := context.Background()
	res := embed(t, x, n, d, nil)
	ref := Rows(x, n, d)
	nan := slices.Clone(x)
	nan[4] = float32(math.NaN())
	for name, f := range map[string]func() error{
		"another reference": func() error { _, err := res.Transform(ctx, Rows(x[:d], 1, d), ref, nil); return err },
		"columns":           func() error { _, err := res.Transform(ctx, ref, Rows(x, n*d, 1), nil); return err },
		"perplexity": func() error {
			_, err := res.Transform(ctx, ref, ref, &TransformSettings{Perplexity: 50})
			return err
		},
		"steps": func() error { _, err := res.Transform(ctx, ref, ref, &TransformSettings{Iterations: -2}); return err },
	} {
		if err := f(); !errors.Is(err, knn.ErrSetting) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := res.Transform(ctx, ref, Rows(nan, n, d), nil); !errors.Is(err, knn.ErrValue) {
		t.Errorf("NaN: %v", err)
	}
	if y, err := res.Transform(ctx, ref, Rows[float32](nil, 0, d), nil); err != nil || len(y) != 0 {
		t.Errorf("no new rows: %v, %v", y, err)
	}
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := res.Transform(stopped, ref, ref, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	// One reference row.
	one := embed(t, x[:d], 1, d, nil)
	if y, err := one.Transform(ctx, Rows(x[:d], 1, d), ref, nil); err != nil || len(y) != 2*n {
		t.Errorf("one reference row: %v", err)
	}
}

func TestAdd(t *testing.T) {
	r := smallRun(t, 100)
	advance(r, 1<<30)
	if err := r.Add(Phase{Steps: -1}); !errors.Is(err, knn.ErrSetting) {
		t.Error(err)
	}
	if err := r.Add(Phase{Steps: 5, Exaggeration: 2}); err != nil {
		t.Fatal(err)
	}
	n := 0
	for s := range r.Steps(t.Context()) {
		n++
		if s.Total != 75 || s.Iter != 70+n || s.Exaggeration != 2 {
			t.Errorf("%+v", s)
		}
	}
	if n != 5 {
		t.Errorf("%d more steps", n)
	}
}

func TestEarlyStop(t *testing.T) {
	x, _ := blobs(200, 5, 3, 2)
	res := embed(t, x, 200, 5, &Settings{Phases: []Phase{{Steps: 50, Exaggeration: 12}, {Steps: 100000}}, MinGradNorm: 1e-4})
	if res.Steps >= 50000 || res.Steps <= 50 {
		t.Errorf("%d steps", res.Steps)
	}
}

// Exaggeration must not collapse points without structure
// (openTSNE issue 233).
func TestNoCollapse(t *testing.T) {
	x, _ := blobs(100, 10, 1, 2)
	for _, m := range []Method{Exact, Mesh} {
		res := embed(t, x, 100, 10, &Settings{Phases: []Phase{{Steps: 250, Exaggeration: 12}}, Expert: &Expert{Method: m}})
		if side := boxOf(res.Y, 2).side(); side < 0.9e-6 || side > 100 {
			t.Errorf("%v: the side is %v", m, side)
		}
		res = embed(t, x, 100, 10, &Settings{Expert: &Expert{Method: m}})
		if side := boxOf(res.Y, 2).side(); side < 1 {
			t.Errorf("%v: the side is %v at the end", m, side)
		}
	}
}

// XY and Len make a result an XYer of gonum's plotter.
func TestXY(t *testing.T) {
	var _ interface {
		Len() int
		XY(int) (x, y float64)
	} = (*Result)(nil)
	r := smallRun(t, 100)
	advance(r, 60)
	res, err := r.Result()
	if err != nil {
		t.Fatal(err)
	}
	if res.Len() != 100 {
		t.Errorf("%d rows", res.Len())
	}
	y, z := r.Positions(nil), res.Float64()
	for i := range 100 {
		u, v := res.XY(i)
		if float64(y[2*i]) != u || float64(y[2*i+1]) != v || z[2*i] != u || z[2*i+1] != v {
			t.Fatalf("row %d is at %v and %v, %v", i, y[2*i:2*i+2], u, v)
		}
	}
}

// A reference row of weight w places new points as w copies of it would.
func TestTransformWeights(t *testing.T) {
	const n, m, d = 12, 10, 3
	all, _ := blobs(n+m, d, 2, 5)
	ref, x := all[:n*d], all[n*d:]
	one := &Result{Dims: 2, freedom: 1, weights: make([]float64, n)}
	copies := &Result{Dims: 2, freedom: 1} // each of weight 1
	var twice []float32
	for i := range n {
		a, b := float32(i%4), float32(i/4)
		one.Y = append(one.Y, a, b)
		one.weights[i] = float64(1 + i%3)
		for range 1 + i%3 {
			copies.Y, copies.weights = append(copies.Y, a, b), append(copies.weights, 1)
			twice = append(twice, ref[i*d:i*d+d]...)
		}
	}
	// All rows are neighbors. Only the first positions, medians of rows,
	// differ.
	s := &TransformSettings{Perplexity: 10, Iterations: 5000}
	place := func(r *Result, ref []float32) []float32 {
		y, err := r.Transform(t.Context(), Rows(ref, len(ref)/d, d), Rows(x, m, d), s)
		if err != nil {
			t.Fatal(err)
		}
		return y
	}
	a, b := place(one, ref), place(copies, twice)
	one.weights = nil
	c := place(one, ref)
	differ := false
	for i := range a {
		if math.Abs(float64(a[i]-b[i])) > 1e-3 {
			t.Errorf("%v with weights, %v with copies", a[i], b[i])
		}
		differ = differ || math.Abs(float64(a[i]-c[i])) > 1e-2
	}
	if !differ {
		t.Error("weights change nothing")
	}
}

// Equal reference rows at places of their own, as Keep makes them, are not
// merged: the median of three places is the middle one.
func TestTransformKept(t *testing.T) {
	for _, c := range []struct {
		first, want float32
	}{{-5, 5}, {5, 12.5}} { // at 5, rows 0 and 1 are one of two places, 5 and 20
		res, err := NewResult([]float32{c.first, 5, 20}, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		y, err := res.Transform(t.Context(), Rows([]float32{0, 0, 9}, 3, 1), Rows([]float32{1}, 1, 1), &TransformSettings{Iterations: -1})
		if err != nil || y[0] != c.want {
			t.Errorf("first place %v: %v, want %v, %v", c.first, y, c.want, err)
		}
	}
}

// A result knows the weights of its rows, also after a checkpoint.
func TestResultWeights(t *testing.T) {
	const n, d = 40, 3
	x, _ := blobs(n, d, 2, 6)
	copy(x[:d], x[d:2*d]) // rows 0 and 1 are merged
	res := func(w []float64) []float64 {
		r, err := New(t.Context(), Rows(x, n, d), &Settings{Phases: short, Weights: w})
		if err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		if err := r.Save(&file); err != nil {
			t.Fatal(err)
		}
		again, err := Resume(t.Context(), &file, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		a, _ := r.Result()
		b, _ := again.Result()
		if !slices.Equal(a.weights, b.weights) {
			t.Errorf("%v, resumed %v", a.weights, b.weights)
		}
		return a.weights
	}
	if w := res(nil); w != nil {
		t.Errorf("weights %v", w)
	}
	ones := slices.Repeat([]float64{1}, n)
	if w := res(ones); !slices.Equal(w, ones) { // unlike nil, with which copies do not count
		t.Errorf("weights %v, want 1 each", w)
	}
	w := make([]float64, n)
	for i := range w {
		w[i] = float64(2 + i%4)
	}
	want := slices.Clone(w)
	want[0], want[1] = 2.5, 2.5
	if got := res(w); !slices.Equal(got, want) {
		t.Errorf("weights %v, want %v", got, want)
	}
}
