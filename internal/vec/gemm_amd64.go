//go:build amd64 && !noasm

package vec

//go:generate sh -c "cd _gen && go run ./gemm -out ../gemm_amd64.s -stubs ../gemm_stubs_amd64.go -pkg vec"

func gemmKernel(l Level, c, a, b, next []float32, d int, add bool) {
	var flag int
	if add {
		flag = 1
	}
	switch l {
	case AVX512:
		gemm12x32AVX512(&c[0], &a[0], &b[0], &next[0], d, flag)
	case AVX2:
		gemm6x16AVX2(&c[0], &a[0], &b[0], d, flag)
	default:
		gemmGo(c, a, b, tileShape[l].mr, tileShape[l].nr, d, add)
	}
}

// packKernel packs as many columns as it can and returns how many.
func packKernel(l Level, dst, x []float32, stride int) int {
	n := stride &^ 7
	switch {
	case n == 0 || l == Go:
		return 0
	case l == AVX512:
		packRows12AVX512(&dst[0], &x[0], stride, n)
	default:
		packRows6AVX2(&dst[0], &x[0], stride, n)
	}
	return n
}

// storeKernel stores rows of a whole column panel, or returns false.
func storeKernel(l Level, y []float32, stride int, c, bias []float32, rows int, add bool) bool {
	var flag int
	if add {
		flag = 1
	}
	switch l {
	case AVX512:
		storeRowsAVX512(&y[0], stride, &c[0], &bias[0], rows, flag)
	case AVX2:
		storeRowsAVX2(&y[0], stride, &c[0], &bias[0], rows, flag)
	default:
		return false
	}
	return true
}
