package main

// gemm writes the register tile of the matrix product: 6×16 sums in 24
// registers. A product needs one number of a row panel, which the instruction
// picks from its register, and four of a column panel.
func gemm() {
	const mr = 6
	function("gemm6x16NEON", "c *float32, a *float32, b *float32, next *float32, d int, add int", "",
		"gemm6x16NEON is GemmTile with 24 sums of 4 lanes. It fetches 16·d bytes from next on.")
	r := args("c", "a", "b", "next", "d", "add")
	c, a, b, next, d, flag := r[0], r[1], r[2], r[3], r[4], r[5]
	rounds := x(6)
	acc := func(r, j int) v { return v(8 + 4*r + j) }

	ins("CBNZ %v, add", flag)
	for i := range 4 * mr {
		zero(v(8 + i))
	}
	ins("B start")
	label("add")
	for r := range mr {
		ldpQ(acc(r, 0), acc(r, 1), c, 64*r)
		ldpQ(acc(r, 2), acc(r, 3), c, 64*r+32)
	}
	label("start")
	ins("LSR $2, %v, %v", d, rounds)
	ins("AND $3, %v", d)
	ins("CBZ %v, rest", rounds)

	// step multiplies column k of the panels; the six numbers of the row
	// panel are those from number first of registers 4 to 6 on.
	step := func(k, first int) {
		ldpQ(0, 1, b, 64*k)
		ldpQ(2, 3, b, 64*k+32)
		for r := range mr {
			for j := range 4 {
				fmlaElement(acc(r, j), v(j), v(4+(first+r)/4), (first+r)%4)
			}
		}
	}
	label("four")
	ins("PRFM (%v), PLDL2KEEP", next)
	add(next, 64)
	for k := range 4 {
		if k%2 == 0 { // two columns are three registers
			ldpQ(4, 5, a, 24*k)
			ldrQ(6, a, 24*k+32)
		}
		step(k, k%2*mr)
	}
	add(a, 4*4*mr)
	add(b, 4*64)
	ins("SUBS $1, %v", rounds)
	ins("BNE four")

	label("rest")
	ins("CBZ %v, done", d)
	label("one")
	ldrQ(4, a, 0)
	ldrD(5, a, 16)
	step(0, 0)
	add(a, 4*mr)
	add(b, 64)
	ins("SUBS $1, %v", d)
	ins("BNE one")

	label("done")
	for r := range mr {
		stpQ(acc(r, 0), acc(r, 1), c, 64*r)
		stpQ(acc(r, 2), acc(r, 3), c, 64*r+32)
	}
	ins("RET")
}
