package vec

import (
	"math/rand/v2"
	"testing"
)

func TestMergeSquares(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	row := func(n, d int) (dense []float32, e []Entry) {
		dense = make([]float32, d)
		for range n {
			dense[r.IntN(d)] = float32(r.NormFloat64())
		}
		e = make([]Entry, 0, n+9)
		for c, v := range dense {
			if v != 0 {
				e = append(e, Entry{V: float64(v), Col: int32(c)})
			}
		}
		e = append(e, Entry{Col: LastColumn})
		copy(e[len(e):cap(e)], []Entry{{V: 7, Col: 1}, {V: 7, Col: 2}}) // what is behind is not read
		return dense, e
	}
	for _, l := range Levels() {
		for range 500 {
			d := 1 + r.IntN(200)
			dx, x := row(r.IntN(40), d)
			dy, y := row(r.IntN(40), d)
			dz, z := row(r.IntN(40), d)
			var sum [16]float64
			mergeSquaresAt(l, &sum, x, y, z)
			for s, other := range [][]float32{dy, dz} {
				a := sum[8*s:]
				got := ((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7]))
				if want := slowSqDist(dx, other); got != want {
					t.Fatalf("%v: %v, want %v", l, got, want)
				}
			}
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a row without an end is taken")
		}
	}()
	MergeSquares(make([]Entry, 1), make([]Entry, 1), make([]Entry, 1))
}
