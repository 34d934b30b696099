//go:build arm64 && !noasm

package vec

func attract(dst []float32, ptr []int64, col []int32, val, y []float32, inv float32, lo, hi int) {
	if level == Go || len(col) == 0 {
		attractGo(dst, ptr, col, val, y, inv, lo, hi)
		return
	}
	attractNEON(&dst[2*lo], &ptr[lo], &col[0], &val[0], &y[0], &y[2*lo], inv, hi-lo)
}

func attractLog(ptr []int64, col []int32, val, y []float32, inv float32, lo, hi int) float64 {
	if level == Go || len(col) == 0 {
		return attractLogGo(ptr, col, val, y, inv, lo, hi)
	}
	return attractLogNEON(&ptr[lo], &col[0], &val[0], &y[0], &y[2*lo], inv, hi-lo)
}
