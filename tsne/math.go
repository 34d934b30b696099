package tsne

import (
	"math"

	"github.com/semamap/semamap/internal/vec"
)

// The functions of this file give the same bits on every machine: they use no
// fused operations (the conversions forbid them) and no assembly. The
// polynomial is that of FreeBSD's e_log.c, with an error below one unit in the
// last place.

const (
	ln2Hi = 6.93147180369123816490e-01
	ln2Lo = 1.90821492927058770002e-10
)

func exp(x float64) float64 { return vec.Exp(x) }

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
