//go:build arm64 && !noasm

package vec

// centreRow does as much of a row as fills vectors.
func centreRow(l Level, dst, x []float32, mean []float64, scale float64, by float32) int {
	n := len(x) &^ 3
	if l == Go || n == 0 {
		return 0
	}
	centreRowNEON(&dst[0], &x[0], &mean[0], scale, by, n)
	return n
}
