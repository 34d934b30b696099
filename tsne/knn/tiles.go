package knn

import (
	"context"
	"math"
	"math/bits"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

// A tiling is how rows are packed and multiplied: as float32 numbers, as split
// ones, or as 16-bit integers.
type tiling struct {
	split  bool
	step   float32 // when not 0: numbers are this times integers, two in a word
	parts  []int   // of integers: the words of each part
	mr, nr int     // rows of a row panel and of a column panel
	d      int     // words of a packed row
}

// newTiling returns the tiling of rows of d numbers.
func newTiling(split bool, d int) tiling {
	if split {
		return tiling{true, 0, nil, vec.SplitRows, vec.SplitRows, roundUp(d, vec.SplitCols)}
	}
	mr, nr := vec.TileShape()
	return tiling{false, 0, nil, mr, nr, d}
}

// intTiling returns the tiling of rows of integers times step, in parts of so
// many numbers.
func intTiling(step float32, parts []int) tiling {
	f := tiling{step: step}
	f.mr, f.nr = vec.TileShape()
	for _, d := range parts {
		f.parts = append(f.parts, par.NumBlocks(d, 2))
		f.d += par.NumBlocks(d, 2)
	}
	return f
}

// words reports whether packed rows are in s.
func (f *tiling) words() bool { return f.split || f.step != 0 }

// panels are packed rows, in row panels or column panels.
type panels struct {
	tiling
	columns bool
	width   int // rows of a panel
	f       []float32
	s       []uint32
}

// rows makes room for n rows in row panels, and columns in column panels. A
// row takes as many words in either tiling.
func (f *tiling) rows(n int) *panels    { return f.room(n, f.mr, false) }
func (f *tiling) columns(n int) *panels { return f.room(n, f.nr, true) }

//go:noinline
func (f *tiling) room(n, width int, columns bool) *panels {
	p := &panels{tiling: *f, columns: columns, width: width}
	if size := roundUp(n, width) * f.d; f.words() {
		p.s = make([]uint32, size)
	} else {
		p.f = make([]float32, size)
	}
	return p
}

// from returns the panels from row i on, which begins one.
//
//go:noinline
func (p *panels) from(i int) panels {
	q := *p
	if q.words() {
		q.s = q.s[i*q.d:]
	} else {
		q.f = q.f[i*q.d:]
	}
	return q
}

// packing is what one goroutine needs to pack rows.
type packing struct{ buf []float32 }

// packCols is how many columns are packed at a time: as many lines of a panel
// stay in the first cache.
const packCols = 64

// fillAll packs n rows of d numbers on several goroutines; see fill.
func (p *panels) fillAll(ctx context.Context, workers, n, d int, row func(dst []float32, i, c int)) error {
	tmp := make([]packing, par.Workers(workers))
	return par.Blocks(ctx, workers, n, p.width, func(w, _, lo, hi int) {
		at := p.from(lo)
		at.fill(lo, hi, d, &tmp[w], row)
	})
}

// fill packs rows [lo, hi), of d numbers, as the first panel: row writes those
// of row i from column c on to dst. Behind the rows and the numbers are zeros.
func (p *panels) fill(lo, hi, d int, t *packing, row func(dst []float32, i, c int)) {
	if t.buf == nil {
		t.buf = make([]float32, p.width*packCols)
	}
	for c := 0; c < p.d; c += packCols {
		count := min(packCols, p.d-c)
		m := max(0, min(count, d-c))
		for r := range p.width {
			x := t.buf[r*packCols:][:count]
			if lo+r < hi {
				row(x[:m], lo+r, c)
				clear(x[m:])
			} else {
				clear(x)
			}
		}
		if p.split {
			vec.PackSplit(p.s[c*p.width:], t.buf, packCols, count/vec.SplitCols, p.columns)
			continue
		}
		for r := range p.width {
			to := p.f[c*p.width+r:]
			for k, v := range t.buf[r*packCols:][:count] {
				to[k*p.width] = v
			}
		}
	}
}

// tileScratch is what one goroutine needs to work on tiles.
type tileScratch struct {
	tiling
	block            int // rows of a block
	c, part          []float32
	rowLen, rowLimit []float32
	colLen, colLimit []float32
	live             []int32 // tiles
	rowBits, colBits []uint32
	rowHits, colHits []hit
	cellLimit        []float32
}

type hit struct {
	i   int32 // the row whose list it is for
	key uint64
}

func newTileScratch(f tiling) *tileScratch {
	// A block of rows stays in the second cache: about 1 MB.
	mr, nr := f.mr, f.nr
	block := min(max(1<<18/(mr*max(1, min(f.d, maxDepth))), 1), blockRows/mr) * mr
	return &tileScratch{
		tiling: f, block: block,
		c: make([]float32, block*nr), part: make([]float32, mr*nr),
		rowLen: make([]float32, block), rowLimit: make([]float32, block),
		colLen: make([]float32, nr), colLimit: make([]float32, nr),
		live:    make([]int32, block/mr),
		rowBits: make([]uint32, mr), colBits: make([]uint32, mr),
		rowHits: make([]hit, 0, block*nr/2), colHits: make([]hit, 0, block*nr/2),
	}
}

func newTileScratches(f tiling, workers int) []*tileScratch {
	t := make([]*tileScratch, workers)
	for w := range t {
		t[w] = newTileScratch(f)
	}
	return t
}

// multiply fills t.c with the tiles of the first count row panels of a against
// the first column panel of b, over depth columns.
func (t *tileScratch) multiply(a, b *panels, count, depth int) {
	size := t.nr * t.d
	if t.split {
		vec.MultiplySplit(t.c, a.s, b.s, par.NumBlocks(depth, vec.SplitCols), count, t.mr*t.d)
		return
	}
	if t.step != 0 {
		next := b.s
		if len(next) > size {
			next = next[size:]
		}
		vec.MultiplyInts(t.c, a.s, b.s, next, min(par.NumBlocks(depth, 2), t.parts[0]), count, t.mr*t.d, -2*t.step*t.step, false)
		return
	}
	next := b.f // fetched meanwhile, when there is a panel behind the first
	if len(next) > size {
		next = next[size:]
	}
	for k := 0; k == 0 || k < depth; k += maxDepth {
		for p := range count {
			to := t.c[p*t.mr*t.nr:][:t.mr*t.nr]
			part := to
			if k > 0 { // sums of sums have smaller errors
				part = t.part
			}
			vec.GemmTileAhead(part, a.f[(p*t.d+k)*t.mr:], b.f[k*t.nr:], next, min(maxDepth, depth-k), false)
			if k > 0 {
				for i, v := range part {
					to[i] += v
				}
			}
			if len(next) > 4*depth {
				next = next[4*depth:]
			}
		}
	}
}

// refine adds the other parts of the rows to a tile, that of row panel p, while
// some pair of it is within the limits, and marks those that are.
func (t *tileScratch) refine(tile []float32, a, b *panels, p int) {
	at := t.parts[0]
	for _, words := range t.parts[1:] {
		vec.MultiplyInts(tile, a.s[(p*t.d+at)*t.mr:], b.s[at*t.nr:], b.s, words, 1, t.mr*t.d, -2*t.step*t.step, true)
		if t.mark(tile, p); !t.any() {
			return
		}
		at += words
	}
}

// sieve tells which of the first count tiles have pairs within the limits of
// their lists.
func (t *tileScratch) sieve(count int) []int32 {
	if t.split { // larger tiles, all of them
		for p := range count {
			t.live[p] = int32(p)
		}
		return t.live[:count]
	}
	return vec.SieveTiles(t.live, t.c, t.rowLen, t.rowLimit, t.colLen, t.colLimit, count)
}

// mark marks the pairs of a tile that are within the limits of their lists.
func (t *tileScratch) mark(tile []float32, p int) {
	at := p * t.mr
	vec.SelectTile(t.rowBits, t.colBits, tile, t.rowLen[at:], t.rowLimit[at:], t.colLen, t.colLimit)
}

// any reports whether some pair of a tile is marked.
func (t *tileScratch) any() bool {
	var or uint32
	for r, bits := range t.rowBits {
		or |= bits | t.colBits[r]
	}
	return or != 0
}

// bandPair compares the packed rows of a and b, of which the first are at
// places a0 and b0, and fills the lists of both. Full lists go to the graph in
// some stages; v holds the rows for that.
func (e *exact) bandPair(ctx context.Context, a, b *panels, a0, b0 int, items []item, work []*tileScratch, g stage, v *view) error {
	mr, nr := a.mr, a.nr
	nan := float32(math.NaN())
	return par.Blocks(ctx, e.workers, len(items), 1, func(w, _, at, _ int) {
		t, i0, i1, j0, j1 := work[w], items[at].i0, items[at].i1, items[at].j0, items[at].j1
		full := e.lists.cut
		if g.absorb {
			full = func(p int) { e.absorb(v, w, p, false) }
		}
		panels := par.NumBlocks(i1-i0, mr)
		for r := range panels * mr {
			t.rowLen[r], t.rowLimit[r] = nan, nan
		}
		copy(t.rowLen, e.xLen[i0:i1])
		e.lists.readLimits(t.rowLimit[:i1-i0], i0)
		for j := j0; j < j1; j += nr {
			if ctx.Err() != nil {
				return
			}
			last := min(j+nr, j1) - 1
			count := panels
			if e.triangle { // row panels that begin before the last column
				if last <= i0 {
					continue
				}
				count = min(panels, par.NumBlocks(last-i0, mr))
			}
			if e.colBalls != nil && (j == j0 || j%e.colBalls.size == 0) {
				end := min((j/e.colBalls.size+1)*e.colBalls.size, j1)
				if !g.far && !e.near.pair(i0, i1, j, end) || e.apart(t, i0, i1, j, end) {
					j = end - nr
					continue
				}
			}
			for c := range nr {
				t.colLen[c], t.colLimit[c] = nan, nan
			}
			copy(t.colLen, e.refLen[j:last+1])
			if e.triangle {
				e.lists.readLimits(t.colLimit[:last+1-j], j)
			}
			t.rowHits, t.colHits = t.rowHits[:0], t.colHits[:0]
			rows, columns := a.from(i0-a0), b.from(j-b0)
			t.multiply(&rows, &columns, count, g.depth)
			for _, p := range t.sieve(count) {
				p, tile := int(p), t.c[int(p)*mr*nr:][:mr*nr]
				if len(t.parts) > 1 && g.depth == e.width() {
					t.refine(tile, &rows, &columns, p)
				} else {
					t.mark(tile, p)
				}
				t.collect(tile, i0+p*mr, j, p*mr, e.triangle, e.colAt)
			}
			e.lists.pushAll(t.rowHits, t.rowLimit, i0, full)
			e.lists.pushAll(t.colHits, nil, 0, full)
		}
	})
}

// items cuts a pair of bands into blocks of so many rows and columns, near ones
// first.
func (e *exact) items(a0, a1, b0, b1, rows, columns int, g stage) []item {
	var near, far []item
	for i := a0; i < a1; i += rows {
		for j := b0; j < b1; j += columns {
			it := item{i, min(i+rows, a1), j, min(j+columns, b1)}
			switch {
			case e.triangle && it.j1 <= i+1: // below the diagonal
			case e.near != nil && (!g.far || disabled&optNearFirst == 0) && e.near.pair(i, it.i1, j, it.j1):
				if g.near {
					near = append(near, it)
				}
			case g.far:
				far = append(far, it)
			}
		}
	}
	return append(near, far...)
}

// An item is a block of rows and columns.
type item struct{ i0, i1, j0, j1 int }

// collect turns the bits of a tile into candidates. i and j are the first row
// and column of the tile, at is the place of its rows in the block, and name
// tells the row at each place. In a triangle only columns behind a row count.
func (t *tileScratch) collect(tile []float32, i, j, at int, triangle bool, name []int32) {
	for r := range t.rowBits {
		row, col := t.rowBits[r], t.colBits[r]
		if row|col == 0 {
			continue
		}
		if triangle && i+r >= j {
			skip := i + r - j + 1
			if skip >= 32 {
				continue
			}
			mask := ^uint32(0) << skip
			row, col = row&mask, col&mask
		}
		values := tile[r*t.nr:][:t.nr]
		for ; row != 0; row &= row - 1 {
			c := bits.TrailingZeros32(row)
			of := j + c
			if name != nil {
				of = int(name[of])
			}
			t.rowHits = append(t.rowHits, hit{int32(i + r), makeKey(values[c]+t.colLen[c], of)})
		}
		of := i + r
		if name != nil && col != 0 {
			of = int(name[of])
		}
		for ; col != 0; col &= col - 1 {
			c := bits.TrailingZeros32(col)
			t.colHits = append(t.colHits, hit{int32(j + c), makeKey(values[c]+t.rowLen[at+r], of)})
		}
	}
}
