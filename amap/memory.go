package amap

import (
	"fmt"
	"maps"
	"slices"
)

// Rows is a set of rows of equal length.
type Rows interface {
	// Dims returns the number of rows and their length.
	Dims() (rows, cols int)
	// Row returns row i. It may store it in dst[:cols] if dst has room, or
	// return memory of its own that the caller must not change. Row must be
	// safe for concurrent use.
	Row(dst []float32, i int) ([]float32, error)
}

// NewMap makes a map from matrices in memory, such as newly computed activations,
// so that they can be analyzed and written. Element n of a mode's slice is layer n,
// or layer o.Layers[n] if given. d is the number type for writing; until then values are not rounded.
// NewMap keeps the matrices and does not copy them.
func NewMap(d DType, layers map[Mode][]Rows, o *Options) (*Map, error) {
	if !d.float() {
		return nil, fmt.Errorf("amap: NewMap: %w: number type %s", ErrUnsupported, d)
	}
	m := emptyMap(o)
	for _, mode := range slices.Sorted(maps.Keys(layers)) {
		if o != nil && o.Layers != nil && len(o.Layers) != len(layers[mode]) {
			return nil, fmt.Errorf("amap: NewMap: %w: mode %s has %d layers, Layers has %d numbers", ErrShape, mode, len(layers[mode]), len(o.Layers))
		}
		for i, r := range layers[mode] {
			n := i
			if o != nil && o.Layers != nil {
				n = o.Layers[i]
				if n < 0 || slices.Contains(o.Layers[:i], n) {
					return nil, fmt.Errorf("amap: NewMap: %w: Layers[%d] is %d, negative or given before", ErrShape, i, n)
				}
			}
			m.addLayer(mode, n, &memoryMatrix{r, d})
		}
	}
	if err := m.fit(); err != nil {
		return nil, err
	}
	return m, nil
}

type memoryMatrix struct {
	r Rows
	d DType
}

func (x *memoryMatrix) dims() (int, int) { return x.r.Dims() }
func (x *memoryMatrix) dtype() DType     { return x.d }

func (x *memoryMatrix) read(dst []float32, lo, hi int, s *scratch) error {
	if b, ok := x.r.(interface {
		ReadRows(dst []float32, lo, hi int) error
	}); ok {
		return b.ReadRows(dst, lo, hi)
	}
	_, units := x.r.Dims()
	for i := lo; i < hi; i++ {
		to := dst[(i-lo)*units : (i-lo+1)*units : (i-lo+1)*units]
		row, err := x.r.Row(to, i)
		if err != nil {
			return err
		}
		if len(row) != units {
			return fmt.Errorf("amap: row %d: %w: %d numbers, want %d", i, ErrShape, len(row), units)
		}
		copy(to, row)
	}
	return nil
}

func (x *memoryMatrix) read64(dst []float64, lo, hi int, s *scratch) error {
	row := make([]float32, len(dst))
	if err := x.read(row, lo, hi, s); err != nil {
		return err
	}
	for i, v := range row {
		dst[i] = float64(v)
	}
	return nil
}
