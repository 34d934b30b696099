package knn

import (
	"cmp"
	"context"
	"math"
	"math/bits"
	"slices"
	"sync/atomic"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
	"github.com/semamap/semamap/tsne/internal/share"
)

// CSR returns the rows of a sparse matrix in compressed sparse row form: row i
// has value[e] in column index[e] for e from start[i] to start[i+1]−1, and
// zeros elsewhere. Columns may come in any order; values of the same column
// are added. CSR keeps the slices. [Search] and [Query] do not make the rows
// dense unless the matrix is, or Settings.Metric is Correlation or Chebyshev.
func CSR[T float32 | float64](cols int, start []int, index []int32, value []T) Points {
	s := &sparse[T]{shape: shape{max(0, len(start)-1), cols, checkTerms(start, index, cols)}, start: start, index: index, value: value}
	if s.err == nil && len(value) != len(index) {
		s.err = share.Errorf("%w: %d columns for %d numbers", ErrPoints, len(index), len(value))
	}
	return s
}

type sparse[T float32 | float64] struct {
	shape
	start []int
	index []int32
	value []T
	move  *move // done to its columns; may be nil
}

// An entry is a number of a sparse row.
type entry struct {
	v float64
	j int32
}

// entries returns the numbers of row i by ascending column, those of one column
// added; buf may hold them.
func (s *sparse[T]) entries(buf []entry, i int) []entry {
	buf = buf[:0]
	for e := s.start[i]; e < s.start[i+1]; e++ {
		buf = append(buf, entry{float64(s.value[e]), s.index[e]})
	}
	if s.ordered(i) {
		return buf
	}
	slices.SortStableFunc(buf, func(a, b entry) int { return cmp.Compare(a.j, b.j) })
	n := 0
	for _, e := range buf {
		if n > 0 && buf[n-1].j == e.j {
			buf[n-1].v += e.v
		} else {
			buf[n] = e
			n++
		}
	}
	return buf[:n]
}

// ordered reports whether the columns of row i ascend.
func (s *sparse[T]) ordered(i int) bool {
	index := s.index[s.start[i]:s.start[i+1]]
	for e := 1; e < len(index); e++ {
		if index[e] <= index[e-1] {
			return false
		}
	}
	return true
}

// Sparse calls f for each number of row i that is given, by ascending column.
func (s *sparse[T]) Sparse(i int, f func(j int32, v float32)) {
	if s.ordered(i) {
		for e := s.start[i]; e < s.start[i+1]; e++ {
			f(s.index[e], float32(s.value[e]))
		}
		return
	}
	for _, e := range s.entries(nil, i) {
		f(e.j, float32(e.v))
	}
}

func (s *sparse[T]) Row(dst []float32, i int) (row []float32, err error) {
	if s.err != nil {
		return nil, s.err
	}
	dst = slices.Grow(dst[:0], s.d)[:s.d]
	clear(dst)
	s.Sparse(i, func(j int32, v float32) {
		if dst[j] = v; !isFinite(v) && err == nil {
			err = s.bad(i, j)
		}
	})
	return dst, err
}

// Panels makes the products that a start of a map takes.
func (s *sparse[T]) Panels(ctx context.Context, weight []float64, workers int) (share.Panels, error) {
	return share.SparsePanels(ctx, s.n, s.d, s.Sparse, weight, workers)
}

// bad is the error of the number in column j of row i.
func (s *sparse[T]) bad(i int, j int32) error {
	for _, e := range s.entries(nil, i) {
		if e.j == j {
			return &ValueError{i, int(j), e.v}
		}
	}
	return nil
}

// A sparser is points whose rows are sparse.
type sparser interface {
	entries(buf []entry, i int) []entry
	count() int
	pick(rows []int32) Points
	scan(ctx context.Context, s *source) ([]uint64, error)
}

func (s *sparse[T]) scan(ctx context.Context, of *source) ([]uint64, error) {
	return of.scanSparse(ctx, s)
}

