//go:build !amd64 || noasm

package vec

func packSplit(_ Level, panel []uint32, x []float32, stride, blocks int, columns bool) {
	packSplitGo(panel, x, stride, blocks, columns)
}

func multiplySplit(_ Level, c []float32, a, b []uint32, blocks, count, stride int) {
	multiplySplitGo(c, a, b, blocks, count, stride)
}
