package knn

import (
	"cmp"
	"context"
	"math"
	"math/bits"
	"slices"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/tsne/internal/share"
)

// A source is a checked set of points with the metric applied: plain
// Euclidean distances of its rows are what is searched.
type source struct {
	n, d int
	flat []float32 // all rows, or nil: then fetch makes them
	ids  []int32   // when not nil, row u of the source is row ids[u] of flat

	points Points
	comb   summed    // points, when they come from Combine
	rows   sparseSet // of sparse points, once they are scanned
	metric Metric
	failed *firstError // of fetch
}

// Summed points are sums of base rows; see [Combine], which alone makes them.
// They are reached by this interface so that a program which does not use
// Combine does not hold the search through the base rows.
type summed interface {
	row(dst []float32, i int, t *scratch) error
	equal(i, j int) bool
	scan(ctx context.Context, s *source, workers int) ([]uint64, error)
	lowest() summed
	planGram(s *source, k int, set *Settings, used int64) (planned, error)
}

// A planned search is ready to run.
type planned interface {
	search(ctx context.Context, k int, set *Settings) (*Graph, error)
}

// newSource checks the shape of x. Finite values are checked by scan.
func newSource(x Points, metric Metric) (*source, error) {
	if share.Nil(x) {
		return nil, errNoPoints
	}
	if err := check(x); err != nil {
		return nil, err
	}
	s := &source{metric: metric, failed: new(firstError)}
	s.n, s.d = x.Dims()
	if t, ok := x.(*selection); ok {
		x, s.ids = t.x, t.ids
	}
	if w, ok := x.(interface{ applied() Metric }); ok && w.applied() == metric {
		s.metric = Euclidean // its rows have the metric applied
	}
	s.points = x
	switch t := x.(type) {
	case summed:
		s.comb = t
	case distancePoints:
		if metric != Euclidean {
			return nil, &SettingError{"Metric", metric, "does not work with Distances"}
		}
	}
	if s.n < 0 || s.d < 0 || s.n > math.MaxInt32 || s.d > math.MaxInt32 || s.d > 0 && s.n > math.MaxInt/8/s.d {
		return nil, share.Errorf("%w: %d rows of %d", ErrPoints, s.n, s.d)
	}
	if flat, ok := flatOf(x); ok && !metric.scales() {
		s.flat = flat
	}
	return s, nil
}

// openSource is newSource of points, which it reads if they are read fast at
// once.
func openSource(ctx context.Context, x Points, set *Settings) (*source, error) {
	s, err := newSource(x, set.Metric)
	if err != nil || set.MaxMemory > 0 {
		return s, err
	}
	if flat, ok, err := share.ReadAll(ctx, x); err != nil {
		return nil, share.Errorf("knn: %w", err)
	} else if ok {
		return newSource(Rows(flat, s.n, s.d), set.Metric)
	}
	return s, nil
}

func (s *source) orig(u int) int {
	if s.ids != nil {
		return int(s.ids[u])
	}
	return u
}

// fetch makes row u of the source in dst. A row that cannot be read becomes
// zero and is reported by s.failed, which view and the end of a search look at.
func (s *source) fetch(dst []float32, u int, t *scratch) {
	i := s.orig(u)
	dst = dst[:s.d]
	if s.flat != nil {
		copy(dst, s.flat[i*s.d:])
		return
	}
	var err error
	if s.comb != nil {
		err = s.comb.row(dst, i, t)
	} else {
		var x []float32
		x, err = readRow(s.points, dst, i, s.d)
		copy(dst, x)
	}
	if err != nil {
		clear(dst)
		s.failed.set(i, err)
		return
	}
	normalize(dst, s.metric)
}

// row returns row u of the source; t holds it if the source does not.
func (s *source) row(u int, t *scratch) []float32 {
	if s.flat != nil {
		return s.flat[s.orig(u)*s.d:][:s.d:s.d]
	}
	if t.row == nil {
		t.row = make([]float32, s.d)
	}
	s.fetch(t.row, u, t)
	return t.row
}

