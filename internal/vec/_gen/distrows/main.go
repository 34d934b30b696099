// Command distrows writes the kernels of squared distances to rows of a table.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!noasm")
	rows("sqDistRowsAVX512", "sqDistRowsAVX512 writes the distances of x, of d numbers (not 0), to the rows of the table that ids names; count is a multiple of 4, not 0.", ZMM, 1)
	rows("sqDistRowsAVX2", "sqDistRowsAVX2 is sqDistRowsAVX512 with two vectors for eight lanes.", YMM, 2)
	Generate()
}

// rows takes four rows at a time, and fetches the next four to the cache.
func rows(name, doc string, lanes func() reg.VecVirtual, parts int) {
	TEXT(name, NOSPLIT, "func(dst *float64, x, table *float32, d int, ids *int32, count int)")
	Pragma("noescape")
	Doc(doc)
	inMemory := func(param string) Mem { // there are more numbers than registers
		b, err := Param(param).Resolve()
		if err != nil {
			panic(err)
		}
		return b.Addr
	}
	table, count := inMemory("table"), inMemory("count")
	dst, x := Load(Param("dst"), GP64()), Load(Param("x"), GP64())
	d, ids := Load(Param("d"), GP64()), Load(Param("ids"), GP64())
	var y, z [4]reg.GPVirtual // the rows, and the next ones
	point := func(to [4]reg.GPVirtual, at reg.Register) {
		for i := range to {
			MOVLQSX(Mem{Base: ids, Index: at, Scale: 4, Disp: 4 * i}, to[i])
			IMULQ(d, to[i])
			SHLQ(Imm(2), to[i])
			ADDQ(table, to[i])
		}
	}
	for i := range y {
		y[i], z[i] = GP64(), GP64()
	}
	var acc [4][2]reg.VecVirtual
	for i := range acc {
		for p := range parts {
			acc[i][p] = lanes()
		}
	}
	wide, diff := lanes(), lanes()
	width := 32 / parts // bytes of float32 a vector takes
	// What is behind the last eight numbers is masked: zeros change no lane.
	tail := GP64()
	MOVQ(d, tail)
	ANDQ(Imm(7), tail)
	var mask reg.Register
	var masks [2]reg.VecVirtual
	if parts == 1 {
		bits := GP32()
		MOVL(U32(0xff), bits)
		SHLXL(tail.As32(), bits, bits)
		SHRL(Imm(8), bits)
		mask = K()
		KMOVB(bits, mask)
	} else {
		ones := GLOBL("distRowsOnes", RODATA|NOPTR)
		for i := range 16 {
			v := uint32(0xffffffff)
			if i >= 8 {
				v = 0
			}
			DATA(4*i, U32(v))
		}
		from := GP64()
		LEAQ(ones.Offset(32), from)
		SHLQ(Imm(2), tail)
		SUBQ(tail, from)
		for p := range masks {
			masks[p] = XMM()
			VMOVDQU(Mem{Base: from, Disp: 16 * p}, masks[p])
		}
	}
	load := func(base reg.Register, at reg.Register, disp, p int, to reg.VecVirtual, masked bool) {
		m := Mem{Base: base, Index: at, Scale: 4, Disp: disp + width*p}
		switch {
		case !masked:
			VCVTPS2PD(m, to)
		case parts == 1:
			VCVTPS2PD_Z(m, mask, to)
		default:
			VMASKMOVPS(m, masks[p], to.AsX())
			VCVTPS2PD(to.AsX(), to)
		}
	}
	t, next, at := GP64(), GP64(), GP64()
	XORQ(t, t)
	point(z, t)
	Label("group")
	for i := range y {
		MOVQ(z[i], y[i])
	}
	LEAQ(Mem{Base: t, Disp: 4}, next)
	CMPQ(next, count)
	CMOVQGE(t, next)
	point(z, next)
	for i := range acc {
		for p := range parts {
			if parts == 1 {
				VPXORQ(acc[i][p], acc[i][p], acc[i][p])
			} else {
				VXORPD(acc[i][p], acc[i][p], acc[i][p])
			}
		}
	}
	eight := func(disp int, masked bool) {
		for p := range parts {
			load(x, at, disp, p, wide, masked)
			for i := range y {
				load(y[i], at, disp, p, diff, masked)
				VSUBPD(diff, wide, diff)
				VMULPD(diff, diff, diff)
				VADDPD(diff, acc[i][p], acc[i][p])
			}
		}
	}
	ahead := func() {
		for i := range z {
			PREFETCHT0(Mem{Base: z[i], Index: at, Scale: 4})
		}
	}
	XORQ(at, at)
	CMPQ(d, Imm(16))
	JLT(LabelRef("rest"))
	Label("columns")
	ahead()
	eight(0, false)
	eight(32, false)
	ADDQ(Imm(16), at)
	LEAQ(Mem{Base: at, Disp: 16}, next)
	CMPQ(next, d)
	JLE(LabelRef("columns"))
	Label("rest")
	CMPQ(at, d)
	JEQ(LabelRef("sum"))
	ahead()
	LEAQ(Mem{Base: at, Disp: 8}, next)
	CMPQ(next, d)
	JGT(LabelRef("tail"))
	eight(0, false)
	MOVQ(next, at)
	CMPQ(at, d)
	JEQ(LabelRef("sum"))
	Label("tail")
	eight(0, true)
	Label("sum")
	for i := range acc {
		four, two, high := YMM(), XMM(), XMM()
		if parts == 1 { // 0+4, 1+5, 2+6, 3+7
			VEXTRACTF64X4(Imm(1), acc[i][0], four)
			VADDPD(acc[i][0].AsY(), four, four)
		} else {
			VADDPD(acc[i][0], acc[i][1], four)
		}
		VEXTRACTF128(Imm(1), four, two)
		VADDPD(four.AsX(), two, two) // (0+4)+(2+6), (1+5)+(3+7)
		VUNPCKHPD(two, two, high)
		VADDSD(high, two, two)
		VMOVSD(two, Mem{Base: dst, Index: t, Scale: 8, Disp: 8 * i})
	}
	ADDQ(Imm(4), t)
	CMPQ(t, count)
	JLT(LabelRef("group"))
	VZEROUPPER()
	RET()
}
