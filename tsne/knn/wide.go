package knn

import (
	"fmt"
	"math"
	"slices"
	"sync"
)

// The search takes rows of float32. Rows of float64 may lose by rounding what
// tells them apart: of times in seconds since 1970, float32 keeps steps of two
// minutes. So the distance's invariances are used in float64 before anything
// is rounded: a center is taken off the columns for Euclidean distances, and
// rows are scaled first for the others. Rows that float32 holds exactly are left
// as they are.

// wide is rows of float64.
type wide struct {
	shape
	row     func(i int, x []float64) ([]float64, error) // uses x if there are buffers
	buffers *sync.Pool
	ids     []int32 // not nil: row i is row ids[i] of row

	metric Metric    // applied before rounding
	offset []float64 // of the columns: subtracted before rounding; may be nil
	lost   []int     // columns of which most is lost all the same
}

func newBuffers(d int) *sync.Pool {
	return &sync.Pool{New: func() any { x := make([]float64, d); return &x }}
}

// id is the row of the caller that row i is.
func (w *wide) id(i int) int {
	if w.ids != nil {
		return int(w.ids[i])
	}
	return i
}

// pick returns rows of w by their numbers in w.row.
func (w *wide) pick(ids []int32) *wide {
	c := *w
	c.n, c.ids = len(ids), ids
	return &c
}

// Read64 calls f with row i as it was given.
func (w *wide) Read64(i int, f func(x []float64)) error {
	if w.err != nil {
		return w.err
	}
	var x []float64
	if w.buffers != nil {
		buf := w.buffers.Get().(*[]float64)
		defer w.buffers.Put(buf)
		x = *buf
	}
	x, err := w.row(w.id(i), x)
	if err == nil {
		f(x)
	}
	return err
}

// read calls f with row i, and the mean and the length that the metric takes off
// and divides by.
func (w *wide) read(i int, f func(x []float64, mean, length float64)) error {
	var bad error
	err := w.Read64(i, func(x []float64) {
		for j, v := range x {
			if !(math.Abs(v) <= math.MaxFloat32) {
				bad = &ValueError{w.id(i), j, v}
				return
			}
		}
		mean, length := 0.0, 1.0
		if w.metric != Euclidean && len(x) > 0 {
			mean, length = standard(x, w.metric == Correlation)
		}
		f(x, mean, length)
	})
	if err == nil {
		err = bad
	}
	return err
}

// standard returns the mean of a row, or 0 if it is not wanted, and the length
// of the row less the mean, or 1 if that is zero. The mean of equal numbers is
// this number.
func standard(x []float64, centered bool) (mean, length float64) {
	if centered {
		for _, v := range x {
			mean += v - x[0]
		}
		mean = x[0] + mean/float64(len(x))
	}
	var sq float64
	for _, v := range x {
		t := v - mean
		sq += float64(t * t)
	}
	if sq > 0 {
		return mean, math.Sqrt(sq)
	}
	return mean, 1
}

