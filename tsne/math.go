package tsne

import "math"

// The functions of this file give the same bits on every machine: they use no
// fused operations (the conversions forbid them) and no assembly. Their
// polynomials are those of FreeBSD's e_exp.c and e_log.c, with errors below
// one unit in the last place.

const (
	ln2Hi = 6.93147180369123816490e-01
	ln2Lo = 1.90821492927058770002e-10
)

// exp returns e**x. Arguments below −745 give 0, above 709 +Inf.
func exp(x float64) float64 {
	switch {
	case x != x:
		return x
	case x > 709.78:
		return math.Inf(1)
	case x < -745.14:
		return 0
	}
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

// log returns the natural logarithm of a positive, finite x.
func log(x float64) float64 {
	f, ki := math.Frexp(x)
	if f < math.Sqrt2/2 {
		f *= 2
		ki--
	}
	f--
	k := float64(ki)
	s := f / (2 + f)
	s2 := float64(s * s)
	s4 := float64(s2 * s2)
	t1 := float64(s4 * 1.479819860511658591e-01)
	t1 = float64(s4 * (1.818357216161805012e-01 + t1))
	t1 = float64(s4 * (2.857142874366239149e-01 + t1))
	t1 = float64(s2 * (6.666666666666735130e-01 + t1))
	t2 := float64(s4 * 1.531383769920937332e-01)
	t2 = float64(s4 * (2.222219843214978396e-01 + t2))
	t2 = float64(s4 * (3.999999999940941908e-01 + t2))
	r := t1 + t2
	hfsq := float64(0.5 * float64(f*f))
	return float64(k*ln2Hi) - ((hfsq - (float64(s*(hfsq+r)) + float64(k*ln2Lo))) - f)
}
