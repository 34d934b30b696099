//go:build (!amd64 && !arm64) || noasm

package vec

func pairs(p, a, b, x, y *[Lanes]float32, src, w []float32, inv float32) {
	pairsGo(p, a, b, x, y, src, w, inv)
}
