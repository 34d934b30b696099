//go:build !amd64 || noasm

package vec

func absDist4(_ Level, x, y0, y1, y2, y3 []float32) [4]float64 {
	return distTail4(absDistTail, new([32]float64), x, y0, y1, y2, y3)
}

func maxDist4(_ Level, x, y0, y1, y2, y3 []float32) [4]float64 {
	return distTail4(maxDistTail, new([32]float64), x, y0, y1, y2, y3)
}
