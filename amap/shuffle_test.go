package amap

import (
	"slices"
	"testing"
)

func TestShuffle(t *testing.T) {
	n := 1000
	counts, kind := make([]int64, n), make([]int32, n)
	for i := range counts {
		counts[i], kind[i] = int64(i*i%977), int32(i%3)
	}
	for _, k := range [][]int32{nil, kind} {
		x := Shuffle(counts, k, 5)
		if !slices.Equal(x, Shuffle(counts, k, 5)) {
			t.Error("not the same twice")
		}
		seen := make([]bool, n)
		moved := 0
		// Ranks by count, within a kind.
		for i, j := range x {
			if seen[j] {
				t.Fatalf("row %d stands in twice", j)
			}
			seen[j] = true
			if int(j) != i {
				moved++
			}
			if counts[i] == 0 && int(j) != i {
				t.Errorf("row %d was never seen and is exchanged", i)
			}
			if k != nil && k[i] != k[j] {
				t.Errorf("rows %d and %d are of different kinds", i, j)
			}
			var between int
			for c := range counts {
				if lo, hi := min(counts[i], counts[j]), max(counts[i], counts[j]); (k == nil || k[c] == k[i]) && counts[c] > lo && counts[c] < hi {
					between++
				}
			}
			if between >= shuffleBlock {
				t.Errorf("rows %d and %d of counts %d and %d: %d counts between", i, j, counts[i], counts[j], between)
			}
		}
		if moved < 900 {
			t.Errorf("%d rows moved", moved)
		}
		if y := Shuffle(counts, k, 6); slices.Equal(x, y) {
			t.Error("the seed changes nothing")
		}
	}
	if x := Shuffle(nil, nil, 1); len(x) != 0 {
		t.Error(x)
	}
}
