package amap

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"gonum.org/v1/gonum/mat"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

// A matrix holds the values of a layer, tokens × units: numbers in a file, a
// merger of such, or the caller's own. Its methods are safe for concurrent use
// with different scratch.
type matrix interface {
	dims() (rows, units int)
	dtype() DType
	// read sets dst to the rows [lo, hi), one after another, in float32.
	read(dst []float32, lo, hi int, s *scratch) error
	// read64 is read in float64, which holds every type exactly.
	read64(dst []float64, lo, hi int, s *scratch) error
	at(row, unit int) (float64, error)
	// whole tells, after a read, whether a mapped file was cut meanwhile.
	whole() error
}

// scratch is reused memory of one goroutine.
type scratch struct {
	raw []byte
	row []float32
	f64 []float64
	// bulk makes a mapped file be read with ReadAt all the same. For many rows
	// that is as fast, and it keeps the process small, where a mapping would
	// count every page that was touched.
	bulk bool
	// stream keeps what is read out of the caches: there is too much of it.
	stream bool
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

func (s *scratch) bytes(n int) []byte {
	if cap(s.raw) < n {
		s.raw = make([]byte, n)
	}
	return s.raw[:n]
}

func (s *scratch) floats(n int) []float32 {
	if cap(s.row) < n {
		s.row = make([]float32, n)
	}
	return s.row[:n]
}

func (s *scratch) doubles(n int) []float64 {
	if cap(s.f64) < n {
		s.f64 = make([]float64, n)
	}
	return s.f64[:n]
}

// A Layer is one matrix of a map, tokens × units whatever the file's layout.
// It is a view: nothing is copied, and it is valid until the map is closed.
// All methods are safe for concurrent use.
//
// A Layer is a gonum [mat.Matrix]. At is exact but slow; for whole rows use
// [Layer.Row] or [Layer.Gather].
type Layer struct {
	m     *Map
	mode  Mode
	n     int
	x     matrix
	rows  []int32 // rows of x that the view shows; nil: all
	units []int32 // units of x that the view shows; nil: all
}

var _ mat.Matrix = (*Layer)(nil)

// Mode and Number say which layer of the map it is.
func (l *Layer) Mode() Mode { return l.mode }

// Number returns the layer's number, from 0.
func (l *Layer) Number() int { return l.n }

// DType returns the number type of the file.
func (l *Layer) DType() DType { return l.x.dtype() }

// Dims returns the number of rows (tokens, then positions) and of units.
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

// At returns one value, exactly. It panics when an index is out of range (with
// [mat.ErrRowAccess] or [mat.ErrColAccess]) or the value cannot be read.
func (l *Layer) At(row, unit int) float64 {
	rows, units := l.Dims()
	if uint(row) >= uint(rows) {
		panic(mat.ErrRowAccess)
	}
	if uint(unit) >= uint(units) {
		panic(mat.ErrColAccess)
	}
	v, err := l.x.at(l.row(row), l.unit(unit))
	if err != nil {
		panic(err)
	}
	return v
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

// UnitID names unit i of the view by its place in the model.
func (l *Layer) UnitID(i int) UnitID { return UnitID{l.n, l.unit(i)} }

// TokenID returns the token id of row i: the row of the whole map, or what
// [WithRowIDs] says about it. Position p of the window has the id vocabulary
// size + p.
func (l *Layer) TokenID(i int) int32 {
	i = l.row(i)
	if l.m != nil && l.m.rowIDs != nil {
		return l.m.rowIDs[i]
	}
	return int32(i)
}

// SelectRows returns a view of the given rows, in that order; rows may repeat.
func (l *Layer) SelectRows(rows []int32) (*Layer, error) {
	n, _ := l.Dims()
	v := *l
	v.rows = make([]int32, len(rows))
	for i, r := range rows {
		if r < 0 || int(r) >= n {
			return nil, l.rangeError("row", int(r), n)
		}
		v.rows[i] = int32(l.row(int(r)))
	}
	return &v, nil
}

// SelectUnits returns a view of the given units, in that order; units may
// repeat.
func (l *Layer) SelectUnits(units []int) (*Layer, error) {
	_, n := l.Dims()
	v := *l
	v.units = make([]int32, len(units))
	for i, u := range units {
		if u < 0 || u >= n {
			return nil, l.rangeError("unit", u, n)
		}
		v.units[i] = int32(l.unit(u))
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
	if l.rows == nil && l.units == nil {
		return l.x.read(dst, lo, hi, s)
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
			if err := l.x.read(dst[:n*units], first, first+n, s); err != nil {
				return err
			}
		} else {
			n = min(n, max(1, 1<<14/max(all, 1)))
			row := s.floats(n * all)
			if err := l.x.read(row, first, first+n, s); err != nil {
				return err
			}
			for k := range n {
				from, to := row[k*all:(k+1)*all], dst[k*units:(k+1)*units]
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

// Row sets dst to a row, in float32: exact but for float64 files, which are
// rounded. It returns dst, grown when it is too small; with a large enough dst
// it does not allocate.
func (l *Layer) Row(dst []float32, row int) ([]float32, error) {
	rows, units := l.Dims()
	if row < 0 || row >= rows {
		return dst, l.rangeError("row", row, rows)
	}
	dst = slices.Grow(dst[:0], units)[:units]
	s := scratches.Get().(*scratch)
	err := l.read(dst, row, row+1, s)
	scratches.Put(s)
	return dst, err
}

// Gather sets dst to the given rows, one after another; len(dst) must be
// len(rows) times the number of units. Large requests run on all processors,
// and without a mapping rows are read in the order of the file.
func (l *Layer) Gather(dst []float32, rows []int32) error {
	_, units := l.Dims()
	if len(dst) != len(rows)*units {
		return fmt.Errorf("amap: Gather: %w: %d numbers for %d rows of %d units", ErrShape, len(dst), len(rows), units)
	}
	if err := l.check(rows); err != nil {
		return err
	}
	order := readOrder(rows)
	stream := len(dst) > 4<<20 && l.units == nil
	return l.pass(context.Background(), len(rows), units, func(_, lo, hi int, s *scratch) error {
		// The result is twice the size of what is read, so that the mapping's
		// pages do not matter.
		s.bulk, s.stream = false, stream
		defer func() { s.stream = false }()
		return l.runs(order, rows, lo, hi, func(i, n int) error {
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
		if rows[a] != rows[b] {
			return int(rows[a]) - int(rows[b])
		}
		return int(a) - int(b)
	})
	return o
}

// runs calls f for stretches of the order whose rows follow one another.
func (l *Layer) runs(o order, rows []int32, lo, hi int, f func(i, n int) error) error {
	for lo < hi {
		n := 1
		for lo+n < hi && rows[o.at(lo+n)] == rows[o.at(lo)]+int32(n) {
			n++
		}
		if err := f(lo, n); err != nil {
			return err
		}
		lo += n
	}
	return nil
}

// pass calls f for blocks of n rows of the given width, in parallel when there
// is enough to do. The blocks depend on n and units only. After
// a read of a mapping the file is looked at once more, because the rest of the
// page in which a cut file ends reads as zeros.
func (l *Layer) pass(ctx context.Context, n, units int, f func(block, lo, hi int, s *scratch) error) error {
	size := blockRows(units)
	errs := make([]error, par.NumBlocks(n, size))
	bulk := n > 1<<16/max(units, 1)
	err := par.Blocks(ctx, 0, n, size, func(_, b, lo, hi int) {
		s := scratches.Get().(*scratch)
		s.bulk = bulk
		errs[b] = f(b, lo, hi, s)
		s.bulk = false
		scratches.Put(s)
	})
	for _, e := range errs {
		if e != nil {
			return e // the first by place, whichever came first in time
		}
	}
	if err == nil {
		err = l.x.whole()
	}
	return err
}

// blockRows is how many rows a task handles: about 2¹⁸ numbers.
func blockRows(units int) int { return max(1, 1<<18/max(units, 1)) }

// Mean sets dst to the mean of the given rows; a row that is listed twice
// counts twice, as in the mean of a word's tokens. Sums are taken in float64,
// in a fixed order, and rounded once. It returns dst, grown when it is too
// small. No rows give [ErrShape].
func (l *Layer) Mean(dst []float32, rows []int32) ([]float32, error) {
	return l.mean(dst, rows, nil)
}

// WeightedMean is Mean with a weight for each of the rows, such as its count.
// The weights must not be negative, NaN or infinite, nor all zero.
func (l *Layer) WeightedMean(dst []float32, rows []int32, w []float64) ([]float32, error) {
	if len(w) != len(rows) {
		return dst, fmt.Errorf("amap: WeightedMean: %w: %d weights for %d rows", ErrShape, len(w), len(rows))
	}
	return l.mean(dst, rows, w)
}

// CountMean is WeightedMean by the counts of the map: the mean over all
// occurrences of the tokens. Rows without a known count give [ErrNotFound].
func (l *Layer) CountMean(dst []float32, rows []int32) ([]float32, error) {
	if err := l.check(rows); err != nil {
		return dst, err
	}
	w := make([]float64, len(rows))
	for i, r := range rows {
		n, known := l.count(int(r))
		if !known {
			return dst, fmt.Errorf("amap: CountMean: count of token %d of mode %s: %w", l.TokenID(int(r)), l.mode, ErrNotFound)
		}
		w[i] = float64(n)
	}
	return l.mean(dst, rows, w)
}

func (l *Layer) mean(dst []float32, rows []int32, w []float64) ([]float32, error) {
	if err := l.check(rows); err != nil {
		return dst, err
	}
	total := float64(len(rows))
	if w != nil {
		total = 0
		for i, v := range w {
			if !(v >= 0) || v > 1e300 {
				return dst, fmt.Errorf("amap: WeightedMean: %w: weight %d is %v", ErrShape, i, v)
			}
			total += v
		}
	}
	if total == 0 {
		return dst, fmt.Errorf("amap: mean of no rows, or of weights 0: %w", ErrShape)
	}
	_, units := l.Dims()
	dst = slices.Grow(dst[:0], units)[:units]
	size := blockRows(units)
	blocks := par.NumBlocks(len(rows), size)
	order := readOrder(rows)
	wide := l.x.dtype() == Float64
	sums := make([][]float64, blocks)
	err := l.pass(context.Background(), len(rows), units, func(b, lo, hi int, s *scratch) error {
		sum := make([]float64, units)
		sums[b] = sum
		const few = 16
		buf := make([]float32, min(few, hi-lo)*units)
		return l.runs(order, rows, lo, hi, func(i, n int) error {
			for n > 0 {
				k := min(n, few)
				r := int(rows[order.at(i)])
				if wide {
					x := s.doubles(k * units)
					if err := l.read64(x, r, r+k, s); err != nil {
						return err
					}
					for j := range k {
						f := 1.0
						if w != nil {
							f = w[order.at(i+j)]
						}
						for u, v := range x[j*units : (j+1)*units] {
							sum[u] += float64(f * v)
						}
					}
				} else {
					x := buf[:k*units]
					if err := l.read(x, r, r+k, s); err != nil {
						return err
					}
					for j := range k {
						if w == nil {
							vec.AddF64(sum, x[j*units:(j+1)*units])
						} else {
							vec.AxpyF64(sum, w[order.at(i+j)], x[j*units:(j+1)*units])
						}
					}
				}
				i, n = i+k, n-k
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

func (l *Layer) read64(dst []float64, lo, hi int, s *scratch) error {
	_, units := l.Dims()
	if l.units == nil {
		for i := lo; i < hi; i++ {
			r := l.row(i)
			if err := l.x.read64(dst[(i-lo)*units:(i-lo+1)*units], r, r+1, s); err != nil {
				return err
			}
		}
		return nil
	}
	_, all := l.x.dims()
	row := make([]float64, all)
	for i := lo; i < hi; i++ {
		r := l.row(i)
		if err := l.x.read64(row, r, r+1, s); err != nil {
			return err
		}
		for k, u := range l.units {
			dst[(i-lo)*units+k] = row[u]
		}
	}
	return nil
}

// Units sets dst to whole columns: the values of each of the given units over
// all rows, unit after unit; len(dst) must be len(units) times the number of
// rows. It reads every row once, so ask for all the units you need in one call.
func (l *Layer) Units(dst []float32, units []int) error {
	v, err := l.SelectUnits(units)
	if err != nil {
		return err
	}
	rows, n := v.Dims()
	if len(dst) != rows*n {
		return fmt.Errorf("amap: Units: %w: %d numbers for %d units of %d rows", ErrShape, len(dst), n, rows)
	}
	if t, ok := l.x.(*fileMatrix); ok && t.src.mapped() {
		return t.columns(dst, v)
	}
	_, all := l.x.dims()
	return v.pass(context.Background(), rows, all, func(_, lo, hi int, s *scratch) error {
		buf := make([]float32, n)
		for r := lo; r < hi; r++ {
			if err := v.read(buf, r, r+1, s); err != nil {
				return err
			}
			for i, x := range buf {
				dst[i*rows+r] = x
			}
		}
		return nil
	})
}

// RawRow returns the bytes of a row in the number type of the file, without
// copying, if the file is mapped and the row lies in one piece; the view must
// show all units. The slice is valid until the map is closed. Reading it after
// another process has cut the file kills the program; see the package comment.
func (l *Layer) RawRow(row int) ([]byte, bool) {
	t, ok := l.x.(*fileMatrix)
	rows, _ := l.Dims()
	if !ok || l.units != nil || row < 0 || row >= rows {
		return nil, false
	}
	return t.rawRow(l.row(row))
}

// Dense copies the layer into memory: 8 bytes a number, four times the size of
// an fp16 file.
func (l *Layer) Dense() (*mat.Dense, error) {
	rows, units := l.Dims()
	if rows == 0 || units == 0 {
		return nil, fmt.Errorf("amap: Dense: %w: %d × %d", ErrShape, rows, units)
	}
	out := make([]float64, rows*units)
	err := l.pass(context.Background(), rows, units, func(_, lo, hi int, s *scratch) error {
		return l.read64(out[lo*units:hi*units], lo, hi, s)
	})
	if err != nil {
		return nil, err
	}
	return mat.NewDense(rows, units, out), nil
}
