//go:build arm64 && !noasm

package vec

func sqDist4(l Level, x, y0, y1, y2, y3 []float32) (d [4]float64) {
	n := len(x)
	y0, y1, y2, y3 = y0[:n], y1[:n], y2[:n], y3[:n]
	if l == Go || n == 0 {
		return [4]float64{sqDistGo(x, y0), sqDistGo(x, y1), sqDistGo(x, y2), sqDistGo(x, y3)}
	}
	sqDist4NEON(&d, &x[0], &y0[0], &y1[0], &y2[0], &y3[0], n)
	return d
}
