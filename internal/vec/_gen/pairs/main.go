// Command pairs writes the kernels that sum all pairs and those that multiply
// by panels of 16 columns.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!noasm")
	one := GLOBL("pairsOne", RODATA|NOPTR)
	DATA(0, F32(1))
	pairs("pairsAVX512", ZMM, one)
	pairs("pairsAVX2", YMM, one)
	panel("panelAVX512", ZMM, 1)
	panel("panelAVX2", YMM, 2)
	panelAdd("panelAddAVX512", ZMM, 1)
	panelAdd("panelAddAVX2", YMM, 2)
	Generate()
}

// pairs emits pairsGo for the targets of one vector.
func pairs(name string, vec func() reg.VecVirtual, oneMem Mem) {
	TEXT(name, NOSPLIT, "func(p, a, b, x, y, src, w *float32, inv float32, n int)")
	Pragma("noescape")
	Doc(name + " is pairsGo for the targets of one vector.")
	p, a, b := Load(Param("p"), GP64()), Load(Param("a"), GP64()), Load(Param("b"), GP64())
	px, py := Load(Param("x"), GP64()), Load(Param("y"), GP64())
	src, w := Load(Param("src"), GP64()), Load(Param("w"), GP64())
	inv, one := vec(), vec()
	VBROADCASTSS(NewParamAddr("inv", 56), inv)
	VBROADCASTSS(oneMem, one)
	n := Load(Param("n"), GP64())
	x, y, ap, aa, ab := vec(), vec(), vec(), vec(), vec()
	VMOVUPS(Mem{Base: px}, x)
	VMOVUPS(Mem{Base: py}, y)
	VMOVUPS(Mem{Base: p}, ap)
	VMOVUPS(Mem{Base: a}, aa)
	VMOVUPS(Mem{Base: b}, ab)
	Label("loop")
	dx, dy, d2, q := vec(), vec(), vec(), vec()
	VBROADCASTSS(Mem{Base: src}, dx)
	VBROADCASTSS(Mem{Base: src, Disp: 4}, dy)
	VBROADCASTSS(Mem{Base: w}, q)
	ADDQ(Imm(8), src)
	ADDQ(Imm(4), w)
	VSUBPS(dx, x, dx)
	VSUBPS(dy, y, dy)
	VMULPS(dx, dx, d2)
	VFMADD231PS(dy, dy, d2)
	VFMADD213PS(one, inv, d2)
	VDIVPS(d2, one, d2)
	VMULPS(d2, q, q)
	VADDPS(q, ap, ap)
	VMULPS(d2, q, q)
	VFMADD231PS(q, dx, aa)
	VFMADD231PS(q, dy, ab)
	DECQ(n)
	JNZ(LabelRef("loop"))
	VMOVUPS(ap, Mem{Base: p})
	VMOVUPS(aa, Mem{Base: a})
	VMOVUPS(ab, Mem{Base: b})
	VZEROUPPER()
	RET()
}

// panel emits panelGo for a multiple of 4 numbers; number c goes to sum c mod 4.
func panel(name string, vec func() reg.VecVirtual, halves int) {
	TEXT(name, NOSPLIT, "func(dst, x, b *float32, n int)")
	Pragma("noescape")
	Doc(name + " is panelGo for a positive multiple of 4 numbers.")
	dst, x, b := Load(Param("dst"), GP64()), Load(Param("x"), GP64()), Load(Param("b"), GP64())
	n := Load(Param("n"), GP64())
	var acc [4][2]reg.VecVirtual
	for i := range acc {
		for h := range halves {
			acc[i][h] = vec()
			if halves == 1 {
				VPXORD(acc[i][h], acc[i][h], acc[i][h])
			} else {
				VXORPS(acc[i][h], acc[i][h], acc[i][h])
			}
		}
	}
	Label("loop")
	for i := range acc {
		v := vec()
		VBROADCASTSS(Mem{Base: x, Disp: 4 * i}, v)
		for h := range halves {
			VFMADD231PS(Mem{Base: b, Disp: 64*i + 32*h}, v, acc[i][h])
		}
	}
	ADDQ(Imm(16), x)
	ADDQ(U32(256), b)
	SUBQ(Imm(4), n)
	JNZ(LabelRef("loop"))
	for h := range halves {
		VADDPS(acc[1][h], acc[0][h], acc[0][h])
		VADDPS(acc[3][h], acc[2][h], acc[2][h])
		VADDPS(acc[2][h], acc[0][h], acc[0][h])
		VMOVUPS(acc[0][h], Mem{Base: dst, Disp: 32 * h})
	}
	VZEROUPPER()
	RET()
}

func panelAdd(name string, vec func() reg.VecVirtual, halves int) {
	TEXT(name, NOSPLIT, "func(b, x, u *float32, n int)")
	Pragma("noescape")
	Doc(name + " is panelAddGo for n > 0 numbers.")
	b, x, u := Load(Param("b"), GP64()), Load(Param("x"), GP64()), Load(Param("u"), GP64())
	n := Load(Param("n"), GP64())
	var uv [2]reg.VecVirtual
	for h := range halves {
		uv[h] = vec()
		VMOVUPS(Mem{Base: u, Disp: 32 * h}, uv[h])
	}
	Label("loop")
	v := vec()
	VBROADCASTSS(Mem{Base: x}, v)
	for h := range halves {
		r := vec()
		VMOVUPS(Mem{Base: b, Disp: 32 * h}, r)
		VFMADD231PS(v, uv[h], r)
		VMOVUPS(r, Mem{Base: b, Disp: 32 * h})
	}
	ADDQ(Imm(4), x)
	ADDQ(Imm(64), b)
	DECQ(n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