// A sparseSet is the scanned rows of sparse points: *sparseRows. It is an
// interface so that programs without sparse rows do not hold their search.
type sparseSet interface {
	equal(i, j int) bool
	some(rows []int32) sparseSet
	// plan returns a search among the rows of ref, or nil if dense rows are
	// searched sooner.
	plan(ref, x *source, k int, same bool, set *Settings) finder
}

type finder interface {
	search(ctx context.Context, workers int) (*Graph, error)
}

func (s *sparse[T]) count() int { return len(s.index) }

func (s *sparse[T]) pick(rows []int32) Points {
	p := &sparse[T]{shape: shape{len(rows), s.d, s.err}, start: make([]int, 1, len(rows)+1), move: s.move}
	for _, i := range rows {
		lo, hi := 0, 0
		if s.err == nil {
			lo, hi = s.start[i], s.start[i+1]
		}
		p.index, p.value = append(p.index, s.index[lo:hi]...), append(p.value, s.value[lo:hi]...)
		p.start = append(p.start, len(p.index))
	}
	return p
}

// sparseRows holds rows without their zeros, by ascending column.
type sparseRows struct {
	start []int
	col   []int32
	val   []float32
}

func (r *sparseRows) row(i int) ([]int32, []float32) {
	lo, hi := r.start[i], r.start[i+1]
	return r.col[lo:hi:hi], r.val[lo:hi:hi]
}

// scanSparse is scan for sparse points: it makes s.rows, to which the metric is
// applied.
func (s *source) scanSparse(ctx context.Context, x sparser) ([]uint64, error) {
	rows := &sparseRows{start: make([]int, 1, s.n+1)}
	rows.col, rows.val = make([]int32, 0, x.count()), make([]float32, 0, x.count())
	hash := make([]uint64, s.n)
	var buf []entry
	for u := range s.n {
		if u%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		i := s.orig(u)
		buf = x.entries(buf, i)
		lo := len(rows.val)
		for _, e := range buf {
			v := float32(e.v)
			if !isFinite(v) {
				return nil, &ValueError{i, int(e.j), e.v}
			}
			if v != 0 {
				rows.col, rows.val = append(rows.col, e.j), append(rows.val, v)
			}
		}
		if s.metric == Cosine { // zeros change no sum
			normalize(rows.val[lo:], Cosine)
		}
		n := lo
		h := uint64(0x9e3779b97f4a7c15)
		for e := lo; e < len(rows.val); e++ {
			j, v := rows.col[e], rows.val[e]
			if v == 0 {
				continue // it was too small for its row
			}
			rows.col[n], rows.val[n] = j, v
			n++
			h = bits.RotateLeft64(h^uint64(j)<<32^uint64(math.Float32bits(v)), 29) * 0xbf58476d1ce4e5b9
		}
		rows.col, rows.val = rows.col[:n], rows.val[:n]
		rows.start = append(rows.start, n)
		hash[u] = h ^ h>>31
	}
	s.rows = rows
	return hash, nil
}

// equalRows reports whether two rows are equal.
func (r *sparseRows) equal(i, j int) bool {
	a, v := r.row(i)
	b, w := r.row(j)
	return slices.Equal(a, b) && slices.Equal(v, w)
}

func (r *sparseRows) plan(ref, x *source, k int, same bool, set *Settings) finder {
	if s := newSparseSearch(r, ref, x, k, same, set); s != nil {
		return s
	}
	return nil
}

func (r *sparseRows) some(rows []int32) sparseSet {
	p := &sparseRows{start: make([]int, 1, len(rows)+1)}
	for _, i := range rows {
		c, v := r.row(int(i))
		p.col, p.val = append(p.col, c...), append(p.val, v...)
		p.start = append(p.start, len(p.col))
	}
	return p
}

// postings holds sparse rows by columns.
type postings struct {
	place map[int32]int32 // of a column; nil: columns are their own places
	start []int
	row   []int32
	val   []float32
}

