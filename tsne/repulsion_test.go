package tsne_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/semamap/semamap/tsne"
)

// What a run says about its repulsion is near the sum over all pairs, for each
// row of the input: also with copies, weights and other dimensions.
func TestRunRepulsion(t *testing.T) {
	const n, d = 120, 4
	rng := rand.New(rand.NewPCG(3, 4))
	x := make([]float32, n*d)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	copy(x[5*d:6*d], x[90*d:91*d])
	copy(x[7*d:8*d], x[90*d:91*d])
	w := make([]float64, n)
	for i := range w {
		w[i] = 1 + rng.Float64()
	}
	for _, c := range []tsne.Settings{
		{Expert: &tsne.Expert{Method: tsne.Mesh}}, {Expert: &tsne.Expert{Method: tsne.Tree}}, {Expert: &tsne.Expert{Method: tsne.Exact}},
		{Expert: &tsne.Expert{Method: tsne.Mesh}, Weights: w}, {Expert: &tsne.Expert{Method: tsne.Exact}, Weights: w, Freedom: 0.6},
		{Dims: 1}, {Dims: 3}, {Dims: 3, Expert: &tsne.Expert{Method: tsne.Exact}, Weights: w},
	} {
		c.Phases = []tsne.Phase{{Steps: 60, Exaggeration: 4}, {Steps: 60}}
		r, err := tsne.New(t.Context(), tsne.Rows(x, n, d), &c)
		if err != nil {
			t.Fatal(err)
		}
		for range r.Steps(t.Context()) {
		}
		f := r.Repulsion()
		dims := max(c.Dims, 1)
		if c.Dims == 0 {
			dims = 2
		}
		// Row 5 stands for its copies 7 and 90 as well, with their weights if there
		// are any.
		sum := slices.Repeat([]float64{1}, n)
		if c.Weights != nil {
			copy(sum, w)
			sum[5] += w[7] + w[90]
		}
		sum[7], sum[90] = 0, 0
		var rows []int32
		z := 0.0
		for i, phi := range f.Phi {
			if sum[i] > 0 {
				rows = append(rows, int32(i))
			}
			z += sum[i] * (phi - sum[i])
		}
		e := compareFields(field{f.Phi, f.Force}, allPairs(r.Positions(nil), dims, sum, c.Freedom, rows), sum, rows)
		bound := map[tsne.Method]float64{tsne.Exact: 1e-5, tsne.Mesh: .02, tsne.Tree: .06}[f.Method]
		if !(e.RMS < bound) || !(math.Abs(e.Z) < .003) && f.Method != tsne.Tree || !(math.Abs(z/f.Z-1) < 1e-5) {
			t.Errorf("%v in %d-D: errors %+v, Z %v and by φ %v", f.Method, dims, e, f.Z, z)
		}
		if c.Expert != nil && c.Expert.Method != f.Method {
			t.Errorf("%v used, %v asked for", f.Method, c.Expert.Method)
		}
		if f.Phi[5] != f.Phi[90] || f.Force[7*dims] != f.Force[90*dims] {
			t.Errorf("%v in %d-D: copies have different values", f.Method, dims)
		}
	}
	for n := range 2 {
		r, err := tsne.New(t.Context(), tsne.Rows(x[:n*d], n, d), nil)
		if err != nil {
			t.Fatal(err)
		}
		if f := r.Repulsion(); len(f.Phi) != n || len(f.Force) != 2*n || n == 1 && f.Phi[0] != 1 {
			t.Errorf("%d rows: %+v", n, f)
		}
	}
}
