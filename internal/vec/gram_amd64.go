//go:build amd64 && !noasm

package vec

//go:generate sh -c "cd _gen && go run ./gram -out ../gram_amd64.s -stubs ../gram_stubs_amd64.go -pkg vec"

func combineKernel(l Level, dst, g []float32, stride int, index []int32, weight []float32) {
	switch l {
	case AVX512:
		combineAVX512(&dst[0], len(dst), &g[0], stride, &index[0], &weight[0], len(index))
	case AVX2:
		combineAVX2(&dst[0], len(dst), &g[0], stride, &index[0], &weight[0], len(index))
	default:
		combineGo(dst, g, stride, index, weight)
	}
}

// weightedKernel does as many numbers as fill vectors.
func weightedKernel(l Level, dst []float32, rows [][]float32, weight []float64, div float64) int {
	f, n := weightedAVX2, len(dst)&^7
	switch l {
	case Go:
		return 0
	case AVX512:
		f = weightedAVX512
	}
	f(&dst[0], n, &rows[0], &weight[0], len(rows), div)
	return n
}

func transposeKernel(l Level, dst, src []float32, stride, n int) {
	if l == Go {
		transposeGo(dst, src, stride, n)
		return
	}
	transpose16AVX2(&dst[0], &src[0], stride, n)
	transpose16AVX2(&dst[8], &src[8*stride], stride, n)
}

func scanKernel(l Level, value []float32, point []int32, mask []uint32, s *Scan, from, to int, norm, limit *[16]float32, colLimit []float32) int {
	if l == Go || s.Start[to] == 0 {
		return scanGo(value, point, mask, s, from, to, norm, limit, colLimit)
	}
	f := scanAVX2
	if l == AVX512 {
		f = scanAVX512
	}
	return f(&value[0], &point[0], &mask[0], &s.Table[0], &s.Start[0], &s.Index[0], &s.Weight[0], &s.Norm[0], from, to, norm, limit, &colLimit[0])
}
