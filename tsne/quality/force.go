package quality

import (
	"context"
	"math"

	"github.com/semamap/semamap/internal/par"
)

// A Field is the repulsion at some points of a map.
type Field struct {
	Phi []float64 // Σ_j w_j k_ij a point, the term j = i included
	Rep []float64 // dims numbers a point: Σ_j w_j (y_i−y_j) (1+r²/a)^(−a−1)
}

// Repulsion sums the field at the given points over all points, about 2 ns a
// pair; rows nil means at every point. The result is in the order of rows.
func Repulsion(ctx context.Context, y []float32, dims int, rows []int32, kernel *Kernel) (Field, error) {
	n, err := checkMap(y, dims)
	if err != nil {
		return Field{}, err
	}
	w, a, workers, err := kernel.fill(n)
	if err != nil {
		return Field{}, err
	}
	if rows == nil {
		rows, _ = Sample{}.Rows(n)
	} else if _, err := checkLists("rows", rows, 1, n); err != nil {
		return Field{}, err
	}
	f := Field{make([]float64, len(rows)), make([]float64, len(rows)*dims)}
	err = par.Blocks(ctx, workers, len(rows), pairBlock, func(_, _, lo, hi int) {
		for r := lo; r < hi; r++ {
			i := int(rows[r])
			yi, rep := y[i*dims:(i+1)*dims], f.Rep[r*dims:(r+1)*dims]
			var phi float64
			for j := range n {
				yj := y[j*dims : (j+1)*dims]
				t := 1 + sqDist32(yi, yj)/a
				k := 1 / t
				if a != 1 {
					k = math.Exp(-a * math.Log(t))
				}
				k *= w[j]
				phi += k
				for c := range rep {
					rep[c] += k / t * (float64(yi[c]) - float64(yj[c]))
				}
			}
			f.Phi[r] = phi
		}
	})
	if err != nil {
		return Field{}, err
	}
	return f, nil
}

// An Error compares a repulsion with the sum over all pairs.
type Error struct {
	RMS float64 // root mean square of the error of the force, over that of the force
	Max float64 // largest error of a force, over the root mean square of the force
	Z   float64 // (Z − exact Z) / exact Z, with Z = Σ w_i φ_i − Σ w_i over the sampled points; NaN without Phi
}

// ForceError compares the field got of a fast repulsion, given at every point
// of the map, with the exact one at the points of the sample. got.Phi may be
// nil. Where all exact forces are 0 the errors are 0 or +Inf.
func ForceError(ctx context.Context, y []float32, dims int, got Field, kernel *Kernel, s Sample) (Error, error) {
	n, err := checkMap(y, dims)
	if err != nil {
		return Error{}, err
	}
	if len(got.Rep) != n*dims || got.Phi != nil && len(got.Phi) != n {
		return Error{}, inputErr("a field of %d values and %d forces for %d points in %d dimensions", len(got.Phi), len(got.Rep), n, dims)
	}
	rows, err := s.Rows(n)
	if err != nil {
		return Error{}, err
	}
	k := Kernel{}
	if kernel != nil {
		k = *kernel
	}
	if k.Workers == 0 {
		k.Workers = s.Workers
	}
	want, err := Repulsion(ctx, y, dims, rows, &k)
	if err != nil {
		return Error{}, err
	}
	e := Error{Z: math.NaN()}
	var force float64
	for r, i := range rows {
		var d2, f2 float64
		for c := range dims {
			f := want.Rep[r*dims+c]
			d := got.Rep[int(i)*dims+c] - f
			d2 += d * d
			f2 += f * f
		}
		e.RMS += d2
		force += f2
		if !(e.Max >= math.Sqrt(d2)) { // NaN shows
			e.Max = math.Sqrt(d2)
		}
	}
	ratio := func(a, b float64) float64 {
		if a == 0 {
			return 0
		}
		return a / b
	}
	if len(rows) > 0 {
		e.Max = ratio(e.Max, math.Sqrt(force/float64(len(rows))))
		e.RMS = math.Sqrt(ratio(e.RMS, force))
	}
	if got.Phi != nil {
		var diff, z float64
		for r, i := range rows {
			w := 1.0
			if k.Weights != nil {
				w = k.Weights[i]
			}
			diff += w * (got.Phi[i] - want.Phi[r])
			z += w * (want.Phi[r] - 1)
		}
		e.Z = ratio(diff, z)
	}
	return e, nil
}
