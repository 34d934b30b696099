// Command ints writes the register tiles of the product of integers.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!noasm")
	tiles("multiplyIntsAVX512", "multiplyIntsAVX512 is MultiplyInts with 24 sums of 16 lanes.", 12, 64, ZMM)
	tiles("multiplyIntsAVX2", "multiplyIntsAVX2 is MultiplyInts with 12 sums of 8 lanes.", 6, 32, YMM)
	Generate()
}

// loop emits body(k) four times for d/4 rounds, then body(0) for each of the rest.
func loop(d reg.GPVirtual, body func(k int), step func(n int)) {
	n := GP64()
	MOVQ(d, n)
	SHRQ(Imm(2), n)
	JZ(LabelRef("Rest"))
	Label("Four")
	for k := range 4 {
		body(k)
	}
	step(4)
	DECQ(n)
	JNZ(LabelRef("Four"))
	Label("Rest")
	ANDQ(Imm(3), d)
	JZ(LabelRef("Done"))
	Label("One")
	body(0)
	step(1)
	DECQ(d)
	JNZ(LabelRef("One"))
	Label("Done")
}

// tiles multiplies pairs of 16-bit integers and adds both products to sums
// of 32 bits: panels of mr rows, and of two vectors of columns.
func tiles(name, doc string, mr, size int, vec func() reg.VecVirtual) {
	TEXT(name, NOSPLIT, "func(c *float32, a, b, next *uint32, pairs, count, stride int, scale float32, add int)")
	Pragma("noescape")
	Doc(doc + " Panels are stride bytes apart; pairs and count are not 0. A line from next on is fetched for each, as is the next panel.")
	c, panel := Load(Param("c"), GP64()), Load(Param("a"), GP64())
	pairs, count, stride := Load(Param("pairs"), GP64()), Load(Param("count"), GP64()), Load(Param("stride"), GP64())
	acc := make([][2]reg.VecVirtual, mr)
	for r := range acc {
		acc[r] = [2]reg.VecVirtual{vec(), vec()}
	}
	b0, b1, x, p := vec(), vec(), vec(), vec()
	a, b, n, next := GP64(), GP64(), GP64(), GP64()
	Load(Param("next"), next)
	Label("panel")
	PREFETCHT0(Mem{Base: next})
	ADDQ(Imm(64), next)
	MOVQ(panel, a)
	Load(Param("b"), b)
	MOVQ(pairs, n)
	for r := range acc {
		for _, s := range acc[r] {
			if size == 64 {
				VPXORD(s, s, s)
			} else {
				VPXOR(s, s, s)
			}
		}
	}
	loop(n, func(k int) {
		if at := 64 * k; at < 16*mr {
			PREFETCHT0(Mem{Base: a, Index: stride, Scale: 1, Disp: at})
		}
		VMOVUPS(Mem{Base: b, Disp: 2 * size * k}, b0)
		VMOVUPS(Mem{Base: b, Disp: 2*size*k + size}, b1)
		for r := range acc {
			VPBROADCASTD(Mem{Base: a, Disp: 4 * (mr*k + r)}, x)
			VPMADDWD(b0, x, p)
			VPADDD(p, acc[r][0], acc[r][0])
			VPMADDWD(b1, x, x)
			VPADDD(x, acc[r][1], acc[r][1])
		}
	}, func(n int) {
		ADDQ(I32(int32(4*mr*n)), a)
		ADDQ(I32(int32(2*size*n)), b)
	})
	VBROADCASTSS(NewParamAddr("scale", 56), x)
	for r := range acc {
		for _, s := range acc[r] {
			VCVTDQ2PS(s, s)
			VMULPS(x, s, s)
		}
	}
	flag := GP64()
	Load(Param("add"), flag)
	TESTQ(flag, flag)
	JZ(LabelRef("store"))
	for r := range acc {
		for h, s := range acc[r] {
			VADDPS(Mem{Base: c, Disp: 2*size*r + size*h}, s, s)
		}
	}
	Label("store")
	for r := range acc {
		for h, s := range acc[r] {
			VMOVUPS(s, Mem{Base: c, Disp: 2*size*r + size*h})
		}
	}
	ADDQ(I32(int32(2*size*mr)), c)
	ADDQ(stride, panel)
	DECQ(count)
	JNZ(LabelRef("panel"))
	VZEROUPPER()
	RET()
}
