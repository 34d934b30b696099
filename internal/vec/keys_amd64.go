//go:build amd64 && !noasm

package vec

//go:generate sh -c "cd _gen && go run ./keys -out ../keys_amd64.s -stubs ../keys_stubs_amd64.go -pkg vec"

// mostKeys is the length up to which a buffer on the stack serves.
const mostKeys = 512

func selectKeys(l Level, a []uint64, n int) {
	if l == Go || len(a) > mostKeys {
		selectKeysGo(a, n)
		return
	}
	var above [mostKeys + 7]uint64
	for lo, hi := 0, len(a); ; {
		m := hi - lo
		if m <= fewKeys {
			sortKeys(a[lo:hi])
			return
		}
		// The middle of nine keys, three by three.
		s := m / 9
		b := a[lo:hi]
		p := middle(middle(b[0], b[s], b[2*s]), middle(b[3*s], b[4*s], b[5*s]), middle(b[6*s], b[7*s], b[8*s]))
		var low int
		if l == AVX512 {
			low = partitionKeysAVX512(&b[0], m, p, &above[0])
		} else {
			low = partitionKeysAVX2(&b[0], m, p, &above[0])
		}
		copy(b[low:], above[:m-low])
		switch {
		case low == m: // keys do not differ
			selectKeysGo(b, n-lo)
			return
		case lo+low >= n:
			hi = lo + low
		default:
			lo += low
		}
	}
}
