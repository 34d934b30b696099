// Command exp writes the exponential function of several numbers at a time.
package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!noasm")
	exp("expAVX512", 8, ZMM)
	exp("expAVX2", 4, YMM)
	Generate()
}

func exp(name string, lanes int, vec func() reg.VecVirtual) {
	TEXT(name, NOSPLIT, "func(x *float64, n int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s replaces n numbers (a multiple of %d, not 0) of magnitude up to 700 by their exponentials, with the operations of Exp.", name, lanes))
	x, n := Load(Param("x"), GP64()), Load(Param("n"), GP64())
	table := GLOBL(name+"Constants", RODATA|NOPTR)
	at := 0
	// Constants stay in memory where there are too few registers.
	inMemory := func(bits uint64) Op {
		for i := range lanes {
			DATA(8*(at+i), U64(bits))
		}
		at += lanes
		return table.Offset(8 * (at - lanes))
	}
	constant := func(v float64) reg.VecVirtual {
		r := vec()
		VMOVUPD(inMemory(math.Float64bits(v)), r)
		return r
	}
	number := func(v float64) Op {
		if lanes == 8 {
			return constant(v)
		}
		return inMemory(math.Float64bits(v))
	}
	log2e, half := number(math.Log2E), number(0.5)
	ln2hi, ln2lo := number(6.93147180369123816490e-01), number(1.90821492927058770002e-10)
	first := number(4.13813679705723846039e-08)
	next := []Op{
		number(-1.65339022054652515390e-06), number(6.61375632143793436117e-05),
		number(-2.77777777770155933842e-03), number(1.66666666666666019037e-01),
	}
	one, two := constant(1), constant(2)
	// What is added to k makes its last bits the exponent of a float64.
	bias := number(3<<51 + 1023)
	v, k, hi, lo, r, t, c, y := vec(), vec(), vec(), vec(), vec(), vec(), vec(), vec()
	Label("loop")
	VMOVUPD(Mem{Base: x}, v)
	VMULPD(log2e, v, k)
	VADDPD(half, k, k)
	if lanes == 8 {
		VRNDSCALEPD(Imm(9), k, k) // down
	} else {
		VROUNDPD(Imm(9), k, k)
	}
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
	VADDPD(bias, k, k)
	VPSLLQ(Imm(52), k, k)
	VMULPD(k, y, y)
	VMOVUPD(y, Mem{Base: x})
	ADDQ(Imm(uint64(8*lanes)), x)
	SUBQ(Imm(uint64(lanes)), n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
