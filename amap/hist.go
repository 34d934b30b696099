package amap

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/semamap/semamap/internal/par"
)

// Histogram counts the values of a mode, or of all modes if mode is empty, in bins
// of equal width. As in numpy.histogram, counts[i] is the number of values v with
// edges[i] <= v < edges[i+1]; the last bin includes its upper edge. If bins is 0,
// there are 100. If lo and hi are both 0, the bins span the finite values.
// Values outside lo to hi are not counted, and neither is NaN.
func (m *Map) Histogram(ctx context.Context, mode Mode, bins int, lo, hi float64, o *Scope) (edges []float64, counts []int64, err error) {
	if bins == 0 {
		bins = 100
	}
	if bins < 0 || bins > 1<<20 {
		return nil, nil, fmt.Errorf("amap: Histogram: %w: %d bins", ErrShape, bins)
	}
	fixed := lo != 0 || hi != 0
	if fixed && !(lo < hi && hi-lo < math.Inf(1)) {
		return nil, nil, fmt.Errorf("amap: Histogram: %w: range %v to %v", ErrShape, lo, hi)
	}
	layers, err := m.chosen(mode, o)
	if err != nil {
		return nil, nil, err
	}
	// Values of 16 bits are counted by their pattern, in one pass, and sorted
	// into bins afterwards; the others need one for the range.
	patterns := map[DType]*[1 << 16]int64{}
	var wide []*Layer
	for _, l := range layers {
		d := l.DType()
		x, ok := l.x.(*fileMatrix)
		if !ok || dtypes[d].size != 2 {
			wide = append(wide, l)
			continue
		}
		if patterns[d] == nil {
			patterns[d] = new([1 << 16]int64)
		}
		if err := l.countPatterns(ctx, x, l.pick(o), patterns[d]); err != nil {
			return nil, nil, err
		}
	}
	each := func(f func(v float64, n int64)) {
		for d, p := range patterns {
			var b [2]byte
			for i, n := range p {
				if n > 0 {
					binary.LittleEndian.PutUint16(b[:], uint16(i))
					f(d.one(b[:]), n)
				}
			}
		}
	}
	var mu sync.Mutex
	if !fixed {
		lo, hi = math.Inf(1), math.Inf(-1)
		each(func(v float64, _ int64) {
			if v-v == 0 {
				lo, hi = min(lo, v), max(hi, v)
			}
		})
		for _, l := range wide {
			err := l.blocks(ctx, l.pick(o), statBlock, func(_, _ int, _ []int32, x []float32) {
				least, most := float32(math.Inf(1)), float32(math.Inf(-1))
				for _, v := range x {
					if v-v == 0 {
						least, most = min(least, v), max(most, v)
					}
				}
				mu.Lock()
				lo, hi = min(lo, float64(least)), max(hi, float64(most))
				mu.Unlock()
			})
			if err != nil {
				return nil, nil, err
			}
		}
		switch {
		case lo > hi:
			lo, hi = 0, 1
		case lo == hi: // as numpy does
			lo, hi = lo-0.5, hi+0.5
		}
	}
	h := newHistogram(lo, hi, bins)
	each(h.add)
	for _, l := range wide {
		err := l.blocks(ctx, l.pick(o), statBlock, func(_, _ int, _ []int32, x []float32) {
			part := histogram{h.edges, make([]int64, bins)}
			for _, f := range x {
				part.add(float64(f), 1)
			}
			mu.Lock()
			for i, n := range part.counts {
				h.counts[i] += n
			}
			mu.Unlock()
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return h.edges, h.counts, nil
}

type histogram struct {
	edges  []float64
	counts []int64
}

func newHistogram(lo, hi float64, bins int) histogram {
	h := histogram{make([]float64, bins+1), make([]int64, bins)}
	for i := range h.edges {
		h.edges[i] = lo + (hi-lo)*float64(i)/float64(bins)
	}
	h.edges[bins] = hi
	return h
}

// add puts n values v into their bin, if there is one.
func (h histogram) add(v float64, n int64) {
	bins := len(h.counts)
	lo, hi := h.edges[0], h.edges[bins]
	if !(v >= lo && v <= hi) {
		return
	}
	i := min(int((v-lo)/(hi-lo)*float64(bins)), bins-1)
	// The division may be off by one bin; the edges decide.
	for i > 0 && v < h.edges[i] {
		i--
	}
	for i < bins-1 && v >= h.edges[i+1] {
		i++
	}
	h.counts[i] += n
}

// countPatterns counts the 16-bit patterns of a layer.
func (l *Layer) countPatterns(ctx context.Context, x *fileMatrix, rows []int32, sum *[1 << 16]int64) error {
	var mu sync.Mutex
	size := 8 * statBlock
	errs := make([]error, par.NumBlocks(len(rows), size))
	err := par.Blocks(ctx, 0, len(rows), size, func(_, b, lo, hi int) {
		s := scratches.Get().(*scratch)
		defer scratches.Put(s)
		s.bulk = true
		defer func() { s.bulk = false }()
		part := new([1 << 16]uint32)
		for lo < hi && errs[b] == nil {
			r := l.row(int(rows[lo]))
			n := 1
			for lo+n < hi && n < 64 && l.row(int(rows[lo+n])) == r+n {
				n++
			}
			errs[b] = x.each(r, r+n, s, func(_ int, b []byte) {
				for i := 0; i+1 < len(b); i += 2 {
					part[binary.LittleEndian.Uint16(b[i:])]++
				}
			})
			lo += n
		}
		mu.Lock()
		for i, n := range part {
			sum[i] += int64(n)
		}
		mu.Unlock()
	})
	return errors.Join(append(errs, err)...)
}
