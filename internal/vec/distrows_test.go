package vec

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestSqDistRows(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 8))
	const n = 23
	for _, l := range Levels() {
		for _, d := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 23, 24, 31, 50, 56, 63, 200} {
			table, x := make([]float32, n*d), make([]float32, d)
			for c := range table {
				table[c] = float32(r.NormFloat64() * math.Pow(10, float64(r.IntN(8))))
			}
			for c := range x {
				x[c] = float32(r.NormFloat64())
			}
			for m := range 14 {
				ids := make([]int32, m)
				for i := range ids {
					ids[i] = int32(r.IntN(n))
				}
				dst := make([]float64, m+1)
				dst[m] = 7
				sqDistRows(l, dst[:m], x, table, ids)
				for i, j := range ids {
					if want := slowSqDist(x, table[int(j)*d:][:d]); math.Float64bits(dst[i]) != math.Float64bits(want) {
						t.Fatalf("%v d=%d, %d of %d: %v, want %v", l, d, i, m, dst[i], want)
					}
				}
				if dst[m] != 7 {
					t.Fatalf("%v d=%d: wrote behind %d distances", l, d, m)
				}
			}
			for _, bad := range []int32{-1, n} {
				func() {
					defer func() {
						if recover() == nil && d > 0 {
							t.Errorf("%v d=%d: row %d is taken", l, d, bad)
						}
					}()
					sqDistRows(l, make([]float64, 5), x, table, []int32{0, 1, 2, 3, bad})
				}()
			}
		}
	}
}

func BenchmarkSqDistRows(b *testing.B) {
	const n, d = 4096, 56
	table, ids, dst := make([]float32, n*d), make([]int32, 256), make([]float64, 256)
	for i := range ids {
		ids[i] = int32(uint32(i) * 2654435761 % n)
	}
	for _, l := range Levels() {
		b.Run("level="+l.String(), func(b *testing.B) {
			for b.Loop() {
				sqDistRows(l, dst, table[:d], table, ids)
			}
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/256*1e9, "ns/row")
		})
	}
}
