//go:build amd64 && !noasm

package vec

func panel(dst *[Lanes]float32, x, b []float32) {
	n := len(x) &^ 3
	if level == Go || n == 0 {
		panelGo(dst, x, b)
		return
	}
	if level == AVX512 {
		panelAVX512(&dst[0], &x[0], &b[0], n)
	} else {
		panelAVX2(&dst[0], &x[0], &b[0], n)
	}
	for c := n; c < len(x); c++ {
		r := (*[Lanes]float32)(b[16*c:])
		for l := range r {
			dst[l] += x[c] * r[l]
		}
	}
}

func panelAdd(b, x []float32, u *[Lanes]float32) {
	switch {
	case level == Go || len(x) == 0:
		panelAddGo(b, x, u)
	case level == AVX512:
		panelAddAVX512(&b[0], &x[0], &u[0], len(x))
	default:
		panelAddAVX2(&b[0], &x[0], &u[0], len(x))
	}
}
