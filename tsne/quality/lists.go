package quality

import "slices"

// Recall returns the mean share of the neighbours in want that got holds too:
// want has lists of kw indices, got lists of kg for the same points in the
// same order. Indices are those of n points. Without any list it is 1.
func Recall(got []int32, kg int, want []int32, kw, n int) (float64, error) {
	m, err := checkLists("got", got, kg, n)
	if err != nil {
		return 0, err
	}
	if w, err := checkLists("want", want, kw, n); err != nil {
		return 0, err
	} else if w != m {
		return 0, inputErr("%d lists to compare with %d", m, w)
	}
	if m == 0 {
		return 1, nil
	}
	hits := 0
	list := make([]int32, kg)
	for i := range m {
		copy(list, got[i*kg:])
		slices.Sort(list)
		for _, j := range want[i*kw : (i+1)*kw] {
			if _, ok := slices.BinarySearch(list, j); ok {
				hits++
			}
		}
	}
	return float64(hits) / float64(len(want)), nil
}

// Preservation returns the mean share of the k nearest neighbours in the data
// that are among the k nearest in the map: data and embedded hold k indices a
// point, of the same points of n in the same order. It is often written as
// knn10 for k = 10. [CompareNeighbors] needs no lists.
func Preservation(data, embedded []int32, k, n int) (float64, error) {
	return Recall(embedded, k, data, k, n)
}

// Shorten returns the first short of every from entries: the short nearest
// neighbours out of longer lists. It panics unless from is positive, at least
// short, and divides the length of the lists.
func Shorten(lists []int32, from, short int) []int32 {
	if from <= 0 || short < 0 || short > from || len(lists)%from != 0 {
		panic("quality: lists do not have this length")
	}
	out := make([]int32, 0, len(lists)/from*short)
	for i := 0; i < len(lists); i += from {
		out = append(out, lists[i:i+short]...)
	}
	return out
}
