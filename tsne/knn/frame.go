package knn

import (
	"context"
	"math"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

// A frame says how rows are copied to float32: less their mean or, where far
// rows drag that away, their medians, so that cancellation is small; and times a
// power of two, so that no square over- or underflows. Distances do not change,
// but for the scale.
type frame struct {
	mean    []float64
	scale   float64
	largest float64 // largest magnitude in a row of ref or x, less the mean
	longest float64 // largest length of a copied row of ref, an upper bound
	whole   bool    // small integers: all float32 work is exact
}

// copyRow writes the copy of the numbers x of a row, from column from on, times
// by.
func (f *frame) copyRow(dst, x []float32, from int, by float32) {
	vec.CentreRow(dst, x, f.mean[from:], f.scale, by)
}

// eachRow calls f for the rows of a source in fixed blocks.
func eachRow(ctx context.Context, workers int, s *source, size int, f func(worker, block, i int, row []float32)) error {
	tmp := make([]scratch, par.Workers(workers))
	return par.Blocks(ctx, len(tmp), s.n, size, func(w, b, lo, hi int) {
		for i := lo; i < hi; i++ {
			if i&15 == 0 && ctx.Err() != nil {
				return
			}
			f(w, b, i, s.row(i, &tmp[w]))
		}
	})
}

// copyFrame finds mean (zero without a middle of ref), scale and lengths.
func (e *exact) copyFrame(ctx context.Context, mid *middle) error {
	d := e.ref.d
	low, high := filled(d, math.Inf(1)), filled(d, math.Inf(-1))
	mean, whole := make([]float64, d), true
	sets := []*source{e.ref, e.x}
	if e.same {
		sets = sets[:1]
	}
	for _, s := range sets {
		size := max(64, (s.n+15)/16)
		part := make([]struct {
			*vec.ColStats
			fraction bool
		}, par.NumBlocks(s.n, size))
		err := eachRow(ctx, e.workers, s, size, func(_, b, i int, row []float32) {
			p := &part[b]
			if p.ColStats == nil {
				p.ColStats = vec.NewColStats(d)
			}
			p.Add(row, 1, i)
			for c := 0; !p.fraction && c < d; c++ {
				p.fraction = row[c] != float32(int32(row[c]))
			}
		})
		if err != nil {
			return err
		}
		for _, p := range part {
			whole = whole && !p.fraction
			for c := range d {
				if s == e.ref && mid != nil {
					mean[c] += p.Sum[c]
				}
				low[c], high[c] = min(low[c], p.Min[c]), max(high[c], p.Max[c])
			}
		}
	}
	for c := range mean {
		mean[c] /= float64(max(e.ref.n, 1))
	}
	typical := 0.0 // largest magnitude in a row of the middle
	if mid != nil {
		mean, typical = mid.centre(mean)
	}
	var raw, centered float64 // largest magnitudes
	for c := range mean {
		least, most := float64(low[c]), float64(high[c])
		raw = max(raw, -least, most)
		centered = max(centered, mean[c]-least, most-mean[c])
	}
	if whole && raw <= 4096 {
		e.frame = frame{mean: make([]float64, d), scale: 1, largest: raw}
		if err := e.lengths(ctx); err != nil {
			return err
		}
		// |n - 2x·y| and its parts stay below 2²⁴: float32 sums are exact.
		e.whole = true
		for _, l := range [][]float32{e.refLen, e.xLen} {
			for _, v := range l {
				e.whole = e.whole && v <= 1<<22
			}
		}
		if e.whole {
			return nil
		}
	}
	e.frame = frame{mean: mean, scale: 1, largest: centered}
	if centered > 0 {
		// Copies of typical rows are near 1, as long as those of others can be
		// squared.
		_, exp := math.Frexp(centered)
		if typical > 0 {
			_, small := math.Frexp(typical)
			exp = max(exp-scaleRoom, small)
		}
		e.scale = math.Ldexp(1, -exp)
	}
	return e.lengths(ctx)
}

// scaleRoom is by how many powers of two numbers of copies may be above 1.
const scaleRoom = 40

func filled(n int, v float64) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(v)
	}
	return x
}

// lengths takes the squared lengths of all copies.
func (e *exact) lengths(ctx context.Context) error {
	var err error
	if e.refLen, err = e.lengthsOf(ctx, e.ref); err != nil {
		return err
	}
	e.xLen = e.refLen
	if !e.same {
		if e.xLen, err = e.lengthsOf(ctx, e.x); err != nil {
			return err
		}
	}
	e.longest = 0
	for _, v := range e.refLen {
		e.longest = max(e.longest, float64(v))
	}
	e.longest = math.Sqrt(e.longest) * (1 + 2*unit)
	return nil
}

func (e *exact) lengthsOf(ctx context.Context, s *source) ([]float32, error) {
	l := make([]float32, s.n)
	zero, tmp := make([]float32, s.d), make([]float32, e.workers*s.d)
	err := eachRow(ctx, e.workers, s, 64, func(w, _, i int, row []float32) {
		x := tmp[w*s.d:][:s.d]
		e.copyRow(x, row, 0, 1)
		l[i] = float32(vec.SqDist(x, zero))
	})
	return l, err
}
