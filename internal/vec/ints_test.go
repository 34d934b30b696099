package vec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// intPanels packs rows of whole numbers, half of them as large as may be.
func intPanels(r *rand.Rand, panels, width, pairs int, unit float32) (x []float32, packed []uint32) {
	d := 2 * pairs
	most := 32767.0
	if d > 2 {
		most = math.Floor(math.Sqrt((1<<31 - 1) / float64(d)))
	}
	x, packed = make([]float32, panels*width*d), make([]uint32, panels*width*pairs)
	for i := range x {
		x[i] = float32(math.Round((2*r.Float64()-1)*most)) * unit
		if r.IntN(2) == 0 {
			x[i] = float32(math.Copysign(most, float64(x[i]))) * unit
		}
	}
	for p := range panels {
		PackInts(packed[p*width*pairs:], x[p*width*d:], d, width, pairs, 1/unit)
	}
	return x, packed
}

// Tiles have the bits of sums in float64, rounded, at every level.
func TestMultiplyInts(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, l := range Levels() {
		restore := Force(l)
		mr, nr := TileShape()
		for pairs := range 12 {
			for count := range 8 {
				add := count >= 4
				count := count % 4
				const unit = 0x1p-9
				x, a := intPanels(r, count, mr, pairs, unit)
				y, b := intPanels(r, 1, nr, pairs, unit)
				size := count * mr * nr
				got := guarded(r, size, 5)
				before := slices.Clone(got)
				MultiplyInts(got, a, b, []uint32{1}, pairs, count, pairs*mr, -2*unit*unit, add)
				for i := range count * mr {
					for j := range nr {
						var dot float64
						for k := range 2 * pairs {
							dot += float64(x[i*2*pairs+k]) * float64(y[j*2*pairs+k])
						}
						want := float32(-2 * dot)
						if add {
							want += before[i*nr+j]
						}
						if v := got[i*nr+j]; v != want {
							t.Fatalf("%v pairs=%d count=%d add=%t: row %d column %d is %v, want %v", l, pairs, count, add, i, j, v, want)
						}
					}
				}
				if v := got[:size+1][size]; !math.IsNaN(float64(v)) {
					t.Fatal("wrote behind the tiles")
				}
			}
		}
		restore()
	}
}

func BenchmarkInts(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, l := range Levels()[1:] {
		restore := Force(l)
		mr, nr := TileShape()
		for _, d := range []int{64, 160, 256} {
			count := 252 / mr
			_, x := intPanels(r, count, mr, d/2, 1)
			_, y := intPanels(r, 1, nr, d/2, 1)
			c := make([]float32, count*mr*nr)
			b.Run(fmt.Sprintf("level=%v/d=%d", l, d), func(b *testing.B) {
				for b.Loop() {
					MultiplyInts(c, x, y, y, d/2, count, d/2*mr, 1, false)
				}
				b.ReportMetric(2*float64(len(c)*d)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GOP/s")
			})
			f, g := make([]float32, count*mr*d), make([]float32, nr*d)
			b.Run(fmt.Sprintf("level=%v/float32/d=%d", l, d), func(b *testing.B) {
				for b.Loop() {
					for p := range count {
						GemmTile(c[p*mr*nr:], f[p*mr*d:], g, d, false)
					}
				}
				b.ReportMetric(2*float64(len(c)*d)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
		restore()
	}
}
