package tsne

// Repulsion is the repulsion of a map in the plane with default settings, for
// the tests of the package's users: φ with the term j = i, the forces, Z and
// the method that was chosen.
func Repulsion(y []float32) (phi, force []float64, z float64, used Method) {
	n := len(y) / 2
	s := Settings{}
	if err := s.fill(n); err != nil {
		panic(err)
	}
	w := make([]float32, n)
	for i := range w {
		w[i] = 1
	}
	b := box{}
	for c := range 2 {
		b.lo[c], b.hi[c] = y[c], y[c]
		for i := range n {
			b.lo[c], b.hi[c] = min(b.lo[c], y[2*i+c]), max(b.hi[c], y[2*i+c])
		}
	}
	r := newRepulsor(n, 2, w, &s, newPool(0))
	z, used = r.run(y, &b)
	for _, v := range r.phi {
		phi = append(phi, float64(v)+r.base)
	}
	for _, v := range r.force {
		force = append(force, float64(v))
	}
	return phi, force, z, used
}
