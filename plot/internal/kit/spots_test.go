package kit

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestSpots: a category that lies together is found among many points without
// one, and where it lies; one that is spread is not.
func TestSpots(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var x, y []float64
	var category []int32
	add := func(n int, c int32, cx, cy, s float64) {
		for range n {
			x, y, category = append(x, cx+s*r.NormFloat64()), append(y, cy+s*r.NormFloat64()), append(category, c)
		}
	}
	add(20000, 3, 0.5, 0.5, 0.15) // none
	add(300, 0, 0.5, 0.5, 0.15)   // spread
	add(150, 1, 0.7, 0.3, 0.03)
	add(4, 2, 0.2, 0.2, 0.01) // too few
	spots := Spots(x, y, category, 3)
	if len(spots) != 1 || spots[0].Category != 1 || math.Hypot(spots[0].X-0.7, spots[0].Y-0.3) > 0.02 {
		t.Errorf("%+v", spots)
	}
	if got := Spots([]float64{math.Inf(1), -3, 0.5}, []float64{0, 9, 0.5}, []int32{0, 0, 1}, 2); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}
