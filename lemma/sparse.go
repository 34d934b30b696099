package lemma

import (
	"context"
	"fmt"
	"slices"
)

// A CSR holds the weights of tokens in words, a sparse matrix in compressed
// rows: row i has the columns Index[Start[i]:Start[i+1]], ascending and each
// once, with the weights at the same places of Weight. Column c stands for
// the row IDs[c] of a map.
type CSR struct {
	Start  []int
	Index  []int32
	Weight []float32
	IDs    []int32 // ascending, only those in use
	Report Report
}

// Weights returns the pooling of the words as weights of the rows of any map:
// with the rows Base = IDs of a map, row i of Matrix is the sum over its
// columns of Weight times row, but for rounding. Max has no such form.
func (a *Averager) Weights(ctx context.Context, lemmas []string) (*CSR, error) {
	if a.Pool == Max {
		return nil, fmt.Errorf("%w: Pool Max is no weighted sum", ErrSettings)
	}
	t, err := a.tokenize(ctx, lemmas)
	if err != nil {
		return nil, err
	}
	c := &CSR{Start: make([]int, len(lemmas)+1), Report: t.rep}
	c.IDs = slices.Clone(t.ids)
	slices.Sort(c.IDs)
	c.IDs = slices.Clip(slices.Compact(c.IDs))
	if len(c.IDs) == 0 {
		return c, nil
	}
	c.Index = make([]int32, 0, len(t.ids))
	c.Weight = make([]float32, 0, len(t.ids))
	var buf []float64
	for i := range lemmas {
		ids := t.ids[t.start[i]:t.start[i+1]]
		slices.Sort(ids)
		w, total := a.weights(buf, ids)
		if w != nil {
			buf = w
		}
		for j := 0; j < len(ids); {
			k := j
			sum := 0.0
			for ; k < len(ids) && ids[k] == ids[j]; k++ {
				if w == nil {
					sum++
				} else {
					sum += w[k]
				}
			}
			column, _ := slices.BinarySearch(c.IDs, ids[j])
			c.Index = append(c.Index, int32(column))
			c.Weight = append(c.Weight, float32(sum/total))
			j = k
		}
		c.Start[i+1] = len(c.Index)
	}
	return c, nil
}

// Base stores the rows of a map that stand for the columns, len(IDs) rows,
// one after another.
func (c *CSR) Base(ctx context.Context, src Rows) ([]float32, error) {
	rows, units := src.Dims()
	if err := inRange(c.IDs, rows); err != nil {
		return nil, err
	}
	dst := make([]float32, len(c.IDs)*units)
	return dst, (&Averager{}).gatherAll(ctx, dst, src, c.IDs, units)
}
