package tsne

import (
	"context"
	"math"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/tsne/internal/share"
	"github.com/semamap/semamap/tsne/knn"
)

// Points is a set of rows of equal length, the same type as [knn.Points]:
//
//	// Dims returns the number of rows and their length.
//	Dims() (rows, cols int)
//	// Row returns row i. It may store it in dst[:cols] if dst has room, or
//	// return memory of its own that the caller must not change. Row must be
//	// safe for concurrent use.
//	Row(dst []float32, i int) ([]float32, error)
//
// A layer of package amap is one. The functions below make Points from slices
// and matrices, and [knn.Combine] from weighted sums of rows.
type Points = knn.Points

// Rows returns the n rows of d numbers stored one after another in x. It keeps
// x and does not copy it. Numbers of float64 that float32 would merge are told
// apart, here and in the functions below; see package knn.
func Rows[T float32 | float64](x []T, n, d int) Points { return knn.Rows(x, n, d) }

// Slices returns the rows x, which must have equal lengths. It keeps them and
// does not copy them.
func Slices[T float32 | float64](x [][]T) Points { return knn.Slices(x) }

// Matrix returns the rows of a matrix, such as gonum's mat.Matrix. It keeps m,
// whose methods must be safe for concurrent use. A matrix with the method
// RawRowView(i int) []float64, such as *mat.Dense, is read row by row. A matrix
// that already is Points, such as a layer of package amap, is returned as it
// is.
func Matrix(m interface {
	Dims() (r, c int)
	At(i, j int) float64
}) Points {
	return knn.Matrix(m)
}

// CSR returns the rows of a sparse matrix in compressed sparse row form: row i
// has value[e] in column index[e] for e from start[i] to start[i+1]−1, and
// zeros elsewhere. Columns may come in any order; values of the same column
// are added. CSR keeps the slices. Neither the search nor the start makes
// sparse rows dense; see [knn.CSR].
func CSR[T float32 | float64](cols int, start []int, index []int32, value []T) Points {
	return knn.CSR(cols, start, index, value)
}

// Distances returns points known only by their distances: column j of row i of
// x is the distance from point i to point j, and +Inf where it is not known. In
// a sparse x ([CSR]), distances that are not given are not known. x must be
// square and, up to rounding, symmetric, except for [Result.Transform], where it
// has a row for each new point and a column for each point of the map. The
// default start is [Spectral], because [PCA] needs coordinates. See
// [knn.Distances].
func Distances(x Points) Points { return knn.Distances(x) }

// areDistances reports whether x comes from Distances.
func areDistances(x Points) bool {
	_, ok := x.(interface{ AreDistances() })
	return ok
}

// terms returns the arguments of knn.Combine when x comes from it; base is nil
// otherwise.
func terms(x Points) (base Points, start []int, index []int32, weight []float32) {
	if c, ok := x.(interface {
		Terms() (base Points, start []int, index []int32, weight []float32)
	}); ok {
		return c.Terms()
	}
	return nil, nil, nil, nil
}

// centered returns points of the same Euclidean distances that lose less by
// rounding, if x holds more than float32.
func centered(x Points) Points {
	if c, ok := x.(interface{ Centered() Points }); ok {
		return c.Centered()
	}
	return x
}

// sparse points tell their numbers other than zero.
type sparse interface {
	Sparse(i int, f func(j int32, v float32))
}

// checkShape returns the dimensions of x.
func checkShape(x Points) (n, d int, err error) {
	if share.Nil(x) {
		return 0, 0, share.Errorf("%w: there are none", knn.ErrPoints)
	}
	if c, ok := x.(interface{ Check() error }); ok {
		if err := c.Check(); err != nil {
			return 0, 0, share.Errorf("tsne: points: %w", err)
		}
	}
	n, d = x.Dims()
	if n < 0 || d < 0 || n > math.MaxInt32 || d > math.MaxInt32 {
		return 0, 0, badSetting("points", []int{n, d}, "a dimension is out of range")
	}
	return n, d, nil
}

// readRow returns row i of x, which has d columns.
func readRow(x Points, dst []float32, i, d int) ([]float32, error) {
	row, err := x.Row(dst[:d:d], i)
	if err != nil {
		_, bad := err.(*ValueError)
		if _, named := err.(interface{ Row() int }); bad || named {
			return nil, share.Errorf("tsne: %w", err)
		}
		return nil, share.Errorf("tsne: row %d: %w", i, err)
	}
	if len(row) != d {
		return nil, share.Errorf("tsne: row %d has %d numbers, not %d: %w", i, len(row), d, knn.ErrPoints)
	}
	return row, nil
}

// eachRow calls f with each of the n rows of x, from several goroutines: those
// of a block of the given size one after another. f must not change the row.
func eachRow(ctx context.Context, x Points, workers, n, d, size int, f func(worker, block, i int, row []float32)) error {
	buf := make([][]float32, par.Workers(workers))
	return par.Try(ctx, workers, n, size, func(w, b, lo, hi int) error {
		if buf[w] == nil {
			buf[w] = make([]float32, d)
		}
		for i := lo; i < hi; i++ {
			if i%64 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			row, err := readRow(x, buf[w], i, d)
			if err != nil {
				return err
			}
			f(w, b, i, row)
		}
		return nil
	})
}

// merge finds equal rows: of[i] is the number of row i among the distinct
// rows, which are numbered in the order of their first copies, first. Rows
// with different flags are not merged.
func merge[T comparable](of, first []int32, flags []T) ([]int32, []int32) {
	if flags == nil {
		return of, first
	}
	type half struct {
		u    int32
		flag T
	}
	number := map[half]int32{}
	split := make([]int32, len(of))
	first = nil
	for i, u := range of {
		h := half{u, flags[i]}
		v, ok := number[h]
		if !ok {
			v = int32(len(first))
			number[h] = v
			first = append(first, int32(i))
		}
		split[i] = v
	}
	return split, first
}
