//go:build arm64 && !noasm

package vec

func expAll(l Level, x []float64) {
	n := len(x) &^ 3
	if l == Go || n == 0 {
		expAllGo(x)
		return
	}
	for _, v := range x {
		if !(v >= -700 && v <= 700) {
			expAllGo(x)
			return
		}
	}
	expNEON(&x[0], n)
	expAllGo(x[n:])
}
