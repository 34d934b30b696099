//go:build arm64 && !noasm

package vec

// The functions return how many leading elements they did.

func f16Fast(dst []float32, src []byte) int {
	n := len(dst) &^ 7
	if level == Go || n == 0 {
		return 0
	}
	f16NEON(&dst[0], &src[0], n)
	return n
}

func f16StreamFast(dst []float32, src []byte) int { return f16Fast(dst, src) }

func addF64Fast(acc []float64, x []float32) int {
	n := len(acc) &^ 3
	if level == Go || n == 0 {
		return 0
	}
	addF64NEON(&acc[0], &x[0], n)
	return n
}

func axpyF64Fast(acc []float64, w float64, x []float32) int {
	n := len(acc) &^ 3
	if level == Go || n == 0 {
		return 0
	}
	axpyF64NEON(&acc[0], w, &x[0], n)
	return n
}

func colStatsFast(c *ColStats, x []float32, n, row int) int {
	cols := len(c.Sum)
	fit := cols &^ 3
	if level == Go || fit == 0 {
		return 0
	}
	colStatsNEON(&c.Shift[0], &c.Sum[0], &c.Sq[0], &c.Min[0], &c.Max[0], &c.ArgMin[0], &c.ArgMax[0], &c.Nonzero[0], &x[0], fit, cols, n, row)
	return fit
}

func rowStatsFast(l *rowLanes, x []float32) int {
	fit := len(x) &^ 7
	if level == Go || fit == 0 {
		return 0
	}
	rowStatsNEON(&l.sum[0], &l.sq[0], &l.min[0], &l.max[0], &l.argMin[0], &l.argMax[0], &l.nonzero[0], &x[0], fit)
	return fit
}
