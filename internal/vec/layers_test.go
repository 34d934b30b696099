package vec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// magnitudes returns numbers of all magnitudes and signs, and odd ones.
func magnitudes(n int) []float32 {
	r := rand.New(rand.NewPCG(8, 9))
	inf := float32(math.Inf(1))
	x := []float32{0, float32(math.Copysign(0, -1)), inf, -inf, float32(math.NaN()), math.MaxFloat32, -math.MaxFloat32,
		math.SmallestNonzeroFloat32, 88, 88.4, 88.73, -88, -88.3, -88.4, -88.73, -100, -104, 13.24, 13.25, 13.26, 13.27, 15}
	for len(x) < n {
		switch v := float32(0); len(x) % 4 {
		case 0:
			v = math.Float32frombits(r.Uint32())
			x = append(x, v)
		case 1:
			x = append(x, float32(r.NormFloat64()))
		case 2:
			x = append(x, float32(r.NormFloat64()*6))
		case 3:
			x = append(x, float32(r.NormFloat64()*40))
		}
	}
	return x
}

func ones(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = 1
	}
	return x
}

// ulp returns the distance of float32 numbers at x.
func ulp(x float64) float64 {
	_, e := math.Frexp(x)
	return math.Ldexp(1, max(e, -125)-24)
}

