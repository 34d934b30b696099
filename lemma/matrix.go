package lemma

import (
	"context"
	"slices"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

// scratchFloats bounds the memory for rows that are read at a time. Its size
// never changes a result.
var scratchFloats = 64 << 20

// Matrix returns one row per word, pooled from the rows of src. It stores them
// in dst if cap(dst) suffices; dst may be nil. The result also has the method
// Flat() []float32.
//
// Each row of src is read once, or a few times if the rows in use take more
// than 256 MiB. The bits of the result do not depend on Workers. Errors name
// the word or the row.
func (a *Averager) Matrix(ctx context.Context, dst []float32, src Rows, words []string) (Rows, error) {
	t, err := a.tokenize(ctx, words)
	if err != nil {
		return nil, err
	}
	rows, cols := src.Dims()
	highest := int32(-1)
	for i := range words {
		if err := inRange(t.of(i), rows); err != nil {
			return nil, wordError(words, i, err)
		}
		highest = max(highest, slices.Max(t.of(i)))
	}
	m := newMatrix(dst, len(words), cols)
	if f, ok := src.(flat); ok {
		if x := f.Flat(); len(x) == rows*cols {
			if err := a.pool(ctx, m, 0, len(words), t, x, nil); err != nil {
				return nil, err
			}
			return m, nil
		}
	}
	place := make([]int32, highest+1) // of a row in base, from 1
	base := &matrix{cols: cols}
	var used []int32
	for lo := 0; lo < len(words); {
		// Take as many words as the rows of which fit.
		used = used[:0]
		hi := lo
		for ; hi < len(words); hi++ {
			mark := len(used)
			for _, id := range t.of(hi) {
				if place[id] == 0 {
					place[id] = 1
					used = append(used, id)
				}
			}
			if hi > lo && len(used)*cols > scratchFloats {
				for _, id := range used[mark:] {
					place[id] = 0
				}
				used = used[:mark]
				break
			}
		}
		slices.Sort(used)
		for i, id := range used {
			place[id] = int32(i + 1)
		}
		base = newMatrix(base.x, len(used), cols)
		if err := base.gather(ctx, a.Workers, src, used); err != nil {
			return nil, err
		}
		if err := a.pool(ctx, m, lo, hi, t, base.x, place); err != nil {
			return nil, err
		}
		for _, id := range used {
			place[id] = 0
		}
		lo = hi
	}
	return m, nil
}

// pool fills rows lo to hi of m. Row id of src is row place[id]-1 of base, or
// row id if place is nil.
func (a *Averager) pool(ctx context.Context, m *matrix, lo, hi int, t *ragged, base []float32, place []int32) error {
	return par.Blocks(ctx, a.Workers, hi-lo, 32, func(_, _, from, to int) {
		var at []int32
		var buf []float64
		for i := lo + from; i < lo+to; i++ {
			at = append(at[:0], t.of(i)...)
			w, total := a.weights(buf, at)
			buf = w
			if place != nil {
				for k, id := range at {
					at[k] = place[id] - 1
				}
			}
			dst := m.row(i)
			n := len(dst)
			switch {
			case len(at) == 1:
				copy(dst, base[int(at[0])*n:])
			case a.Pool == PoolMax:
				copy(dst, base[int(at[0])*n:])
				for _, r := range at[1:] {
					for c, v := range base[int(r)*n:][:n] {
						dst[c] = max(dst[c], v)
					}
				}
			default:
				vec.MeanRows(dst, base, at, w, total)
			}
		}
	})
}
