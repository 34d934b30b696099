package main

import "math"

// exp writes the exponential function, with the operations of Exp.
func exp() {
	function("expNEON", "x *float64, n int", "",
		"expNEON replaces n numbers (a multiple of 4, not 0) of magnitude up to 700 by their exponentials, with the operations of Exp.")
	r := args("x", "n")
	at, n, tmp := r[0], r[1], x(2)
	next := v(16)
	constant := func(bits uint64) v {
		ins("MOVD $%#x, %v", bits, tmp)
		dupX(next, tmp)
		next++
		return next - 1
	}
	number := func(f float64) v { return constant(math.Float64bits(f)) }
	log2e, half := number(math.Log2E), number(0.5)
	ln2hi, ln2lo := number(6.93147180369123816490e-01), number(1.90821492927058770002e-10)
	first := number(4.13813679705723846039e-08)
	coef := []v{
		number(-1.65339022054652515390e-06), number(6.61375632143793436117e-05),
		number(-2.77777777770155933842e-03), number(1.66666666666666019037e-01),
	}
	one, two, bias := number(1), number(2), constant(1023)
	label("loop")
	ldpQ(0, 8, at, 0)
	for h := range v(2) { // two at a time
		y, k, hi, lo, r, t, c := 8*h, 8*h+1, 8*h+2, 8*h+3, 8*h+4, 8*h+5, 8*h+6
		fmul2d(k, y, log2e)
		fadd2d(k, k, half)
		frintm2d(k, k)
		fmul2d(hi, k, ln2hi)
		fsub2d(hi, y, hi)
		fmul2d(lo, k, ln2lo)
		fsub2d(r, hi, lo)
		fmul2d(t, r, r)
		fmul2d(c, t, first)
		for _, p := range coef {
			fadd2d(c, p, c)
			fmul2d(c, t, c)
		}
		fsub2d(c, r, c)
		fmul2d(y, r, c)
		fsub2d(t, two, c)
		fdiv2d(y, y, t)
		fsub2d(y, lo, y)
		fsub2d(y, y, hi)
		fsub2d(y, one, y)
		fcvtzs2d(k, k)
		add2d(k, k, bias)
		shl2d(k, k, 52)
		fmul2d(y, y, k)
	}
	stpQ(0, 8, at, 0)
	add(at, 32)
	ins("SUBS $4, %v", n)
	ins("BNE loop")
	ins("RET")
}
