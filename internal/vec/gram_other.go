//go:build (!amd64 && !arm64) || noasm

package vec

func combineKernel(_ Level, dst, g []float32, stride int, index []int32, weight []float32) {
	combineGo(dst, g, stride, index, weight)
}

func weightedKernel(Level, []float32, [][]float32, []float64, float64) int { return 0 }

func transposeKernel(_ Level, dst, src []float32, stride, n int) { transposeGo(dst, src, stride, n) }

func scanKernel(_ Level, value []float32, point []int32, mask []uint32, s *Scan, from, to int, norm, limit *[16]float32, colLimit []float32) int {
	return scanGo(value, point, mask, s, from, to, norm, limit, colLimit)
}
