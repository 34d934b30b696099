package vec

// SelectKeys moves the n smallest of the keys, which all differ, to the front
// and the largest of them to place n-1; the others follow. n is from 1 to
// len(a).
func SelectKeys(a []uint64, n int) { selectKeys(level, a, n) }

// selectKeysGo is Hoare's selection.
func selectKeysGo(a []uint64, n int) {
	want := n - 1
	lo, hi := 0, len(a)-1
	for hi-lo > fewKeys {
		p := middle(a[lo], a[int(uint(lo+hi)/2)], a[hi])
		i, j := lo, hi
		for i <= j {
			for a[i] < p {
				i++
			}
			for a[j] > p {
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
	sortKeys(a[lo : hi+1])
}

// fewKeys are sorted by insertion.
const fewKeys = 16

func sortKeys(a []uint64) {
	for i := 1; i < len(a); i++ {
		v := a[i]
		j := i
		for ; j > 0 && a[j-1] > v; j-- {
			a[j] = a[j-1]
		}
		a[j] = v
	}
}

// middle returns the median of three.
func middle(a, b, c uint64) uint64 {
	return max(min(a, b), min(max(a, b), c))
}
