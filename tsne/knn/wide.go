package knn

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/semamap/semamap/tsne/internal/share"
)

// The search takes rows of float32. Rows of float64 may lose by rounding what
// tells them apart: of times in seconds since 1970, float32 keeps steps of two
// minutes. So what leaves distances as they are is done in float64 first: an
// offset of the columns is subtracted, and for the cosine metrics rows are
// scaled before. Rows that float32 holds exactly stay as they are.

// wide is rows of float64.
type wide struct {
	shape
	row     func(i int, x []float64) ([]float64, error) // uses x if there are buffers
	buffers *sync.Pool
	ids     []int32 // not nil: row i is row ids[i] of row

	metric Metric // applied before rounding
	*move         // then done to the columns; may be nil
}

// A move is what is done to columns before they are rounded.
type move struct {
	offset []float64 // is subtracted
	splits []columnSplit
	lost   []int // columns of which much is lost all the same
}

// A columnSplit makes two columns of one whose numbers stand in groups far apart: the
// place of a number within its group stays, the place of the group goes into a
// new column. The squares of the two differences add up to that of the column
// within a group, and nearly so between groups, whose distances outweigh all
// within them.
type columnSplit struct {
	col  int
	cuts []float64 // between the groups, ascending
	mid  []float64 // of each group
}

// group is the place of the group of v.
func (s *columnSplit) group(v float64) float64 {
	at, _ := slices.BinarySearch(s.cuts, v)
	return s.mid[at]
}

// A reader64 is rows of float64. What all programs hold asks for such small
// interfaces and never for *wide itself, so that programs with rows of float32
// alone do not hold the code of this file.
type reader64 interface {
	Read64(i int, f func(x []float64)) error
}

// applied is the metric that the rows have applied to them.
func (w *wide) applied() Metric { return w.metric }

// asWide returns x if it is rows of float64, else nil.
func asWide(x Points) *wide {
	w, _ := x.(*wide)
	return w
}

