package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/tsne"
	"github.com/semamap/semamap/tsne/knn"
)

// layerMap is the embedding of one layer, with what was measured on it. The
// exported fields are kept when a run is interrupted.
type layerMap struct {
	layer      int
	Y          []float32 // x0 y0 x1 y1 …, a pair per row of words
	KL         float64
	Perplexity float64
	Distinct   int // different lemma vectors
	Neighbours time.Duration
	Gradient   time.Duration
	Kernels    string // vector instructions in use

	domain      agreement // of the most frequent domains
	domainApart agreement // the same without neighbours that share a token
	pos         agreement // of the parts of speech
}

// xy returns the position of row i.
func (m *layerMap) xy(i int) (x, y float64) { return float64(m.Y[2*i]), float64(m.Y[2*i+1]) }

// steps is how many steps the default settings of package tsne take.
const steps = 750

// embed maps all rows of one layer into the plane. A lemma's vector is the
// mean of its tokens' rows, so the rows are handed over as combinations of
// token rows: nothing of size lemmas × units is ever made.
func embed(ctx context.Context, o *options, src *source, w *words, n int, stderr io.Writer) (*layerMap, error) {
	start := time.Now()
	rows, err := src.layer(n)
	if err != nil {
		return nil, err
	}
	_, units := rows.Dims()
	base, err := w.weights.Base(ctx, rows) // the rows of the tokens in use
	if err != nil {
		return nil, err
	}
	points := knn.Combine(knn.Rows(base, len(w.weights.IDs), units), w.weights.Start, w.weights.Index, w.weights.Weight)
	label := fmt.Sprintf("layer %d", n)
	wait := cli.NewWait(stderr, label+": neighbours and affinities")
	r, err := tsne.New(ctx, points, &tsne.Settings{Perplexity: o.perplexity, Seed: o.seed})
	if err != nil {
		wait.Stop()
		return nil, err
	}
	wait.Done()
	prepared := time.Now()
	bar := cli.NewProgress(stderr, label+": gradient", steps)
	for step := range r.Steps(ctx) {
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
		layer: n, Y: res.Y, KL: res.KL, Perplexity: res.Perplexity, Distinct: res.Stats.Distinct,
		Neighbours: prepared.Sub(start), Gradient: time.Since(prepared), Kernels: res.Stats.Kernels,
	}, nil
}
