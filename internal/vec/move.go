package vec

import "math"

// A Motion holds the numbers with which [Move] takes a step. Its layout is
// known to the kernels.
type Motion struct {
	Rho      float32 // factor of the attraction
	InvZ     float32 // factor of the repulsion
	Eta      float32 // learning rate
	Momentum float32
	Most     float32 // longest step of a point
	Most2    float32 // its square; Move sets it
	Limit    float32 // bound of a velocity's coordinates before that
	negLimit float32
}

// Sums are those of [Move] over points.
type Sums struct {
	Mean [3]float64 // Σ w·y, not divided by Σ w
	Norm float64    // Σ w·|g|²
}

// Move takes a step of gradient descent with gains (Jacobs 1988) and momentum
// for the points lo to hi of d coordinates each: with the gradient
// g = Rho/w·attr − InvZ·force, gains grow by 0.2 where the signs of g and the
// velocity v differ and else become 0.8 of themselves plus 0.01;
// v = Momentum·v − Eta·gain·g, cut to the length Most; next = y + v. It
// changes v, gain and next. All levels give equal bits.
func Move(next, y, v, gain, attr, force, w []float32, m *Motion, d, lo, hi int) Sums {
	var s Sums
	if lo >= hi {
		return s
	}
	m.Most2, m.negLimit = m.Most*m.Most, -m.Limit
	n := d * hi
	next, y, v, gain, attr, force, w = next[:n], y[:n], v[:n], gain[:n], attr[:n], force[:n], w[:hi]
	if d == 2 {
		lo = move(next, y, v, gain, attr, force, w, m, &s, lo, hi)
	}
	moveGo(next, y, v, gain, attr, force, w, m, &s, d, lo, hi)
	return s
}

func moveGo(next, y, v, gain, attr, force, w []float32, m *Motion, s *Sums, d, lo, hi int) {
	for i := lo; i < hi; i++ {
		w := w[i]
		rho := m.Rho / w
		var len2, norm float32
		for e := i * d; e < i*d+d; e++ {
			g := float32(rho*attr[e]) - float32(m.InvZ*force[e])
			k := gainOf(gain[e], v[e], g)
			gain[e] = k
			u := float32(m.Momentum*v[e]) - float32(float32(m.Eta*k)*g)
			u = min(max(u, m.negLimit), m.Limit)
			v[e] = u
			len2 += float32(u * u)
			norm += float32(g * g)
		}
		if len2 > m.Most2 {
			f := m.Most / float32(math.Sqrt(float64(len2)))
			for e := i * d; e < i*d+d; e++ {
				v[e] *= f
			}
		}
		for e := i * d; e < i*d+d; e++ {
			next[e] = y[e] + v[e]
			s.Mean[e-i*d] += float64(float64(w) * float64(next[e]))
		}
		s.Norm += float64(float64(w) * float64(norm))
	}
}

// gainOf returns the next gain of a coordinate with gain k, velocity v and
// gradient g: more when their signs differ. It has no branch that could be
// mispredicted.
func gainOf(k, v, g float32) float32 {
	more, less := math.Float32bits(k+0.2), math.Float32bits(float32(k*0.8)+0.01)
	differ := uint32(int32(math.Float32bits(v)^math.Float32bits(g)) >> 31)
	if v == 0 || g == 0 {
		differ = math.MaxUint32
		if v == g {
			differ = 0
		}
	}
	return math.Float32frombits(less ^ (more^less)&differ)
}

// Center sets y to next less the mean for the points lo to hi of d coordinates
// each, subtracting in float64, and returns their bounds and the first point
// that is not finite, or −1. All levels give equal bits.
func Center(y, next []float32, mean *[3]float64, d, lo, hi int) (low, high [3]float32, bad int) {
	for c := range d {
		low[c], high[c] = float32(math.Inf(1)), float32(math.Inf(-1))
	}
	y, next = y[:d*hi], next[:d*hi]
	from, ok := lo, true
	if d == 2 && lo < hi {
		from, ok = center(y, next, mean, &low, &high, lo, hi)
	}
	if !ok {
		from = lo // to find it
	}
	return low, high, centerGo(y, next, mean, d, from, hi, &low, &high)
}

func centerGo(y, next []float32, mean *[3]float64, d, lo, hi int, low, high *[3]float32) (bad int) {
	bad = -1
	for i := lo; i < hi; i++ {
		for c := range d {
			v := float32(float64(next[i*d+c]) - mean[c])
			y[i*d+c] = v
			low[c], high[c] = min(low[c], v), max(high[c], v)
			if v-v != 0 && bad < 0 {
				bad = i
			}
		}
	}
	return bad
}
