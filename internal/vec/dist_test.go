package vec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// slowSqDist is the definition, read aloud.
func slowSqDist(x, y []float32) float64 {
	var lane [8]float64
	for c := range x {
		d := float64(x[c]) - float64(y[c])
		lane[c%8] += float64(d * d)
	}
	return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]))
}

func TestSqDist(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, l := range Levels() {
		for n := range 70 {
			for off := range 8 {
				x := guarded(r, n, off)
				var y [4][]float32
				for i := range y {
					y[i] = guarded(r, n, (off+i)%8)
					if i == off%4 { // far apart scales
						for c := range y[i] {
							y[i][c] *= 1e30
						}
					}
					if i == (off+1)%4 {
						for c := range y[i] {
							y[i][c] = x[c] * (1 + 0x1p-20)
						}
					}
				}
				got := sqDist4(l, x, y[0], y[1], y[2], y[3])
				for i := range y {
					if want := slowSqDist(x, y[i]); math.Float64bits(got[i]) != math.Float64bits(want) {
						t.Fatalf("%v n=%d off=%d: %v, want %v", l, n, off, got[i], want)
					}
				}
			}
		}
	}
	x := []float32{1, 2, 3}
	if SqDist(x, x) != 0 || SqDist4(x, x, x, x, x) != [4]float64{} {
		t.Error("a row is not at distance 0 from itself")
	}
}

func FuzzSqDist(f *testing.F) {
	f.Add(uint64(1), 17)
	f.Add(uint64(2), 64)
	f.Fuzz(func(t *testing.T, seed uint64, n int) {
		if n < 0 || n > 1000 {
			return
		}
		r := rand.New(rand.NewPCG(seed, 0))
		x, y := make([]float32, n), make([]float32, n)
		for i := range x {
			for !isFinite(x[i]) || x[i] == 0 {
				x[i] = math.Float32frombits(r.Uint32())
			}
			for !isFinite(y[i]) || y[i] == 0 {
				y[i] = math.Float32frombits(r.Uint32())
			}
		}
		want := slowSqDist(x, y)
		for _, l := range Levels() {
			if got := sqDist4(l, x, y, y, y, y)[0]; math.Float64bits(got) != math.Float64bits(want) {
				t.Fatalf("%v: %v, want %v", l, got, want)
			}
		}
	})
}

func isFinite(v float32) bool { return v-v == 0 }

func BenchmarkSqDist(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, l := range Levels() {
		x := make([][]float32, 5)
		for i := range x {
			x[i] = guarded(r, 2048, 0)
		}
		b.Run(fmt.Sprintf("level=%v/d=2048", l), func(b *testing.B) {
			for b.Loop() {
				sqDist4(l, x[0], x[1], x[2], x[3], x[4])
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/4/2048, "ns/number")
		})
	}
}
