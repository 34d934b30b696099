package knn

import (
	"context"
	"math"
	"math/bits"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
	"github.com/semamap/semamap/tsne/internal/share"
)

// searchDirect compares all pairs by the definition of a metric, or by the
// caller's function.
func searchDirect(ctx context.Context, ref, x *source, k int, same bool, set *Settings) (*Graph, error) {
	if set.Func != nil {
		return searchFunc(ctx, ref, x, k, same, set)
	}
	if sp := ref.sparse(x, k, same, set); sp != nil {
		return sp.search(ctx, set.Workers)
	}
	if set.Metric == Jaccard {
		return searchBits(ctx, ref, x, k, same, set)
	}
	return searchMetric(ctx, ref, x, k, same, set)
}

// searchFunc is a parallel search with the caller's distance.
func searchFunc(ctx context.Context, ref, x *source, k int, same bool, set *Settings) (*Graph, error) {
	rv, err := ref.all(ctx, set.Workers)
	if err != nil {
		return nil, err
	}
	xv := rv
	if !same {
		if xv, err = x.all(ctx, set.Workers); err != nil {
			return nil, err
		}
	}
	return searchPairs(ctx, ref.n, x.n, k, same, 1024, 1, set.Workers, func(d2 []float64, i, first int) error {
		a := xv.row(i)
		for c := range d2 {
			if same && first+c == i {
				continue
			}
			v := set.Func(a, rv.row(first+c))
			if d2[c] = v * v; !(v >= 0) || math.IsInf(d2[c], 1) {
				return &ValueError{i, first + c, v}
			}
		}
		return nil
	})
}

