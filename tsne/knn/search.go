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

// Search finds the k nearest other rows of each row of x. k must be between 0
// and n−1. Search fails with an error that wraps [ErrPoints], [ErrMemory] or
// [ErrRecall], with a *[SettingError], with a *[ValueError] for a number that is
// not finite, with an error of x.Row, or with the context's error. It returns
// within some tens of milliseconds after the context ends.
func Search(ctx context.Context, x Points, k int, s *Settings) (*Graph, error) {
	if ctx == nil {
		return nil, errNoContext
	}
	set, err := s.fill()
	if err != nil {
		return nil, err
	}
	if l, ok := x.(*share.Search); ok {
		x, set.left = l.Points, l
	}
	if set.Func == nil && !share.Nil(x) {
		y := canonical(set.Metric, x)[0]
		if _, ok := y.(*wide); !ok || set.Method != Gram {
			x = y
		}
	}
	src, err := openSource(ctx, x, &set)
	if err != nil {
		return nil, err
	}
	if d, ok := x.(*distances); ok {
		return searchDistances(ctx, d, k, &set)
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
	m, err := src.merge(ctx, hash)
	if err != nil {
		return nil, err
	}
	distinct := src.distinct(m)
	used := int64(12 * src.n)
	kd := k
	if m != nil {
		kd = min(k, distinct.n-1)
		used += int64(16*src.n) + int64(src.n)*int64(k)*12
	}
	g, err := searchDistinct(ctx, distinct, kd, &set, used)
	if failed := src.failed.get(); failed != nil {
		err = failed
	}
	if err != nil {
		return nil, err
	}
	g.Stats.Distinct, g.Rounded = distinct.n, lost(x)
	if m != nil {
		if g, err = expand(ctx, g, m, k, true, set.Workers); err != nil {
			return nil, err
		}
		if g.Stats.Method != Descent {
			g.Recall.rows = src.n
		}
	}
	return g, nil
}

// exactFlop is the work, n²·d, above which Auto searches approximately. A row
// shorter than leastDim counts as that long: its pairs cost no less.
const (
	exactFlop = 6e13
	leastDim  = 32
)

// searchDistinct chooses the method. used is the memory already planned.
func searchDistinct(ctx context.Context, s *source, k int, set *Settings, used int64) (*Graph, error) {
	if s.comb != nil && (set.Method == Gram || set.Method == Auto) {
		g, err := s.comb.planGram(s, k, set, used)
		if err == nil {
			return g.search(ctx, k, set)
		}
		if set.Method == Gram {
			return nil, err
		}
	} else if set.Method == Gram {
		return nil, &SettingError{"Method", Gram, "needs points from Combine"}
	}
	n := float64(s.n)
	if set.Method == Descent || set.Method == Auto && n*n*float64(max(s.d, leastDim)) > exactFlop && !boxed(s, s, k, set, used) {
		return searchDescent(ctx, s, k, set, used)
	}
	s, used, err := materialize(ctx, s, set, used)
	if err != nil {
		return nil, err
	}
	return searchExact(ctx, s, s, k, true, set, used)
}

// materialize makes all rows of a source that does not hold them, when memory
// is not bounded.
func materialize(ctx context.Context, s *source, set *Settings, used int64) (*source, int64, error) {
	if s.flat != nil || set.MaxMemory > 0 {
		return s, used, nil
	}
	made, err := s.made(ctx, set.Workers)
	return made, used + 4*int64(s.n)*int64(s.d), err
}

// expand turns a graph of distinct rows into that of all rows. Every list of
// distinct rows holds at least k rows together with their copies.
func expand(ctx context.Context, d *Graph, m *merging, k int, same bool, workers int) (*Graph, error) {
	n := d.N
	if same {
		n = len(m.of)
	}
	g := newGraph(n, k)
	g.Recall, g.Stats, g.Rounded = d.Recall, d.Stats, d.Rounded
	lists := make([][]int32, par.Workers(workers))
	err := par.Blocks(ctx, len(lists), n, 64, func(w, _, lo, hi int) {
		for i := lo; i < hi; i++ {
			index, d2 := g.Row(i)
			u := i
			members := lists[w][:0]
			if same { // its own copies, at distance 0
				u = int(m.of[i])
				c := m.copies(u)
				for _, j := range c[:min(len(c), k+1)] {
					if int(j) != i {
						members = append(members, j)
					}
				}
			}
			near, dist := d.Row(u)
			var at2 float64 // squared distance of the members
			for at, next := 0, 0; at < k; {
				groups := 0
				if len(members) > 0 {
					groups = 1
				} else {
					at2 = dist[next]
				}
				for ; next < len(near) && dist[next] == at2; next++ {
					c := m.copies(int(near[next]))
					members = append(members, c[:min(len(c), k-at)]...)
					groups++
				}
				if groups > 1 {
					slices.Sort(members)
				}
				for _, j := range members[:min(len(members), k-at)] {
					index[at], d2[at] = j, at2
					at++
				}
				members = members[:0]
			}
			lists[w] = members
		}
	})
	return g, err
}

// Query finds the k nearest rows of ref for each row of x. In the graph, N is
// the number of rows of x, and indices are rows of ref; a row of ref that is
// equal to the row of x is at distance 0. k must be between 0 and the number of
// rows of ref. Query fails with the same errors as [Search]; they say which of
// the two sets is at fault.
func Query(ctx context.Context, ref, x Points, k int, s *Settings) (*Graph, error) {
	if ctx == nil {
		return nil, errNoContext
	}
	set, err := s.fill()
	if err != nil {
		return nil, err
	}
	if set.Func == nil && !share.Nil(ref) && !share.Nil(x) {
		y := canonical(set.Metric, ref, x)
		ref, x = y[0], y[1]
	}
	rs, err := openSource(ctx, ref, &set)
	if err != nil {
		return nil, fmt.Errorf("reference: %w", err)
	}
	xs, err := openSource(ctx, x, &set)
	if err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	if set.Method == Gram || set.Method == Descent {
		return nil, &SettingError{"Method", set.Method, "does not work with Query"}
	}
	for _, p := range []Points{ref, x} {
		if _, ok := p.(*distances); ok {
			return nil, fmt.Errorf("%w: Query does not work with Distances", ErrPoints)
		}
	}
	if rs.d != xs.d {
		return nil, fmt.Errorf("%w: reference rows have %d columns, query rows %d", ErrPoints, rs.d, xs.d)
	}
	if err := checkK(xs.n, k, rs.n); err != nil {
		return nil, err
	}
	hash, err := rs.scan(ctx, set.Workers)
	if err != nil {
		return nil, fmt.Errorf("reference: %w", err)
	}
	if _, err := xs.scan(ctx, set.Workers); err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	if set.Func != nil {
		return searchFunc(ctx, rs, xs, k, false, &set)
	}
	m, err := rs.merge(ctx, hash)
	if err != nil {
		return nil, err
	}
	used := int64(12 * rs.n)
	kd := k
	distinct := rs.distinct(m)
	if m != nil {
		kd = min(k, distinct.n)
		used += int64(16*rs.n) + int64(xs.n)*int64(k)*12
	}
	if distinct, used, err = materialize(ctx, distinct, &set, used); err != nil {
		return nil, err
	}
	if xs, used, err = materialize(ctx, xs, &set, used); err != nil {
		return nil, err
	}
	g, err := searchExact(ctx, distinct, xs, kd, false, &set, used)
	if failed := cmp.Or(rs.failed.get(), xs.failed.get()); failed != nil {
		err = failed
	}
	if err != nil {
		return nil, err
	}
	g.Stats.Distinct, g.Rounded = distinct.n, lost(ref)
	if m != nil {
		if g, err = expand(ctx, g, m, k, false, set.Workers); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// searchFunc is a parallel search with the caller's distance.
func searchFunc(ctx context.Context, ref, x *source, k int, same bool, set *Settings) (*Graph, error) {
	rv, err := ref.all(ctx, set.Workers)
	if err != nil {
		return nil, err
	}
	xv := rv
	if !same {
		if xv, err = x.all(ctx, set.Workers); err != nil {
			return nil, err
		}
	}
	g := newGraph(x.n, k)
	lists := make([][]pair, par.Workers(set.Workers))
	err = par.Try(ctx, len(lists), x.n, 1, func(w, _, i, _ int) error {
		list, a := lists[w][:0], xv.row(i)
		for j := range ref.n {
			if same && j == i {
				continue
			}
			if j&1023 == 1023 && ctx.Err() != nil {
				return ctx.Err()
			}
			v := set.Func(a, rv.row(j))
			if !(v >= 0) || math.IsInf(v*v, 1) {
				return &ValueError{i, j, v}
			}
			list = append(list, pair{v * v, int32(j)})
		}
		lists[w] = list
		g.put(i, list)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return g, nil
}
