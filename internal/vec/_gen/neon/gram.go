package main

// gram writes the kernels of searching linear combinations.
func gram() {
	combine()
	weighted()
	transpose16()
	scan()
}

func combine() {
	function("combineNEON", "dst *float32, n int, gram *float32, stride int, index *int32, weight *float32, terms int", "",
		"combineNEON is CombineRows for n columns, a multiple of 16 and not 0, and at least one term.")
	r := args("dst", "n", "gram", "stride", "index", "weight", "terms")
	dst, n, g, stride, index, weight, terms := r[0], r[1], r[2], r[3], r[4], r[5], r[6]
	i, w, t, row := x(7), x(8), x(9), x(10)
	ins("LSL $2, %v", stride)
	// strip does some columns; their sums are the registers from 0 on.
	strip := func(name string, columns int) {
		for k := range columns / 4 {
			zero(v(k))
		}
		ins("MOVD %v, %v", index, i)
		ins("MOVD %v, %v", weight, w)
		ins("MOVD %v, %v", terms, t)
		label(name)
		ins("MOVW.P 4(%v), %v", i, row)
		ins("MADD %v, %v, %v, %v", stride, g, row, row) // g + stride·row
		splat4sPost(16, w)
		for k := 0; k < columns/4; k += 2 {
			a := v(18 + k%4)
			ldpQ(a, a+1, row, 16*k)
			fmla4s(v(k), 16, a)
			fmla4s(v(k+1), 16, a+1)
		}
		ins("SUBS $1, %v", t)
		ins("BNE %s", name)
		for k := 0; k < columns/4; k += 2 {
			stpQ(v(k), v(k+1), dst, 16*k)
		}
		add(dst, 4*columns)
		add(g, 4*columns)
	}
	ins("SUBS $64, %v", n)
	ins("BLT narrow")
	label("wide")
	strip("wideTerm", 64)
	ins("SUBS $64, %v", n)
	ins("BGE wide")
	label("narrow")
	ins("ADDS $64, %v", n)
	ins("BEQ done")
	label("sixteen")
	strip("narrowTerm", 16)
	ins("SUBS $16, %v", n)
	ins("BNE sixteen")
	label("done")
	ins("RET")
}

func weighted() {
	function("weightedNEON", "dst *float32, n int, rows *[]float32, weight *float64, terms int, div float64", "",
		"weightedNEON is WeightedSum for n columns, a multiple of 8 and not 0, and at least one term.")
	r := args("dst", "n", "rows", "weight", "terms")
	dst, n, rows, weight, terms := r[0], r[1], r[2], r[3], r[4]
	i, w, t, row, offset := x(7), x(8), x(9), x(10), x(11)
	const div = v(31)
	argSplat("div", 8, div)
	ins("MOVD $0, %v", offset)
	label("strip")
	for k := range v(4) {
		zero(k)
	}
	ins("MOVD %v, %v", rows, i)
	ins("MOVD %v, %v", weight, w)
	ins("MOVD %v, %v", terms, t)
	label("term")
	ins("MOVD.P 24(%v), %v", i, row)
	ins("ADD %v, %v", offset, row)
	splat2d(16, w)
	add(w, 8)
	ldpQ(18, 19, row, 0)
	for k, convert := range []func(d, n v){fcvtl, fcvtl2, fcvtl, fcvtl2} {
		a, t := v(k), v(20+k)
		convert(t, v(18+k/2))
		fmul2d(t, t, 16)
		fadd2d(a, a, t)
	}
	ins("SUBS $1, %v", t)
	ins("BNE term")
	for k := range v(4) {
		fdiv2d(k, k, div)
	}
	fcvtn(4, 0)
	fcvtn2(4, 1)
	fcvtn(5, 2)
	fcvtn2(5, 3)
	stpQ(4, 5, dst, 0)
	add(dst, 32)
	add(offset, 32)
	ins("SUBS $8, %v", n)
	ins("BNE strip")
	ins("RET")
}

// turn transposes 4×4 numbers in registers a to a+3, using 16 to 19.
func turn(a v) {
	trn14s(16, a, a+1)
	trn24s(17, a, a+1)
	trn14s(18, a+2, a+3)
	trn24s(19, a+2, a+3)
	zip12d(a, 16, 18)
	zip12d(a+1, 17, 19)
	zip22d(a+2, 16, 18)
	zip22d(a+3, 17, 19)
}

