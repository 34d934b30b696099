package vec

import "math"

// Flush is the magnitude below which [Flushed] takes numbers as zero.
const (
	Flush     = 0x1p-60
	flushBits = (127 - 60) << 23
)

// Flushed returns w, or 0 when it is below [Flush]. The test is on bits, as a
// branch on the sign would be a coin toss.
func Flushed(w float32) float32 {
	if math.Float32bits(w)&^(1<<31) < flushBits {
		return 0
	}
	return w
}

// CentreRow sets dst[c] to (x[c]-mean[c])·scale, rounded to float32 and
// [Flushed], times by. It gives equal bits at every level.
func CentreRow(dst, x []float32, mean []float64, scale float64, by float32) {
	dst, mean = dst[:len(x)], mean[:len(x)]
	done := centreRow(level, dst, x, mean, scale, by)
	centreRowGo(dst[done:], x[done:], mean[done:], scale, by)
}

func centreRowGo(dst, x []float32, mean []float64, scale float64, by float32) {
	for c, v := range x {
		dst[c] = Flushed(float32((float64(v)-mean[c])*scale)) * by
	}
}
