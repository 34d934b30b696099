//go:build amd64 && !noasm

package vec

//go:generate sh -c "cd _gen && go run ./select -out ../select_amd64.s -stubs ../select_stubs_amd64.go -pkg vec"

func selectKernel(l Level, row, col []uint32, c, rowNorm, rowLimit, colNorm, colLimit []float32) {
	switch l {
	case AVX512:
		select12x32AVX512(&row[0], &col[0], &c[0], &rowNorm[0], &rowLimit[0], &colNorm[0], &colLimit[0])
	case AVX2:
		select6x16AVX2(&row[0], &col[0], &c[0], &rowNorm[0], &rowLimit[0], &colNorm[0], &colLimit[0])
	default:
		selectGo(tileShape[l].nr, row, col, c, rowNorm, rowLimit, colNorm, colLimit)
	}
}
