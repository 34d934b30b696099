package amap

import (
	"context"
	"fmt"
	"slices"
)

// A TokenValue is a token and how much it activates a unit.
type TokenValue struct {
	ID    int32
	Value float32
	Count int64 // -1 when not known
}

// A UnitValue is a unit and its activation.
type UnitValue struct {
	Unit  UnitID
	Value float32
}

// TopOptions say which rows [Map.TopTokens] considers. Nil and the zero value
// take tokens that occurred, if counts are known, and no positions.
type TopOptions struct {
	MinCount  int64 // tokens that occurred less often are passed over
	Unseen    bool  // consider tokens that never occurred
	Positions bool  // consider the positions of the window
}

// TopTokens returns for each of the units the k tokens with the highest values,
// highest first; equal ones in the order of their ids. NaN is passed over. A
// MinCount needs counts.
func (m *Map) TopTokens(ctx context.Context, mode Mode, units []UnitID, k int, o *TopOptions) ([][]TokenValue, error) {
	if o == nil {
		o = new(TopOptions)
	}
	if o.MinCount > 0 && (m.counts == nil || m.counts.Len(mode) == 0) {
		return nil, fmt.Errorf("amap: TopTokens: a least count of %d: token counts of mode %s %w", o.MinCount, mode, ErrNotFound)
	}
	out := make([][]TokenValue, len(units))
	var last *Layer
	var rows []int32
	for i, id := range units {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		l, err := m.Layer(mode, id.Layer)
		if err != nil {
			return nil, err
		}
		_, n := l.Dims()
		u := slices.Index(l.unitsShown(n), int32(id.Unit))
		if u < 0 {
			return nil, fmt.Errorf("amap: unit %v of mode %s: %w (layer %d has %d units)", id, mode, ErrNotFound, id.Layer, n)
		}
		if l != last {
			last, rows = l, l.pick(rowFilter{unseen: o.Unseen, positions: o.Positions, least: o.MinCount})
		}
		nr, _ := l.Dims()
		col := make([]float32, nr)
		if err := l.Units(col, []int{u}); err != nil {
			return nil, err
		}
		order := top(rows, k, func(r int32) float32 { return col[r] }, l.TokenID)
		for _, r := range order {
			v := TokenValue{ID: l.TokenID(int(r)), Value: col[r], Count: -1}
			if c, ok := l.count(int(r)); ok {
				v.Count = c
			}
			out[i] = append(out[i], v)
		}
	}
	return out, nil
}

// top returns the k items with the highest values, ties in the order of their
// ids, without NaN.
func top(items []int32, k int, value func(int32) float32, id func(int) int32) []int32 {
	if k <= 0 {
		return nil
	}
	before := func(a, b int32) int {
		switch va, vb := value(a), value(b); {
		case va > vb:
			return -1
		case va < vb:
			return 1
		}
		return int(id(int(a))) - int(id(int(b)))
	}
	// A sorted list of the best so far; most items fail its last at once.
	best := make([]int32, 0, min(k, len(items)))
	for _, it := range items {
		if v := value(it); v != v {
			continue
		}
		if len(best) == k && before(it, best[k-1]) >= 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(best, it, before)
		if len(best) == k {
			best = best[:k-1]
		}
		best = slices.Insert(best, at, it)
	}
	return best
}

// TopUnits returns the k units of all layers of a mode that the tokens activate
// most, by the mean over the tokens, highest first; equal ones in the order of
// layer and unit. NaN is passed over.
func (m *Map) TopUnits(ctx context.Context, mode Mode, ids []int32, k int) ([]UnitValue, error) {
	layers, err := m.chosen([]Mode{mode}, nil)
	if err != nil {
		return nil, err
	}
	var all []UnitValue
	for _, l := range layers {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rows, err := l.rowsOf(ids)
		if err != nil {
			return nil, err
		}
		mean, err := l.Mean(nil, rows)
		if err != nil {
			return nil, err
		}
		for u, v := range mean {
			all = append(all, UnitValue{l.UnitID(u), v})
		}
	}
	items := make([]int32, len(all))
	for i := range items {
		items[i] = int32(i)
	}
	var out []UnitValue
	for _, i := range top(items, k, func(i int32) float32 { return all[i].Value }, func(i int) int32 { return int32(i) }) {
		out = append(out, all[i])
	}
	return out, nil
}

// rowsOf finds the rows of token ids in the view.
func (l *Layer) rowsOf(ids []int32) ([]int32, error) {
	n, _ := l.Dims()
	out := make([]int32, len(ids))
	var at map[int32]int32
	if l.rows != nil {
		at = make(map[int32]int32, len(l.rows))
		for i := len(l.rows) - 1; i >= 0; i-- {
			at[l.rows[i]] = int32(i)
		}
	}
	for i, id := range ids {
		r, ok := l.m.RowOf(id)
		if ok && at != nil {
			r, ok = at[r]
		}
		if !ok || int(r) >= n {
			return nil, fmt.Errorf("amap: %s layer %d: token id %d: %w", l.mode, l.n, id, ErrNotFound)
		}
		out[i] = r
	}
	return out, nil
}
