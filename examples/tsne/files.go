package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"

	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/internal/npy"
	"github.com/semamap/semamap/plot"
	"github.com/semamap/semamap/tsne"
)

// A table is n rows of d numbers.
type table struct {
	x    []float32
	n, d int
}

func readTable(ctx context.Context, name string) (*table, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := stopReader{ctx, f}
	var t *table
	if extension(name) == ".npy" {
		t, err = readNPY(r)
	} else {
		t, err = readCSV(r)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return t, nil
}

// A stopReader fails when its context ends, so that the reading of a large
// file can be interrupted.
type stopReader struct {
	ctx context.Context
	r   io.Reader
}

func (s stopReader) Read(b []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.r.Read(b)
}

func readNPY(r io.Reader) (*table, error) {
	x, shape, err := npy.Read[float32](r)
	if err != nil {
		return nil, err
	}
	if len(shape) != 2 {
		return nil, fmt.Errorf("an array of %d dimensions, want rows and columns", len(shape))
	}
	return &table{x, shape[0], shape[1]}, nil
}

var errNumber = errors.New("not a finite number")

// readCSV reads numbers. If no field of the first line is a number, it is
// taken for titles.
func readCSV(r io.Reader) (*table, error) {
	c := csv.NewReader(bufio.NewReaderSize(r, 1<<16))
	c.ReuseRecord = true
	c.TrimLeadingSpace = true
	var t table
	for first := true; ; first = false {
		rec, err := c.Read()
		if err == io.EOF {
			return &t, nil
		}
		if err != nil {
			return nil, err
		}
		if first {
			t.d = len(rec)
			if !anyNumber(rec) {
				continue
			}
		}
		for i, s := range rec {
			v, err := strconv.ParseFloat(s, 32)
			if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
				line, _ := c.FieldPos(i)
				return nil, fmt.Errorf("line %d, column %d: %w: %.40q", line, i+1, errNumber, s)
			}
			t.x = append(t.x, float32(v))
		}
		t.n++
	}
}

func anyNumber(rec []string) bool {
	for _, s := range rec {
		if _, err := strconv.ParseFloat(s, 32); err == nil || errors.Is(err, strconv.ErrRange) {
			return true
		}
	}
	return false
}

// readLabels reads the first column of a .csv. Labels become numbers in the
// order of their texts, names. A file of one line more than
// there are rows begins with a title.
func readLabels(name string, n int) (labels []int32, names []string, err error) {
	if name == "" {
		return nil, nil, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	c := csv.NewReader(f)
	c.FieldsPerRecord = -1
	var texts []string
	for {
		rec, err := c.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		texts = append(texts, rec[0])
	}
	if len(texts) == n+1 {
		texts = texts[1:]
	}
	if len(texts) != n {
		return nil, nil, fmt.Errorf("%s: %d labels for %d rows", name, len(texts), n)
	}
	names = slices.Compact(slices.Sorted(slices.Values(texts)))
	for _, s := range texts {
		l, _ := slices.BinarySearch(names, s)
		labels = append(labels, int32(l))
	}
	return labels, names, nil
}

func writeMap(name string, y []float32, dims int, labels []int32, names []string) error {
	n := len(y) / dims
	return cli.WriteFile(name, func(w io.Writer) error {
		if extension(name) == ".npy" {
			return npy.Write(w, y, n, dims)
		}
		b := []byte("x,y,z"[:2*dims-1])
		if labels != nil {
			b = append(b, ",label"...)
		}
		if _, err := w.Write(append(b, '\n')); err != nil {
			return err
		}
		c := csv.NewWriter(w)
		rec := make([]string, 0, dims+1)
		for i := range n {
			rec = rec[:0]
			for _, v := range y[i*dims : (i+1)*dims] {
				rec = append(rec, strconv.FormatFloat(float64(v), 'g', -1, 32))
			}
			if labels != nil {
				rec = append(rec, names[labels[i]])
			}
			if err := c.Write(rec); err != nil {
				return err
			}
		}
		c.Flush()
		return c.Error()
	})
}

// writePNG draws the first two coordinates, coloured by label: the most
// frequent labels in colour, the rest in grey.
func writePNG(name string, res *tsne.Result, labels []int32, names []string) error {
	p := plot.Panel{XYs: res}
	for _, l := range labels {
		p.Labels = append(p.Labels, names[l])
	}
	f := &plot.Figure{XLabel: "First t-SNE", YLabel: "Second t-SNE", Panels: []plot.Panel{p}, Top: 12}
	return cli.WriteFile(name, func(w io.Writer) error { return f.WritePNG(w, 0, 0) })
}
