package vec

// Panel multiplies one row by a panel of 16 columns: dst[l] = Σ_c x[c]
// b[16c+l]. It keeps an error bound.
func Panel(dst *[Lanes]float32, x, b []float32) {
	_ = b[:16*len(x)]
	panel(dst, x, b)
}

func panelGo(dst *[Lanes]float32, x, b []float32) {
	*dst = [Lanes]float32{}
	for c, v := range x {
		r := (*[Lanes]float32)(b[16*c:])
		for l := range r {
			dst[l] += v * r[l]
		}
	}
}

// PanelAdd is the transposed product: b[16c+l] += x[c] u[l]. It keeps an
// error bound.
func PanelAdd(b, x []float32, u *[Lanes]float32) {
	_ = b[:16*len(x)]
	panelAdd(b, x, u)
}

func panelAddGo(b, x []float32, u *[Lanes]float32) {
	for c, v := range x {
		r := (*[Lanes]float32)(b[16*c:])
		for l := range r {
			r[l] += v * u[l]
		}
	}
}
