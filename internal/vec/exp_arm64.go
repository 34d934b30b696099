//go:build arm64 && !noasm

package vec

// expKernel does as many numbers as fill vectors.
func expKernel(_ Level, x []float64) int {
	n := len(x) &^ 3
	if n > 0 {
		expNEON(&x[0], n)
	}
	return n
}
