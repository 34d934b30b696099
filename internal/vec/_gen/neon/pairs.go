package main

import "math"

// pairs writes the forces between points and the products of a row with a
// panel of 16 columns.
func pairs() {
	forces()
	panel()
	panelAdd()
}

func forces() {
	function("pairsNEON", "p *float32, a *float32, b *float32, x *float32, y *float32, src *float32, w *float32, inv float32, n int", "",
		"pairsNEON does 8 of the 16 targets of Pairs, from x and y on, for n sources, at least one.")
	r := args("p", "a", "b", "x", "y", "src", "w", "n")
	src, w, n, tmp := r[5], r[6], r[7], x(8)
	const sums, xs, ys, inv, one, point, weight = v(0), v(6), v(8), v(10), v(11), v(12), v(13)
	argSplat("inv", 4, inv)
	ins("MOVD $%#x, %v", math.Float32bits(1), tmp)
	dupW(one, tmp)
	for k := range v(3) {
		ldpQ(sums+2*k, sums+2*k+1, r[k], 0)
	}
	ldpQ(xs, xs+1, r[3], 0)
	ldpQ(ys, ys+1, r[4], 0)
	label("source")
	ldrDPost(point, src)
	splat4sPost(weight, w)
	dup4s(14, point, 0)
	dup4s(15, point, 1)
	for h := range v(2) {
		t := 16 + 8*h
		dx, dy, d, k, q := t, t+1, t+2, t+3, t+4
		fsub4s(dx, xs+h, 14)
		fsub4s(dy, ys+h, 15)
		fmul4s(d, dx, dx)
		fmla4s(d, dy, dy)
		mov(k, one)
		fmla4s(k, inv, d)
		fdiv4s(k, one, k)
		fmul4s(q, weight, k)
		fadd4s(sums+h, sums+h, q)
		fmul4s(q, q, k)
		fmla4s(sums+2+h, q, dx)
		fmla4s(sums+4+h, q, dy)
	}
	ins("SUBS $1, %v", n)
	ins("BNE source")
	for k := range v(3) {
		stpQ(sums+2*k, sums+2*k+1, r[k], 0)
	}
	ins("RET")
}

func panel() {
	function("panelNEON", "dst *float32, x *float32, b *float32, n int", "",
		"panelNEON is Panel for n numbers, a multiple of 4 and not 0.")
	r := args("dst", "x", "b", "n")
	dst, from, b, n := r[0], r[1], r[2], r[3]
	const sums = v(0) // four for the even numbers, four for the odd ones
	for k := range v(8) {
		zero(sums + k)
	}
	label("four")
	ldrQPost(8, from)
	for c := range 4 {
		t := v(16 + 4*c)
		ldpQPost(t, t+1, b)
		ldpQPost(t+2, t+3, b)
		for k := range v(4) {
			fmlaElement(sums+v(c%2*4)+k, t+k, 8, c)
		}
	}
	ins("SUBS $4, %v", n)
	ins("BNE four")
	for k := range v(4) {
		fadd4s(k, k, 4+k)
	}
	stpQ(0, 1, dst, 0)
	stpQ(2, 3, dst, 32)
	ins("RET")
}

func panelAdd() {
	function("panelAddNEON", "b *float32, x *float32, u *float32, n int", "",
		"panelAddNEON is PanelAdd for n numbers, at least one.")
	r := args("b", "x", "u", "n")
	b, from, u, n := r[0], r[1], r[2], r[3]
	ldpQ(0, 1, u, 0)
	ldpQ(2, 3, u, 32)
	label("row")
	splat4sPost(4, from)
	ldpQ(16, 17, b, 0)
	ldpQ(18, 19, b, 32)
	for k := range v(4) {
		fmla4s(16+k, k, 4)
	}
	stpQ(16, 17, b, 0)
	stpQ(18, 19, b, 32)
	add(b, 64)
	ins("SUBS $1, %v", n)
	ins("BNE row")
	ins("RET")
}
