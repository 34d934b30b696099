//go:build amd64 && !noasm

package vec

//go:generate sh -c "cd _gen && go run ./ints -out ../ints_amd64.s -stubs ../ints_stubs_amd64.go -pkg vec"

func multiplyInts(l Level, c []float32, a, b, next []uint32, pairs, count, stride int, scale float32, add bool) {
	flag := 0
	if add {
		flag = 1
	}
	switch l {
	case AVX512:
		multiplyIntsAVX512(&c[0], &a[0], &b[0], &next[0], pairs, count, 4*stride, scale, flag)
	case AVX2:
		multiplyIntsAVX2(&c[0], &a[0], &b[0], &next[0], pairs, count, 4*stride, scale, flag)
	default:
		multiplyIntsGo(c, a, b, tileShape[l].mr, tileShape[l].nr, pairs, count, stride, scale, add)
	}
}
