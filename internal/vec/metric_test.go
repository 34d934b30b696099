package vec

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestDist8(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 9))
	for _, l := range Levels() {
		for n := 0; n <= 80; n += 8 {
			for off := range 4 {
				nan := math.NaN() // guards behind the rows
				x, rows := make([]float64, n+off+8), make([]float64, 8*n+off+8)
				for i := range x {
					x[i] = nan
				}
				for i := range rows {
					rows[i] = nan
				}
				x, rows = x[off:off+n], rows[off:off+8*n]
				for c := range x {
					x[c] = float64(float32(r.NormFloat64()))
					for i := range 8 {
						rows[8*c+i] = float64(float32(r.NormFloat64() * math.Pow(10, float64(r.IntN(30)))))
						if r.IntN(3) == 0 {
							rows[8*c+i] = x[c] * float64(1-r.IntN(2)*2)
						}
					}
				}
				var abs, most, unequal, dot [8]float64
				dot8(l, &dot, x, rows)
				absDist8(l, &abs, x, rows)
				maxDist8(l, &most, x, rows)
				unequal8(l, &unequal, x, rows)
				for i := range 8 {
					var lane, products [8]float64
					var m, u float64
					for c, v := range x {
						d := math.Abs(v - rows[8*c+i])
						lane[c%8] += d
						m = max(m, d)
						products[c%8] += float64(v * rows[8*c+i])
						if v != rows[8*c+i] {
							u++
						}
					}
					s := ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]))
					p := ((products[0] + products[4]) + (products[2] + products[6])) + ((products[1] + products[5]) + (products[3] + products[7]))
					if dot[i] != p {
						t.Fatalf("%v n=%d off=%d row %d: product %v, want %v", l, n, off, i, dot[i], p)
					}
					if abs[i] != s || most[i] != m || unequal[i] != u {
						t.Fatalf("%v n=%d off=%d row %d: %v, %v and %v, want %v, %v and %v", l, n, off, i, abs[i], most[i], unequal[i], s, m, u)
					}
				}
			}
		}
	}
}
