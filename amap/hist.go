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

// HistogramOptions say which values [Map.Histogram] counts. Nil and the zero
// value take every mode and layer, 100 bins from the least to the greatest
// value, tokens that occurred, and no positions.
type HistogramOptions struct {
	Modes     []Mode
	Layers    []int
	Bins      int     // zero means 100
	Min, Max  float64 // both zero: the range of the finite values
	Unseen    bool
	Positions bool
}

// A Histogram counts values. Bin i holds those from Edges[i] up to, but without,
// Edges[i+1]; the last bin holds its upper edge too, as numpy.histogram does.
type Histogram struct {
	Edges    []float64 // one more than bins
	Counts   []int64
	Zero     int64 // values that are exactly 0, which are in the bins too
	Under    int64 // below the first edge
	Over     int64 // above the last one
	NaN      int64
	Total    int64   // of all values, NaN included
	Min, Max float64 // of the finite values; NaN without any
}

// Histogram counts the values of the chosen layers.
func (m *Map) Histogram(ctx context.Context, o *HistogramOptions) (*Histogram, error) {
	if o == nil {
		o = new(HistogramOptions)
	}
	bins := o.Bins
	if bins == 0 {
		bins = 100
	}
	if bins < 0 || bins > 1<<20 {
		return nil, fmt.Errorf("amap: Histogram: %w: %d bins", ErrShape, bins)
	}
	fixed := o.Min != 0 || o.Max != 0
	if fixed && !(o.Min < o.Max && o.Max-o.Min < math.Inf(1)) {
		return nil, fmt.Errorf("amap: Histogram: %w: range %v to %v", ErrShape, o.Min, o.Max)
	}
	layers, err := m.chosen(o.Modes, o.Layers)
	if err != nil {
		return nil, err
	}
	h := &Histogram{Min: math.Inf(1), Max: math.Inf(-1)}
	// Values of 16 bits are counted by their pattern, in one pass, and sorted
	// into bins afterwards; the others need one for the range.
	patterns := make(map[DType]*[1 << 16]int64)
	var wide []*Layer
	for _, l := range layers {
		d := l.x.dtype()
		x, ok := l.x.(*fileMatrix)
		if !ok || l.units != nil || d.Size() != 2 {
			wide = append(wide, l)
			continue
		}
		if patterns[d] == nil {
			patterns[d] = new([1 << 16]int64)
		}
		if err := l.countPatterns(ctx, x, o, patterns[d]); err != nil {
			return nil, err
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
	finite := func(v float64, n int64) {
		h.Total += n
		if v != v {
			h.NaN += n
		} else if !math.IsInf(v, 0) {
			h.Min, h.Max = min(h.Min, v), max(h.Max, v)
		}
		if v == 0 {
			h.Zero += n
		}
	}
	each(finite)
	var mu sync.Mutex
	for _, l := range wide {
		err := l.blocks(ctx, l.pick(rowFilter{unseen: o.Unseen, positions: o.Positions}), statBlock, func(_, _ int, _ []int32, x []float32) {
			lo, hi := math.Inf(1), math.Inf(-1)
			var nan, zero int64
			for _, f := range x {
				v := float64(f)
				switch {
				case v != v:
					nan++
				case math.IsInf(v, 0):
				default:
					lo, hi = min(lo, v), max(hi, v)
					if v == 0 {
						zero++
					}
				}
			}
			mu.Lock()
			h.Min, h.Max = min(h.Min, lo), max(h.Max, hi)
			h.NaN, h.Zero, h.Total = h.NaN+nan, h.Zero+zero, h.Total+int64(len(x))
			mu.Unlock()
		})
		if err != nil {
			return nil, err
		}
	}
	lo, hi := o.Min, o.Max
	if !fixed {
		lo, hi = h.Min, h.Max
		switch {
		case lo > hi:
			lo, hi = 0, 1
		case lo == hi: // as numpy does
			lo, hi = lo-0.5, hi+0.5
		}
	}
	if h.Min > h.Max {
		h.Min, h.Max = math.NaN(), math.NaN()
	}
	h.Counts = make([]int64, bins)
	h.Edges = make([]float64, bins+1)
	for i := range h.Edges {
		h.Edges[i] = lo + (hi-lo)*float64(i)/float64(bins)
	}
	h.Edges[bins] = hi
	each(h.add)
	for _, l := range wide {
		err := l.blocks(ctx, l.pick(rowFilter{unseen: o.Unseen, positions: o.Positions}), statBlock, func(_, _ int, _ []int32, x []float32) {
			part := &Histogram{Edges: h.Edges, Counts: make([]int64, bins)}
			for _, f := range x {
				part.add(float64(f), 1)
			}
			mu.Lock()
			for i, n := range part.Counts {
				h.Counts[i] += n
			}
			h.Under, h.Over = h.Under+part.Under, h.Over+part.Over
			mu.Unlock()
		})
		if err != nil {
			return nil, err
		}
	}
	return h, nil
}

// add puts n values v into their bin.
func (h *Histogram) add(v float64, n int64) {
	bins := len(h.Counts)
	lo, hi := h.Edges[0], h.Edges[bins]
	switch {
	case v != v:
		return
	case v < lo:
		h.Under += n
		return
	case v > hi:
		h.Over += n
		return
	}
	i := min(int((v-lo)/(hi-lo)*float64(bins)), bins-1)
	// The division may be off by one bin; the edges decide.
	for i > 0 && v < h.Edges[i] {
		i--
	}
	for i < bins-1 && v >= h.Edges[i+1] {
		i++
	}
	h.Counts[i] += n
}

// countPatterns counts the 16-bit patterns of a layer.
func (l *Layer) countPatterns(ctx context.Context, x *fileMatrix, o *HistogramOptions, sum *[1 << 16]int64) error {
	rows := l.pick(rowFilter{unseen: o.Unseen, positions: o.Positions})
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
