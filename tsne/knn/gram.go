package knn

import (
	"cmp"
	"context"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
	"github.com/semamap/semamap/tsne/internal/share"
)

const (
	lanes     = 16
	scanChunk = 1 << groupShift // points between two looks at the limits
	gramBytes = 2 << 30         // largest Gram matrix when memory is not bounded
	madeBytes = 384 << 20       // rows made at a time for rescoring, likewise
)

// A gramPlan is what a search of linear combinations X = A·T needs, before any
// product is taken.
//
// Inside, points stand in a random order, in which the limits of the lists
// fall fastest, and within each group of scanChunk by their number of terms,
// which makes the loops over terms predictable. Rescoring visits them in the
// order of their terms, so that neighbors share rows in the cache.
type gramPlan struct {
	of            combination
	points        *source // in the order inside
	number, visit []int32 // the number of each point in the source, and the order of rescoring
	base          *source // the base rows in use
	stride        int     // base.n, up to a multiple of 16
	start, index  []int32
	weights       []float32 // of each term, times scale
	scale         float64   // a power of two: no weight is above 1
	terms         int       // of a point, at most
	made          int       // rows to make at a time for rescoring
	bytes         int64
}

// A gram search finds the neighbors by X·Xᵀ = A·(T·Tᵀ)·Aᵀ: the inner products
// of the base rows are taken once, and those of two points are short sums of
// them. Candidates are rescored on the rows themselves, so the graph is that of
// an exact search.
type gram struct {
	rescorer
	*gramPlan
	f           frame     // of the base rows
	inner       []float32 // stride×stride inner products of the copies of base rows
	weight      []float32 // as planned, or by the lengths of the points
	weightScale float64
	scan        vec.Scan
	len2        []float32
	size, raw   []float32 // Σ|weight|·length of the copies and of the rows, upper bounds
	sizeMax     float64
	sums        *sums
	absMax      float64 // largest Σ|weight|
}

// planGram decides whether the Gram matrix pays and fits. Its error says why
// a forced one is not possible.
func (c combination) planGram(s *source, k int, set *Settings, used int64) (planned, error) {
	refuse := func(why string) error { return &SettingError{"Method", Gram, why} }
	if s.metric == Correlation {
		return nil, refuse("does not work with Correlation")
	}
	total := 0
	for u := range s.n {
		i := s.orig(u)
		total += c.Start[i+1] - c.Start[i]
	}
	if total > math.MaxInt32 {
		return nil, refuse("has too many terms")
	}
	v, _ := c.Base.Dims()
	compact := make([]int32, v)
	for u := range s.n {
		i := s.orig(u)
		for _, b := range c.Index[c.Start[i]:c.Start[i+1]] {
			compact[b] = 1
		}
	}
	var ids []int32
	for b, in := range compact {
		if in != 0 {
			compact[b] = int32(len(ids))
			ids = append(ids, int32(b))
		}
	}
	nb, n, d := int64(len(ids)), int64(s.n), int64(s.d)
	stride := (nb + 15) &^ 15
	if stride > math.MaxInt32/lanes {
		return nil, refuse("has too many base rows")
	}
	if set.Method == Auto && !(float64(nb)*float64(nb)*float64(d)+16*float64(n)*float64(total) < float64(n)*float64(n)*float64(d)) {
		return nil, refuse("does not pay")
	}
	keep := int64(min(k+extra, max(s.n-1, 0)))
	fixed := used + 4*stride*stride + n*(listCost(int(keep))+int64(k)*12+56) + 12*int64(total) + 4*int64(v) + 64*stride*int64(par.Workers(set.Workers))*2
	made := max(madeBytes/max(4*d, 1), 1)
	// Packing the base rows is over before anything else is allocated but G.
	packed := used + 4*stride*stride + 2*4*d*min(nb+bandAlign, bandBytes/max(4*d, 1)+bandAlign)
	limit := set.MaxMemory
	if limit == 0 && 4*stride*stride > gramBytes {
		return nil, share.Errorf("%w: inner products of %d base rows take %d bytes", ErrMemory, nb, 4*stride*stride)
	}
	if limit > 0 {
		if need := max(packed, fixed+4*d*min(n, 256)); need > limit {
			return nil, share.Errorf("%w: %d bytes, the search through %d base rows needs %d", ErrMemory, limit, nb, need)
		}
		made = min(made, (limit-fixed)/max(4*d, 1))
	}
	made = max(min(made, n), 1)

	p := &gramPlan{of: c, stride: int(stride), terms: 1, made: int(made), bytes: max(packed, fixed+4*d*made)}
	p.base = &source{n: int(nb), d: s.d, ids: ids, points: c.Base, failed: s.failed}
	p.base.flat, _ = flatOf(c.Base)
	p.sortPoints(s, compact, total)
	return p, nil
}

