package knn

import (
	"math"

	"github.com/semamap/semamap/internal/par"
)

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
			// Magnitudes are ordered as their bits are.
			centred, raw := math.Float64bits(p.centred), math.Float64bits(p.raw)
			mean := mean[:len(row)]
			for c, v := range row {
				w := float64(v)
				if m := math.Float64bits(w-mean[c]) &^ (1 << 63); m > centred {
					centred = m
				}
				if m := math.Float64bits(w) &^ (1 << 63); m > raw {
					raw = m
				}
				length += w * w
			}
			p.centred, p.raw = math.Float64frombits(centred), math.Float64frombits(raw)
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
