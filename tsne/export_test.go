package tsne

import (
	"context"
	"math"

	"github.com/semamap/semamap/tsne/knn"
)

// What only tests need.

// NewAffinities calibrates the neighbors of g: p(j|i) has the entropy of the
// perplexity, and p_ij = (w_i p(j|i) + w_j p(i|j)) / 2W. Of the settings it
// uses Perplexity, Kernel, Weights and Workers. An explicit Perplexity must be
// below the number of neighbors of each row; zero means 30, or a third of
// the neighbors if that is less.
func NewAffinities(ctx context.Context, g *knn.Graph, s *Settings) (*joint, error) {
	var set Settings
	if s != nil {
		set = *s
	}
	if err := g.Check(); err != nil {
		return nil, err
	}
	if err := set.fill(g.N); err != nil {
		return nil, err
	}
	kern, _, err := set.graphKernel(g)
	if err != nil {
		return nil, err
	}
	a, _, err := affinities(ctx, g, kern, set.Weights, set.Workers, false, nil)
	return a, err
}

func (a *joint) points() Points { return a.csr() }

func (a *joint) Points() Points { return a.points() }

// A Repulsion is that of a map, as [Run.Repulsion] returns it.
type Repulsion struct {
	// Phi holds φ_i = Σ_j w_j (1+r²/a)^−a for each row of the input, with the
	// term j = i, where r = |y_i−y_j|, w is Settings.Weights and a
	// Settings.Freedom.
	Phi []float64
	// Force holds Σ_j w_j (1+r²/a)^(−a−1) (y_i−y_j), rows × Dims. The gradient
	// has it divided by Z.
	Force  []float64
	Z      float64 // Σ_i w_i (φ_i − w_i), the normalization; over the distinct rows
	Method Method  // that summed them
}

// Repulsion sums the repulsion of the present map as a step would. Copies of
// merged rows count each for itself and have equal values. All numbers are NaN
// after a run that diverged.
func (r *Run) Repulsion() Repulsion {
	d := r.s.Dims
	f := Repulsion{Phi: make([]float64, r.rows), Force: make([]float64, r.rows*d)}
	if r.err != nil {
		f.Z = math.NaN()
		for i := range f.Phi {
			f.Phi[i] = f.Z
		}
		for i := range f.Force {
			f.Force[i] = f.Z
		}
		return f
	}
	if r.u == 0 {
		return f
	}
	f.Z, f.Method = r.rep.run(r.y, &r.box)
	place := r.places()
	for i := range r.rows {
		u := i
		if r.of != nil {
			u = int(r.of[i])
		}
		p := int(place[u])
		f.Phi[i] = float64(r.rep.phi[p]) + r.rep.base
		for c := range d {
			f.Force[i*d+c] = float64(r.rep.force[p*r.dims+c])
		}
	}
	return f
}

// checkAffinities is what affinities from elsewhere must go through.
func checkAffinities(ctx context.Context, a *joint) (*joint, error) {
	_, err := validAffinities(ctx, a)
	switch {
	case err == nil:
		err = a.normalize(ctx)
	case ctx.Err() == nil:
		err = badSetting("Affinities", "given", err.Error())
	}
	return a, err
}
