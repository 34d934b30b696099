package vec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// guarded returns a slice of n normal numbers at an odd offset with NaN on
// both sides, so that a stray read poisons the result.
func guarded(r *rand.Rand, n, off int) []float32 {
	x := make([]float32, n+64)
	for i := range x {
		x[i] = float32(math.NaN())
	}
	x = x[16+off:][:n]
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

func TestGemmTile(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, l := range Levels() {
		mr, nr := tileShape[l].mr, tileShape[l].nr
		for d := range 70 {
			for off := range 8 {
				a, b := guarded(r, d*mr, off), guarded(r, d*nr, 7-off)
				for _, add := range []bool{false, true} {
					c := guarded(r, mr*nr, off)
					before := append([]float32(nil), c...)
					gemmTile(l, c, a, b, b, d, add)
					for i := range mr {
						for j := range nr {
							var want, size float64
							if add {
								want = float64(before[i*nr+j])
								size = math.Abs(want)
							}
							for k := range d {
								p := float64(a[k*mr+i]) * float64(b[k*nr+j])
								want += p
								size += math.Abs(p)
							}
							got := float64(c[i*nr+j])
							if !(math.Abs(got-want) <= float64(d+2)*0x1p-24*size) {
								t.Fatalf("%v d=%d off=%d add=%t c[%d][%d] = %v, want %v", l, d, off, add, i, j, got, want)
							}
						}
					}
					if c := c[:mr*nr+1]; !math.IsNaN(float64(c[mr*nr])) {
						t.Fatalf("%v wrote behind the tile", l)
					}
				}
			}
		}
	}
}

// The searches rely on it: a value does not depend on the place of its rows,
// and is the same when the roles of the two rows are exchanged.
func TestGemmTilePlace(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const d = 53
	x, y := guarded(r, d, 0), guarded(r, d, 0)
	for _, l := range Levels() {
		mr, nr := tileShape[l].mr, tileShape[l].nr
		run := func(x, y []float32) float32 {
			a, b, c := make([]float32, d*mr), make([]float32, d*nr), make([]float32, mr*nr)
			for k := range d {
				for i := range mr {
					a[k*mr+i] = x[k]
				}
				for j := range nr {
					b[k*nr+j] = y[k]
				}
			}
			gemmTile(l, c, a, b, b, d, false)
			for _, v := range c {
				if v != c[0] {
					t.Fatalf("%v: %v and %v", l, v, c[0])
				}
			}
			return c[0]
		}
		if a, b := run(x, y), run(y, x); a != b {
			t.Fatalf("%v: %v and %v", l, a, b)
		}
	}
}

func BenchmarkKernel(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, l := range Levels() {
		mr, nr := tileShape[l].mr, tileShape[l].nr
		for _, d := range []int{784, 2048} {
			// As in a search: one column panel against a block of rows of 1 MB.
			panels := 1 << 18 / (mr * d)
			x, y := guarded(r, panels*mr*d, 0), guarded(r, 2*nr*d, 0)
			c := make([]float32, panels*mr*nr)
			b.Run(fmt.Sprintf("name=gemm/level=%v/d=%d", l, d), func(b *testing.B) {
				for i := 0; b.Loop(); i++ {
					for p := range panels {
						gemmTile(l, c[p*mr*nr:][:mr*nr], x[p*mr*d:][:mr*d], y[i%2*nr*d:][:nr*d], y, d, false)
					}
				}
				b.ReportMetric(2*float64(panels*mr*nr*d)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}
