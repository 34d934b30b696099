package knn

import (
	"context"
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

// Costs in units of one multiply-add of a tile. They were measured on one
// machine, and steer only what is tried first.
const (
	costPair     = 8.0    // a pair, besides its columns
	costRescored = 28.0   // a column of a canonical distance
	costHit      = 2000.0 // a pair that is not excluded
	costNear     = 64.0   // cells that are near a row, about
	costSplit    = 0.24   // a multiply-add of split numbers
	costInt      = 0.55   // a multiply-add of integers
)

// costAdd is the cost of a multiply-add.
func costAdd(split bool) float64 {
	if split {
		return costSplit
	}
	return 1
}

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
	frame         // z is its own copy
	z     *source // by place
	eta   float64 // relative error of a product of two rows of z
	rows  view    // the rows as they are

	columns int // of the basis

	// When step is not 0, all numbers are integers times step, a power of two.
	// Rounding moved no row farther than rounded.
	step    float32
	rounded float64
	// Such rows are compared part by part. z is the first: the first columns of
	// the basis, and the length outside of them. Each of these has some more
	// columns, the length outside of those before, and the length outside of all
	// so far. Its product, in which the first of the two lengths counts as
	// negative, turns the bound of the parts before into a higher one.
	parts []*source
}

// lowerParts are the columns of the basis after which parts end. Of MNIST, a
// third of the tiles are left after the first part, a sixth after the second.
var lowerParts = []int{64, 128}

// partEnds returns where the parts of rows of p columns end.
//
//go:noinline
func partEnds(p int) []int {
	var ends []int
	for _, c := range lowerParts {
		if p >= c+c/2 && disabled&optParts == 0 {
			ends = append(ends, c)
		}
	}
	return append(ends, p)
}

// sizes returns how many numbers the parts have.
func (l *lowered) sizes() []int {
	d := []int{l.z.d}
	for _, s := range l.parts {
		d = append(d, s.d)
	}
	return d
}

// pack packs the integers of the rows at places [lo, hi).
func (l *lowered) pack(ctx context.Context, workers int, dst *panels, lo, hi int) error {
	tmp := make([][]float32, workers)
	return par.Blocks(ctx, workers, hi-lo, dst.width, func(w, _, from, to int) {
		if tmp[w] == nil {
			tmp[w] = make([]float32, dst.width*2*dst.d)
		}
		buf := tmp[w]
		clear(buf)
		for p := from; p < to; p++ {
			i := l.z.orig(lo + p)
			row := buf[(p-from)*2*dst.d:][:2*dst.d]
			copy(row, l.z.flat[i*l.z.d:][:l.z.d])
			for k, s := range l.parts {
				row = row[2*dst.parts[k]:]
				copy(row, s.flat[i*s.d:][:s.d])
				if !dst.columns {
					row[s.d-2] = -row[s.d-2]
				}
			}
		}
		vec.PackInts(dst.from(from).s, buf, 2*dst.d, dst.width, dst.d, 1/l.step)
	})
}

// intStep is the step of integers of 16 bits that hold rows of the given
// length, and products of their sums of 32 bits; 0 if these are no use.
func intStep(longest float64) float32 {
	_, exp := math.Frexp(longest * 1.05 / math.MaxInt16)
	if disabled&optIntegers != 0 || !vec.Ints() || longest == 0 || exp < -50 || exp > 50 {
		return 0
	}
	return float32(math.Ldexp(1, exp))
}

// listSize is how many entries a list has room for: less than in other
// searches, as a full one goes to the graph.
func (l *lowered) listSize(keep int) int { return keep + keep/2 + 1 }

// lower looks for a subspace that makes the search cheaper and, if there is
// one and the memory for it, projects all rows.
func (e *exact) lower(ctx context.Context, rows *view) error {
	n, d := e.ref.n, e.ref.d
	if d < lowerDim || d > lowerDepth || float64(n)*float64(n)/2*float64(d)*costAdd(e.split) < lowerWork && lowerTo == 0 {
		return nil
	}
	if across, err := e.spread(ctx, rows); err != nil || across*lowerSpread > float64(d) && lowerTo == 0 {
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
			least = e.lowerCost(s, e.width())
		}
		e.fixed -= most - least
		e.setBands()
	}()
	sample := e.sample(rows, s)
	basis, err := e.subspace(ctx, sample, s, d)
	if err != nil {
		return err
	}
	p, ints := lowerTo, !e.split
	if p == 0 {
		if p, ints, err = e.rank(ctx, basis, sample, s, d); err != nil || p == 0 {
			return err
		}
	}
	var step float32
	if ints {
		step = intStep(e.longest)
	}
	return e.project(ctx, rows, basis[:p*d], p, step)
}

