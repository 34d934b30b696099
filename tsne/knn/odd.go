package knn

import (
	"context"
	"errors"
	"math"
	"slices"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

const (
	oddFactor = 64      // times the typical distance from the middle: a row that far is odd
	oddShare  = 512     // one row in so many may be odd,
	oddRows   = 8       // and so many besides
	middleMax = 1 << 20 // numbers of the sample that finds the middle
)

// A middle is where most rows of a source lie: the medians of the columns, of
// some rows. Unlike the mean it does not follow a few far rows.
type middle struct {
	at     []float32
	spread []float64 // of each column: within it is the tenth that is nearest to the median
	sample [][]float32
	bytes  int64
}

// drawn is the row that number r of a sample of count of n rows is: one from
// each of as many ranges, which no period of the rows meets.
//
//go:noinline
func drawn(r, count, n int) int {
	lo := r * n / count
	return lo + int(mix(arrangeSeed, uint64(r))%uint64((r+1)*n/count-lo))
}

// findMiddle takes the middle of a sample.
func findMiddle(ctx context.Context, workers int, s *source) (*middle, error) {
	count := min(s.n, max(16, min(256, middleMax/max(s.d, 1))))
	m := &middle{at: make([]float32, s.d), spread: make([]float64, s.d), sample: make([][]float32, count)}
	m.bytes = int64(s.d)*24 + int64(count)*24
	var t scratch
	for r := range m.sample {
		m.sample[r] = s.row(drawn(r, count, s.n), &t)
		if s.flat == nil {
			m.sample[r] = slices.Clone(m.sample[r])
			m.bytes += int64(s.d) * 4
		}
	}
	if count == 0 {
		return m, nil
	}
	err := par.Blocks(ctx, workers, s.d, 16, func(_, _, lo, hi int) {
		for c := lo; c < hi; c++ {
			x := m.sorted(func(row []float32) float64 { return float64(row[c]) })
			lo, hi := count/2, count/2
			m.at[c] = float32(x[lo])
			for range count / 10 {
				below, above := math.Inf(1), math.Inf(1)
				if lo > 0 {
					below = x[count/2] - x[lo-1]
				}
				if hi+1 < count {
					above = x[hi+1] - x[count/2]
				}
				if m.spread[c] = min(below, above); below < above {
					lo--
				} else {
					hi++
				}
			}
		}
	})
	return m, err
}

// sorted returns the values of a function of the rows of the sample, ascending.
func (m *middle) sorted(f func(row []float32) float64) []float64 {
	v := make([]float64, len(m.sample))
	for r, row := range m.sample {
		v[r] = f(row)
	}
	sortNumbers(v)
	return v
}

// quantile is that of a function of the rows of the sample.
func (m *middle) quantile(q float64, f func(row []float32) float64) float64 {
	v := m.sorted(f)
	return v[int(q*float64(len(v)))]
}

// centre returns what to subtract from rows, the mean of all or the medians,
// and the largest magnitude that is left in a row of the middle. The medians
// serve where the mean makes a sixteenth of the rows more than twice as long.
func (m *middle) centre(mean []float64) ([]float64, float64) {
	median := make([]float64, len(mean))
	for c, v := range m.at {
		median[c] = float64(v)
	}
	if len(m.sample) == 0 {
		return mean, 0
	}
	length2 := func(from []float64) float64 {
		return m.quantile(1.0/16, func(row []float32) (sum float64) {
			for c, v := range row {
				sum += (float64(v) - from[c]) * (float64(v) - from[c])
			}
			return sum
		})
	}
	if length2(mean) > 4*length2(median) {
		mean = median
	}
	return mean, m.quantile(0.5, func(row []float32) (most float64) {
		for c, v := range row {
			most = max(most, math.Abs(float64(v)-mean[c]))
		}
		return most
	})
}

// odd returns the few rows of s that lie far from the middle, by numbers. Where
// many do, only those that lie further still are odd.
func (m *middle) odd(ctx context.Context, workers int, s *source) ([]int32, error) {
	limit := m.quantile(0.5, func(row []float32) float64 { return vec.SqDist(row, m.at) })
	far := make([]float64, s.n)
	err := eachRow(ctx, workers, s, 256, func(_, _, i int, row []float32) { far[i] = vec.SqDist(row, m.at) })
	if err != nil || limit == 0 {
		return nil, err
	}
	for {
		limit *= oddFactor * oddFactor
		var odd []int32
		for i, f := range far {
			if f > limit {
				odd = append(odd, int32(i))
			}
		}
		if len(odd) <= s.n/oddShare+oddRows {
			return odd, nil
		}
	}
}

// A split tells the odd rows of a source from the others.
type split struct {
	s          *source
	odd, other []int32
	x          []float32 // the odd rows
	ids        []int32   // 0 to len(odd)
}

func newSplit(s *source, odd []int32) *split {
	p := &split{s: s, odd: odd, x: make([]float32, len(odd)*s.d), ids: make([]int32, len(odd))}
	var t scratch
	for r, i := range odd {
		s.fetch(p.x[r*s.d:], int(i), &t)
		p.ids[r] = int32(r)
	}
	for i, next := 0, odd; i < s.n; i++ {
		if len(next) > 0 && int(next[0]) == i {
			next = next[1:]
		} else {
			p.other = append(p.other, int32(i))
		}
	}
	return p
}

// searchExact finds the k nearest rows. The rows of each source are distinct
// or the search still is right, only slower. A few odd rows, which would spoil
// the bounds for all, are searched apart: by canonical distances.
func searchExact(ctx context.Context, ref, x *source, k int, same bool, set *Settings, used int64) (*Graph, error) {
	if k == 0 || x.n == 0 {
		return newGraph(x.n, k), nil
	}
	if boxed(ref, x, k, set, used) {
		return searchBoxes(ctx, ref, x, k, same, set, used)
	}
	m, err := findMiddle(ctx, set.Workers, ref)
	if err != nil {
		return nil, err
	}
	if same && ref.flat != nil && disabled&optLumps == 0 {
		g, err := searchLumps(ctx, ref, m, k, set, used+m.bytes)
		if g != nil || err != nil && !errors.Is(err, ErrMemory) {
			return g, err
		}
	}
	odd, err := m.odd(ctx, set.Workers, ref)
	if err != nil {
		return nil, err
	}
	oddX := odd
	if !same {
		if oddX, err = m.odd(ctx, set.Workers, x); err != nil {
			return nil, err
		}
	}
	used += m.bytes
	if len(odd)+len(oddX) == 0 || ref.n-len(odd) <= k {
		return searchAll(ctx, ref, x, m, k, same, set, used)
	}
	workers := par.Workers(set.Workers)
	refs := newSplit(ref, odd)
	a, xs := ref.pick(refs.other), refs
	b := a
	if !same {
		xs = newSplit(x, oddX)
		b = x.pick(xs.other)
	}
	more := int64(len(odd)+len(oddX))*int64(4*ref.d+workers*32*k) + 8*int64(ref.n+x.n)
	core, err := searchAll(ctx, a, b, m, k, same, set, used+more)
	if errors.Is(err, ErrMemory) { // they are searched with the others
		return searchAll(ctx, ref, x, m, k, same, set, used)
	}
	if err != nil {
		return nil, err
	}
	g := newGraph(x.n, k)
	g.Stats = core.Stats
	for u, i := range xs.other {
		near, dist := core.Row(u)
		index, d2 := g.Row(int(i))
		copy(d2, dist)
		for c, v := range near {
			index[c] = refs.other[v]
		}
	}
	g.Stats.rescored += int64(ref.n)*int64(len(oddX)) + int64(x.n)*int64(len(odd))
	if err := refs.offer(ctx, workers, g, xs); err != nil {
		return nil, err
	}
	return g, xs.fill(ctx, workers, g, ref, same)
}

// offer adds the odd rows to the lists of the rows of x that are not odd.
func (p *split) offer(ctx context.Context, workers int, g *Graph, x *split) error {
	dist := make([]float64, workers*len(p.odd))
	return eachRow(ctx, workers, x.s.pick(x.other), 256, func(w, _, u int, row []float32) {
		d := dist[w*len(p.odd):][:len(p.odd)]
		vec.SqDistRows(d, row, p.x, p.ids)
		index, d2 := g.Row(int(x.other[u]))
		for r, v := range d {
			e := pair{v, p.odd[r]}
			c := len(d2)
			for c > 0 && e.less(pair{d2[c-1], index[c-1]}) {
				if c < len(d2) {
					d2[c], index[c] = d2[c-1], index[c-1]
				}
				c--
			}
			if c < len(d2) {
				d2[c], index[c] = e.d2, e.j
			}
		}
	})
}

// fill makes the lists of the odd rows.
func (p *split) fill(ctx context.Context, workers int, g *Graph, ref *source, same bool) error {
	m := len(p.odd)
	dist, found := make([]float64, workers*m), make([]nearest, workers*m)
	for r := range found {
		found[r].k = g.K
	}
	err := eachRow(ctx, workers, ref, 256, func(w, _, j int, row []float32) {
		d := dist[w*m:][:m]
		vec.SqDistRows(d, row, p.x, p.ids)
		for r, v := range d {
			if !same || int(p.odd[r]) != j {
				found[w*m+r].push(pair{v, int32(j)})
			}
		}
	})
	if err != nil {
		return err
	}
	for r, i := range p.odd {
		var list []pair
		for w := range workers {
			list = append(list, found[w*m+r].list...)
		}
		g.put(int(i), list)
	}
	return nil
}
