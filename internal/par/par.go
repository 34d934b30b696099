// Package par runs loops on several goroutines in a way that never changes a
// result: work is cut into blocks that depend on the input alone, and sums are
// joined in the order of the blocks.
package par

import (
	"cmp"
	"context"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
)

// Workers returns w, or GOMAXPROCS when w is not positive.
//
//go:noinline
func Workers(w int) int {
	if w > 0 {
		return w
	}
	return runtime.GOMAXPROCS(0)
}

// NumBlocks returns how many blocks of the given size cover n items.
//
//go:noinline
func NumBlocks(n, size int) int { return (n + size - 1) / size }

// Blocks cuts [0, n) into blocks of size items and calls f for each, on at
// most workers goroutines (GOMAXPROCS when workers is not positive). Blocks
// are handed out in order, but may run at the same time; worker is below the
// number of workers and two calls with the same worker never overlap, so it
// can index scratch memory. The context is looked at before each block and
// after the last; its error is returned once all running blocks have ended, and
// no goroutine is left behind. A panic in f is raised again in the caller's
// goroutine.
func Blocks(ctx context.Context, workers, n, size int, f func(worker, block, lo, hi int)) error {
	if n <= 0 {
		return ctx.Err()
	}
	blocks := NumBlocks(n, size)
	workers = min(Workers(workers), blocks)
	done := ctx.Done()
	if workers == 1 {
		for b := range blocks {
			select {
			case <-done:
				return ctx.Err()
			default:
			}
			f(0, b, b*size, min(n, (b+1)*size))
		}
		return ctx.Err()
	}
	var (
		next    atomic.Int64
		stopped atomic.Bool
		caught  atomic.Pointer[any]
		wg      sync.WaitGroup
	)
	run := func(worker int) {
		defer wg.Done()
		defer func() {
			if p := recover(); p != nil {
				caught.CompareAndSwap(nil, &p)
				stopped.Store(true)
			}
		}()
		for !stopped.Load() {
			select {
			case <-done:
				stopped.Store(true)
				return
			default:
			}
			b := int(next.Add(1)) - 1
			if b >= blocks {
				return
			}
			f(worker, b, b*size, min(n, (b+1)*size))
		}
	}
	wg.Add(workers)
	for w := 1; w < workers; w++ {
		go run(w)
	}
	run(0)
	wg.Wait()
	if p := caught.Load(); p != nil {
		panic(*p)
	}
	return ctx.Err()
}

// Try is Blocks for an f that may fail. Blocks behind one that failed are left
// out, so the error is always that of the first block that fails.
func Try(ctx context.Context, workers, n, size int, f func(worker, block, lo, hi int) error) error {
	var (
		mu    sync.Mutex
		first atomic.Int64 // block that failed
		err   error
	)
	first.Store(math.MaxInt64)
	ended := Blocks(ctx, workers, n, size, func(w, b, lo, hi int) {
		if int64(b) > first.Load() {
			return
		}
		if e := f(w, b, lo, hi); e != nil {
			mu.Lock()
			defer mu.Unlock()
			if int64(b) < first.Load() {
				first.Store(int64(b))
				err = e
			}
		}
	})
	return cmp.Or(err, ended)
}

// Sum adds f over the blocks of [0, n). The partial sums are joined in the
// order of the blocks, so the result has the same bits for every number of
// workers.
func Sum(ctx context.Context, workers, n, size int, f func(worker, lo, hi int) float64) (float64, error) {
	part := make([]float64, NumBlocks(max(n, 0), size))
	err := Blocks(ctx, workers, n, size, func(w, b, lo, hi int) { part[b] = f(w, lo, hi) })
	var s float64
	for _, p := range part {
		s += p
	}
	return s, err
}
