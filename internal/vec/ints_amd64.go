//go:build amd64 && !noasm

package vec

func multiplyInts(l Level, c []float32, a, b []uint32, pairs, count, stride int, scale float32) {
	switch l {
	case AVX512:
		multiplyIntsAVX512(&c[0], &a[0], &b[0], pairs, count, 4*stride, scale)
	case AVX2:
		multiplyIntsAVX2(&c[0], &a[0], &b[0], pairs, count, 4*stride, scale)
	default:
		multiplyIntsGo(c, a, b, tileShape[l].mr, tileShape[l].nr, pairs, count, stride, scale)
	}
}
