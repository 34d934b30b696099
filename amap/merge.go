package amap

import (
	"fmt"
	"maps"
	"slices"
)

// Merge combines maps of the parts of a corpus into the map of the whole corpus.
// Each part must have token counts. With counts c and values x of the parts, a
// value of the result is
//
//	(c₁·x₁ + c₂·x₂ + …) / (c₁ + c₂ + …)
//
// in float64, summed from the first part to the last and rounded once to the
// number type d; zero means the type of the first part. A part whose count is 0
// contributes nothing, whatever its row holds. A row that occurs in no part is 0.
// If a sum of counts exceeds 2⁵³, the error wraps [ErrLimit].
//
// The parts must have the same modes, layers and shapes. The counts of the result
// are the sums of their counts. The result is a view whose rows are computed when
// they are read, so maps of any size can be merged into a file. It is valid while
// the parts are open; closing it does not close them.
func Merge(d DType, parts ...*Map) (*Map, error) {
	if len(parts) == 0 {
		return nil, fmt.Errorf("amap: Merge: %w: no parts", ErrShape)
	}
	first := parts[0]
	sum := Counts{}
	for i, p := range parts {
		fail := func(reason error, format string, args ...any) error {
			return fmt.Errorf("amap: Merge: part %d: %w: %s", i, reason, fmt.Sprintf(format, args...))
		}
		c := p.o.Counts
		if c == nil {
			return nil, fail(ErrNotFound, "token counts")
		}
		if !slices.Equal(slices.Sorted(maps.Keys(p.layers)), slices.Sorted(maps.Keys(first.layers))) {
			return nil, fail(ErrShape, "modes %q, want %q", p.modes, first.modes)
		}
		for _, mode := range c.modes() {
			switch n := len(sum[mode]); {
			case n == 0:
				sum[mode] = make([]int64, len(c[mode]))
			case n != len(c[mode]) && len(c[mode]) > 0:
				return nil, fail(ErrShape, "%d counts of mode %s, want %d", len(c[mode]), mode, n)
			}
			for r, n := range c[mode] {
				if sum[mode][r] += n; sum[mode][r] > 1<<53 {
					return nil, fail(ErrLimit, "token %d of mode %s occurred %d times", r, mode, sum[mode][r])
				}
			}
		}
	}
	out := emptyMap(&first.o)
	out.o.Counts, out.positions, out.byID, out.someRows = sum, first.positions, first.byID, first.someRows
	for _, mode := range first.modes {
		for _, l := range first.layers[mode] {
			x, err := mergeLayer(d, mode, l.n, parts)
			if err != nil {
				return nil, err
			}
			out.addLayer(mode, l.n, x)
			out.o.IDs = x.ids()
		}
	}
	return out, nil
}

func mergeLayer(d DType, mode Mode, n int, parts []*Map) (*mergedMatrix, error) {
	x := &mergedMatrix{d: d}
	for i, p := range parts {
		l, err := p.Layer(mode, n)
		if err != nil {
			return nil, fmt.Errorf("amap: Merge: part %d: %w", i, err)
		}
		fail := func(format string, args ...any) error {
			return fmt.Errorf("amap: Merge: part %d: %s layer %d: %w: %s", i, mode, n, ErrShape, fmt.Sprintf(format, args...))
		}
		rows, units := l.Dims()
		if i == 0 {
			x.rows, x.units = rows, units
			if d == 0 {
				x.d = l.DType()
			}
		}
		if rows != x.rows || units != x.units {
			return nil, fail("%d × %d, want %d × %d", rows, units, x.rows, x.units)
		}
		c := make([]int64, rows)
		for r := range c {
			id := l.tokenID(r)
			if i > 0 && id != x.parts[0].tokenID(r) {
				return nil, fail("row %d is token %d, want %d", r, id, x.parts[0].tokenID(r))
			}
			var ok bool
			if c[r], ok = p.o.Counts.of(mode, id); !ok {
				return nil, fail("no count of token %d", id)
			}
		}
		x.parts = append(x.parts, l)
		x.counts = append(x.counts, c)
	}
	if !x.d.float() {
		return nil, fmt.Errorf("amap: Merge: %w: number type %s", ErrUnsupported, x.d)
	}
	return x, nil
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
		ids[r] = x.parts[0].tokenID(r)
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