var activations = []struct {
	name  string
	kind  activation
	do    func(x []float32)
	exact func(x float64) float64
	bound func(x, exact float64) float64
}{
	{"GELU", actGELU, GELU, func(x float64) float64 { return x * 0.5 * math.Erfc(-x/math.Sqrt2) }, func(_, y float64) float64 { return 8 * ulp(y) }},
	{"GELUTanh", actGELUTanh, GELUTanh, func(x float64) float64 {
		return x / (1 + math.Exp(-2*math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
	}, func(x, _ float64) float64 { return math.Abs(x) * 0x1p-22 }},
	{"SiLU", actSiLU, func(x []float32) { SiLUMul(x, ones(len(x))) }, func(x float64) float64 { return x / (1 + math.Exp(-x)) }, fourUlp},
}

func fourUlp(_, exact float64) float64 { return 4 * ulp(exact) }

func TestActivations(t *testing.T) {
	x := magnitudes(200_000)
	for _, l := range Levels() {
		defer Force(l)()
		for _, a := range activations {
			y := slices.Clone(x)
			a.do(y)
			worst := 0.0
			for i, v := range x {
				got, f := float64(y[i]), float64(v)
				want := a.exact(f)
				switch {
				case v != v:
					if got == got {
						t.Errorf("%v: %s of NaN is %v", l, a.name, got)
					}
				case f == math.Inf(-1):
					if got != 0 {
						t.Errorf("%v: %s of −Inf is %v", l, a.name, got)
					}
				case f == 0:
					if math.Float32bits(y[i]) != math.Float32bits(v) {
						t.Errorf("%v: %s of %v is %v", l, a.name, v, got)
					}
				case math.IsInf(f, 1) && got == f:
				default:
					bound := max(a.bound(f, want), 0x1p-120)
					if !(math.Abs(got-want) <= bound) {
						t.Fatalf("%v: %s of %v is %v, not %v", l, a.name, v, got, want)
					}
					worst = max(worst, math.Abs(got-want)/bound)
				}
			}
			t.Logf("%v: %s uses %.2f of its bound", l, a.name, worst)
		}
	}
}

// A number has the same bits in every place of every length.
func TestActivationsAnywhere(t *testing.T) {
	x := magnitudes(100)
	for _, l := range Levels() {
		defer Force(l)()
		for _, a := range activations {
			whole := slices.Clone(x)
			a.do(whole)
			for lo := range 40 {
				for n := range 40 {
					part := slices.Clone(x[lo:][:n])
					a.do(part)
					for i, v := range part {
						if math.Float32bits(v) != math.Float32bits(whole[lo+i]) {
							t.Fatalf("%v: %s of %v has other bits in place %d of %d", l, a.name, x[lo+i], i, n)
						}
					}
				}
			}
		}
	}
}

func TestSiLUMul(t *testing.T) {
	for _, l := range Levels() {
		defer Force(l)()
		gate, up := magnitudes(101), magnitudes(140)[39:]
		one := slices.Clone(gate)
		SiLUMul(one, ones(len(one)))
		SiLUMul(gate, up)
		for i, v := range gate {
			if want := one[i] * up[i]; v != want && (v == v || want == want) {
				t.Errorf("%v: number %d is %v, not %v", l, i, v, want)
			}
		}
	}
}

func TestSoftmax(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, l := range Levels() {
		for _, n := range []int{0, 1, 2, 7, 15, 16, 17, 31, 32, 33, 100, 1000} {
			for range 10 {
				x := make([]float32, n)
				scale := math.Pow(10, 4*r.Float64()-2)
				for i := range x {
					x[i] = float32(r.NormFloat64() * scale)
				}
				if n > 4 {
					x[3] = minusInf
				}
				y := slices.Clone(x)
				softmax(l, y)
				var sum float64
				for _, v := range x {
					sum += math.Exp(float64(v) - float64(x[0]))
				}
				for i, v := range x {
					// The difference from the largest number is rounded to float32.
					want := math.Exp(float64(v)-float64(x[0])) / sum
					rounded := float64(slices.Max(x)-v) * 0x1p-24
					if math.IsInf(sum, 1) || math.IsInf(float64(v), -1) {
						if v == minusInf && y[i] != 0 {
							t.Errorf("%v: %d numbers: −Inf gives %v", l, n, y[i])
						}
						continue
					}
					if e := math.Abs(float64(y[i]) - want); !(e <= max((0x1p-21+rounded)*want, 0x1p-120)) {
						t.Fatalf("%v: %d numbers: number %d (%v) gives %v, not %v", l, n, i, v, y[i], want)
					}
				}
			}
		}
		for _, odd := range []float64{math.NaN(), math.Inf(1)} {
			for _, n := range []int{1, 9, 16, 40} {
				for at := range n {
					x := make([]float32, n)
					x[at] = float32(odd)
					softmax(l, x)
					for _, v := range x {
						if v == v {
							t.Fatalf("%v: %v among %d gives %v", l, odd, n, x)
						}
					}
				}
			}
		}
	}
}

func TestNorms(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, n := range []int{1, 3, 15, 16, 17, 47, 64, 512, 576, 1000} {
		x, w, b := make([]float32, n), make([]float32, n), make([]float32, n)
		for i := range x {
			x[i], w[i], b[i] = float32(r.NormFloat64()*3+1), float32(r.NormFloat64()), float32(r.NormFloat64())
		}
		var mean, variance, square float64
		for _, v := range x {
			mean += float64(v) / float64(n)
			square += float64(v) * float64(v) / float64(n)
		}
		for _, v := range x {
			variance += (float64(v) - mean) * (float64(v) - mean) / float64(n)
		}
		const eps = 1e-5
		by, rms := 1/math.Sqrt(variance+eps), 1/math.Sqrt(square+eps)
		first := [2][]float32{make([]float32, n), make([]float32, n)}
		layerNorm(Go, first[0], x, w, b, eps)
		rmsNorm(Go, first[1], x, w, eps)
		for i, v := range x {
			d := float64(v) - mean
			wants := [2]float64{d*by*float64(w[i]) + float64(b[i]), float64(v) * rms * float64(w[i])}
			bounds := [2]float64{(math.Abs(float64(v))+math.Abs(mean))*by*math.Abs(float64(w[i])) + math.Abs(float64(b[i])), math.Abs(wants[1])}
			for k, want := range wants {
				if got := float64(first[k][i]); math.Abs(got-want) > 0x1p-22*bounds[k] {
					t.Errorf("norm %d of %d: number %d is %v, not %v", k, n, i, got, want)
				}
			}
		}
		for _, l := range Levels() {
			dst := make([]float32, n)
			layerNorm(l, dst, x, w, b, eps)
			if !slices.Equal(dst, first[0]) {
				t.Errorf("%v: LayerNorm of %d has other bits", l, n)
			}
			rmsNorm(l, dst, x, w, eps)
			if !slices.Equal(dst, first[1]) {
				t.Errorf("%v: RMSNorm of %d has other bits", l, n)
			}
		}
	}
}

func TestAddFixed(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, l := range Levels() {
		for _, n := range []int{0, 1, 15, 16, 17, 50, 512} {
			sum, x := make([]int64, n), make([]float32, n)
			var most float32
			for i := range x {
				sum[i], x[i] = int64(r.Uint64()>>8), float32(r.NormFloat64()*math.Exp(20*r.Float64()-16))
				most = max(most, x[i], -x[i])
			}
			got := slices.Clone(sum)
			if largest := addFixed(l, got, x); largest != most {
				t.Errorf("%v: the largest of %d is %v, not %v", l, n, largest, most)
			}
			for i, v := range x {
				if want := sum[i] + int64(math.RoundToEven(float64(v)/FixedUnit)); got[i] != want {
					t.Fatalf("%v: %d: sum %d is %d, not %d", l, n, i, got[i], want)
				}
			}
			for i := range x {
				for _, odd := range []float64{math.NaN(), math.Inf(-1), 1e30} {
					y := slices.Clone(x)
					y[i] = float32(odd)
					switch largest := float64(addFixed(l, slices.Clone(sum), y)); {
					case odd != odd && largest == largest, odd == odd && float32(largest) != float32(math.Abs(odd)):
						t.Fatalf("%v: with %v in place %d of %d the largest is %v", l, odd, i, n, largest)
					}
				}
			}
		}
	}
}

func BenchmarkActivations(b *testing.B) {
	for _, l := range Levels() {
		for _, a := range activations[:3] {
			b.Run(fmt.Sprintf("%s/%v", a.name, l), func(b *testing.B) {
				r := rand.New(rand.NewPCG(1, 2))
				from, x, up := make([]float32, 2048), make([]float32, 2048), ones(2048)
				for i := range from {
					from[i] = float32(r.NormFloat64())
				}
				for b.Loop() {
					copy(x, from)
					activate(l, a.kind, x, up)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(x)), "ns/number")
			})
		}
	}
}

func BenchmarkRows(b *testing.B) {
	x, w, dst, sum := ones(512), ones(512), ones(512), make([]int64, 512)
	for _, l := range Levels() {
		for _, c := range []struct {
			name string
			n    int
			do   func()
		}{
			{"Softmax15", 15, func() { softmax(l, dst[:15]) }},
			{"LayerNorm512", 512, func() { layerNorm(l, dst, x, w, w, 1e-5) }},
			{"RMSNorm512", 512, func() { rmsNorm(l, dst, x, w, 1e-5) }},
			{"AddFixed512", 512, func() { addFixed(l, sum, x) }},
		} {
			b.Run(fmt.Sprintf("%s/%v", c.name, l), func(b *testing.B) {
				for b.Loop() {
					c.do()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*c.n), "ns/number")
			})
		}
	}
}
