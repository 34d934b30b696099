package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/internal/npy"
	"github.com/semamap/semamap/plot"
	"github.com/semamap/semamap/tsne"
)

// read reads the data and their labels, which help to tell titles from numbers.
func (o *options) read(ctx context.Context) (*table, []string, error) {
	l := o.layout
	l.cosine = o.metric == "cosine"
	if o.labels != "" {
		l.label = "" // it is a column of the labels
	}
	t, err := readTable(ctx, o.in, l)
	if err != nil || o.labels == "" {
		return t, t.rowLabels(), err
	}
	all, notes, err := readLabels(o.labels, o.layout)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", o.labels, err)
	}
	again := func(header, why string) error {
		l.header = header
		if t, err = readTable(ctx, o.in, l); err == nil {
			t.note("%s: the first line is taken for %s, as %s has %s", o.in, map[string]string{"yes": "titles", "no": "numbers"}[header], o.labels, why)
		}
		return err
	}
	comes := len(all) > 0 && slices.Contains(all[1:], all[0]) // again: no title
	if t.weak && t.first && comes && len(all) == t.n+1 {
		if err := again("no", "as many labels and no title"); err != nil {
			return nil, nil, err
		}
	}
	if t.weak && !t.first && titled(all) && len(all) == t.n {
		if err := again("yes", "one"); err != nil {
			return nil, nil, err
		}
	}
	switch {
	case len(all) == t.n+1 && (!comes || l.header == "yes"):
		notes = append(notes, fmt.Sprintf("the first line is taken for a title: %.40q", all[0]))
		all = all[1:]
	case len(all) != t.n:
		why := ""
		if len(all) == t.n+1 {
			why = fmt.Sprintf("; the first, %.40q, comes again and is no title", all[0])
		} else if len(all) == t.n-1 && o.header == "auto" && !t.first && t.labels == nil && extension(o.in) != ".npy" {
			why = "; -header yes takes the first line of the data for titles"
		}
		return nil, nil, fmt.Errorf("%s: %d labels for %d rows%s", o.labels, len(all), t.n, why)
	case titled(all):
		notes = append(notes, fmt.Sprintf("the first label is %.40q: a title?", all[0]))
	}
	for _, note := range notes {
		t.notes = append(t.notes, o.labels+": "+note)
	}
	return t, all, nil
}

// titled reports whether the first of some labels is a title.
func titled(all []string) bool {
	if len(all) < 2 || slices.Contains(all[1:], all[0]) {
		return false
	}
	words := strings.Fields("category class classes cluster group label labels name species target type y")
	text := func(s string) bool { return !isNumber(s, false) }
	return slices.Contains(words, strings.ToLower(all[0])) || text(all[0]) && !slices.ContainsFunc(all[1:], text)
}

// readLabels reads the first column of a .csv, or the one of -label-column.
func readLabels(name string, l layout) (all, notes []string, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	rs, err := openRecords(f, 0, true)
	if err != nil {
		return nil, nil, err
	}
	c := 0
	for {
		rec, err := rs.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, nil, err
		}
		if all == nil && l.label != "" {
			if c, _, err = column(l.label, rec); err != nil {
				return nil, nil, fmt.Errorf("line %d: -label-column: %w", rs.line, err)
			}
		}
		if all == nil && len(rec) > 1 && l.label == "" {
			rs.note("labels are those of column 1 of %d", len(rec))
		}
		if c >= len(rec) {
			return nil, nil, fmt.Errorf("line %d: %d columns", rs.line, len(rec))
		}
		all = append(all, rec[c])
	}
	if rs.blank > 0 {
		rs.note("empty lines are skipped: %d", rs.blank)
	}
	if len(all) > 2 {
		recs := make([][]string, len(all)-1)
		for i := range recs {
			recs[i] = all[i+1 : i+2]
		}
		if counts(recs, 0) && recs[0][0] != recs[1][0] {
			rs.note("column %d counts the rows: an index? -label-column takes another", c+1)
		}
	}
	return all, rs.notes, nil
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
