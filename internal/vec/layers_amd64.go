//go:build amd64 && !noasm

package vec

import "unsafe"

//go:generate sh -c "cd _gen && go run ./layers -out ../layers_amd64.s -stubs ../layers_stubs_amd64.go -pkg vec"

// activateKernel takes a multiple of layerGroup numbers, not 0.
func activateKernel(l Level, a activation, x, up []float32) {
	t := &layerTable[0]
	switch {
	case a == actGELU && l == AVX512:
		geluAVX512(&x[0], t, len(x))
	case a == actGELU:
		geluAVX2(&x[0], t, len(x))
	case a == actGELUTanh && l == AVX512:
		geluTanhAVX512(&x[0], t, len(x))
	case a == actGELUTanh:
		geluTanhAVX2(&x[0], t, len(x))
	case l == AVX512:
		siluMulAVX512(&x[0], &up[0], t, len(x))
	default:
		siluMulAVX2(&x[0], &up[0], t, len(x))
	}
}

// The kernels of rows take as many numbers as fill groups of 16 and return how
// many.

func softmaxKernel(l Level, x []float32, rest *[16]float32) {
	if l == AVX512 {
		softmaxAVX512(unsafe.SliceData(x), len(x), rest, &layerTable[0])
	} else {
		softmaxAVX2(unsafe.SliceData(x), len(x), rest, &layerTable[0])
	}
}

func normalizeKernel(l Level, dst, x, weight, bias []float32, mean, by float32) int {
	n := len(x) &^ 15
	switch {
	case n == 0:
	case l == AVX512:
		normalizeRowAVX512(&dst[0], &x[0], &weight[0], &bias[0], n, mean, by)
	default:
		normalizeRowAVX2(&dst[0], &x[0], &weight[0], &bias[0], n, mean, by)
	}
	return n
}

func scaleKernel(l Level, dst, x, weight []float32, by float32) int {
	n := len(x) &^ 15
	switch {
	case n == 0:
	case l == AVX512:
		scaleRowAVX512(&dst[0], &x[0], &weight[0], n, by)
	default:
		scaleRowAVX2(&dst[0], &x[0], &weight[0], n, by)
	}
	return n
}

func lanesKernel(l Level, sum *[16]float64, x []float32) int {
	n := len(x) &^ 15
	switch {
	case n == 0:
	case l == AVX512:
		addLanesAVX512(sum, &x[0], n)
	default:
		addLanesAVX2(sum, &x[0], n)
	}
	return n
}

func squaresKernel(l Level, sum *[16]float64, x []float32, mean float64) int {
	n := len(x) &^ 15
	switch {
	case n == 0:
	case l == AVX512:
		addSquaresAVX512(sum, &x[0], n, mean)
	default:
		addSquaresAVX2(sum, &x[0], n, mean)
	}
	return n
}

func fixedKernel(l Level, sum []int64, x []float32, largest *[16]uint32) int {
	n := len(x) &^ 15
	switch {
	case n == 0:
	case l == AVX512:
		addFixedAVX512(&sum[0], &x[0], n, largest)
	default:
		addFixedAVX2(&sum[0], &x[0], n, largest)
	}
	return n
}
