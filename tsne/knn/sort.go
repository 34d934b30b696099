package knn

import (
	"math"
	"math/bits"
	"slices"
)

// less is the order of lists.
func (a pair) less(b pair) bool { return a.d2 < b.d2 || a.d2 == b.d2 && a.j < b.j }

// sortPairs sorts a list, about three times as fast as slices.SortFunc, which
// calls a function for each comparison.
func sortPairs(a []pair) { quicksort(a, 2*bits.Len(uint(len(a)))) }

// quicksort leaves what is not in order after depth cuts to heapsort.
func quicksort(a []pair, depth int) {
	for len(a) > 16 {
		if depth--; depth < 0 {
			heapsort(a)
			return
		}
		last := len(a) - 1
		x, pivot, y := a[0], a[len(a)/2], a[last]
		if y.less(x) {
			x, y = y, x
		}
		if pivot.less(x) {
			pivot = x
		} else if y.less(pivot) {
			pivot = y
		}
		i, j := 0, last
		for i <= j {
			for a[i].less(pivot) {
				i++
			}
			for pivot.less(a[j]) {
				j--
			}
			if i <= j {
				a[i], a[j] = a[j], a[i]
				i++
				j--
			}
		}
		if j < len(a)-i {
			quicksort(a[:j+1], depth)
			a = a[i:]
		} else {
			quicksort(a[i:], depth)
			a = a[:j+1]
		}
	}
	for i := 1; i < len(a); i++ {
		v, at := a[i], i
		for ; at > 0 && v.less(a[at-1]); at-- {
			a[at] = a[at-1]
		}
		a[at] = v
	}
}

func heapsort(a []pair) {
	// First each of the front half sinks, which makes a heap; then the largest
	// changes places with the last, which sinks into what is left.
	for i, n := len(a)/2, len(a); n > 1; {
		at := 0
		if i > 0 {
			i--
			at = i
		} else {
			n--
			a[0], a[n] = a[n], a[0]
		}
		v := a[at]
		for {
			c := 2*at + 1
			if c+1 < n && a[c].less(a[c+1]) {
				c++
			}
			if c >= n || !v.less(a[c]) {
				break
			}
			a[at], at = a[c], c
		}
		a[at] = v
	}
}

// sortNumbers sorts v by way of keys, the only kind that this package sorts with
// package slices: each kind more is 8 kB of a program.
func sortNumbers(v []float64) {
	key := make([]uint64, len(v))
	for i, x := range v {
		// Of negative numbers all bits are turned, of others the sign.
		b := math.Float64bits(x)
		key[i] = b ^ (uint64(int64(b)>>63) | 1<<63)
	}
	slices.Sort(key)
	for i, b := range key {
		v[i] = math.Float64frombits(b ^ (uint64(int64(^b)>>63) | 1<<63))
	}
}
