package lemma

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

// Vector returns the row of one word: units numbers, in dst if it has room
// for them.
func (a *Averager) Vector(dst []float32, src Rows, lemma string) ([]float32, error) {
	if err := a.check(); err != nil {
		return dst, err
	}
	var (
		buf  [32]int32
		wbuf [32]float64
		rep  Report
	)
	ids, err := a.tokens(buf[:0], lemma, &rep)
	if err != nil {
		return dst, err
	}
	rows, units := src.Dims()
	if err := inRange(ids, rows); err != nil {
		return dst, fmt.Errorf("%.60q: %w", lemma, err)
	}
	if cap(dst) < units {
		dst = make([]float32, units)
	}
	dst = dst[:units]
	scratch, _ := scratchPool.Get().(*[]float32)
	if scratch == nil {
		scratch = new([]float32)
	}
	defer scratchPool.Put(scratch)
	*scratch = slices.Grow((*scratch)[:0], len(ids)*units)[:len(ids)*units]
	if err := gather(*scratch, src, ids, units); err != nil {
		return dst, fmt.Errorf("lemma: %.60q: %w", lemma, err)
	}
	w, total := a.weights(wbuf[:0], ids)
	for i := range ids {
		ids[i] = int32(i)
	}
	a.pool(dst, *scratch, ids, w, total)
	return dst, nil
}

var scratchPool sync.Pool // of *[]float32

// scratchFloats bounds the rows that Matrix holds at a time: 256 MiB. It
// never changes a result.
var scratchFloats = 64 << 20

// Matrix stores the rows of the words one after another in dst, which must
// have room for exactly len(lemmas) rows; it panics otherwise. Each row of
// src is read once, or a few times if the rows in use take more than 256 MiB.
// The result has the same bits for any number of workers, and those of Vector.
// An error names the lemma; dst may then be partly filled.
func (a *Averager) Matrix(ctx context.Context, dst []float32, src Rows, lemmas []string) (Report, error) {
	rows, units := src.Dims()
	if len(dst) != len(lemmas)*units {
		panic("lemma: len(dst) is not len(lemmas) rows")
	}
	t, err := a.tokenize(ctx, lemmas)
	if err != nil {
		return Report{}, err
	}
	highest := int32(-1)
	for i := range lemmas {
		ids := t.ids[t.start[i]:t.start[i+1]]
		if err := inRange(ids, rows); err != nil {
			return Report{}, lemmaError(lemmas, i, err)
		}
		highest = max(highest, slices.Max(ids))
	}
	place := make([]int32, highest+1) // of a row in scratch, from 1
	var scratch []float32
	var used []int32
	for lo := 0; lo < len(lemmas); {
		// Take as many lemmas as the rows of which fit.
		used = used[:0]
		hi := lo
		for ; hi < len(lemmas); hi++ {
			mark := len(used)
			for _, id := range t.ids[t.start[hi]:t.start[hi+1]] {
				if place[id] == 0 {
					place[id] = 1
					used = append(used, id)
				}
			}
			if hi > lo && len(used)*units > scratchFloats {
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
		scratch = slices.Grow(scratch[:0], len(used)*units)[:len(used)*units]
		if err := a.gatherAll(ctx, scratch, src, used, units); err != nil {
			return Report{}, err
		}
		err := par.Blocks(ctx, a.Workers, hi-lo, 32, func(_, _, from, to int) {
			var at []int32
			var wbuf []float64
			for i := lo + from; i < lo+to; i++ {
				ids := t.ids[t.start[i]:t.start[i+1]]
				w, total := a.weights(wbuf, ids)
				if w != nil {
					wbuf = w
				}
				at = at[:0]
				for _, id := range ids {
					at = append(at, place[id]-1)
				}
				a.pool(dst[i*units:(i+1)*units], scratch, at, w, total)
			}
		})
		if err != nil {
			return Report{}, err
		}
		for _, id := range used {
			place[id] = 0
		}
		lo = hi
	}
	return t.rep, nil
}

// pool joins rows of base, each len(dst) long.
func (a *Averager) pool(dst, base []float32, rows []int32, w []float64, total float64) {
	n := len(dst)
	switch {
	case len(rows) == 1:
		copy(dst, base[int(rows[0])*n:])
	case a.Pool == Max:
		copy(dst, base[int(rows[0])*n:])
		for _, r := range rows[1:] {
			for i, v := range base[int(r)*n:][:n] {
				dst[i] = max(dst[i], v)
			}
		}
	default:
		vec.MeanRows(dst, base, rows, w, total)
	}
}

// gather stores rows of src one after another in dst.
func gather(dst []float32, src Rows, ids []int32, units int) error {
	if g, ok := src.(gatherer); ok {
		return g.Gather(dst, ids)
	}
	for i, id := range ids {
		part := dst[i*units : (i+1)*units : (i+1)*units]
		row, err := src.Row(part, int(id))
		if err != nil {
			return fmt.Errorf("row %d: %w", id, err)
		}
		if len(row) != units {
			return fmt.Errorf("%w: row %d has %d numbers, not %d", ErrRange, id, len(row), units)
		}
		if units > 0 && &row[0] != &part[0] {
			copy(part, row)
		}
	}
	return nil
}

func (a *Averager) gatherAll(ctx context.Context, dst []float32, src Rows, ids []int32, units int) error {
	const block = 64
	errs := make([]error, par.NumBlocks(len(ids), block))
	err := par.Blocks(ctx, a.Workers, len(ids), block, func(_, b, lo, hi int) {
		errs[b] = gather(dst[lo*units:hi*units], src, ids[lo:hi], units)
	})
	for _, e := range errs {
		if e != nil {
			return fmt.Errorf("lemma: %w", e)
		}
	}
	return err
}

func inRange(ids []int32, rows int) error {
	for _, id := range ids {
		if id < 0 || int(id) >= rows {
			return fmt.Errorf("%w: token %d, of %d rows", ErrRange, id, rows)
		}
	}
	return nil
}

// A ragged list of the ids of many lemmas: those of lemma i are
// ids[start[i]:start[i+1]].
type ragged struct {
	start []int
	ids   []int32
	rep   Report
}

// tokenize runs tokens over all lemmas.
func (a *Averager) tokenize(ctx context.Context, lemmas []string) (ragged, error) {
	if err := a.check(); err != nil {
		return ragged{}, err
	}
	const block = 512
	type part struct {
		ids []int32
		rep Report
		err error
	}
	start := make([]int, len(lemmas)+1)
	parts := make([]part, par.NumBlocks(len(lemmas), block))
	err := par.Blocks(ctx, a.Workers, len(lemmas), block, func(_, b, lo, hi int) {
		p := &parts[b]
		for i := lo; i < hi && p.err == nil; i++ {
			n := len(p.ids)
			var err error
			if p.ids, err = a.tokens(p.ids, lemmas[i], &p.rep); err != nil {
				p.err = lemmaError(lemmas, i, err)
			}
			start[i+1] = len(p.ids) - n
		}
	})
	if err != nil {
		return ragged{}, err
	}
	t := ragged{start: start}
	total := 0
	for _, p := range parts {
		if p.err != nil {
			return ragged{}, p.err
		}
		total += len(p.ids)
	}
	t.ids = make([]int32, 0, total)
	for _, p := range parts {
		t.ids = append(t.ids, p.ids...)
		t.rep.add(p.rep)
	}
	for i := range lemmas {
		start[i+1] += start[i]
	}
	return t, nil
}

func lemmaError(lemmas []string, i int, err error) error {
	return fmt.Errorf("lemma %d, %.60q: %w", i, lemmas[i], err)
}
