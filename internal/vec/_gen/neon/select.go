package main

// bitWeights fills four registers with 1<<0 … 1<<15.
func bitWeights(d v, tmp x) {
	ins("MOVD $0x200000001, %v", tmp)
	insX(d, 0, tmp)
	ins("MOVD $0x800000004, %v", tmp)
	insX(d, 1, tmp)
	for k := 1; k < 4; k++ {
		shl4s(d+v(k), d, 4*k)
	}
}

// selectTile writes the comparisons of SelectTile for 16 columns.
func selectTile() {
	function("selectNEON", "row *uint32, col *uint32, c *float32, rowNorm *float32, rowLimit *float32, colNorm *float32, colLimit *float32, rows int", "",
		"selectNEON is SelectTile for 16 columns and at least one row.")
	r := args("row", "col", "c", "rowNorm", "rowLimit", "colNorm", "colLimit", "rows")
	row, col, c, rowNorm, rowLimit, colNorm, colLimit, rows := r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7]
	const norm, limit, weight = v(16), v(20), v(24)
	ldpQ(norm, norm+1, colNorm, 0)
	ldpQ(norm+2, norm+3, colNorm, 32)
	ldpQ(limit, limit+1, colLimit, 0)
	ldpQ(limit+2, limit+3, colLimit, 32)
	bitWeights(weight, x(8))
	label("loop")
	ldpQPost(0, 1, c)
	ldpQPost(2, 3, c)
	splat4sPost(28, rowNorm)
	splat4sPost(29, rowLimit)
	for k := range v(4) {
		fadd4s(4+k, k, norm+k)
		fcmge4s(4+k, 29, 4+k)
		and16b(4+k, 4+k, weight+k)
		fadd4s(k, k, 28)
		fcmge4s(k, limit+k, k)
		and16b(k, k, weight+k)
	}
	for _, a := range []v{4, 0} {
		orr16b(a, a, a+1)
		orr16b(a+2, a+2, a+3)
		orr16b(a, a, a+2)
	}
	addp4s(0, 4, 0)
	addp4s(0, 0, 0)
	st1SPost(0, 0, row)
	st1SPost(0, 1, col)
	ins("SUBS $1, %v", rows)
	ins("BNE loop")
	ins("RET")
}
