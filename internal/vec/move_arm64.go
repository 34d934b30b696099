//go:build arm64 && !noasm

package vec

// move does whole groups of the points lo to hi and returns the first that it
// left.
func move(next, y, v, gain, attr, force, w []float32, m *Motion, s *Sums, lo, hi int) (from int) {
	groups := (hi - lo) / 2
	if level == Go || groups == 0 {
		return lo
	}
	moveNEON(&next[2*lo], &y[2*lo], &v[2*lo], &gain[2*lo], &attr[2*lo], &force[2*lo], &w[lo], &m.Rho, &s.Mean[0], groups)
	return lo + 2*groups
}

// center does so too; ok is false if a coordinate is not finite.
func center(y, next []float32, mean *[3]float64, low, high *[3]float32, lo, hi int) (from int, ok bool) {
	groups := (hi - lo) / 2
	if level == Go || groups == 0 {
		return lo, true
	}
	var out [6]float32 // bounds, bits
	centerNEON(&y[2*lo], &next[2*lo], &mean[0], &out[0], groups)
	copy(low[:], out[:2])
	copy(high[:], out[2:4])
	return lo + 2*groups, out[4] == 0 && out[5] == 0
}