func (w *wide) Row(dst []float32, i int) ([]float32, error) {
	dst = slices.Grow(dst[:0], w.d)[:w.d]
	err := w.read(i, func(x []float64, mean, length float64) {
		switch {
		case w.metric != Euclidean && w.offset != nil:
			for j, v := range x {
				dst[j] = float32((v-mean)/length - w.offset[j])
			}
		case w.metric != Euclidean:
			for j, v := range x {
				dst[j] = float32((v - mean) / length)
			}
		case w.offset != nil:
			for j, v := range x {
				dst[j] = float32(v - w.offset[j])
			}
		default:
			for j, v := range x {
				dst[j] = float32(v)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	for j, v := range dst {
		if !isFinite(v) { // the offset made it larger than any float32
			return nil, &ValueError{w.id(i), j, float64(v)}
		}
	}
	return dst, nil
}

// sampleSize is how many of n rows decide on the offset: a quarter of a million
// numbers, but not too few rows, and not too much memory.
func sampleSize(n, d int) int {
	d = max(d, 1)
	return min(n, max(1024, 1<<18/d), max(16, 1<<22/d))
}

// sample returns sorted numbers of each column: of rows at even distances, with
// the metric applied. Those that are not finite are left out.
func (w *wide) sample() [][]float64 {
	m := sampleSize(w.n, w.d)
	cols, all := make([][]float64, w.d), make([]float64, m*w.d)
	for j := range cols {
		cols[j] = all[j*m : j*m : (j+1)*m]
	}
	for s := range m {
		// An error comes again when the row is read.
		_ = w.read(int(int64(s)*int64(w.n)/int64(m)), func(x []float64, mean, length float64) {
			for j, v := range x {
				cols[j] = append(cols[j], (v-mean)/length)
			}
		})
	}
	for _, c := range cols {
		slices.Sort(c)
	}
	return cols
}

// most is the share of the different numbers of a column that rounding must
// leave different.
const most = 0.9

// distinct counts different numbers of a sorted column, and those that are
// different as float32 numbers less c.
func distinct(col []float64, c float64) (all, left int) {
	for i, v := range col {
		if i == 0 || v != col[i-1] {
			all++
			if i == 0 || float32(v-c) != float32(col[i-1]-c) {
				left++
			}
		}
	}
	return all, left
}

// merges reports whether most of the numbers of a sorted column are no longer
// different as float32 numbers less c.
func merges(col []float64, c float64) bool {
	all, left := distinct(col, c)
	return float64(left) < most*float64(all)
}

// need reports whether columns must be moved before they are rounded.
func need(cols [][]float64) bool {
	return slices.ContainsFunc(cols, func(c []float64) bool { return merges(c, 0) })
}

// middle returns a number to take off a sorted column before it is rounded,
// which must not depend on few odd values: the median, or another quantile
// that keeps more numbers different. It reports whether many are lost.
func middle(col []float64) (c float64, lost bool) {
	if len(col) == 0 {
		return 0, false
	}
	c = col[len(col)/2]
	all, best := distinct(col, c)
	if float64(best) >= most*float64(all) {
		return c, false
	}
	const parts = 32
	for q := -1; q <= parts; q++ {
		o := 0.0
		if q >= 0 {
			o = col[q*(len(col)-1)/parts]
		}
		if _, left := distinct(col, o); left > best {
			c, best = o, left
		}
	}
	return c, float64(best) < most*float64(all)
}

// middles returns an offset for the columns of a sample, and the columns of
// which most is lost even so.
func middles(cols [][]float64) (offset []float64, lost []int) {
	offset = make([]float64, len(cols))
	for j, col := range cols {
		var bad bool
		if offset[j], bad = middle(col); bad {
			lost = append(lost, j)
		}
	}
	return offset, lost
}

// Centered returns points of the same Euclidean distances that lose less by
// rounding. Rows that lose nothing stay as they are.
func (w *wide) Centered() Points       { return canonical(Euclidean, w)[0] }
func (c combination) Centered() Points { return canonical(Euclidean, c)[0] }
func (s *selection) Centered() Points  { return canonical(Euclidean, s)[0] }
func (s *sparse[T]) Centered() Points  { return canonical(Euclidean, s)[0] }

// Lost returns the columns of which rounding loses most.
func (w *wide) Lost() []int       { return w.lost }
func (c combination) Lost() []int { return lost(c.Base) }
func (s *selection) Lost() []int  { return lost(s.x) }
func (s *sparse[T]) Lost() []int  { return s.lost }

func lost(x Points) []int {
	if l, ok := x.(interface{ Lost() []int }); ok {
		return l.Lost()
	}
	return nil
}

// canonical returns the sets with what must be done in float64 done, before
// their rows are rounded to float32. All sets get the same offset; the first
// one that is rounded decides on it. The result depends on the numbers alone.
func canonical(metric Metric, sets ...Points) []Points {
	out := slices.Clone(sets)
	exact, firm := true, true
	for _, x := range out {
		if _, ok := x.(*distances); ok || x == nil || check(x) != nil {
			return sets
		}
		exact = exact && isExact(x)
		firm = firm && isFirm(x)
	}
	switch {
	case exact:
		return sets
	case metric == Cosine, metric == Correlation:
		all := true
		for i, x := range out {
			w := rows64(x)
			if _, ok := x.(*wide); w == nil || isExact(x) || !ok && !need(columns(x)) {
				all = false
				continue
			}
			w.metric = metric // rows of length 1 are compared by Euclidean distances
			out[i] = w
		}
		if all {
			offset, lost := middles(columns(out[0]))
			for i, x := range out {
				out[i] = shift(x, offset, lost)
			}
		}
		return out
	case metric != Euclidean: // none of the distances that an offset leaves alone
		return sets
	}
	for _, x := range out {
		if isExact(x) {
			continue
		}
		// Float32 rows keep their bits unless that harms others.
		if cols := columns(x); firm || need(cols) {
			offset, lost := middles(cols)
			for i, x := range out {
				out[i] = shift(x, offset, lost)
			}
			return out
		}
	}
	return sets
}

// isFirm reports whether x is rows of float64, or means of such rows.
func isFirm(x Points) bool {
	switch t := x.(type) {
	case *wide:
		return true
	case *selection:
		return isFirm(t.x)
	case combination:
		return t.Weight == nil && isFirm(t.Base)
	}
	return false
}

// isExact reports whether no number of x is rounded, or all is done before.
func isExact(x Points) bool {
	rounded := func(v float64) bool { return float64(float32(v)) != v && v == v }
	switch t := x.(type) {
	case *wide:
		exact := t.offset != nil || t.metric != Euclidean
		for i := 0; i < t.n && !exact; i++ {
			bad := false
			if err := t.Read64(i, func(x []float64) { bad = slices.ContainsFunc(x, rounded) }); err != nil {
				break // which comes again when the row is read
			}
			if bad {
				return false
			}
		}
	case *selection:
		return isExact(t.x)
	case combination:
		return isExact(t.Base)
	case *sparse[float64]:
		return !slices.ContainsFunc(t.value, rounded)
	}
	return true
}

// rows64 returns a copy of x in float64; nil if x has no more than float32.
func rows64(x Points) *wide {
	switch t := x.(type) {
	case *wide:
		c := *t
		return &c
	case *selection:
		if w := rows64(t.x); w != nil {
			return w.pick(t.ids)
		}
	case *sparse[float64]:
		w := newWide(t)
		w.row = func(i int, dst []float64) ([]float64, error) {
			clear(dst)
			for e := t.start[i]; e < t.start[i+1]; e++ {
				dst[t.index[e]] += t.value[e]
			}
			return dst, nil
		}
		return w
	case combination:
		base := rows64(t.Base)
		if base == nil {
			return nil
		}
		w := newWide(t)
		w.row = func(i int, dst []float64) ([]float64, error) {
			terms, div := t.terms(nil, i)
			clear(dst)
			for _, e := range terms {
				err := base.Read64(int(e.v), func(x []float64) {
					for j, v := range x {
						dst[j] += float64(e.w * v)
					}
				})
				if err != nil {
					return nil, fmt.Errorf("base %w", err)
				}
			}
			for j := range dst {
				dst[j] /= div
			}
			return dst, nil
		}
		return w
	}
	return nil
}

// newWide returns rows of the shape of x that are made in a buffer.
func newWide(x Points) *wide {
	w := &wide{}
	w.n, w.d = x.Dims()
	w.buffers = newBuffers(w.d)
	return w
}

// columns returns sorted samples of the columns of x, in float64. Those that
// need no offset may be empty.
func columns(x Points) [][]float64 {
	switch t := x.(type) {
	case combination:
		if t.Weight == nil {
			return columns(t.Base)
		}
	case *selection:
		return columns(t.x)
	case *sparse[float64]:
		return t.columns()
	}
	if w := rows64(x); w != nil {
		return w.sample()
	}
	return widen(x).sample()
}

// widen returns rows of float32 in float64.
func widen(x Points) *wide {
	w := newWide(x)
	w.row = func(i int, dst []float64) ([]float64, error) {
		row, err := readRow(x, nil, i, w.d)
		for j, v := range row {
			dst[j] = float64(v)
		}
		return dst, err
	}
	return w
}

// shift returns x less an offset of its columns.
func shift(x Points, offset []float64, lost []int) Points {
	switch t := x.(type) {
	case combination:
		if t.Weight == nil { // a mean moves with its base rows
			t.Base = shift(t.Base, offset, lost)
			return t
		}
	case *selection:
		return &selection{shift(t.x, offset, lost), t.ids}
	case *sparse[float64]:
		return t.shift(offset, lost)
	}
	w := rows64(x)
	if w == nil {
		w = widen(x)
	}
	w.offset, w.lost = offset, lost
	return w
}

// columns samples those columns alone that need an offset.
func (s *sparse[T]) columns() [][]float64 {
	cols := make([][]float64, s.d)
	slot, filled := s.filled()
	if len(filled) == 0 {
		return cols
	}
	m := sampleSize(s.n, len(filled))
	acc := make([]float64, len(filled))
	for k := range m {
		i := int(int64(k) * int64(s.n) / int64(m))
		clear(acc)
		for e := s.start[i]; e < s.start[i+1]; e++ {
			if at := slot[s.index[e]]; at >= 0 {
				acc[at] += float64(s.value[e])
			}
		}
		for at, j := range filled {
			if v := acc[at]; math.Abs(v) <= math.MaxFloat32 {
				cols[j] = append(cols[j], v)
			}
		}
	}
	for _, j := range filled {
		if slices.Sort(cols[j]); !merges(cols[j], 0) {
			cols[j] = nil
		}
	}
	return cols
}

// filled returns the columns that have enough numbers for a sample, and the
// place of each column among them, or −1.
func (s *sparse[T]) filled() (slot, filled []int32) {
	slot = make([]int32, s.d)
	for i := range s.n {
		for _, j := range s.index[s.start[i]:s.start[i+1]] {
			slot[j]++
		}
	}
	for j, c := range slot {
		slot[j] = -1
		if int(c) > s.n/16 {
			slot[j] = int32(len(filled))
			filled = append(filled, int32(j))
		}
	}
	return slot, filled
}

// shift takes an offset off, which makes numbers of the zeros of its columns.
func (s *sparse[T]) shift(offset []float64, lost []int) Points {
	c := &sparse[float32]{shape: s.shape, start: make([]int, 1, len(s.start)), lost: lost}
	acc := make([]float64, s.d)
	for i := range s.n {
		for e := s.start[i]; e < s.start[i+1]; e++ {
			if j := s.index[e]; offset[j] != 0 {
				acc[j] += float64(s.value[e])
			} else {
				c.index, c.value = append(c.index, j), append(c.value, float32(s.value[e]))
			}
		}
		for j, o := range offset {
			if o != 0 {
				c.index, c.value = append(c.index, int32(j)), append(c.value, float32(acc[j]-o))
				acc[j] = 0
			}
		}
		c.start = append(c.start, len(c.index))
	}
	return c
}