// searchPairs takes all distances of n rows to ref rows. distances sets the squares of
// those from row i to rows first, first+1, …, of which it gets chunk at a time:
// the same for block rows, one after another.
func searchPairs(ctx context.Context, ref, n, k int, same bool, chunk, block, workers int, distances func(d2 []float64, i, first int) error) (*Graph, error) {
	g := newGraph(n, k)
	type scratch struct {
		d2    []float64
		lists []shortlist
	}
	tmp := make([]scratch, par.Workers(workers))
	err := par.Try(ctx, len(tmp), n, block, func(w, _, lo, hi int) error {
		t := &tmp[w]
		if t.d2 == nil {
			t.d2, t.lists = make([]float64, chunk), make([]shortlist, block)
		}
		for i := lo; i < hi; i++ {
			t.lists[i-lo].reset(k, nil)
		}
		for first := 0; first < ref && ctx.Err() == nil; first += chunk {
			d2 := t.d2[:min(chunk, ref-first)]
			for i := lo; i < hi; i++ {
				if err := distances(d2, i, first); err != nil {
					return err
				}
				self := -1
				if same {
					self = i
				}
				t.lists[i-lo].add(d2, first, self)
			}
		}
		for i := lo; i < hi; i++ {
			t.lists[i-lo].cut()
			g.put(i, t.lists[i-lo].list)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return g, nil
}

// wideRow returns row u of the source in float64: as it was given where only
// equality counts.
func (s *source) wideRow(dst []float64, u int, t *scratch) {
	if w, ok := s.points.(reader64); ok && s.metric == Hamming {
		if err := w.Read64(s.orig(u), func(x []float64) { copy(dst, x) }); err != nil {
			s.failed.set(u, err)
		}
		return
	}
	for c, v := range s.row(u, t) {
		dst[c] = float64(v)
	}
}

// searchMetric takes the distances of all pairs, eight rows of ref at a time.
func searchMetric(ctx context.Context, ref, x *source, k int, same bool, set *Settings) (*Graph, error) {
	d := roundUp(ref.d, 8) // with zeros behind, which add nothing
	distances := func(d2 *[8]float64, a, rows []float64) {
		switch set.Metric {
		case Manhattan:
			vec.AbsDist8(d2, a, rows)
		case Chebyshev:
			vec.MaxDist8(d2, a, rows)
		default:
			vec.Unequal8(d2, a, rows)
			for r := range d2 {
				d2[r] /= float64(max(1, ref.d))
			}
		}
		for r, v := range d2 {
			d2[r] = v * v
		}
	}
	// Bands of rows of ref are packed, for a band of lists.
	bandX := min(4096, x.n)
	bandRef := max(64, min(roundUp(ref.n, 8), 1<<22/max(1, d)&^7))
	g := newGraph(x.n, k)
	bytes := func() int64 {
		return 12*int64(x.n)*int64(k) + 8*int64(bandRef)*int64(d) + 16*int64(bandX)*int64(2*k+32) + int64(par.Workers(set.Workers))*17*8*int64(d)
	}
	for set.MaxMemory > 0 && bytes() > set.MaxMemory && (bandRef > 64 || bandX > 64) {
		bandX, bandRef = max(min(64, x.n), bandX/2), max(64, bandRef/2&^7)
	}
	if g.Stats.Bytes = bytes(); set.MaxMemory > 0 && g.Stats.Bytes > set.MaxMemory {
		return nil, share.Errorf("%w: %d bytes, the search needs %d", ErrMemory, set.MaxMemory, g.Stats.Bytes)
	}
	const block = 16 // rows of x
	type scratch8 struct {
		scratch
		row []float64
		x   []float64
	}
	tmp := make([]scratch8, par.Workers(set.Workers))
	for w := range tmp {
		tmp[w].row, tmp[w].x = make([]float64, ref.d), make([]float64, block*d)
	}
	packed := make([]float64, bandRef*d)
	lists := make([]shortlist, bandX)
	chunk := max(8, 1<<15/max(1, d)&^7) // rows that stay in the cache
	for a0 := 0; a0 < x.n; a0 += bandX {
		for i := range lists {
			lists[i].reset(k, nil)
		}
		a1 := min(a0+bandX, x.n)
		for b0 := 0; b0 < ref.n; b0 += bandRef {
			b1 := min(b0+bandRef, ref.n)
			if a0 == 0 || bandRef < ref.n {
				err := par.Blocks(ctx, len(tmp), b1-b0, 8, func(w, _, lo, hi int) {
					t := &tmp[w]
					rows := packed[lo*d:][:8*d]
					clear(rows)
					for r := range hi - lo {
						ref.wideRow(t.row, b0+lo+r, &t.scratch)
						for c, v := range t.row {
							rows[8*c+r] = v
						}
					}
				})
				if err != nil {
					return nil, err
				}
			}
			err := par.Blocks(ctx, len(tmp), a1-a0, block, func(w, _, lo, hi int) {
				t := &tmp[w]
				for i := lo; i < hi; i++ {
					x.wideRow(t.x[(i-lo)*d:][:ref.d], a0+i, &t.scratch)
				}
				for first := b0; first < b1 && ctx.Err() == nil; first += chunk {
					last := min(first+chunk, b1)
					for i := lo; i < hi; i++ {
						self := -1
						if same {
							self = a0 + i
						}
						for j := first; j < last; j += 8 {
							var d2 [8]float64
							distances(&d2, t.x[(i-lo)*d:][:d], packed[(j-b0)*d:][:8*d])
							lists[i].add(d2[:min(8, last-j)], j, self)
						}
					}
				}
			})
			if err != nil {
				return nil, err
			}
		}
		for i := a0; i < a1; i++ {
			lists[i-a0].cut()
			g.put(i, lists[i-a0].list)
		}
	}
	if ref.failed.get() != nil {
		return nil, ref.failed.get()
	}
	return g, x.failed.get()
}

// bitRows holds a bit for each number of some rows: whether it is not zero.
type bitRows struct {
	words int      // of a row
	x     []uint64 // of all rows
	size  []int    // bits set in each row
}

func (b *bitRows) row(i int) []uint64 { return b.x[i*b.words:][:b.words:b.words] }

func newBitRows(ctx context.Context, s *source, workers int) (*bitRows, error) {
	b := &bitRows{words: (s.d + 63) / 64, size: make([]int, s.n)}
	b.x = make([]uint64, s.n*b.words)
	tmp := make([]scratch, par.Workers(workers))
	err := par.Blocks(ctx, len(tmp), s.n, 16, func(w, _, lo, hi int) {
		for i := lo; i < hi; i++ {
			row := b.row(i)
			for c, v := range s.row(i, &tmp[w]) {
				if v != 0 {
					row[c/64] |= 1 << (c % 64)
					b.size[i]++
				}
			}
		}
	})
	if err == nil {
		err = s.failed.get()
	}
	return b, err
}

// searchBits is the search by Jaccard.
func searchBits(ctx context.Context, ref, x *source, k int, same bool, set *Settings) (*Graph, error) {
	bytes := 12*int64(x.n)*int64(k) + 8*int64(ref.n+x.n)*int64((ref.d+63)/64)
	if set.MaxMemory > 0 && bytes > set.MaxMemory {
		return nil, share.Errorf("%w: %d bytes, the search needs %d", ErrMemory, set.MaxMemory, bytes)
	}
	rb, err := newBitRows(ctx, ref, set.Workers)
	if err != nil {
		return nil, err
	}
	xb := rb
	if !same {
		if xb, err = newBitRows(ctx, x, set.Workers); err != nil {
			return nil, err
		}
	}
	chunk := min(256, max(8, 1<<12/max(1, rb.words))) // rows that stay in the cache
	g, err := searchPairs(ctx, ref.n, x.n, k, same, chunk, 16, set.Workers, func(d2 []float64, i, first int) error {
		a, size := xb.row(i), xb.size[i]
		for j := range d2 {
			d2[j] = 0
			both := shared(a, rb.row(first+j))
			if all := size + rb.size[first+j] - both; all > 0 {
				v := float64(all-both) / float64(all)
				d2[j] = v * v
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	g.Stats.Bytes = bytes
	return g, nil
}

// shared returns how many bits two rows have in common.
func shared(a, b []uint64) int {
	b = b[:len(a)]
	n := 0
	for w, v := range a {
		n += bits.OnesCount64(v & b[w])
	}
	return n
}
