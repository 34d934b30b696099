package main

// An extremes is four columns of statistics in registers.
type extremes struct{ sum, sq, low, high, argLow, argHigh, nonzero v } // sum and sq: two registers

// take adds the four numbers in x, which stand at index; shift, unless
// negative, is the first of two registers subtracted before summing. It uses t
// to t+2.
func (e extremes) take(x, index, shift, t v) {
	for h, convert := range []func(d, n v){fcvtl, fcvtl2} {
		h := v(h)
		convert(t, x)
		if shift >= 0 {
			fsub2d(t, t, shift+h)
		}
		fmul2d(t+1, t, t)
		fadd2d(e.sum+h, e.sum+h, t)
		fadd2d(e.sq+h, e.sq+h, t+1)
	}
	fcmgt4s(t, x, e.high)
	fcmgt4s(t+1, e.low, x)
	fcmeqZero(t+2, x)
	bit16b(e.high, x, t)
	bit16b(e.argHigh, index, t)
	bit16b(e.low, x, t+1)
	bit16b(e.argLow, index, t+1)
	mvn16b(t+2, t+2)
	sub4s(e.nonzero, e.nonzero, t+2) // less -1
}

// statistics writes ColStats.Add and Row.
func statistics() {
	colStats()
	rowStats()
}

func colStats() {
	function("colStatsNEON", "shift *float64, sum *float64, sq *float64, low *float32, high *float32, argLow *int32, argHigh *int32, nonzero *int32, x *float32, fit int, cols int, n int, row int", "",
		"colStatsNEON is ColStats.Add for the first fit columns, a multiple of 4 and not 0, and at least one row.")
	r := args("shift", "sum", "sq", "low", "high", "argLow", "argHigh", "nonzero", "x", "fit", "cols", "n", "row")
	shift, sum, sq, at, fit, stride, n, row := r[0], r[1], r[2], r[8], r[9], r[10], r[11], r[12]
	i, left := x(13), x(14)
	const shifts, index, one = v(16), v(18), v(19)
	e := extremes{sum: 0, sq: 2, low: 4, high: 5, argLow: 6, argHigh: 7, nonzero: 20}
	fours := []struct {
		at x
		r  v
	}{{r[3], e.low}, {r[4], e.high}, {r[5], e.argLow}, {r[6], e.argHigh}, {r[7], e.nonzero}}
	ins("LSL $2, %v", stride)
	ins("MOVD $1, %v", i)
	dupW(one, i)
	label("columns")
	ldpQPost(shifts, shifts+1, shift)
	ldpQ(e.sum, e.sum+1, sum, 0)
	ldpQ(e.sq, e.sq+1, sq, 0)
	for _, f := range fours {
		ldrQ(f.r, f.at, 0)
	}
	dupW(index, row)
	ins("MOVD %v, %v", at, i)
	ins("MOVD %v, %v", n, left)
	label("row")
	ldrQ(24, i, 0)
	ins("ADD %v, %v", stride, i)
	e.take(24, index, shifts, 25)
	add4s(index, index, one)
	ins("SUBS $1, %v", left)
	ins("BNE row")
	stpQ(e.sum, e.sum+1, sum, 0)
	stpQ(e.sq, e.sq+1, sq, 0)
	for _, f := range fours {
		strQPost(f.r, f.at)
	}
	add(sum, 32)
	add(sq, 32)
	add(at, 16)
	ins("SUBS $4, %v", fit)
	ins("BNE columns")
	ins("RET")
}

func rowStats() {
	function("rowStatsNEON", "sum *float64, sq *float64, low *float32, high *float32, argLow *int32, argHigh *int32, nonzero *int32, x *float32, n int", "",
		"rowStatsNEON adds n numbers, a multiple of 8 and not 0, to rowLanes.")
	r := args("sum", "sq", "low", "high", "argLow", "argHigh", "nonzero", "x", "n")
	at, n, tmp := r[7], r[8], x(9)
	const index, eight = v(22), v(21)
	lanes := [2]extremes{{0, 2, 4, 5, 6, 7, 20}, {8, 10, 12, 13, 14, 15, 19}}
	all := func(move func(t v, n x, offset int)) {
		for h, e := range lanes {
			for k := range v(2) {
				move(e.sum+k, r[0], 32*h+16*int(k))
				move(e.sq+k, r[1], 32*h+16*int(k))
			}
			for i, t := range []v{e.low, e.high, e.argLow, e.argHigh, e.nonzero} {
				move(t, r[2+i], 16*h)
			}
		}
	}
	all(ldrQ)
	ins("MOVD $%#x, %v", uint64(1)<<32, tmp)
	insX(index, 0, tmp)
	ins("MOVD $%#x, %v", uint64(3)<<32|2, tmp)
	insX(index, 1, tmp)
	ins("MOVD $4, %v", tmp)
	dupW(eight, tmp)
	add4s(index+1, index, eight)
	add4s(eight, eight, eight)
	label("loop")
	ldpQPost(24, 28, at)
	for h, e := range lanes {
		e.take(24+4*v(h), index+v(h), -1, 25+4*v(h))
	}
	add4s(index, index, eight)
	add4s(index+1, index+1, eight)
	ins("SUBS $8, %v", n)
	ins("BNE loop")
	all(strQ)
	ins("RET")
}
