package tsne

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestSortPlaced compares the sort with the library's.
func TestSortPlaced(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 2, 100, 5000} {
		x := make([]placed, n)
		for i := range x {
			x[i] = placed{r.Uint64(), int32(i)}
			if i%3 == 0 {
				x[i].key &= 0xf00000000000000f // equal keys
			}
		}
		want := slices.Clone(x)
		slices.SortStableFunc(want, func(a, b placed) int { return cmp.Compare(a.key, b.key) })
		if sortPlaced(x, make([]placed, n)); !slices.Equal(x, want) {
			t.Errorf("%d points: not sorted", n)
		}
	}
}