// newPostings turns n rows of d numbers.
func newPostings(r *sparseRows, n, d int) *postings {
	p := &postings{row: make([]int32, len(r.col)), val: make([]float32, len(r.col))}
	if d > 1<<20 && d > 8*len(r.col) {
		p.place = map[int32]int32{}
		for _, j := range r.col {
			if _, ok := p.place[j]; !ok {
				p.place[j] = int32(len(p.place))
			}
		}
		d = len(p.place)
	}
	p.start = make([]int, d+2)
	for _, j := range r.col {
		p.start[p.at(j)+2]++
	}
	for j := range d {
		p.start[j+2] += p.start[j+1]
	}
	for i := range n {
		col, val := r.row(i)
		for e, j := range col {
			at := p.at(j) + 1
			p.row[p.start[at]], p.val[p.start[at]] = int32(i), val[e]
			p.start[at]++
		}
	}
	p.start = p.start[:d+1]
	return p
}

// at returns the place of a column, or −1.
func (p *postings) at(j int32) int {
	if p.place == nil {
		return int(j)
	}
	if at, ok := p.place[j]; ok {
		return int(at)
	}
	return -1
}

// column returns the rows that have a number in column j, and the numbers.
func (p *postings) column(j int32) ([]int32, []float32) {
	at := p.at(j)
	if at < 0 {
		return nil, nil
	}
	lo, hi := p.start[at], p.start[at+1]
	return p.row[lo:hi:hi], p.val[lo:hi:hi]
}

// heavyColumns are columns that many rows have numbers in. Products of these are
// summed for eight rows at a time, as if they were dense.
type heavyColumns struct {
	number []int32   // of each place: −1 is not one
	width  int       // how many there are, with zeros up to a multiple of eight
	rows   []float64 // their numbers in the rows of ref
}

// newHeavyColumns returns the columns that take less time dense, or nil.
func (s *sparseSearch) newHeavyColumns() *heavyColumns {
	h := &heavyColumns{number: make([]int32, len(s.by.start)-1)}
	count := int32(0)
	for at := range h.number {
		h.number[at] = -1
		if 3*(s.by.start[at+1]-s.by.start[at]) > s.n {
			h.number[at] = count
			count++
		}
	}
	if count < 4 {
		return nil
	}
	h.width = roundUp(int(count), 8)
	h.rows = make([]float64, s.n*h.width)
	for at, c := range h.number {
		for e := s.by.start[at]; c >= 0 && e < s.by.start[at+1]; e++ {
			h.rows[int(s.by.row[e])*h.width+int(c)] = float64(s.by.val[e])
		}
	}
	return h
}

// sums sets the sums of up to eight rows of x, from row lo on, with all of ref.
func (t *sparseWork) sums(lo, hi int) {
	s, h := t.s, t.s.heavy
	clear(t.panel)
	for i := lo; i < hi; i++ {
		col, val := s.x.row(i)
		for e, j := range col {
			if at := s.by.at(j); at >= 0 && h.number[at] >= 0 {
				t.panel[8*int(h.number[at])+i-lo] = -2 * float64(val[e])
			}
		}
	}
	var d [8]float64
	for j := range s.n {
		vec.Dot8(&d, h.rows[j*h.width:][:h.width], t.panel)
		for r, v := range d {
			t.eight[r][j] = v
		}
	}
}

// A sparseSearch compares sparse rows through the columns they share.
type sparseSearch struct {
	ref, x *sparseRows
	by     *postings // of ref
	n, m   int       // rows of ref, and of x
	d, k   int
	same   bool
	metric Metric

	refLen, xLen []float64   // Σx², Σ|x| or numbers other than zero of each row
	refWide      []vec.Entry // the rows as they are merged
	xWide        []vec.Entry
	most         int           // numbers of the longest row of ref
	heavy        *heavyColumns // may be nil
	exact        bool          // values have no rounding error
	done         []atomic.Bool // lists that are written; nil: nobody looks at them
}

