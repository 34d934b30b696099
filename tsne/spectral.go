package tsne

import (
	"context"
	"math"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

// positions finds the leading eigenvectors of ½(I + D^−½PD^−½), whose
// spectrum lies in [0, 1], by subspace iteration, and divides by √D as in the
// normalized Laplacian eigenmap; the trivial vector √D is projected out.
func (spectralStart) positions(ctx context.Context, y []float64, in *startInput) error {
	n, p := in.n, in.p
	const L = vec.Lanes
	cols := min(panelCols, n)
	root := make([]float64, n) // √D
	var norm float64
	for i := range n {
		for _, v := range p.Val[p.Ptr[i]:p.Ptr[i+1]] {
			root[i] += float64(v)
		}
		norm += root[i]
		root[i] = math.Sqrt(root[i])
	}
	a, b := make([]float64, n*L), make([]float64, n*L)
	for i := range n {
		if i%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		for l := range cols {
			a[i*L+l] = normal(in.seed, streamSpectral, i*panelCols+l)
		}
	}
	project := func(b []float64) {
		var dot [L]float64
		for i := range n {
			for l := range cols {
				dot[l] += root[i] * b[i*L+l]
			}
		}
		for i := range n {
			for l := range cols {
				b[i*L+l] -= dot[l] / norm * root[i]
			}
		}
	}
	project(a)
	if cols = orthonormalize(ctx, a, n, cols); ctx.Err() != nil {
		return ctx.Err()
	}
	for range 30 {
		for range 4 {
			if err := in.spread(ctx, b, a, root); err != nil {
				return err
			}
			a, b = b, a
		}
		project(a)
		if cols = orthonormalize(ctx, a, n, cols); ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if err := in.spread(ctx, b, a, root); err != nil {
		return err
	}
	var m [L][L]float64
	for i := range n {
		if i%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		for r := range cols {
			for c := range cols {
				m[r][c] += a[i*L+r] * b[i*L+c]
			}
		}
	}
	for r := range cols {
		for c := range r {
			m[r][c] = (m[r][c] + m[c][r]) / 2
			m[c][r] = m[r][c]
		}
	}
	for c, v := range jacobi(&m, cols, in.dims) {
		var top float64
		for i := range n {
			var s float64
			for l := range cols {
				s += a[i*L+l] * v[l]
			}
			if root[i] > 0 {
				s /= root[i]
			}
			y[i*in.dims+c] = s
			if math.Abs(s) > math.Abs(top) {
				top = s
			}
		}
		if top < 0 {
			for i := range n {
				y[i*in.dims+c] = -y[i*in.dims+c]
			}
		}
	}
	scaleStart(y, in)
	jitter(y, in.seed)
	return ctx.Err()
}

// spread multiplies by ½(I + D^−½PD^−½); root is √D.
func (in *startInput) spread(ctx context.Context, dst, src, root []float64) error {
	const L = vec.Lanes
	p := in.p
	return par.Blocks(ctx, in.workers, in.n, 256, func(_, _, lo, hi int) {
		for i := lo; i < hi; i++ {
			var s [L]float64
			for e := p.Ptr[i]; e < p.Ptr[i+1]; e++ {
				j := int(p.Col[e])
				if root[j] == 0 {
					continue
				}
				v := float64(p.Val[e]) / (root[i] * root[j])
				r := (*[L]float64)(src[j*L:])
				for l := range s {
					s[l] += v * r[l]
				}
			}
			for l := range s {
				dst[i*L+l] = 0.5 * (src[i*L+l] + s[l])
			}
		}
	})
}
