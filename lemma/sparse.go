package lemma

import (
	"context"
	"fmt"
	"slices"
)

// A CSR is a sparse matrix of weights, words × rows in use, in compressed
// sparse row form: the terms of word i are elements Start[i] to Start[i+1]−1 of
// Index and Weight, by ascending Index. Column c stands for row IDs[c] of the
// source.
//
// Package tsne/knn searches neighbors among the words without forming their
// rows: base, err := c.Base(ctx, nil, src), then
// knn.Combine(base, c.Start, c.Index, c.Weight).
type CSR struct {
	Start  []int
	Index  []int32
	Weight []float32
	IDs    []int32 // rows in use, ascending
}

// Weights returns the weights by which the words pool rows. They fit any source
// of rows: row i of [Averager.Matrix] is, except for rounding, the sum of weight
// times row over the terms of word i. PoolMax is not a weighted sum; it fails
// with ErrSettings.
func (a *Averager) Weights(ctx context.Context, words []string) (*CSR, error) {
	if a.Pool == PoolMax {
		return nil, fmt.Errorf("%w: PoolMax is not a weighted sum", ErrSettings)
	}
	t, err := a.tokenize(ctx, words)
	if err != nil {
		return nil, err
	}
	c := &CSR{Start: make([]int, len(words)+1), IDs: slices.Clone(t.ids)}
	slices.Sort(c.IDs)
	c.IDs = slices.Clip(slices.Compact(c.IDs))
	c.Index = make([]int32, 0, len(t.ids))
	c.Weight = make([]float32, 0, len(t.ids))
	var buf []float64
	for i := range words {
		ids := t.of(i)
		slices.Sort(ids)
		w, total := a.weights(buf, ids)
		buf = w
		for j := 0; j < len(ids); {
			sum := 0.0
			k := j
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

// Base returns the rows IDs of src, one per column. It stores them in dst if
// cap(dst) suffices; dst may be nil. The result also has the method
// Flat() []float32.
func (c *CSR) Base(ctx context.Context, dst []float32, src Rows) (Rows, error) {
	rows, cols := src.Dims()
	if err := inRange(c.IDs, rows); err != nil {
		return nil, err
	}
	m := newMatrix(dst, len(c.IDs), cols)
	if err := m.gather(ctx, 0, src, c.IDs); err != nil {
		return nil, err
	}
	return m, nil
}
