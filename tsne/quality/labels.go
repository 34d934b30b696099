package quality

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/tsne/knn"
)

// An Agreement reports how often neighbors have the same label.
type Agreement struct {
	Points int     // labeled points that were evaluated
	Share  float64 // share of their neighbors with the same label: the neighborhood purity

	// Chance is the expected share if the labels are assigned at random to the
	// labeled points.
	Chance float64

	// SD is the standard deviation of the share over the permutations.
	SD float64

	// P is the p-value of the permutation test: (1 + the number of
	// permutations whose share reaches Share) / (1 + Permutations).
	P float64
}

// LabelAgreement returns the share of neighbors that have the same label, and
// tests it against random permutations of the labels. g lists the neighbors on
// a map or in the data: it is a graph of [knn.Search], or it has one list for
// each of Settings.Rows. labels has one entry per point. Points with a negative
// entry have no label: they are not evaluated, count as different when they are
// neighbors, and are left out of the permutations.
//
// g is taken as it is. Equal rows of data lie at one place of the map, fill each
// other's lists and agree by construction; so search the places of the distinct
// rows only, which [knn.Distinct] names, and give the labels of those.
// LabelAgreement reads Settings.Rows, Permutations, Seed and Workers.
func LabelAgreement(ctx context.Context, g *knn.Graph, labels []int32, s *Settings) (Agreement, error) {
	if ctx == nil {
		return Agreement{}, errNoContext
	}
	set := s.fill()
	if err := checkLabelled(g, labels, &set); err != nil {
		return Agreement{}, err
	}
	count := set.Permutations
	if count < 0 {
		return Agreement{}, inputErr("Permutations is %d", count)
	}
	if count == 0 {
		count = 999
	}
	var a Agreement
	var labeled []int32 // their indices
	counts := map[int32]int64{}
	for i, l := range labels {
		if l >= 0 {
			labeled = append(labeled, int32(i))
			counts[l]++
		}
	}
	// Edges from and to labeled points decide; the others never agree.
	var from, to []int32
	edges := 0
	for r := range g.N {
		i := set.listRow(r)
		if labels[i] < 0 {
			continue
		}
		a.Points++
		edges += g.K
		for _, j := range g.Index[r*g.K : (r+1)*g.K] {
			if labels[j] >= 0 {
				from, to = append(from, i), append(to, j)
			}
		}
	}
	if edges == 0 {
		return Agreement{}, inputErr("no labeled point has neighbors")
	}
	same := func(l []int32) int64 {
		var n int64
		for e, i := range from {
			if l[i] == l[to[e]] {
				n++
			}
		}
		return n
	}
	found := same(labels)
	a.Share = float64(found) / float64(edges)
	if n := float64(len(labeled)); n > 1 {
		var pairs int64 // of different points with one label; whole, so the order of the map does not matter
		for _, c := range counts {
			pairs += c * (c - 1)
		}
		a.Chance = float64(pairs) / (n * (n - 1)) * float64(len(from)) / float64(edges)
	}

	got := make([]int64, count)
	scratch := make([][]int32, par.Workers(set.Workers))
	err := par.Blocks(ctx, set.Workers, count, 1, func(w, b, _, _ int) {
		if scratch[w] == nil {
			scratch[w] = make([]int32, len(labels))
		}
		l := scratch[w]
		copy(l, labels)
		rng := rand.New(rand.NewPCG(set.Seed, uint64(b)))
		for i := len(labeled) - 1; i > 0; i-- {
			u, v := labeled[i], labeled[rng.IntN(i+1)]
			l[u], l[v] = l[v], l[u]
		}
		got[b] = same(l)
	})
	if err != nil {
		return Agreement{}, err
	}
	reached := 1
	var mean, m2 float64
	for i, g := range got {
		if g >= found {
			reached++
		}
		d := float64(g) - mean
		mean += d / float64(i+1)
		m2 += d * (float64(g) - mean)
	}
	a.P = float64(reached) / float64(1+count)
	if count > 1 {
		a.SD = math.Sqrt(m2/float64(count-1)) / float64(edges)
	}
	return a, nil
}

// LabelAccuracy returns the leave-one-out accuracy of a k-nearest-neighbor
// classifier: the share of labeled points whose label is the most frequent one
// among their neighbors. If several labels are equally frequent, the smallest
// is chosen. A point without labeled neighbors counts as an error. g and labels
// are as in [LabelAgreement]. LabelAccuracy reads Settings.Rows.
func LabelAccuracy(g *knn.Graph, labels []int32, s *Settings) (float64, error) {
	set := s.fill()
	if err := checkLabelled(g, labels, &set); err != nil {
		return 0, err
	}
	right, points := 0, 0
	votes := map[int32]int{}
	for r := range g.N {
		want := labels[set.listRow(r)]
		if want < 0 {
			continue
		}
		points++
		clear(votes)
		best := int32(-1)
		for _, j := range g.Index[r*g.K : (r+1)*g.K] {
			if l := labels[j]; l >= 0 {
				votes[l]++
				if best < 0 || votes[l] > votes[best] || votes[l] == votes[best] && l < best {
					best = l
				}
			}
		}
		if best == want {
			right++
		}
	}
	if points == 0 {
		return 0, inputErr("no labeled point has neighbors")
	}
	return float64(right) / float64(points), nil
}

// listRow returns the point that list r belongs to.
func (s *Settings) listRow(r int) int32 {
	if s.Rows == nil {
		return int32(r)
	}
	return s.Rows[r]
}

func checkLabelled(g *knn.Graph, labels []int32, s *Settings) error {
	if err := checkLists("graph", g); err != nil {
		return err
	}
	if len(labels) == 0 {
		return inputErr("there are no labels")
	}
	if err := checkIndices("graph", g.Index, g.K, len(labels)); err != nil {
		return err
	}
	if s.Rows == nil && g.N > len(labels) {
		return inputErr("%d lists of neighbors for %d labels", g.N, len(labels))
	}
	if s.Rows != nil && len(s.Rows) != g.N {
		return inputErr("%d lists of neighbors for %d rows", g.N, len(s.Rows))
	}
	return checkIndices("Rows", s.Rows, 1, len(labels))
}
