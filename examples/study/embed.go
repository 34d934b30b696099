package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/lemma"
	"github.com/semamap/semamap/tsne"
	"github.com/semamap/semamap/tsne/knn"
)

// layerMap is the embedding of one layer, with what was measured on it.
type layerMap struct {
	layer      int
	y          []float32 // x0 y0 x1 y1 …, a pair per row of words
	kl         float64
	perplexity float64
	distinct   int // different lemma vectors
	neighbours time.Duration
	gradient   time.Duration
	total      time.Duration
	domain     agreement // of the most frequent domains
	pos        agreement
}

// xy returns the position of row i.
func (m *layerMap) xy(i int) (x, y float64) { return float64(m.y[2*i]), float64(m.y[2*i+1]) }

// embed maps all rows of one layer into the plane. A lemma's vector is the
// mean of its tokens' rows, so the rows are handed over as combinations of
// token rows: nothing of size lemmas × units is ever made.
func embed(ctx context.Context, o *options, src *source, w *words, n int, stderr io.Writer) (*layerMap, error) {
	start := time.Now()
	rows, err := src.layer(n)
	if err != nil {
		return nil, err
	}
	base, err := tokenRows(rows, w.weights.Columns)
	if err != nil {
		return nil, err
	}
	points := knn.Combination{Base: base, Start: w.weights.Start, Index: w.weights.Index, Weight: w.weights.Weight}
	label := fmt.Sprintf("layer %d", n)
	fmt.Fprintf(stderr, "%s: finding neighbours of %d lemmas\n", label, len(w.rows))
	settings := &tsne.Settings{Perplexity: o.perplexity, Seed: o.seed}
	r, err := tsne.New(ctx, points, settings)
	if err != nil {
		return nil, err
	}
	prepared := time.Now()
	bar := cli.NewProgress(stderr, label+": gradient", r.Iterations())
	for step := range r.Steps() {
		if err := ctx.Err(); err != nil {
			bar.Stop()
			return nil, err
		}
		note := ""
		if step.Iter%50 == 0 {
			note = fmt.Sprintf("KL %.3f", r.KL())
		}
		bar.Set(step.Iter, note)
	}
	res, err := r.Result()
	if err != nil {
		bar.Stop()
		return nil, err
	}
	bar.Done()
	return &layerMap{
		layer: n, y: res.Y, kl: res.KL, perplexity: res.Perplexity,
		distinct:   len(w.rows) - res.Stats.Merged,
		neighbours: prepared.Sub(start), gradient: time.Since(prepared), total: time.Since(start),
	}, nil
}

// tokenRows gathers the rows of the given tokens and refuses values that are
// not finite.
func tokenRows(rows lemma.Rows, ids []int32) (knn.Points, error) {
	_, units := rows.Dims()
	x := make([]float32, len(ids)*units)
	for i, id := range ids {
		row, err := rows.Row(x[i*units:i*units:(i+1)*units], int(id))
		if err != nil {
			return nil, err
		}
		for u, v := range row {
			if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
				return nil, fmt.Errorf("token %d, unit %d: activation %v", id, u, v)
			}
		}
		copy(x[i*units:], row)
	}
	return knn.Rows(x, len(ids), units), nil
}
