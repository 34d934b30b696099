package knn

import (
	"context"
	"math"
	"slices"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

const (
	arrangeSeed = 0x6b6e6e
	cellRows    = 256 // rows of a cell, unless there would be more than maxCells
	maxCells    = 4096
	cellAlign   = 32 // column panels lie in one cell
	nearCells   = 16 // cells that are near one
	nearLowered = 32 // likewise, of lowered rows
)

// arrangeRows is how many rows make an order worth it. Tests change it.
var arrangeRows = 16384

// An arrangement is an order of the rows in which near rows stand near each
// other, cut into cells, and tells which cells are near each other. A search
// that begins with near rows has tight limits for all others, and passes over
// pairs of cells that are too far apart.
type arrangement struct {
	cell, cells int    // places of a cell; how many there are
	near        []bool // cells×cells
}

// balls hold the rows at so many places each.
type balls struct {
	size, d int
	mean    []float32 // d numbers each
	radius  []float64 // upper bounds
}

// newBalls makes the balls of n rows, at the places of an order if there is one.
func newBalls(ctx context.Context, workers int, rows *view, n int, order []int32, size int) (*balls, error) {
	d, count := rows.d, par.NumBlocks(n, size)
	b := &balls{size, d, make([]float32, count*d), make([]float64, count)}
	at := func(p int) []float32 {
		if order != nil {
			p = int(order[p])
		}
		return rows.row(p)
	}
	err := par.Blocks(ctx, workers, n, size, func(_, c, lo, hi int) {
		sum, mean := make([]float64, d), b.mean[c*d:][:d]
		for p := lo; p < hi; p++ {
			for k, v := range at(p) {
				sum[k] += float64(v)
			}
		}
		for k, v := range sum {
			mean[k] = float32(v / float64(hi-lo))
		}
		var far float64
		for p := lo; p < hi; p++ {
			far = max(far, vec.SqDist(mean, at(p)))
		}
		b.radius[c] = math.Sqrt(far) * (1 + 2*canonicalError(d))
	})
	return b, err
}

// gap is a lower bound of the distance of any row at places [i0, i1) from any
// row of the ball of o at place j.
func (b *balls) gap(i0, i1 int, o *balls, j int) float64 {
	to, least := j/o.size, math.Inf(1)
	for c := i0 / b.size; c*b.size < i1; c++ {
		between := math.Sqrt(vec.SqDist(b.mean[c*b.d:][:b.d], o.mean[to*o.d:][:o.d])) * (1 - 2*canonicalError(b.d))
		least = min(least, between-b.radius[c]-o.radius[to])
	}
	return least
}

// arrange orders the rows by a random tree and finds the cells whose means are
// nearest. Without the memory for it the rows stay as they are.
func (e *exact) arrange(ctx context.Context, rows *view) error {
	n, d := e.ref.n, rows.d
	a := &arrangement{cell: max(cellRows, roundUp(par.NumBlocks(n, maxCells), cellAlign))}
	a.cells = par.NumBlocks(n, a.cell)
	cells, most := a.cells, nearCells
	if e.low != nil {
		most = nearLowered
	}
	if !e.reserve(17*int64(n) + int64(cells)*int64(cells+32*most+4*d+8)) {
		return nil
	}
	order, _, err := partition(ctx, e.workers, rows, n, cellRows, arrangeSeed)
	if err != nil {
		return err
	}
	b, err := newBalls(ctx, e.workers, rows, n, order, a.cell)
	if err != nil {
		return err
	}
	around := make([][]pair, cells)
	err = par.Blocks(ctx, e.workers, cells, 1, func(_, c, _, _ int) {
		list := make([]pair, cells)
		for o := range list {
			list[o] = pair{vec.SqDist(b.mean[c*d:][:d], b.mean[o*d:][:d]), int32(o)}
		}
		sortPairs(list)
		around[c] = slices.Clone(list[:min(most, cells)])
	})
	if err != nil {
		return err
	}
	a.near = make([]bool, cells*cells)
	for c, list := range around {
		for _, o := range list {
			a.near[c*cells+int(o.j)], a.near[int(o.j)*cells+c] = true, true
		}
		a.near[c*cells+c] = true
	}
	e.near, e.rowBalls, e.colBalls = a, b, b
	e.at, e.colAt = order, order
	e.x = e.x.pick(order)
	e.cols = e.x
	if e.low != nil {
		e.low.z = e.low.z.pick(order)
	}
	length := make([]float32, n)
	for p, i := range order {
		length[p] = e.refLen[i]
	}
	e.refLen, e.xLen = length, length
	e.setBands()
	return nil
}

// pair reports whether some cells of places [i0, i1) and [j0, j1) are near.
func (a *arrangement) pair(i0, i1, j0, j1 int) bool {
	for c := i0 / a.cell; c*a.cell < i1; c++ {
		for o := j0 / a.cell; o*a.cell < j1; o++ {
			if a.near[c*a.cells+o] {
				return true
			}
		}
	}
	return false
}

// apart reports whether no row at places [j, j1), all of one ball, can be in the
// list of one of [i0, i1) or, in a triangle, the other way round. t holds the
// lengths and limits of the rows.
func (e *exact) apart(t *tileScratch, i0, i1, j, j1 int) bool {
	if disabled&optSkip != 0 {
		return false
	}
	gap := e.rowBalls.gap(i0, i1, e.colBalls, j)
	if !(gap > 0) {
		return false
	}
	if near := e.reachOf(t.rowLen[:i1-i0], t.rowLimit) >= gap; near || !e.triangle {
		return !near
	}
	t.cellLimit = slices.Grow(t.cellLimit[:0], j1-j)[:j1-j]
	e.lists.readLimits(t.cellLimit, j)
	return e.reachOf(e.refLen[j:j1], t.cellLimit) < gap
}

// reachOf is an upper bound of the distance of rows, of those that are
// compared, that are within the limits of copies of the given lengths. Without a
// limit, NaN, a row takes none.
func (e *exact) reachOf(length, limit []float32) float64 {
	var far2, len2 float32
	for r, l := range length {
		if v := l + limit[r]; v == v {
			far2, len2 = max(far2, v), max(len2, l)
		}
	}
	b := e.boundOf(float64(len2))
	if e.low != nil { // lengths of lowered rows, and their copies are themselves
		far, m := b.within(float64(far2) * (1 + 4*unit))
		m = max(m, b.len)
		return math.Sqrt(far*far+6*e.low.eta*m*m) + 2*e.low.rounded
	}
	far, m := b.within(float64(far2) * (1 + 4*unit))
	return (far + b.shiftAt(m)) / e.scale
}
