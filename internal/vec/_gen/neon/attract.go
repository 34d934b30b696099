package main

import "math"

// attract writes the sums over the entries of a sparse matrix. Entry e of a row
// is in lane e mod 16.
func attract() {
	sumEntries(false)
	sumEntries(true)
}

func sumEntries(log bool) {
	var r [16]x
	if log {
		function("attractLogNEON", "ptr *int64, col *int32, val *float32, y *float32, yi *float32, inv float32, n int", "float64",
			"attractLogNEON sums n rows; yi is the position of the first.")
		r = args("ptr", "col", "val", "y", "yi", "n")
	} else {
		function("attractNEON", "dst *float32, ptr *int64, col *int32, val *float32, y *float32, yi *float32, inv float32, n int", "",
			"attractNEON sums n rows; yi is the position of the first.")
		r = args("ptr", "col", "val", "y", "yi", "n", "dst")
	}
	ptr, col, val, y, yi, n, dst := r[0], r[1], r[2], r[3], r[4], r[5], r[6]
	e, end, left, rest := x(7), x(8), x(9), x(10)
	j := [4]x{11, 12, 13, 14}

	// Sums are in registers 0 to 3 (of x; logarithms) and 4 to 7 (of y).
	const x0, y0, inv, one, point, last, total = v(8), v(9), v(10), v(11), v(12), v(13), v(14)
	argSplat("inv", 4, inv)
	constant := func(d v, bits uint32) {
		ins("MOVD $%#x, %v", bits, e)
		dupW(d, e)
	}
	constant(one, math.Float32bits(1))
	var ln logarithm
	if log {
		zero(total)
		ln = newLogarithm(constant)
	}
	ins("MOVD.P 8(%v), %v", ptr, e)
	ins("ADD %v<<2, %v", e, col)
	ins("ADD %v<<2, %v", e, val)

	// accumulate adds the entries at the positions in the lower halves of a to
	// a+3, with the values that value loads, to sum k.
	accumulate := func(k, a v, value func(d v)) {
		zip14s(a, a, a+1)
		zip14s(a+2, a+2, a+3)
		zip12d(a+1, a, a+2) // x
		zip22d(a+3, a, a+2) // y
		fsub4s(a+1, x0, a+1)
		fsub4s(a+3, y0, a+3)
		fmul4s(a, a+1, a+1)
		fmla4s(a, a+3, a+3)
		mov(a+2, one)
		fmla4s(a+2, inv, a) // 1 + inv·r²
		if log {
			ln.of(a+2, a, a+1, a+3)
			value(a)
			fmla4s(k, a, a+2)
			return
		}
		value(a)
		fdiv4s(a, a, a+2)
		fmla4s(k, a, a+1)
		fmla4s(4+k, a, a+3)
	}
	temps := func(k int) v { // four registers for group k
		if log {
			return v(28)
		}
		return v(16 + 4*k)
	}
	// group adds entries 4k to 4k+3 from col and val on.
	group := func(k int) {
		a := temps(k)
		ins("LDPSW %d(%v), (%v, %v)", 16*k, col, j[0], j[1])
		ins("LDPSW %d(%v), (%v, %v)", 16*k+8, col, j[2], j[3])
		for i, j := range j {
			ldrDIndex(a+v(i), y, j)
		}
		accumulate(v(k), a, func(d v) { ldrQ(d, val, 16*k) })
	}

	label("row")
	ins("MOVD.P 8(%v), %v", ptr, end)
	ldrDPost(point, yi)
	dup4s(x0, point, 0)
	dup4s(y0, point, 1)
	for k := range v(8) {
		if k < 4 || !log {
			zero(k)
		}
	}
	ins("SUB %v, %v, %v", e, end, left)
	ins("MOVD %v, %v", end, e)
	ins("AND $15, %v, %v", left, rest)
	ins("SUBS $16, %v", left)
	ins("BLT tail")
	label("loop")
	for k := range 4 {
		group(k)
	}
	add(col, 64)
	add(val, 64)
	ins("SUBS $16, %v", left)
	ins("BGE loop")

	label("tail")
	ins("MOVD %v, %v", rest, left)
	name := func(s string, k int) string { return s + string(rune('0'+k)) }
	for k := range 4 {
		ins("SUBS $4, %v", left)
		ins("BLT %s", name("few", k))
		if k < 3 {
			group(k)
		}
	}
	for k := range 4 {
		// The last one to three entries; beyond them the row's own point
		// counts, with the value 0.
		label(name("few", k))
		ins("ADDS $4, %v", left)
		ins("BEQ sum")
		a := temps(k)
		entry := func(i int) {
			ins("MOVW %d(%v), %v", 16*k+4*i, col, j[i])
			ldrDIndex(a+v(i), y, j[i])
		}
		for i := v(1); i < 4; i++ {
			mov(a+i, point)
		}
		ins("CMP $2, %v", left)
		entry(0)
		ldrS(last, val, 16*k)
		ins("BLT %s", name("add", k))
		entry(1)
		ldrD(last, val, 16*k)
		ins("BEQ %s", name("add", k))
		entry(2)
		ins("ADD $%d, %v, %v", 16*k+8, val, j[3])
		ld1S(last, 2, j[3])
		label(name("add", k))
		accumulate(v(k), a, func(d v) { mov(d, last) })
		if k < 3 {
			ins("B sum")
		}
	}

	label("sum")
	ins("ADD %v<<2, %v", rest, col)
	ins("ADD %v<<2, %v", rest, val)
	if log {
		sumLanes(0, 2, 1, 3)
		faddpS(0, 0)
		fcvtDS(0, 0)
		faddD(total, total, 0)
	} else {
		fadd4s(0, 0, 2)
		fadd4s(1, 1, 3)
		fadd4s(4, 4, 6)
		fadd4s(5, 5, 7)
		sumTwo(0, 1, 4, 5)
		strDPost(0, dst)
	}
	ins("SUBS $1, %v", n)
	ins("BNE row")
	if log {
		ins("FMOVD F%d, ret+%d(FP)", int(total), at("ret"))
	}
	ins("RET")
}

