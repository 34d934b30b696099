//go:build arm64 && !noasm

package vec

func pairs(p, a, b, x, y *[Lanes]float32, src, w []float32, inv float32) {
	if level == Go || len(w) == 0 {
		pairsGo(p, a, b, x, y, src, w, inv)
		return
	}
	for l := 0; l < Lanes; l += 8 {
		pairsNEON(&p[l], &a[l], &b[l], &x[l], &y[l], &src[0], &w[0], inv, len(w))
	}
}
