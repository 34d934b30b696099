package knn

import (
	"context"
	"fmt"
	"math"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

// Search finds the k nearest other rows of every row of x. k must be between
// 0 and n-1. Errors: [ErrK], *[ValueError] for a number that is not finite,
// *[SettingError], [ErrPoints], [ErrMemory], [ErrRecall], or the context's
// error, which is returned within some tens of milliseconds of the end of the
// context.
func Search(ctx context.Context, x Points, k int, s *Settings) (*Graph, error) {
	set, err := s.fill()
	if err != nil {
		return nil, err
	}
	src, err := newSource(x, set.Metric)
	if err != nil {
		return nil, err
	}
	if err := checkK(src.n, k, src.n-1); err != nil {
		return nil, err
	}
	hash, err := src.scan(ctx, set.Workers)
	if err != nil {
		return nil, err
	}
	if set.Func != nil {
		return searchFunc(ctx, src, src, k, true, &set)
	}
	_ = hash
	return brute(ctx, src, src, k, true, &set)
}

// Query finds, for every row of x, the k nearest rows of ref; the rows of x
// are not among them unless ref holds equal rows, which are at distance 0. The
// graph's N is the number of rows of x, its indices are rows of ref. k must be
// between 0 and the number of rows of ref. Errors are those of [Search];
// they say which of the two sets is at fault.
func Query(ctx context.Context, ref, x Points, k int, s *Settings) (*Graph, error) {
	set, err := s.fill()
	if err != nil {
		return nil, err
	}
	rs, err := newSource(ref, set.Metric)
	if err != nil {
		return nil, fmt.Errorf("reference: %w", err)
	}
	xs, err := newSource(x, set.Metric)
	if err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	if rs.d != xs.d {
		return nil, fmt.Errorf("%w: reference rows have %d columns, query rows %d", ErrPoints, rs.d, xs.d)
	}
	if err := checkK(xs.n, k, rs.n); err != nil {
		return nil, err
	}
	if _, err := rs.scan(ctx, set.Workers); err != nil {
		return nil, fmt.Errorf("reference: %w", err)
	}
	if _, err := xs.scan(ctx, set.Workers); err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	if set.Func != nil {
		return searchFunc(ctx, rs, xs, k, false, &set)
	}
	return brute(ctx, rs, xs, k, false, &set)
}

// brute takes all distances by the definition. same says that x is ref, so
// that a row is not its own neighbour. It is the oracle of the tests.
func brute(ctx context.Context, ref, x *source, k int, same bool, set *Settings) (*Graph, error) {
	return scalar(ctx, ref, x, k, same, set, func(a, b []float32) float64 { return vec.SqDist(a, b) })
}

// searchFunc is a parallel search with the caller's distance.
func searchFunc(ctx context.Context, ref, x *source, k int, same bool, set *Settings) (*Graph, error) {
	return scalar(ctx, ref, x, k, same, set, func(a, b []float32) float64 {
		v := set.Func(a, b)
		if !(v >= 0) || math.IsInf(v*v, 1) {
			return math.NaN()
		}
		return v * v
	})
}

func scalar(ctx context.Context, ref, x *source, k int, same bool, set *Settings, f func(a, b []float32) float64) (*Graph, error) {
	rv, err := ref.view(ctx, set.Workers, 0, ref.n, make([]float32, need(ref)))
	if err != nil {
		return nil, err
	}
	xv := rv
	if !same {
		if xv, err = x.view(ctx, set.Workers, 0, x.n, make([]float32, need(x))); err != nil {
			return nil, err
		}
	}
	g := newGraph(x.n, k)
	lists := make([][]pair, par.Workers(set.Workers))
	var first firstError
	err = par.Blocks(ctx, len(lists), x.n, 1, func(w, _, lo, hi int) {
		for i := lo; i < hi; i++ {
			list := lists[w][:0]
			a := xv.row(i)
			for j := range ref.n {
				if same && j == i {
					continue
				}
				if j&1023 == 1023 && ctx.Err() != nil {
					return
				}
				v := f(a, rv.row(j))
				if v != v {
					first.set(i, &ValueError{i, j, set.Func(a, rv.row(j))})
					return
				}
				list = append(list, pair{v, int32(j)})
			}
			lists[w] = list
			g.put(i, list)
		}
	})
	if err == nil {
		err = first.get()
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	return g, nil
}

// need is how many numbers a view of all rows must make.
func need(s *source) int {
	if s.flat != nil {
		return 0
	}
	return s.n * s.d
}
