package knn

import (
	"context"
	"math"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

// sample copies s rows at even steps, of those that are not far longer than
// most: a few of these would take the subspace.
func (e *exact) sample(rows *view, s int) []float32 {
	d, length := e.ref.d, make([]float64, len(e.refLen))
	for i, l := range e.refLen {
		length[i] = float64(l)
	}
	sortNumbers(length)
	limit := length[len(length)/2] * 64
	var usual []int
	for i, l := range e.refLen {
		if float64(l) <= limit || limit == 0 {
			usual = append(usual, i)
		}
	}
	x := make([]float32, s*d)
	for i := range s {
		e.copyRow(x[i*d:][:d], rows.row(usual[i*len(usual)/s]), 0, 1)
	}
	return x
}

// spread estimates in how many directions the rows vary: the participation
// ratio (tr C)²/tr C² of their covariances C, from the lengths of some of them
// and the products of different ones.
func (e *exact) spread(ctx context.Context, rows *view) (float64, error) {
	m, d := min(e.ref.n, 256), e.ref.d
	x := e.sample(rows, m)
	g := make([]float32, m*m)
	if err := e.products(ctx, g, x, x, m, m, d); err != nil {
		return 0, err
	}
	var trace, squares float64
	for i := range m {
		for j, v := range g[i*m:][:m] {
			if i == j {
				trace += float64(v)
			} else {
				squares += float64(v) * float64(v)
			}
		}
	}
	return trace * trace / float64(m) * float64(m-1) / squares, nil
}

// subspace returns rows that are an orthonormal basis of the subspace of the
// largest variances of the sample, larger ones first.
func (e *exact) subspace(ctx context.Context, sample []float32, s, d int) ([]float32, error) {
	// The covariances, of the columns as rows.
	t, err := e.transpose(ctx, sample, s, d)
	if err != nil {
		return nil, err
	}
	cov := make([]float32, d*d)
	if err := e.products(ctx, cov, t, t, d, d, s); err != nil {
		return nil, err
	}
	// Orthogonal iteration from random columns.
	blocks := min(d/2, lowerMost) / vec.Lanes
	y := make([]float32, blocks*vec.Lanes*d) // panels of 16 columns
	for i := range y {
		y[i] = float32(int32(mix(arrangeSeed, uint64(i)))) * 0x1p-31
	}
	q := make([]float32, len(y)) // rows
	next := make([]float32, len(y))
	for range lowerRounds {
		err := par.Blocks(ctx, e.workers, blocks, 1, func(_, b, _, _ int) {
			from, to := y[b*vec.Lanes*d:][:vec.Lanes*d], next[b*vec.Lanes*d:][:vec.Lanes*d]
			for c := range d {
				vec.Panel((*[vec.Lanes]float32)(to[c*vec.Lanes:]), cov[c*d:][:d], from)
			}
		})
		if err != nil {
			return nil, err
		}
		y, next = next, y
		for b := range blocks {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			orthonormalize(y[b*vec.Lanes*d:][:vec.Lanes*d], q[:(b+1)*vec.Lanes*d], d)
		}
	}
	return q, nil
}

// orthonormalize makes the 16 columns of a panel orthonormal to each other and
// to all but the last 16 rows of q, which become the columns. Columns that
// depend on those before become zero.
func orthonormalize(panel, q []float32, d int) {
	before := len(q)/d - vec.Lanes
	own := q[before*d:]
	var u [vec.Lanes]float32
	var left [2][vec.Lanes]float64 // squared lengths after each pass
	for pass := range left {
		for r := range before {
			row := q[r*d:][:d]
			vec.Panel(&u, row, panel)
			for l := range u {
				u[l] = -u[l]
			}
			vec.PanelAdd(panel, row, &u)
		}
		for c := range d {
			for l, v := range panel[c*vec.Lanes:][:vec.Lanes] {
				left[pass][l] += float64(v) * float64(v)
			}
		}
	}
	for l := range vec.Lanes {
		x := own[l*d:][:d]
		var was float64
		for c := range x {
			x[c] = panel[c*vec.Lanes+l]
			was += float64(x[c]) * float64(x[c])
		}
		for range 2 {
			for o := range l {
				b := own[o*d:][:d]
				var dot float64
				for c, v := range x {
					dot += float64(v) * float64(b[c])
				}
				for c, v := range b {
					x[c] = float32(float64(x[c]) - dot*float64(v))
				}
			}
		}
		var is float64
		for _, v := range x {
			is += float64(v) * float64(v)
		}
		f := 0.0
		// What a second pass takes away nearly whole was rounding error.
		if is > 1e-12*was && is > 0 && left[1][l] > 1e-6*left[0][l] {
			f = 1 / math.Sqrt(is)
		}
		for c := range x {
			x[c] = float32(float64(x[c]) * f)
			panel[c*vec.Lanes+l] = x[c]
		}
	}
}

// dotDepth is how many products are summed in float32 before they go to a
// float64: an inner product has an error of at most (dotDepth+2)·unit of the
// product of the lengths.
const dotDepth = 128

// columnPanels packs n rows of d numbers into column panels.
func columnPanels(ctx context.Context, workers int, b []float32, n, d int) (*panels, error) {
	f := newTiling(false, d)
	p := f.columns(n)
	return p, p.fillAll(ctx, workers, n, d, func(to []float32, i, c int) { copy(to, b[i*d+c:]) })
}

// transpose returns the n×d matrix x as d×n.
func (e *exact) transpose(ctx context.Context, x []float32, n, d int) ([]float32, error) {
	t := make([]float32, d*n)
	err := par.Blocks(ctx, e.workers, d, 16, func(_, _, lo, hi int) {
		for i := range n {
			for c, v := range x[i*d+lo : i*d+hi] {
				t[(lo+c)*n+i] = v
			}
		}
	})
	return t, err
}

// dots fills dst, m×n, with the inner products of the m rows of a with the n
// rows of b. When the context ends, the rest of dst stays as it is.
func dots(ctx context.Context, dst, a []float32, b *panels, m, n, d int) {
	mr, nr := b.mr, b.nr
	rows, tmp := b.rows(mr), packing{}
	tile, sum := make([]float32, mr*nr), make([]float64, mr*nr)
	for i := 0; i < m && ctx.Err() == nil; i += mr {
		rows.fill(i, m, d, &tmp, func(to []float32, i, c int) { copy(to, a[i*d+c:]) })
		for j := 0; j < n; j += nr {
			clear(sum)
			for c := 0; c < d; c += dotDepth {
				vec.GemmTile(tile, rows.f[c*mr:], b.f[j*d+c*nr:], min(dotDepth, d-c), false)
				for t, v := range tile {
					sum[t] += float64(v)
				}
			}
			for r := range min(mr, m-i) {
				to := dst[(i+r)*n+j:][:min(nr, n-j)]
				for c := range to {
					to[c] = float32(sum[r*nr+c])
				}
			}
		}
	}
}

// products is dots of the rows of a and b on all workers.
func (e *exact) products(ctx context.Context, dst, a, b []float32, m, n, d int) error {
	const rows = 48
	p, err := columnPanels(ctx, e.workers, b, n, d)
	if err != nil {
		return err
	}
	return par.Blocks(ctx, e.workers, m, rows, func(_, _, lo, hi int) {
		dots(ctx, dst[lo*n:hi*n], a[lo*d:hi*d], p, hi-lo, n, d)
	})
}
