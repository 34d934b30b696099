package quality

import (
	"context"
	"math"
	"math/rand/v2"
	"sync/atomic"

	"github.com/semamap/semamap/internal/par"
)

// Permutations sets up a permutation test.
type Permutations struct {
	Count   int    // random permutations of the labels; 0 means 999
	Seed    uint64 // of the permutations
	Workers int    // goroutines; 0 means GOMAXPROCS. It never changes a result
}

// An Agreement tells how often neighbours bear the same label.
type Agreement struct {
	Points int     // labelled points whose neighbours were looked at
	Share  float64 // of their neighbours that bear the same label: the purity of neighbourhoods

	// Chance is the expected share when the labels are dealt at random to the
	// labelled points.
	Chance float64

	// SD is the standard deviation of the share over the permutations.
	SD float64

	// P is the share of permutations, the given labels counted as one of them,
	// that reach the Share: (1 + number) / (1 + Permutations). It cannot be
	// below 1 / (1 + Permutations).
	P            float64
	Permutations int
}

// LabelAgreement compares the label of points with those of their neighbours
// and tests the share of equal ones against labels permuted at random. nn
// holds k indices a point; list r belongs to point rows[r], or r when rows is
// nil. The neighbours may be those in a map ([Neighbors]) or in the data.
// labels has one entry a point; a negative one means no label: such points are
// not looked at, agree with nobody, and are left out of the permutations.
//
// Copies of one point that bear one label agree by construction; to test a
// map, give each distinct point once.
func LabelAgreement(ctx context.Context, nn []int32, k int, rows, labels []int32, p Permutations) (Agreement, error) {
	m, err := checkLabelled(nn, k, rows, labels)
	if err != nil {
		return Agreement{}, err
	}
	if p.Count < 0 {
		return Agreement{}, inputErr("Permutations.Count is %d", p.Count)
	}
	if p.Count == 0 {
		p.Count = 999
	}
	a := Agreement{Permutations: p.Count}
	var labelled []int32 // their indices
	counts := map[int32]int64{}
	for i, l := range labels {
		if l >= 0 {
			labelled = append(labelled, int32(i))
			counts[l]++
		}
	}
	// Edges from and to labelled points decide; the others never agree.
	var from, to []int32
	edges := 0
	for r := range m {
		i := listRow(rows, r)
		if labels[i] < 0 {
			continue
		}
		a.Points++
		edges += k
		for _, j := range nn[r*k : (r+1)*k] {
			if labels[j] >= 0 {
				from, to = append(from, i), append(to, j)
			}
		}
	}
	if edges == 0 {
		return Agreement{}, inputErr("no labelled point has neighbours")
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
	if n := float64(len(labelled)); n > 1 {
		var pairs int64 // of different points with one label; whole, so the order of the map does not matter
		for _, c := range counts {
			pairs += c * (c - 1)
		}
		a.Chance = float64(pairs) / (n * (n - 1)) * float64(len(from)) / float64(edges)
	}

	got := make([]int64, p.Count)
	scratch := make([][]int32, par.Workers(p.Workers))
	err = par.Blocks(ctx, p.Workers, p.Count, 1, func(w, b, _, _ int) {
		if scratch[w] == nil {
			scratch[w] = make([]int32, len(labels))
		}
		l := scratch[w]
		copy(l, labels)
		rng := rand.New(rand.NewPCG(p.Seed, uint64(b)))
		for i := len(labelled) - 1; i > 0; i-- {
			u, v := labelled[i], labelled[rng.IntN(i+1)]
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
	a.P = float64(reached) / float64(1+p.Count)
	if p.Count > 1 {
		a.SD = math.Sqrt(m2/float64(p.Count-1)) / float64(edges)
	}
	return a, nil
}

// LabelAccuracy returns the share of labelled points whose label is the most
// frequent one among their k neighbours, the smallest of several: a
// k-nearest-neighbour classifier, leave one out. The arguments are those of
// [LabelAgreement]; a point without labelled neighbours counts as an error.
func LabelAccuracy(nn []int32, k int, rows, labels []int32) (float64, error) {
	m, err := checkLabelled(nn, k, rows, labels)
	if err != nil {
		return 0, err
	}
	var right, points atomic.Int64
	err = par.Blocks(context.Background(), 0, m, 4096, func(_, _, lo, hi int) {
		for r := lo; r < hi; r++ {
			want := labels[listRow(rows, r)]
			if want < 0 {
				continue
			}
			points.Add(1)
			list := nn[r*k : (r+1)*k]
			best, votes := int32(-1), 0
			for _, i := range list {
				l := labels[i]
				if l < 0 {
					continue
				}
				n := 0
				for _, j := range list {
					if labels[j] == l {
						n++
					}
				}
				if n > votes || n == votes && l < best {
					best, votes = l, n
				}
			}
			if best == want {
				right.Add(1)
			}
		}
	})
	if err != nil {
		return 0, err
	}
	if points.Load() == 0 {
		return 0, inputErr("no labelled point has neighbours")
	}
	return float64(right.Load()) / float64(points.Load()), nil
}

func listRow(rows []int32, r int) int32 {
	if rows == nil {
		return int32(r)
	}
	return rows[r]
}

func checkLabelled(nn []int32, k int, rows, labels []int32) (int, error) {
	m, err := checkLists("nn", nn, k, len(labels))
	if err != nil {
		return 0, err
	}
	if rows == nil {
		if m > len(labels) {
			return 0, inputErr("%d lists of neighbours for %d labels", m, len(labels))
		}
		return m, nil
	}
	if len(rows) != m {
		return 0, inputErr("%d lists of neighbours for %d rows", m, len(rows))
	}
	_, err = checkLists("rows", rows, 1, len(labels))
	return m, err
}
