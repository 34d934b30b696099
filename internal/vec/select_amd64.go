//go:build amd64 && !noasm

package vec

//go:generate sh -c "cd _gen && go run ./select -out ../select_amd64.s -stubs ../select_stubs_amd64.go -pkg vec"

func selectKernel(l Level, row, col []uint32, c, rowNorm, rowLimit, colNorm, colLimit []float32) {
	switch {
	case l == AVX512 && len(colNorm) == 32:
		selectAVX512(&row[0], &col[0], &c[0], &rowNorm[0], &rowLimit[0], &colNorm[0], &colLimit[0], len(row))
	case l >= AVX2 && len(colNorm) == 16:
		selectAVX2(&row[0], &col[0], &c[0], &rowNorm[0], &rowLimit[0], &colNorm[0], &colLimit[0], len(row))
	default:
		selectGo(row, col, c, rowNorm, rowLimit, colNorm, colLimit)
	}
}

func sieveTiles(l Level, tiles []int32, c, rowNorm, rowLimit, colNorm, colLimit []float32) []int32 {
	switch l {
	case AVX512:
		return tiles[:sieveAVX512(&tiles[0], &c[0], &rowNorm[0], &rowLimit[0], &colNorm[0], &colLimit[0], len(tiles))]
	case AVX2:
		return tiles[:sieveAVX2(&tiles[0], &c[0], &rowNorm[0], &rowLimit[0], &colNorm[0], &colLimit[0], len(tiles))]
	}
	return sieveBySelect(l, tiles, c, rowNorm, rowLimit, colNorm, colLimit)
}
