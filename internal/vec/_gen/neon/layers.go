package main

// Places in layerTable; atPoly, atP and atQ are the first of theirs.
const (
	atLog2e = iota
	atMagic
	atLn2High
	atLn2Low
	atPoly
	atOne = iota + 4
	atLow
	atHigh
	atLeast
	atMinusHalf
	atMost
	atP
	atQ     = iota + 8
	atTanh3 = iota + 12
	atTanh1
)

// A four is the first of four vectors; operations are on each.
type four v

// each emits an instruction for all four.
func each(op func(d, n, m v), d, n, m four) {
	for i := range four(4) {
		op(v(d+i), v(n+i), v(m+i))
	}
}

// with does so with one vector for all, d = d op c.
func with(op func(d, n, m v), d four, c v) {
	for i := range four(4) {
		op(v(d+i), v(d+i), c)
	}
}

// The vectors that layer kernels share, and the table's address.
const (
	constantV = v(24)
	zeroV     = v(25)
	tableX    = x(3)
)

// constant loads a number of the table, which stays until the next.
func constant(at int) v {
	ldrS(constantV, tableX, 4*at)
	dup4s(constantV, constantV, 0)
	return constantV
}

// horner leaves the polynomial of z with the coefficients at these places,
// the highest first, in y or in other; it returns which, and the one that is
// free.
func horner(y, other, z four, places ...int) (four, four) {
	c := constant(places[0])
	for i := range four(4) {
		mov(v(y+i), c)
	}
	for _, at := range places[1:] {
		c := constant(at)
		for i := range four(4) {
			mov(v(other+i), c)
			fmla4s(v(other+i), v(y+i), v(z+i))
		}
		y, other = other, y
	}
	return y, other
}

// layerExp returns exp(z + rest), where z is in the bounds of the table and
// rest tiny or negative for none, in t, u or w. It changes all.
func layerExp(z, rest, t, u, w four) (e four) {
	scale := t
	c := constant(atMagic)
	for i := range four(4) {
		mov(v(scale+i), c)
	}
	c = constant(atLog2e)
	for i := range four(4) {
		fmla4s(v(scale+i), v(z+i), c)
	}
	c = constant(atMagic)
	for i := range four(4) {
		fsub4s(v(u+i), v(scale+i), c)
		shl4s(v(scale+i), v(scale+i), 23)
	}
	for _, at := range []int{atLn2High, atLn2Low} {
		c = constant(at)
		for i := range four(4) {
			fmls4s(v(z+i), v(u+i), c)
		}
	}
	if rest >= 0 {
		each(fadd4s, z, z, rest)
	}
	y, _ := horner(u, w, z, atPoly, atPoly+1, atPoly+2, atPoly+3, atPoly+4, atOne, atOne)
	each(fmul4s, y, y, scale)
	return y
}

// layerSigmoid leaves y/(1+exp(−z)) in y.
func layerSigmoid(y, z, t, u, w four) {
	for i := range four(4) {
		fneg4s(v(z+i), v(z+i))
	}
	with(fmax4s, z, constant(atLow))
	with(fmin4s, z, constant(atHigh))
	e := layerExp(z, -1, t, u, w)
	with(fadd4s, e, constant(atOne))
	each(fdiv4s, y, y, e)
}

// layers writes the activation functions.
func layers() {
	activation("geluNEON", false, func() {
		const y, a, b, c, d, e = four(0), four(4), four(8), four(12), four(16), four(20)
		for i := range four(4) {
			fabs4s(v(a+i), v(y+i))
			fcmgt4s(v(b+i), zeroV, v(y+i))
			bic16b(v(y+i), v(y+i), v(b+i)) // −0 stays, too
		}
		with(fmin4s, a, constant(atMost))
		// −a²/2 in b and what its rounding left out in d.
		half := constant(atMinusHalf)
		for i := range four(4) {
			fmul4s(v(c+i), v(a+i), half)
			fmul4s(v(b+i), v(c+i), v(a+i))
			fneg4s(v(d+i), v(b+i))
			fmla4s(v(d+i), v(c+i), v(a+i))
		}
		// The exponential times a.
		r := layerExp(b, d, c, e, d) // d is free once it is added
		each(fmul4s, r, r, a)
		free := []four{}
		for _, f := range []four{b, c, d, e} {
			if f != r {
				free = append(free, f)
			}
		}
		up, t := horner(free[0], free[1], a, atP, atP+1, atP+2, atP+3, atP+4)
		down, _ := horner(t, free[2], a, atQ, atQ+1, atQ+2, atQ+3, atQ+4, atOne)
		each(fdiv4s, up, up, down)
		each(fmls4s, y, up, r)
	})
	activation("geluTanhNEON", false, func() {
		const y, z = four(0), four(4)
		with(fmax4s, y, constant(atLeast))
		each(fmul4s, 8, y, y)
		h, _ := horner(z, 12, 8, atTanh3, atTanh1)
		each(fmul4s, z, h, y)
		layerSigmoid(y, z, 8, 12, 16)
	})
	activation("siluMulNEON", true, func() {
		const y, z = four(0), four(4)
		with(fmax4s, y, constant(atLeast))
		for i := range four(4) {
			mov(v(z+i), v(y+i))
		}
		layerSigmoid(y, z, 8, 12, 16)
	})
}

// activation writes a loop over 16 numbers at a time, in v0 to v3.
func activation(name string, mul bool, do func()) {
	params := "x *float32, table *float32, n int"
	if mul {
		params = "x *float32, up *float32, table *float32, n int"
	}
	function(name, params, "", name+" takes n numbers, a multiple of 16 and not 0.")
	at, up, n := x(0), x(1), x(2)
	arg("x", at)
	arg("table", tableX)
	arg("n", n)
	if mul {
		arg("up", up)
	}
	zero(zeroV)
	label("loop")
	ldpQ(0, 1, at, 0)
	ldpQ(2, 3, at, 32)
	do()
	if mul {
		ldpQ(4, 5, up, 0)
		ldpQ(6, 7, up, 32)
		each(fmul4s, 0, 0, 4)
		add(up, 64)
	}
	stpQ(0, 1, at, 0)
	stpQ(2, 3, at, 32)
	add(at, 64)
	ins("SUBS $16, %v", n)
	ins("BNE loop")
	ins("RET")
}
