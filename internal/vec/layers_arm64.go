//go:build arm64 && !noasm

package vec

import "unsafe"

// activateKernel takes a multiple of layerGroup numbers, not 0.
func activateKernel(_ Level, a activation, x, up []float32) {
	t := &layerTable[0]
	switch a {
	case actGELU:
		geluNEON(&x[0], t, len(x))
	case actGELUTanh:
		geluTanhNEON(&x[0], t, len(x))
	case actSiLU:
		siluMulNEON(&x[0], &up[0], t, len(x))
	}
}

// The kernels of rows take as many numbers as fill groups of 16 and return how
// many.

func softmaxKernel(_ Level, x []float32, rest *[16]float32) {
	softmaxNEON(unsafe.SliceData(x), len(x), &rest[0], &layerTable[0])
}

func normalizeKernel(_ Level, dst, x, weight, bias []float32, mean, by float32) int {
	n := len(x) &^ 15
	if n > 0 {
		normalizeRowNEON(&dst[0], &x[0], &weight[0], &bias[0], n, mean, by)
	}
	return n
}

func scaleKernel(_ Level, dst, x, weight []float32, by float32) int {
	n := len(x) &^ 15
	if n > 0 {
		scaleRowNEON(&dst[0], &x[0], &weight[0], n, by)
	}
	return n
}

func lanesKernel(_ Level, sum *[16]float64, x []float32) int {
	n := len(x) &^ 15
	if n > 0 {
		addLanesNEON(&sum[0], &x[0], n)
	}
	return n
}

func squaresKernel(_ Level, sum *[16]float64, x []float32, mean float64) int {
	n := len(x) &^ 15
	if n > 0 {
		addSquaresNEON(&sum[0], &x[0], n, mean)
	}
	return n
}

func fixedKernel(_ Level, sum []int64, x []float32, largest *[16]uint32) int {
	n := len(x) &^ 15
	if n > 0 {
		addFixedNEON(&sum[0], &x[0], n, &largest[0])
	}
	return n
}
