package quality

import (
	"context"
	"fmt"
	"math"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/tsne/internal/share"
	"github.com/semamap/semamap/tsne/knn"
)

// pairBlock is the number of rows whose pairs are summed before the sum is
// joined to the others.
const pairBlock = 64

// KL returns the Kullback–Leibler divergence, in nats, of the similarities on
// the map from the affinities P,
//
//	Σ p_ij ln(p_ij Z / (w_i w_j k_ij)),  Z = Σ_{i≠j} w_i w_j k_ij,
//
// where k_ij is the kernel at |y_i−y_j| and Z is summed over all pairs of
// different points, in about 0.6 ns per pair on one core. P is a square matrix
// that holds both directions of each pair, for instance from [knn.CSR] with
// ascending columns. It is divided by its sum, which must be positive; an entry
// of zero adds nothing. A map of fewer than two points has divergence 0. KL
// reads Settings.Weights, Freedom and Workers.
func KL(ctx context.Context, p knn.Points, y []float32, dims int, s *Settings) (float64, error) {
	if ctx == nil {
		return 0, errNoContext
	}
	n, err := checkMap(y, dims)
	if err != nil {
		return 0, err
	}
	set := s.fill()
	a := set.Freedom
	if !(a >= 0) || math.IsInf(a, 0) {
		return 0, inputErr("Freedom is %v", a)
	}
	if a == 0 {
		a = 1
	}
	w, err := checkWeights(set.Weights, n)
	if err != nil {
		return 0, err
	}
	if share.Nil(p) {
		return 0, inputErr("P is nil")
	}
	mass, sum, err := attraction(ctx, p, y, dims, w, a, set.Workers)
	if err != nil || n < 2 {
		return 0, err
	}
	if mass == 0 {
		return 0, inputErr("P sums to 0")
	}
	z, err := partition(ctx, y, dims, w, a, set.Workers)
	if err != nil {
		return 0, err
	}
	return max(0, sum/mass+math.Log(z/mass)), nil // only rounding makes it negative
}

// checkWeights makes weights of 1 out of nil.
func checkWeights(w []float64, n int) ([]float64, error) {
	if w == nil {
		w = make([]float64, n)
		for i := range w {
			w[i] = 1
		}
		return w, nil
	}
	if len(w) != n {
		return nil, inputErr("%d weights for %d points", len(w), n)
	}
	for i, v := range w {
		if !(v > 0) || math.IsInf(v, 0) {
			return nil, inputErr("weight %d is %v", i, v)
		}
	}
	return w, nil
}

// attraction returns Σ p_ij and Σ p_ij ln(p_ij/(w_i w_j k_ij)).
func attraction(ctx context.Context, p knn.Points, y []float32, dims int, w []float64, a float64, workers int) (mass, sum float64, err error) {
	n := len(w)
	if c, ok := p.(interface{ Check() error }); ok {
		if err := c.Check(); err != nil {
			return 0, 0, fmt.Errorf("%w: P: %w", ErrInput, err)
		}
	}
	if rows, cols := p.Dims(); rows != n || cols != n {
		return 0, 0, inputErr("P is %d×%d for %d points", rows, cols, n)
	}
	sparse, isSparse := p.(interface {
		Sparse(i int, f func(j int32, v float32))
	})
	type part struct{ mass, sum float64 }
	const size = 512
	parts := make([]part, par.NumBlocks(n, size))
	err = par.Try(ctx, workers, n, size, func(_, b, lo, hi int) (bad error) {
		t := &parts[b]
		var buf []float32
		for i := lo; i < hi && bad == nil; i++ {
			yi, last := y[i*dims:(i+1)*dims], int32(-1)
			add := func(j int32, v float32) {
				switch {
				case bad != nil:
				case j <= last || int(j) >= n || int(j) == i:
					bad = inputErr("P, row %d: column %d after %d", i, j, last)
				case !(v >= 0 && v <= math.MaxFloat32):
					bad = inputErr("P, row %d, column %d: value %v", i, j, v)
				case v > 0:
					p, r2 := float64(v), sqDist32(yi, y[int(j)*dims:int(j+1)*dims])
					t.mass += p
					t.sum += p * (math.Log(p/(w[i]*w[j])) + a*math.Log1p(r2/a))
				}
				last = j
			}
			if isSparse {
				sparse.Sparse(i, add)
				continue
			}
			if buf == nil {
				buf = make([]float32, n)
			}
			row, err := readRow(p, buf, i, n)
			if err != nil {
				return err
			}
			for j, v := range row {
				if v != 0 {
					add(int32(j), v)
				}
			}
		}
		return bad
	})
	for _, t := range parts {
		mass, sum = mass+t.mass, sum+t.sum
	}
	return mass, sum, err
}

// partition returns Z: twice the sum over pairs i < j.
func partition(ctx context.Context, y []float32, dims int, w []float64, a float64, workers int) (float64, error) {
	n := len(w)
	unit := a == 1
	for _, v := range w {
		unit = unit && v == 1
	}
	row := func(i int) float64 { return w[i] * pairSum(y, dims, i, w, a) }
	if unit && dims == 2 {
		row = func(i int) float64 { return pairSum2(y[2*i], y[2*i+1], y[2*i+2:]) }
	}
	z, err := par.Sum(ctx, workers, n, pairBlock, func(_, lo, hi int) float64 {
		var s float64
		for i := lo; i < hi; i++ {
			s += row(i)
		}
		return s
	})
	return 2 * z, err
}

// pairSum2 sums 1/(1+r²) over the points of ys. Two terms share a division.
func pairSum2(y0, y1 float32, ys []float32) float64 {
	a, b := float64(y0), float64(y1)
	var s0, s1 float64
	for len(ys) >= 8 {
		x0, x1 := float64(ys[0])-a, float64(ys[1])-b
		x2, x3 := float64(ys[2])-a, float64(ys[3])-b
		x4, x5 := float64(ys[4])-a, float64(ys[5])-b
		x6, x7 := float64(ys[6])-a, float64(ys[7])-b
		p, q := 1+x0*x0+x1*x1, 1+x2*x2+x3*x3
		r, t := 1+x4*x4+x5*x5, 1+x6*x6+x7*x7
		s0 += (p + q) / (p * q)
		s1 += (r + t) / (r * t)
		ys = ys[8:]
	}
	for len(ys) >= 2 {
		x0, x1 := float64(ys[0])-a, float64(ys[1])-b
		s0 += 1 / (1 + x0*x0 + x1*x1)
		ys = ys[2:]
	}
	return s0 + s1
}

// pairSum sums w_j k_ij over j > i for any dimension, weights and kernel.
func pairSum(y []float32, dims, i int, w []float64, a float64) float64 {
	var s float64
	yi := y[i*dims : (i+1)*dims]
	for j := i + 1; j < len(w); j++ {
		r2 := sqDist32(yi, y[j*dims:(j+1)*dims])
		if a == 1 {
			s += w[j] / (1 + r2)
		} else {
			s += w[j] * math.Exp(-a*math.Log1p(r2/a))
		}
	}
	return s
}

// sqDist32 is the squared distance of two points of a map.
func sqDist32(a, b []float32) float64 {
	var s float64
	for c, v := range a {
		d := float64(v) - float64(b[c])
		s += float64(d * d) // no fused multiply-add
	}
	return s
}