func transpose16() {
	function("transpose16NEON", "dst *float32, src *float32, stride int, n int", "",
		"transpose16NEON is Transpose16 for n columns, a multiple of 4 and not 0.")
	r := args("dst", "src", "stride", "n")
	dst, src, stride, n, row := r[0], r[1], r[2], r[3], x(4)
	ins("LSL $2, %v", stride)
	label("columns")
	ins("MOVD %v, %v", src, row)
	for k := range v(16) {
		ldrQ(k, row, 0)
		ins("ADD %v, %v", stride, row)
		if k%4 == 3 {
			turn(k - 3)
		}
	}
	for c := range v(4) {
		stpQ(c, c+4, dst, 64*int(c))
		stpQ(c+8, c+12, dst, 64*int(c)+32)
	}
	add(src, 16)
	add(dst, 4*64)
	ins("SUBS $4, %v", n)
	ins("BNE columns")
	ins("RET")
}

func scan() {
	function("scanNEON", "value *float32, point *int32, mask *uint32, table *float32, start *int32, index *int32, weight *float32, norms *float32, from int, to int, norm *[16]float32, limit *[16]float32, colLimit *float32", "int",
		"scanNEON is ScanCombinations for at least one point.")
	r := args("value", "point", "mask", "table", "start", "index", "weight", "norms", "from", "to", "norm", "limit", "colLimit")
	value, point, mask, table, start, index, weight, norms, from, to := r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9]
	norm, limit, colLimit := r[10], r[11], r[12]
	count, t, end, i, w, line, bits := x(13), x(14), x(15), x(19), x(20), x(21), x(22)
	const limits, rowNorms, weights = v(16), v(20), v(24)
	for k := range v(4) {
		ldrQ(limits+k, limit, 16*int(k))
		ldrQ(rowNorms+k, norm, 16*int(k))
	}
	bitWeights(weights, bits)
	ins("ADD %v<<2, %v", from, start)
	ins("ADD %v<<2, %v", from, norms)
	ins("MOVD $0, %v", count)
	ins("MOVW.P 4(%v), %v", start, t)
	ins("ADD %v<<2, %v, %v", t, index, i)
	ins("ADD %v<<2, %v, %v", t, weight, w)

	label("point")
	ins("MOVW.P 4(%v), %v", start, end)
	for k := range v(4) {
		zero(k)
	}
	ins("SUBS %v, %v, %v", t, end, t) // terms of the point
	ins("BLE compare")
	label("term")
	ins("MOVW.P 4(%v), %v", i, line)
	ins("ADD %v<<6, %v, %v", line, table, line)
	splat4sPost(8, w)
	ldpQ(4, 5, line, 0)
	ldpQ(6, 7, line, 32)
	for k := range v(4) {
		fmla4s(k, 8, 4+k)
	}
	ins("SUBS $1, %v", t)
	ins("BNE term")

	label("compare")
	ins("MOVD %v, %v", end, t)
	splat4sPost(9, norms)
	splat4sPost(10, colLimit)
	for k := range v(4) {
		p, q := 4+k, 28+k
		fadd4s(p, k, 9)
		fcmge4s(p, limits+k, p)
		and16b(p, p, weights+k)
		fadd4s(q, k, rowNorms+k)
		fcmge4s(q, 10, q)
		and16b(q, q, weights+k)
	}
	for _, a := range []v{4, 28} {
		orr16b(a, a, a+1)
		orr16b(a+2, a+2, a+3)
		orr16b(a, a, a+2)
	}
	shl4s(28, 28, 16)
	orr16b(4, 4, 28)
	addv(4, 4)
	fmovW(bits, 4)
	ins("CBZ %v, next", bits)
	stpQ(0, 1, value, 0)
	stpQ(2, 3, value, 32)
	add(value, 64)
	ins("MOVW.P %v, 4(%v)", from, point)
	ins("MOVW.P %v, 4(%v)", bits, mask)
	add(count, 1)
	label("next")
	add(from, 1)
	ins("CMP %v, %v", to, from)
	ins("BLT point")
	ins("MOVD %v, ret+%d(FP)", count, at("ret"))
	ins("RET")
}
