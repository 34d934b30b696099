//go:build amd64 && !noasm

package vec

//go:generate sh -c "cd _gen && go run ./layers -out ../layers_amd64.s -stubs ../layers_stubs_amd64.go -pkg vec"

// activateKernel takes a multiple of layerGroup numbers, not 0.
func activateKernel(l Level, a activation, x, up []float32) {
	t := &layerTable[0]
	switch {
	case a == actGELU && l == AVX512:
		geluAVX512(&x[0], t, len(x))
	case a == actGELU:
		geluAVX2(&x[0], t, len(x))
	case a == actGELUTanh && l == AVX512:
		geluTanhAVX512(&x[0], t, len(x))
	case a == actGELUTanh:
		geluTanhAVX2(&x[0], t, len(x))
	case l == AVX512:
		siluMulAVX512(&x[0], &up[0], t, len(x))
	default:
		siluMulAVX2(&x[0], &up[0], t, len(x))
	}
}
