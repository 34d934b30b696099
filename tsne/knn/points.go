package knn

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/semamap/semamap/internal/vec"
)

// Points is a set of rows of equal length. Every call of Row must give the
// same numbers.
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
	row, err := x.Row(dst[:d:d], i)
	if err != nil {
		if v := (*ValueError)(nil); errors.As(err, &v) {
			return nil, err // it names the row
		}
		return nil, fmt.Errorf("knn: row %d: %w", i, err)
	}
	if len(row) != d {
		return nil, fmt.Errorf("%w: row %d has %d numbers, not %d", ErrPoints, i, len(row), d)
	}
	return row, nil
}

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

// Rows returns the n rows of d numbers stored one after another in x, which
// is kept and not copied. It panics when len(x) != n*d.
func Rows(x []float32, n, d int) Points {
	if n < 0 || d < 0 || d > 0 && n > math.MaxInt/d || len(x) != n*d {
		panic("knn: len(x) != n*d")
	}
	return rows{x, n, d}
}

type rows struct {
	x    []float32
	n, d int
}

func (r rows) Dims() (n, d int)                          { return r.n, r.d }
func (r rows) Row(_ []float32, i int) ([]float32, error) { return r.x[i*r.d:][:r.d:r.d], nil }
func (r rows) Flat() []float32                           { return r.x }

// A Combination is a set of points each of which is a weighted sum of base
// rows: the mean of the rows of some tokens, a bag of words, a mixture of
// topics. [Search] can find its neighbours through the inner products of the
// base rows, without forming the points themselves.
//
// Row i is defined so that it has one value everywhere: its terms are sorted
// by index and equal ones merged; the products of weight and base number are
// added in that order in float64; without weights the sum is divided by the
// number of terms; the result is rounded once to float32.
type Combination struct {
	Base   Points
	Start  []int     // terms of row i are Start[i]:Start[i+1] of Index and Weight
	Index  []int32   // base row of each term
	Weight []float32 // of each term; nil means the mean of the terms
}

// Dims returns the number of rows and the length of a base row.
func (c Combination) Dims() (n, d int) {
	if c.Base != nil {
		_, d = c.Base.Dims()
	}
	return max(0, len(c.Start)-1), d
}

// Row returns row i. It panics on a malformed combination; Search and Query
// report one instead.
func (c Combination) Row(dst []float32, i int) ([]float32, error) {
	_, d := c.Dims()
	if cap(dst) < d {
		dst = make([]float32, d)
	}
	var t scratch
	return dst[:d], c.row(dst[:d], i, &t)
}

// row fills dst with row i.
func (c *Combination) row(dst []float32, i int, t *scratch) error {
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
				return fmt.Errorf("row %d of a Combination: %w", i, err)
			}
		}
		t.rows, t.weight = append(t.rows, x), append(t.weight, e.w)
	}
	vec.WeightedSum(dst, t.rows, t.weight, div)
	return nil
}

// scratch is what one goroutine needs to make rows.
type scratch struct {
	terms  []term
	rows   [][]float32
	weight []float64
	made   []float32
}

// A term is a base row and its weight: a count of equal terms when the
// combination is a mean.
type term struct {
	w float64
	v int32
}

// terms appends the sorted and merged terms of row i to dst. The weights are
// to be divided by div.
func (c *Combination) terms(dst []term, i int) (t []term, div float64) {
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
	if !slices.IsSortedFunc(dst, compareTerms) {
		slices.SortStableFunc(dst, compareTerms)
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
	return dst[:n], div
}

func compareTerms(a, b term) int { return int(a.v) - int(b.v) }

// check reports the first defect of a combination.
func (c *Combination) check() error {
	if c.Base == nil {
		return fmt.Errorf("%w: Combination.Base is nil", ErrPoints)
	}
	if c.Weight != nil && len(c.Weight) != len(c.Index) {
		return fmt.Errorf("%w: Combination has %d terms and %d weights", ErrPoints, len(c.Index), len(c.Weight))
	}
	v, _ := c.Base.Dims()
	for i := 0; i+1 < len(c.Start); i++ {
		lo, hi := c.Start[i], c.Start[i+1]
		if lo < 0 || hi < lo || hi > len(c.Index) {
			return fmt.Errorf("%w: Combination row %d has terms %d:%d of %d", ErrPoints, i, lo, hi, len(c.Index))
		}
		if lo == hi && c.Weight == nil {
			return fmt.Errorf("%w: Combination row %d is a mean of no terms", ErrPoints, i)
		}
		for k := lo; k < hi; k++ {
			if j := int(c.Index[k]); j < 0 || j >= v {
				return fmt.Errorf("%w: Combination row %d names base row %d of %d", ErrPoints, i, j, v)
			}
			if c.Weight != nil && !isFinite(c.Weight[k]) {
				return fmt.Errorf("%w: Combination row %d: weight %v of base row %d", ErrPoints, i, c.Weight[k], c.Index[k])
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
