package main

import (
	"context"
	"fmt"
	"io"

	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/tsne"
	"github.com/semamap/semamap/tsne/knn"
)

// layerMap is the embedding of one layer, with what was measured on it. Its
// JSON form is part of run.json.
type layerMap struct {
	Layer      int     `json:"layer"`
	KL         float64 `json:"kl"`
	Perplexity float64 `json:"perplexity"`
	Distinct   int     `json:"distinct_vectors"` // of lemmas
	Unsolved   int     `json:"unsolved"`         // of these, those without the perplexity
	Neighbors  float64 `json:"neighbours_seconds"`
	Gradient   float64 `json:"gradient_seconds"`
	Kernels    string  `json:"kernels"` // vector instructions in use

	Domain      agreement `json:"domain_purity"` // of the most frequent domains
	DomainApart agreement `json:"domain_purity_no_shared_token"`
	POS         agreement `json:"pos_purity"`

	y []float32 // x0 y0 x1 y1 …, a pair per row of words
}

// embed maps all rows of one layer into the plane. A lemma's vector is the
// mean of its tokens' rows, so the rows are handed over as combinations of
// token rows: nothing of size lemmas × units is ever made.
func embed(ctx context.Context, o *options, w *words, n int, stderr io.Writer) (*layerMap, error) {
	rows, err := o.src.Layer(n)
	if err != nil {
		return nil, err
	}
	base, err := w.weights.Base(ctx, nil, rows) // the rows of the tokens in use
	if err != nil {
		return nil, err
	}
	label := fmt.Sprintf("layer %d", n)
	if same, err := o.src.Constant(base, w.weights.IDs); err != nil || same { // nothing to map
		return &layerMap{Layer: n, Distinct: 1, y: make([]float32, 2*len(w.rows))}, err
	}
	wait := cli.NewWait(stderr, label+": neighbors and affinities")
	points := knn.Combine(base, w.weights.Start, w.weights.Index, w.weights.Weight)
	r, err := tsne.New(ctx, points, &tsne.Settings{Perplexity: o.perplexity, Seed: o.seed})
	if err != nil {
		wait.Stop()
		return nil, err
	}
	neighbors := wait.Done()
	bar := cli.NewProgress(stderr, label+": gradient", 750) // steps of the default settings
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
	gradient := bar.Done()
	return &layerMap{
		Layer: n, KL: res.KL, Perplexity: res.Perplexity, Distinct: res.Stats.Distinct, Unsolved: res.Stats.Unsolved,
		Neighbors: cli.Seconds(neighbors), Gradient: cli.Seconds(gradient), Kernels: res.Stats.Kernels, y: res.Y,
	}, nil
}
