package knn

import (
	"context"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

// A tiling is how rows are packed and multiplied: as float32 numbers or as
// split ones.
type tiling struct {
	split  bool
	mr, nr int // rows of a row panel and of a column panel
	d      int // numbers of a packed row
}

// newTiling returns the tiling of rows of d numbers.
func newTiling(split bool, d int) tiling {
	if split {
		return tiling{true, vec.SplitRows, vec.SplitRows, roundUp(d, vec.SplitCols)}
	}
	mr, nr := vec.TileShape()
	return tiling{false, mr, nr, d}
}

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
func (f tiling) rows(n int) panels    { return f.room(n, f.mr, false) }
func (f tiling) columns(n int) panels { return f.room(n, f.nr, true) }

func (f tiling) room(n, width int, columns bool) panels {
	p := panels{tiling: f, columns: columns, width: width}
	if size := roundUp(n, width) * f.d; f.split {
		p.s = make([]uint32, size)
	} else {
		p.f = make([]float32, size)
	}
	return p
}

// from returns the panels from row i on, which begins one.
func (p panels) from(i int) panels {
	if p.split {
		p.s = p.s[i*p.d:]
	} else {
		p.f = p.f[i*p.d:]
	}
	return p
}

// packing is what one goroutine needs to pack rows.
type packing struct{ buf []float32 }

// packCols is how many columns are packed at a time: as many lines of a panel
// stay in the first cache.
const packCols = 64

// fillAll packs n rows of d numbers on several goroutines; see fill.
func (p panels) fillAll(ctx context.Context, workers, n, d int, row func(dst []float32, i, c int)) error {
	tmp := make([]packing, par.Workers(workers))
	return par.Blocks(ctx, workers, n, p.width, func(w, _, lo, hi int) {
		p.from(lo).fill(lo, hi, d, &tmp[w], row)
	})
}

// fill packs rows [lo, hi), of d numbers, as the first panel: row writes those
// of row i from column c on to dst. Behind the rows and the numbers are zeros.
func (p panels) fill(lo, hi, d int, t *packing, row func(dst []float32, i, c int)) {
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
