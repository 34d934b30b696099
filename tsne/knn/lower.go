package knn

import (
	"math"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

const (
	lowerDim    = 128  // rows shorter than this stay as they are
	lowerDepth  = 4096 // as do longer ones
	lowerSpread = 6    // and rows whose variance is in more than d/6 directions
	lowerRows   = 4096 // rows from which the subspace is found
	lowerMost   = 384  // its largest number of columns
	lowerRounds = 3    // of orthogonal iteration
	lowerTests  = 32   // rows on which the bounds are tried
	lowerOthers = 2048 // rows each of them is compared with
	lowerStep   = 32   // columns tried are multiples
	lowerBlock  = 96   // rows that a goroutine projects at a time
)

// lowerWork is the work below which a search is not lowered, in products of
// float32 tiles. Tests change it.
var lowerWork = 1.5e11

// lowerTo is for tests: the number of columns, whatever the cost.
var lowerTo int

// A lowered set of rows gives bounds from below. With an orthonormal basis P of
// a subspace and the length r = |x - PPᵀx| of what lies outside it,
//
//	|x-y|² ≥ |Pᵀx-Pᵀy|² + (rₓ-r_y)²  =  |x|² + |y|² - 2 zₓ·z_y,  z = (Pᵀx, r)
//
// so a product over p+1 numbers excludes nearly all pairs when the rows lie
// near the subspace, which is that of the largest variances of a sample. The
// pairs that are left get canonical distances: the search stays exact.
type lowered struct {
	p, q int       // columns of the subspace, and of z
	z    []float32 // n×q
	eta  float64   // relative error of a product of two rows of z
	rows view      // the rows as they are
	have []int32   // entries of each row of the graph so far, by place
	tmp  []absorbScratch
}

// listSize is how many entries a list has room for: less than in other
// searches, as a full one goes to the graph.
func (l *lowered) listSize(keep int) int { return keep + keep/2 + 1 }

// lower looks for a subspace that makes the search cheaper and, if there is
// one and the memory for it, projects all rows.
func (e *exact) lower(rows *view) error {
	n, d := e.ref.n, e.ref.d
	if d < lowerDim || d > lowerDepth || float64(n)*float64(n)/2*float64(d)*costAdd(e.split) < lowerWork && lowerTo == 0 {
		return nil
	}
	if across, err := e.spread(rows); err != nil || across*lowerSpread > float64(d) && lowerTo == 0 {
		return err
	}
	s := min(n, lowerRows)
	most := e.lowerCost(s, lowerMost+1)
	if !e.reserve(most) {
		return nil
	}
	defer func() {
		least := e.lowerCost(s, 0)
		if e.low != nil {
			least = e.lowerCost(s, e.low.q)
		}
		e.fixed -= most - least
		e.setBands()
	}()
	sample := e.sample(rows, s)
	basis, err := e.subspace(sample, s, d)
	if err != nil {
		return err
	}
	p := lowerTo
	if p == 0 {
		if p, err = e.rank(basis, sample, s, d); err != nil || p == 0 {
			return err
		}
	}
	return e.project(rows, basis[:p*d], p)
}

// lowerCost is the memory of a sample of s rows and of all rows lowered to q
// columns.
func (e *exact) lowerCost(s, q int) int64 {
	n, d := int64(e.ref.n), int64(e.ref.d)
	bytes := 4 * (d*(2*int64(s)+d+3*lowerMost) + lowerOthers*(d+lowerStep+3*lowerTests))
	if q > 0 {
		bytes += 4 * n * int64(q+1+e.workers)                       // with counts and marks
		bytes += 4 * int64(e.workers) * lowerBlock * (d + int64(q)) // while they are made
	}
	return bytes
}

// roundings bounds the relative error of the projection of a row to p columns
// by dots.
func roundings(p int) float64 { return 1.01 * unit * (dotDepth + 3) * math.Sqrt(float64(p)) }

// project makes the lowered rows.
func (e *exact) project(rows *view, basis []float32, p int) error {
	n, d := e.ref.n, e.ref.d
	q := p + 1
	l := &lowered{p: p, q: q, rows: *rows, tmp: make([]absorbScratch, e.workers), z: make([]float32, n*q), have: make([]int32, n)}
	// How far the basis is from an orthonormal one.
	off := make([]float64, p)
	err := par.Blocks(e.ctx, e.workers, p, 1, func(_, a, _, _ int) {
		for b := range a + 1 {
			var dot float64
			for c, v := range basis[a*d:][:d] {
				dot += float64(v) * float64(basis[b*d+c])
			}
			if b == a && dot == 0 {
				continue // no more dimensions
			}
			if b == a {
				off[a] += (dot - 1) * (dot - 1)
			} else {
				off[a] += 2 * dot * dot
			}
		}
	})
	if err != nil {
		return err
	}
	var delta float64
	for _, v := range off {
		delta += v
	}
	delta = math.Sqrt(delta)*1.001 + float64(d)*0x1p-50
	// z = Bx + e with |BBᵀ-I| ≤ delta, so that BᵀB is that near the projector to
	// the rows of B, and |e| ≤ err |x|: products are off by at most
	// delta + 2√(1+delta) err + err² of the lengths.
	l.eta = 2.1 * (delta + roundings(p))
	type buffers struct{ x, z []float32 }
	tmp, zero := make([]buffers, e.workers), make([]float32, d)
	columns, err := e.columnPanels(basis, p, d)
	if err != nil {
		return err
	}
	err = par.Blocks(e.ctx, e.workers, n, lowerBlock, func(w, _, lo, hi int) {
		t := &tmp[w]
		if t.x == nil {
			t.x, t.z = make([]float32, lowerBlock*d), make([]float32, lowerBlock*p)
		}
		for i := lo; i < hi; i++ {
			e.copyRow(t.x[(i-lo)*d:][:d], rows.row(i), 0, 1)
		}
		dots(e.ctx, t.z, t.x, columns, hi-lo, p, d)
		for i := lo; i < hi; i++ {
			var in float64
			to := l.z[i*q:][:q]
			for c, v := range t.z[(i-lo)*p:][:p] {
				v = vec.Flushed(v)
				to[c] = v
				in += float64(v) * float64(v)
			}
			len2 := vec.SqDist(t.x[(i-lo)*d:][:d], zero)
			out := math.Sqrt(max(0, len2-in) + l.eta*len2)
			to[p] = math.Nextafter32(float32(out*(1+0x1p-40)), float32(math.Inf(1)))
		}
	})
	if err == nil {
		err = e.ctx.Err()
	}
	if err != nil {
		return err
	}
	e.low = l
	e.graph.Stats.Columns = p
	e.fixed -= int64(n) * int64(2*e.keep-l.listSize(e.keep)) * keyBytes
	return nil
}

// packLowered is packBand for lowered rows, of which depth columns count.
func (e *exact) packLowered(dst panels, lo, hi, depth int, by float32) error {
	q := e.low.q
	return dst.fillAll(e.ctx, e.workers, hi-lo, depth, func(to []float32, i, c int) {
		for k, v := range e.low.z[e.rowAt(lo+i)*q+c:][:len(to)] {
			to[k] = v * by
		}
	})
}
