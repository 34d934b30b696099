package knn

import (
	"cmp"
	"context"

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
		if _, ok := y.(reader64); !ok || set.Method != Gram {
			x = y
		}
	}
	src, err := openSource(ctx, x, &set)
	if err != nil {
		return nil, err
	}
	if d, ok := x.(distancePoints); ok {
		return searchDistances(ctx, d, k, true, &set)
	}
	if err := checkK(src.n, k, src.n-1); err != nil {
		return nil, err
	}
	hash, err := src.scan(ctx, set.Workers)
	if err != nil {
		return nil, err
	}
	if set.Func != nil || set.Metric.direct() {
		return searchDirect(ctx, src, src, k, true, &set)
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
	if sp := s.sparse(s, k, true, set); sp != nil {
		return sp.search(ctx, set.Workers)
	}
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
	if _, ok := s.points.(sparser); ok && set.Method != Descent {
		return searchExact(ctx, s, s, k, true, bounded(s, k, set, used), used)
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

// bounded returns settings with a limit to the memory that sparse rows take when
// they are made dense for a search.
func bounded(s *source, k int, set *Settings, used int64) *Settings {
	c := *set
	if c.MaxMemory == 0 {
		c.MaxMemory = used + 1<<30 + 64*int64(s.n)*int64(k+16)
	}
	return &c
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
	lists := make([][]pair, par.Workers(workers))
	err := par.Blocks(ctx, len(lists), n, 64, func(w, _, lo, hi int) {
		for i := lo; i < hi; i++ {
			list, u := lists[w][:0], i
			if same { // its own copies, at distance 0
				u = int(m.of[i])
				c := m.copies(u)
				for _, j := range c[:min(len(c), k+1)] {
					if int(j) != i {
						list = append(list, pair{0, j})
					}
				}
			}
			near, dist := d.Row(u)
			for e, v := range near {
				if len(list) >= k && dist[e] > list[len(list)-1].d2 {
					break
				}
				c := m.copies(int(v))
				for _, j := range c[:min(len(c), k)] {
					list = append(list, pair{dist[e], j})
				}
			}
			g.put(i, list)
			lists[w] = list
		}
	})
	return g, err
}

// Query finds the k nearest rows of ref for each row of x. In the graph, N is
// the number of rows of x, and indices are rows of ref; a row of ref that is
// equal to the row of x is at distance 0. k must be between 0 and the number of
// rows of ref. Query fails with the same errors as [Search]; they say which of
// the two sets is at fault. ref is nil if x comes from [Distances]: its rows
// are the new points, its columns the reference points.
func Query(ctx context.Context, ref, x Points, k int, s *Settings) (*Graph, error) {
	if ctx == nil {
		return nil, errNoContext
	}
	set, err := s.fill()
	if err != nil {
		return nil, err
	}
	if d, ok := x.(distancePoints); ok && share.Nil(ref) {
		if _, err := newSource(x, set.Metric); err != nil {
			return nil, share.Errorf("query: %w", err)
		}
		return searchDistances(ctx, d, k, false, &set)
	}
	if set.Func == nil && !share.Nil(ref) && !share.Nil(x) {
		y := canonical(set.Metric, ref, x)
		ref, x = y[0], y[1]
	}
	rs, err := openSource(ctx, ref, &set)
	if err != nil {
		return nil, share.Errorf("reference: %w", err)
	}
	xs, err := openSource(ctx, x, &set)
	if err != nil {
		return nil, share.Errorf("query: %w", err)
	}
	if _, ok := x.(distancePoints); ok {
		return nil, share.Errorf("%w: query: Distances need nil for the reference rows", ErrPoints)
	}
	if set.Method == Gram || set.Method == Descent {
		return nil, &SettingError{"Method", set.Method, "does not work with Query"}
	}
	if _, ok := ref.(distancePoints); ok {
		return nil, share.Errorf("%w: reference: Distances stand in place of the new rows, with nil for the reference", ErrPoints)
	}
	if rs.d != xs.d {
		return nil, share.Errorf("%w: reference rows have %d columns, query rows %d", ErrPoints, rs.d, xs.d)
	}
	if err := checkK(xs.n, k, rs.n); err != nil {
		return nil, err
	}
	hash, err := rs.scan(ctx, set.Workers)
	if err != nil {
		return nil, share.Errorf("reference: %w", err)
	}
	if _, err := xs.scan(ctx, set.Workers); err != nil {
		return nil, share.Errorf("query: %w", err)
	}
	if set.Func != nil || set.Metric.direct() {
		return searchDirect(ctx, rs, xs, k, false, &set)
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
	var g *Graph
	if sp := distinct.sparse(xs, kd, false, &set); sp != nil {
		g, err = sp.search(ctx, set.Workers)
	} else {
		if distinct, used, err = materialize(ctx, distinct, &set, used); err != nil {
			return nil, err
		}
		if xs, used, err = materialize(ctx, xs, &set, used); err != nil {
			return nil, err
		}
		g, err = searchExact(ctx, distinct, xs, kd, false, &set, used)
	}
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
