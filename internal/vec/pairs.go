package vec

// Pairs adds up what the points lo to hi of the plane do to 16 others: for
// the target l at (x[l], y[l]) and with r² = |target − source|²,
//
//	phi[l] += Σ w/(1 + inv·r²), fx[l] += Σ w/(1 + inv·r²)² (x[l] − x_j), and fy.
//
// Source j is at src[2j:2j+2] and has weight w[j]. Every 1,024 terms, summed
// in float32, are added to the float64 sums. It keeps an error bound.
func Pairs(phi, fx, fy *[Lanes]float64, x, y *[Lanes]float32, src, w []float32, inv float32, lo, hi int) {
	for lo < hi {
		end := min(hi, lo+1024)
		var p, a, b [Lanes]float32
		pairs(&p, &a, &b, x, y, src[2*lo:2*end], w[lo:end], inv)
		for l := range p {
			phi[l] += float64(p[l])
			fx[l] += float64(a[l])
			fy[l] += float64(b[l])
		}
		lo = end
	}
}

func pairsGo(p, a, b, x, y *[Lanes]float32, src, w []float32, inv float32) {
	for j, wj := range w {
		sx, sy := src[2*j], src[2*j+1]
		for l := range p {
			dx, dy := x[l]-sx, y[l]-sy
			k := 1 / (1 + inv*(dx*dx+dy*dy))
			q := wj * k
			p[l] += q
			q *= k
			a[l] += q * dx
			b[l] += q * dy
		}
	}
}
