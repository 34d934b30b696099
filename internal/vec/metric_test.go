package vec

import (
	"math"
	"math/rand/v2"
	"testing"
)

// slowAbsDist and slowMaxDist are the definitions, read aloud.
func slowAbsDist(x, y []float32) float64 {
	var lane [8]float64
	for c := range x {
		lane[c%8] += math.Abs(float64(x[c]) - float64(y[c]))
	}
	return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]))
}

func slowMaxDist(x, y []float32) float64 {
	var most float64
	for c := range x {
		most = max(most, math.Abs(float64(x[c])-float64(y[c])))
	}
	return most
}

func TestMetrics(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 9))
	for _, l := range Levels() {
		for n := range 70 {
			for off := range 8 {
				x := guarded(r, n, off)
				var y [4][]float32
				for i := range y {
					y[i] = guarded(r, n, (off+i)%8)
					for c := range y[i] {
						switch (off + i) % 4 {
						case 0:
							y[i][c] *= 1e30
						case 1:
							y[i][c] = x[c] * (1 + 0x1p-20)
						}
					}
				}
				abs, most := absDist4(l, x, y[0], y[1], y[2], y[3]), maxDist4(l, x, y[0], y[1], y[2], y[3])
				for i := range y {
					if a, m := slowAbsDist(x, y[i]), slowMaxDist(x, y[i]); abs[i] != a || most[i] != m {
						t.Fatalf("%v n=%d off=%d: %v and %v, want %v and %v", l, n, off, abs[i], most[i], a, m)
					}
				}
			}
		}
	}
}
