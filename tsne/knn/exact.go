package knn

import (
	"context"
	"fmt"
	"math"
	"math/bits"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

const (
	extra     = 8        // candidates beyond k
	bandAlign = 768      // bands hold whole panels of every level and whole lock groups
	bandBytes = 32 << 20 // packed rows on each side of a band pair, unless memory is short
	tileCols  = 1024     // columns of a work item
	maxDepth  = 4096     // columns of the data a tile takes at once
	unit      = 0x1p-24  // rounding of float32
	flush     = 0x1p-60  // smaller numbers of a copy are zero: no product underflows
	flushBits = (127 - 60) << 23
)

// An exact search of the k nearest rows of ref for the rows of x.
type exact struct {
	rescorer
	frame                  // the float32 copy
	refLen, xLen []float32 // squared lengths of the copies
}

// A frame says how rows are copied to float32: less their mean, so that
// cancellation is small, and times a power of two, so that no square over- or
// underflows. Distances do not change, but for the scale.
type frame struct {
	mean    []float64
	scale   float64
	longest float64 // largest length of a copied row of ref, an upper bound
	whole   bool    // small integers: all float32 work is exact
}

// flushed returns w, or 0 when it is below flush. The test is on bits, as a
// branch on the sign would be a coin toss.
func flushed(w float32) float32 {
	if math.Float32bits(w)&^(1<<31) < flushBits {
		return 0
	}
	return w
}

// copyInto writes the copy of row x to dst[0], dst[stride], … times f.
func (f *frame) copyInto(dst []float32, stride int, x []float32, from int, by float32) {
	s := f.scale
	mean := f.mean[from:][:len(x)]
	at := 0
	for c, v := range x {
		dst[at] = flushed(float32((float64(v)-mean[c])*s)) * by
		at += stride
	}
}

// length2 returns the squared length of the copy of row x.
func (f *frame) length2(x []float32) float64 {
	var a, b float64
	for c, v := range x {
		w := flushed(float32((float64(v) - f.mean[c]) * f.scale))
		if c&1 == 0 {
			a += float64(w) * float64(w)
		} else {
			b += float64(w) * float64(w)
		}
	}
	return a + b
}

// searchExact finds the k nearest rows. The rows of each source are distinct
// or the search still is right, only slower.
func searchExact(ctx context.Context, ref, x *source, k int, same bool, set *Settings, used int64) (*Graph, error) {
	if k == 0 || x.n == 0 {
		return newGraph(x.n, k), nil
	}
	e := &exact{rescorer: newRescorer(ctx, ref, x, k, same, set)}
	if err := e.plan(set.MaxMemory, used); err != nil {
		return nil, err
	}
	if err := e.copyFrame(true); err != nil {
		return nil, err
	}
	if err := e.candidates(); err != nil {
		return nil, err
	}
	return e.finish()
}

// plan sets the size of the bands, or reports that MaxMemory is too small.
func (e *exact) plan(limit, used int64) error {
	n, m, d := int64(e.x.n), int64(e.ref.n), int64(e.ref.d)
	fixed := used + n*(listCost(e.keep)+int64(e.k)*12+4) + m*4 + 16*d
	// A row of a band is packed twice, and made once on either side when the
	// source does not hold it.
	perRow := 8 * d
	if e.ref.flat == nil {
		perRow += 4 * d
	}
	if e.x.flat == nil && !e.same {
		perRow += 4 * d
	}
	perRow = max(perRow, 1)
	all := (max(n, m) + bandAlign - 1) / bandAlign * bandAlign
	rows := max(bandBytes/max(4*d, 1)/bandAlign*bandAlign, bandAlign)
	least := fixed + min(all, bandAlign)*perRow
	if limit > 0 {
		if least > limit {
			return fmt.Errorf("%w: %d bytes, the search needs %d", ErrMemory, limit, least)
		}
		rows = min(rows, max((limit-fixed)/perRow/bandAlign*bandAlign, bandAlign))
	}
	e.band = int(min(rows, all))
	e.graph = newGraph(e.x.n, e.k)
	e.graph.Stats.Bytes = fixed + int64(e.band)*perRow
	return nil
}

// eachRow calls f for the rows of a source in fixed blocks.
func (e *exact) eachRow(s *source, size int, f func(worker, block, i int, row []float32)) error {
	type buffers struct {
		scratch
		row []float32
	}
	tmp := make([]buffers, e.workers)
	err := par.Blocks(e.ctx, e.workers, s.n, size, func(w, b, lo, hi int) {
		t := &tmp[w]
		for i := lo; i < hi; i++ {
			var row []float32
			if s.flat != nil {
				row = s.flat[s.orig(i)*s.d:][:s.d]
			} else {
				if t.row == nil {
					t.row = make([]float32, s.d)
				}
				row = t.row
				s.fetch(row, i, &t.scratch)
			}
			if i&15 == 0 && e.ctx.Err() != nil {
				return
			}
			f(w, b, i, row)
		}
	})
	if err == nil {
		err = e.ctx.Err()
	}
	return err
}

// copyFrame finds mean (zero unless centre is set), scale and lengths.
func (e *exact) copyFrame(centre bool) error {
	d := e.ref.d
	size := max(64, (e.ref.n+63)/64)
	blocks := par.NumBlocks(e.ref.n, size)
	sum := make([][]float64, blocks)
	err := e.eachRow(e.ref, size, func(_, b, _ int, row []float32) {
		if sum[b] == nil {
			sum[b] = make([]float64, d)
		}
		s := sum[b]
		for c, v := range row {
			s[c] += float64(v)
		}
	})
	if err != nil {
		return err
	}
	mean := make([]float64, d)
	for _, s := range sum {
		for c, v := range s {
			mean[c] += v
		}
	}
	for c := range mean {
		mean[c] /= float64(e.ref.n)
		if !centre {
			mean[c] = 0
		}
	}

	type extremes struct {
		centred, raw float64 // largest magnitudes
		length       float64 // largest squared length, as it stands
		whole        bool
	}
	sets := []*source{e.ref, e.x}
	if e.same {
		sets = sets[:1]
	}
	all := extremes{whole: true}
	for _, s := range sets {
		size := max(64, (s.n+63)/64)
		part := make([]extremes, par.NumBlocks(s.n, size))
		for b := range part {
			part[b].whole = true
		}
		err := e.eachRow(s, size, func(_, b, _ int, row []float32) {
			p := &part[b]
			var length float64
			for c, v := range row {
				w := float64(v)
				p.centred = max(p.centred, math.Abs(w-mean[c]))
				p.raw = max(p.raw, math.Abs(w))
				length += w * w
			}
			p.length = max(p.length, length)
			if p.whole && p.raw <= 4096 {
				for _, v := range row {
					if v != float32(int32(v)) {
						p.whole = false
						break
					}
				}
			}
		})
		if err != nil {
			return err
		}
		for _, p := range part {
			all.centred, all.raw = max(all.centred, p.centred), max(all.raw, p.raw)
			all.length = max(all.length, p.length)
			all.whole = all.whole && p.whole
		}
	}
	e.frame = frame{mean: mean, scale: 1}
	// |n - 2x·y| and its parts stay below 2²⁴: float32 sums are exact.
	e.whole = all.whole && all.raw <= 4096 && all.length <= 1<<22
	if e.whole {
		clear(mean)
	} else if all.centred > 0 {
		_, exp := math.Frexp(all.centred)
		e.scale = math.Ldexp(1, -exp)
	}

	lengths := func(s *source) ([]float32, error) {
		l := make([]float32, s.n)
		return l, e.eachRow(s, 64, func(_, _, i int, row []float32) { l[i] = float32(e.length2(row)) })
	}
	if e.refLen, err = lengths(e.ref); err != nil {
		return err
	}
	e.xLen = e.refLen
	if !e.same {
		if e.xLen, err = lengths(e.x); err != nil {
			return err
		}
	}
	for _, v := range e.refLen {
		e.longest = max(e.longest, float64(v))
	}
	e.longest = math.Sqrt(e.longest) * (1 + 2*unit)
	return nil
}

// pack copies rows [v.lo, v.hi) of a view into panels of the given width. Rows
// behind the last are zeros.
func (e *exact) pack(dst []float32, row func(i int) []float32, n, d, width int, by float32) error {
	return par.Blocks(e.ctx, e.workers, par.NumBlocks(n, width), 1, func(_, _, p, _ int) {
		e.packPanel(dst[p*width*d:][:width*d], row, p*width, n, d, width, by)
	})
}

func (e *exact) packPanel(panel []float32, row func(i int) []float32, at, n, d, width int, by float32) {
	const chunk = 64 // lines of the panel that stay in the first cache
	for r := range width {
		if at+r >= n {
			for c := range d {
				panel[c*width+r] = 0
			}
		}
	}
	for c := 0; c < d; c += chunk {
		end := min(c+chunk, d)
		for r := range min(width, n-at) {
			e.copyInto(panel[c*width+r:], width, row(at + r)[c:end], c, by)
		}
	}
}

// candidates fills the lists, one pair of bands after the other.
func (e *exact) candidates() error {
	mr, nr := vec.TileShape()
	d := e.ref.d
	// To clear all this may take tens of milliseconds: look at the context.
	e.lists = newLists(e.x.n, e.keep)
	if err := e.ctx.Err(); err != nil {
		return err
	}
	a := make([]float32, roundUp(min(e.band, e.x.n), mr)*d)
	b := make([]float32, roundUp(min(e.band, e.ref.n), nr)*d)
	if err := e.ctx.Err(); err != nil {
		return err
	}
	var made []float32
	work := make([]*tileScratch, e.workers)
	for w := range work {
		work[w] = newTileScratch(mr, nr, d)
	}
	for a0 := 0; a0 < e.x.n; a0 += e.band {
		a1 := min(a0+e.band, e.x.n)
		if made == nil && (e.x.flat == nil || e.ref.flat == nil) {
			made = make([]float32, min(e.band, max(e.x.n, e.ref.n))*d)
		}
		xv, err := e.x.view(e.ctx, e.workers, a0, a1, made)
		if err != nil {
			return err
		}
		if err := e.pack(a, func(i int) []float32 { return xv.row(a0 + i) }, a1-a0, d, mr, -2); err != nil {
			return err
		}
		from := 0
		if e.same {
			from = a0
		}
		for b0 := from; b0 < e.ref.n; b0 += e.band {
			b1 := min(b0+e.band, e.ref.n)
			rv, err := e.ref.view(e.ctx, e.workers, b0, b1, made)
			if err != nil {
				return err
			}
			if err := e.pack(b, func(i int) []float32 { return rv.row(b0 + i) }, b1-b0, d, nr, 1); err != nil {
				return err
			}
			if err := e.bandPair(a, b, a0, a1, b0, b1, work); err != nil {
				return err
			}
		}
	}
	return nil
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }

// tileScratch is what one goroutine needs to work on tiles.
type tileScratch struct {
	panels           int // row panels of a block
	c                []float32
	rowLen, rowLimit []float32
	colLen, colLimit []float32
	rowBits, colBits []uint32
	rowHits, colHits []hit
}

type hit struct {
	i   int32 // the row whose list it is for
	key uint64
}

func newTileScratch(mr, nr, d int) *tileScratch {
	// A block of rows stays in the second cache: about 1 MB, at most 240 rows.
	panels := min(max(1<<18/(mr*max(1, min(d, maxDepth))), 1), 240/mr)
	return &tileScratch{
		panels: panels,
		c:      make([]float32, panels*mr*nr),
		rowLen: make([]float32, panels*mr), rowLimit: make([]float32, panels*mr),
		colLen: make([]float32, nr), colLimit: make([]float32, nr),
		rowBits: make([]uint32, mr), colBits: make([]uint32, mr),
	}
}

// multiply fills t.c with the tiles of p row panels against one column panel.
func (t *tileScratch) multiply(a, b []float32, from, to, mr, nr, d int) {
	for k := 0; k == 0 || k < d; k += maxDepth {
		depth := min(maxDepth, d-k)
		for p := from; p < to; p++ {
			vec.GemmTile(t.c[p*mr*nr:], a[(p*d+k)*mr:], b[k*nr:], depth, k > 0)
		}
	}
}

// bandPair compares the packed rows [a0, a1) of x with the rows [b0, b1) of
// ref and fills the lists of both.
func (e *exact) bandPair(a, b []float32, a0, a1, b0, b1 int, work []*tileScratch) error {
	mr, nr := vec.TileShape()
	d := e.ref.d
	blockRows := work[0].panels * mr
	rowBlocks, colBlocks := par.NumBlocks(a1-a0, blockRows), par.NumBlocks(b1-b0, tileCols)
	nan := float32(math.NaN())
	err := par.Blocks(e.ctx, e.workers, rowBlocks*colBlocks, 1, func(w, _, item, _ int) {
		t := work[w]
		i0 := a0 + item/colBlocks*blockRows
		i1 := min(i0+blockRows, a1)
		j0 := b0 + item%colBlocks*tileCols
		j1 := min(j0+tileCols, b1)
		if e.same && j1 <= i0+1 {
			return // below the diagonal
		}
		panels := par.NumBlocks(i1-i0, mr)
		for r := range panels * mr {
			t.rowLen[r], t.rowLimit[r] = nan, nan
		}
		copy(t.rowLen, e.xLen[i0:i1])
		e.lists.readLimits(t.rowLimit[:i1-i0], i0)
		for j := j0; j < j1; j += nr {
			if e.ctx.Err() != nil {
				return
			}
			last := min(j+nr, j1) - 1
			count := panels
			if e.same { // row panels that begin before the last column
				if last <= i0 {
					continue
				}
				count = min(panels, par.NumBlocks(last-i0, mr))
			}
			t.multiply(a[(i0-a0)*d:], b[(j-b0)*d:], 0, count, mr, nr, d)
			for c := range nr {
				t.colLen[c], t.colLimit[c] = nan, nan
			}
			copy(t.colLen, e.refLen[j:last+1])
			if e.same {
				e.lists.readLimits(t.colLimit[:last+1-j], j)
			}
			t.rowHits, t.colHits = t.rowHits[:0], t.colHits[:0]
			for p := range count {
				tile := t.c[p*mr*nr:][:mr*nr]
				vec.SelectTile(t.rowBits, t.colBits, tile, t.rowLen[p*mr:], t.rowLimit[p*mr:], t.colLen, t.colLimit)
				t.collect(tile, i0+p*mr, j, p*mr, nr, e.same)
			}
			e.lists.pushAll(t.rowHits, t.rowLimit, i0)
			e.lists.pushAll(t.colHits, nil, 0)
		}
	})
	if err == nil {
		err = e.ctx.Err()
	}
	return err
}

// collect turns the bits of a tile into candidates. i and j are the first row
// and column of the tile, at is the place of its rows in the block.
func (t *tileScratch) collect(tile []float32, i, j, at, nr int, same bool) {
	for r := range t.rowBits {
		row, col := t.rowBits[r], t.colBits[r]
		if row|col == 0 {
			continue
		}
		if same && i+r >= j { // only columns behind the row
			skip := i + r - j + 1
			if skip >= 32 {
				continue
			}
			mask := ^uint32(0) << skip
			row, col = row&mask, col&mask
		}
		values := tile[r*nr:][:nr]
		for ; row != 0; row &= row - 1 {
			c := bits.TrailingZeros32(row)
			t.rowHits = append(t.rowHits, hit{int32(i + r), makeKey(values[c]+t.colLen[c], j+c)})
		}
		for ; col != 0; col &= col - 1 {
			c := bits.TrailingZeros32(col)
			t.colHits = append(t.colHits, hit{int32(j + c), makeKey(values[c]+t.rowLen[at+r], i+r)})
		}
	}
}

// readLimits copies the limits of the rows from i on.
func (l *lists) readLimits(dst []float32, i int) {
	for len(dst) > 0 {
		n := min(len(dst), (i>>groupShift+1)<<groupShift-i)
		l.lock[i>>groupShift].Lock()
		copy(dst[:n], l.limit[i:])
		l.lock[i>>groupShift].Unlock()
		dst, i = dst[n:], i+n
	}
}

// pushAll adds candidates, and writes the new limits of the lists it changed
// to limit, whose first entry is of row i0.
func (l *lists) pushAll(hits []hit, limit []float32, i0 int) {
	group := -1
	for _, h := range hits {
		i := int(h.i)
		if g := i >> groupShift; g != group {
			if group >= 0 {
				l.lock[group].Unlock()
			}
			group = g
			l.lock[g].Lock()
		}
		l.push(i, h.key)
		if limit != nil {
			limit[i-i0] = l.limit[i]
		}
	}
	if group >= 0 {
		l.lock[group].Unlock()
	}
}

// finish rescores the candidates, takes those rows whose list is proved and
// searches the others again.
func (e *exact) finish() (*Graph, error) {
	failed, err := e.rescore(e.bound)
	if err != nil {
		return nil, err
	}
	e.lists = nil
	if len(failed) > 0 {
		if err := e.recheck(failed); err != nil {
			return nil, err
		}
	}
	return e.done(len(failed)), nil
}

// bound of row i.
func (e *exact) bound(i int) bound {
	b := bound{len2: float64(e.xLen[i]), scale: e.scale, round: canonicalError(e.ref.d), exact: e.whole}
	l, m, d := math.Sqrt(b.len2)*(1+2*unit), e.longest, float64(e.ref.d)
	// The inner product; the two lengths, the value and its last addition.
	b.slack = 1.02*unit*(2*(d+4)*l*m+2*m*m+2*l*m+2*l*l) + d*0x1p-120
	b.shift = 1.01*unit*(l+m) + 2.02*math.Sqrt(d)*flush
	return b
}

// recheck searches rows again whose candidates were not proved: with the
// distance of the k-th candidate as a bound, every row whose float32 value may
// be within it gets its canonical distance.
func (e *exact) recheck(rows []int32) error {
	mr, nr := vec.TileShape()
	d := e.ref.d
	b := make([]float32, roundUp(min(e.band, e.ref.n), nr)*d)
	var made []float32
	if e.ref.flat == nil {
		made = make([]float32, min(e.band, e.ref.n)*d)
	}
	found := make([]nearest, len(rows))
	limit := make([]float32, len(rows))
	for f, i := range rows {
		found[f].k = e.k
		limit[f] = e.bound(int(i)).reach(e.graph.Dist2[(int(i)+1)*e.k-1])
	}
	type buffers struct {
		scratch
		tile *tileScratch
		a    []float32
		row  [][]float32
		own  [][]float32
	}
	tmp := make([]buffers, e.workers)
	nan := float32(math.NaN())
	for b0 := 0; b0 < e.ref.n; b0 += e.band {
		b1 := min(b0+e.band, e.ref.n)
		v, err := e.ref.view(e.ctx, e.workers, b0, b1, made)
		if err != nil {
			return err
		}
		if err := e.pack(b, func(i int) []float32 { return v.row(b0 + i) }, b1-b0, d, nr, 1); err != nil {
			return err
		}
		err = par.Blocks(e.ctx, e.workers, len(rows), mr, func(w, _, lo, hi int) {
			t := &tmp[w]
			if t.tile == nil {
				t.tile = newTileScratch(mr, nr, d)
				t.a = make([]float32, mr*d)
				t.row, t.own = make([][]float32, mr), make([][]float32, mr)
			}
			s := t.tile
			for r := range mr {
				s.rowLen[r], s.rowLimit[r] = nan, nan
				if lo+r < hi {
					i := int(rows[lo+r])
					t.row[r] = e.xRow(i, &v, &t.own[r], &t.scratch)
					s.rowLen[r], s.rowLimit[r] = e.xLen[i], limit[lo+r]
				}
			}
			e.packPanel(t.a, func(r int) []float32 { return t.row[r] }, 0, hi-lo, d, mr, -2)
			for j := b0; j < b1; j += nr {
				if e.ctx.Err() != nil {
					return
				}
				for c := range nr {
					s.colLen[c], s.colLimit[c] = nan, nan
				}
				copy(s.colLen, e.refLen[j:min(j+nr, b1)])
				s.multiply(t.a, b[(j-b0)*d:], 0, 1, mr, nr, d)
				vec.SelectTile(s.rowBits, s.colBits, s.c, s.rowLen, s.rowLimit, s.colLen, s.colLimit)
				for r := range hi - lo {
					i := int(rows[lo+r])
					for m := s.rowBits[r]; m != 0; m &= m - 1 {
						at := j + bits.TrailingZeros32(m)
						if e.same && at == i {
							continue
						}
						e.rescored[w]++
						found[lo+r].push(pair{vec.SqDist(t.row[r], v.row(at)), int32(at)})
					}
				}
			}
		})
		if err == nil {
			err = e.ctx.Err()
		}
		if err != nil {
			return err
		}
	}
	for f, i := range rows {
		e.graph.put(int(i), found[f].list)
	}
	return nil
}
