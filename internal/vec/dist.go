package vec

// SqDist returns the squared Euclidean distance of two vectors of equal
// length, the sum over c of (x[c]-y[c])² in float64: number c is added to lane
// c mod 8, without fused operations, and the lanes are joined as
// ((0+4)+(2+6))+((1+5)+(3+7)). It gives equal bits at every level. It panics
// when y is shorter than x.
func SqDist(x, y []float32) float64 {
	if level == Go {
		return sqDistGo(x, y)
	}
	d := sqDist4(level, x, y, y, y, y)
	return d[0]
}

// SqDist4 returns the distances, as [SqDist] defines them, of x to four
// vectors. Reading x once for four makes it faster.
func SqDist4(x, y0, y1, y2, y3 []float32) [4]float64 { return sqDist4(level, x, y0, y1, y2, y3) }

func sqDistGo(x, y []float32) float64 {
	var acc [8]float64
	return sqDistTail(&acc, x, y)
}

// sqDistTail goes on from the lanes in acc, which must stand at a multiple of
// eight columns.
func sqDistTail(acc *[8]float64, x, y []float32) float64 {
	y = y[:len(x)]
	a0, a1, a2, a3, a4, a5, a6, a7 := acc[0], acc[1], acc[2], acc[3], acc[4], acc[5], acc[6], acc[7]
	for len(x) >= 8 {
		p, q := x[:8:8], y[:8:8]
		d0, d1 := float64(p[0])-float64(q[0]), float64(p[1])-float64(q[1])
		d2, d3 := float64(p[2])-float64(q[2]), float64(p[3])-float64(q[3])
		d4, d5 := float64(p[4])-float64(q[4]), float64(p[5])-float64(q[5])
		d6, d7 := float64(p[6])-float64(q[6]), float64(p[7])-float64(q[7])
		a0 += float64(d0 * d0) // the conversions forbid fusing
		a1 += float64(d1 * d1)
		a2 += float64(d2 * d2)
		a3 += float64(d3 * d3)
		a4 += float64(d4 * d4)
		a5 += float64(d5 * d5)
		a6 += float64(d6 * d6)
		a7 += float64(d7 * d7)
		x, y = x[8:], y[8:]
	}
	if len(x) > 0 {
		lane := [8]float64{a0, a1, a2, a3, a4, a5, a6, a7}
		for c, v := range x {
			d := float64(v) - float64(y[c])
			lane[c] += float64(d * d)
		}
		a0, a1, a2, a3, a4, a5, a6, a7 = lane[0], lane[1], lane[2], lane[3], lane[4], lane[5], lane[6], lane[7]
	}
	return ((a0 + a4) + (a2 + a6)) + ((a1 + a5) + (a3 + a7))
}
