package main

import (
	"fmt"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/examples/internal/sample"
	"github.com/semamap/semamap/lemma"
)

var _ lemma.Rows = (*amap.Layer)(nil)

// mapFlags say where rows come from.
type mapFlags struct {
	path, mode, counts string
	layer              int
}

// openRows opens a layer of a map, and its counts if there are any.
func (o *mapFlags) openRows() (rows lemma.Rows, counts func(id int32) int64, done func(), err error) {
	if o.path == "" {
		return o.openSample()
	}
	m, err := amap.Open(o.path, nil)
	if err != nil {
		return nil, nil, nil, err
	}
	defer func() {
		if err != nil {
			m.Close()
		}
	}()
	l, err := m.Layer(amap.Mode(o.mode), o.layer)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("%s: %w", o.path, err)
	}
	if o.counts != "" {
		c, err := amap.OpenCounts(o.counts)
		if err != nil {
			return nil, nil, nil, err
		}
		n, _ := l.Dims()
		of := c[amap.Mode(o.mode)]
		if len(of) != n {
			return nil, nil, nil, fmt.Errorf("%s: %d counts of mode %s for %d rows", o.counts, len(of), o.mode, n)
		}
		counts = func(id int32) int64 {
			if int(id) < n {
				return of[id]
			}
			return 0 // its row is missing too
		}
	}
	return l, counts, func() { m.Close() }, nil
}

func (o *mapFlags) openSample() (lemma.Rows, func(id int32) int64, func(), error) {
	m, err := sample.Load()
	switch {
	case err != nil:
	case o.mode != m.Mode:
		err = fmt.Errorf("the embedded sample has mode %s only, not %s", m.Mode, o.mode)
	case o.layer < 0 || o.layer >= m.Layers:
		err = fmt.Errorf("the embedded sample has the layers 0 to %d, not %d", m.Layers-1, o.layer)
	case o.counts != "":
		err = fmt.Errorf("-counts %s without -amap: the embedded sample has its own", o.counts)
	}
	if err != nil {
		return nil, nil, nil, err
	}
	return m.Layer(o.layer), m.Count, func() {}, nil
}
