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
