package knn

import (
	"math"
	"slices"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

const (
	trialRows   = 16   // rows whose lists are tried
	trialOthers = 4096 // rows they are compared with
	// So many more lists may need a second search, which costs as much as two
	// and, unlike the first, does not pass over cells and has no projection.
	trialMore = 0.15
)

// trialLeast is how many rows make a trial worth it, and a fourth of it how
// many of a query. Tests change it.
var trialLeast = 1024

// A second search is what is expected of one, by a kind of numbers.
type second struct {
	fails float64 // share of lists without proof
	hits  float64 // distances it takes for a row, on average over all rows
}

// trial decides between float32 and split numbers. These are faster, but their
// error is larger: where rows stand in tight clusters, more of them are within
// it of the k-th neighbour than the lists hold, nothing is proved, and a second
// search takes the distances of all that are within it. The trial takes the
// distances of some rows from some others.
func (e *exact) trial() error {
	if !e.split || e.whole || e.ref.n < trialLeast || e.x.n < trialLeast/4 || e.keep == e.others {
		return nil
	}
	n, d := e.ref.n, e.ref.d
	tests, others := min(trialRows, e.x.n), min(trialOthers, n/4)
	var t scratch
	x := make([]float32, tests*d)
	at := func(c int) int { return c * e.x.n / tests }
	for c := range tests {
		e.x.fetch(x[c*d:][:d], at(c), &t)
	}
	type buffers struct {
		scratch
		row []float32
	}
	tmp := make([]buffers, e.workers)
	dist := make([]float64, tests*others)
	err := par.Blocks(e.ctx, e.workers, others, 16, func(w, _, lo, hi int) {
		t := &tmp[w]
		if t.row == nil {
			t.row = make([]float32, d)
		}
		for j := lo; j < hi; j++ {
			i := j * n / others
			e.ref.fetch(t.row, i, &t.scratch)
			for c := range tests {
				dist[c*others+j] = vec.SqDist(t.row, x[c*d:][:d])
				if e.same && i == at(c) {
					dist[c*others+j] = math.Inf(1)
				}
			}
		}
	})
	if err != nil {
		return err
	}
	each := float64(n) / float64(others) // rows that one of the others stands for
	kth := int(float64(e.k) / each)
	for c := range tests {
		list := dist[c*others:][:others]
		slices.Sort(list)
		len2 := float64(e.xLen[at(c)])
		for split := range e.second {
			b := e.boundOf(len2, split == 1)
			near, _ := slices.BinarySearchFunc(list, float64(b.reach(list[kth])), func(d2, reach float64) int {
				if d2*e.scale*e.scale-b.len2 <= reach {
					return -1
				}
				return 1
			})
			if float64(near-kth-1)*each > extra {
				e.second[split].fails += 1 / float64(tests)
				e.second[split].hits += float64(near) * each / float64(tests)
			}
		}
	}
	e.split = e.cost(true) <= e.cost(false) && e.second[1].fails <= e.second[0].fails+trialMore
	return nil
}
