package main

import "math"

// centre writes CentreRow.
func centre() {
	function("centreRowNEON", "dst *float32, x *float32, mean *float64, scale float64, by float32, n int", "",
		"centreRowNEON is CentreRow for n numbers, a multiple of 4 and not 0.")
	r := args("dst", "x", "mean")
	dst, from, mean, n, tmp := r[0], r[1], r[2], x(3), x(4)
	arg("n", n)
	const scale, by, flush = v(16), v(17), v(18)
	argSplat("scale", 8, scale)
	argSplat("by", 4, by)
	ins("MOVD $%#x, %v", math.Float32bits(0x1p-60), tmp)
	dupW(flush, tmp)
	label("loop")
	ldrQPost(0, from)
	ldpQPost(2, 3, mean)
	fcvtl(4, 0)
	fcvtl2(5, 0)
	fsub2d(4, 4, 2)
	fsub2d(5, 5, 3)
	fmul2d(4, 4, scale)
	fmul2d(5, 5, scale)
	fcvtn(0, 4)
	fcvtn2(0, 5)
	fabs4s(1, 0)
	cmhs4s(1, 1, flush) // of bits, so that NaN stays
	and16b(0, 0, 1)
	fmul4s(0, 0, by)
	strQPost(0, dst)
	ins("SUBS $4, %v", n)
	ins("BNE loop")
	ins("RET")
}
