package amap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"gonum.org/v1/gonum/mat"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

// A matrix holds the values of a layer, tokens × units: numbers in a file, the
// mean of several layers, or the caller's own. Its methods are safe for
// concurrent use with different scratch.
type matrix interface {
	dims() (rows, units int)
	dtype() DType
	// read sets dst to the rows [lo, hi), one after another, in float32.
	read(dst []float32, lo, hi int, s *scratch) error
	// read64 is read in float64, which holds every type exactly.
	read64(dst []float64, lo, hi int, s *scratch) error
}

// scratch is reused memory of one goroutine.
type scratch struct {
	raw    []byte
	turned []byte // numbers of a big-endian file
	row    []float32
	f64    []float64
	view   []float32 // rows of which a view shows some units
	view64 []float64
	// bulk makes a mapped file be read with ReadAt all the same. For many rows
	// that is as fast, and it keeps the process small, where a mapping would
	// count every page that was touched.
	bulk bool
	// stream keeps what is read out of the caches: there is too much of it.
	stream bool
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// grow returns n items of *buf, enlarged when it is too small.
func grow[T any](buf *[]T, n int) []T {
	if cap(*buf) < n {
		*buf = make([]T, n)
	}
	return (*buf)[:n]
}

// A Layer is one matrix of a map: tokens × units, whatever the layout of the file.
// It is a view, valid until the map is closed; nothing is copied. All methods are
// safe for concurrent use.
//
// The number of a row is its token id, unless the map was filtered. If the map was
// made with positions, the last rows are positions of the window.
//
// A Layer can be passed to packages tsne and lemma as rows, and to gonum as a
// [mat.Matrix]. At is slow: read whole rows by [Layer.Row], [Layer.ReadRows] or
// [Layer.Gather].
type Layer struct {
	m     *Map
	mode  Mode
	n     int
	x     matrix
	err   error   // why there is no x
	rows  []int32 // rows of x that the view shows; nil: all
	units []int32 // units of x that the view shows; nil: all
}

var _ mat.Matrix = (*Layer)(nil)

// DType returns the number type of the layer.
func (l *Layer) DType() DType { return l.x.dtype() }

// Dims returns the number of rows (tokens, then positions) and the number of
// units.
func (l *Layer) Dims() (rows, units int) {
	rows, units = l.x.dims()
	if l.rows != nil {
		rows = len(l.rows)
	}
	if l.units != nil {
		units = len(l.units)
	}
	return rows, units
}

// At returns one value, exactly. If the value cannot be read, for example because
// the file was truncated, At returns NaN; other methods return the error. At
// panics with [mat.ErrRowAccess] or [mat.ErrColAccess] if an index is out of
// range, and with [ErrClosed] after the map is closed.
func (l *Layer) At(row, unit int) float64 {
	rows, units := l.Dims()
	if uint(row) >= uint(rows) {
		panic(mat.ErrRowAccess)
	}
	if uint(unit) >= uint(units) {
		panic(mat.ErrColAccess)
	}
	v, err := l.at(row, unit)
	if errors.Is(err, ErrClosed) {
		panic(ErrClosed)
	}
	if err != nil {
		return math.NaN()
	}
	return v
}

// at reads one value: the number alone from a file, a whole row elsewhere.
func (l *Layer) at(row, unit int) (float64, error) {
	row, unit = l.row(row), l.unit(unit)
	if x, ok := l.x.(*fileMatrix); ok {
		return x.at(row, unit)
	}
	_, units := l.x.dims()
	v := make([]float64, units)
	err := l.x.read64(v, row, row+1, new(scratch))
	return v[unit], err
}

// T returns the transpose, units × tokens, as a view.
func (l *Layer) T() mat.Matrix { return mat.Transpose{Matrix: l} }

func (l *Layer) row(i int) int {
	if l.rows != nil {
		return int(l.rows[i])
	}
	return i
}

func (l *Layer) unit(i int) int {
	if l.units != nil {
		return int(l.units[i])
	}
	return i
}

// tokenID returns the token id of row i. Position p of the window has the id
// vocabulary size + p.
func (l *Layer) tokenID(i int) int32 {
	i = l.row(i)
	if l.m != nil && l.m.o.IDs != nil {
		return l.m.o.IDs[i]
	}
	return int32(i)
}

// TokenIDs returns the token id of each row; nil means that the number of a row is
// its id. known is false for a layer of SYSIF's filter_amap, whose file does not
// contain the ids: give them as Options.IDs.
func (l *Layer) TokenIDs() (ids []int32, known bool) {
	if m := l.m; m != nil && m.o.IDs == nil && (m.someRows || m.byID[l.mode] && m.transposed(l.mode)) {
		return nil, false
	}
	rows, _ := l.Dims()
	for i := range rows {
		id := l.tokenID(i)
		if ids == nil && int(id) != i {
			ids = make([]int32, i, rows)
			for k := range ids {
				ids[k] = int32(k)
			}
		}
		if ids != nil {
			ids = append(ids, id)
		}
	}
	return ids, true
}

// Select returns a view of the given rows and units, in that order. Indices may
// repeat. Nil means all.
func (l *Layer) Select(rows []int32, units []int) (*Layer, error) {
	_, nu := l.Dims()
	v := *l
	if rows != nil {
		if err := l.check(rows); err != nil {
			return nil, err
		}
		v.rows = make([]int32, len(rows))
		for i, r := range rows {
			v.rows[i] = int32(l.row(int(r)))
		}
	}
	if units != nil {
		v.units = make([]int32, len(units))
		for i, u := range units {
			if u < 0 || u >= nu {
				return nil, l.rangeError("unit", u, nu)
			}
			v.units[i] = int32(l.unit(u))
		}
	}
	return &v, nil
}

func (l *Layer) rangeError(what string, i, n int) error {
	return fmt.Errorf("amap: %s layer %d: %w: %s %d of %d", l.mode, l.n, ErrShape, what, i, n)
}

func (l *Layer) check(rows []int32) error {
	n, _ := l.Dims()
	for _, r := range rows {
		if r < 0 || int(r) >= n {
			return l.rangeError("row", int(r), n)
		}
	}
	return nil
}

// read sets dst to the rows [lo, hi) of the view.
func (l *Layer) read(dst []float32, lo, hi int, s *scratch) error {
	return readView(l, dst, lo, hi, s, &s.view, l.x.read)
}

// read64 is read in float64, which holds every type exactly.
func (l *Layer) read64(dst []float64, lo, hi int, s *scratch) error {
	return readView(l, dst, lo, hi, s, &s.view64, l.x.read64)
}

func readView[T any](l *Layer, dst []T, lo, hi int, s *scratch, buf *[]T, read func(dst []T, lo, hi int, s *scratch) error) error {
	if l.rows == nil && l.units == nil {
		return read(dst, lo, hi, s)
	}
	_, all := l.x.dims()
	_, units := l.Dims()
	for lo < hi {
		// Rows that follow one another in the matrix are read together.
		first := l.row(lo)
		n := 1
		for lo+n < hi && l.row(lo+n) == first+n {
			n++
		}
		if l.units == nil {
			if err := read(dst[:n*units], first, first+n, s); err != nil {
				return err
			}
		} else {
			n = min(n, max(1, 1<<14/max(all, 1)))
			rows := grow(buf, n*all)
			if err := read(rows, first, first+n, s); err != nil {
				return err
			}
			for k := range n {
				from, to := rows[k*all:(k+1)*all], dst[k*units:(k+1)*units]
				for i, u := range l.units {
					to[i] = from[u]
				}
			}
		}
		dst = dst[n*units:]
		lo += n
	}
	return nil
}

// Row returns row i in float32. Values of float64 files are rounded; all others
// are exact. The row is stored in dst, or in a new slice if dst is too small.
func (l *Layer) Row(dst []float32, i int) ([]float32, error) {
	rows, units := l.Dims()
	if i < 0 || i >= rows {
		return dst, l.rangeError("row", i, rows)
	}
	dst = slices.Grow(dst[:0], units)[:units]
	s := scratches.Get().(*scratch)
	err := l.read(dst, i, i+1, s)
	scratches.Put(s)
	return dst, err
}

// ReadRows stores the rows lo to hi-1 in dst, one after another; len(dst) must be
// hi-lo times the number of units. It is the fastest way to read many rows,
// especially from a file that holds units × tokens. Large requests run on all
// processors.
func (l *Layer) ReadRows(dst []float32, lo, hi int) error {
	rows, units := l.Dims()
	if lo < 0 || hi < lo || hi > rows || len(dst) != (hi-lo)*units {
		return fmt.Errorf("amap: ReadRows: %w: %d numbers for rows %d to %d of a layer of %d × %d", ErrShape, len(dst), lo, hi-1, rows, units)
	}
	size := blockRows(units)
	if x, ok := l.x.(*fileMatrix); ok && !x.inOne() {
		size *= 8 // where reading pays by the column
	}
	stream := len(dst) > streamed && l.units == nil
	return l.pass(context.Background(), hi-lo, size, false, func(_, from, to int, s *scratch) error {
		s.stream = stream
		return l.read(dst[from*units:to*units], lo+from, lo+to, s)
	})
}

// streamed is the size of a result, in numbers, from which on it is written past
// the caches.
const streamed = 4 << 20

// Gather stores the given rows in dst, one after another; len(dst) must be
// len(rows) times the number of units. Large requests run on all processors. If
// the file is not mapped, rows are read in the order of the file.
func (l *Layer) Gather(dst []float32, rows []int32) error {
	_, units := l.Dims()
	if len(dst) != len(rows)*units {
		return fmt.Errorf("amap: Gather: %w: %d numbers for %d rows of %d units", ErrShape, len(dst), len(rows), units)
	}
	if err := l.check(rows); err != nil {
		return err
	}
	order := readOrder(rows)
	stream := len(dst) > streamed && l.units == nil
	return l.pass(context.Background(), len(rows), blockRows(units), false, func(_, lo, hi int, s *scratch) error {
		s.stream = stream
		return order.runs(rows, lo, hi, len(rows), func(i, n int) error {
			r := int(rows[order.at(i)])
			if order == nil {
				return l.read(dst[i*units:(i+n)*units], r, r+n, s)
			}
			for k := range n {
				to := order.at(i + k)
				if err := l.read(dst[to*units:(to+1)*units], r+k, r+k+1, s); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// an order lists indices; nil is the order they have.
type order []int32

func (o order) at(i int) int {
	if o == nil {
		return i
	}
	return int(o[i])
}

// readOrder sorts the rows for reading; nil when they are sorted already.
func readOrder(rows []int32) order {
	if slices.IsSorted(rows) {
		return nil
	}
	o := make(order, len(rows))
	for i := range o {
		o[i] = int32(i)
	}
	slices.SortFunc(o, func(a, b int32) int {
		return cmp.Or(cmp.Compare(rows[a], rows[b]), cmp.Compare(a, b))
	})
	return o
}

// runs calls f for stretches of the order, of at most most rows, whose rows
// follow one another.
func (o order) runs(rows []int32, lo, hi, most int, f func(i, n int) error) error {
	for lo < hi {
		n := 1
		for lo+n < hi && n < most && rows[o.at(lo+n)] == rows[o.at(lo)]+int32(n) {
			n++
		}
		if err := f(lo, n); err != nil {
			return err
		}
		lo += n
	}
	return nil
}

// pass calls f for blocks of size of n rows, in parallel when there are several.
func (l *Layer) pass(ctx context.Context, n, size int, bulk bool, f func(block, lo, hi int, s *scratch) error) error {
	errs := make([]error, par.NumBlocks(n, size))
	err := par.Blocks(ctx, 0, n, size, func(_, b, lo, hi int) {
		s := scratches.Get().(*scratch)
		s.bulk = bulk
		errs[b] = f(b, lo, hi, s)
		s.bulk, s.stream = false, false
		scratches.Put(s)
	})
	for _, e := range errs {
		if e != nil {
			return e // the first by place, whichever came first in time
		}
	}
	return err
}

// blockRows is how many rows a task handles: about 2¹⁸ numbers.
func blockRows(units int) int { return max(1, 1<<18/max(units, 1)) }

// Mean returns the mean of the given rows, stored in dst or in a new slice if dst
// is too small. A row that is listed twice counts twice, as in the mean over a
// word's tokens. If weights are given, there must be one per row; they must be
// finite, not negative, and not all zero. Sums are float64, in a fixed order, and
// rounded once. If rows is empty, the error wraps [ErrShape].
func (l *Layer) Mean(dst []float32, rows []int32, weights ...float64) ([]float32, error) {
	if err := l.check(rows); err != nil {
		return dst, err
	}
	total := float64(len(rows))
	if weights != nil {
		if len(weights) != len(rows) {
			return dst, fmt.Errorf("amap: Mean: %w: %d weights for %d rows", ErrShape, len(weights), len(rows))
		}
		total = 0
		for i, v := range weights {
			if !(v >= 0) || v > 1e300 {
				return dst, fmt.Errorf("amap: Mean: %w: weight %d is %v", ErrShape, i, v)
			}
			total += v
		}
	}
	if total == 0 {
		return dst, fmt.Errorf("amap: Mean: %w: no rows, or all weights are 0", ErrShape)
	}
	_, units := l.Dims()
	dst = slices.Grow(dst[:0], units)[:units]
	order := readOrder(rows)
	weight := func(i int) float64 {
		if weights == nil {
			return 1
		}
		return weights[order.at(i)]
	}
	size := blockRows(units)
	sums := make([][]float64, par.NumBlocks(len(rows), size))
	bulk := len(rows) > 1<<16/max(units, 1)
	err := l.pass(context.Background(), len(rows), size, bulk, func(b, lo, hi int, s *scratch) error {
		sum := make([]float64, units)
		sums[b] = sum
		const few = 16
		buf := make([]float32, min(few, hi-lo)*units)
		return order.runs(rows, lo, hi, few, func(i, n int) error {
			r := int(rows[order.at(i)])
			if l.x.dtype() == Float64 {
				x := grow(&s.f64, n*units)
				if err := l.read64(x, r, r+n, s); err != nil {
					return err
				}
				for j := range n {
					f := weight(i + j)
					for u, v := range x[j*units : (j+1)*units] {
						sum[u] += float64(f * v)
					}
				}
				return nil
			}
			x := buf[:n*units]
			if err := l.read(x, r, r+n, s); err != nil {
				return err
			}
			for j := range n {
				vec.AxpyF64(sum, weight(i+j), x[j*units:(j+1)*units])
			}
			return nil
		})
	})
	if err != nil {
		return dst, err
	}
	for _, s := range sums[1:] {
		for u, v := range s {
			sums[0][u] += v
		}
	}
	for u, v := range sums[0] {
		dst[u] = float32(v / total)
	}
	return dst, nil
}

// column sets dst, which has a number for each row, to the values of a unit.
func (l *Layer) column(dst []float32, unit int) error {
	return l.pass(context.Background(), len(dst), 1<<12, true, func(_, lo, hi int, _ *scratch) error {
		for i := lo; i < hi; i++ {
			v, err := l.at(i, unit)
			if err != nil {
				return err
			}
			dst[i] = float32(v)
		}
		return nil
	})
}

// Dense copies the layer into memory. It takes 8 bytes per number, four times the
// size of an fp16 file.
func (l *Layer) Dense() (*mat.Dense, error) {
	rows, units := l.Dims()
	if rows == 0 || units == 0 {
		return nil, fmt.Errorf("amap: Dense: %w: %d × %d", ErrShape, rows, units)
	}
	out := make([]float64, rows*units)
	err := l.pass(context.Background(), rows, blockRows(units), true, func(_, lo, hi int, s *scratch) error {
		return l.read64(out[lo*units:hi*units], lo, hi, s)
	})
	if err != nil {
		return nil, err
	}
	return mat.NewDense(rows, units, out), nil
}
