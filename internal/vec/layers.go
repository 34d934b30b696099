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

// GELU replaces every number x by x·Φ(x) with the normal distribution Φ.
func GELU(x []float32) {
	for i, v := range x {
		x[i] = float32(0.5 * float64(v) * math.Erfc(-float64(v)/math.Sqrt2))
	}
}

// GELUTanh is the approximation of [GELU] by a hyperbolic tangent:
// x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))).
func GELUTanh(x []float32) {
	for i, v := range x {
		f := float64(v)
		x[i] = float32(0.5 * f * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(f+0.044715*f*f*f))))
	}
}

// SiLUMul replaces gate by gate/(1+exp(−gate))·up.
func SiLUMul(gate, up []float32) {
	up = up[:len(gate)]
	for i, v := range gate {
		gate[i] = float32(float64(v) / (1 + math.Exp(-float64(v))) * float64(up[i]))
	}
}

// Softmax replaces the numbers by exp(x)/Σ exp(x).
func Softmax(x []float32) {
	top := float32(math.Inf(-1))
	for _, v := range x {
		top = max(top, v)
	}
	var sum float64
	for i, v := range x {
		e := math.Exp(float64(v - top))
		x[i] = float32(e)
		sum += e
	}
	by := float32(1 / sum)
	for i := range x {
		x[i] *= by
	}
}

// LayerNorm sets dst to (x − mean)/√(variance + eps)·weight + bias.
func LayerNorm(dst, x, weight, bias []float32, eps float64) {
	var sum, square float64
	for _, v := range x {
		sum += float64(v)
	}
	mean := sum / float64(len(x))
	for _, v := range x {
		d := float64(v) - mean
		square += d * d
	}
	by := 1 / math.Sqrt(square/float64(len(x))+eps)
	for i, v := range x {
		dst[i] = float32((float64(v)-mean)*by)*weight[i] + bias[i]
	}
}

// RMSNorm sets dst to x/√(mean of x² + eps)·weight.
func RMSNorm(dst, x, weight []float32, eps float64) {
	var square float64
	for _, v := range x {
		square += float64(v) * float64(v)
	}
	by := 1 / math.Sqrt(square/float64(len(x))+eps)
	for i, v := range x {
		dst[i] = float32(float64(v)*by) * weight[i]
	}
}

// FixedUnit is what one unit of a sum of [AddFixed] stands for.
const FixedUnit = 0x1p-28

// AddFixed adds every x[i], rounded to a multiple of [FixedUnit], to sum[i].
// Sums of integers have no rounding and no order. It returns the largest
// magnitude in x; where that is NaN or more than 2²², sum is not meaningful.
func AddFixed(sum []int64, x []float32) (largest float32) {
	const magic = 0x1.8p52 * FixedUnit // numbers near it are multiples of FixedUnit
	sum = sum[:len(x)]
	for i, v := range x {
		sum[i] += int64(math.Float64bits(float64(v)+magic)) - int64(math.Float64bits(magic))
		if a := max(v, -v); a > largest || a != a {
			largest = a
		}
	}
	return largest
}
