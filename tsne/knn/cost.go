package knn

import (
	"math"
	"slices"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

// Costs in units of one multiply-add of a tile. They were measured on one
// machine, and steer only what is tried first.
const (
	costPair     = 8.0    // a pair, besides its columns
	costRescored = 28.0   // a column of a canonical distance
	costHit      = 2000.0 // a pair that is not excluded
	costNear     = 64.0   // cells that are near a row, about
	costSplit    = 0.24   // a multiply-add of split numbers
)

// costAdd is the cost of a multiply-add.
func costAdd(split bool) float64 {
	if split {
		return costSplit
	}
	return 1
}

// cost of a search of the rows as they are, in multiply-adds of float32: all
// pairs once, and those of rows whose lists have no proof once more.
func (e *exact) cost(split bool) float64 {
	n, d := float64(e.ref.n), float64(e.ref.d)
	s := e.second[0]
	if split {
		s = e.second[1]
	}
	row := n * (costPair + d*costAdd(split)) // all pairs of a row
	first := row
	if e.same {
		first /= 2
	}
	return float64(e.x.n) * (first + s.fails*row + (float64(e.keep)+s.hits)*d*costRescored)
}

// rank chooses how many rows of the basis to use: 0 when none pays. It tries
// the bounds on some rows of the sample.
func (e *exact) rank(basis, sample []float32, s, d int) (int, error) {
	n, most := e.ref.n, len(basis)/d
	others := min(s, lowerOthers)
	tests := min(others, lowerTests)
	x := make([]float32, others*d)
	for i := range others {
		copy(x[i*d:][:d], sample[i*s/others*d:])
	}
	test := func(t int) int { return t * others / tests }
	limit := make([]float64, tests) // what the neighbours' distances come to
	kth := max(1, int(math.Round(float64(e.k)*float64(others)/float64(n))))
	kth = min(kth, others-1)
	err := par.Blocks(e.ctx, e.workers, tests, 1, func(_, t, _, _ int) {
		best := nearest{k: kth + 1} // with the row itself
		for j := range others {
			best.push(pair{vec.SqDist(x[test(t)*d:][:d], x[j*d:][:d]), int32(j)})
		}
		slices.SortFunc(best.list, comparePairs)
		limit[t] = best.list[kth].d2 * 1.02
	})
	if err != nil {
		return 0, err
	}
	length2, outside := make([]float64, others), make([]float64, others)
	for j := range others {
		for _, v := range x[j*d:][:d] {
			length2[j] += float64(v) * float64(v)
		}
		outside[j] = length2[j]
	}
	z, zt := make([]float32, others*lowerStep), make([]float32, tests*lowerStep)
	dot := make([]float32, tests*others)
	inside := make([]float64, tests*others) // products in the subspace

	rows := float64(n)
	least := 0.8 * e.cost(e.split)
	best := 0
	for p := lowerStep; p <= most; p += lowerStep {
		if err := e.products(z, x, basis[(p-lowerStep)*d:p*d], others, lowerStep, d); err != nil {
			return 0, err
		}
		for t := range tests {
			copy(zt[t*lowerStep:][:lowerStep], z[test(t)*lowerStep:])
		}
		if err := e.products(dot, zt, z, tests, others, lowerStep); err != nil {
			return 0, err
		}
		for j := range others {
			for _, v := range z[j*lowerStep:][:lowerStep] {
				outside[j] -= float64(v) * float64(v)
			}
		}
		left := 0
		for t := range tests {
			i := test(t)
			slack := 5 * roundings(p) * math.Sqrt(length2[i]) * e.longest
			if e.split {
				slack += 2 * vec.SplitError(p) * math.Sqrt(length2[i]) * e.longest
			}
			for j := range others {
				inside[t*others+j] += float64(dot[t*others+j])
				between := math.Sqrt(max(0, outside[i]) * max(0, outside[j]))
				if j != i && length2[i]+length2[j]-2*(inside[t*others+j]+between) <= limit[t]+slack {
					left++
				}
			}
		}
		pairs := max(float64(left)/float64(tests)*rows/float64(others), float64(e.keep))
		twice := min(1, costNear*cellRows/rows) // near pairs
		cost := rows*rows/2*(costPair+float64(p)*costAdd(e.split))*(1+twice) + rows*float64(p)*float64(d)*1.5 +
			rows*(extra+pairs)*float64(d)*costRescored + rows*pairs*costHit
		if cost < least {
			best, least = p, cost
		}
	}
	if e.split && best > 0 {
		best-- // with the last column of z it fills its blocks
	}
	return best, nil
}
