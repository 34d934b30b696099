package vec

import "math"

// The element-wise parts of a transformer layer, on float32. They keep the
// error bounds given here, and the same number gives the same bits wherever it
// stands in a slice.

// ReLU replaces every number by the larger of it and zero. NaN stays NaN.
func ReLU(x []float32) {
	for i, v := range x {
		if v < 0 {
			x[i] = 0
		}
	}
}

// GELU replaces every number x by x·Φ(x) with the normal distribution Φ. The
// error is at most 8 units in the last place of the result, or 2⁻¹²⁰ if that is
// more. NaN stays NaN, −Inf gives 0.
func GELU(x []float32) { activate(level, actGELU, x, nil) }

// GELUTanh is the approximation of [GELU] by a hyperbolic tangent:
// x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))). The error is at most 2⁻²² of |x|, or
// 2⁻¹²⁰ if that is more. NaN stays NaN, −Inf gives 0.
func GELUTanh(x []float32) { activate(level, actGELUTanh, x, nil) }

// SiLUMul replaces gate by gate/(1+exp(−gate))·up. The factor before up has an
// error of at most 4 units in its last place, or 2⁻¹²⁰ if that is more. NaN
// stays NaN; the factor of −Inf is 0.
func SiLUMul(gate, up []float32) { activate(level, actSiLU, gate, up[:len(gate)]) }

// An activation names a kernel.
type activation uint8

const (
	actGELU activation = iota
	actGELUTanh
	actSiLU
)

// activate takes whole groups of numbers, the last one from a copy with zeros
// after it: a number has the same operations wherever it stands.
func activate(l Level, a activation, x, up []float32) {
	if l == Go {
		activateGo(a, x, up)
		return
	}
	group := layerGroup[l]
	n := len(x) &^ (group - 1)
	if n > 0 {
		activateKernel(l, a, x[:n], up)
	}
	if n < len(x) {
		var rest, other [32]float32
		copy(rest[:], x[n:])
		if a == actSiLU {
			copy(other[:], up[n:])
		}
		activateKernel(l, a, rest[:group], other[:])
		copy(x[n:], rest[:])
	}
}

// layerGroup is how many numbers the assembly takes at a time.
var layerGroup = [...]int{AVX2: 16, AVX512: 32, NEON: 16}

// exp(r) = 1 + r + r²·(e2 + e3 r + …) for |r| ≤ 0.347, to 3·10⁻⁹.
const (
	e2 = 0.499999934034
	e3 = 0.166665199735
	e4 = 0.0416683957916
	e5 = 0.00836879668139
	e6 = 0.00138144333616
)

// exp(a²/2)·Φ(−a) = (p0 + p1 a + …)/(1 + q1 a + …) for 0 ≤ a ≤ 13.26, to
// 5·10⁻⁹. All coefficients are positive: no sum cancels.
const (
	p0 = 0.500000002469581
	p1 = 0.435593049939417
	p2 = 0.18123805589365696
	p3 = 0.03996111097768098
	p4 = 0.004016790647836246
	q1 = 1.6690710168499137
	q2 = 1.1941979926283035
	q3 = 0.4641990188826775
	q4 = 0.10017506703516234
	q5 = 0.01006845689341864
)

// Factors of the exponent of GELUTanh, 2u = x·(tanh1 + tanh3·x²).
const (
	tanh1 = 2 * 0.797884560802865355879892119868763737 // √(2/π)
	tanh3 = tanh1 * 0.044715
)

// layerTable holds the numbers that the assembly takes; the generators know
// their places. The kernels' exponential is 0 at the lower bound of exponents
// and +Inf at the upper one.
var layerTable = [...]float32{
	math.Log2E,
	0x1.8p23 + 127,                    // the sum's low bits are an integer, plus the bias of exponents
	0.693359375, -2.12194440054691e-4, // ln 2 in two parts
	e6, e5, e4, e3, e2, 1,
	-88, 88.8, -100, // bounds of exponents, and of x where that means 0
	-0.5, 13.26, // the magnitude from which on GELU is 0 or x
	p4, p3, p2, p1, p0,
	q5, q4, q3, q2, q1,
	tanh3, tanh1,
}

// expGo returns exp(x) for x from −700 to 700.
func expGo(x float64) float64 {
	const magic = 0x1.8p52
	t := x*math.Log2E + magic
	r := x - (t-magic)*math.Ln2
	p := 1 + r + r*r*(e2+r*(e3+r*(e4+r*(e5+r*e6))))
	return p * math.Float64frombits((math.Float64bits(t)+1023)<<52)
}

func activateGo(kind activation, x, up []float32) {
	switch kind {
	case actGELU:
		for i, v := range x {
			f := float64(v)
			a := min(math.Abs(f), 15) // where Φ is far below all float32
			p := p0 + a*(p1+a*(p2+a*(p3+a*p4)))
			q := 1 + a*(q1+a*(q2+a*(q3+a*(q4+a*q5))))
			if f < 0 {
				f = 0
			}
			x[i] = float32(f - a*p/q*expGo(-a*a/2))
		}
	case actGELUTanh:
		for i, v := range x {
			f := max(float64(v), -120)
			x[i] = float32(f / (1 + expGo(-max(min(f*(tanh1+tanh3*f*f), 120), -120))))
		}
	case actSiLU:
		for i, v := range x {
			f := max(float64(v), -120)
			x[i] = float32(f/(1+expGo(-min(f, 120)))) * up[i]
		}
	}
}

