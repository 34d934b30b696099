package main

import "math"

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
	layerLoop("loop", n, func() {
		load4(0, at)
		do()
		if mul {
			load4(4, up)
			each(fmul4s, 0, 0, 4)
			add(up, 64)
		}
		store4(0, at)
	}, at)
	ins("RET")
}

// layerLoop emits do for 16 of n numbers at a time and advances the addresses
// by 64 bytes.
func layerLoop(name string, n x, do func(), advance ...x) {
	label(name)
	do()
	for _, r := range advance {
		add(r, 64)
	}
	ins("SUBS $16, %v", n)
	ins("BNE %s", name)
}

// load4 and store4 move 16 numbers.
func load4(d four, at x) {
	ldpQ(v(d), v(d+1), at, 0)
	ldpQ(v(d+2), v(d+3), at, 32)
}

func store4(d four, at x) {
	stpQ(v(d), v(d+1), at, 0)
	stpQ(v(d+2), v(d+3), at, 32)
}

// fold joins the numbers of d and leaves the result in each of its first
// vector; it changes t.
func fold(op func(d, n, m v), d, t four) v {
	r := v(d)
	for i := range v(3) {
		op(r, r, r+1+i)
	}
	for i := range v(4) {
		dup4s(v(t)+i, r, int(i))
	}
	op(v(t), v(t), v(t)+1)
	op(v(t)+2, v(t)+2, v(t)+3)
	op(r, v(t), v(t)+2)
	return r
}

// layerRows writes the kernels of rows.
func layerRows() {
	softmax()
	addFixed()
	moments("addLanesNEON", false)
	moments("addSquaresNEON", true)
	normalize("scaleRowNEON", false)
	normalize("normalizeRowNEON", true)
}

func softmax() {
	function("softmaxNEON", "x *float32, n int, rest *float32, table *float32", "",
		"softmaxNEON takes a row of n numbers, a multiple of 16, and 16 more of rest.")
	at, n, rest := x(0), x(1), x(2)
	arg("rest", rest)
	arg("table", tableX)
	each16 := func(name string, do func(at x)) {
		do(rest)
		arg("x", at)
		arg("n", n)
		ins("CBZ %v, %sDone", n, name)
		layerLoop(name, n, func() { do(at) }, at)
		label(name + "Done")
	}
	const top, sum, z = four(16), four(20), four(0)
	load4(top, rest)
	each16("top", func(at x) {
		load4(z, at)
		each(fmax4s, top, top, z)
	})
	fold(fmax4s, top, z)
	for i := range four(4) {
		zero(v(sum + i))
	}
	each16("exp", func(at x) {
		load4(z, at)
		with(fsub4s, z, v(top))
		with(fmax4s, z, constant(atLow))
		e := layerExp(z, -1, 4, 8, 12)
		each(fadd4s, sum, sum, e)
		store4(e, at)
	})
	fold(fadd4s, sum, z)
	fdiv4s(v(sum), constant(atOne), v(sum))
	each16("scale", func(at x) {
		load4(z, at)
		with(fmul4s, z, v(sum))
		store4(z, at)
	})
	ins("RET")
}

func addFixed() {
	function("addFixedNEON", "sum *int64, x *float32, n int, largest *uint32", "",
		"addFixedNEON is AddFixed for n numbers, a multiple of 16 and not 0. It sets 16 of largest to magnitudes, among them the largest.")
	r := args("sum", "x", "n", "largest")
	sum, at, n, tmp := r[0], r[1], r[2], x(4)
	const largest, z, magic, back = four(16), four(0), v(20), v(21)
	bits := math.Float64bits(0x1.8p24)
	ins("MOVD $%#x, %v", bits, tmp)
	dupX(magic, tmp)
	ins("MOVD $%#x, %v", -bits, tmp)
	dupX(back, tmp)
	for i := range four(4) {
		zero(v(largest + i))
	}
	layerLoop("loop", n, func() {
		load4(z, at)
		for i := range 4 {
			from, d := v(z)+v(i), v(4)
			fcvtl(d, from)
			fcvtl2(d+1, from)
			ldpQ(d+2, d+3, sum, 32*i)
			for h := range v(2) {
				fadd2d(d+h, d+h, magic)
				add2d(d+h, d+h, back)
				add2d(d+h, d+h, d+2+h)
			}
			stpQ(d, d+1, sum, 32*i)
			fabs4s(from, from)
			umax4s(v(largest)+v(i), v(largest)+v(i), from)
		}
	}, at, sum, sum)
	store4(largest, r[3])
	ins("RET")
}

func moments(name string, square bool) {
	params := "sum *float64, x *float32, n int"
	if square {
		params += ", mean float64"
	}
	function(name, params, "", name+" adds n numbers, a multiple of 16 and not 0, to 16 lanes.")
	r := args("sum", "x", "n")
	const acc, z, d, mean = v(16), four(0), v(4), v(24)
	if square {
		argSplat("mean", 8, mean)
	}
	for i := range v(4) {
		ldpQ(acc+2*i, acc+2*i+1, r[0], 32*int(i))
	}
	layerLoop("loop", r[2], func() {
		load4(z, r[1])
		for i := range v(8) {
			if i%2 == 0 {
				fcvtl(d+i, v(z)+i/2)
			} else {
				fcvtl2(d+i, v(z)+i/2)
			}
			if square {
				fsub2d(d+i, d+i, mean)
				fmul2d(d+i, d+i, d+i)
			}
			fadd2d(acc+i, acc+i, d+i)
		}
	}, r[1])
	for i := range v(4) {
		stpQ(acc+2*i, acc+2*i+1, r[0], 32*int(i))
	}
	ins("RET")
}

func normalize(name string, layer bool) {
	params, pointers := "dst *float32, x *float32, weight *float32, n int, by float32", []string{"dst", "x", "weight", "n"}
	if layer {
		params = "dst *float32, x *float32, weight *float32, bias *float32, n int, mean float32, by float32"
		pointers = []string{"dst", "x", "weight", "n", "bias"}
	}
	function(name, params, "", name+" takes n numbers, a multiple of 16 and not 0.")
	r := args(pointers...)
	const z, w, by, mean = four(0), four(4), v(16), v(17)
	argSplat("by", 4, by)
	advance := []x{r[0], r[1], r[2]}
	if layer {
		argSplat("mean", 4, mean)
		advance = append(advance, r[4])
	}
	layerLoop("loop", r[3], func() {
		load4(z, r[1])
		if layer {
			with(fsub4s, z, mean)
		}
		with(fmul4s, z, by)
		load4(w, r[2])
		each(fmul4s, z, z, w)
		if layer {
			load4(w, r[4])
			each(fadd4s, z, z, w)
		}
		store4(z, r[0])
	}, advance...)
	ins("RET")
}
