package vec

import "testing"

// splineTables derives the tables from the recurrence of B-splines: that of order
// p, M_p(x) = (x M_{p−1}(x) + (p−x) M_{p−1}(x−1))/(p−1), is a polynomial of
// degree p−1 on each of [j, j+1].
func splineTables() (b, db [splineOrder][8]float32) {
	// piece[j] holds (p−1)! times the coefficients of M_p on [j, j+1]; they
	// are integers.
	piece := [][]float64{{1}}
	for p := 2; p <= splineOrder; p++ {
		next := make([][]float64, p)
		for j := range next {
			c := make([]float64, p)
			if j < p-1 { // (j+t) M_{p−1}(j+t)
				for d, v := range piece[j] {
					c[d] += float64(j) * v
					c[d+1] += v
				}
			}
			if j > 0 { // (p−j−t) M_{p−1}(j−1+t)
				for d, v := range piece[j-1] {
					c[d] += float64(p-j) * v
					c[d+1] -= v
				}
			}
			next[j] = c
		}
		piece = next
	}
	for k := range splineOrder {
		for d, v := range piece[splineOrder-1-k] {
			b[d][k] = float32(v / 120)
			if d > 0 {
				db[d-1][k] = float32(v * float64(d) / 120)
			}
		}
	}
	return b, db
}

func TestSplineTables(t *testing.T) {
	b, db := splineTables()
	if splineCoef != b || slopeCoef != db {
		t.Errorf("tables\n%v\n%v, by the recurrence\n%v\n%v", splineCoef, slopeCoef, b, db)
	}
}
