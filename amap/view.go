package amap

import (
	"fmt"
	"maps"
	"slices"
)

// RowOf returns the row of the file that holds a token id.
func (m *Map) RowOf(id int32) (row int32, ok bool) {
	if m.rowIDs == nil {
		return id, id >= 0
	}
	m.rowOnce.Do(func() {
		m.rowOf = make(map[int32]int32, len(m.rowIDs))
		for r, id := range m.rowIDs {
			m.rowOf[id] = int32(r)
		}
	})
	row, ok = m.rowOf[id]
	return row, ok
}

// Filter returns a view of the map that has only the given token ids as rows, in
// that order. It shares the file with m: close one of them.
func (m *Map) Filter(ids []int32) (*Map, error) {
	rows := make([]int32, len(ids))
	for i, id := range ids {
		r, ok := m.RowOf(id)
		if !ok {
			return nil, fmt.Errorf("amap: token id %d: %w", id, ErrNotFound)
		}
		rows[i] = r
	}
	return m.view(func(l *Layer) (*Layer, error) {
		if l.rows != nil { // a view of a view goes by the ids it shows
			at := make(map[int32]int32, len(l.rows))
			for i, r := range l.rows {
				at[r] = int32(i)
			}
			shown := make([]int32, len(rows))
			for i, r := range rows {
				k, ok := at[r]
				if !ok {
					return nil, fmt.Errorf("amap: token id %d: %w in the view", ids[i], ErrNotFound)
				}
				shown[i] = k
			}
			return l.SelectRows(shown)
		}
		return l.SelectRows(rows)
	})
}

// FilterUnits returns a view of the map that has only the given units, in that
// order within each layer; layers without one are left out.
func (m *Map) FilterUnits(units []UnitID) (*Map, error) {
	of := map[int][]int{}
	for _, u := range units {
		of[u.Layer] = append(of[u.Layer], u.Unit)
	}
	for n := range of {
		if !slices.ContainsFunc(m.modes, func(mode Mode) bool { return m.layers[mode][n] != nil }) {
			return nil, fmt.Errorf("amap: layer %d: %w", n, ErrNotFound)
		}
	}
	return m.view(func(l *Layer) (*Layer, error) {
		want, ok := of[l.n]
		if !ok {
			return nil, nil
		}
		_, all := l.Dims()
		shown := make([]int, len(want))
		for i, u := range want {
			shown[i] = slices.IndexFunc(l.unitsShown(all), func(v int32) bool { return int(v) == u })
			if shown[i] < 0 {
				return nil, fmt.Errorf("amap: unit %v of mode %s: %w", UnitID{l.n, u}, l.mode, ErrNotFound)
			}
		}
		return l.SelectUnits(shown)
	})
}

func (l *Layer) unitsShown(all int) []int32 {
	if l.units != nil {
		return l.units
	}
	out := make([]int32, all)
	for i := range out {
		out[i] = int32(i)
	}
	return out
}

// view makes a map of changed layers; nil leaves one out.
func (m *Map) view(f func(l *Layer) (*Layer, error)) (*Map, error) {
	v := emptyMap(m.cfg)
	v.src, v.rowIDs, v.counts, v.format, v.meta = m.src, m.rowIDs, m.counts, m.format, m.meta
	v.byID = maps.Clone(m.byID)
	for _, mode := range m.modes {
		for _, n := range m.order[mode] {
			l, err := m.Layer(mode, n)
			if err != nil {
				return nil, err
			}
			if l, err = f(l); err != nil {
				return nil, err
			}
			if l == nil {
				continue
			}
			if v.layers[mode] == nil {
				v.modes = append(v.modes, mode)
				v.layers[mode] = map[int]*Layer{}
			}
			l.m = v
			v.layers[mode][n] = l
			v.order[mode] = append(v.order[mode], n)
		}
	}
	return v, nil
}

// position tells whether row i of a layer is a position of the window, as far as
// that is known.
func (l *Layer) position(i int) bool {
	n, _ := l.m.Positions()
	rows, _ := l.x.dims()
	return l.row(i) >= rows-n
}

// count returns how often the token of row i occurred.
func (l *Layer) count(i int) (n int64, known bool) {
	if l.m.counts == nil {
		return 0, false
	}
	return l.m.counts.Of(l.mode, l.TokenID(i))
}

// Rows that an analysis takes in.
type rowFilter struct {
	unseen    bool  // also tokens that never occurred
	positions bool  // also the positions of the window
	least     int64 // count, if counts are known
}

// pick lists the rows of a layer that pass the filter, ascending.
func (l *Layer) pick(f rowFilter) []int32 {
	n, _ := l.Dims()
	rows := make([]int32, 0, n)
	pos, _ := l.m.Positions()
	all, _ := l.x.dims()
	for i := range n {
		if !f.positions && l.row(i) >= all-pos {
			continue
		}
		if c, known := l.count(i); known && (c < f.least || c == 0 && !f.unseen) {
			continue
		}
		rows = append(rows, int32(i))
	}
	return rows
}

// chosen lists the layers that the modes and numbers ask for, in the order of
// modes and numbers. None means all.
func (m *Map) chosen(modes []Mode, numbers []int) ([]*Layer, error) {
	if len(modes) == 0 {
		modes = m.modes
	}
	var out []*Layer
	for _, mode := range modes {
		ns := numbers
		if len(ns) == 0 {
			ns = m.Layers(mode)
		}
		for _, n := range ns {
			l, err := m.Layer(mode, n)
			if err != nil {
				return nil, err
			}
			out = append(out, l)
		}
		if _, ok := m.layers[mode]; !ok {
			return nil, fmt.Errorf("amap: mode %q: %w (the map has %q)", mode, ErrNotFound, m.modes)
		}
	}
	return out, nil
}