// Softmax replaces the numbers by exp(x)/Σ exp(x). The error of each is at most
// 2⁻²¹ of it for every 1,000 numbers or part of them, or 2⁻¹²⁰ if that is more.
// With NaN or +Inf all become NaN.
func Softmax(x []float32) { softmax(level, x) }

func softmax(l Level, x []float32) {
	if l == Go {
		softmaxGo(x)
		return
	}
	n := len(x) &^ 15
	rest := sixteenInf
	copy(rest[:], x[n:])
	if len(x) > 0 {
		softmaxKernel(l, x[:n:len(x)], &rest)
	}
	copy(x[n:], rest[:])
}

var (
	minusInf   = float32(math.Inf(-1))
	sixteenInf = [16]float32{minusInf, minusInf, minusInf, minusInf, minusInf, minusInf, minusInf, minusInf,
		minusInf, minusInf, minusInf, minusInf, minusInf, minusInf, minusInf, minusInf}
)

func softmaxGo(x []float32) {
	top := minusInf
	for _, v := range x {
		top = max(top, v)
	}
	var sum float64
	for i, v := range x {
		e := expGo(max(float64(v-top), -120))
		x[i] = float32(e)
		sum += e
	}
	by := float32(1 / sum)
	for i := range x {
		x[i] *= by
	}
}

// LayerNorm sets dst to (x − mean)/√(variance + eps)·weight + bias. All levels
// give equal bits: sums are made in float64, in 16 lanes, the rest in float32.
func LayerNorm(dst, x, weight, bias []float32, eps float64) {
	layerNorm(level, dst[:len(x)], x, weight[:len(x)], bias[:len(x)], eps)
}

func layerNorm(l Level, dst, x, weight, bias []float32, eps float64) {
	mean := sumRow(l, x) / float64(len(x))
	by := float32(1 / math.Sqrt(squaresRow(l, x, mean)/float64(len(x))+eps))
	n := 0
	if l != Go {
		n = normalizeKernel(l, dst, x, weight, bias, float32(mean), by)
	}
	normalizeRowGo(dst[n:], x[n:], weight[n:], bias[n:], float32(mean), by)
}

// RMSNorm sets dst to x/√(mean of x² + eps)·weight. All levels give equal bits.
func RMSNorm(dst, x, weight []float32, eps float64) {
	rmsNorm(level, dst[:len(x)], x, weight[:len(x)], eps)
}

func rmsNorm(l Level, dst, x, weight []float32, eps float64) {
	by := float32(1 / math.Sqrt(squaresRow(l, x, 0)/float64(len(x))+eps))
	n := 0
	if l != Go {
		n = scaleKernel(l, dst, x, weight, by)
	}
	scaleRowGo(dst[n:], x[n:], weight[n:], by)
}

func sumRow(l Level, x []float32) float64 {
	var sum [16]float64
	n := 0
	if l != Go {
		n = lanesKernel(l, &sum, x)
	}
	addLanesGo(&sum, x[n:])
	return joinLanes(&sum)
}

func squaresRow(l Level, x []float32, mean float64) float64 {
	var sum [16]float64
	n := 0
	if l != Go {
		n = squaresKernel(l, &sum, x, mean)
	}
	addSquaresGo(&sum, x[n:], mean)
	return joinLanes(&sum)
}

// addLanesGo adds number i of x to lane i mod 16 of sum.
func addLanesGo(sum *[16]float64, x []float32) {
	for i, v := range x {
		sum[i%16] += float64(v)
	}
}

func addSquaresGo(sum *[16]float64, x []float32, mean float64) {
	for i, v := range x {
		d := float64(v) - mean
		sum[i%16] += float64(d * d)
	}
}

func joinLanes(sum *[16]float64) float64 {
	for half := 8; half > 0; half /= 2 {
		for i := range half {
			sum[i] += sum[half+i]
		}
	}
	return sum[0]
}

func normalizeRowGo(dst, x, weight, bias []float32, mean, by float32) {
	for i, v := range x {
		dst[i] = float32(float32((v-mean)*by)*weight[i]) + bias[i]
	}
}

func scaleRowGo(dst, x, weight []float32, by float32) {
	for i, v := range x {
		dst[i] = float32(v*by) * weight[i]
	}
}

// FixedUnit is what one unit of a sum of [AddFixed] stands for.
const FixedUnit = 0x1p-28

// AddFixed adds every x[i], rounded to a multiple of [FixedUnit], to sum[i].
// Sums of integers have no rounding and no order. It returns the largest
// magnitude in x; where that is NaN or more than 2²², sum is not meaningful.
// All levels give equal bits.
func AddFixed(sum []int64, x []float32) (largest float32) {
	return addFixed(level, sum[:len(x)], x)
}

func addFixed(l Level, sum []int64, x []float32) float32 {
	var lanes [16]uint32
	n := 0
	if l != Go {
		n = fixedKernel(l, sum, x, &lanes)
	}
	largest := addFixedGo(sum[n:], x[n:])
	for _, v := range lanes {
		largest = max(largest, v)
	}
	return math.Float32frombits(largest)
}

// addFixedGo returns the largest magnitude by its bits, among which those of
// NaN are above all numbers.
func addFixedGo(sum []int64, x []float32) (largest uint32) {
	const magic = 0x1.8p52 * FixedUnit // numbers near it are multiples of FixedUnit
	for i, v := range x {
		sum[i] += int64(math.Float64bits(float64(v)+magic)) - int64(math.Float64bits(magic))
		largest = max(largest, math.Float32bits(v)&^(1<<31))
	}
	return largest
}
