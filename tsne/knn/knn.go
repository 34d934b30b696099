package knn

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/semamap/semamap/internal/par"
)

// Points is a set of n rows of d numbers. Row appends nothing: it fills
// dst[:d] with row i. Row may be called from many goroutines at once.
type Points interface {
	Dims() (n, d int)
	Row(dst []float32, i int)
}

// Rows returns the n rows of d numbers stored one after another in x, which
// is kept and not copied. It panics when len(x) != n*d.
func Rows(x []float32, n, d int) Points {
	if n < 0 || d < 0 || len(x) != n*d {
		panic("knn: len(x) != n*d")
	}
	return rows{x, n, d}
}

type rows struct {
	x    []float32
	n, d int
}

func (r rows) Dims() (n, d int)         { return r.n, r.d }
func (r rows) Row(dst []float32, i int) { copy(dst[:r.d], r.x[i*r.d:]) }

// Settings tunes a search. Nil and the zero value both ask for the defaults.
type Settings struct {
	Workers int // goroutines; 0 means GOMAXPROCS
}

// A Graph holds the K nearest neighbours of each of N rows, never the row
// itself, ordered by squared distance, then by index.
type Graph struct {
	N, K  int
	Index []int32   // N×K
	Dist2 []float64 // N×K squared distances
}

// ErrK is wrapped when fewer than k other rows exist.
var ErrK = errors.New("knn: k is out of range")

// Search finds the k nearest other rows of every row, exactly.
func Search(ctx context.Context, x Points, k int, s *Settings) (*Graph, error) {
	n, d := x.Dims()
	if k < 0 || k > max(0, n-1) {
		return nil, fmt.Errorf("%w: k = %d of %d rows", ErrK, k, n)
	}
	if s == nil {
		s = &Settings{}
	}
	all := make([]float32, n*d)
	for i := range n {
		x.Row(all[i*d:(i+1)*d], i)
	}
	type entry struct {
		d2 float64
		j  int32
	}
	g := &Graph{N: n, K: k, Index: make([]int32, n*k), Dist2: make([]float64, n*k)}
	err := par.Blocks(ctx, s.Workers, n, 16, func(_, _, lo, hi int) {
		list := make([]entry, 0, n)
		for i := lo; i < hi; i++ {
			list = list[:0]
			for j := range n {
				if j != i {
					list = append(list, entry{sqDist(all[i*d:(i+1)*d], all[j*d:(j+1)*d]), int32(j)})
				}
			}
			slices.SortFunc(list, func(a, b entry) int {
				if a.d2 != b.d2 {
					if a.d2 < b.d2 {
						return -1
					}
					return 1
				}
				return int(a.j) - int(b.j)
			})
			for c, e := range list[:k] {
				g.Index[i*k+c], g.Dist2[i*k+c] = e.j, e.d2
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return g, nil
}

// sqDist is the canonical squared distance: eight float64 lanes without fused
// operations, joined in a fixed tree.
func sqDist(a, b []float32) float64 {
	var acc [8]float64
	for i, v := range a {
		t := float64(v) - float64(b[i])
		acc[i&7] += float64(t * t)
	}
	s := ((acc[0] + acc[4]) + (acc[2] + acc[6])) + ((acc[1] + acc[5]) + (acc[3] + acc[7]))
	if math.IsNaN(s) {
		return math.Inf(1)
	}
	return s
}
