//go:build (!amd64 && !arm64) || noasm

package vec

func sqDist4(l Level, x, y0, y1, y2, y3 []float32) [4]float64 {
	return [4]float64{sqDistGo(x, y0), sqDistGo(x, y1), sqDistGo(x, y2), sqDistGo(x, y3)}
}
