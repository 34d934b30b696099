package main

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/semamap/semamap/tsne/knn"
	"github.com/semamap/semamap/tsne/quality"
)

const (
	probeLemmas = 1000 // of a question, at most
	probeFolds  = 10
	probeRidge  = 0.1
)

// probes reads the labels of the first and last question by a linear probe.
func (e *evidence) probes(ctx context.Context, seed uint64, layer int, used knn.Points) ([]measure, error) {
	var out []measure
	for _, at := range []int{0, len(e.questions) - 1} {
		s := e.single(at)
		if s == nil {
			continue
		}
		q := e.questions[at]
		rows, labels := s.spread(probeLemmas)
		folds, trained := s.folds(rows)
		if len(folds) == 0 {
			continue
		}
		points := knn.Select(knn.Combine(used, s.start, s.index, s.weight), rows)
		control := slices.Clone(labels)
		rng := rand.New(rand.NewPCG(seed, 0x70726f6265))
		rng.Shuffle(len(control), func(i, j int) { control[i], control[j] = control[j], control[i] })
		var got [2]measure
		for k, l := range [][]int32{labels, control} {
			right, err := quality.Probe(ctx, points, l, folds, probeRidge, nil)
			if err != nil {
				return nil, err
			}
			m := measure{Layer: layer, Labelling: q.name, Space: "standardized", Metric: "linear probe", Control: apart, Measure: []string{"accuracy", "accuracy, control task"}[k]}
			for _, v := range right {
				if !math.IsNaN(v) {
					m.N++
					m.Value += v
				}
			}
			if m.N == 0 {
				break
			}
			m.Value /= float64(m.N)
			m.interval(math.Sqrt(m.Value * (1 - m.Value) / float64(m.N)))
			got[k] = m
		}
		if got[1].N == 0 {
			continue
		}
		sel := got[0]
		sel.Measure, sel.Value = "selectivity", got[0].Value-got[1].Value
		sel.interval(math.Hypot(*got[0].High-got[0].Value, *got[1].High-got[1].Value) / 1.96)
		most := got[0]
		most.Measure, most.Value, most.Low, most.High = "share of the most frequent class", largest(labels, folds), nil, nil
		train := got[0]
		train.Measure, train.Value, train.Low, train.High = "lemmas to train on, mean over folds", trained, nil, nil
		out = append(out, got[0], got[1], sel, most, train)
	}
	return out, nil
}

// folds are a cross-validation in which no token of a lemma that is tested
// occurs in training. Lemmas are sorted by the most frequent of their tokens, so
// that those which would empty each other's training stand in one fold. trained
// is the mean number of lemmas to train on.
func (s *set) folds(rows []int32) (folds []quality.Fold, trained float64) {
	uses := map[int32]int{}
	tokens := func(k int32) []int32 { i := rows[k]; return s.index[s.start[i]:s.start[i+1]] }
	for k := range rows {
		for _, t := range tokens(int32(k)) {
			uses[t]++
		}
	}
	order := make([]int32, len(rows))
	chief := make([]int32, len(rows))
	for k := range rows {
		order[k] = int32(k)
		chief[k] = slices.MaxFunc(tokens(int32(k)), func(a, b int32) int { return cmp.Or(uses[a]-uses[b], int(b-a)) })
	}
	slices.SortStableFunc(order, func(a, b int32) int {
		return cmp.Or(uses[chief[b]]-uses[chief[a]], int(chief[a]-chief[b]))
	})
	for f := range probeFolds {
		var fold quality.Fold
		fold.Test = order[f*len(order)/probeFolds : (f+1)*len(order)/probeFolds]
		tested := map[int32]bool{}
		for _, k := range fold.Test {
			for _, t := range tokens(k) {
				tested[t] = true
			}
		}
		for k := range rows {
			if !slices.ContainsFunc(tokens(int32(k)), func(t int32) bool { return tested[t] }) {
				fold.Train = append(fold.Train, int32(k))
			}
		}
		if len(fold.Test) > 0 && len(fold.Train) >= probeFolds {
			folds = append(folds, fold)
			trained += float64(len(fold.Train))
		}
	}
	return folds, trained / float64(max(len(folds), 1))
}

// largest is the accuracy of always naming the most frequent class.
func largest(labels []int32, folds []quality.Fold) float64 {
	counts := map[int32]int{}
	n, most := 0, 0
	for _, f := range folds {
		for _, k := range f.Test {
			counts[labels[k]]++
			n++
			most = max(most, counts[labels[k]])
		}
	}
	return float64(most) / float64(max(n, 1))
}
