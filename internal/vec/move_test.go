package vec

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// All levels move points alike, bit by bit, also where velocities and
// gradients are zero, huge or not numbers.
func TestMove(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	odd := []float32{0, float32(math.Copysign(0, -1)), 1e-30, 1e20, -1e20, nan, inf, -inf}
	for _, d := range []int{2, 3} {
		for n := range 70 {
			for kind := range 2 {
				make5 := func() [][]float32 {
					a := make([][]float32, 0, 6)
					for i := range 6 {
						x := randoms(d*n, uint64(10*n+i))
						for j := range x {
							switch {
							case kind == 1 && i >= 4 && j%11 == 3: // no gradient
								x[j] = 0
							case kind == 1 && j%7 == i:
								x[j] = odd[(j/7+i)%len(odd)]
							case i == 3:
								x[j] = float32(math.Abs(float64(x[j])))
							}
						}
						a = append(a, shielded(x, i))
					}
					return a
				}
				w := shielded(make([]float32, n), 1)
				for i := range w {
					w[i] = float32(1 + i%3)
				}
				var want [][]float32
				var wantSums Sums
				eachTsneLevel(t, func(t *testing.T) {
					a := make5()
					m := Motion{Rho: 12, InvZ: 0.3, Eta: 2, Momentum: 0.8, Most: 5, Limit: 1e15}
					s := Move(a[0], a[1], a[2], a[3], a[4], a[5], w, &m, d, n/3, n)
					if want == nil {
						want, wantSums = a, s
						return
					}
					for i := range a {
						if !equalBits(a[i], want[i]) {
							t.Fatalf("d=%d n=%d kind=%d: array %d is %v, want %v", d, n, kind, i, a[i], want[i])
						}
					}
					if fmt.Sprint(s) != fmt.Sprint(wantSums) {
						t.Fatalf("d=%d n=%d: sums %v, want %v", d, n, s, wantSums)
					}
				})
			}
		}
	}
}

func equalBits(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool {
		return math.Float32bits(x) == math.Float32bits(y) || x != x && y != y
	})
}

// One point by hand: signs that differ and signs that agree, and the cut.
func TestMoveOne(t *testing.T) {
	next, y := make([]float32, 2), []float32{1, 2}
	v, gain := []float32{1, -1}, []float32{1, 1}
	attr, force, w := []float32{2, 4}, []float32{2, 8}, []float32{2}
	m := Motion{Rho: 3, InvZ: 0.5, Eta: 1, Momentum: 0.5, Most: 1.5, Limit: 100}
	// g = 1.5·attr − 0.5·force = (2, 2): gains 0.81 and 1.2,
	// v = (0.5 − 1.62, −0.5 − 2.4) = (−1.12, −2.9), of length 3.1087.
	s := Move(next, y, v, gain, attr, force, w, &m, 2, 0, 1)
	l := math.Hypot(1.12, 2.9) / 1.5
	near(t, "gain 0", float64(gain[0]), 0.81, 1, 1e-6)
	near(t, "gain 1", float64(gain[1]), 1.2, 1, 1e-6)
	near(t, "v 0", float64(v[0]), -1.12/l, 1, 1e-6)
	near(t, "v 1", float64(v[1]), -2.9/l, 1, 1e-6)
	near(t, "next", float64(next[1]), 2-2.9/l, 1, 1e-6)
	near(t, "mean", s.Mean[1], 2*(2-2.9/l), 1, 1e-6)
	near(t, "norm", s.Norm, 16, 1, 1e-6)
}

func TestCenter(t *testing.T) {
	mean := [3]float64{0.3, -0.2, 0.1}
	for _, d := range []int{2, 3} {
		for n := range 40 {
			for bad := -1; bad < n; bad++ {
				next := randoms(d*n, uint64(n))
				if bad >= 0 {
					next[d*bad+bad%d] = float32(math.Inf(1 - bad%3))
				}
				lo := n / 4
				var want []float32
				var wantLow, wantHigh [3]float32
				eachTsneLevel(t, func(t *testing.T) {
					y := shielded(make([]float32, d*n), 1)
					low, high, got := Center(y, shielded(next, 2), &mean, d, lo, n)
					if expect := bad; bad >= lo && got != expect || bad < lo && got != -1 {
						t.Fatalf("d=%d n=%d: point %d is bad, want %d", d, n, got, bad)
					}
					if want == nil {
						want, wantLow, wantHigh = y, low, high
					}
					if !equalBits(y, want) {
						t.Fatalf("d=%d n=%d: %v, want %v", d, n, y, want)
					}
					if low != wantLow || high != wantHigh {
						t.Fatalf("d=%d n=%d: bounds %v %v, want %v %v", d, n, low, high, wantLow, wantHigh)
					}
				})
			}
		}
	}
}
