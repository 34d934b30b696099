package vec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

func TestFlushed(t *testing.T) {
	if math.Float32bits(Flush) != flushBits {
		t.Fatal("the constants differ")
	}
	for _, v := range []float32{0, 1, Flush, Flush * 0.99, math.SmallestNonzeroFloat32} {
		want := v
		if v < Flush {
			want = 0
		}
		if Flushed(v) != want || Flushed(-v) != -want {
			t.Error(v)
		}
	}
}

func TestCentreRow(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, l := range Levels() {
		for n := range 70 {
			x, mean := guarded(r, n, n%8), make([]float64, n)
			for c := range x {
				switch r.IntN(4) {
				case 0:
					mean[c] = float64(x[c]) // the difference is zero, or below Flush
					x[c] = float32(mean[c] + math.Ldexp(r.NormFloat64(), -62))
				case 1:
					x[c] = float32(math.Ldexp(r.NormFloat64(), -59))
				default:
					mean[c] = r.NormFloat64()
				}
			}
			want, got := make([]float32, n), guarded(r, n, 3)
			scale, by := math.Ldexp(1, r.IntN(5)-2), []float32{1, -2}[r.IntN(2)]
			centreRowGo(want, x, mean, scale, by)
			old := Force(l)
			CentreRow(got, x, mean, scale, by)
			old()
			for c := range want {
				if math.Float32bits(got[c]) != math.Float32bits(want[c]) {
					t.Fatalf("%v n=%d: number %d is %v, want %v", l, n, c, got[c], want[c])
				}
			}
			if !math.IsNaN(float64(got[:n+1][n])) {
				t.Fatal("wrote behind the row")
			}
		}
	}
}

func BenchmarkCentreRow(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	const n = 784
	x, dst, mean := guarded(r, n, 0), make([]float32, n), make([]float64, n)
	for _, l := range Levels() {
		b.Run(fmt.Sprintf("level=%v", l), func(b *testing.B) {
			defer Force(l)()
			for b.Loop() {
				CentreRow(dst, x, mean, 0.5, 1)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/number")
		})
	}
}
