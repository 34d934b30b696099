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
	trialMore   = 0.15 // more lists may need a second search, so much faster is the first
)

// trialLeast is how many rows make a trial worth it. Tests change it.
var trialLeast = 4096

// trial decides between float32 and split numbers. These are faster, but their
// error is larger: where rows stand in tight clusters, more of them are within
// it of the k-th neighbour than the lists hold, and nothing is proved. The
// trial takes the distances of some rows from some others.
func (e *exact) trial() error {
	if !e.split || e.whole || e.ref.n < trialLeast || e.keep == e.others {
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
		for split := range e.fails {
			b := e.boundOf(len2, split == 1)
			near, _ := slices.BinarySearchFunc(list, float64(b.reach(list[kth])), func(d2, reach float64) int {
				if d2*e.scale*e.scale-b.len2 <= reach {
					return -1
				}
				return 1
			})
			if float64(near-kth-1)*each > extra {
				e.fails[split] += 1 / float64(tests)
			}
		}
	}
	e.split = e.fails[1] <= e.fails[0]+trialMore
	return nil
}
