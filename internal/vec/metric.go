package vec

import "math"

// AbsDist4 returns the Manhattan distances of x to four vectors of equal
// length: the sums over c of |x[c]−y[c]| in float64, in lanes as [SqDist] has
// them. It gives equal bits at every level.
func AbsDist4(x, y0, y1, y2, y3 []float32) [4]float64 { return absDist4(level, x, y0, y1, y2, y3) }

// MaxDist4 returns the Chebyshev distances of x to four vectors of equal
// length: the largest |x[c]−y[c]|. It gives equal bits at every level.
func MaxDist4(x, y0, y1, y2, y3 []float32) [4]float64 { return maxDist4(level, x, y0, y1, y2, y3) }

// absDistTail goes on from the lanes in acc, as sqDistTail does.
func absDistTail(acc *[8]float64, x, y []float32) float64 {
	y = y[:len(x)]
	a0, a1, a2, a3, a4, a5, a6, a7 := acc[0], acc[1], acc[2], acc[3], acc[4], acc[5], acc[6], acc[7]
	for len(x) >= 8 {
		p, q := x[:8:8], y[:8:8]
		a0 += math.Abs(float64(p[0]) - float64(q[0]))
		a1 += math.Abs(float64(p[1]) - float64(q[1]))
		a2 += math.Abs(float64(p[2]) - float64(q[2]))
		a3 += math.Abs(float64(p[3]) - float64(q[3]))
		a4 += math.Abs(float64(p[4]) - float64(q[4]))
		a5 += math.Abs(float64(p[5]) - float64(q[5]))
		a6 += math.Abs(float64(p[6]) - float64(q[6]))
		a7 += math.Abs(float64(p[7]) - float64(q[7]))
		x, y = x[8:], y[8:]
	}
	if len(x) > 0 {
		lane := [8]float64{a0, a1, a2, a3, a4, a5, a6, a7}
		for c, v := range x {
			lane[c] += math.Abs(float64(v) - float64(y[c]))
		}
		a0, a1, a2, a3, a4, a5, a6, a7 = lane[0], lane[1], lane[2], lane[3], lane[4], lane[5], lane[6], lane[7]
	}
	return ((a0 + a4) + (a2 + a6)) + ((a1 + a5) + (a3 + a7))
}

// maxDistTail goes on from the lanes in acc.
func maxDistTail(acc *[8]float64, x, y []float32) float64 {
	y = y[:len(x)]
	var most float64
	for _, v := range acc {
		most = max(most, v)
	}
	for c, v := range x {
		if d := math.Abs(float64(v) - float64(y[c])); d > most {
			most = d
		}
	}
	return most
}

// distTail4 goes on from the lanes of four distances.
func distTail4(tail func(acc *[8]float64, x, y []float32) float64, sum *[32]float64, x, y0, y1, y2, y3 []float32) [4]float64 {
	return [4]float64{
		tail((*[8]float64)(sum[0:8]), x, y0), tail((*[8]float64)(sum[8:16]), x, y1),
		tail((*[8]float64)(sum[16:24]), x, y2), tail((*[8]float64)(sum[24:32]), x, y3),
	}
}
