//go:build arm64 && !noasm

package vec

// activateKernel takes a multiple of layerGroup numbers, not 0.
func activateKernel(_ Level, a activation, x, up []float32) {
	t := &layerTable[0]
	switch a {
	case actGELU:
		geluNEON(&x[0], t, len(x))
	case actGELUTanh:
		geluTanhNEON(&x[0], t, len(x))
	case actSiLU:
		siluMulNEON(&x[0], &up[0], t, len(x))
	}
}
