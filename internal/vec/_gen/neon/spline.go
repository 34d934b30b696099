package main

// spline writes Spread and Gather. The eight lanes of a spline are two
// registers; lanes 6 and 7 are zero.
func spline() {
	spread()
	gather()
}

// A mesh holds the numbers of a Mesh: in lane 0 those of x, in lane 1 of y.
type mesh struct{ lo, inv, most, none v }

func loadMesh(m, tmp x, first v) mesh {
	s := mesh{first, first + 1, first + 2, first + 3}
	ldrD(s.lo, m, 0)
	ins("ADD $8, %v, %v", m, tmp)
	splat4s(s.inv, tmp)
	ins("ADD $12, %v, %v", m, tmp)
	ldrD(s.most, tmp, 0)
	zero(s.none)
	return s
}

// cell finds the first node of the point in p: at gets its address, and lanes
// 0 and 1 of p the place in its cell. stride counts bytes. It uses tmp and u.
func (m mesh) cell(p v, at, tmp, grid, stride x, u v) {
	fsub4s(p, p, m.lo)
	fmul4s(p, p, m.inv)
	fmaxnm4s(p, p, m.none) // zero for NaN, too
	fminnm4s(p, p, m.most)
	fcvtzs(u, p)
	fmovX(at, u)
	scvtf(u, u)
	fsub4s(p, p, u)
	ins("LSR $32, %v, %v", at, tmp)
	ins("MOVWU %v, %v", at, at)
	ins("ADD %v<<2, %v, %v", at, grid, at)
	ins("MADD %v, %v, %v, %v", stride, at, tmp, at) // at + stride·row
}

// polynomials leaves in d, d+1 the eight polynomials of a degree whose
// coefficients, by ascending degree, are at coef, at lane index of t. It uses
// e and e+1.
func polynomials(d, e v, coef x, degree int, t v, index int) {
	if degree%2 == 1 { // so that the last step ends in d
		d, e = e, d
	}
	ldpQ(d, d+1, coef, 32*degree)
	for k := degree - 1; k >= 0; k-- {
		ldpQ(e, e+1, coef, 32*k)
		fmlaElement(e, d, t, index)
		fmlaElement(e+1, d+1, t, index)
		d, e = e, d
	}
}

func spread() {
	function("spreadNEON", "grid *float32, m *[5]float32, stride int, y *float32, w *float32, order *int32, n int, coef *float32", "",
		"spreadNEON is Spread for n points, at least one, with the numbers of its Mesh and the coefficients of the splines.")
	r := args("grid", "m", "stride", "y", "w", "order", "n", "coef")
	grid, m, stride, y, w, order, n, coef := r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7]
	i, at, tmp := x(8), x(9), x(10)
	numbers := loadMesh(m, tmp, 28)
	ins("LSL $2, %v", stride)
	const p, weight, bx, by, e = v(0), v(1), v(2), v(4), v(6)
	label("point")
	ins("MOVW.P 4(%v), %v", order, i)
	ldrDIndex(p, y, i)
	ins("ADD %v<<2, %v, %v", i, w, tmp)
	ldrS(weight, tmp, 0)
	numbers.cell(p, at, tmp, grid, stride, e)
	polynomials(bx, e, coef, 5, p, 0)
	polynomials(by, e, coef, 5, p, 1)
	fmulElement(bx, bx, weight, 0)
	fmulElement(bx+1, bx+1, weight, 0)
	for row := range 6 {
		g := v(16 + row%4*2)
		ldpQ(g, g+1, at, 0)
		fmlaElement(g, bx, by+v(row/4), row%4)
		fmlaElement(g+1, bx+1, by+v(row/4), row%4)
		stpQ(g, g+1, at, 0)
		ins("ADD %v, %v", stride, at)
	}
	ins("SUBS $1, %v", n)
	ins("BNE point")
	ins("RET")
}

func gather() {
	function("gatherNEON", "phi *float32, force *float32, grid *float32, m *[5]float32, stride int, y *float32, half float32, n int, coef *float32, slope *float32", "",
		"gatherNEON is Gather for n points, at least one, with the numbers of its Mesh and the coefficients of the splines and of their derivatives.")
	r := args("phi", "force", "grid", "m", "stride", "y", "n", "coef", "slope")
	phi, force, grid, m, stride, y, n, coef, slope := r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8]
	at, tmp := x(9), x(10)
	const half = v(27)
	argSplat("half", 4, half)
	numbers := loadMesh(m, tmp, 28)
	ins("LSL $2, %v", stride)
	const p, bx, by, dx, dy, e, s, t = v(0), v(2), v(4), v(6), v(8), v(10), v(12), v(14)
	label("point")
	ldrDPost(p, y)
	numbers.cell(p, at, tmp, grid, stride, e)
	polynomials(bx, e, coef, 5, p, 0)
	polynomials(by, e, coef, 5, p, 1)
	polynomials(dx, e, slope, 4, p, 0)
	polynomials(dy, e, slope, 4, p, 1)
	for row := range 6 {
		g := v(16 + row%4*2)
		ldpQ(g, g+1, at, 0)
		if row < 5 {
			ins("ADD %v, %v", stride, at)
		}
		f := fmlaElement
		if row == 0 {
			f = fmulElement
		}
		for h := range v(2) {
			f(s+h, g+h, by+v(row/4), row%4)
			f(t+h, g+h, dy+v(row/4), row%4)
		}
	}
	for h := range v(2) {
		fmul4s(dx+h, s+h, dx+h) // along x
		fmul4s(t+h, t+h, bx+h)  // along y
		fmul4s(s+h, s+h, bx+h)
	}
	sumTwo(dx, dx+1, t, t+1)
	fmul4s(dx, dx, half)
	strDPost(dx, force)
	fadd4s(s, s, s+1)
	dup2d(s+1, s, 1)
	fadd4s(s, s, s+1)
	faddpS(s, s)
	strSPost(s, phi)
	ins("SUBS $1, %v", n)
	ins("BNE point")
	ins("RET")
}
