//go:build (!amd64 && !arm64) || noasm

package vec

func attract(dst []float32, ptr []int64, col []int32, val, y []float32, inv float32, lo, hi int) {
	attractGo(dst, ptr, col, val, y, inv, lo, hi)
}

func attractLog(ptr []int64, col []int32, val, y []float32, inv float32, lo, hi int) float64 {
	return attractLogGo(ptr, col, val, y, inv, lo, hi)
}
