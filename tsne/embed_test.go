package tsne

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/semamap/semamap/tsne/knn"
)

// blobs returns n rows of d numbers around k centres, and their centres.
func blobs(n, d, k int, seed uint64) ([]float32, []int) {
	r := rand.New(rand.NewPCG(seed, 1))
	centers := make([]float32, k*d)
	for i := range centers {
		centers[i] = float32(4 * r.NormFloat64())
	}
	x, label := make([]float32, n*d), make([]int, n)
	for i := range n {
		label[i] = r.IntN(k)
		for c := range d {
			x[i*d+c] = centers[label[i]*d+c] + float32(r.NormFloat64())
		}
	}
	return x, label
}

func finite(t testing.TB, y []float32) {
	t.Helper()
	for i, v := range y {
		if v-v != 0 {
			t.Fatalf("number %d is %v", i, v)
		}
	}
}

// sameLabel returns the share of points whose nearest point in the map has the
// same label.
func sameLabel(y []float32, dims int, label []int) float64 {
	n := len(label)
	good := 0
	for i := range n {
		best, at := math.Inf(1), 0
		for j := range n {
			var d float64
			for c := range dims {
				v := float64(y[i*dims+c] - y[j*dims+c])
				d += v * v
			}
			if j != i && d < best {
				best, at = d, j
			}
		}
		if label[at] == label[i] {
			good++
		}
	}
	return float64(good) / float64(n)
}

func TestEmbed(t *testing.T) {
	const n, d = 300, 20
	x, label := blobs(n, d, 6, 1)
	for _, c := range []struct {
		name string
		s    Settings
	}{
		{"default", Settings{}},
		{"mesh", Settings{Expert: &Expert{Method: Mesh}}},
		{"tree", Settings{Expert: &Expert{Method: Tree}}},
		{"1-D", Settings{Dims: 1}},
		{"1-D mesh", Settings{Dims: 1, Expert: &Expert{Method: Mesh}}},
		{"3-D", Settings{Dims: 3}},
		{"3-D tree", Settings{Dims: 3, Expert: &Expert{Method: Tree}}},
		{"random", Settings{Start: Random()}},
		{"spectral", Settings{Start: Spectral()}},
		{"mixture", Settings{Kernel: Mixture(10, 50)}},
		{"multiscale", Settings{Kernel: Multiscale(10, 50)}},
		{"sigma", Settings{Kernel: Sigma(2)}},
		{"uniform", Settings{Kernel: Uniform(15)}},
		{"freedom", Settings{Freedom: 0.6}},
		{"freedom mesh", Settings{Freedom: 0.6, Expert: &Expert{Method: Mesh}}},
		{"freedom tree", Settings{Freedom: 2, Expert: &Expert{Method: Tree}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.s.Phases = []Phase{{Steps: 150, Exaggeration: 12}, {Steps: 250}}
			if testing.Short() {
				c.s.Phases[1].Steps = 50
			}
			res, err := Embed(context.Background(), Rows(x, n, d), &c.s)
			if err != nil {
				t.Fatal(err)
			}
			finite(t, res.Y)
			same := sameLabel(res.Y, res.Dims, label)
			t.Logf("KL %.4f, %.3f alike, %+v", res.KL, same, res.Stats)
			if same < 0.97 {
				t.Errorf("only %v of the nearest points are of the same blob", same)
			}
			if res.Len() != n || res.Steps != c.s.Phases[0].Steps+c.s.Phases[1].Steps {
				t.Errorf("%d rows, %d steps", res.Len(), res.Steps)
			}
		})
	}
}

func TestSameBits(t *testing.T) {
	defer func(n int) { permuteMin = n }(permuteMin)
	permuteMin = 1000
	n, all := 2500, []int{1, 2, 3, 8}
	if testing.Short() {
		n, all = 1100, []int{1, 3}
	}
	const d = 8
	x, _ := blobs(n, d, 20, 2)
	copy(x[d*100:d*200], x[:d*100]) // some duplicates
	for _, s := range []Settings{
		{Phases: []Phase{{Steps: 60, Exaggeration: 12}, {Steps: 20}}, Expert: &Expert{Method: Mesh}},
		{Phases: []Phase{{Steps: 55, Exaggeration: 12}, {Steps: 5}}, Expert: &Expert{Method: Tree}},
		{Phases: []Phase{{Steps: 20}}, Start: Spectral(), Dims: 3},
	} {
		s.Seed = 7
		var want *Result
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
		for _, procs := range all {
			runtime.GOMAXPROCS(procs)
			res, err := Embed(context.Background(), Rows(x, n, d), &s)
			if err != nil {
				t.Fatal(err)
			}
			if want == nil {
				want = res
			}
			if !slices.Equal(res.Y, want.Y) || res.KL != want.KL {
				t.Errorf("%v: GOMAXPROCS=%d gives another map", s.Expert, procs)
			}
		}
	}
}

func TestCombination(t *testing.T) {
	const base, n, d = 100, 500, 30
	tok, _ := blobs(base, d, 10, 3)
	r := rand.New(rand.NewPCG(1, 2))
	start, index := []int{0}, []int32{}
	for range n {
		for range 1 + r.IntN(4) {
			index = append(index, int32(r.IntN(base)))
		}
		start = append(start, len(index))
	}
	c := knn.Combine(Rows(tok, base, d), start, index, nil)
	flat := make([]float32, n*d)
	for i := range n {
		if _, err := c.Row(flat[i*d:(i+1)*d], i); err != nil {
			t.Fatal(err)
		}
	}
	s := &Settings{Phases: []Phase{{Steps: 1}}}
	a, err := New(context.Background(), c, s)
	if err != nil {
		t.Fatal(err)
	}
	b, err := New(context.Background(), Rows(flat, n, d), s)
	if err != nil {
		t.Fatal(err)
	}
	if a.u != b.u || a.u == n {
		t.Errorf("%d and %d distinct rows", a.u, b.u)
	}
	if !slices.Equal(a.p.Val, b.p.Val) || !slices.Equal(a.p.Col, b.p.Col) {
		t.Error("affinities differ")
	}
	ya, yb := a.Positions(nil), b.Positions(nil)
	for i := range ya {
		if math.Abs(float64(ya[i]-yb[i])) > 1e-7 {
			t.Fatalf("starts differ: %v and %v", ya[i], yb[i])
		}
	}
}