// sortPoints puts the points in order and copies their terms.
func (g *gramPlan) sortPoints(s *source, compact []int32, total int) {
	count := make([]int, s.n) // terms of each point
	var t []term
	var div, most float64
	for u := range count {
		t, div = g.of.terms(t[:0], s.orig(u))
		for _, e := range t {
			most = max(most, math.Abs(e.w/div))
		}
		count[u] = len(t)
		g.terms = max(g.terms, len(t))
	}
	g.scale = 1
	if most > 0 {
		_, exp := math.Frexp(most)
		g.scale = math.Ldexp(1, -exp)
	}
	g.number = make([]int32, s.n)
	for p, u := range rand.New(rand.NewPCG(1, 1)).Perm(s.n) { // no part of the result depends on it
		g.number[p] = int32(u)
	}
	for group := range slices.Chunk(g.number, scanChunk) {
		slices.SortFunc(group, func(a, b int32) int { return cmp.Or(count[a]-count[b], int(a-b)) })
	}
	g.points = s.pick(g.number)
	g.start, g.index, g.weights = make([]int32, 1, s.n+1), make([]int32, 0, total), make([]float32, 0, total)
	key := make([]uint64, s.n) // the first three terms, by which to sort is as good as by all of them
	g.visit = make([]int32, s.n)
	for p := range key {
		t, div = g.of.terms(t[:0], g.points.orig(p))
		for _, e := range t {
			g.index = append(g.index, compact[e.v])
			g.weights = append(g.weights, float32(e.w/div*g.scale))
		}
		for c := range 3 {
			key[p] <<= 21
			if c < len(t) {
				key[p] |= uint64(compact[t[c].v]+1) & (1<<21 - 1)
			}
		}
		g.start = append(g.start, int32(len(g.index)))
		g.visit[p] = int32(p)
	}
	slices.SortFunc(g.visit, func(p, q int32) int { return cmp.Or(cmp.Compare(key[p], key[q]), int(p-q)) })
}

