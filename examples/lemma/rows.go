package main

import (
	"fmt"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/examples/internal/sample"
	"github.com/semamap/semamap/lemma"
)

// source is a layer of a map, of a file or of the embedded sample.
type source struct {
	path, mode, countsPath string
	layer                  int

	rows  lemma.Rows
	count func(id int32) int64 // nil without counts
	file  *amap.Map
}

func (s *source) close() {
	if s.file != nil {
		s.file.Close()
	}
}

func (s *source) open() error {
	if s.path == "" {
		return s.openSample()
	}
	m, err := amap.Open(s.path, nil)
	if err != nil {
		return err
	}
	s.file = m
	mode := amap.Mode(s.mode)
	l, err := m.Layer(mode, s.layer)
	if err != nil {
		return fmt.Errorf("%s: %w", s.path, err)
	}
	s.rows = l
	if s.countsPath == "" {
		return nil
	}
	c, err := amap.OpenCounts(s.countsPath)
	if err != nil {
		return err
	}
	n, _ := l.Dims()
	of := c[mode]
	if len(of) != n {
		return fmt.Errorf("%s: %d counts of mode %s for %d rows", s.countsPath, len(of), s.mode, n)
	}
	s.count = func(id int32) int64 {
		if int(id) < n {
			return of[id]
		}
		return 0 // its row is missing too
	}
	return nil
}

func (s *source) openSample() error {
	m, err := sample.Load()
	switch {
	case err != nil:
		return err
	case s.mode != m.Mode:
		return fmt.Errorf("the embedded sample has mode %s only, not %s", m.Mode, s.mode)
	case s.layer < 0 || s.layer >= m.Layers:
		return fmt.Errorf("the embedded sample has the layers 0 to %d, not %d", m.Layers-1, s.layer)
	case s.countsPath != "":
		return fmt.Errorf("-counts %s without -amap: the embedded sample has its own", s.countsPath)
	}
	s.rows, s.count = m.Layer(s.layer), m.Count
	return nil
}
