//go:build amd64 && !noasm

package vec

//go:generate sh -c "cd _gen && go run ./split -out ../split_amd64.s -stubs ../split_stubs_amd64.go -pkg vec"

func packSplit(l Level, panel []uint32, x []float32, stride, blocks int, columns bool) {
	if l != AVX512 {
		packSplitGo(panel, x, stride, blocks, columns)
		return
	}
	for b := range blocks {
		for half := range 2 {
			high := panel[b*SplitBlock+half*256:][:768]
			low := high[512:]
			splitTileAVX512(&high[0], &low[0], &x[half*16*stride+b*SplitCols], stride)
			if columns {
				transposeTileAVX512(&high[0])
				transposeTileAVX512(&low[0])
			}
		}
	}
}

func multiplySplit(l Level, c []float32, a, b []uint32, blocks, count, stride int) {
	if l != AVX512 || !hasTiles() {
		multiplySplitGo(c, a, b, blocks, count, stride)
		return
	}
	multiplySplitAMX(&c[0], &a[0], &b[0], blocks, count, 4*stride)
}
