package knn

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/tsne/internal/share"
)

// Rows returns the n rows of d numbers stored one after another in x. It keeps
// x and does not copy it.
func Rows[T float32 | float64](x []T, n, d int) Points {
	s := shape{n: n, d: d}
	if n < 0 || d < 0 || d > 0 && n > math.MaxInt/d || len(x) != n*d {
		s.err = fmt.Errorf("%w: %d numbers are not %d rows of %d", ErrPoints, len(x), n, d)
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
	if row, ok := any(row).(func(i int) []float32); ok {
		return dense{s, flat, row}
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
		s.err = fmt.Errorf("%w: row %d has %d numbers, row 0 has %d", ErrPoints, i, len(x[i]), s.d)
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
	return dense{shape: shape{err: fmt.Errorf("%w: %s", ErrPoints, what)}}
}

// CSR returns the rows of a sparse matrix in compressed sparse row form: row i
// has value[e] in column index[e] for e from start[i] to start[i+1]−1, and
// zeros elsewhere. Columns may come in any order; values of the same column
// are added. CSR keeps the slices.
func CSR[T float32 | float64](cols int, start []int, index []int32, value []T) Points {
	s := &sparse[T]{shape{max(0, len(start)-1), cols, checkTerms(start, index, cols)}, start, index, value, nil}
	if s.err == nil && len(value) != len(index) {
		s.err = fmt.Errorf("%w: %d columns for %d numbers", ErrPoints, len(index), len(value))
	}
	return s
}

type sparse[T float32 | float64] struct {
	shape
	start []int
	index []int32
	value []T
	move  *move // done to its columns; may be nil
}

// Sparse calls f for each number of row i that is given.
func (s *sparse[T]) Sparse(i int, f func(j int32, v float32)) {
	for e := s.start[i]; e < s.start[i+1]; e++ {
		f(s.index[e], float32(s.value[e]))
	}
}

func (s *sparse[T]) Row(dst []float32, i int) ([]float32, error) {
	if s.err != nil {
		return nil, s.err
	}
	dst = slices.Grow(dst[:0], s.d)[:s.d]
	clear(dst)
	for e := s.start[i]; e < s.start[i+1]; e++ {
		j, v := s.index[e], s.value[e]
		if !isFinite(float32(v)) {
			return nil, &ValueError{i, int(j), float64(v)}
		}
		dst[j] += float32(v)
	}
	return dst, nil
}

// Distances returns points known only by their distances: column j of row i of
// x is the distance from point i to point j. x must be square. Its diagonal is
// ignored. An asymmetric x is used as it is: the neighbors of point i are those
// of row i. Points count as equal if their rows are equal and the distance
// between them is zero. Only [Search] and package tsne accept such points.
func Distances(x Points) Points {
	if share.Nil(x) {
		x = missing("there are no distances")
	}
	return &distances{x: x}
}

type distances struct {
	x   Points
	ids []int32 // not nil: of these points only
}

// AreDistances tells package tsne what they are.
func (d *distances) AreDistances() {}

func (d *distances) Dims() (n, cols int) {
	if d.ids != nil {
		return len(d.ids), len(d.ids)
	}
	return d.x.Dims()
}

func (d *distances) Check() error {
	if n, cols := d.x.Dims(); n != cols {
		return fmt.Errorf("%w: %d×%d distances are not square", ErrPoints, n, cols)
	}
	return check(d.x)
}

// id is the point of x that point i is.
func (d *distances) id(i int) int {
	if d.ids != nil {
		return int(d.ids[i])
	}
	return i
}

func (d *distances) Row(dst []float32, i int) ([]float32, error) {
	n, _ := d.Dims()
	x := slices.Grow(dst[:0], n)[:n]
	x[i] = 0
	err := d.read(i, func(j int, v float64) { x[j] = float32(v) })
	return x, err
}

// read calls f with the distances from point i.
func (d *distances) read(i int, f func(j int, v float64)) error {
	at := d.id(i)
	if w, ok := d.x.(*wide); ok {
		return w.Read64(at, func(x []float64) { eachDistance(d, i, x, f) })
	}
	all, _ := d.x.Dims()
	x, err := readRow(d.x, nil, at, all)
	if err == nil {
		eachDistance(d, i, x, f)
	}
	return err
}

func eachDistance[T float32 | float64](d *distances, i int, x []T, f func(j int, v float64)) {
	n, _ := d.Dims()
	for j := range n {
		if j != i {
			f(j, float64(x[d.id(j)]))
		}
	}
}

// searchDistances takes the lists from given distances.
func searchDistances(ctx context.Context, x *distances, k int, set *Settings) (*Graph, error) {
	n, _ := x.Dims()
	if set.Func != nil || set.Method == Gram || set.Method == Descent {
		return nil, &SettingError{"Method", set.Method, "only the exact search works with Distances, and Func does not"}
	}
	if err := checkK(n, k, n-1); err != nil {
		return nil, err
	}
	g := newGraph(n, k)
	lists := make([][]pair, par.Workers(set.Workers))
	err := par.Try(ctx, len(lists), n, 1, func(w, _, i, _ int) (bad error) {
		list := lists[w][:0]
		err := x.read(i, func(j int, v float64) {
			if bad == nil && !(v >= 0 && v*v <= math.MaxFloat64) {
				bad = &ValueError{x.id(i), x.id(j), v}
			}
			list = append(list, pair{v * v, int32(j)})
		})
		if lists[w] = list; cmp.Or(err, bad) == nil {
			g.put(i, list)
		}
		return cmp.Or(err, bad)
	})
	if err != nil {
		return nil, err
	}
	return g, nil
}

// Select returns the given rows of x, in that order. It keeps x and rows.
func Select(x Points, rows []int32) Points {
	if share.Nil(x) {
		return missing("there are none to select from")
	}
	var of []int32
	switch t := x.(type) {
	case *distances:
		of = t.ids
	case *selection:
		x, of = t.x, t.ids
	case *wide:
		of = t.ids
	}
	if of != nil {
		rows = slices.Clone(rows)
		for i, r := range rows {
			rows[i] = of[r]
		}
	}
	switch t := x.(type) {
	case *distances:
		return &distances{t.x, rows}
	case *wide:
		return t.pick(rows)
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
	c, ok := s.x.(interface {
		Terms() (base Points, start []int, index []int32, weight []float32)
	})
	if !ok {
		return nil, nil, nil, nil
	}
	base, from, indexes, weights := c.Terms()
	start = make([]int, 1, len(s.ids)+1)
	for _, i := range s.ids {
		lo, hi := from[i], from[i+1]
		index = append(index, indexes[lo:hi]...)
		if weights != nil {
			weight = append(weight, weights[lo:hi]...)
		}
		start = append(start, len(index))
	}
	return base, start, index, weight
}

func (s *selection) Row(dst []float32, i int) ([]float32, error) {
	_, d := s.x.Dims()
	return readRow(s.x, dst, int(s.ids[i]), d)
}

// check reports what was wrong when x was made.
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
