package main

// meanRows writes the means of rows, with and without weights: 16 columns at a
// time, every product and sum rounded by itself.
func meanRows() {
	for _, weighted := range []bool{false, true} {
		name, list, do := "meanRowsNEON", "", "MeanRows without weights"
		if weighted {
			name, list, do = "wmeanRowsNEON", "w *float64, ", "MeanRows with weights"
		}
		function(name, "dst *float32, base *float32, rows *int32, "+list+"count int, stride int, total float64, n int", "",
			name+" is "+do+" for n columns, a multiple of 16 and not 0, and at least one row.")
		r := args("dst", "base", "rows", "count", "stride", "n")
		dst, base, rows, count, stride, n := r[0], r[1], r[2], r[3], r[4], r[5]
		w, i, left, row, weight := x(6), x(7), x(8), x(9), x(10)
		if weighted {
			arg("w", w)
		}
		const total, factor = v(31), v(30)
		argSplat("total", 8, total)
		ins("LSL $2, %v", stride)
		label("strip")
		for k := range v(8) {
			zero(k)
		}
		ins("MOVD %v, %v", rows, i)
		ins("MOVD %v, %v", count, left)
		if weighted {
			ins("MOVD %v, %v", w, weight)
		}
		label("row")
		ins("MOVW.P 4(%v), %v", i, row)
		ins("MADD %v, %v, %v, %v", stride, base, row, row) // base + stride·row
		ldpQ(16, 17, row, 0)
		ldpQ(18, 19, row, 32)
		if weighted {
			splat2d(factor, weight)
			add(weight, 8)
		}
		for k := range v(8) {
			t := 20 + k
			if k%2 == 0 {
				fcvtl(t, 16+k/2)
			} else {
				fcvtl2(t, 16+k/2)
			}
			if weighted {
				fmul2d(t, t, factor)
			}
			fadd2d(k, k, t)
		}
		ins("SUBS $1, %v", left)
		ins("BNE row")
		for k := range v(8) {
			fdiv2d(k, k, total)
			if k%2 == 0 {
				fcvtn(16+k/2, k)
			} else {
				fcvtn2(16+k/2, k)
			}
		}
		stpQ(16, 17, dst, 0)
		stpQ(18, 19, dst, 32)
		add(dst, 64)
		add(base, 64)
		ins("SUBS $16, %v", n)
		ins("BNE strip")
		ins("RET")
	}
}

// half writes the conversion of binary16 and sums in float64.
func half() {
	function("f16NEON", "dst *float32, src *byte, n int", "",
		"f16NEON converts n numbers, a multiple of 8 and not 0.")
	r := args("dst", "src", "n")
	dst, src, n := r[0], r[1], r[2]
	label("loop")
	ldrQPost(0, src)
	fcvtlH(1, 0)
	fcvtl2H(2, 0)
	stpQ(1, 2, dst, 0)
	add(dst, 32)
	ins("SUBS $8, %v", n)
	ins("BNE loop")
	ins("RET")

	for _, scaled := range []bool{false, true} {
		name, factor, do := "addF64NEON", "", "AddF64"
		if scaled {
			name, factor, do = "axpyF64NEON", "w float64, ", "AxpyF64"
		}
		function(name, "acc *float64, "+factor+"x *float32, n int", "",
			name+" is "+do+" for n numbers, a multiple of 4 and not 0.")
		r = args("acc", "x", "n")
		acc, from, n := r[0], r[1], r[2]
		if scaled {
			argSplat("w", 8, 7)
		}
		label("loop")
		ldrQPost(0, from)
		ldpQ(1, 2, acc, 0)
		fcvtl(3, 0)
		fcvtl2(4, 0)
		if scaled {
			fmul2d(3, 3, 7)
			fmul2d(4, 4, 7)
		}
		fadd2d(1, 1, 3)
		fadd2d(2, 2, 4)
		stpQ(1, 2, acc, 0)
		add(acc, 32)
		ins("SUBS $4, %v", n)
		ins("BNE loop")
		ins("RET")
	}
}
