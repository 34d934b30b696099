package tsne

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/tsne/knn"
)

// Points is a set of n rows of d numbers; see [knn.Points].
type Points = knn.Points

// Rows returns the n rows of d numbers stored one after another in x, which
// is kept and not copied. When len(x) != n·d, or n or d is negative, the
// returned Points make [Embed] and [New] return an error.
func Rows(x []float32, n, d int) Points {
	if n < 0 || d < 0 || d > 0 && n > math.MaxInt/d || len(x) != n*d {
		return badShape{len(x), n, d}
	}
	return knn.Rows(x, n, d)
}

// badShape stands for points whose numbers do not fit their shape.
type badShape struct{ len, n, d int }

func (b badShape) Dims() (n, d int) { return b.n, b.d }
func (b badShape) Row([]float32, int) ([]float32, error) {
	return nil, errors.New("points of a bad shape")
}

// Matrix returns the rows of a matrix, for instance of any gonum mat.Matrix,
// rounded to float32. A number beyond the range of float32 makes [Embed] and
// [New] return a [*ValueError]. At may be called from many goroutines.
func Matrix(m interface {
	Dims() (r, c int)
	At(i, j int) float64
}) Points {
	return matrix{m}
}

type matrix struct {
	m interface {
		Dims() (r, c int)
		At(i, j int) float64
	}
}

func (m matrix) Dims() (n, d int) { return m.m.Dims() }
func (m matrix) Row(dst []float32, i int) ([]float32, error) {
	_, d := m.m.Dims()
	if cap(dst) < d {
		dst = make([]float32, d)
	}
	dst = dst[:d]
	for j := range dst {
		dst[j] = float32(m.m.At(i, j))
	}
	return dst, nil
}

// readRow returns row i of x, which has d columns.
func readRow(x Points, dst []float32, i, d int) ([]float32, error) {
	row, err := x.Row(dst[:d:d], i)
	if err != nil {
		return nil, fmt.Errorf("tsne: row %d: %w", i, err)
	}
	if len(row) != d {
		return nil, fmt.Errorf("tsne: row %d has %d numbers, not %d: %w", i, len(row), d, knn.ErrPoints)
	}
	return row, nil
}

// subset is some of the rows of other points.
type subset struct {
	Points
	index []int32
}

func (s subset) Dims() (n, d int) { _, d = s.Points.Dims(); return len(s.index), d }
func (s subset) Row(dst []float32, i int) ([]float32, error) {
	return s.Points.Row(dst, int(s.index[i]))
}

// checkShape returns the dimensions of x.
func checkShape(x Points) (n, d int, err error) {
	if b, ok := x.(badShape); ok {
		return 0, 0, &SettingError{"points", []int{b.n, b.d}, "numbers do not fit the shape: " + strconv.Itoa(b.len) + " of them"}
	}
	if c := combination(x); c != nil {
		if err := checkCombination(c); err != nil {
			return 0, 0, err
		}
	}
	n, d = x.Dims()
	if n < 0 || d < 0 || n > math.MaxInt32 || d > math.MaxInt32 {
		return 0, 0, &SettingError{"points", []int{n, d}, "a dimension is out of range"}
	}
	return n, d, nil
}

// checkCombination reports the first defect of a combination's terms.
func checkCombination(c *knn.Combination) error {
	bad := func(format string, a ...any) error {
		return fmt.Errorf("tsne: combination: %s: %w", fmt.Sprintf(format, a...), knn.ErrPoints)
	}
	if c.Base == nil {
		return bad("no base")
	}
	if c.Weight != nil && len(c.Weight) != len(c.Index) {
		return bad("%d terms and %d weights", len(c.Index), len(c.Weight))
	}
	rows, _ := c.Base.Dims()
	for i := 0; i+1 < len(c.Start); i++ {
		lo, hi := c.Start[i], c.Start[i+1]
		if lo < 0 || hi < lo || hi > len(c.Index) {
			return bad("row %d has terms %d to %d of %d", i, lo, hi, len(c.Index))
		}
		if lo == hi && c.Weight == nil {
			return bad("row %d is the mean of no terms", i)
		}
		for e := lo; e < hi; e++ {
			if j := int(c.Index[e]); j < 0 || j >= rows {
				return bad("row %d, term %d: base row %d of %d", i, e-lo, j, rows)
			}
			if c.Weight != nil && c.Weight[e]-c.Weight[e] != 0 {
				return bad("row %d, term %d: weight %v", i, e-lo, c.Weight[e])
			}
		}
	}
	return nil
}

