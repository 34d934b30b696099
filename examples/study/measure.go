package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

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
	SD     float64 `json:"sd"`     // standard deviation of the share then
	P      float64 `json:"p"`      // of a permutation test
}

// measure fills in the purities of the maps.
func (v *views) measure(ctx context.Context, maps []*layerMap, w *words, seed uint64) error {
	for _, m := range maps {
		var e [3]error
		m.Domain, e[0] = v.top.purity(ctx, m, nil, seed)
		m.DomainApart, e[1] = v.top.purity(ctx, m, w, seed)
		m.POS, e[2] = v.pos.purity(ctx, m, nil, seed)
		if err := errors.Join(e[:]...); err != nil {
			return err
		}
	}
	return nil
}

// purity looks at the words of a view and their nearest ones on a map; if apart
// is not nil, those that share no token with the word. It takes each place of
// the map once: lemmas with the same tokens lie on one spot, and a synset is not
// a neighbor of its own copy. The result is zero where words are too few.
func (v *view) purity(ctx context.Context, m *layerMap, apart *words, seed uint64) (agreement, error) {
	var places, withRows []float32 // x and y; x, y and the row of the word
	var labels []string
	been := map[[2]float32]bool{}
	for i, row := range v.rows {
		if at := [2]float32(m.y[2*row:]); !been[at] {
			been[at] = true
			places, labels = append(places, at[0], at[1]), append(labels, v.labels[i])
			withRows = append(withRows, at[0], at[1], float32(row))
		}
	}
	n := len(labels)
	k := min(purityNeighbors, n-1)
	if k < 1 {
		return agreement{}, nil
	}
	x, search := knn.Rows(places, n, 2), &knn.Settings{}
	if apart != nil {
		x, search.Func = knn.Rows(withRows, n, 3), apart.distanceApart
	}
	g, err := knn.Search(ctx, x, k, search)
	if err != nil || apart != nil && slices.Max(g.Dist2) >= far*far {
		return agreement{}, err
	}
	a, err := quality.LabelAgreement(ctx, g, cli.Numbers(labels), &quality.Settings{Seed: seed})
	return agreement{a.Points, a.Share, a.Chance, a.SD, a.P}, err
}

// far is a distance beyond all maps.
const far = 1e9

// distanceApart is the distance of two places, which have the row of their word
// as third number; far for words that share a token, which brings their vectors
// together whatever they mean.
func (w *words) distanceApart(a, b []float32) float64 {
	tokens := func(place []float32) []int32 {
		c, row := w.weights, int(place[2])
		return c.Index[c.Start[row]:c.Start[row+1]] // ascending
	}
	of := tokens(b)
	if slices.ContainsFunc(tokens(a), func(t int32) bool { _, shared := slices.BinarySearch(of, t); return shared }) {
		return far
	}
	return math.Hypot(float64(a[0])-float64(b[0]), float64(a[1])-float64(b[1]))
}

// cell writes a number of the agreement, if there is one.
func (a agreement) cell(v float64) string {
	if a.Points == 0 {
		return "-"
	}
	return fmt.Sprintf("%.3f", v)
}

// note tells the agreement in a figure.
func (a agreement) note(about string) string {
	if a.Points == 0 {
		return ""
	}
	return fmt.Sprintf("%d-NN purity %.2f (chance %.2f)%s", purityNeighbors, a.Share, a.Chance, about)
}
