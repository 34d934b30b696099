package amap

import (
	"fmt"
	"slices"
)

// A Part is one of the maps that [Merge] combines, with its token counts.
type Part struct {
	Map    *Map
	Counts *Counts // nil: those that the map was opened with
}

// Merge combines maps that were computed from parts of a corpus into the map of
// the whole. With counts c and values x of the parts, a value of the result is
//
//	(c₁·x₁ + c₂·x₂ + …) / (c₁ + c₂ + …)
//
// in float64, from the first part to the last, rounded once to the number type
// d (0: that of the first part). Counts above 2⁵³ give [ErrLimit]. A row that no
// part has seen is 0. A part with count 0 adds nothing, whatever its row holds.
//
// The result is a view: rows are computed when they are read, so maps of any
// size can be merged straight into a file with one of the writers. It is valid
// as long as the parts are open, and closes nothing. The parts must have the same
// modes, layers and shapes; their counts are added.
func Merge(d DType, parts ...Part) (*Map, *Counts, error) {
	if len(parts) == 0 {
		return nil, nil, fmt.Errorf("amap: Merge: %w: no parts", ErrShape)
	}
	first := parts[0].Map
	sum := map[Mode][]int64{}
	for i, p := range parts {
		if p.Counts == nil {
			parts[i].Counts = p.Map.counts
		}
		c := parts[i].Counts
		if c == nil {
			return nil, nil, fmt.Errorf("amap: Merge: part %d: token counts %w", i, ErrNotFound)
		}
		if !slices.Equal(sortedModes(p.Map.layers), sortedModes(first.layers)) {
			return nil, nil, fmt.Errorf("amap: Merge: part %d: %w: modes %q, want %q", i, ErrShape, p.Map.modes, first.modes)
		}
		for _, mode := range c.modes {
			if i > 0 && c.Len(mode) != len(sum[mode]) && parts[0].Counts.Len(mode) != 0 {
				return nil, nil, fmt.Errorf("amap: Merge: part %d: %w: %d counts of mode %s, want %d", i, ErrShape, c.Len(mode), mode, len(sum[mode]))
			}
			if sum[mode] == nil {
				sum[mode] = make([]int64, c.Len(mode))
			}
			for r, n := range c.of[mode] {
				if sum[mode][r] += n; sum[mode][r] > 1<<53 {
					return nil, nil, fmt.Errorf("amap: Merge: %w: row %d of mode %s occurred %d times", ErrLimit, r, mode, sum[mode][r])
				}
			}
		}
	}
	out := emptyMap(first.cfg)
	out.counts = NewCounts(sum)
	for _, mode := range first.modes {
		out.byID[mode] = first.byID[mode]
		for _, n := range first.order[mode] {
			x := &mergedMatrix{d: d}
			for i, p := range parts {
				l, err := p.Map.Layer(mode, n)
				if err != nil {
					return nil, nil, fmt.Errorf("amap: Merge: part %d: %w", i, err)
				}
				rows, units := l.Dims()
				if i == 0 {
					x.rows, x.units = rows, units
					if d == 0 {
						x.d = l.DType()
					}
				}
				if rows != x.rows || units != x.units {
					return nil, nil, fmt.Errorf("amap: Merge: part %d: %w: %s layer %d is %d × %d, want %d × %d", i, ErrShape, mode, n, rows, units, x.rows, x.units)
				}
				c := make([]int64, rows)
				for r := range c {
					id := l.TokenID(r)
					if i > 0 && id != x.parts[0].TokenID(r) {
						return nil, nil, fmt.Errorf("amap: Merge: part %d: %w: row %d of %s layer %d is token %d, want %d", i, ErrShape, r, mode, n, id, x.parts[0].TokenID(r))
					}
					var ok bool
					if c[r], ok = parts[i].Counts.Of(mode, id); !ok {
						return nil, nil, fmt.Errorf("amap: Merge: part %d: %w: no count of token %d in mode %s", i, ErrShape, id, mode)
					}
				}
				x.parts = append(x.parts, l)
				x.counts = append(x.counts, c)
			}
			if !x.d.float() {
				return nil, nil, fmt.Errorf("amap: Merge: %w: number type %s", ErrUnsupported, x.d)
			}
			out.setLayer(mode, n, x)
			out.rowIDs = x.ids()
		}
	}
	return out, out.counts, nil
}

// A mergedMatrix computes the count-weighted mean of its parts.
type mergedMatrix struct {
	d           DType
	rows, units int
	parts       []*Layer
	counts      [][]int64
}

// ids lists the token ids of the rows, if they are not the rows themselves.
func (x *mergedMatrix) ids() []int32 {
	ids := make([]int32, x.rows)
	plain := true
	for r := range ids {
		ids[r] = x.parts[0].TokenID(r)
		plain = plain && ids[r] == int32(r)
	}
	if plain {
		return nil
	}
	return ids
}

func (x *mergedMatrix) dims() (int, int) { return x.rows, x.units }
func (x *mergedMatrix) dtype() DType     { return x.d }

func (x *mergedMatrix) read64(dst []float64, lo, hi int, s *scratch) error {
	clear(dst)
	one := make([]float64, x.units)
	for r := lo; r < hi; r++ {
		to := dst[(r-lo)*x.units : (r-lo+1)*x.units]
		total := int64(0)
		for i, l := range x.parts {
			c := x.counts[i][r]
			if c == 0 {
				continue
			}
			if err := l.read64(one, r, r+1, s); err != nil {
				return err
			}
			total += c
			w := float64(c)
			for u, v := range one {
				to[u] += float64(w * v)
			}
		}
		if total == 0 {
			continue
		}
		w := float64(total)
		for u, v := range to {
			to[u] = x.d.round(v / w)
		}
	}
	return nil
}

func (x *mergedMatrix) read(dst []float32, lo, hi int, s *scratch) error {
	row := make([]float64, x.units)
	for r := lo; r < hi; r++ {
		if err := x.read64(row, r, r+1, s); err != nil {
			return err
		}
		for u, v := range row {
			dst[(r-lo)*x.units+u] = float32(v)
		}
	}
	return nil
}

func (x *mergedMatrix) at(row, unit int) (float64, error) {
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	v := make([]float64, x.units)
	err := x.read64(v, row, row+1, s)
	return v[unit], err
}

func (x *mergedMatrix) whole() error {
	for _, l := range x.parts {
		if err := l.x.whole(); err != nil {
			return err
		}
	}
	return nil
}
