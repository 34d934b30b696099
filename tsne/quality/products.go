package quality

import (
	"context"
	"math"
	"math/bits"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
	"github.com/semamap/semamap/tsne/internal/share"
	"github.com/semamap/semamap/tsne/knn"
)

// Products holds the inner products of base rows, such as the rows of tokens.
// The distances between weighted sums of base rows, such as the means of words'
// tokens, follow from them without another look at the rows. So neighbors can be
// found again and again: with some pairs left out, by another metric, or with the
// base rows exchanged among each other, which is a null map.
type Products struct {
	n      int
	stride int       // n and room for two more, up to a multiple of 16
	inner  []float32 // n rows of stride: inner products of the centered rows
	side   []float64 // inner product of each centered row and the mean
	mean   float64   // of the mean and itself
}

// NewProducts takes the inner products of the rows of base, in float32. They
// take 4 bytes for each pair of rows, of which there may be 65,536. If standardize is set, each column is first
// brought to mean 0 and standard deviation 1 over the rows; a constant column
// becomes 0. NewProducts reads Settings.Workers.
func NewProducts(ctx context.Context, base knn.Points, standardize bool, s *Settings) (*Products, error) {
	set := s.fill()
	if ctx == nil {
		return nil, errNoContext
	}
	if share.Nil(base) {
		return nil, inputErr("there are no base rows")
	}
	n, d := base.Dims()
	if n < 0 || d < 0 || n > 1<<16 || d > math.MaxInt/4/max(n, 1) {
		return nil, inputErr("%d base rows of %d numbers", n, d)
	}
	x := make([]float32, n*d)
	mean, m2 := make([]float64, d), make([]float64, d)
	for i := range n {
		row, err := base.Row(x[i*d:i*d:(i+1)*d], i)
		if err == nil && len(row) != d {
			err = inputErr("base row %d has %d numbers instead of %d", i, len(row), d)
		}
		if err != nil {
			return nil, err
		}
		copy(x[i*d:], row)
		for c, v := range row {
			if v-v != 0 {
				return nil, inputErr("base row %d, column %d is %v", i, c, v)
			}
			by := float64(v) - mean[c]
			mean[c] += by / float64(i+1)
			m2[c] += by * (float64(v) - mean[c])
		}
	}
	stride := (n + 2 + 15) &^ 15
	p := &Products{n: n, stride: stride, inner: make([]float32, n*stride), side: make([]float64, n)}
	scale := make([]float64, d)
	for c := range scale {
		scale[c] = 1
		if standardize {
			if sd := math.Sqrt(m2[c] / float64(n)); sd > 0 {
				scale[c] = 1 / sd
			} else {
				scale[c] = 0
			}
		} else {
			p.mean += mean[c] * mean[c]
		}
	}
	err := par.Blocks(ctx, set.Workers, n, 64, func(_, _, lo, hi int) {
		for i := lo; i < hi; i++ {
			for c, v := range x[i*d:][:d] {
				v := (float64(v) - mean[c]) * scale[c]
				x[i*d+c] = float32(v)
				if !standardize {
					p.side[i] += v * mean[c]
				}
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return p, p.multiply(ctx, x, d, set.Workers)
}

// multiply fills p.inner by tiles on and below the diagonal, and mirrors them.
func (p *Products) multiply(ctx context.Context, x []float32, d, workers int) error {
	mr, nr := vec.TileShape()
	pack := func(dst []float32, at, width int) {
		clear(dst)
		for r := range min(width, p.n-at) {
			for k, v := range x[(at+r)*d:][:d] {
				dst[k*width+r] = v
			}
		}
	}
	type scratch struct{ a, b, c []float32 }
	work := make([]scratch, par.Workers(workers))
	const block = 8 // column panels of one item, which share the row panels' trips through the cache
	return par.Blocks(ctx, len(work), par.NumBlocks(p.n, block*nr), 1, func(w, item, _, _ int) {
		s := &work[w]
		if s.a == nil {
			*s = scratch{make([]float32, mr*d), make([]float32, block*nr*d), make([]float32, mr*nr)}
		}
		j0 := item * block * nr
		for b := range block {
			pack(s.b[b*nr*d:(b+1)*nr*d], j0+b*nr, nr)
		}
		for i := j0 / mr * mr; i < p.n; i += mr {
			if ctx.Err() != nil {
				return
			}
			pack(s.a, i, mr)
			for b := range block {
				j := j0 + b*nr
				if j >= p.n {
					break
				}
				vec.GemmTile(s.c, s.a, s.b[b*nr*d:], d, false)
				for r := range min(mr, p.n-i) {
					for c := range min(nr, p.n-j, i+r-j+1) {
						p.inner[(i+r)*p.stride+j+c] = s.c[r*nr+c]
						p.inner[(j+c)*p.stride+i+r] = s.c[r*nr+c]
					}
				}
			}
		}
	})
}

// A Rule says which points count as near.
type Rule struct {
	// Metric is knn.Euclidean or knn.Cosine.
	Metric knn.Metric
	// Skip tells which points j are never neighbors of point i. Nil means
	// none. It must be safe for concurrent use.
	Skip func(i, j int) bool
}

// Nearest finds the k nearest points of each point of x under each rule. x comes
// from [knn.Combine] with the same base rows, and the weights of each point add
// up to 1. If exchange is not nil, base row exchange[v] stands in for base row v. A
// list is shorter than k where too few points are left; it then ends in entries
// of −1. Distances are subject to the rounding of float32. Points at equal
// distances are in ascending order. Nearest reads Settings.Rows, the points
// whose lists are made, and Settings.Workers.
func (p *Products) Nearest(ctx context.Context, x knn.Points, k int, exchange []int32, rules []Rule, s *Settings) ([]*knn.Graph, error) {
	set := s.fill()
	if ctx == nil {
		return nil, errNoContext
	}
	if p == nil {
		return nil, inputErr("there are no products")
	}
	start, index, weight, err := p.terms(x, exchange)
	if err != nil {
		return nil, err
	}
	n := len(start) - 1
	if k < 1 || n < 1 {
		return nil, inputErr("%d neighbors among %d points", k, n)
	}
	rows, err := set.rows(n)
	if err != nil {
		return nil, err
	}
	graphs := make([]*knn.Graph, len(rules))
	for r, rule := range rules {
		if rule.Metric != knn.Euclidean && rule.Metric != knn.Cosine {
			return nil, inputErr("Rule.Metric is %v", rule.Metric)
		}
		graphs[r] = &knn.Graph{N: len(rows), K: k, Index: make([]int32, len(rows)*k), Dist2: make([]float64, len(rows)*k)}
	}
	scans, half, inverse, err := p.scans(ctx, start, index, weight, set.Workers)
	if err != nil {
		return nil, err
	}
	work := make([]*nearest, par.Workers(set.Workers))
	err = par.Blocks(ctx, len(work), len(rows), lanes, func(w, _, lo, hi int) {
		if work[w] == nil {
			work[w] = p.newNearest(k, rules)
		}
		t := work[w]
		t.reset(hi - lo)
		for r := range lanes {
			dst := t.rows[r*p.stride:][:p.stride]
			clear(dst)
			if lo+r < hi {
				i := rows[lo+r]
				vec.CombineRows(dst, p.inner, p.stride, index[start[i]:start[i+1]], weight[start[i]:start[i+1]])
			}
		}
		for m, scan := range scans {
			if !t.asked[m] {
				continue
			}
			vec.Transpose16(t.table, t.rows, p.stride, p.stride)
			if knn.Metric(m) == knn.Cosine {
				// Two more base rows hold what does not depend on the terms; see scans.
				one, mean := t.table[lanes*p.n:][:lanes], t.table[lanes*(p.n+1):][:lanes]
				for r := range hi - lo {
					i := rows[lo+r]
					one[r] = 1
					for e := start[i]; e < start[i+1]; e++ {
						mean[r] += weight[e] * float32(p.side[index[e]])
					}
					mean[r] += float32(p.mean)
				}
				for v := range p.n + 2 {
					for r, i := range rows[lo:hi] {
						t.table[lanes*v+r] *= inverse[i]
					}
				}
			}
			scan.Table = t.table
			for from, to := 0, 0; from < n; from = to {
				if ctx.Err() != nil {
					return
				}
				to = min(n, from+max(32, min(from, chunk))) // limits fall fast at first
				found := vec.ScanCombinations(t.value, t.point, t.mask, &scan, from, to, &never, &t.limit[m], t.columns)
				for f := range found {
					j := int(t.point[f])
					for mask := t.mask[f] & 0xffff; mask != 0; mask &= mask - 1 {
						r := bits.TrailingZeros32(mask)
						i, d := int(rows[lo+r]), t.value[lanes*f+r]+scan.Norm[j]
						if i != j && d < t.limit[m][r] {
							t.offer(knn.Metric(m), r, d, i, j)
						}
					}
				}
			}
		}
		for q, g := range graphs {
			for r := lo; r < hi; r++ {
				for c, v := range t.lists[q][r-lo] {
					d2 := 2*half[rows[r]] + v.d
					if rules[q].Metric == knn.Cosine {
						d2 = 2 + 2*v.d
					}
					g.Index[r*k+c], g.Dist2[r*k+c] = v.j, float64(max(0, d2))
				}
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return graphs, nil
}

const (
	lanes = 16
	chunk = 512 // points between two looks at the limits, at most
)

// never is a limit that no distance is below.
var never = func() (x [lanes]float32) {
	for r := range x {
		x[r] = float32(math.NaN())
	}
	return x
}()

// scans prepares the sums of all points, by metric. By Euclidean, the value of
// points i and j is −2 times their inner product, and the norm of j its squared
// length. By Cosine the value is −1 times their cosine: the terms of j are
// divided by its length, and two more terms add, with base rows n and n+1, what
// centering took away:
//
//	x_i·x_j = c_i·c_j + s_i + s_j + m·m, where c = x − m and s = c·m
//
// half is half the squared length of c, inverse one over the length of x.
func (p *Products) scans(ctx context.Context, start []int, index []int32, weight []float32, workers int) (s [2]vec.Scan, half, inverse []float32, err error) {
	n := len(start) - 1
	half, inverse = make([]float32, n), make([]float32, n)
	e, c := &s[knn.Euclidean], &s[knn.Cosine]
	*e = vec.Scan{Start: make([]int32, n+1), Index: index, Weight: make([]float32, len(index)), Norm: make([]float32, n)}
	*c = vec.Scan{Start: make([]int32, n+1), Index: make([]int32, len(index)+2*n), Weight: make([]float32, len(index)+2*n), Norm: make([]float32, n)}
	err = par.Blocks(ctx, workers, n, 64, func(_, _, lo, hi int) {
		for j := lo; j < hi; j++ {
			var sq, side float64
			for a := start[j]; a < start[j+1]; a++ {
				w := float64(weight[a])
				side += w * p.side[index[a]]
				for b := start[j]; b < start[j+1]; b++ {
					sq += w * float64(weight[b]) * float64(p.inner[int(index[a])*p.stride+int(index[b])])
				}
			}
			e.Start[j+1], c.Start[j+1] = int32(start[j+1]), int32(start[j+1]+2*(j+1))
			half[j], e.Norm[j] = float32(sq/2), float32(sq)
			if whole := sq + 2*side + p.mean; whole > 0 {
				inverse[j] = float32(1 / math.Sqrt(whole))
			}
			at := start[j] + 2*j
			for a := start[j]; a < start[j+1]; a++ {
				e.Weight[a] = -2 * weight[a]
				c.Index[at], c.Weight[at] = index[a], -weight[a]*inverse[j]
				at++
			}
			c.Index[at], c.Weight[at] = int32(p.n), -float32(side)*inverse[j]
			c.Index[at+1], c.Weight[at+1] = int32(p.n+1), -inverse[j]
		}
	})
	return s, half, inverse, err
}

// nearest is what one goroutine needs to find the nearest points of 16 points.
type nearest struct {
	rules   []Rule
	asked   [2]bool           // metrics
	lists   [][][]neighbor    // of each rule and lane, ascending
	limit   [2][lanes]float32 // the largest last distance of a metric's lists
	rows    []float32         // inner products of the 16 points and the base rows
	table   []float32         // the same by base rows
	value   []float32         // what a scan finds
	point   []int32
	mask    []uint32
	columns []float32
}

type neighbor struct {
	d float32
	j int32
}

func (p *Products) newNearest(k int, rules []Rule) *nearest {
	t := &nearest{
		rules: rules, rows: make([]float32, lanes*p.stride), table: make([]float32, lanes*p.stride),
		value: make([]float32, lanes*chunk), point: make([]int32, chunk), mask: make([]uint32, chunk), columns: make([]float32, chunk),
	}
	for i := range t.columns {
		t.columns[i] = never[0]
	}
	for _, rule := range rules {
		t.asked[rule.Metric] = true
		lists := make([][]neighbor, lanes)
		for r := range lists {
			lists[r] = make([]neighbor, k)
		}
		t.lists = append(t.lists, lists)
	}
	return t
}

// reset empties the lists of the first n lanes; the others take nothing.
func (t *nearest) reset(n int) {
	for m := range t.limit {
		t.limit[m] = never
		for r := range n {
			t.limit[m][r] = math.MaxFloat32
		}
	}
	for _, lists := range t.lists {
		for _, list := range lists {
			for c := range list {
				list[c] = neighbor{math.MaxFloat32, -1}
			}
		}
	}
}

// offer puts point j into the lists of lane r, which is point i, for which it is
// near enough.
func (t *nearest) offer(m knn.Metric, r int, d float32, i, j int) {
	limit := float32(-math.MaxFloat32)
	for q, rule := range t.rules {
		if rule.Metric != m {
			continue
		}
		list := t.lists[q][r]
		if at := len(list) - 1; d < list[at].d && (rule.Skip == nil || !rule.Skip(i, j)) {
			for ; at > 0 && d < list[at-1].d; at-- {
				list[at] = list[at-1]
			}
			list[at] = neighbor{d, int32(j)}
		}
		limit = max(limit, list[len(list)-1].d)
	}
	t.limit[m][r] = limit
}

// terms returns the terms of x, with base rows exchanged.
func (p *Products) terms(x knn.Points, exchange []int32) (start []int, index []int32, weight []float32, err error) {
	if share.Nil(x) {
		return nil, nil, nil, inputErr("there are no points")
	}
	c, ok := x.(interface {
		Terms() (base knn.Points, start []int, index []int32, weight []float32)
	})
	if !ok {
		return nil, nil, nil, inputErr("the points are not from knn.Combine")
	}
	if c, ok := x.(interface{ Check() error }); ok {
		if err := c.Check(); err != nil {
			return nil, nil, nil, err
		}
	}
	base, start, index, weight := c.Terms()
	if base == nil {
		return nil, nil, nil, inputErr("the points are not from knn.Combine")
	}
	if n, _ := base.Dims(); n != p.n {
		return nil, nil, nil, inputErr("sums of %d base rows, products of %d", n, p.n)
	}
	if exchange != nil {
		if len(exchange) != p.n {
			return nil, nil, nil, inputErr("%d exchanged rows for %d base rows", len(exchange), p.n)
		}
		if err := checkIndices("exchange", exchange, 1, p.n); err != nil {
			return nil, nil, nil, err
		}
		of := index
		index = make([]int32, len(of))
		for e, v := range of {
			index[e] = exchange[v]
		}
	}
	if weight == nil {
		weight = make([]float32, len(index))
		for i := range len(start) - 1 {
			for e := start[i]; e < start[i+1]; e++ {
				weight[e] = 1 / float32(start[i+1]-start[i])
			}
		}
	}
	return start, index, weight, nil
}

// LabelShares returns for each list of g the share of its neighbors that have
// the label of its point: the point with the number of the list or, if
// Settings.Rows is not nil, that of Rows. It is NaN for a point without a label,
// which is negative, and for one without neighbors. Entries of −1 in g are not
// neighbors. The mean over all points is the neighborhood purity, see
// [LabelAgreement].
func LabelShares(g *knn.Graph, labels []int32, s *Settings) ([]float64, error) {
	set := s.fill()
	if err := checkLists("graph", g); err != nil {
		return nil, err
	}
	if set.Rows == nil && g.N != len(labels) || set.Rows != nil && len(set.Rows) != g.N {
		return nil, inputErr("%d lists of neighbors for %d labels and %d rows", g.N, len(labels), len(set.Rows))
	}
	if err := checkIndices("Rows", set.Rows, 1, len(labels)); err != nil {
		return nil, err
	}
	shares := make([]float64, g.N)
	for r := range shares {
		want, same, all := labels[set.listRow(r)], 0, 0
		for _, j := range g.Index[r*g.K : (r+1)*g.K] {
			if int(j) >= len(labels) {
				return nil, inputErr("graph, list %d: index %d of %d", r, j, len(labels))
			}
			if j >= 0 {
				all++
				if labels[j] == want {
					same++
				}
			}
		}
		shares[r] = math.NaN()
		if want >= 0 && all > 0 {
			shares[r] = float64(same) / float64(all)
		}
	}
	return shares, nil
}
