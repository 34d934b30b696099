package main

import (
	"context"
	"fmt"

	"github.com/semamap/semamap/tsne/knn"
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
	SD     float64 `json:"sd"`     // standard deviation of the share then
	P      float64 `json:"p"`      // of a permutation test
}

func (a agreement) cells() string {
	if a.Points == 0 {
		return "-\t-"
	}
	return fmt.Sprintf("%.3f\t%.3f", a.Share, a.P)
}

func (a agreement) chance() string {
	if a.Points == 0 {
		return "-"
	}
	return fmt.Sprintf("%.3f", a.Chance)
}

// measure fills in the purities of each map.
func measure(ctx context.Context, o *options, w *words, maps []*layerMap) error {
	for _, m := range maps {
		domains := w.sites(m, w.domainOf(o.domains))
		parts := w.sites(m, func(r word) string { return r.pos })
		var err error
		if m.domain, err = domains.purity(ctx, o.seed, nil); err != nil {
			return err
		}
		if m.domainApart, err = domains.purity(ctx, o.seed, w.shareToken); err != nil {
			return err
		}
		if m.pos, err = parts.purity(ctx, o.seed, nil); err != nil {
			return err
		}
	}
	return nil
}

// sites are the different places on a map where words with a category lie.
type sites struct {
	y      []float32 // a pair each
	labels []int32
	row    []int // of words, the first at this place
}

// sites takes each place once: lemmas with the same tokens lie on one spot,
// and a synset is not a neighbour of its own copy.
func (w *words) sites(m *layerMap, category func(word) string) *sites {
	s := &sites{}
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
		s.y, s.labels, s.row = append(s.y, at[0], at[1]), append(s.labels, id[c]), append(s.row, i)
	}
	return s
}

// purity looks at the nearest sites of each site. Neighbours for which skip
// holds are passed over; nil skips none.
func (s *sites) purity(ctx context.Context, seed uint64, skip func(i, j int) bool) (agreement, error) {
	n := len(s.labels)
	k := min(purityNeighbours, n-1)
	if k < 1 {
		return agreement{}, nil
	}
	var g *knn.Graph
	var err error
	if skip == nil {
		g, err = knn.Search(ctx, knn.Rows(s.y, n, 2), k, nil)
	} else {
		g, err = s.neighboursExcept(ctx, k, skip)
	}
	if err != nil || g == nil {
		return agreement{}, err
	}
	a, err := quality.LabelAgreement(ctx, g, s.labels, &quality.Settings{Seed: seed})
	if err != nil {
		return agreement{}, err
	}
	return agreement{a.Points, a.Share, a.Chance, a.SD, a.P}, nil
}

// neighboursExcept returns the k nearest sites of each for which skip does not
// hold, or nil if some site has fewer. It asks for more and more neighbours
// until enough are left.
func (s *sites) neighboursExcept(ctx context.Context, k int, skip func(i, j int) bool) (*knn.Graph, error) {
	n := len(s.labels)
	all := knn.Rows(s.y, n, 2)
	g := &knn.Graph{N: n, K: k, Index: make([]int32, n*k)}
	todo := make([]int32, n)
	for i := range todo {
		todo[i] = int32(i)
	}
	for ask := min(8*k, n); len(todo) > 0; ask = min(4*ask, n) {
		var places []float32
		for _, i := range todo {
			places = append(places, s.y[2*i], s.y[2*i+1])
		}
		lists, err := knn.Query(ctx, all, knn.Rows(places, len(todo), 2), ask, nil)
		if err != nil {
			return nil, err
		}
		var again []int32
		for t, i := range todo {
			got := g.Index[int(i)*k : int(i)*k : int(i+1)*k]
			near, _ := lists.Row(t)
			for _, j := range near {
				if len(got) < k && i != j && !skip(s.row[i], s.row[j]) {
					got = append(got, j)
				}
			}
			if len(got) < k {
				again = append(again, i)
			}
		}
		if len(again) > 0 && ask == n {
			return nil, nil
		}
		todo = again
	}
	return g, nil
}

// shareToken reports whether two rows have a token in common, which brings
// their vectors together whatever they mean.
func (w *words) shareToken(i, j int) bool {
	c := w.weights
	a, b := c.Index[c.Start[i]:c.Start[i+1]], c.Index[c.Start[j]:c.Start[j+1]]
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] == b[0]:
			return true
		case a[0] < b[0]:
			a = a[1:]
		default:
			b = b[1:]
		}
	}
	return false
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
