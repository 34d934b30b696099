// Command keys writes the kernel that partitions keys.
package main

import (
	mathbits "math/bits"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!noasm")
	avx512()
	avx2()
	Generate()
}

func avx512() {
	TEXT("partitionKeysAVX512", NOSPLIT, "func(a *uint64, n int, pivot uint64, above *uint64) int")
	Pragma("noescape")
	Doc("partitionKeysAVX512 moves those of n keys that are at most pivot to the front, the others to above, which has room for 7 more, and returns how many the former are.")
	a, n, above := Load(Param("a"), GP64()), Load(Param("n"), GP64()).(reg.GPVirtual), Load(Param("above"), GP64())
	pivot := ZMM()
	VPBROADCASTQ(NewParamAddr("pivot", 16), pivot)
	from, low := GP64(), GP64() // where keys are read, and where low ones go
	MOVQ(a, from)
	MOVQ(a, low)
	all, le, gt := K(), K(), K()
	v, packed := ZMM(), ZMM()
	bits, count := GP32(), GP32()
	part := func() {
		VPCOMPRESSQ_Z(v, le, packed)
		VMOVDQU64(packed, Mem{Base: low})
		KMOVB(le, bits)
		POPCNTL(bits, count)
		LEAQ(Mem{Base: low, Index: count.As64(), Scale: 8}, low)
		VPCOMPRESSQ_Z(v, gt, packed)
		VMOVDQU64(packed, Mem{Base: above})
		KMOVB(gt, bits)
		POPCNTL(bits, count)
		LEAQ(Mem{Base: above, Index: count.As64(), Scale: 8}, above)
	}
	CMPQ(n, Imm(8))
	JLT(LabelRef("tail"))
	Label("loop")
	VMOVDQU64(Mem{Base: from}, v)
	VPCMPUQ(Imm(2), pivot, v, le)
	KNOTB(le, gt)
	part()
	ADDQ(Imm(64), from)
	SUBQ(Imm(8), n)
	CMPQ(n, Imm(8))
	JGE(LabelRef("loop"))
	Label("tail")
	TESTQ(n, n)
	JZ(LabelRef("done"))
	// The last keys. A whole vector is written, behind which nothing is lost:
	// what is low goes to where it came from or before.
	MOVL(U32(0xff), bits)
	SHLXL(n.As32(), bits, bits)
	SHRL(Imm(8), bits)
	KMOVB(bits, all)
	VMOVDQU64_Z(Mem{Base: from}, all, v)
	VPCMPUQ(Imm(2), pivot, v, le)
	KNOTB(le, gt)
	KANDB(all, le, le)
	KANDB(all, gt, gt)
	VPCOMPRESSQ_Z(v, gt, packed)
	VMOVDQU64(packed, Mem{Base: above})
	KMOVB(le, bits)
	POPCNTL(bits, count)
	VPCOMPRESSQ_Z(v, le, packed)
	MOVL(U32(0xff), bits)
	SHLXL(count, bits, bits)
	SHRL(Imm(8), bits)
	KMOVB(bits, all)
	VMOVDQU64(packed, all, Mem{Base: low})
	LEAQ(Mem{Base: low, Index: count.As64(), Scale: 8}, low)
	Label("done")
	SUBQ(a, low)
	SHRQ(Imm(3), low)
	Store(low, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// avx2 looks up how to bring the low ones of four keys to the front, and the
// others.
func avx2() {
	bytes := GLOBL("keysBytes", RODATA|NOPTR) // of the low ones
	for low := range 16 {
		DATA(low, U8(8*mathbits.OnesCount(uint(low))))
	}
	order := GLOBL("keysOrder", RODATA|NOPTR)
	for low := range 16 {
		at := 32 * low
		for i := range 4 {
			if low>>i&1 != 0 {
				DATA(at, U64(uint64(2*i)|uint64(2*i+1)<<32))
				at += 8
			}
		}
		for ; at < 32*(low+1); at += 8 {
			DATA(at, U64(0))
		}
	}
	TEXT("partitionKeysAVX2", NOSPLIT, "func(a *uint64, n int, pivot uint64, above *uint64) int")
	Pragma("noescape")
	Doc("partitionKeysAVX2 is partitionKeysAVX512.")
	a, n, above := Load(Param("a"), GP64()), Load(Param("n"), GP64()).(reg.GPVirtual), Load(Param("above"), GP64())
	pivot, table, sizes := Load(Param("pivot"), GP64()), GP64(), GP64()
	LEAQ(order, table)
	LEAQ(bytes, sizes)
	// The comparison is of signed numbers.
	p, sign := YMM(), YMM()
	VPCMPEQQ(sign, sign, sign)
	VPSLLQ(Imm(63), sign, sign)
	VPBROADCASTQ(NewParamAddr("pivot", 16), p)
	VPXOR(sign, p, p)
	from, low, bits, count := GP64(), GP64(), GP64(), GP64()
	MOVQ(a, from)
	MOVQ(a, low)
	v, s, to := YMM(), YMM(), YMM()
	// part writes the keys whose bits are set, and what is in the places behind
	// up to four.
	part := func(dst reg.Register) {
		MOVBQZX(Mem{Base: sizes, Index: bits, Scale: 1}, count)
		SHLQ(Imm(5), bits)
		VMOVDQU(Mem{Base: table, Index: bits, Scale: 1}, to)
		VPERMD(v, to, s)
		VMOVDQU(s, Mem{Base: dst})
		ADDQ(count, dst)
	}
	SUBQ(Imm(4), n)
	JLT(LabelRef("tail"))
	Label("loop")
	VMOVDQU(Mem{Base: from}, v)
	VPXOR(sign, v, s)
	VPCMPGTQ(p, s, s)
	VMOVMSKPD(s, bits.As32())
	high := GP64()
	MOVQ(bits, high)
	XORQ(Imm(15), bits)
	part(low)
	MOVQ(high, bits)
	part(above)
	ADDQ(Imm(32), from)
	SUBQ(Imm(4), n)
	JGE(LabelRef("loop"))
	Label("tail")
	ADDQ(Imm(4), n)
	JZ(LabelRef("done"))
	Label("one")
	MOVQ(Mem{Base: from}, bits)
	ADDQ(Imm(8), from)
	CMPQ(bits, pivot)
	JHI(LabelRef("high"))
	MOVQ(bits, Mem{Base: low})
	ADDQ(Imm(8), low)
	DECQ(n)
	JNZ(LabelRef("one"))
	JMP(LabelRef("done"))
	Label("high")
	MOVQ(bits, Mem{Base: above})
	ADDQ(Imm(8), above)
	DECQ(n)
	JNZ(LabelRef("one"))
	Label("done")
	SUBQ(a, low)
	SHRQ(Imm(3), low)
	Store(low, ReturnIndex(0))
	VZEROUPPER()
	RET()
}
