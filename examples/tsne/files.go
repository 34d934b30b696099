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
	r := cli.Reader(ctx, f)
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
			if !slices.ContainsFunc(rec, isNumber) {
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

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 32)
	return err == nil || errors.Is(err, strconv.ErrRange)
}

// readLabels reads the first column of a .csv. A file of one line more than
// there are rows begins with a title.
func readLabels(name string, n int) ([]string, error) {
	if name == "" {
		return nil, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	c := csv.NewReader(f)
	c.FieldsPerRecord = -1
	recs, err := c.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(recs) == n+1 {
		recs = recs[1:]
	}
	if len(recs) != n {
		return nil, fmt.Errorf("%s: %d labels for %d rows", name, len(recs), n)
	}
	labels := make([]string, n)
	for i, rec := range recs {
		labels[i] = rec[0]
	}
	return labels, nil
}

func writeMap(ctx context.Context, name string, res *tsne.Result, labels []string) error {
	n, dims := res.Len(), res.Dims
	head := []string{"x", "y", "z"}[:dims]
	if labels != nil {
		head = append(head, "label")
	}
	return cli.WriteFile(name, func(w io.Writer) error {
		if extension(name) == ".npy" {
			return npy.Write(w, res.Y, n, dims)
		}
		return cli.WriteCSV(ctx, w, head, n, func(i int) (rec []string, err error) {
			for _, v := range res.Y[i*dims : (i+1)*dims] {
				rec = append(rec, cli.Float(v))
			}
			if labels != nil {
				rec = append(rec, labels[i])
			}
			return rec, nil
		})
	})
}

// writePNG draws the first two coordinates, colored by label: the most
// frequent labels in color, the rest in gray.
func writePNG(name string, res *tsne.Result, labels []string) error {
	f := &plot.Figure{
		XLabel: "First t-SNE", YLabel: "Second t-SNE",
		Panels: []plot.Panel{{XYs: res, Labels: labels}}, Top: 12,
	}
	return cli.WriteFile(name, func(w io.Writer) error { return f.WritePNG(w, 0, 0) })
}
