package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// packRows emits the packing of a row panel of mr rows.
func packRows(name string, mr int) {
	TEXT(name, NOSPLIT, "func(dst, x *float32, stride, n int)")
	Pragma("noescape")
	Doc(name + " makes a row panel of n columns, a multiple of 8 and not 0, of rows that are stride numbers apart.")
	dst, x := Load(Param("dst"), GP64()), Load(Param("x"), GP64())
	stride, n := Load(Param("stride"), GP64()), Load(Param("n"), GP64())
	SHLQ(Imm(2), stride)
	row := GP64()
	Label("loop")
	MOVQ(x, row)
	for r := 0; r < mr; r += 4 {
		var in [4]reg.VecVirtual
		count := min(4, mr-r)
		for i := range count {
			in[i] = YMM()
			VMOVUPS(Mem{Base: row}, in[i])
			ADDQ(stride, row)
		}
		// Columns c to c+1 of two rows, and 4 columns on.
		pairs := func(a, b reg.VecVirtual) [2]reg.VecVirtual {
			p := [2]reg.VecVirtual{YMM(), YMM()}
			VUNPCKLPS(b, a, p[0])
			VUNPCKHPS(b, a, p[1])
			return p
		}
		at := func(column int) Mem { return Mem{Base: dst, Disp: 4 * (column*mr + r)} }
		first := pairs(in[0], in[1])
		if count == 2 {
			for c, p := range first {
				high := XMM()
				VMOVLPS(p.AsX(), at(2*c))
				VMOVHPS(p.AsX(), at(2*c+1))
				VEXTRACTF128(Imm(1), p, high)
				VMOVLPS(high, at(2*c+4))
				VMOVHPS(high, at(2*c+5))
			}
			continue
		}
		second := pairs(in[2], in[3])
		for c := range 4 {
			four := YMM()
			if c%2 == 0 {
				VUNPCKLPD(second[c/2], first[c/2], four)
			} else {
				VUNPCKHPD(second[c/2], first[c/2], four)
			}
			VMOVUPS(four.AsX(), at(c))
			VEXTRACTF128(Imm(1), four, at(c+4))
		}
	}
	ADDQ(Imm(32), x)
	ADDQ(U32(uint32(32*mr)), dst)
	SUBQ(Imm(8), n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// storeRows emits the last step of Linear.Apply for whole column panels: two
// registers a row.
func storeRows(name string, lanes func() reg.VecVirtual, size int) {
	TEXT(name, NOSPLIT, "func(y *float32, stride int, c, bias *float32, rows, add int)")
	Pragma("noescape")
	Doc(name + " sets rows of y, stride numbers apart, to those of c and the bias, or adds that.")
	y, stride := Load(Param("y"), GP64()), Load(Param("stride"), GP64())
	c, bias := Load(Param("c"), GP64()), Load(Param("bias"), GP64())
	n, add := Load(Param("rows"), GP64()), Load(Param("add"), GP64())
	SHLQ(Imm(2), stride)
	var b, v [2]reg.VecVirtual
	for i := range b {
		b[i], v[i] = lanes(), lanes()
		VMOVUPS(Mem{Base: bias, Disp: size * i}, b[i])
	}
	loop := func(name string, more bool) {
		Label(name)
		for i := range v {
			VADDPS(Mem{Base: c, Disp: size * i}, b[i], v[i])
		}
		for i := range v {
			at := Mem{Base: y, Disp: size * i}
			if more {
				VADDPS(at, v[i], v[i])
			}
			VMOVUPS(v[i], at)
		}
		ADDQ(U32(uint32(2*size)), c)
		ADDQ(stride, y)
		DECQ(n)
		JNZ(LabelRef(name))
		VZEROUPPER()
		RET()
	}
	TESTQ(add, add)
	JNZ(LabelRef("add"))
	loop("set", false)
	loop("add", true)
}
