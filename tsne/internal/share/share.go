// Package share is what packages tsne and knn share.
package share

import (
	"context"
	"fmt"
	"reflect"
)

// ReadAll reads the rows of x, one after another, if x reads many at once, as a
// layer of package amap does; ok is false otherwise.
func ReadAll(ctx context.Context, x interface{ Dims() (rows, cols int) }) (flat []float32, ok bool, err error) {
	r, ok := x.(interface {
		ReadRows(dst []float32, lo, hi int) error
	})
	n, d := x.Dims()
	if !ok || n <= 0 || d <= 0 {
		return nil, false, nil
	}
	flat = make([]float32, n*d)
	const step = 4096
	for lo := 0; lo < n; lo += step {
		hi := min(lo+step, n)
		if err := ctx.Err(); err != nil {
			return nil, true, err
		}
		if err := r.ReadRows(flat[lo*d:hi*d], lo, hi); err != nil {
			return nil, true, fmt.Errorf("rows %d to %d: %w", lo, hi-1, err)
		}
	}
	return flat, true, nil
}

// Nil reports whether x is nil or holds a nil pointer.
func Nil(x any) bool {
	if x == nil {
		return true
	}
	v := reflect.ValueOf(x)
	return v.Kind() == reflect.Pointer && v.IsNil()
}

// A Search is points that knn.Search takes like others. It leaves the memory of
// its lists, which would wait for the garbage collector between two stages of
// an embedding otherwise.
type Search struct {
	Points
	Left []uint64
}

// Points is knn.Points.
type Points interface {
	Dims() (rows, cols int)
	Row(dst []float32, i int) ([]float32, error)
}

// Errorf is fmt.Errorf, part of which the compiler copies into each place that
// calls it: 4 kB of a program.
//
//go:noinline
func Errorf(format string, args ...any) error { return fmt.Errorf(format, args...) }
