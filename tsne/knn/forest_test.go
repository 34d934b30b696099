package knn

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
)

// Leaves cover all rows once, in order, are small enough, and do not depend on
// the number of goroutines.
func TestPartition(t *testing.T) {
	big := normal(1, 20_000*5)
	far := normal(2, 3000*5)
	for i := range 40 {
		far[i*5] = float32(math.Pow(10, float64(i)-3))
	}
	for name, x := range map[string][]float32{
		"normal": big, "far": far, "same": make([]float32, 2000*5), "two": normal(3, 2*5), "one": normal(4, 5), "none": nil,
	} {
		n := len(x) / 5
		rows := view{x, nil, 5, 0, n}
		for _, leaf := range []int{1, 7, 500, 9000} {
			if leaf == 1 && n > 3000 {
				continue
			}
			order, leaves, err := partition(context.Background(), 1, &rows, n, leaf, 5)
			if err != nil {
				t.Fatal(name, err)
			}
			what := fmt.Sprint(name, " leaf=", leaf)
			at := 0
			for _, v := range leaves {
				if v.lo != at || v.hi <= v.lo || v.hi-v.lo > leaf {
					t.Fatalf("%s: a leaf of [%d, %d) behind %d", what, v.lo, v.hi, at)
				}
				at = v.hi
			}
			sorted := slices.Sorted(slices.Values(order))
			for i := range sorted {
				if int(sorted[i]) != i {
					t.Fatalf("%s: row %d is missing", what, i)
				}
			}
			if at != n || len(sorted) != n {
				t.Fatalf("%s: %d rows in leaves, %d in order, want %d", what, at, len(sorted), n)
			}
			for _, workers := range []int{2, 5} {
				o, l, err := partition(context.Background(), workers, &rows, n, leaf, 5)
				if err != nil || !slices.Equal(o, order) || !slices.Equal(l, leaves) {
					t.Fatalf("%s: workers=%d give another tree (%v)", what, workers, err)
				}
			}
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, _, err := partition(ctx, 2, &rows, n, 3, 5); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: canceled: %v", name, err)
		}
	}
}

// A tree keeps what is near together.
func TestPartitionNear(t *testing.T) {
	const n, groups = 4000, 16
	x := normal(1, n*8)
	centres := normal(2, groups*8)
	for i := range n {
		for c := range 8 {
			x[i*8+c] += 30 * centres[i%groups*8+c]
		}
	}
	order, leaves, err := partition(context.Background(), 2, &view{x, nil, 8, 0, n}, n, n/groups, 1)
	if err != nil {
		t.Fatal(err)
	}
	pairs, together := 0, 0
	for _, v := range leaves {
		for p := v.lo + 1; p < v.hi; p++ {
			pairs++
			if order[p]%groups == order[p-1]%groups {
				together++
			}
		}
	}
	if share := float64(together) / float64(pairs); share < 0.9 {
		t.Errorf("%.3f of the neighbors in leaves are of one group", share)
	}
}
