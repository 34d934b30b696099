package share

import (
	"context"
	"math"
	"slices"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

// Panels multiplies centered and scaled points X by panels of vec.Lanes columns.
// Points that make their Panels themselves have a method of that name, as
// package knn's sparse rows do; so programs without sparse rows do not hold
// these products.
type Panels interface {
	// Cols returns the number of columns of X.
	Cols() int
	// Forward sets dst = X b.
	Forward(ctx context.Context, dst []float32, b []float64) error
	// Backward sets b = Xᵀ W u.
	Backward(ctx context.Context, b []float64, u []float32) error
}

// A CSR is a sparse matrix in compressed sparse row form.
type CSR struct {
	Ptr []int64
	Col []int32
	Val []float32
}

// Transpose returns the transpose of a, which has cols columns. Those of its
// rows ascend.
func (a *CSR) Transpose(cols int) *CSR {
	t := &CSR{make([]int64, cols+2), make([]int32, len(a.Col)), make([]float32, len(a.Val))}
	for _, j := range a.Col {
		t.Ptr[j+2]++
	}
	for j := range cols {
		t.Ptr[j+2] += t.Ptr[j+1]
	}
	for i := range len(a.Ptr) - 1 {
		for e := a.Ptr[i]; e < a.Ptr[i+1]; e++ {
			to := &t.Ptr[a.Col[e]+1]
			t.Col[*to], t.Val[*to] = int32(i), a.Val[e]
			*to++
		}
	}
	t.Ptr = t.Ptr[:cols+1]
	return t
}

// sparsePanels are the Panels of sparse rows, which they keep by rows and by
// columns.
type sparsePanels struct {
	rows    CSR
	columns *CSR
	weight  []float64 // of each row
	scale   float64
	mean    []float64 // scaled
	workers int
}

// SparsePanels returns the Panels of n rows of d numbers with weights, nil for 1
// each; each calls f with the numbers of row i. Columns that have no number are
// left out if they are many.
func SparsePanels(ctx context.Context, n, d int, each func(i int, f func(j int32, v float32)), weight []float64, workers int) (Panels, error) {
	if weight == nil {
		weight = slices.Repeat([]float64{1}, n)
	}
	m := &sparsePanels{weight: weight, scale: 1, workers: workers}
	m.rows.Ptr = make([]int64, 1, n+1)
	var top float32
	for i := range n {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		each(i, func(j int32, v float32) {
			m.rows.Col, m.rows.Val = append(m.rows.Col, j), append(m.rows.Val, v)
			top = max(top, v, -v)
		})
		m.rows.Ptr = append(m.rows.Ptr, int64(len(m.rows.Col)))
	}
	if d >= 1<<16 && d/4 >= len(m.rows.Col) {
		used := slices.Clone(m.rows.Col)
		slices.Sort(used)
		used = slices.Compact(used)
		for e, j := range m.rows.Col {
			at, _ := slices.BinarySearch(used, j)
			m.rows.Col[e] = int32(at)
		}
		d = len(used)
	}
	if top > 0 {
		_, e := math.Frexp(float64(top))
		m.scale = math.Ldexp(1, -e)
	}
	m.columns = m.rows.Transpose(d)
	m.mean = make([]float64, d)
	var total float64
	for _, w := range weight {
		total += w
	}
	for j := range m.mean {
		var sum float64
		for e := m.columns.Ptr[j]; e < m.columns.Ptr[j+1]; e++ {
			sum += weight[m.columns.Col[e]] * float64(m.columns.Val[e])
		}
		m.mean[j] = sum * (m.scale / total)
	}
	return m, ctx.Err()
}

func (m *sparsePanels) Cols() int { return len(m.mean) }

func (m *sparsePanels) Forward(ctx context.Context, dst []float32, b []float64) error {
	const L = vec.Lanes
	var mb [L]float64
	for j, v := range m.mean {
		r := (*[L]float64)(b[j*L:])
		for l := range mb {
			mb[l] += v * r[l]
		}
	}
	return par.Blocks(ctx, m.workers, len(m.weight), 64, func(_, _, lo, hi int) {
		for i := lo; i < hi; i++ {
			var s [L]float64
			for e := m.rows.Ptr[i]; e < m.rows.Ptr[i+1]; e++ {
				v := float64(m.rows.Val[e])
				r := (*[L]float64)(b[int(m.rows.Col[e])*L:])
				for l := range s {
					s[l] += v * r[l]
				}
			}
			for l, v := range s {
				dst[i*L+l] = float32(v*m.scale - mb[l])
			}
		}
	})
}

func (m *sparsePanels) Backward(ctx context.Context, b []float64, u []float32) error {
	const L = vec.Lanes
	var sum [L]float64
	for i, w := range m.weight {
		for l := range sum {
			sum[l] += w * float64(u[i*L+l])
		}
	}
	return par.Blocks(ctx, m.workers, len(m.mean), 256, func(_, _, lo, hi int) {
		for j := lo; j < hi; j++ {
			var s [L]float64
			for e := m.columns.Ptr[j]; e < m.columns.Ptr[j+1]; e++ {
				i := int(m.columns.Col[e])
				v := m.weight[i] * float64(m.columns.Val[e]) * m.scale
				r := (*[L]float32)(u[i*L:])
				for l := range s {
					s[l] += v * float64(r[l])
				}
			}
			for l, v := range s {
				b[j*L+l] = v - m.mean[j]*sum[l]
			}
		}
	})
}
