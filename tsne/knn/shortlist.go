package knn

import "math"

// A shortlist keeps the k smallest of some values, which come in the order of their
// indices. With slack it keeps more: all that are at most around(kth), where
// kth is the k-th smallest.
type shortlist struct {
	k      int
	list   []pair
	limit  float64 // larger values need not be added
	full   int     // cut a list of this length
	around func(kth float64) float64
}

// reset empties the list.
func (t *shortlist) reset(k int, around func(kth float64) float64) {
	t.k, t.around, t.list = k, around, t.list[:0]
	t.limit, t.full = math.MaxFloat64, 2*k+32 // infinite values are left out
	if k == 0 {
		t.limit = math.Inf(-1)
	}
}

// add adds the values at indices from first on, of which none may be NaN. It
// skips index self.
func (t *shortlist) add(values []float64, first, self int) {
	limit, list := t.limit, t.list
	for c, v := range values {
		if v > limit || first+c == self {
			continue
		}
		if list = append(list, pair{v, int32(first + c)}); len(list) >= t.full {
			t.list = list
			t.cut()
			list, limit = t.list, t.limit
		}
	}
	t.list = list
}

// cut drops what need not be kept.
func (t *shortlist) cut() {
	if len(t.list) <= t.k || t.k == 0 {
		return
	}
	selectPairs(t.list, t.k)
	kth := t.list[t.k-1].d2
	t.limit = math.Nextafter(kth, math.Inf(-1)) // of equal values the first stay
	n := t.k
	if t.around != nil {
		t.limit = t.around(kth)
		for _, p := range t.list[n:] {
			if p.d2 <= t.limit {
				t.list[n] = p
				n++
			}
		}
	}
	t.list = t.list[:n]
	t.full = 2*n + 32
}

// selectPairs moves the n smallest of the pairs, which all differ, to the
// front and the largest of them to place n−1; n is from 1 to len(a).
func selectPairs(a []pair, n int) {
	less := func(p, q pair) bool { return p.d2 < q.d2 || p.d2 == q.d2 && p.j < q.j }
	want := n - 1
	lo, hi := 0, len(a)-1
	for hi-lo > 12 {
		p, q, r := a[lo], a[int(uint(lo+hi)/2)], a[hi]
		if less(q, p) {
			p, q = q, p
		}
		if less(r, q) {
			if q = r; less(q, p) {
				q = p
			}
		}
		i, j := lo, hi
		for i <= j {
			for less(a[i], q) {
				i++
			}
			for less(q, a[j]) {
				j--
			}
			if i <= j {
				a[i], a[j] = a[j], a[i]
				i++
				j--
			}
		}
		switch {
		case want <= j:
			hi = j
		case want >= i:
			lo = i
		default:
			return
		}
	}
	for i := lo + 1; i <= hi; i++ {
		v := a[i]
		j := i
		for ; j > lo && less(v, a[j-1]); j-- {
			a[j] = a[j-1]
		}
		a[j] = v
	}
}
