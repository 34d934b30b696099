package knn

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"sync"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
	"github.com/semamap/semamap/tsne/internal/share"
)

// Points is a set of rows of equal length. Row must return the same numbers
// each time it is called for the same row.
type Points interface {
	// Dims returns the number of rows and their length.
	Dims() (rows, cols int)
	// Row returns row i. It may store it in dst[:cols] if dst has room, or
	// return memory of its own that the caller must not change. Row must be
	// safe for concurrent use.
	Row(dst []float32, i int) ([]float32, error)
}

// readRow returns row i of x, which has d columns.
func readRow(x Points, dst []float32, i, d int) ([]float32, error) {
	if cap(dst) < d {
		dst = make([]float32, d)
	}
	row, err := x.Row(dst[:d:d], i)
	if err != nil {
		if _, ok := err.(*ValueError); !ok { // which names the row
			err = &rowError{i, err}
		}
		return nil, err
	}
	if len(row) != d {
		return nil, share.Errorf("%w: row %d has %d numbers, not %d", ErrPoints, i, len(row), d)
	}
	return row, nil
}

// A rowError says which row could not be read.
type rowError struct {
	row int
	err error
}

func (e *rowError) Error() string { return fmt.Sprintf("knn: row %d: %v", e.row, e.err) }
func (e *rowError) Unwrap() error { return e.err }
func (e *rowError) Row() int      { return e.row }

// flatOf returns the rows of x one after another, if x holds them so.
func flatOf(x Points) ([]float32, bool) {
	f, ok := x.(interface{ Flat() []float32 })
	if !ok {
		return nil, false
	}
	n, d := x.Dims()
	flat := f.Flat()
	return flat, flat != nil && len(flat) == n*d
}

// Combine returns points that are weighted sums of base rows, such as means of
// token rows, bags of words or mixtures of topics. Point i is the sum of
// weight[e] times base row index[e] for e from start[i] to start[i+1]−1. If
// weight is nil, it is the mean of these base rows. Combine keeps the slices.
// [Search] can find neighbors through the inner products of the base rows,
// without forming the points.
//
// A point has the same bits on every machine: its terms are sorted by index
// and equal indices merged; the products are summed in that order in float64;
// without weights the sum is divided by the number of terms; the result is
// rounded once to float32.
func Combine(base Points, start []int, index []int32, weight []float32) Points {
	c := combination{Base: base, Start: start, Index: index, Weight: weight}
	c.err = c.Check()
	return c
}

// combination is what Combine returns; the fields are its arguments.
type combination struct {
	Base   Points
	Start  []int
	Index  []int32
	Weight []float32

	err     error
	reduced bool // terms are in lowest terms: (a, a, b, b) as (a, b), and none is zero
}

func (c combination) Dims() (n, d int) {
	if !share.Nil(c.Base) {
		_, d = c.Base.Dims()
	}
	return max(0, len(c.Start)-1), d
}

// Terms returns the arguments of Combine.
func (c combination) Terms() (base Points, start []int, index []int32, weight []float32) {
	return c.Base, c.Start, c.Index, c.Weight
}

// termsOf returns arguments with which Combine makes the given rows.
func (c combination) termsOf(rows []int32) (base Points, start []int, index []int32, weight []float32) {
	start = make([]int, 1, len(rows)+1)
	for _, i := range rows {
		lo, hi := c.Start[i], c.Start[i+1]
		index = append(index, c.Index[lo:hi]...)
		if c.Weight != nil {
			weight = append(weight, c.Weight[lo:hi]...)
		}
		start = append(start, len(index))
	}
	return c.Base, start, index, weight
}

func (c combination) Row(dst []float32, i int) ([]float32, error) {
	if c.err != nil {
		return nil, c.err
	}
	_, d := c.Dims()
	dst = slices.Grow(dst[:0], d)[:d]
	var t scratch
	return dst, c.row(dst, i, &t)
}

// row fills dst with row i.
func (c combination) row(dst []float32, i int, t *scratch) error {
	d := len(dst)
	terms, div := c.terms(t.terms[:0], i)
	t.terms, t.rows, t.weight = terms, t.rows[:0], t.weight[:0]
	flat, ok := flatOf(c.Base)
	if !ok && len(t.made) < len(terms)*d {
		t.made = make([]float32, len(terms)*d)
	}
	for k, e := range terms {
		var x []float32
		if ok {
			x = flat[int(e.v)*d:][:d]
		} else {
			var err error
			if x, err = readRow(c.Base, t.made[k*d:][:d], int(e.v), d); err != nil {
				return share.Errorf("knn: row %d: base %w", i, err)
			}
		}
		t.rows, t.weight = append(t.rows, x), append(t.weight, e.w)
	}
	vec.WeightedSum(dst, t.rows, t.weight, div)
	return nil
}

// lowest returns the combination with its terms in lowest terms.
func (c combination) lowest() summed {
	c.reduced = true
	return c
}

func (c combination) equal(i, j int) bool {
	a, da := c.terms(nil, i)
	b, db := c.terms(nil, j)
	return da == db && slices.Equal(a, b)
}