// normalize applies a metric to a row in place. Every operation is a single
// one in float64, so the row has the same bits everywhere.
func normalize(x []float32, m Metric) {
	if !m.scales() {
		return
	}
	var mean float64
	if m == Correlation {
		for _, v := range x {
			mean += float64(v)
		}
		mean /= float64(len(x))
	}
	var sq float64
	for _, v := range x {
		t := float64(v) - mean
		sq += float64(t * t)
	}
	if !(sq > 0) { // zero, or a row that is not finite and will be refused
		if sq == 0 {
			clear(x)
		}
		return
	}
	norm := math.Sqrt(sq)
	for c, v := range x {
		x[c] = float32((float64(v) - mean) / norm)
	}
}

// A view gives the rows [lo, hi) of a source as slices.
type view struct {
	x      []float32
	ids    []int32
	d      int
	lo, hi int
}

//go:noinline
func (v *view) row(u int) []float32 { return v.x[v.place(u)*v.d:][:v.d:v.d] }

// place tells which row of x row u is.
func (v *view) place(u int) int {
	if v.ids != nil {
		return int(v.ids[u])
	}
	return u - v.lo
}

// view returns rows [lo, hi); they are made in buf, of (hi-lo)·d, when the
// source does not hold its rows.
func (s *source) view(ctx context.Context, workers, lo, hi int, buf []float32) (view, error) {
	if s.flat != nil {
		if s.ids != nil {
			return view{s.flat, s.ids, s.d, lo, hi}, nil
		}
		return view{s.flat[lo*s.d : hi*s.d], nil, s.d, lo, hi}, nil
	}
	tmp := make([]scratch, par.Workers(workers))
	err := par.Blocks(ctx, len(tmp), hi-lo, 16, func(w, _, a, b int) {
		for i := a; i < b; i++ {
			s.fetch(buf[i*s.d:(i+1)*s.d], lo+i, &tmp[w])
		}
	})
	if err == nil {
		err = s.failed.get()
	}
	return view{buf[:(hi-lo)*s.d], nil, s.d, lo, hi}, err
}

// all returns all rows, in memory of their own where the source does not hold
// them.
func (s *source) all(ctx context.Context, workers int) (view, error) {
	var made []float32
	if s.flat == nil {
		made = make([]float32, s.n*s.d)
	}
	return s.view(ctx, workers, 0, s.n, made)
}

// made returns a source that holds its rows.
func (s *source) made(ctx context.Context, workers int) (*source, error) {
	if s.flat != nil || s.n == 0 {
		return s, nil
	}
	v, err := s.all(ctx, workers)
	return &source{n: s.n, d: s.d, flat: v.x}, err
}

// scan refuses rows with a number that is not finite and finds equal rows. It
// returns the hash of every row.
func (s *source) scan(ctx context.Context, workers int) ([]uint64, error) {
	if s.comb != nil {
		return s.comb.scan(ctx, s, workers)
	}
	switch x := s.points.(type) {
	case sparser:
		if s.metric != Correlation { // which makes no zeros
			return x.scan(ctx, s)
		}
	case distancePoints:
		return x.scan(ctx, workers)
	}
	hash := make([]uint64, s.n)
	tmp := make([]scratch, par.Workers(workers))
	raw := *s
	raw.metric = Euclidean // errors show the caller's numbers
	raw.flat, _ = flatOf(s.points)
	err := par.Try(ctx, len(tmp), s.n, 16, func(w, _, lo, hi int) error {
		t := &tmp[w]
		for i := lo; i < hi; i++ {
			x := raw.row(i, t)
			h, bad := hashRow(x)
			if bad >= 0 {
				return &ValueError{s.orig(i), bad, float64(x[bad])}
			}
			if s.metric.scales() { // rows may become equal
				t.row = append(t.row[:0], x...)
				normalize(t.row, s.metric)
				h, _ = hashRow(t.row)
			}
			hash[i] = h
		}
		return nil
	})
	return hash, cmp.Or(err, s.failed.get())
}

