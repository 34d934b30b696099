package vec

import "math"

// Exp returns e**x with the same bits on every machine: it uses no fused
// operations (the conversions forbid them). Arguments below −745 give 0, above
// 709 +Inf. The polynomial is that of FreeBSD's e_exp.c, with an error below
// one unit in the last place.
func Exp(x float64) float64 {
	switch {
	case x != x:
		return x
	case x > 709.78:
		return math.Inf(1)
	case x < -745.14:
		return 0
	}
	const (
		ln2Hi = 6.93147180369123816490e-01
		ln2Lo = 1.90821492927058770002e-10
	)
	// x = k ln 2 + r with |r| ≤ ln 2 / 2.
	k := math.Floor(float64(x*math.Log2E) + 0.5)
	hi := x - float64(k*ln2Hi)
	lo := float64(k * ln2Lo)
	r := hi - lo
	t := float64(r * r)
	c := float64(t * 4.13813679705723846039e-08)
	c = float64(t * (-1.65339022054652515390e-06 + c))
	c = float64(t * (6.61375632143793436117e-05 + c))
	c = float64(t * (-2.77777777770155933842e-03 + c))
	c = float64(t * (1.66666666666666019037e-01 + c))
	c = r - c
	y := 1 - ((lo - float64(r*c)/(2-c)) - hi)
	if n := int64(k); n >= -1022 && n <= 1023 {
		return float64(y * math.Float64frombits(uint64(n+1023)<<52))
	}
	return math.Ldexp(y, int(k))
}

// ExpAll replaces every number by its [Exp], several at a time where all have
// a magnitude of at most 700. It gives equal bits at every level.
func ExpAll(x []float64) { expAll(level, x) }

func expAll(l Level, x []float64) {
	done := 0
	if l != Go && inExpRange(x) {
		done = expKernel(l, x)
	}
	expAllGo(x[done:])
}

// inExpRange reports whether the kernels may take all of x.
func inExpRange(x []float64) bool {
	for _, v := range x {
		if !(v >= -700 && v <= 700) {
			return false
		}
	}
	return true
}

func expAllGo(x []float64) {
	for i, v := range x {
		x[i] = Exp(v)
	}
}
