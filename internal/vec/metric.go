package vec

import "math"

// AbsDist8 writes the Manhattan distances of x to eight rows of as many
// numbers: the sums over c of |x[c]−y[c]|, in lanes as [SqDist] has them.
// Number c of row r is at rows[8*c+r]. The length of x is a multiple of 8. It
// gives equal bits at every level.
func AbsDist8(dst *[8]float64, x, rows []float64) { absDist8(level, dst, x, rows[:8*len(x)]) }

// MaxDist8 writes the Chebyshev distances, the largest |x[c]−y[c]|; see
// [AbsDist8].
func MaxDist8(dst *[8]float64, x, rows []float64) { maxDist8(level, dst, x, rows[:8*len(x)]) }

// Unequal8 writes how many numbers of x and of each row differ; see [AbsDist8].
func Unequal8(dst *[8]float64, x, rows []float64) { unequal8(level, dst, x, rows[:8*len(x)]) }

// Dot8 writes the inner products of x and eight rows; see [AbsDist8].
func Dot8(dst *[8]float64, x, rows []float64) { dot8(level, dst, x, rows[:8*len(x)]) }

func dot8Go(dst *[8]float64, x, rows []float64) {
	var lane [8][8]float64 // of each row
	for c, v := range x {
		for r, w := range rows[8*c:][:8] {
			lane[r][c&7] += float64(v * w)
		}
	}
	for r, a := range lane {
		dst[r] = ((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7]))
	}
}

func absDist8Go(dst *[8]float64, x, rows []float64) {
	for r := range dst {
		var a [8]float64
		for c := 0; c < len(x); c += 8 {
			p, q := x[c:c+8:c+8], rows[8*c+r:8*c+r+57]
			a[0] += math.Abs(p[0] - q[0])
			a[1] += math.Abs(p[1] - q[8])
			a[2] += math.Abs(p[2] - q[16])
			a[3] += math.Abs(p[3] - q[24])
			a[4] += math.Abs(p[4] - q[32])
			a[5] += math.Abs(p[5] - q[40])
			a[6] += math.Abs(p[6] - q[48])
			a[7] += math.Abs(p[7] - q[56])
		}
		dst[r] = ((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7]))
	}
}

func maxDist8Go(dst *[8]float64, x, rows []float64) {
	for r := range dst {
		var most float64
		for c, v := range x {
			if d := math.Abs(v - rows[8*c+r]); d > most {
				most = d
			}
		}
		dst[r] = most
	}
}

func unequal8Go(dst *[8]float64, x, rows []float64) {
	for r := range dst {
		n := 0
		for c, v := range x {
			if v != rows[8*c+r] {
				n++
			}
		}
		dst[r] = float64(n)
	}
}
