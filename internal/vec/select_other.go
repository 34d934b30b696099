//go:build !amd64 || noasm

package vec

func selectKernel(l Level, row, col []uint32, c, rowNorm, rowLimit, colNorm, colLimit []float32) {
	selectGo(tileShape[l].nr, row, col, c, rowNorm, rowLimit, colNorm, colLimit)
}