// combination returns x as a pointer to a combination, or nil.
func combination(x Points) *knn.Combination {
	switch c := x.(type) {
	case knn.Combination:
		return &c
	case *knn.Combination:
		return c
	}
	return nil
}

// A scan walks the rows of points once: it finds numbers that are not finite
// and hashes each row.
type scan struct {
	x    Points
	d    int
	c    *knn.Combination // not nil: rows are compared by their terms
	pool sync.Pool
}

func newScan(x Points, d int) *scan {
	s := &scan{x: x, d: d, c: combination(x)}
	s.pool.New = func() any { b := make([]float32, d); return &b }
	return s
}

// check returns a ValueError for the first row with a number that is not
// finite.
func (s *scan) check(ctx context.Context, workers, n int) error {
	if s.c != nil {
		if ok, err := s.checkCombination(ctx, workers); ok || err != nil {
			return err
		}
		// Some sum might overflow: look at each.
	}
	return checkFinite(ctx, workers, s.x, n, s.d)
}

func checkFinite(ctx context.Context, workers int, x Points, n, d int) error {
	const size = 64
	bad := make([]error, par.NumBlocks(n, size))
	buf := make([][]float32, par.Workers(workers))
	err := par.Blocks(ctx, workers, n, size, func(w, b, lo, hi int) {
		if buf[w] == nil {
			buf[w] = make([]float32, d)
		}
		for i := lo; i < hi; i++ {
			row, err := readRow(x, buf[w], i, d)
			if err != nil {
				bad[b] = err
				return
			}
			for j, v := range row {
				if v-v != 0 {
					e := &ValueError{i, j, float64(v)}
					if m, ok := x.(matrix); ok {
						e.Value = m.m.At(i, j)
					}
					bad[b] = e
					return
				}
			}
		}
	})
	if err != nil {
		return err
	}
	for _, e := range bad {
		if e != nil {
			return e
		}
	}
	return nil
}

// checkCombination reports whether all rows must be finite.
func (s *scan) checkCombination(ctx context.Context, workers int) (bool, error) {
	n, d := s.c.Base.Dims()
	var most float64
	tops, errs := make([]float64, par.NumBlocks(n, 64)), make([]error, par.NumBlocks(n, 64))
	buf := make([][]float32, par.Workers(workers))
	err := par.Blocks(ctx, workers, n, 64, func(w, b, lo, hi int) {
		if buf[w] == nil {
			buf[w] = make([]float32, d)
		}
		for i := lo; i < hi; i++ {
			row, err := readRow(s.c.Base, buf[w], i, d)
			if err != nil {
				errs[b] = err
				return
			}
			for _, v := range row {
				if a := math.Abs(float64(v)); a <= math.MaxFloat32 {
					tops[b] = max(tops[b], a)
				} else {
					tops[b] = math.Inf(1) // NaN too
				}
			}
		}
	})
	if err != nil {
		return false, err
	}
	for b, t := range tops {
		if errs[b] != nil {
			return false, errs[b]
		}
		most = max(most, t)
	}
	sum := 1.0 // of the weights of a mean
	if s.c.Weight != nil {
		sum = 0
		for i := 0; i+1 < len(s.c.Start); i++ {
			var row float64
			for _, w := range s.c.Weight[s.c.Start[i]:s.c.Start[i+1]] {
				row += math.Abs(float64(w))
			}
			sum = max(sum, row)
		}
	}
	return most*sum < math.MaxFloat32, nil
}