// newSparseSearch returns a search of sparse rows, or nil if the rows are not
// sparse enough for it, or the metric needs dense ones. The sources have been
// scanned.
func newSparseSearch(rows *sparseRows, ref, x *source, k int, same bool, set *Settings) *sparseSearch {
	if set.Method == Descent || set.Method == Gram || set.Metric == Correlation || set.Metric == Chebyshev {
		return nil
	}
	s := &sparseSearch{ref: rows, n: ref.n, m: x.n, d: ref.d, k: k, same: same, metric: set.Metric}
	if float64(len(s.ref.col)) > 0.2*float64(s.n)*float64(s.d) {
		return nil
	}
	if r, ok := x.rows.(*sparseRows); ok {
		s.x = r
	} else if s.x = x.sparseRows(); s.x == nil {
		return nil
	}
	s.by = newPostings(s.ref, s.n, s.d)
	// The products of a row with all others, beside those of dense rows.
	var products float64
	for at := range len(s.by.start) - 1 {
		c := float64(s.by.start[at+1] - s.by.start[at])
		products += c * c
	}
	if products > float64(s.n)*float64(s.n)*float64(s.d)/64 {
		return nil
	}
	if set.MaxMemory > 0 && s.bytes(par.Workers(set.Workers)) > set.MaxMemory {
		return nil
	}
	return s
}

func (s *sparseSearch) bytes(workers int) int64 {
	return int64(len(s.ref.col)+len(s.x.col))*48 + int64(len(s.by.row))*8 + int64(len(s.by.start))*8 +
		int64(workers)*int64(s.n)*72 + 12*int64(s.m)*int64(s.k)
}

// sparseRows returns the rows of a source of other rows without zeros, or nil
// if they cannot be read.
func (s *source) sparseRows() *sparseRows {
	r := &sparseRows{start: make([]int, 1, s.n+1)}
	var t scratch
	for u := range s.n {
		for j, v := range s.row(u, &t) {
			if v != 0 {
				r.col, r.val = append(r.col, int32(j)), append(r.val, v)
			}
		}
		r.start = append(r.start, len(r.col))
	}
	if s.failed.get() != nil {
		return nil
	}
	return r
}

// lengths sets the lengths of rows that the metric needs.
func (s *sparseSearch) lengths(r *sparseRows, n int) []float64 {
	length := make([]float64, n)
	for i := range n {
		_, val := r.row(i)
		for _, v := range val {
			w := float64(v)
			switch s.metric {
			case Manhattan:
				length[i] += math.Abs(w)
			case Hamming, Jaccard:
				length[i]++
			default:
				length[i] += float64(w * w)
			}
		}
	}
	return length
}

// whole reports whether all sums of products of the rows' numbers have no
// rounding error: the numbers are multiples of a power of two, and few and small
// enough.
func (s *sparseSearch) whole() bool {
	low, longest := 1<<10, 0.0
	for _, r := range []*sparseRows{s.ref, s.x} {
		for _, v := range r.val {
			b := math.Float32bits(v)
			e, f := int(b>>23&0xff), b&(1<<23-1)
			if e == 0 {
				e = 1
			} else {
				f |= 1 << 23
			}
			low = min(low, e-150+bits.TrailingZeros32(f))
		}
	}
	for _, l := range [][]float64{s.refLen, s.xLen} {
		for _, v := range l {
			longest = max(longest, v)
		}
	}
	if s.metric == Manhattan {
		return 4*longest*math.Ldexp(1, -low) <= 0x1p53
	}
	return 4*longest*math.Ldexp(1, -2*low) <= 0x1p53
}