// hashRow returns a hash that is the same for +0 and -0, and the first column
// that is not finite, or -1.
func hashRow(x []float32) (h uint64, bad int) {
	var odd float32
	a, b := uint64(0x9e3779b97f4a7c15), uint64(0xd1342543de82ef95)
	i := 0
	for ; i+4 <= len(x); i += 4 {
		v := x[i : i+4 : i+4]
		odd += (v[0] - v[0]) + (v[1] - v[1]) + (v[2] - v[2]) + (v[3] - v[3])
		p := uint64(math.Float32bits(v[0]+0)) | uint64(math.Float32bits(v[1]+0))<<32
		q := uint64(math.Float32bits(v[2]+0)) | uint64(math.Float32bits(v[3]+0))<<32
		a = bits.RotateLeft64(a^p, 29) * 0xbf58476d1ce4e5b9
		b = bits.RotateLeft64(b^q, 31) * 0x94d049bb133111eb
	}
	for ; i < len(x); i++ {
		odd += x[i] - x[i]
		a = bits.RotateLeft64(a^uint64(math.Float32bits(x[i]+0)), 29) * 0xbf58476d1ce4e5b9
	}
	if odd != 0 || odd != odd {
		for c, v := range x {
			if !isFinite(v) {
				return 0, c
			}
		}
	}
	h = a ^ bits.RotateLeft64(b, 17)
	h ^= h >> 31
	return h * 0x9e3779b97f4a7c15, -1
}

// A merging says which rows of a source are equal. Row i is a copy of distinct
// row of[i]; the copies of distinct row u are member[start[u]:start[u+1]],
// ascending, and distinct rows are in the order of their first copies.
type merging struct {
	of, start, member []int32
}

// sparse returns a search of x among sparse rows; nil if s has none, or dense
// rows are searched sooner.
func (s *source) sparse(x *source, k int, same bool, set *Settings) finder {
	if s.rows == nil {
		return nil
	}
	return s.rows.plan(s, x, k, same, set)
}

// merge finds equal rows. It returns nil when there are none.
func (s *source) merge(ctx context.Context, hash []uint64) (*merging, error) {
	n := len(hash)
	first := make([]int32, n) // first equal row
	distinct := n
	// An open hash table of first rows, by place + 1.
	size := 1 << bits.Len(uint(2*n))
	table := make([]int32, size)
	var a, b scratch
	for i, h := range hash {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		first[i] = int32(i)
		for at := int(h & uint64(size-1)); ; at = (at + 1) & (size - 1) {
			j := int(table[at]) - 1
			if j < 0 {
				table[at] = int32(i + 1)
				break
			}
			if hash[j] != h {
				continue
			}
			if s.equal(i, j, &a, &b) {
				first[i] = int32(j)
				distinct--
				break
			}
		}
	}
	if err := s.failed.get(); err != nil || distinct == n {
		return nil, err
	}
	m := &merging{of: make([]int32, n), start: make([]int32, distinct+1), member: make([]int32, n)}
	u := int32(0)
	for i, f := range first {
		if int(f) == i {
			m.of[i] = u
			u++
		} else {
			m.of[i] = m.of[f]
		}
	}
	for _, u := range m.of {
		m.start[u+1]++
	}
	for u := range distinct {
		m.start[u+1] += m.start[u]
	}
	next := slices.Clone(m.start[:distinct])
	for i, u := range m.of {
		m.member[next[u]] = int32(i)
		next[u]++
	}
	return m, nil
}

func (m *merging) copies(u int) []int32 { return m.member[m.start[u]:m.start[u+1]] }

// first returns the first row of each kind.
func (m *merging) first() []int32 {
	first := make([]int32, len(m.start)-1)
	for u := range first {
		first[u] = m.member[m.start[u]]
	}
	return first
}

func (s *source) equal(i, j int, ti, tj *scratch) bool {
	if s.comb != nil {
		return s.comb.equal(s.orig(i), s.orig(j))
	}
	if s.rows != nil {
		return s.rows.equal(i, j)
	}
	if x, ok := s.points.(distancePoints); ok {
		return x.equal(i, j)
	}
	return slices.Equal(s.row(i, ti), s.row(j, tj))
}

// pick returns the source of some rows.
func (s *source) pick(rows []int32) *source {
	u := *s
	u.n, u.ids = len(rows), make([]int32, len(rows))
	for p, i := range rows {
		u.ids[p] = int32(s.orig(int(i)))
	}
	if s.rows != nil {
		u.rows = s.rows.some(rows)
	}
	return &u
}

// distinct returns the source of the distinct rows.
func (s *source) distinct(m *merging) *source {
	if m == nil {
		return s
	}
	return s.pick(m.first())
}