// sumLanes leaves in the lower half of a the lanes of ((a+b)+(c+d)), upper half
// added to the lower one.
func sumLanes(a, b, c, d v) {
	fadd4s(a, a, b)
	fadd4s(c, c, d)
	fadd4s(a, a, c)
	dup2d(b, a, 1)
	fadd4s(a, a, b)
}

// sumTwo leaves the sums of the eight numbers of a, b and of c, d in the lower
// half of a.
func sumTwo(a, b, c, d v) {
	fadd4s(a, a, b)
	fadd4s(c, c, d)
	zip14s(b, a, c)
	zip24s(d, a, c)
	fadd4s(a, b, d)
	dup2d(b, a, 1)
	fadd4s(a, a, b)
}

// A logarithm holds the constants of ln x for x ≥ 1, with the polynomial of
// Cephes' logf, whose error is below 2 units in the last place.
type logarithm struct {
	root, ln2 v
	coef      [10]v
}

func newLogarithm(constant func(d v, bits uint32)) (l logarithm) {
	l.root, l.ln2 = 15, 16
	constant(l.root, math.Float32bits(math.Sqrt2/2))
	constant(l.ln2, math.Float32bits(math.Ln2))
	for i, c := range [...]float32{
		7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
		-1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1, -0.5,
	} {
		l.coef[i] = v(17 + i)
		constant(l.coef[i], math.Float32bits(c))
	}
	return l
}

// of replaces x by its logarithm, using e, p and q.
func (l logarithm) of(x, e, p, q v) {
	const one = v(11)
	sub4s(e, x, l.root)
	sshr4s(e, e, 23)
	shl4s(p, e, 23)
	sub4s(x, x, p) // x / 2^e in [√½, √2)
	scvtf(e, e)
	fsub4s(x, x, one)
	mov(p, l.coef[0])
	for _, c := range l.coef[1:] {
		mov(q, c)
		fmla4s(q, p, x)
		p, q = q, p
	}
	// ln = e ln 2 + f + f² p
	fmul4s(q, x, x)
	fmla4s(x, q, p)
	fmla4s(x, e, l.ln2)
}
