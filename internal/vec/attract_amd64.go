//go:build amd64 && !noasm

package vec

//go:generate sh -c "cd _gen && go run ./attract -out ../attract_amd64.s -stubs ../attract_stubs_amd64.go -pkg vec"

func attract(dst []float32, ptr []int64, col []int32, val, y []float32, inv float32, lo, hi int) {
	if level == Go || len(col) == 0 {
		attractGo(dst, ptr, col, val, y, inv, lo, hi)
		return
	}
	if level == AVX512 {
		attractAVX512(&dst[2*lo], &ptr[lo], &col[0], &val[0], &y[0], &y[2*lo], inv, hi-lo)
	} else {
		attractAVX2(&dst[2*lo], &ptr[lo], &col[0], &val[0], &y[0], &y[2*lo], inv, hi-lo)
	}
}

func attractLog(ptr []int64, col []int32, val, y []float32, inv float32, lo, hi int) float64 {
	switch {
	case level == Go || len(col) == 0:
		return attractLogGo(ptr, col, val, y, inv, lo, hi)
	case level == AVX512:
		return attractLogAVX512(&ptr[lo], &col[0], &val[0], &y[0], &y[2*lo], inv, hi-lo)
	}
	return attractLogAVX2(&ptr[lo], &col[0], &val[0], &y[0], &y[2*lo], inv, hi-lo)
}
