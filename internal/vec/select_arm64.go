//go:build arm64 && !noasm

package vec

func selectKernel(l Level, row, col []uint32, c, rowNorm, rowLimit, colNorm, colLimit []float32) {
	if l == Go || len(colNorm) != 16 {
		selectGo(row, col, c, rowNorm, rowLimit, colNorm, colLimit)
		return
	}
	selectNEON(&row[0], &col[0], &c[0], &rowNorm[0], &rowLimit[0], &colNorm[0], &colLimit[0], len(row))
}

func sieveTiles(l Level, tiles []int32, c, rowNorm, rowLimit, colNorm, colLimit []float32) []int32 {
	return sieveBySelect(l, tiles, c, rowNorm, rowLimit, colNorm, colLimit)
}
