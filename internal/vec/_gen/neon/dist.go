package main

// dist writes the distances of SqDist: four rows at a time, their eight lanes
// of float64 in four registers each. Every difference, square and sum is
// rounded by itself.
func dist() {
	function("sqDist4NEON", "dst *[4]float64, x *float32, y0 *float32, y1 *float32, y2 *float32, y3 *float32, n int", "",
		"sqDist4NEON is SqDist4 for n numbers, at least one.")
	r := args("dst", "x", "y0", "y1", "y2", "y3", "n")
	fourRows([5]x(r[1:6]), r[6], x(7))
	joinRows(r[0])
	ins("RET")

	function("sqDistRowsNEON", "dst *float64, x *float32, table *float32, d int, ids *int32, n int", "",
		"sqDistRowsNEON is SqDistRows for n rows, a multiple of 4 and not 0, of d numbers, at least one.")
	r = args("dst", "x", "table", "d", "ids", "n")
	dst, first, table, d, ids, n := r[0], r[1], r[2], r[3], r[4], r[5]
	rows := [5]x{6, 7, 8, 9, 10}
	size, left := x(12), x(13)
	ins("LSL $2, %v, %v", d, size)
	label("rows")
	ins("MOVD %v, %v", first, rows[0])
	for _, row := range rows[1:] {
		ins("MOVW.P 4(%v), %v", ids, row)
		ins("MADD %v, %v, %v, %v", size, table, row, row) // table + size·row
	}
	ins("MOVD %v, %v", d, left)
	fourRows(rows, left, x(14))
	joinRows(dst)
	add(dst, 32)
	ins("SUBS $4, %v", n)
	ins("BNE rows")
	ins("RET")
}

// fourRows sums over the row rows[0] and the four others. It advances the
// registers of the rows, and uses up left, how many numbers they have.
func fourRows(rows [5]x, left, rest x) {
	low := func(row int) v { return v(20 + 2*((row+4)%5)) } // 20 to 27, and 28 for rows[0]
	high := func(row int) v { return low(row) + 1 }
	wide := [4]v{16, 17, 18, 19} // numbers of rows[0]
	convert := func(d [4]v, row int) {
		fcvtl(d[0], low(row))
		fcvtl2(d[1], low(row))
		fcvtl(d[2], high(row))
		fcvtl2(d[3], high(row))
	}
	accumulate := func(row int) {
		t := [4]v{28, 29, 30, 31}
		convert(t, row)
		for k, t := range t {
			fsub2d(t, wide[k], t)
		}
		for _, t := range t {
			fmul2d(t, t, t)
		}
		for k, t := range t {
			acc := v(4*(row-1) + k)
			fadd2d(acc, acc, t)
		}
	}
	for i := range 16 {
		zero(v(i))
	}
	ins("AND $7, %v, %v", left, rest)
	ins("LSR $3, %v", left)
	ins("CBZ %v, tail", left)
	label("eight")
	ldpQPost(low(0), high(0), rows[0])
	convert(wide, 0)
	for row := 1; row < 5; row++ {
		ldpQPost(low(row), high(row), rows[row])
		accumulate(row)
	}
	ins("SUBS $1, %v", left)
	ins("BNE eight")

	// The last numbers, filled up with zeros, which change no lane.
	label("tail")
	ins("CBZ %v, join", rest)
	each := func(f func(row int)) {
		for row := range rows {
			f(row)
		}
	}
	few := func(name string, to func(int) v) { // up to three numbers
		ins("TBZ $1, %v, %sOne", rest, name)
		each(func(row int) { ldrDPost(to(row), rows[row]) })
		ins("TBZ $0, %v, last", rest)
		each(func(row int) { ld1S(to(row), 2, rows[row]) })
		ins("B last")
		label(name + "One")
		ins("TBZ $0, %v, last", rest)
		each(func(row int) { ldrS(to(row), rows[row], 0) })
	}
	each(func(row int) { zero(high(row)) })
	ins("TBZ $2, %v, low", rest)
	each(func(row int) { ldrQPost(low(row), rows[row]) })
	few("high", high)
	ins("B last")
	label("low")
	few("low", low)
	label("last")
	convert(wide, 0)
	for row := 1; row < 5; row++ {
		accumulate(row)
	}
	label("join")
}

// joinRows writes the sums of the lanes of four rows.
func joinRows(dst x) {
	for row := range v(4) {
		a := 4 * row
		fadd2d(a, a, a+2)     // 0+4, 1+5
		fadd2d(a+1, a+1, a+3) // 2+6, 3+7
		fadd2d(a, a, a+1)
	}
	faddp2d(0, 0, 4)
	faddp2d(1, 8, 12)
	stpQ(0, 1, dst, 0)
}
