//go:build amd64 && !noasm

package vec

//go:generate sh -c "cd _gen && go run ./move -out ../move_amd64.s -stubs ../move_stubs_amd64.go -pkg vec"

// The kernels take four and two points at a time, AVX-512 no more: divisions
// and the sums in order are their limits.

// move does whole groups of the points lo to hi and returns the first that it
// left.
func move(next, y, v, gain, attr, force, w []float32, m *Motion, s *Sums, lo, hi int) (from int) {
	groups := (hi - lo) / 4
	if level == Go || groups == 0 {
		return lo
	}
	moveAVX2(&next[2*lo], &y[2*lo], &v[2*lo], &gain[2*lo], &attr[2*lo], &force[2*lo], &w[lo], &m.Rho, &s.Mean[0], groups)
	return lo + 4*groups
}

// center does so too; ok is false if a coordinate is not finite.
func center(y, next []float32, mean *[3]float64, low, high *[3]float32, lo, hi int) (from int, ok bool) {
	groups := (hi - lo) / 2
	if level == Go || groups == 0 {
		return lo, true
	}
	var out [5]float32 // bounds, bits
	centerAVX2(&y[2*lo], &next[2*lo], mean, &out, groups)
	copy(low[:], out[:2])
	copy(high[:], out[2:4])
	return lo + 2*groups, out[4] == 0
}