// terms appends the sorted, merged terms of row i of a combination to dst, two
// words each: index and weight. Equal lists are equal rows.
func terms(dst []uint64, c *knn.Combination, i int) []uint64 {
	lo, hi := c.Start[i], c.Start[i+1]
	var room [16]term
	list := room[:0]
	for e := lo; e < hi; e++ {
		w := 1.0
		if c.Weight != nil {
			w = float64(c.Weight[e])
		}
		list = append(list, term{c.Index[e], w})
	}
	slices.SortStableFunc(list, func(a, b term) int { return int(a.row) - int(b.row) })
	n, g := 0, 0
	for _, t := range list {
		if n > 0 && list[n-1].row == t.row {
			list[n-1].w += t.w
		} else {
			list[n] = t
			n++
		}
	}
	list = list[:n]
	div := 1.0
	if c.Weight == nil { // the mean of (a, a, b, b) is that of (a, b)
		for _, t := range list {
			g = gcd(g, int(t.w))
		}
		div = float64(max(g, 1))
	}
	for _, t := range list {
		if t.w != 0 {
			dst = append(dst, uint64(t.row), math.Float64bits(t.w/div))
		}
	}
	return dst
}

type term struct {
	row int32
	w   float64
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func (s *scan) hash(i int) (uint64, error) {
	h := uint64(0x243f6a8885a308d3)
	if s.c != nil {
		var room [32]uint64
		for _, t := range terms(room[:0], s.c, i) {
			h = (h ^ t) * 0x9e3779b97f4a7c15
			h ^= h >> 29
		}
		return mix(h), nil
	}
	b := s.pool.Get().(*[]float32)
	row, err := readRow(s.x, *b, i, s.d)
	for _, v := range row {
		h = (h ^ uint64(math.Float32bits(v+0))) * 0x9e3779b97f4a7c15 // −0 + 0 = +0
		h ^= h >> 32
	}
	s.pool.Put(b)
	return mix(h), err
}

func (s *scan) equal(i, j int) (bool, error) {
	if s.c != nil {
		var a, b [32]uint64
		return slices.Equal(terms(a[:0], s.c, i), terms(b[:0], s.c, j)), nil
	}
	a, b := s.pool.Get().(*[]float32), s.pool.Get().(*[]float32)
	defer s.pool.Put(a)
	defer s.pool.Put(b)
	x, err := readRow(s.x, *a, i, s.d)
	if err != nil {
		return false, err
	}
	y, err := readRow(s.x, *b, j, s.d)
	return slices.Equal(x, y), err
}

// merge finds equal rows: of[i] is the number of row i among the distinct
// rows, which are numbered in the order of their first copies, first. Rows
// with different flags are not merged.
func (s *scan) merge(ctx context.Context, workers, n int, flags []bool) (of, first []int32, err error) {
	hash := make([]uint64, n)
	errs := make([]error, par.NumBlocks(n, 256))
	err = par.Blocks(ctx, workers, n, 256, func(_, b, lo, hi int) {
		for i := lo; i < hi; i++ {
			if hash[i], errs[b] = s.hash(i); errs[b] != nil {
				return
			}
			if flags != nil && flags[i] {
				hash[i] = mix(hash[i])
			}
		}
	})
	for _, e := range errs {
		err = cmp.Or(err, e)
	}
	if err != nil {
		return nil, nil, err
	}
	of = make([]int32, n)
	last := make(map[uint64]int32, n) // from a hash to the latest distinct row with it
	var before []int32                // the distinct row before with the same hash, or −1
	for i := range n {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		u, seen := last[hash[i]]
		if !seen {
			u = -1
		}
		head := u
		for u >= 0 {
			f := int(first[u])
			if flags == nil || flags[f] == flags[i] {
				same, err := s.equal(f, i)
				if err != nil {
					return nil, nil, err
				}
				if same {
					break
				}
			}
			u = before[u]
		}
		if u < 0 {
			u = int32(len(first))
			first = append(first, int32(i))
			before = append(before, head)
			last[hash[i]] = u
		}
		of[i] = u
	}
	return of, first, nil
}

// pick returns the listed rows of x; a combination stays one.
func pick(x Points, rows []int32) Points {
	c := combination(x)
	if c == nil {
		return subset{x, rows}
	}
	p := knn.Combination{Base: c.Base, Start: make([]int, 1, len(rows)+1)}
	for _, i := range rows {
		lo, hi := c.Start[i], c.Start[i+1]
		p.Index = append(p.Index, c.Index[lo:hi]...)
		if c.Weight != nil {
			p.Weight = append(p.Weight, c.Weight[lo:hi]...)
		}
		p.Start = append(p.Start, len(p.Index))
	}
	return p
}