func (w *wide) Dims() (n, d int) {
	if w.move != nil {
		return w.n, w.d + len(w.splits)
	}
	return w.n, w.d
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

// only returns rows of w by their numbers in w.row.
func (w *wide) only(ids []int32) *wide {
	c := *w
	c.n, c.ids = len(ids), ids
	return &c
}

func (w *wide) pick(rows []int32) Points {
	if w.ids != nil {
		rows = slices.Clone(rows)
		for i, r := range rows {
			rows[i] = w.ids[r]
		}
	}
	return w.only(rows)
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
	_, d := w.Dims()
	dst = slices.Grow(dst[:0], d)[:d]
	err := w.read(i, func(x []float64, mean, length float64) {
		switch {
		case w.metric != Euclidean && w.move != nil:
			for j, v := range x {
				dst[j] = float32((v-mean)/length - w.offset[j])
			}
		case w.metric != Euclidean:
			for j, v := range x {
				dst[j] = float32((v - mean) / length)
			}
		case w.move != nil:
			for j, v := range x {
				dst[j] = float32(v - w.offset[j])
			}
		default:
			for j, v := range x {
				dst[j] = float32(v)
			}
		}
		for k := w.d; k < d; k++ {
			s := &w.splits[k-w.d]
			v := (x[s.col]-mean)/length - w.offset[s.col]
			g := s.group(v)
			dst[s.col], dst[k] = float32(v-g), float32(g)
		}
	})
	if err != nil {
		return nil, err
	}
	for j, v := range dst {
		if !isFinite(v) { // what was done to it made it larger than any float32
			if j >= w.d {
				j = w.splits[j-w.d].col
			}
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

// merged counts the numbers of a sorted column that are not the same as another
// but become so as float32 numbers less c. Numbers that differ by the noise of
// float64 count as the same.
func merged(col []float64, c float64) (rows int) {
	const noise = 0x1p-50
	touched, lo := false, 0 // of the run of the same numbers that begins at lo
	for i := 1; i <= len(col); i++ {
		if i < len(col) && col[i]-col[lo] <= noise*max(math.Abs(col[i]), math.Abs(col[lo])) {
			continue
		}
		next := i < len(col) && float32(col[i]-c) == float32(col[i-1]-c)
		if touched || next {
			rows += i - lo
		}
		touched, lo = next, i
	}
	return rows
}

// many reports whether too many of n numbers are merged.
func many(merged, n int) bool { return 10*merged > n }

// merges reports whether many numbers of a sorted column become the same as
// float32 numbers less c.
func merges(col []float64, c float64) bool { return many(merged(col, c), len(col)) }

// need reports whether columns must be moved before they are rounded.
func need(cols [][]float64) bool {
	return slices.ContainsFunc(cols, func(c []float64) bool { return merges(c, 0) })
}

// offsetOf returns a number to take off a sorted column before it is rounded,
// which must not depend on few odd values: the median, or another quantile
// that keeps more numbers different. It reports whether many are lost.
func offsetOf(col []float64) (c float64, lost bool) {
	if len(col) == 0 {
		return 0, false
	}
	c = col[len(col)/2]
	least := merged(col, c)
	if !many(least, len(col)) {
		return c, false
	}
	const parts = 32
	for q := -1; q <= parts; q++ {
		o := 0.0
		if q >= 0 {
			o = col[q*(len(col)-1)/parts]
		}
		if m := merged(col, o); m < least {
			c, least = o, m
		}
	}
	return c, many(least, len(col))
}

// Groups must be so many times farther apart than they are wide, or at least the
// second number if nothing better can be done.
const (
	splitApart = 1 << 12
	splitLeast = 1 << 4
	splitMost  = 1 << 10 // groups
)

// splitOf returns a split of a sorted column less c that keeps its numbers
// apart, or nil, and how many times their width its groups are apart.
func splitOf(col []float64, c float64) (best *columnSplit, apart float64) {
	type gap struct {
		size float64
		at   int // before this number
	}
	var gaps []gap
	for i := 1; i < len(col); i++ {
		if col[i] != col[i-1] {
			gaps = append(gaps, gap{col[i] - col[i-1], i})
		}
	}
	slices.SortStableFunc(gaps, func(a, b gap) int { return cmp.Compare(b.size, a.size) })
	for k := 1; k <= min(len(gaps), splitMost-1); k++ {
		if k < len(gaps) && gaps[k-1].size < 2*gaps[k].size {
			continue // no groups
		}
		cuts := []int{0, len(col)}
		for _, g := range gaps[:k] {
			cuts = append(cuts, g.at)
		}
		slices.Sort(cuts)
		s, rows, before, ratio := &columnSplit{}, 0, 0.0, math.Inf(1)
		for g, lo := range cuts[:k+1] {
			group := col[lo:cuts[g+1]]
			// The middle is a float32 number, so that its column is exact.
			at := group[len(group)/2] - c
			mid := float64(float32(at))
			width := max(group[len(group)-1]-group[0], 2*math.Abs(at-mid))
			if g > 0 {
				s.cuts = append(s.cuts, col[lo-1]/2+col[lo]/2-c)
				ratio = min(ratio, (col[lo]-col[lo-1])/max(before, width))
			}
			before = width
			s.mid = append(s.mid, mid)
			rows += merged(group, c+mid)
		}
		switch {
		case many(rows, len(col)):
		case ratio >= splitApart: // the fewest groups
			return s, ratio
		case ratio > max(apart, splitLeast) && k < len(gaps)/16:
			best, apart = s, ratio
		}
	}
	return best, apart
}

// moveOf returns what to do to columns by samples of them.
func moveOf(cols [][]float64) *move {
	m := &move{offset: make([]float64, len(cols))}
	for j, col := range cols {
		var lost bool
		if m.offset[j], lost = offsetOf(col); !lost {
			continue
		}
		s, apart := splitOf(col, m.offset[j])
		if s != nil {
			s.col = j
			m.splits = append(m.splits, *s)
		}
		if apart < splitApart {
			m.lost = append(m.lost, j)
		}
	}
	return m
}

// Centered returns points of the same Euclidean distances that lose less by
// rounding. Rows that lose nothing stay as they are.
func (w *wide) Centered() Points       { return canonical(Euclidean, w)[0] }
func (c combination) Centered() Points { return canonical(Euclidean, c)[0] }
func (s *selection) Centered() Points  { return canonical(Euclidean, s)[0] }
func (s *sparse[T]) Centered() Points  { return canonical(Euclidean, s)[0] }

// moved returns what has been done to columns, or nil.
func (w *wide) moved() *move       { return w.move }
func (c combination) moved() *move { return moved(c.Base) }
func (s *selection) moved() *move  { return moved(s.x) }
func (s *sparse[T]) moved() *move  { return s.move }

func moved(x Points) *move {
	if m, ok := x.(interface{ moved() *move }); ok {
		return m.moved()
	}
	return nil
}

// lost returns the columns of x of which rounding loses much.
func lost(x Points) []int {
	if m := moved(x); m != nil {
		return m.lost
	}
	return nil
}

// Coarse reports whether distances in float32 differ from those in float64 by
// more than rounding.
func (w *wide) Coarse() bool { return w.move != nil && (w.lost != nil || w.splits != nil) }

// canonical returns the sets with what must be done in float64 done, before
// their rows are rounded to float32. All sets get the same offset; the first
// one that is rounded decides on it. The result depends on the numbers alone.
func canonical(metric Metric, sets ...Points) []Points {
	var first mover
	for _, x := range sets {
		if _, ok := x.(distancePoints); ok || x == nil || check(x) != nil {
			return sets
		}
		if s, ok := x.(*selection); ok {
			x = s.x
		}
		if m, ok := x.(mover); ok && first == nil && !isExact(x) {
			first = m
		}
	}
	if first == nil || metric == Hamming || metric == Jaccard { // an offset would change these
		return sets
	}
	return first.moveAll(metric, sets)
}

// A mover moves sets of which it is one, or is selected from. It is an interface
// so that programs with rows of float32 alone do not hold moveAll.
type mover interface {
	moveAll(metric Metric, sets []Points) []Points
}

func (w *wide) moveAll(metric Metric, sets []Points) []Points       { return moveAll(metric, sets) }
func (c combination) moveAll(metric Metric, sets []Points) []Points { return moveAll(metric, sets) }
func (s *sparse[T]) moveAll(metric Metric, sets []Points) []Points  { return moveAll(metric, sets) }

// moveAll is canonical where a number of the sets is rounded.
func moveAll(metric Metric, sets []Points) []Points {
	out := slices.Clone(sets)
	if metric == Cosine || metric == Correlation {
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
			m := moveOf(columns(out[0]))
			for i, x := range out {
				out[i] = m.of(x)
			}
		}
		return out
	}
	firm := !slices.ContainsFunc(out, func(x Points) bool { return !isFirm(x) })
	for _, x := range out {
		if isExact(x) {
			continue
		}
		// Float32 rows keep their bits unless that harms others.
		if cols := columns(x); firm || need(cols) {
			m := moveOf(cols)
			if metric != Euclidean {
				m.unsplit()
			}
			for i, x := range out {
				out[i] = m.of(x)
			}
			return out
		}
	}
	return sets
}

// unsplit takes the splits back, which hold for squares only.
func (m *move) unsplit() {
	for _, s := range m.splits {
		m.lost = append(m.lost, s.col)
	}
	m.splits = nil
	slices.Sort(m.lost)
	m.lost = slices.Compact(m.lost)
}

// A wider is points that may hold more than float32.
type wider interface {
	// isFirm reports whether they are rows of float64, or means of such rows.
	isFirm() bool
	// rows64 returns a copy in float64; nil if they have no more than float32.
	rows64() *wide
	// columns returns sorted samples of the columns, in float64. Those that need
	// no offset may be empty.
	columns() [][]float64
	// shift returns them moved.
	shift(m *move) Points
}

// isExact reports whether no number of x is rounded, or all is done before.
func isExact(x Points) bool {
	w, ok := x.(interface{ isExact() bool })
	return !ok || w.isExact()
}

func isFirm(x Points) bool {
	w, ok := x.(wider)
	return ok && w.isFirm()
}

func rows64(x Points) *wide {
	if w, ok := x.(wider); ok {
		return w.rows64()
	}
	return nil
}

func columns(x Points) [][]float64 {
	if w, ok := x.(wider); ok {
		return w.columns()
	}
	return widen(x).sample()
}

// of returns x moved.
func (m *move) of(x Points) Points {
	if w, ok := x.(wider); ok {
		return w.shift(m)
	}
	return m.done(widen(x))
}

func (m *move) done(w *wide) Points {
	w.move = m
	return w
}

// rounded reports whether float32 does not hold v.
func rounded(v float64) bool { return float64(float32(v)) != v && v == v }

func (w *wide) isExact() bool {
	for i := 0; i < w.n && w.move == nil && w.metric == Euclidean; i++ {
		bad := false
		if err := w.Read64(i, func(x []float64) { bad = slices.ContainsFunc(x, rounded) }); err != nil {
			break // which comes again when the row is read
		}
		if bad {
			return false
		}
	}
	return true
}

func (w *wide) isFirm() bool { return true }

func (w *wide) rows64() *wide {
	c := *w
	return &c
}

func (w *wide) columns() [][]float64 { return w.sample() }
func (w *wide) shift(m *move) Points { return m.done(w.rows64()) }

func (s *selection) isExact() bool        { return isExact(s.x) }
func (s *selection) isFirm() bool         { return isFirm(s.x) }
func (s *selection) columns() [][]float64 { return columns(s.x) }
func (s *selection) shift(m *move) Points { return &selection{m.of(s.x), s.ids} }

func (s *selection) rows64() *wide {
	if w := rows64(s.x); w != nil {
		return w.only(s.ids)
	}
	return nil
}

func (c combination) isExact() bool { return isExact(c.Base) }
func (c combination) isFirm() bool  { return c.Weight == nil && isFirm(c.Base) }

func (c combination) columns() [][]float64 {
	if c.Weight == nil {
		return columns(c.Base)
	}
	if w := c.rows64(); w != nil {
		return w.sample()
	}
	return widen(c).sample()
}

func (c combination) shift(m *move) Points {
	if c.Weight == nil { // a mean moves with its base rows
		c.Base = m.of(c.Base)
		return c
	}
	if w := c.rows64(); w != nil {
		return m.done(w)
	}
	return m.done(widen(c))
}

func (c combination) rows64() *wide {
	base := rows64(c.Base)
	if base == nil {
		return nil
	}
	w := newWide(c)
	w.row = func(i int, dst []float64) ([]float64, error) {
		terms, div := c.terms(nil, i)
		clear(dst)
		for _, e := range terms {
			err := base.Read64(int(e.v), func(x []float64) {
				for j, v := range x {
					dst[j] += float64(e.w * v)
				}
			})
			if err != nil {
				return nil, share.Errorf("base %w", err)
			}
		}
		for j := range dst {
			dst[j] /= div
		}
		return dst, nil
	}
	return w
}

func (s *sparse[T]) isExact() bool {
	x, ok := any(s.value).([]float64)
	return !ok || s.d > manyColumns || !slices.ContainsFunc(x, rounded)
}

func (s *sparse[T]) isFirm() bool { return false }

func (s *sparse[T]) rows64() *wide {
	if _, ok := any(s.value).([]float64); !ok {
		return nil
	}
	w := newWide(s)
	w.row = func(i int, dst []float64) ([]float64, error) {
		clear(dst)
		for e := s.start[i]; e < s.start[i+1]; e++ {
			dst[s.index[e]] += float64(s.value[e])
		}
		return dst, nil
	}
	return w
}

func (s *sparse[T]) columns() [][]float64 {
	if _, ok := any(s.value).([]float64); ok {
		return s.sample()
	}
	return widen(s).sample()
}

func (s *sparse[T]) shift(m *move) Points {
	w := s.rows64()
	switch {
	case w == nil:
		w = widen(s)
	case m.splits == nil:
		return s.moveBy(m)
	}
	return m.done(w)
}

// newWide returns rows of the shape of x that are made in a buffer.
func newWide(x Points) *wide {
	w := &wide{}
	w.n, w.d = x.Dims()
	w.buffers = newBuffers(w.d)
	return w
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

// manyColumns is how many columns sparse rows may have to be looked at column by
// column. The numbers of more, such as hashed words, are rounded as they are.
const manyColumns = 1 << 22

// sample samples those columns alone that need an offset.
func (s *sparse[T]) sample() [][]float64 {
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

// moveBy takes an offset off, which makes numbers of the zeros of its columns.
func (s *sparse[T]) moveBy(m *move) Points {
	offset := m.offset
	c := &sparse[float32]{shape: s.shape, start: make([]int, 1, len(s.start)), move: m}
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
