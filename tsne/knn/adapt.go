package knn

import (
	"context"
	"math"
	"slices"
	"unsafe"

	"github.com/semamap/semamap/tsne/internal/share"
)

// Rows returns the n rows of d numbers stored one after another in x. It keeps
// x and does not copy it.
func Rows[T float32 | float64](x []T, n, d int) Points {
	s := shape{n: n, d: d}
	if n < 0 || d < 0 || d > 0 && n > math.MaxInt/d || len(x) != n*d {
		s.err = share.Errorf("%w: %d numbers are not %d rows of %d", ErrPoints, len(x), n, d)
	}
	flat, _ := any(x).([]float32)
	return rowsOf(s, flat, func(i int) []T { return x[i*d:][:d:d] })
}

// A shape is what all points of this file have: dimensions, or an error.
type shape struct {
	n, d int
	err  error
}

func (s shape) Dims() (n, d int) { return s.n, s.d }
func (s shape) Check() error     { return s.err }

// rowsOf returns points of the rows that row returns; flat holds them one after
// another, or is nil.
func rowsOf[T float32 | float64](s shape, flat []float32, row func(i int) []T) Points {
	// Known when the function is compiled, so that programs with float32 alone do
	// not hold the code for float64.
	var zero T
	if unsafe.Sizeof(zero) == 4 {
		return dense{s, flat, any(row).(func(i int) []float32)}
	}
	row64 := any(row).(func(i int) []float64)
	return &wide{shape: s, row: func(i int, _ []float64) ([]float64, error) { return row64(i), nil }}
}

// dense is rows of float32 in memory.
type dense struct {
	shape
	x   []float32
	row func(i int) []float32
}

func (f dense) Flat() []float32 { return f.x }
func (f dense) Row(_ []float32, i int) ([]float32, error) {
	if f.err != nil {
		return nil, f.err
	}
	return f.row(i), nil
}

// Slices returns the rows x, which must have equal lengths. It keeps them and
// does not copy them.
func Slices[T float32 | float64](x [][]T) Points {
	s := shape{n: len(x)}
	if s.n > 0 {
		s.d = len(x[0])
	}
	if i := slices.IndexFunc(x, func(row []T) bool { return len(row) != s.d }); i >= 0 {
		s.err = share.Errorf("%w: row %d has %d numbers, row 0 has %d", ErrPoints, i, len(x[i]), s.d)
	}
	return rowsOf(s, nil, func(i int) []T { return x[i] })
}

// Matrix returns the rows of a matrix, such as gonum's mat.Matrix. It keeps m,
// whose methods must be safe for concurrent use. A matrix with the method
// RawRowView(i int) []float64, such as *mat.Dense, is read row by row. A matrix
// that already is Points, such as a layer of package amap, is returned as it
// is.
func Matrix(m interface {
	Dims() (r, c int)
	At(i, j int) float64
}) Points {
	if share.Nil(m) {
		return missing("there is no matrix")
	}
	if x, ok := m.(Points); ok {
		return x
	}
	n, d := m.Dims()
	w := &wide{shape: shape{n: n, d: d}}
	if raw, ok := m.(interface{ RawRowView(i int) []float64 }); ok {
		w.row = func(i int, _ []float64) ([]float64, error) { return raw.RawRowView(i), nil }
	} else {
		w.buffers = newBuffers(d)
		w.row = func(i int, x []float64) ([]float64, error) {
			for j := range x {
				x[j] = m.At(i, j)
			}
			return x, nil
		}
	}
	return w
}

// missing returns points whose error says what is missing.
func missing(what string) Points {
	return dense{shape: shape{err: share.Errorf("%w: %s", ErrPoints, what)}}
}

// Select returns the given rows of x, in that order. It keeps x and rows.
func Select(x Points, rows []int32) Points {
	if share.Nil(x) {
		return missing("there are none to select from")
	}
	if p, ok := x.(interface{ pick(rows []int32) Points }); ok {
		return p.pick(rows)
	}
	if t, ok := x.(*selection); ok {
		x = t.x
		rows = slices.Clone(rows)
		for i, r := range rows {
			rows[i] = t.ids[r]
		}
	}
	return &selection{x, rows}
}

// selection is some rows of other points.
type selection struct {
	x   Points
	ids []int32
}

func (s *selection) Dims() (n, d int) { _, d = s.x.Dims(); return len(s.ids), d }
func (s *selection) Check() error     { return check(s.x) }

// Terms returns arguments with which Combine makes the selection; base is nil
// if it cannot.
func (s *selection) Terms() (base Points, start []int, index []int32, weight []float32) {
	if c, ok := s.x.(interface {
		termsOf(rows []int32) (base Points, start []int, index []int32, weight []float32)
	}); ok {
		return c.termsOf(s.ids)
	}
	return nil, nil, nil, nil
}

func (s *selection) Row(dst []float32, i int) ([]float32, error) {
	_, d := s.x.Dims()
	return readRow(s.x, dst, int(s.ids[i]), d)
}

// check reports what was wrong when x was made.
//
//go:noinline
func check(x Points) error {
	if c, ok := x.(interface{ Check() error }); ok {
		return c.Check()
	}
	return nil
}

// Distinct finds equal rows. of[i] is the number of row i among the distinct
// rows; first[u] is the first row equal to distinct row u, in ascending order.
// A number that is not finite makes it fail with a *[ValueError].
func Distinct(ctx context.Context, x Points, workers int) (of, first []int32, err error) {
	if ctx == nil {
		return nil, nil, errNoContext
	}
	if share.Nil(x) {
		return nil, nil, errNoPoints
	}
	s, err := newSource(canonical(Euclidean, x)[0], Euclidean)
	if err != nil {
		return nil, nil, err
	}
	if s.comb != nil {
		s.comb = s.comb.lowest()
	}
	hash, err := s.scan(ctx, workers)
	if err != nil {
		return nil, nil, err
	}
	m, err := s.merge(ctx, hash)
	if err != nil {
		return nil, nil, err
	}
	if m != nil {
		return m.of, m.first(), nil
	}
	of = make([]int32, s.n)
	for i := range of {
		of[i] = int32(i)
	}
	return of, slices.Clone(of), nil
}
