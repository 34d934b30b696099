package knn

import (
	"math"
	"math/bits"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

// tileScratch is what one goroutine needs to work on tiles.
type tileScratch struct {
	tiling
	packing
	block            int // rows of a block
	c                []float32
	rowLen, rowLimit []float32
	colLen, colLimit []float32
	rowBits, colBits []uint32
	rowHits, colHits []hit

	cellLen, cellLimit []float32
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
		c:      make([]float32, block*nr),
		rowLen: make([]float32, block), rowLimit: make([]float32, block),
		colLen: make([]float32, nr), colLimit: make([]float32, nr),
		rowBits: make([]uint32, mr), colBits: make([]uint32, mr),
	}
}

// multiply fills t.c with the tiles of the first count row panels of a against
// the first column panel of b, over depth columns.
func (t *tileScratch) multiply(a, b panels, count, depth int) {
	size := t.nr * t.d
	if t.split {
		vec.MultiplySplit(t.c, a.s, b.s, par.NumBlocks(depth, vec.SplitCols), count, t.mr*t.d)
		return
	}
	next := b.f // fetched meanwhile, when there is a panel behind the first
	if len(next) > size {
		next = next[size:]
	}
	for k := 0; k == 0 || k < depth; k += maxDepth {
		for p := range count {
			vec.GemmTileAhead(t.c[p*t.mr*t.nr:], a.f[(p*t.d+k)*t.mr:], b.f[k*t.nr:], next, min(maxDepth, depth-k), k > 0)
			if len(next) > 4*depth {
				next = next[4*depth:]
			}
		}
	}
}

// bandPair compares the packed rows [a0, a1) of x with the rows [b0, b1) of
// ref and fills the lists of both.
func (e *exact) bandPair(a, b panels, a0, a1, b0, b1 int, items []item, work []*tileScratch, g stage) error {
	mr, nr, block := a.mr, a.nr, work[0].block
	nan := float32(math.NaN())
	err := par.Blocks(e.ctx, e.workers, len(items), 1, func(w, _, item, _ int) {
		t := work[w]
		i0, j0 := items[item].i0, items[item].j0
		i1, j1 := min(i0+block, a1), min(j0+tileCols, b1)
		full := e.lists.cut
		if g.absorb {
			full = func(p int) { e.absorb(w, p) }
		}
		panels := par.NumBlocks(i1-i0, mr)
		for r := range panels * mr {
			t.rowLen[r], t.rowLimit[r] = nan, nan
		}
		e.lengthsAt(t.rowLen, e.xLen, i0, i1)
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
			if e.near != nil && (j == j0 || j%e.near.cell == 0) {
				end := min((j/e.near.cell+1)*e.near.cell, j1)
				if !g.far && !e.near.pair(i0, i1, j, end) || e.apart(t, i0, i1, j, end) {
					j = end - nr
					continue
				}
			}
			t.multiply(a.from(i0-a0), b.from(j-b0), count, g.depth)
			for c := range nr {
				t.colLen[c], t.colLimit[c] = nan, nan
			}
			e.lengthsAt(t.colLen, e.refLen, j, last+1)
			if e.same {
				e.lists.readLimits(t.colLimit[:last+1-j], j)
			}
			t.rowHits, t.colHits = t.rowHits[:0], t.colHits[:0]
			for p := range count {
				tile := t.c[p*mr*nr:][:mr*nr]
				vec.SelectTile(t.rowBits, t.colBits, tile, t.rowLen[p*mr:], t.rowLimit[p*mr:], t.colLen, t.colLimit)
				t.collect(tile, i0+p*mr, j, p*mr, nr, e.same, e.perm)
			}
			e.lists.pushAll(t.rowHits, t.rowLimit, i0, full)
			e.lists.pushAll(t.colHits, nil, 0, full)
		}
	})
	if err == nil {
		err = e.ctx.Err()
	}
	return err
}

// items cuts a pair of bands into blocks of rows and columns, near ones first.
func (e *exact) items(a0, a1, b0, b1, block int, g stage) []item {
	var near, far []item
	for i := a0; i < a1; i += block {
		for j := b0; j < b1; j += tileCols {
			i1, j1 := min(i+block, a1), min(j+tileCols, b1)
			switch {
			case e.same && j1 <= i+1: // below the diagonal
			case e.near != nil && e.near.pair(i, i1, j, j1):
				if g.near {
					near = append(near, item{i, j})
				}
			case g.far:
				far = append(far, item{i, j})
			}
		}
	}
	return append(near, far...)
}

// An item is a block of rows and columns by its first ones.
type item struct{ i0, j0 int }

// lengthsAt copies the lengths of the rows at places [lo, hi).
func (e *exact) lengthsAt(dst, length []float32, lo, hi int) {
	if e.perm == nil {
		copy(dst, length[lo:hi])
		return
	}
	for at, i := range e.perm[lo:hi] {
		dst[at] = length[i]
	}
}

// collect turns the bits of a tile into candidates. i and j are the first row
// and column of the tile, at is the place of its rows in the block, perm tells
// the row at each place.
func (t *tileScratch) collect(tile []float32, i, j, at, nr int, same bool, perm []int32) {
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
		name := i + r
		if perm != nil {
			name = int(perm[name])
		}
		for ; row != 0; row &= row - 1 {
			c := bits.TrailingZeros32(row)
			jname := j + c
			if perm != nil {
				jname = int(perm[jname])
			}
			t.rowHits = append(t.rowHits, hit{int32(i + r), makeKey(values[c]+t.colLen[c], jname)})
		}
		for ; col != 0; col &= col - 1 {
			c := bits.TrailingZeros32(col)
			t.colHits = append(t.colHits, hit{int32(j + c), makeKey(values[c]+t.rowLen[at+r], name)})
		}
	}
}