// search finds the k nearest rows of ref of each row of x.
func (s *sparseSearch) search(ctx context.Context, workers int) (*Graph, error) {
	s.refLen, s.xLen = s.lengths(s.ref, s.n), nil
	if s.xLen = s.refLen; !s.same {
		s.xLen = s.lengths(s.x, s.m)
	}
	for i := range s.n {
		s.most = max(s.most, s.ref.start[i+1]-s.ref.start[i])
	}
	s.exact = s.metric == Hamming || s.metric == Jaccard || s.whole()
	if !s.exact {
		s.refWide = s.ref.entries()
		if s.xWide = s.refWide; !s.same {
			s.xWide = s.x.entries()
		}
	}
	if s.same && !s.exact && s.metric != Manhattan { // whose values are not squares
		s.done = make([]atomic.Bool, s.m)
	}
	if s.metric == Euclidean || s.metric == Cosine {
		s.heavy = s.newHeavyColumns()
	}
	g := newGraph(s.m, s.k)
	g.Stats.Bytes = s.bytes(par.Workers(workers))
	work := make([]*sparseWork, par.Workers(workers))
	err := par.Blocks(ctx, workers, s.m, 8, func(w, _, lo, hi int) {
		if work[w] == nil {
			work[w] = &sparseWork{s: s, acc: make([]float64, s.n)}
			if s.heavy != nil {
				work[w].panel = make([]float64, 8*s.heavy.width)
				for r := range work[w].eight {
					work[w].eight[r] = make([]float64, s.n)
				}
			}
		}
		if s.heavy != nil {
			work[w].sums(lo, hi)
		}
		for i := lo; i < hi && ctx.Err() == nil; i++ {
			if s.heavy != nil {
				copy(work[w].acc, work[w].eight[i-lo])
			}
			work[w].row(g, i)
		}
	})
	return g, err
}

// sparseWork is what one goroutine needs.
type sparseWork struct {
	s    *sparseSearch
	acc  []float64 // of each row of ref
	near shortlist
	keys []uint64
	todo []int

	eight [8][]float64 // sums of heavy columns of eight rows
	panel []float64    // the numbers of these rows
}

// row searches row i of x.
func (t *sparseWork) row(g *Graph, i int) {
	s, acc := t.s, t.acc
	col, val := s.x.row(i)
	for e, j := range col {
		rows, values := s.by.column(j)
		if s.heavy != nil && len(rows) > 0 && s.heavy.number[s.by.at(j)] >= 0 {
			continue
		}
		values = values[:len(rows)]
		v := float64(val[e])
		switch s.metric {
		case Manhattan:
			size := math.Abs(v)
			for c, r := range rows {
				w := float64(values[c])
				acc[r] += math.Abs(v-w) - size - math.Abs(w)
			}
		case Hamming:
			for c, r := range rows {
				if acc[r]++; values[c] == val[e] {
					acc[r]++
				}
			}
		case Jaccard:
			for _, r := range rows {
				acc[r]++
			}
		default:
			v *= -2
			for c, r := range rows {
				acc[r] += v * float64(values[c])
			}
		}
	}
	// Values in place of the sums.
	size, self := s.xLen[i], -1
	if s.same {
		self = i
	}
	switch s.metric {
	case Hamming:
		d := float64(s.d)
		for j, a := range acc {
			v := (size + s.refLen[j] - a) / d
			acc[j] = v * v
		}
	case Jaccard:
		for j, a := range acc {
			all := size + s.refLen[j] - a
			v := 0.0
			if all > 0 {
				v = (all - a) / all
			}
			acc[j] = v * v
		}
	default:
		t.nearest(g, i, self)
		return
	}
	t.near.reset(s.k, nil)
	t.near.add(acc, 0, self)
	t.near.cut()
	clear(acc)
	g.put(i, t.near.list)
}

