package main

import (
	"context"
	"fmt"
	"io"

	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/tsne/knn"
	"github.com/semamap/semamap/tsne/quality"
)

// purityNeighbors is how many neighbors on the map are asked for their
// category.
const purityNeighbors = 10

// agreement tells how often neighbors on a map have the same category: a
// quality.Agreement with names for run.json.
type agreement struct {
	Points int     `json:"points"` // different places on the map with a category
	Share  float64 `json:"share"`
	Chance float64 `json:"chance"` // the share if categories were dealt at random
}

// measure fills in what a layer's activations say.
func (e *evidence) measure(ctx context.Context, o *options, w *words, m *layerMap, stderr io.Writer) error {
	if m.Constant {
		return nil
	}
	layer, err := o.src.Layer(m.Layer)
	if err != nil {
		return err
	}
	used, err := e.rows(ctx, w, layer)
	if err != nil {
		return err
	}
	near, err := e.layer(ctx, m.Layer, used, stderr)
	if err != nil {
		return err
	}
	m.measures = append(m.measures, near...)
	wait := cli.NewWait(stderr, fmt.Sprintf("layer %d: probes and units", m.Layer))
	probes, err := e.probes(ctx, o.seed, m.Layer, used)
	if err == nil {
		m.measures = append(m.measures, probes...)
		m.units, err = e.units(ctx, w, m.Layer, used)
	}
	if err != nil {
		wait.Stop()
		return err
	}
	wait.Done()
	for _, b := range o.baselines {
		if err := b.measure(ctx, o, w, e, m, stderr); err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
	}
	return nil
}

// measure fills in the purities of the maps.
func (v *views) measure(ctx context.Context, maps []*layerMap, seed uint64) (err error) {
	for _, m := range maps {
		if m.Domain, err = v.top.purity(ctx, m, seed); err != nil {
			return err
		}
		if m.POS, err = v.pos.purity(ctx, m, seed); err != nil {
			return err
		}
	}
	return nil
}

// purity looks at the words of a view and their nearest ones on a map. It takes
// each place of the map once: lemmas with the same tokens lie on one spot, and a
// synset is not a neighbor of its own copy. The result is zero where words are
// too few. It tells what the picture shows, not what the activations bear: a map
// places by what is left over what has no near neighbor.
func (v *view) purity(ctx context.Context, m *layerMap, seed uint64) (agreement, error) {
	var places []float32
	var labels []string
	been := map[[2]float32]bool{}
	for i, row := range v.rows {
		if at := [2]float32(m.y[2*row:]); !been[at] {
			been[at] = true
			places, labels = append(places, at[0], at[1]), append(labels, v.labels[i])
		}
	}
	n := len(labels)
	k := min(purityNeighbors, n-1)
	if k < 1 {
		return agreement{}, nil
	}
	g, err := knn.Search(ctx, knn.Rows(places, n, 2), k, nil)
	if err != nil {
		return agreement{}, err
	}
	a, err := quality.LabelAgreement(ctx, g, cli.Numbers(labels), &quality.Settings{Seed: seed, Permutations: 1})
	return agreement{a.Points, a.Share, a.Chance}, err
}

// note tells the agreement in a figure.
func (a agreement) note(about string) string {
	if a.Points == 0 {
		return ""
	}
	return fmt.Sprintf("share of the %d nearest on the map %.2f (chance %.2f)%s", purityNeighbors, a.Share, a.Chance, about)
}
