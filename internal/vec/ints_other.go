//go:build !amd64 || noasm

package vec

func multiplyInts(l Level, c []float32, a, b, _ []uint32, pairs, count, stride int, scale float32, add bool) {
	multiplyIntsGo(c, a, b, tileShape[l].mr, tileShape[l].nr, pairs, count, stride, scale, add)
}
