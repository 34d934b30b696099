package lemma

import (
	"context"
	"fmt"

	"github.com/semamap/semamap/internal/par"
)

// Rows is a set of rows of equal length, such as an *amap.Layer, which has one
// row per token id.
//
// Two optional methods make reading faster. Flat() []float32 returns all rows,
// one after another; the caller must not change them. Gather(dst []float32,
// rows []int32) error stores the given rows one after another in dst.
type Rows interface {
	// Dims returns the number of rows and their length.
	Dims() (rows, cols int)
	// Row returns row i. It may store it in dst[:cols] if dst has room, or
	// return memory of its own that the caller must not change. Row must be
	// safe for concurrent use.
	Row(dst []float32, i int) ([]float32, error)
}

type (
	flat     interface{ Flat() []float32 }
	gatherer interface {
		Gather(dst []float32, rows []int32) error
	}
)

// FromSlices returns the rows x. It keeps x. If their lengths differ, reading
// fails with ErrFormat.
func FromSlices(x [][]float32) Rows { return slicesOf(x) }

type slicesOf [][]float32

func (x slicesOf) Dims() (rows, cols int) {
	if len(x) == 0 {
		return 0, 0
	}
	return len(x), len(x[0])
}

func (x slicesOf) Row(_ []float32, i int) ([]float32, error) {
	if len(x[i]) != len(x[0]) {
		return nil, badRow(i, len(x[i]), len(x[0]))
	}
	return x[i], nil
}

func badRow(i, have, want int) error {
	return fmt.Errorf("%w: row %d has %d numbers, not %d", ErrFormat, i, have, want)
}

// A matrix is Rows in flat memory.
type matrix struct {
	x          []float32
	rows, cols int
}

// newMatrix uses the memory of dst if there is enough of it.
func newMatrix(dst []float32, rows, cols int) *matrix {
	if n := rows * cols; cap(dst) >= n {
		dst = dst[:n]
	} else {
		dst = make([]float32, n)
	}
	return &matrix{dst, rows, cols}
}

func (m *matrix) Dims() (rows, cols int)                    { return m.rows, m.cols }
func (m *matrix) Row(_ []float32, i int) ([]float32, error) { return m.row(i), nil }
func (m *matrix) Flat() []float32                           { return m.x }
func (m *matrix) row(i int) []float32                       { return m.x[i*m.cols : (i+1)*m.cols : (i+1)*m.cols] }

// gather fills m with the given rows of src, which must exist.
func (m *matrix) gather(ctx context.Context, workers int, src Rows, ids []int32) error {
	const block = 64
	errs := make([]error, par.NumBlocks(len(ids), block))
	err := par.Blocks(ctx, workers, len(ids), block, func(_, b, lo, hi int) {
		if g, ok := src.(gatherer); ok {
			errs[b] = g.Gather(m.x[lo*m.cols:hi*m.cols], ids[lo:hi])
			return
		}
		for i := lo; i < hi && errs[b] == nil; i++ {
			dst := m.row(i)
			row, err := src.Row(dst, int(ids[i]))
			switch {
			case err != nil:
				errs[b] = fmt.Errorf("row %d: %w", ids[i], err)
			case len(row) != m.cols:
				errs[b] = badRow(int(ids[i]), len(row), m.cols)
			case m.cols > 0 && &row[0] != &dst[0]:
				copy(dst, row)
			}
		}
	})
	for _, e := range errs {
		if e != nil {
			return fmt.Errorf("lemma: %w", e)
		}
	}
	return err
}

func inRange(ids []int32, rows int) error {
	for _, id := range ids {
		if id < 0 || int(id) >= rows {
			return fmt.Errorf("%w: %d, of a map of %d rows", ErrToken, id, rows)
		}
	}
	return nil
}
