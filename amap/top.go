package amap

import (
	"context"
	"fmt"
	"slices"
)

// TopTokens returns the ids of the k tokens with the highest values of a unit,
// highest first, and the values. Tokens with equal values are in the order of
// their ids. NaN is skipped. If the scope has fewer than k tokens, all are
// returned; if k is not positive, none. Scope.Layers is ignored.
//
// Position p of the window, if the scope includes it, has the id vocabulary size +
// p. If [Map.Positions] is not known, rows of positions may be among the tokens.
func (m *Map) TopTokens(ctx context.Context, mode Mode, unit UnitID, k int, o *Scope) (ids []int32, values []float32, err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	var of Scope
	if o != nil {
		of = *o
	}
	of.Layers = []int{unit.Layer}
	if mode == "" {
		return nil, nil, m.noMode(mode)
	}
	layers, err := m.chosen(mode, &of)
	if err != nil {
		return nil, nil, err
	}
	l := layers[0]
	rows, units := l.Dims()
	if unit.Unit < 0 || unit.Unit >= units {
		return nil, nil, fmt.Errorf("amap: unit %v of mode %s: %w (layer %d has %d units)", unit, mode, ErrNotFound, unit.Layer, units)
	}
	col := make([]float32, rows)
	if err := l.column(col, unit.Unit); err != nil {
		return nil, nil, err
	}
	for _, r := range top(l.pick(&of), k, func(r int32) float32 { return col[r] }, l.tokenID) {
		ids, values = append(ids, l.tokenID(int(r))), append(values, col[r])
	}
	return ids, values, nil
}

// TopUnits returns the k units of a mode, from all layers, with the highest mean
// over the tokens ids, highest first, and the means. Units with equal means are in
// the order of layer and unit. NaN is skipped. If there are fewer than k units,
// all are returned; if k is not positive, none.
func (m *Map) TopUnits(ctx context.Context, mode Mode, ids []int32, k int) (units []UnitID, means []float32, err error) {
	if mode == "" {
		return nil, nil, m.noMode(mode)
	}
	layers, err := m.chosen(mode, nil)
	if err != nil {
		return nil, nil, err
	}
	var all []UnitID
	var value []float32
	for _, l := range layers {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		rows, err := l.rowsOf(ids)
		if err != nil {
			return nil, nil, err
		}
		mean, err := l.Mean(nil, rows)
		if err != nil {
			return nil, nil, err
		}
		for u := range mean {
			all = append(all, UnitID{l.n, u})
		}
		value = append(value, mean...)
	}
	items := make([]int32, len(all))
	for i := range items {
		items[i] = int32(i)
	}
	for _, i := range top(items, k, func(i int32) float32 { return value[i] }, func(i int) int32 { return int32(i) }) {
		units, means = append(units, all[i]), append(means, value[i])
	}
	return units, means, nil
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
