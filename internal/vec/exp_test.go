package vec

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/semamap/semamap/internal/golden"
)

func TestExpValues(t *testing.T) {
	var worst float64
	for _, v := range golden.Values(t, "testdata/exp.txt") {
		limit := 1.0
		if v.Hi < 0x1p-1022 {
			limit = 1.5 // the result is rounded once more
		}
		got := Exp(v.X)
		if u := v.Ulps(got); !(u < limit) {
			t.Errorf("exp(%v) = %v, want %v: wrong by %.2f units in the last place", v.X, got, v.Hi, u)
		} else if limit == 1 {
			worst = max(worst, u)
		}
	}
	t.Logf("wrong by %.3f units in the last place at most", worst)
}

// Every level gives the bits of Exp.
func TestExp(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	for _, l := range Levels() {
		for n := range 40 {
			for _, scale := range []float64{1e-300, 1e-9, 1, 30, 699, 760} {
				x := make([]float64, n)
				for i := range x {
					x[i] = (2*r.Float64() - 1) * scale
				}
				if n > 3 {
					x[0], x[1], x[2] = 0, math.Copysign(0, -1), -scale
				}
				got := append([]float64(nil), x...)
				expAll(l, got)
				for i, v := range x {
					if want := Exp(v); math.Float64bits(got[i]) != math.Float64bits(want) {
						t.Fatalf("%v: exp(%v) = %v, want %v", l, v, got[i], want)
					}
				}
			}
		}
		odd := []float64{math.NaN(), math.Inf(1), math.Inf(-1), 710, -746, 1, 2, 3}
		expAll(l, odd)
		if odd[0] == odd[0] || !math.IsInf(odd[1], 1) || odd[2] != 0 || !math.IsInf(odd[3], 1) || odd[4] != 0 || odd[5] != Exp(1) {
			t.Errorf("%v: %v", l, odd)
		}
	}
}
