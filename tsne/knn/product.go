package knn

import (
	"context"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

// dotDepth is how many products are summed in float32 before they go to a
// float64: an inner product has an error of at most (dotDepth+2)·unit of the
// product of the lengths.
const dotDepth = 128

// columnPanels packs n rows of d numbers into column panels.
func (e *exact) columnPanels(b []float32, n, d int) ([]float32, error) {
	_, nr := vec.TileShape()
	packed := make([]float32, roundUp(n, nr)*d)
	err := par.Blocks(e.ctx, e.workers, n, nr, func(_, p, lo, hi int) {
		for j := lo; j < hi; j++ {
			to := packed[p*nr*d+j-lo:]
			for c, v := range b[j*d:][:d] {
				to[c*nr] = v
			}
		}
	})
	return packed, err
}

// transpose returns the n×d matrix x as d×n.
func (e *exact) transpose(x []float32, n, d int) ([]float32, error) {
	t := make([]float32, d*n)
	err := par.Blocks(e.ctx, e.workers, d, 16, func(_, _, lo, hi int) {
		for i := range n {
			for c, v := range x[i*d+lo : i*d+hi] {
				t[(lo+c)*n+i] = v
			}
		}
	})
	return t, err
}

// dots fills dst, m×n, with the inner products of the m rows of a with the n
// rows in the panels. When the context ends, the rest of dst stays as it is.
func dots(ctx context.Context, dst, a, panels []float32, m, n, d int) {
	mr, nr := vec.TileShape()
	rows := make([]float32, mr*d)
	tile := make([]float32, mr*nr)
	sum := make([]float64, mr*nr)
	for i := 0; i < m && ctx.Err() == nil; i += mr {
		count := min(mr, m-i)
		clear(rows)
		for r := range count {
			for c, v := range a[(i+r)*d:][:d] {
				rows[c*mr+r] = v
			}
		}
		for j := 0; j < n; j += nr {
			clear(sum)
			for c := 0; c < d; c += dotDepth {
				vec.GemmTile(tile, rows[c*mr:], panels[(j*d)+c*nr:], min(dotDepth, d-c), false)
				for t, v := range tile {
					sum[t] += float64(v)
				}
			}
			for r := range count {
				to := dst[(i+r)*n+j:][:min(nr, n-j)]
				for c := range to {
					to[c] = float32(sum[r*nr+c])
				}
			}
		}
	}
}

// products is dots of the rows of a and b on all workers.
func (e *exact) products(dst, a, b []float32, m, n, d int) error {
	const rows = 48
	p, err := e.columnPanels(b, n, d)
	if err != nil {
		return err
	}
	err = par.Blocks(e.ctx, e.workers, m, rows, func(_, _, lo, hi int) {
		dots(e.ctx, dst[lo*n:hi*n], a[lo*d:hi*d], p, hi-lo, n, d)
	})
	if err == nil {
		err = e.ctx.Err()
	}
	return err
}
