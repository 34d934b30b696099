package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"runtime"

	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/tsne"
	"github.com/semamap/semamap/tsne/knn"
	"github.com/semamap/semamap/tsne/quality"
)

// layerMap is the embedding of one layer, with what was measured on it. Its
// JSON form is part of run.json.
type layerMap struct {
	Layer      int     `json:"layer"`
	KL         float64 `json:"kl"`
	Perplexity float64 `json:"perplexity"`
	Distinct   int     `json:"distinct_vectors"` // of lemmas
	Constant   bool    `json:"constant,omitempty"`
	Unsolved   int     `json:"unsolved"` // of these, those without the perplexity
	Kernels    string  `json:"kernels"`  // vector instructions in use

	// How faithful the map is: quality.Comparison over a sample of its places.
	Compared        int     `json:"compared"`
	Preservation    float64 `json:"preservation"`
	Trustworthiness float64 `json:"trustworthiness"`

	Domain agreement `json:"domain_purity_on_the_map"` // of the most frequent domains
	POS    agreement `json:"pos_purity_on_the_map"`

	measures []measure // in activation space
	units    selectivity

	y []float32 // x0 y0 x1 y1 …, a pair per row of words
}

// embed maps all rows of one layer into the plane. A lemma's vector is the
// mean of its tokens' rows, so the rows are handed over as combinations of
// token rows: nothing of size lemmas × units is ever made.
func embed(ctx context.Context, o *options, w *words, rec *record, n int, stderr io.Writer) (*layerMap, error) {
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
		return &layerMap{Layer: n, Distinct: 1, Constant: true, y: make([]float32, 2*len(w.rows))}, err
	}
	wait := cli.NewWait(stderr, label+": neighbors and affinities")
	points := knn.Combine(base, w.weights.Start, w.weights.Index, w.weights.Weight)
	r, err := tsne.New(ctx, points, &tsne.Settings{Perplexity: o.perplexity, Seed: o.seed})
	if err != nil {
		wait.Stop()
		return nil, err
	}
	wait.Done()
	rec.End(label + ": neighbors and affinities")
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
	bar.Done()
	rec.End(label + ": gradient")
	m := &layerMap{
		Layer: n, KL: res.KL, Perplexity: res.Perplexity, Distinct: res.Stats.Distinct, Unsolved: res.Stats.Unsolved,
		Kernels: res.Stats.Kernels, y: res.Y,
	}
	r, res = nil, nil
	runtime.GC() // the measures need the memory of the embedding
	wait = cli.NewWait(stderr, label+": faithfulness of the map")
	if err := m.compare(ctx, w, base, o.seed); err != nil {
		wait.Stop()
		return nil, err
	}
	wait.Done()
	rec.End(label + ": faithfulness of the map")
	return m, nil
}

// comparedPlaces is how many lemmas of a layer are asked for their neighbors.
const comparedPlaces = 300

// compare tells how well the map keeps the ten nearest neighbors. It looks at a
// sample of lemmas among all; those of equal tokens count once.
func (m *layerMap) compare(ctx context.Context, w *words, base knn.Points, seed uint64) error {
	first := w.firsts()
	y := make([]float32, 0, 2*len(first))
	for _, i := range first {
		y = append(y, m.y[2*i:2*i+2]...)
	}
	k := min(purityNeighbors, (len(first)-1)/2)
	if k < 1 {
		return nil
	}
	points := knn.Select(knn.Combine(base, w.weights.Start, w.weights.Index, w.weights.Weight), first)
	c, err := quality.Compare(ctx, points, y, 2, k, &quality.Settings{Sample: comparedPlaces, Seed: seed})
	if err != nil {
		return err
	}
	m.Compared, m.Preservation, m.Trustworthiness = c.Rows, c.Preservation, c.Trustworthiness
	add := func(name, control string, v float64, n int) {
		m.measures = append(m.measures, measure{Layer: m.Layer, Space: "map", Metric: "euclidean", Control: control, Measure: name, Value: v, N: n})
	}
	add("preservation of the ten nearest", once, c.Preservation, c.Rows)
	add("trustworthiness of the ten nearest", once, c.Trustworthiness, c.Rows)
	add("KL divergence", plain, m.KL, len(w.rows))
	return nil
}

// firsts returns the rows whose tokens no earlier row has.
func (w *words) firsts() []int32 {
	c := w.weights
	seen := map[string]bool{}
	var out []int32
	var key []byte
	for i := range w.rows {
		key = key[:0]
		for e := c.Start[i]; e < c.Start[i+1]; e++ {
			key = binary.LittleEndian.AppendUint32(key, uint32(c.Index[e]))
			key = binary.LittleEndian.AppendUint32(key, math.Float32bits(c.Weight[e]))
		}
		if !seen[string(key)] {
			seen[string(key)] = true
			out = append(out, int32(i))
		}
	}
	return out
}