// search runs a planned search.
func (p *gramPlan) search(ctx context.Context, k int, set *Settings) (*Graph, error) {
	g := &gram{rescorer: newRescorer(p.points, p.points, k, true, set), gramPlan: p, weight: p.weights, weightScale: p.scale}
	g.band, g.label, g.order, g.graph = p.made, p.number, p.visit, newGraph(p.points.n, k)
	g.graph.Stats.Method, g.graph.Stats.Bytes = Gram, p.bytes
	if k == 0 || g.ref.n == 0 {
		return g.graph, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := g.innerProducts(ctx); err != nil {
		return nil, err
	}
	if err := g.lengths(ctx); err != nil {
		return nil, err
	}
	g.makeLists(2 * g.keep)
	if err := g.compare(ctx); err != nil {
		return nil, err
	}
	failed, err := g.rescore(ctx, g.bound)
	if err != nil {
		return nil, err
	}
	g.lists = nil
	if err := g.recheck(ctx, failed); err != nil {
		return nil, err
	}
	return g.done(len(failed)), nil
}

// centered reports whether the base rows may be centered: all sums of weights
// are equal and no point is scaled.
func (g *gram) centered() bool {
	c := g.of
	if g.ref.metric != Euclidean {
		return false
	}
	if c.Weight == nil {
		return true
	}
	var first float64
	for p := range g.ref.n {
		i := g.ref.orig(p)
		var sum float64
		for _, w := range c.Weight[c.Start[i]:c.Start[i+1]] {
			sum += float64(w)
		}
		if p == 0 {
			first = sum
		} else if sum != first {
			return false
		}
	}
	return true
}

// innerProducts fills g.inner, a triangle of tiles mirrored.
func (g *gram) innerProducts(ctx context.Context) error {
	base, err := g.base.made(ctx, g.workers)
	if err != nil {
		return err
	}
	e := &exact{rescorer: rescorer{workers: g.workers, ref: base, x: base, same: true}}
	var m *middle
	if g.centered() {
		if m, err = findMiddle(ctx, g.workers, base); err != nil {
			return err
		}
	}
	if err := e.copyFrame(ctx, m); err != nil {
		return err
	}
	g.f = e.frame
	n, d := e.ref.n, e.ref.d
	g.inner = make([]float32, g.stride*g.stride)
	band := min(roundUp(n, bandAlign), max(bandBytes/max(4*d, 1)/bandAlign*bandAlign, bandAlign))
	f := newTiling(false, d)
	a, b := f.rows(min(band, n)), f.columns(min(band, n))
	work := newTileScratches(f, g.workers)
	for a0 := 0; a0 < n; a0 += band {
		a1 := min(a0+band, n)
		if err := e.packBand(ctx, a, e.ref, a0, a1, d, 1, nil); err != nil {
			return err
		}
		for b0 := a0; b0 < n; b0 += band {
			b1 := min(b0+band, n)
			if err := e.packBand(ctx, b, e.ref, b0, b1, d, 1, nil); err != nil {
				return err
			}
			if err := g.innerBand(ctx, a, b, a0, a1, b0, b1, work); err != nil {
				return err
			}
		}
	}
	// Lengths of the rows as they stand and of their copies, rounded up, for
	// the error bound.
	g.size, g.raw = make([]float32, n), make([]float32, n)
	return eachRow(ctx, g.workers, e.ref, 64, func(_, _, i int, row []float32) {
		var sum float64
		for _, v := range row {
			sum += float64(v) * float64(v)
		}
		g.raw[i] = roundedUp(math.Sqrt(sum) * g.f.scale)
		g.size[i] = roundedUp(math.Sqrt(float64(e.refLen[i])))
	})
}

func roundedUp(v float64) float32 { return float32(v * (1 + 4*unit)) }

func (g *gram) innerBand(ctx context.Context, a, b *panels, a0, a1, b0, b1 int, work []*tileScratch) error {
	mr, nr, block := a.mr, a.nr, work[0].block
	rowBlocks, colBlocks := par.NumBlocks(a1-a0, block), par.NumBlocks(b1-b0, tileCols)
	return par.Blocks(ctx, g.workers, rowBlocks*colBlocks, 1, func(w, _, item, _ int) {
		t := work[w]
		i0 := a0 + item/colBlocks*block
		i1 := min(i0+block, a1)
		j0 := b0 + item%colBlocks*tileCols
		j1 := min(j0+tileCols, b1)
		for j := max(j0, j0+(i0-j0)/nr*nr); j < j1; j += nr {
			if ctx.Err() != nil {
				return
			}
			jn := min(j+nr, j1)
			count := min(par.NumBlocks(i1-i0, mr), par.NumBlocks(max(0, jn-i0), mr))
			rows, columns := a.from(i0-a0), b.from(j-b0)
			t.multiply(&rows, &columns, count, a.d)
			for p := range count {
				g.mirror(t.c[p*mr*nr:], i0+p*mr, min(i1, i0+(p+1)*mr), j, jn, nr)
			}
		}
	})
}

// mirror writes the part of a tile on and above the diagonal twice.
func (g *gram) mirror(tile []float32, i, i1, j, j1, nr int) {
	for r := i; r < i1; r++ {
		from := max(j, r)
		if from >= j1 {
			break
		}
		copy(g.inner[r*g.stride+from:r*g.stride+j1], tile[(r-i)*nr+from-j:])
	}
	for c := j; c < j1; c++ {
		dst := g.inner[c*g.stride:]
		for r := i; r < min(i1, c); r++ {
			dst[r] = tile[(r-i)*nr+c-j]
		}
	}
}

// lengths prepares what belongs to single points.
func (g *gram) lengths(ctx context.Context) error {
	n := g.ref.n
	if g.ref.metric == Cosine {
		if err := g.unitLengths(ctx); err != nil {
			return err
		}
	}
	baseSize, baseRaw := g.size, g.raw
	g.len2, g.size, g.raw = make([]float32, n), make([]float32, n), make([]float32, n)
	type maxima struct{ size, abs float64 }
	const block = 512
	part := make([]maxima, par.NumBlocks(n, block))
	err := par.Blocks(ctx, g.workers, n, block, func(_, b, lo, hi int) {
		m := &part[b]
		for p := lo; p < hi; p++ {
			index, weight := g.index[g.start[p]:g.start[p+1]], g.weight[g.start[p]:g.start[p+1]]
			var sum, size, raw, abs float64
			for t, i := range index {
				w := float64(weight[t])
				for s, j := range index {
					sum += w * float64(weight[s]) * float64(g.inner[int(i)*g.stride+int(j)])
				}
				w = math.Abs(w)
				size += w * float64(baseSize[i])
				raw += w * float64(baseRaw[i])
				abs += w
			}
			if g.ref.metric == Cosine {
				raw += g.weightScale // the rounding of a row of length 1
			}
			g.len2[p], g.size[p], g.raw[p] = float32(max(sum, 0)), roundedUp(size), roundedUp(raw)
			m.size, m.abs = max(m.size, float64(g.size[p])), max(m.abs, abs)
		}
	})
	for _, m := range part {
		g.sizeMax, g.absMax = max(g.sizeMax, m.size), max(g.absMax, m.abs)
	}
	g.sums = g.newSums()
	twice := make([]float32, len(g.weight))
	for t, w := range g.weight {
		twice[t] = -2 * w
	}
	g.scan = vec.Scan{Start: g.start, Index: g.index, Weight: twice, Norm: g.len2}
	return err
}

// unitLengths divides the weights of every point by its length.
func (g *gram) unitLengths(ctx context.Context) error {
	by := make([]float64, g.ref.n)
	raw := *g.ref
	raw.metric = Euclidean
	err := eachRow(ctx, g.workers, &raw, 16, func(_, _, p int, row []float32) {
		var sum float64
		for _, v := range row {
			sum += float64(v) * float64(v)
		}
		if sum > 0 {
			by[p] = 1 / (math.Sqrt(sum) * g.weightScale * g.f.scale)
		}
	})
	if err != nil {
		return err
	}
	var most float64
	for p, b := range by {
		for _, w := range g.weight[g.start[p]:g.start[p+1]] {
			most = max(most, math.Abs(float64(w))*b)
		}
	}
	g.weightScale = 1
	if most > 0 {
		_, exp := math.Frexp(most)
		g.weightScale = math.Ldexp(1, -exp)
	}
	g.weight = slices.Clone(g.weight)
	for p, b := range by {
		for t := g.start[p]; t < g.start[p+1]; t++ {
			g.weight[t] = float32(float64(g.weight[t]) * b * g.weightScale)
		}
	}
	return nil
}

// scale is the factor from distances of rows to those of the copies.
func (g *gram) scale() float64 {
	if g.ref.metric == Cosine {
		return g.weightScale
	}
	return g.weightScale * g.f.scale
}

// sums tell how large the parts of points are: the size of a point is the sum of
// the lengths of its weighted base rows, as copied, and raw of those as given.
// Every inner product of two base rows is off by at most d+1 roundings of |t|·|u|,
// every sum by one for each term and one for the weight, so that a value is off
// by dot times the square of both sizes. The rows are off by one rounding of
// their size, as given and copied.
type sums struct {
	dot  float64
	most []extent // in order of length
}

// extent is how large points of up to some length are.
type extent struct{ length, size, raw float64 }

// at returns the largest size and raw of the points that may be as short as m.
// A point is hardly shorter than its size, unless its parts cancel each other.
func (s *sums) at(m float64) extent {
	i, _ := slices.BinarySearchFunc(s.most, m, func(e extent, m float64) int {
		if e.length <= m {
			return -1
		}
		return 1
	})
	if i == 0 {
		return extent{}
	}
	return s.most[i-1]
}

func (g *gram) newSums() *sums {
	s := &sums{dot: 1.02 * unit * (float64(g.base.d) + 2*float64(g.terms) + 24), most: make([]extent, len(g.size))}
	for p := range s.most {
		size := float64(g.size[p])
		s.most[p] = extent{math.Sqrt(max(0, float64(g.len2[p])-4*s.dot*size*size)) * (1 - 4*unit), size, float64(g.raw[p])}
	}
	slices.SortFunc(s.most, func(a, b extent) int { return cmp.Compare(a.length, b.length) })
	var most extent
	for i := range s.most {
		e := &s.most[i]
		most = extent{e.length, max(most.size, e.size), max(most.raw, e.raw)}
		*e = most
	}
	return s
}

// bound of point p.
func (g *gram) bound(p int) bound {
	d := float64(g.base.d)
	b := bound{len2: float64(g.len2[p]), scale: g.scale(), round: canonicalError(g.base.d), longest: g.sizeMax, sums: g.sums}
	b.size, b.raw = float64(g.size[p]), float64(g.raw[p])
	b.len = min(b.size, math.Sqrt(b.len2+4*g.sums.dot*b.size*b.size)*(1+4*unit))
	b.slack, b.shift = d*0x1p-120, 2.02*math.Sqrt(d)*flush*max(g.absMax, 1)
	return b
}

// scanScratch is what one goroutine needs to compare 16 points with others.
type scanScratch struct {
	rows        []float32 // 16 × a strip of base rows
	table       []float32
	value       []float32
	point       []int32
	mask        []uint32
	norm, limit [lanes]float32
	col         []float32
	rowHits     []hit
	colHits     []hit
}

const strip = 512

func (g *gram) newScanScratch() *scanScratch {
	return &scanScratch{
		rows:  make([]float32, lanes*strip),
		table: make([]float32, lanes*g.stride),
		value: make([]float32, lanes*scanChunk), point: make([]int32, scanChunk), mask: make([]uint32, scanChunk),
		col: make([]float32, scanChunk),
	}
}

// fill makes the table of the points that at names; a negative one is a lane
// without a point.
func (t *scanScratch) fill(g *gram, at *[lanes]int32) {
	for v := 0; v < g.stride; v += strip {
		n := min(strip, g.stride-v)
		for r, p := range at {
			dst := t.rows[r*strip:][:n]
			if p < 0 {
				clear(dst)
				continue
			}
			lo, hi := g.start[p], g.start[p+1]
			vec.CombineRows(dst, g.inner[v:], g.stride, g.index[lo:hi], g.weight[lo:hi])
		}
		vec.Transpose16(t.table[lanes*v:], t.rows, strip, n)
	}
}

// compare fills the lists: 16 points at a time against all behind them.
func (g *gram) compare(ctx context.Context) error {
	n := g.ref.n
	work := make([]*scanScratch, g.workers)
	nan := float32(math.NaN())
	return par.Blocks(ctx, g.workers, n, lanes, func(w, _, lo, hi int) {
		if work[w] == nil {
			work[w] = g.newScanScratch()
		}
		t := work[w]
		var at [lanes]int32
		for r := range at {
			at[r], t.norm[r], t.limit[r] = -1, nan, nan
			if lo+r < hi {
				at[r], t.norm[r] = int32(lo+r), g.len2[lo+r]
			}
		}
		t.fill(g, &at)
		s := g.scan
		s.Table = t.table
		g.lists.readLimits(t.limit[:hi-lo], lo)
		for j := lo; j < n; {
			if ctx.Err() != nil {
				return
			}
			end := min((j>>groupShift+1)<<groupShift, n)
			g.lists.readLimits(t.col[:end-j], j)
			found := vec.ScanCombinations(t.value, t.point, t.mask, &s, j, end, &t.norm, &t.limit, t.col)
			t.rowHits, t.colHits = t.rowHits[:0], t.colHits[:0]
			for f := range found {
				p, m := int(t.point[f]), t.mask[f]
				if p < lo+lanes { // inside the block each pair counts once
					behind := uint32(1)<<(p-lo) - 1
					m &= behind | behind<<16
				}
				value := t.value[lanes*f:][:lanes]
				for row := m & 0xffff; row != 0; row &= row - 1 {
					r := bits.TrailingZeros32(row)
					t.rowHits = append(t.rowHits, hit{int32(lo + r), makeKey(value[r]+g.len2[p], p)})
				}
				for col := m >> 16; col != 0; col &= col - 1 {
					r := bits.TrailingZeros32(col)
					t.colHits = append(t.colHits, hit{int32(p), makeKey(value[r]+t.norm[r], lo+r)})
				}
			}
			g.lists.pushAll(t.rowHits, t.limit[:], lo, g.lists.cut)
			g.lists.pushAll(t.colHits, nil, 0, g.lists.cut)
			j = end
		}
	})
}

// recheck searches the points again whose candidates were not proved, with
// the distance of the k-th candidate as a bound.
func (g *gram) recheck(ctx context.Context, failed []int32) error {
	n, d := g.ref.n, g.ref.d
	type buffers struct {
		scratch
		scan *scanScratch
		own  []float32
	}
	tmp := make([]buffers, g.workers)
	nan := float32(math.NaN())
	return par.Blocks(ctx, g.workers, len(failed), lanes, func(w, _, lo, hi int) {
		t := &tmp[w]
		if t.scan == nil {
			t.scan = g.newScanScratch()
			t.own = make([]float32, lanes*d)
		}
		var at [lanes]int32
		var found [lanes]nearest
		for r := range at {
			at[r], t.scan.norm[r], t.scan.limit[r] = -1, nan, nan
			if lo+r < hi {
				p := failed[lo+r]
				at[r], t.scan.norm[r] = p, g.len2[p]
				b := g.bound(int(p))
				t.scan.limit[r] = b.reach(g.graph.Dist2[(int(g.label[p])+1)*g.k-1])
				g.ref.fetch(t.own[r*d:(r+1)*d], int(p), &t.scratch)
				found[r].k = g.k
			}
		}
		t.scan.fill(g, &at)
		s := g.scan
		s.Table = t.scan.table
		for c := range t.scan.col {
			t.scan.col[c] = nan
		}
		for j := 0; j < n; j += scanChunk {
			end := min(j+scanChunk, n)
			count := vec.ScanCombinations(t.scan.value, t.scan.point, t.scan.mask, &s, j, end, &t.scan.norm, &t.scan.limit, t.scan.col)
			for f := range count {
				if ctx.Err() != nil {
					return
				}
				p := t.scan.point[f]
				row := g.ref.row(int(p), &t.scratch)
				for m := t.scan.mask[f]; m != 0; m &= m - 1 {
					r := bits.TrailingZeros32(m)
					if at[r] == p {
						continue
					}
					g.rescored[w]++
					found[r].push(pair{vec.SqDist(t.own[r*d:(r+1)*d], row), g.label[p]})
				}
			}
		}
		for r := range hi - lo {
			g.graph.put(int(g.label[at[r]]), found[r].list)
		}
	})
}

// nearest keeps the k smallest pairs, in a list cut at twice k.
type nearest struct {
	k    int
	list []pair
	top  pair
	full bool
}

func (s *nearest) push(p pair) {
	if s.full && !p.less(s.top) {
		return
	}
	s.list = append(s.list, p)
	if len(s.list) >= 2*s.k {
		s.cut()
	}
}

// cut leaves the k smallest.
func (s *nearest) cut() {
	if len(s.list) >= s.k {
		sortPairs(s.list)
		s.list = s.list[:s.k]
		s.top, s.full = s.list[s.k-1], true
	}
}
