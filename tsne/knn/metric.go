package knn

import (
	"context"
	"math"
	"math/bits"
	"slices"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

// searchDirect compares all pairs by the definition of a metric, or by the
// caller's function.
func searchDirect(ctx context.Context, ref, x *source, k int, same bool, set *Settings) (*Graph, error) {
	if set.Func == nil {
		if sp := newSparseSearch(ref, x, k, same, set); sp != nil {
			return sp.search(ctx, set.Workers)
		}
		if set.Metric == Hamming || set.Metric == Jaccard {
			return searchCodes(ctx, ref, x, k, same, set)
		}
	}
	g := newGraph(x.n, k)
	f := func(dst []float64, i, first int, a []float32, rows *view) error { // distances to some rows
		rest := [4][]float32{}
		for c := 0; c < len(dst); c += 4 {
			for r := range rest {
				rest[r] = rows.row(first + min(c+r, len(dst)-1))
			}
			var d [4]float64
			if set.Metric == Manhattan {
				d = vec.AbsDist4(a, rest[0], rest[1], rest[2], rest[3])
			} else {
				d = vec.MaxDist4(a, rest[0], rest[1], rest[2], rest[3])
			}
			for r, v := range d[:min(4, len(dst)-c)] {
				dst[c+r] = v * v
			}
		}
		return nil
	}
	if set.Func != nil {
		f = func(dst []float64, i, first int, a []float32, rows *view) error {
			for c := range dst {
				if same && first+c == i {
					continue
				}
				v := set.Func(a, rows.row(first+c))
				if dst[c] = v * v; !(v >= 0) || math.IsInf(dst[c], 1) {
					return &ValueError{i, first + c, v}
				}
			}
			return nil
		}
	}
	// Bands of rows, which are made where the sources do not hold them.
	const many = 4096
	bandX, bandRef := min(many, x.n), ref.n
	if ref.flat == nil {
		bandRef = min(bandRef, max(64, 1<<24/max(1, ref.d)))
	}
	if x.flat == nil {
		bandX = min(bandX, max(64, 1<<24/max(1, x.d)))
	}
	chunk := min(256, max(8, 1<<13/max(1, ref.d))&^3) // 32 kB of rows
	made := func(s *source, band int) []float32 {
		if s.flat != nil {
			return nil
		}
		return make([]float32, band*s.d)
	}
	madeX, madeRef := made(x, bandX), made(ref, bandRef)
	lists := make([]shortlist, bandX)
	buf := make([][256]float64, par.Workers(set.Workers))
	for a0 := 0; a0 < x.n; a0 += bandX {
		a1 := min(a0+bandX, x.n)
		xv, err := x.view(ctx, set.Workers, a0, a1, madeX)
		if err != nil {
			return nil, err
		}
		for i := range lists {
			lists[i].reset(k, nil)
		}
		for b0 := 0; b0 < ref.n; b0 += bandRef {
			b1 := min(b0+bandRef, ref.n)
			rv := xv
			if b0 > 0 || b1 < ref.n || !same || a0 > 0 || a1 < ref.n {
				if rv, err = ref.view(ctx, set.Workers, b0, b1, madeRef); err != nil {
					return nil, err
				}
			}
			err := par.Try(ctx, len(buf), a1-a0, 16, func(w, _, lo, hi int) error {
				for first := b0; first < b1; first += chunk {
					if ctx.Err() != nil {
						return ctx.Err()
					}
					dst := buf[w][:min(chunk, b1-first)]
					for i := lo; i < hi; i++ {
						if err := f(dst, a0+i, first, xv.row(a0+i), &rv); err != nil {
							return err
						}
						self := -1
						if same {
							self = a0 + i
						}
						lists[i].add(dst, first, self)
					}
				}
				return nil
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
	return g, nil
}

// codes holds rows of small numbers that are equal where the numbers of the
// rows are, packed into words.
type codes struct {
	words int      // of a row
	x     []uint64 // of all rows
	low   uint64   // all bits of the numbers of a word but their highest
	size  []int    // numbers other than zero of each row; of Jaccard
}

func (c *codes) row(i int) []uint64 { return c.x[i*c.words:][:c.words:c.words] }

// eachWide calls f with the numbers of each row.
func (s *source) eachWide(ctx context.Context, f func(i int, x []float64)) error {
	wideRow := make([]float64, s.d)
	var t scratch
	w, isWide := s.points.(*wide)
	for i := range s.n {
		if i%64 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if isWide && w.offset == nil {
			w.Read64(s.orig(i), func(x []float64) { copy(wideRow, x) })
		} else {
			for c, v := range s.row(i, &t) {
				wideRow[c] = float64(v)
			}
		}
		f(i, wideRow)
	}
	return s.failed.get()
}

// maxCodes is the largest number of different values of a column that get codes.
const maxCodes = 256

// encode packs the rows of some sources, all in one way. A row of Jaccard has a
// bit for each number. One of Hamming has codes of a bit or a byte, or the bits
// of the numbers if a column has many.
func encode(ctx context.Context, metric Metric, sources ...*source) ([]*codes, error) {
	d, width := sources[0].d, 1
	var code []map[float64]uint64 // of the numbers of each column
	if metric == Hamming {
		code = make([]map[float64]uint64, d)
		for c := range code {
			code[c] = map[float64]uint64{}
		}
		most := 0
		for _, s := range sources {
			err := s.eachWide(ctx, func(_ int, x []float64) {
				if most > maxCodes {
					return
				}
				for c, v := range x {
					m := code[c]
					if _, ok := m[v]; !ok {
						m[v] = uint64(len(m))
						most = max(most, len(m))
					}
				}
			})
			if err != nil {
				return nil, err
			}
		}
		switch {
		case most > maxCodes:
			width = 64
		case most > 2:
			width = 8
		}
	}
	out := make([]*codes, len(sources))
	for at, s := range sources {
		per := 64 / width
		r := &codes{words: (d + per - 1) / per}
		r.x = make([]uint64, s.n*r.words)
		for b := range per {
			r.low |= (1<<(width-1) - 1) << (b * width)
		}
		if metric == Jaccard {
			r.size = make([]int, s.n)
		}
		err := s.eachWide(ctx, func(i int, x []float64) {
			row := r.row(i)
			for c, v := range x {
				var b uint64
				switch {
				case metric == Jaccard:
					if v != 0 {
						b = 1
						r.size[i]++
					}
				case width == 64:
					b = math.Float64bits(v + 0) // −0 + 0 = +0
				default:
					b = code[c][v]
				}
				row[c/per] |= b << (c % per * width)
			}
		})
		if err != nil {
			return nil, err
		}
		out[at] = r
	}
	return out, nil
}

// unequal returns how many numbers of two rows differ.
func (c *codes) unequal(a, b []uint64) int {
	b = b[:len(a)]
	n := 0
	for w, v := range a {
		x := v ^ b[w]
		// The highest bit of each number that is not zero.
		n += bits.OnesCount64(((x & c.low) + c.low | x) &^ c.low)
	}
	return n
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

// searchCodes is searchDirect for metrics that only ask whether numbers are
// equal.
func searchCodes(ctx context.Context, ref, x *source, k int, same bool, set *Settings) (*Graph, error) {
	sources := []*source{ref}
	if !same {
		sources = append(sources, x)
	}
	c, err := encode(ctx, set.Metric, sources...)
	if err != nil {
		return nil, err
	}
	rc, xc := c[0], c[len(c)-1]
	g := newGraph(x.n, k)
	chunk := min(256, max(8, 1<<12/max(1, rc.words))) // 32 kB of rows
	type scratch struct {
		buf  [256]float64
		near [16]shortlist
	}
	tmp := make([]scratch, par.Workers(set.Workers))
	err = par.Blocks(ctx, len(tmp), x.n, len(tmp[0].near), func(w, _, lo, hi int) {
		t := &tmp[w]
		for i := lo; i < hi; i++ {
			t.near[i-lo].reset(k, nil)
		}
		for first := 0; first < ref.n && ctx.Err() == nil; first += chunk {
			dst := t.buf[:min(chunk, ref.n-first)]
			for i := lo; i < hi; i++ {
				a, self := xc.row(i), -1
				for j := range dst {
					b := rc.row(first + j)
					var v float64
					if set.Metric == Jaccard {
						both := shared(a, b)
						if all := xc.size[i] + rc.size[first+j] - both; all > 0 {
							v = float64(all-both) / float64(all)
						}
					} else if ref.d > 0 {
						v = float64(rc.unequal(a, b)) / float64(ref.d)
					}
					dst[j] = v * v
				}
				if same {
					self = i
				}
				t.near[i-lo].add(dst, first, self)
			}
		}
		for i := lo; i < hi; i++ {
			t.near[i-lo].cut()
			g.put(i, slices.Clip(t.near[i-lo].list))
		}
	})
	return g, err
}
