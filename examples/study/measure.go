package main

import (
	"context"
	"fmt"

	"github.com/semamap/semamap/tsne/quality"
)

// purityNeighbours is how many neighbours on the map are asked for their
// category.
const purityNeighbours = 10

// agreement tells how often neighbours on a map have the same category.
type agreement struct {
	Points int     `json:"points"` // different places on the map with a category
	Share  float64 `json:"share"`
	Chance float64 `json:"chance"` // the share if categories were dealt at random
	P      float64 `json:"p"`      // of a permutation test
}

func (a agreement) cells() string {
	if a.Points == 0 {
		return "-\t-\t-"
	}
	return fmt.Sprintf("%.3f\t%.3f\t%.3f", a.Share, a.Chance, a.P)
}

// measure fills in the purities of each map.
func measure(ctx context.Context, o *options, w *words, maps []*layerMap) error {
	for _, m := range maps {
		var err error
		if m.domain, err = purity(ctx, o, w, m, w.domainOf(o.domains)); err != nil {
			return err
		}
		if m.pos, err = purity(ctx, o, w, m, func(r word) string { return r.pos }); err != nil {
			return err
		}
	}
	return nil
}

// purity looks at the rows with a category only, and at each place on the map
// once: lemmas with the same tokens lie on one spot, and a synset is not a
// neighbour of its own copy.
func purity(ctx context.Context, o *options, w *words, m *layerMap, category func(word) string) (agreement, error) {
	var y []float32
	var labels []int32
	id := map[string]int32{}
	been := map[[2]float32]bool{}
	for i, r := range w.rows {
		at := [2]float32{m.Y[2*i], m.Y[2*i+1]}
		c := category(r)
		if c == "" || been[at] {
			continue
		}
		been[at] = true
		if _, ok := id[c]; !ok {
			id[c] = int32(len(id))
		}
		y, labels = append(y, at[0], at[1]), append(labels, id[c])
	}
	k := min(purityNeighbours, len(labels)-1)
	if k < 1 {
		return agreement{}, nil
	}
	nn, err := quality.Neighbors(ctx, y, 2, k, nil, 0)
	if err != nil {
		return agreement{}, err
	}
	a, err := quality.LabelAgreement(ctx, nn, k, nil, labels, quality.Permutations{Seed: o.seed})
	if err != nil {
		return agreement{}, err
	}
	return agreement{a.Points, a.Share, a.Chance, a.P}, nil
}

// domainOf returns a function that gives the domain of a word if it is one of
// the n most frequent, else "".
func (w *words) domainOf(n int) func(word) string {
	top := map[string]bool{}
	for _, d := range w.top(n) {
		top[d] = true
	}
	return func(r word) string {
		if top[r.domain] {
			return r.domain
		}
		return ""
	}
}