// lowerCost is the memory of a sample of s rows and of all rows lowered to q
// columns.
func (e *exact) lowerCost(s, q int) int64 {
	n, d := int64(e.ref.n), int64(e.ref.d)
	bytes := 4 * (d*(2*int64(s)+d+3*lowerMost) + lowerOthers*(d+lowerStep+3*lowerTests))
	if q > 0 {
		bytes += 4 * n * int64(q+1+2*len(lowerParts))               // with counts
		bytes += 4 * int64(e.workers) * lowerBlock * (d + int64(q)) // while they are made
	}
	return bytes
}

// roundings bounds the relative error of the projection of a row to p columns
// by dots.
func roundings(p int) float64 { return 1.01 * unit * (dotDepth + 3) * math.Sqrt(float64(p)) }

// project makes the lowered rows, rounded to integers times step when that is
// not 0.
func (e *exact) project(ctx context.Context, rows *view, basis []float32, p int, step float32) error {
	n, d := e.ref.n, e.ref.d
	l := &lowered{rows: *rows, columns: p}
	l.frame = frame{mean: make([]float64, p+1), scale: 1}
	// How far the basis is from an orthonormal one.
	off := make([]float64, p)
	err := par.Blocks(ctx, e.workers, p, 1, func(_, a, _, _ int) {
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
	ends := []int{p}
	if step != 0 && l.eta < 0.01 { // no row becomes much longer, see intStep
		l.step, ends = step, partEnds(p)
	}
	for k, end := range ends {
		q := end + 1
		if k > 0 {
			q += 1 - ends[k-1]
		}
		l.parts = append(l.parts, &source{n: n, d: q, flat: make([]float32, n*q)})
	}
	type buffers struct {
		x, z []float32
		off2 float64 // the largest square of what rounding takes
	}
	tmp, zero := make([]buffers, e.workers), make([]float32, d)
	columns, err := columnPanels(ctx, e.workers, basis, p, d)
	if err != nil {
		return err
	}
	err = par.Blocks(ctx, e.workers, n, lowerBlock, func(w, _, lo, hi int) {
		t := &tmp[w]
		if t.x == nil {
			t.x, t.z = make([]float32, lowerBlock*d), make([]float32, lowerBlock*p)
		}
		for i := lo; i < hi; i++ {
			e.copyRow(t.x[(i-lo)*d:][:d], rows.row(i), 0, 1)
		}
		dots(ctx, t.z, t.x, columns, hi-lo, p, d)
		for i := lo; i < hi; i++ {
			len2 := vec.SqDist(t.x[(i-lo)*d:][:d], zero)
			var in, off2 float64
			var out, before float32
			row, from := t.z[(i-lo)*p:][:p], 0
			for k, end := range ends {
				part := l.parts[k]
				to := part.flat[i*part.d:][:0]
				for _, v := range row[from:end] {
					v = vec.Flushed(v)
					in += float64(v) * float64(v)
					if l.step != 0 {
						r := toStep(v, step)
						off2 += (float64(v) - float64(r)) * (float64(v) - float64(r))
						v = r
					}
					to = append(to, v)
				}
				from = end
				exact := math.Sqrt(max(0, len2-in) + l.eta*len2)
				before, out = out, math.Nextafter32(float32(exact*(1+0x1p-40)), float32(math.Inf(1)))
				if l.step != 0 {
					v := out
					out = toStep(v, step)
					t.off2 = max(t.off2, off2+(float64(v)-float64(out))*(float64(v)-float64(out)))
				}
				if k > 0 {
					to = append(to, before)
				}
				_ = append(to, out)
			}
		}
	})
	if err != nil {
		return err
	}
	l.z, l.parts = l.parts[0], l.parts[1:]
	for _, t := range tmp {
		l.rounded = max(l.rounded, math.Sqrt(t.off2)*(1+0x1p-40))
	}
	e.low = l
	e.graph.Stats.columns = p
	e.fixed -= int64(n) * int64(2*e.keep-l.listSize(e.keep)) * keyBytes
	return nil
}

// toStep returns the integer times step, a power of two, next to v.
func toStep(v, step float32) float32 {
	const round = 3 << 22 // sums with it have no fraction
	return (float32(v/step+round) - round) * step
}

// rank chooses how many rows of the basis to use, 0 when none pays, and whether
// to round to integers. It tries the bounds on some rows of the sample.
func (e *exact) rank(ctx context.Context, basis, sample []float32, s, d int) (best int, ints bool, err error) {
	n, most := e.ref.n, len(basis)/d
	others := min(s, lowerOthers)
	tests := min(others, lowerTests)
	x := make([]float32, others*d)
	for i := range others {
		copy(x[i*d:][:d], sample[i*s/others*d:])
	}
	test := func(t int) int { return t * others / tests }
	limit := make([]float64, tests) // what the neighbors' distances come to
	kth := max(1, int(math.Round(float64(e.k)*float64(others)/float64(n))))
	kth = min(kth, others-1)
	err = par.Blocks(ctx, e.workers, tests, 1, func(_, t, _, _ int) {
		dist := make([]float64, others) // with the row itself
		for j := range dist {
			dist[j] = vec.SqDist(x[test(t)*d:][:d], x[j*d:][:d])
		}
		sortNumbers(dist)
		limit[t] = dist[kth] * 1.02
	})
	if err != nil {
		return 0, false, err
	}
	length2, outside := make([]float64, others), make([]float64, others)
	for j := range others {
		for _, v := range x[j*d:][:d] {
			length2[j] += float64(v) * float64(v)
		}
		outside[j] = length2[j]
	}
	z, zt := make([]float32, others*lowerStep), make([]float32, tests*lowerStep)
	dot := make([]float32, tests*others)
	inside := make([]float64, tests*others) // products in the subspace

	rows := float64(n)
	least := 0.8 * rows * (rows/2*(costPair+float64(d)*costAdd(e.split)) + float64(e.keep*d)*costRescored)
	step := 0.0
	if !e.split {
		step = float64(intStep(e.longest))
	}
	// The share of pairs that are left after some columns gives about that of
	// tiles, as near pairs are in the same ones.
	mr, nr := vec.TileShape()
	tiles, parts := 0.66*math.Sqrt(math.Sqrt(float64(mr*nr))), make([]float64, most+1)
	for p := lowerStep; p <= most; p += lowerStep {
		if err := e.products(ctx, z, x, basis[(p-lowerStep)*d:p*d], others, lowerStep, d); err != nil {
			return 0, false, err
		}
		for t := range tests {
			copy(zt[t*lowerStep:][:lowerStep], z[test(t)*lowerStep:])
		}
		if err := e.products(ctx, dot, zt, z, tests, others, lowerStep); err != nil {
			return 0, false, err
		}
		for j := range others {
			for _, v := range z[j*lowerStep:][:lowerStep] {
				outside[j] -= float64(v) * float64(v)
			}
		}
		var left [2]int // with integers, too
		slack, off := 5*roundings(p), 0.7*step*math.Sqrt(float64(p))
		if e.split {
			slack += 2 * vec.SplitError(p)
		}
		for t := range tests {
			i := test(t)
			for j := range others {
				inside[t*others+j] += float64(dot[t*others+j])
				between := math.Sqrt(max(0, outside[i]) * max(0, outside[j]))
				if j == i {
					continue
				}
				beyond := length2[i] + length2[j] - 2*(inside[t*others+j]+between) - limit[t] - slack*math.Sqrt(length2[i]*length2[j])
				if beyond <= 0 {
					left[0]++
				}
				if beyond <= off*(math.Sqrt(length2[i])+math.Sqrt(length2[j])) {
					left[1]++
				}
			}
		}
		parts[p] = min(1, tiles*math.Sqrt(float64(left[1])/float64(tests*others)))
		inParts, share, from := 0.0, 1.0, 0
		for _, end := range partEnds(p) {
			inParts += share * float64(end-from+2)
			share, from = parts[end], end
		}
		for kind, columns := range [2]float64{float64(p) * costAdd(e.split), inParts * costInt} {
			pairs := max(float64(left[kind])/float64(tests)*rows/float64(others), float64(e.keep))
			twice := min(1, costNear*cellRows/rows) // near pairs
			cost := rows*rows/2*(costPair*(1+twice)+columns*(1+twice*float64(min(p, rankDepth))/float64(p))) + rows*float64(p)*float64(d)*1.5 +
				rows*(extra+pairs)*float64(d)*costRescored + rows*pairs*costHit
			if cost < least && (kind == 0 || step != 0) {
				best, ints, least = p, kind == 1, cost
			}
		}
	}
	if e.split && best > 0 {
		best-- // with the last column of z it fills its blocks
	}
	return best, ints, nil
}