// scan is the scan of s, whose points c are: it looks at the base rows and forms
// only those rows that may not be finite. Rows are equal when their terms are.
func (c combination) scan(ctx context.Context, s *source, workers int) ([]uint64, error) {
	base, err := newSource(c.Base, Euclidean)
	if err != nil {
		return nil, err
	}
	// largest[v] is the largest magnitude in base row v, not finite when the row
	// is not, and 0 for rows that are not used.
	largest := make([]float64, base.n)
	for i := range s.n {
		o := s.orig(i)
		for _, v := range c.Index[c.Start[o]:c.Start[o+1]] {
			largest[v] = 1
		}
	}
	tmp := make([]scratch, par.Workers(workers))
	err = par.Blocks(ctx, len(tmp), base.n, 16, func(w, _, lo, hi int) {
		for v := lo; v < hi; v++ {
			if largest[v] == 0 {
				continue
			}
			var most float32
			for _, x := range base.row(v, &tmp[w]) {
				most = max(most, x, -x)
			}
			largest[v] = float64(most)
		}
	})
	if err = cmp.Or(err, base.failed.get()); err != nil {
		return nil, err
	}
	hash := make([]uint64, s.n)
	raw := *s
	raw.metric = Euclidean
	err = par.Try(ctx, len(tmp), s.n, 64, func(w, _, lo, hi int) error {
		t := &tmp[w]
		for i := lo; i < hi; i++ {
			terms, div := c.terms(t.terms[:0], s.orig(i))
			t.terms = terms
			h := math.Float64bits(div)
			var most float64
			for _, e := range terms {
				h = bits.RotateLeft64(h^math.Float64bits(e.w), 29) * 0xbf58476d1ce4e5b9
				h = bits.RotateLeft64(h^uint64(e.v), 31) * 0x94d049bb133111eb
				most += math.Abs(e.w) * largest[e.v]
			}
			hash[i] = h ^ h>>31
			if most/div <= math.MaxFloat32*0.999 { // refuses NaN too
				continue
			}
			x := raw.row(i, t)
			if _, bad := hashRow(x); bad >= 0 {
				return &ValueError{s.orig(i), bad, float64(x[bad])}
			}
		}
		return nil
	})
	return hash, cmp.Or(err, s.failed.get())
}

// scratch is what one goroutine needs to make rows.
type scratch struct {
	terms  []term
	rows   [][]float32
	weight []float64
	made   []float32
	row    []float32 // see source.row
}

// A term is a base row and its weight: a count of equal terms when the
// combination is a mean.
type term struct {
	w float64
	v int32
}

// terms appends the sorted and merged terms of row i to dst. The weights are
// to be divided by div.
func (c combination) terms(dst []term, i int) (t []term, div float64) {
	lo, hi := c.Start[i], c.Start[i+1]
	div = 1
	for k := lo; k < hi; k++ {
		w := 1.0
		if c.Weight != nil {
			w = float64(c.Weight[k])
		}
		dst = append(dst, term{w, c.Index[k]})
	}
	if c.Weight == nil {
		div = float64(hi - lo)
	}
	for k := 1; k < len(dst); k++ {
		if dst[k].v < dst[k-1].v {
			sortTerms(dst)
			break
		}
	}
	n := 0
	for _, e := range dst {
		if n > 0 && dst[n-1].v == e.v {
			dst[n-1].w += e.w
		} else {
			dst[n] = e
			n++
		}
	}
	dst = dst[:n]
	if c.reduced {
		g := 0
		for _, e := range dst {
			for a := int(e.w); c.Weight == nil && a != 0; {
				g, a = a, g%a
			}
		}
		if c.Weight == nil {
			for k := range dst {
				dst[k].w /= float64(g)
			}
			div /= float64(g)
		}
		n = 0
		for _, e := range dst {
			if e.w != 0 {
				dst[n] = e
				n++
			}
		}
		dst = dst[:n]
	}
	return dst, div
}

// sortTerms orders terms by base row; those of one row stay in their order.
func sortTerms(t []term) {
	var keys [64]uint64
	var terms [64]term
	order, old := keys[:0], append(terms[:0], t...)
	for k, e := range t {
		order = append(order, uint64(e.v)<<32|uint64(k))
	}
	slices.Sort(order)
	for k, o := range order {
		t[k] = old[uint32(o)]
	}
}

// Check reports the first defect of a combination.
func (c combination) Check() error {
	if share.Nil(c.Base) {
		return share.Errorf("%w: no base rows", ErrPoints)
	}
	if c.Weight != nil && len(c.Weight) != len(c.Index) {
		return share.Errorf("%w: %d weights for %d terms", ErrPoints, len(c.Weight), len(c.Index))
	}
	v, _ := c.Base.Dims()
	if err := checkTerms(c.Start, c.Index, v); err != nil {
		return err
	}
	for i := 0; i+1 < len(c.Start); i++ {
		lo, hi := c.Start[i], c.Start[i+1]
		if lo == hi && c.Weight == nil {
			return share.Errorf("%w: row %d is a mean of no terms", ErrPoints, i)
		}
		for k := lo; k < hi && c.Weight != nil; k++ {
			if !isFinite(c.Weight[k]) {
				return share.Errorf("%w: row %d, term %d: weight %v", ErrPoints, i, k-lo, c.Weight[k])
			}
		}
	}
	return check(c.Base)
}

// checkTerms reports the first defect of sparse rows with columns below cols.
func checkTerms(start []int, index []int32, cols int) error {
	for i := 0; i+1 < len(start); i++ {
		lo, hi := start[i], start[i+1]
		if lo < 0 || hi < lo || hi > len(index) {
			return share.Errorf("%w: row %d has terms %d to %d of %d", ErrPoints, i, lo, hi, len(index))
		}
		for k, j := range index[lo:hi] {
			if j < 0 || int(j) >= cols {
				return share.Errorf("%w: row %d, term %d: index %d of %d", ErrPoints, i, k, j, cols)
			}
		}
	}
	return nil
}

func isFinite(v float32) bool { return v-v == 0 }

// firstError keeps the error of the lowest row, whichever goroutine is first.
type firstError struct {
	mu  sync.Mutex
	row int
	err error
}

func (f *firstError) set(row int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil || row < f.row {
		f.row, f.err = row, err
	}
}

func (f *firstError) get() error {
	if f == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}
