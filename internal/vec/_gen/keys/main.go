// Command keys writes the kernel that partitions keys.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!noasm")
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
	Generate()
}
