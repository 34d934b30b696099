//go:build arm64 && !noasm

package vec

func panel(dst *[Lanes]float32, x, b []float32) {
	n := len(x) &^ 3
	if level == Go || n == 0 {
		panelGo(dst, x, b)
		return
	}
	panelNEON(&dst[0], &x[0], &b[0], n)
	for c := n; c < len(x); c++ {
		r := (*[Lanes]float32)(b[16*c:])
		for l := range r {
			dst[l] += x[c] * r[l]
		}
	}
}

func panelAdd(b, x []float32, u *[Lanes]float32) {
	if level == Go || len(x) == 0 {
		panelAddGo(b, x, u)
		return
	}
	panelAddNEON(&b[0], &x[0], &u[0], len(x))
}
