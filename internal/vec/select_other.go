//go:build (!amd64 && !arm64) || noasm

package vec

func selectKernel(_ Level, row, col []uint32, c, rowNorm, rowLimit, colNorm, colLimit []float32) {
	selectGo(row, col, c, rowNorm, rowLimit, colNorm, colLimit)
}

func sieveTiles(l Level, tiles []int32, c, rowNorm, rowLimit, colNorm, colLimit []float32) []int32 {
	return sieveBySelect(l, tiles, c, rowNorm, rowLimit, colNorm, colLimit)
}
