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
	cell, cells int       // places of a cell; how many there are
	near        []bool    // cells×cells
	mean        []float32 // cells×d
	radius      []float64 // of each cell around its mean, an upper bound
	d           int
}

// arrange orders the rows by a random tree and finds the cells whose means are
// nearest. Without the memory for it the rows stay as they are.
func (e *exact) arrange(ctx context.Context, rows *view) error {
	n, d := e.ref.n, rows.d
	a := &arrangement{d: d, cell: max(cellRows, roundUp(par.NumBlocks(n, maxCells), cellAlign))}
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
	mean := make([]float32, cells*d)
	a.mean, a.radius = mean, make([]float64, cells)
	err = par.Blocks(ctx, e.workers, n, a.cell, func(_, c, lo, hi int) {
		sum := make([]float64, d)
		for _, i := range order[lo:hi] {
			for k, v := range rows.row(int(i)) {
				sum[k] += float64(v)
			}
		}
		for k, v := range sum {
			mean[c*d+k] = float32(v / float64(hi-lo))
		}
		var far float64
		for _, i := range order[lo:hi] {
			far = max(far, vec.SqDist(mean[c*d:][:d], rows.row(int(i))))
		}
		a.radius[c] = math.Sqrt(far) * (1 + 2*canonicalError(d))
	})
	if err != nil {
		return err
	}
	around := make([][]pair, cells)
	err = par.Blocks(ctx, e.workers, cells, 1, func(_, c, _, _ int) {
		list := make([]pair, cells)
		for o := range list {
			list[o] = pair{vec.SqDist(mean[c*d:][:d], mean[o*d:][:d]), int32(o)}
		}
		slices.SortFunc(list, comparePairs)
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
	e.near, e.at, e.colAt = a, order, order
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

// gap is a lower bound of the distance of any row at places [i0, i1) from any
// row of the cell of place j.
func (a *arrangement) gap(i0, i1, j int) float64 {
	o := j / a.cell
	least := math.Inf(1)
	for c := i0 / a.cell; c*a.cell < i1; c++ {
		between := math.Sqrt(vec.SqDist(a.mean[c*a.d:][:a.d], a.mean[o*a.d:][:a.d])) * (1 - 2*canonicalError(a.d))
		least = min(least, between-a.radius[c]-a.radius[o])
	}
	return least
}

// apart reports whether no row at places [i0, i1) can be in the list of one of
// [j, j1), all of one cell, or the other way round. t holds the lengths and
// limits of the rows.
func (e *exact) apart(t *tileScratch, i0, i1, j, j1 int) bool {
	if disabled&optSkip != 0 {
		return false
	}
	gap := e.near.gap(i0, i1, j)
	if !(gap > 0) {
		return false
	}
	far := furthest(t.rowLen[:i1-i0], t.rowLimit)
	if e.reachOf(far) >= gap {
		return false
	}
	t.cellLimit = slices.Grow(t.cellLimit[:0], j1-j)[:j1-j]
	e.lists.readLimits(t.cellLimit, j)
	return e.reachOf(furthest(e.refLen[j:j1], t.cellLimit)) < gap
}

// furthest returns the largest squared distance of copies that is within a
// limit.
func furthest(length, limit []float32) float64 {
	far := float32(0)
	for r, l := range length {
		far = max(far, l+limit[r])
	}
	return float64(far)
}

// reachOf is an upper bound of the distance of rows, of those that are
// compared, whose copies have the float32 squared distance far2.
func (e *exact) reachOf(far2 float64) float64 {
	m := e.longest
	b := e.boundOf(m * m)
	if e.low != nil { // lengths of lowered rows, and their copies are themselves
		return math.Sqrt(far2*(1+4*unit) + b.slack + 6*e.low.eta*m*m)
	}
	return (math.Sqrt(far2*(1+4*unit)+b.slack) + b.shift) / e.scale
}
