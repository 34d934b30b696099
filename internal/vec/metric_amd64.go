//go:build amd64 && !noasm

package vec

func absDist4(l Level, x, y0, y1, y2, y3 []float32) [4]float64 {
	n := len(x)
	y0, y1, y2, y3 = y0[:n], y1[:n], y2[:n], y3[:n]
	m := n &^ 7
	var sum [32]float64
	switch {
	case l == Go || m == 0:
		m = 0
	case l == AVX512:
		absDist4AVX512(&sum, &x[0], &y0[0], &y1[0], &y2[0], &y3[0], m)
	default:
		absDist4AVX2(&sum, &x[0], &y0[0], &y1[0], &y2[0], &y3[0], m)
	}
	return distTail4(absDistTail, &sum, x[m:], y0[m:], y1[m:], y2[m:], y3[m:])
}

func maxDist4(l Level, x, y0, y1, y2, y3 []float32) [4]float64 {
	n := len(x)
	y0, y1, y2, y3 = y0[:n], y1[:n], y2[:n], y3[:n]
	m := n &^ 7
	var sum [32]float64
	switch {
	case l == Go || m == 0:
		m = 0
	case l == AVX512:
		maxDist4AVX512(&sum, &x[0], &y0[0], &y1[0], &y2[0], &y3[0], m)
	default:
		maxDist4AVX2(&sum, &x[0], &y0[0], &y1[0], &y2[0], &y3[0], m)
	}
	return distTail4(maxDistTail, &sum, x[m:], y0[m:], y1[m:], y2[m:], y3[m:])
}
