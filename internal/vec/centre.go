package vec

import "math"

// Flush is the magnitude below which [CentreRow] takes numbers as zero.
const Flush = 0x1p-60

// CentreRow sets dst[c] to (x[c]-mean[c])·scale, rounded to float32 and zero
// when it is below [Flush], times by. It gives equal bits at every level.
func CentreRow(dst, x []float32, mean []float64, scale float64, by float32) {
	dst, mean = dst[:len(x)], mean[:len(x)]
	done := centreRow(level, dst, x, mean, scale, by)
	centreRowGo(dst[done:], x[done:], mean[done:], scale, by)
}

func centreRowGo(dst, x []float32, mean []float64, scale float64, by float32) {
	for c, v := range x {
		w := float32((float64(v) - mean[c]) * scale)
		// The test is on bits, as a branch on the sign would be a coin toss.
		if math.Float32bits(w)&^(1<<31) < (127-60)<<23 {
			w = 0
		}
		dst[c] = w * by
	}
}
