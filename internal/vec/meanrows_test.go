package vec

import (
	"math"
	"math/rand/v2"
	"testing"
)

// All levels give the bits of the pure Go form and write nothing else.
func TestMeanRows(t *testing.T) {
	best := level
	defer func() { level = best }()
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 140 {
		const have = 9
		base := make([]float32, have*n)
		for i := range base {
			base[i] = float32(r.NormFloat64() * math.Exp(10*r.NormFloat64()))
		}
		for _, count := range []int{1, 2, 3, 9} {
			rows := make([]int32, count)
			w := make([]float64, count)
			for k := range rows {
				rows[k] = int32(r.IntN(have))
				w[k] = float64(r.Int64N(1 << 50))
			}
			for _, w := range [][]float64{nil, w} {
				total := 1 + float64(r.IntN(100))
				want := make([]float32, n)
				meanRowsGo(want, base, rows, w, total, 0)
				for _, l := range Levels() {
					level = l
					buf := make([]float32, n+2)
					buf[0], buf[n+1] = 7, 7
					MeanRows(buf[1:n+1], base, rows, w, total)
					if buf[0] != 7 || buf[n+1] != 7 {
						t.Fatalf("%v: n=%d: wrote outside", l, n)
					}
					for i, v := range want {
						if math.Float32bits(v) != math.Float32bits(buf[i+1]) {
							t.Fatalf("%v: n=%d rows=%d weighted=%t: [%d] is %v, want %v", l, n, count, w != nil, i, buf[i+1], v)
						}
					}
				}
			}
		}
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("a row beyond the matrix is no panic")
			}
		}()
		MeanRows(make([]float32, 32), make([]float32, 64), []int32{2}, nil, 1)
	}()
}
