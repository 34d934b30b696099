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
