// Package share is what packages tsne and knn share.
package share

import (
	"context"
	"fmt"
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

// Memory would wait for the garbage collector between two stages of an
// embedding. It is lent to a stage with its context.
type Memory struct {
	Words []uint64 // what the stage took, when it has ended
	taken bool
}

type lender struct {
	context.Context
	m *Memory
}

// With returns a context of whose memory a stage may take.
func With(ctx context.Context, m *Memory) context.Context { return lender{ctx, m} }

// Take returns n words of any content: the memory lent with the context, once,
// and new memory otherwise.
func Take(ctx context.Context, n int) []uint64 {
	l, ok := ctx.(lender)
	if !ok || l.m.taken {
		return make([]uint64, n)
	}
	l.m.taken = true
	if len(l.m.Words) < n {
		l.m.Words = make([]uint64, n)
	}
	return l.m.Words[:n]
}
