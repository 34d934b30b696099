//go:build arm64 && !noasm

package vec

func combineKernel(l Level, dst, g []float32, stride int, index []int32, weight []float32) {
	if l == Go {
		combineGo(dst, g, stride, index, weight)
		return
	}
	combineNEON(&dst[0], len(dst), &g[0], stride, &index[0], &weight[0], len(index))
}

// weightedKernel does as many numbers as fill vectors.
func weightedKernel(l Level, dst []float32, rows [][]float32, weight []float64, div float64) int {
	if l == Go {
		return 0
	}
	n := len(dst) &^ 7
	weightedNEON(&dst[0], n, &rows[0], &weight[0], len(rows), div)
	return n
}

func transposeKernel(l Level, dst, src []float32, stride, n int) {
	if l == Go {
		transposeGo(dst, src, stride, n)
		return
	}
	transpose16NEON(&dst[0], &src[0], stride, n)
}

func scanKernel(l Level, value []float32, point []int32, mask []uint32, s *Scan, from, to int, norm, limit *[16]float32, colLimit []float32) int {
	if l == Go || s.Start[to] == 0 {
		return scanGo(value, point, mask, s, from, to, norm, limit, colLimit)
	}
	return scanNEON(&value[0], &point[0], &mask[0], &s.Table[0], &s.Start[0], &s.Index[0], &s.Weight[0], &s.Norm[0], from, to, norm, limit, &colLimit[0])
}
