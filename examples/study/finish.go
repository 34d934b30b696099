package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
)

// finish makes all outputs from the results of the layers.
func finish(ctx context.Context, o *options, w *words, rec *record, maps []*layerMap, stdout, stderr io.Writer) error {
	views, res := newViews(o, w), newResults(o, &evidence{questions: w.questions(o)}, maps)
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"measure the maps", func() error { return views.measure(ctx, maps, o.seed) }},
		{"write synsets.csv", func() error { return writeCSV(ctx, filepath.Join(o.out, "synsets.csv"), w, maps) }},
		{"write metrics.csv", func() error { return writeMetrics(ctx, filepath.Join(o.out, "metrics.csv"), maps) }},
		{"write units.csv", func() error { return writeUnits(ctx, o.out, discover(maps)) }},
		{"draw", func() error { return draw(ctx, o, views, maps, res, stderr) }},
		{"write the report", func() error { return res.report(o, w, rec, maps, res.figures()) }},
		{"tidy", func() error { return tidy(o.out) }},
	} {
		if err := step.do(); err != nil {
			return err
		}
		rec.End(step.name)
	}
	took := rec.Seconds
	// The last file: where it is, the others are.
	if err := rec.write(filepath.Join(o.out, "run.json"), o, w, maps); err != nil {
		return err
	}
	summary(stdout, o, res, maps, took)
	return nil
}

// layer returns the results of a layer, made now or kept by an earlier run.
func layer(ctx context.Context, o *options, w *words, e *evidence, kept store, rec *record, n int, stderr io.Writer) (*layerMap, error) {
	m, err := kept.load(n, len(w.rows))
	if err != nil || m != nil {
		if m != nil {
			fmt.Fprintf(stderr, "layer %d: kept by an earlier run\n", n)
		}
		return m, err
	}
	if m, err = embed(ctx, o, w, rec, n, stderr); err != nil {
		return nil, fmt.Errorf("layer %d: %w", n, err)
	}
	if err := e.measure(ctx, o, w, m, stderr); err != nil {
		return nil, fmt.Errorf("layer %d: %w", n, err)
	}
	rec.End(fmt.Sprintf("layer %d: measures", n))
	return m, kept.save(m)
}
