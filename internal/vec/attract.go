package vec

import "math"

// Attract sums the attraction of points in the plane: for the rows lo to hi of
// a sparse matrix it sets
//
//	dst[2i:2i+2] = Σ val/(1 + inv·|y_i − y_j|²) (y_i − y_j)
//
// over the entries ptr[i] … ptr[i+1]−1, with j = col and points at y[2j:2j+2].
// Entry e of a row goes to lane e mod 16, the lanes are joined in a fixed tree.
// It keeps an error bound.
func Attract(dst []float32, ptr []int64, col []int32, val, y []float32, inv float32, lo, hi int) {
	if lo >= hi {
		return
	}
	_, _, _ = dst[2*hi-1], y[2*hi-1], dst[2*lo]
	_, _ = col[:ptr[hi]], val[:ptr[hi]]
	attract(dst, ptr, col, val, y, inv, lo, hi)
}

func attractGo(dst []float32, ptr []int64, col []int32, val, y []float32, inv float32, lo, hi int) {
	for i := lo; i < hi; i++ {
		var ax, ay [Lanes]float32
		yx, yy := y[2*i], y[2*i+1]
		c := col[ptr[i]:ptr[i+1]]
		v := val[ptr[i]:ptr[i+1]]
		for e, j := range c {
			dx, dy := yx-y[2*j], yy-y[2*j+1]
			q := v[e] / (1 + inv*(dx*dx+dy*dy))
			ax[e&15] += q * dx
			ay[e&15] += q * dy
		}
		dst[2*i], dst[2*i+1] = sum16(&ax), sum16(&ay)
	}
}

func sum16(a *[Lanes]float32) float32 {
	var b [8]float32
	for k := range b {
		b[k] = a[k] + a[k+8]
	}
	return sum8(&b)
}

// AttractLog returns Σ val·ln(1 + inv·|y_i − y_j|²) over the entries of the
// rows lo to hi; see [Attract]. It keeps an error bound.
func AttractLog(ptr []int64, col []int32, val, y []float32, inv float32, lo, hi int) float64 {
	if lo >= hi {
		return 0
	}
	_ = y[2*hi-1]
	_, _ = col[:ptr[hi]], val[:ptr[hi]]
	return attractLog(ptr, col, val, y, inv, lo, hi)
}

func attractLogGo(ptr []int64, col []int32, val, y []float32, inv float32, lo, hi int) float64 {
	var sum float64
	for i := lo; i < hi; i++ {
		yx, yy := y[2*i], y[2*i+1]
		c := col[ptr[i]:ptr[i+1]]
		v := val[ptr[i]:ptr[i+1]]
		for e, j := range c {
			dx, dy := yx-y[2*j], yy-y[2*j+1]
			sum += float64(v[e]) * math.Log1p(float64(inv*(dx*dx+dy*dy)))
		}
	}
	return sum
}
