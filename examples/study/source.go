package main

import (
	"cmp"
	"fmt"
	"path/filepath"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/examples/internal/sample"
	"github.com/semamap/semamap/lemma"
)

// source is the activation map of a run: the embedded sample or a file.
type source struct {
	about  string // one line for people
	model  string
	sample *sample.Map // nil when a file is read
	layers func() []int
	layer  func(n int) (lemma.Rows, error)
	count  func(id int32) int64 // how often a token was seen; nil: unknown
	close  func() error
}

func openSource(o *options) (*source, error) {
	if o.amap == "" {
		return openSample(o)
	}
	m, err := amap.Open(o.amap, nil)
	if err != nil {
		return nil, err
	}
	s := &source{
		about:  "activation map " + o.amap,
		model:  cmp.Or(m.Metadata()["model"], filepath.Base(o.amap)),
		layers: func() []int { return m.Layers(o.mode) },
		layer:  func(n int) (lemma.Rows, error) { return m.Layer(o.mode, n) },
		close:  m.Close,
	}
	if len(s.layers()) == 0 {
		m.Close()
		return nil, fmt.Errorf("%s: no layers of mode %q (it has %v)", o.amap, o.mode, m.Modes())
	}
	if o.counts != "" {
		c, err := amap.OpenCounts(o.counts)
		if err == nil {
			err = sameRows(o, m, c)
		}
		if err != nil {
			m.Close()
			return nil, err
		}
		s.count = func(id int32) int64 {
			if of := c[o.mode]; int(id) < len(of) {
				return of[id]
			}
			return 0 // its row is missing too; see check
		}
	}
	return s, nil
}

// sameRows refuses counts that were not taken with the map.
func sameRows(o *options, m *amap.Map, c amap.Counts) error {
	for _, n := range m.Layers(o.mode) {
		l, err := m.Layer(o.mode, n)
		if err != nil {
			return err
		}
		if rows, _ := l.Dims(); rows != len(c[o.mode]) {
			return fmt.Errorf("%s: %d counts of mode %s, but layer %d of %s has %d rows", o.counts, len(c[o.mode]), o.mode, n, o.amap, rows)
		}
	}
	return nil
}

// check refuses layers that lack rows of tokens in use.
func (s *source) check(layers []int, ids []int32) error {
	for _, n := range layers {
		l, err := s.layer(n)
		if err != nil {
			return err
		}
		if rows, _ := l.Dims(); len(ids) > 0 && int(ids[len(ids)-1]) >= rows {
			return fmt.Errorf("%s: layer %d has %d rows, none for token %d; is it a map of a GPT-NeoX vocabulary?", s.about, n, rows, ids[len(ids)-1])
		}
		if s.sample != nil {
			for _, id := range ids {
				if !s.sample.Has(id) {
					return fmt.Errorf("the embedded sample: %w: token %d; give a map with -amap", sample.ErrToken, id)
				}
			}
		}
	}
	return nil
}

func openSample(o *options) (*source, error) {
	m, err := sample.Load()
	if err != nil {
		return nil, err
	}
	if string(o.mode) != m.Mode {
		return nil, fmt.Errorf("-mode %s: the embedded sample has mode %s only; give a map with -amap", o.mode, m.Mode)
	}
	return &source{
		about:  fmt.Sprintf("embedded sample, a small demonstration model (%d layers of %d units)", m.Layers, m.Units),
		model:  m.Model,
		sample: m,
		layers: func() []int {
			all := make([]int, m.Layers)
			for i := range all {
				all[i] = i
			}
			return all
		},
		layer: func(n int) (lemma.Rows, error) { return m.Layer(n), nil },
		count: m.Count,
		close: func() error { return nil },
	}, nil
}
