package knn

import (
	"fmt"
	"math"
	"slices"

	"github.com/semamap/semamap/tsne/internal/share"
)

// A Graph holds the K nearest neighbors of each of N rows, ordered by
// squared distance, then by index. A row is never its own neighbor in a graph
// from [Search]. The list of a row that has fewer neighbors, because links
// between [Distances] are missing, ends with indices of −1 at infinite distance.
type Graph struct {
	N, K   int
	Index  []int32   // N×K
	Dist2  []float64 // N×K squared distances
	Recall Recall
	Stats  Stats

	// Rounded lists columns of float64 whose numbers Search or Query could not
	// keep apart in float32: they are close together and far apart at once, and
	// do not stand in groups. Neighbors may be wrong by them.
	Rounded []int
}

// Row returns the neighbors of row i and their squared distances, as slices
// of Index and Dist2. It panics if i is out of range.
//
//go:noinline
func (g *Graph) Row(i int) (index []int32, dist2 []float64) {
	lo, hi := i*g.K, (i+1)*g.K
	return g.Index[lo:hi:hi], g.Dist2[lo:hi:hi]
}

// Recall is the share of the true neighbors that a graph holds, measured on
// some rows. It is 1, 1, 1 for an exact search.
type Recall struct {
	Mean      float64 // mean over the measured rows
	Low, High float64 // 95 % interval of the mean
	rows      int     // how many rows were measured
}

// Stats reports how a graph was made. It depends on the input, the settings
// and the processor's vector instructions.
type Stats struct {
	Method    Method
	Distinct  int   // distinct rows that were searched
	Rechecked int   // rows whose first list had no proof and was searched again
	Bytes     int64 // planned memory beyond the input, result included; a MaxMemory near it may change the method

	rescored int64 // distances taken by the definition; may vary between runs
	rounds   int   // of Descent
	columns  int   // numbers of a row, or of its projection, that all pairs were compared by
}

// Check reports the first defect of a graph from another source: slices of
// the wrong length, an index that is out of range, repeated or the row itself,
// distances that are NaN, negative or out of order. The error wraps [ErrGraph].
// It is meant for graphs as Search returns them, not for those of [Query],
// whose indices are rows of another set.
func (g *Graph) Check() error {
	if g == nil {
		return share.Errorf("%w: nil", ErrGraph)
	}
	if g.N < 0 || g.K < 0 || g.N > math.MaxInt32 || (g.K > 0 && g.N > math.MaxInt/g.K) ||
		len(g.Index) != g.N*g.K || len(g.Dist2) != g.N*g.K {
		return share.Errorf("%w: N = %d, K = %d, %d indices, %d distances", ErrGraph, g.N, g.K, len(g.Index), len(g.Dist2))
	}
	seen := make([]int32, g.N) // last row (from 1) that listed each index
	for i := range g.N {
		index, d2 := g.Row(i)
		for c, j := range index {
			if j == -1 && math.IsInf(d2[c], 1) {
				if short := slices.IndexFunc(index[c:], func(j int32) bool { return j != -1 }); short >= 0 {
					return share.Errorf("%w: row %d, entry %d: a neighbor behind the end of the list", ErrGraph, i, c+short)
				}
				break
			}
			why := ""
			switch {
			case j < 0 || int(j) >= g.N:
				why = "is out of range"
			case int(j) == i:
				why = "is the row itself"
			case seen[j] == int32(i+1):
				why = "is repeated"
			}
			if why != "" {
				return share.Errorf("%w: row %d, entry %d: index %d %s", ErrGraph, i, c, j, why)
			}
			seen[j] = int32(i + 1)
			if !(d2[c] >= 0) || c > 0 && d2[c] < d2[c-1] {
				return share.Errorf("%w: row %d, entry %d: squared distance %v", ErrGraph, i, c, d2[c])
			}
		}
	}
	return nil
}

// pair is a candidate of a list: lists are sorted by (d2, j).
type pair struct {
	d2 float64
	j  int32
}

//go:noinline
func newGraph(n, k int) *Graph {
	return &Graph{N: n, K: k, Index: make([]int32, n*k), Dist2: make([]float64, n*k),
		Recall: Recall{1, 1, 1, n}, Stats: Stats{Method: Exact, Distinct: n}}
}

// put writes the k smallest of list, which it sorts, as row i. A list of fewer
// ends with no neighbors.
func (g *Graph) put(i int, list []pair) {
	sortPairs(list)
	index, d2 := g.Row(i)
	for c := range index {
		if c < len(list) {
			index[c], d2[c] = list[c].j, list[c].d2
		} else {
			index[c], d2[c] = -1, math.Inf(1)
		}
	}
}

func checkK(n, k, others int) error {
	if k < 0 || k > max(0, others) {
		return &SettingError{"k", k, fmt.Sprintf("a row has %d others", max(0, others))}
	}
	if k > 0 && n > math.MaxInt/12/k {
		return &SettingError{"k", k, fmt.Sprintf("the lists of %d rows overflow", n)}
	}
	return nil
}
