// Command exp writes the exponential function of eight numbers at a time.
package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!noasm")
	TEXT("expAVX512", NOSPLIT, "func(x *float64, n int)")
	Pragma("noescape")
	Doc("expAVX512 replaces n numbers (a multiple of 8, not 0) of magnitude up to 700 by their exponentials, with the operations of Exp.")
	x, n := Load(Param("x"), GP64()), Load(Param("n"), GP64())
	table := GLOBL("expConstants", RODATA|NOPTR)
	at := 0
	constant := func(bits uint64) reg.VecVirtual {
		DATA(8*at, U64(bits))
		v := ZMM()
		VBROADCASTSD(table.Offset(8*at), v)
		at++
		return v
	}
	number := func(v float64) reg.VecVirtual { return constant(math.Float64bits(v)) }
	log2e, half := number(math.Log2E), number(0.5)
	ln2hi, ln2lo := number(6.93147180369123816490e-01), number(1.90821492927058770002e-10)
	first := number(4.13813679705723846039e-08)
	next := []reg.VecVirtual{
		number(-1.65339022054652515390e-06), number(6.61375632143793436117e-05),
		number(-2.77777777770155933842e-03), number(1.66666666666666019037e-01),
	}
	one, two, bias := number(1), number(2), constant(1023)
	v, k, hi, lo, r, t, c, y := ZMM(), ZMM(), ZMM(), ZMM(), ZMM(), ZMM(), ZMM(), ZMM()
	Label("loop")
	VMOVUPD(Mem{Base: x}, v)
	VMULPD(log2e, v, k)
	VADDPD(half, k, k)
	VRNDSCALEPD(Imm(9), k, k) // down
	VMULPD(ln2hi, k, hi)
	VSUBPD(hi, v, hi)
	VMULPD(ln2lo, k, lo)
	VSUBPD(lo, hi, r)
	VMULPD(r, r, t)
	VMULPD(first, t, c)
	for _, p := range next {
		VADDPD(p, c, c)
		VMULPD(t, c, c)
	}
	VSUBPD(c, r, c) // r - c
	VMULPD(r, c, y)
	VSUBPD(c, two, t)
	VDIVPD(t, y, y)
	VSUBPD(y, lo, y)
	VSUBPD(hi, y, y)
	VSUBPD(y, one, y)
	VCVTPD2QQ(k, k)
	VPADDQ(bias, k, k)
	VPSLLQ(Imm(52), k, k)
	VMULPD(k, y, y)
	VMOVUPD(y, Mem{Base: x})
	ADDQ(Imm(64), x)
	SUBQ(Imm(8), n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
	Generate()
}
