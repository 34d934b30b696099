package tsne

import (
	"math"

	"github.com/semamap/semamap/internal/vec"
)

// exactBlock is the number of targets a task sums.
const exactBlock = vec.Lanes

// exact sums all pairs; it sets phi without the term j = i.
func (r *repulsor) exact() {
	r.pool.do(r.blocks(exactBlock), r.exactBlock)
}

func (r *repulsor) exactTask(_, b int) {
	if r.pool.ended() {
		return
	}
	lo, hi := b*exactBlock, min(r.n, (b+1)*exactBlock)
	var part float64
	if r.dims == 2 && r.freedom == 1 {
		var x, y [vec.Lanes]float32
		var phi, fx, fy [vec.Lanes]float64
		for l := range x {
			i := min(lo+l, hi-1)
			x[l], y[l] = r.y[2*i], r.y[2*i+1]
		}
		vec.Pairs(&phi, &fx, &fy, &x, &y, r.y, r.w, 1, 0, lo)
		vec.Pairs(&phi, &fx, &fy, &x, &y, r.y, r.w, 1, hi, r.n)
		for i := lo; i < hi; i++ {
			l := i - lo
			for j := lo; j < hi; j++ {
				if j != i {
					dx, dy := float64(x[l]-x[j-lo]), float64(y[l]-y[j-lo])
					k := 1 / (1 + dx*dx + dy*dy)
					q := float64(r.w[j]) * k
					phi[l] += q
					fx[l] += q * k * dx
					fy[l] += q * k * dy
				}
			}
			r.phi[i] = float32(phi[l])
			r.force[2*i], r.force[2*i+1] = float32(fx[l]), float32(fy[l])
			part += float64(r.w[i]) * phi[l]
		}
		r.part[b] = part
		return
	}
	for i := lo; i < hi; i++ {
		phi, f := r.sumAll(i)
		r.phi[i] = float32(phi)
		for c := range r.dims {
			r.force[i*r.dims+c] = float32(f[c])
		}
		part += float64(r.w[i]) * phi
	}
	r.part[b] = part
}

// sumAll sums all others at point i in float64, for any number of dimensions
// and degrees of freedom.
func (r *repulsor) sumAll(i int) (phi float64, f [3]float64) {
	d, yi := r.dims, r.y[i*r.dims:]
	for j := range r.n {
		if j == i {
			continue
		}
		var diff [3]float64
		var d2 float64
		for c := range d {
			diff[c] = float64(yi[c]) - float64(r.y[j*d+c])
			d2 += diff[c] * diff[c]
		}
		q, k := r.kernel(d2)
		q *= float64(r.w[j])
		phi += q
		for c := range d {
			f[c] += q * k * diff[c]
		}
	}
	return phi, f
}

// kernel returns (1 + r²/a)^−a and 1/(1 + r²/a), whose product is the factor
// of the force.
func (r *repulsor) kernel(d2 float64) (q, k float64) {
	k = 1 / (1 + d2/r.freedom)
	if r.freedom == 1 {
		return k, k
	}
	return math.Exp(-r.freedom * math.Log1p(d2/r.freedom)), k
}