// nearest puts the nearest rows of row i into the graph: what the sums propose,
// by the definition.
func (t *sparseWork) nearest(g *Graph, i, self int) {
	s, acc, k := t.s, t.acc, t.s.k
	if k == 0 {
		clear(acc)
		return
	}
	size, lengths := s.xLen[i], s.refLen[:len(acc)]
	// Keys hold the value, the last bits of which make room for the index.
	place := uint64(1)<<bits.Len(uint(s.n)) - 1
	// The error of the sums and of the definition, in units of the lengths.
	slack := float64(s.x.start[i+1]-s.x.start[i]+s.most+16) * 0x1p-48
	if s.exact {
		slack = 0
	}
	keys, full, limit := t.keys[:0], 4*k+64, math.MaxFloat64
	cut := func() {
		if len(keys) <= k {
			return
		}
		vec.SelectKeys(keys, k)
		kth := math.Float64frombits(keys[k-1] | place)
		limit = kth + slack*(size+kth)
		top := math.Float64bits(limit) | place
		n := k
		for _, key := range keys[n:] {
			if key <= top {
				keys[n] = key
				n++
			}
		}
		keys, full = keys[:n], 2*n+2*k+64
	}
	for j, a := range acc {
		v := size + lengths[j] + a
		if v > limit || j == self {
			continue
		}
		if keys = append(keys, math.Float64bits(max(v, 0))&^place|uint64(j)); len(keys) >= full {
			cut()
		}
	}
	cut()
	slices.Sort(keys)
	t.keys = keys
	list := t.near.list[:0]
	for _, key := range keys {
		j := int(key & place)
		list = append(list, pair{max(size+lengths[j]+acc[j], 0), int32(j)})
	}
	t.near.list = list
	clear(acc)
	if !s.exact {
		x := s.x.wide(i, s.xWide)
		todo := t.todo[:0]
		for c, p := range list {
			if d2, ok := s.known(g, i, p, slack*(size+p.d2)); ok {
				list[c].d2 = d2
			} else {
				todo = append(todo, c)
			}
		}
		t.todo = todo
		for ; len(todo) > 0; todo = todo[min(2, len(todo)):] {
			p, q := &list[todo[0]], &list[todo[min(1, len(todo)-1)]]
			y, z := s.ref.wide(int(p.j), s.refWide), s.ref.wide(int(q.j), s.refWide)
			if s.metric == Manhattan {
				p.d2, q.d2 = absolute(x, y), absolute(x, z)
			} else {
				p.d2, q.d2 = vec.MergeSquares(x, y, z)
			}
		}
	}
	if s.metric == Manhattan {
		for c, p := range list {
			list[c].d2 = p.d2 * p.d2
		}
	}
	// They are nearly in order, unless many are equal but for rounding.
	for c := 1; c < min(len(list), 4*k+64); c++ {
		p := list[c]
		e := c
		for ; e > 0 && p.less(list[e-1]); e-- {
			list[e] = list[e-1]
		}
		list[e] = p
	}
	if g.put(i, list); s.done != nil {
		s.done[i].Store(true)
	}
}

// known returns the distance of row i to another from the list of that row, if
// it is there by now. Its value is near p.d2, within the error.
func (s *sparseSearch) known(g *Graph, i int, p pair, within float64) (float64, bool) {
	if s.done == nil || !s.done[p.j].Load() {
		return 0, false
	}
	index, d2 := g.Row(int(p.j))
	if d2[len(d2)-1] < p.d2-within {
		return 0, false // i is not among the nearest
	}
	at, _ := slices.BinarySearch(d2, p.d2-within)
	for ; at < len(d2) && d2[at] <= p.d2+within; at++ {
		if int(index[at]) == i {
			return d2[at], true
		}
	}
	return 0, false
}

// entries returns the rows as package vec merges them; row i begins at place
// start[i] + i.
func (r *sparseRows) entries() []vec.Entry {
	n := len(r.start) - 1
	all := make([]vec.Entry, 0, len(r.col)+n)
	for i := range n {
		col, val := r.row(i)
		for e, j := range col {
			all = append(all, vec.Entry{V: float64(val[e]), Col: j})
		}
		all = append(all, vec.Entry{Col: vec.LastColumn})
	}
	return all
}

// wide returns row i of the entries.
func (r *sparseRows) wide(i int, entries []vec.Entry) []vec.Entry {
	return entries[r.start[i]+i : r.start[i+1]+i+1]
}

// absolute returns the sum of the absolute differences of two rows, in lanes
// as vec.MergeSquares has them.
func absolute(x, y []vec.Entry) float64 {
	var l [8]float64
	for a, b := 0, 0; ; {
		p, q := &x[a], &y[b]
		var v float64
		j := min(p.Col, q.Col)
		if j == vec.LastColumn {
			return ((l[0] + l[4]) + (l[2] + l[6])) + ((l[1] + l[5]) + (l[3] + l[7]))
		}
		if p.Col == j {
			v = p.V
			a++
		}
		if q.Col == j {
			v -= q.V
			b++
		}
		l[j&7] += math.Abs(v)
	}
}
