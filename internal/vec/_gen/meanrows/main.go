// Command meanrows writes the kernels of weighted means of rows.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!noasm")
	mean("meanRowsAVX512", "meanRowsAVX512 does n numbers, a multiple of 32, of MeanRows without weights; the rows are count, of stride numbers each.", ZMM, YMM, false)
	mean("wmeanRowsAVX512", "wmeanRowsAVX512 is meanRowsAVX512 with weights.", ZMM, YMM, true)
	mean("meanRowsAVX2", "meanRowsAVX2 does n numbers, a multiple of 16, of MeanRows without weights.", YMM, XMM, false)
	mean("wmeanRowsAVX2", "wmeanRowsAVX2 is meanRowsAVX2 with weights.", YMM, XMM, true)
	Generate()
}

// mean emits one kernel. Four vectors of sums in float64 take one row after
// the other; then they are divided, rounded and stored.
func mean(name, doc string, wide, narrow func() reg.VecVirtual, weighted bool) {
	sig := "func(dst, base *float32, rows *int32, count, stride int, total float64, n int)"
	if weighted {
		sig = "func(dst, base *float32, rows *int32, w *float64, count, stride int, total float64, n int)"
	}
	TEXT(name, NOSPLIT, sig)
	Pragma("noescape")
	Doc(doc)
	dst, base := Load(Param("dst"), GP64()), Load(Param("base"), GP64())
	rows := Load(Param("rows"), GP64())
	var w reg.Register
	weight, v := wide(), wide()
	if weighted {
		w = Load(Param("w"), GP64())
	}
	count, stride := Load(Param("count"), GP64()), Load(Param("stride"), GP64())
	total := wide()
	x := Load(Param("total"), XMM())
	VBROADCASTSD(x.(reg.VecVirtual).AsX(), total)
	n := Load(Param("n"), GP64())
	SHLQ(Imm(2), stride)
	var acc [4]reg.VecVirtual
	for i := range acc {
		acc[i] = wide()
	}
	size := int(acc[0].Size()) // bytes a vector: half as many of float32

	Label("block")
	for i := range acc {
		if size == 64 {
			VPXORQ(acc[i], acc[i], acc[i])
		} else {
			VXORPD(acc[i], acc[i], acc[i])
		}
	}
	k := GP64()
	XORQ(k, k)
	Label("row")
	at := GP64()
	MOVLQSX(Mem{Base: rows, Index: k, Scale: 4}, at)
	IMULQ(stride, at)
	ADDQ(base, at)
	if weighted {
		VBROADCASTSD(Mem{Base: w, Index: k, Scale: 8}, weight)
	}
	for i := range acc {
		VCVTPS2PD(Mem{Base: at, Disp: i * size / 2}, v)
		if weighted {
			VMULPD(weight, v, v)
		}
		VADDPD(v, acc[i], acc[i])
	}
	INCQ(k)
	CMPQ(k, count)
	JLT(LabelRef("row"))
	for i := range acc {
		VDIVPD(total, acc[i], acc[i])
		out := narrow()
		if size == 64 {
			VCVTPD2PS(acc[i], out)
		} else {
			VCVTPD2PSY(acc[i], out)
		}
		VMOVUPS(out, Mem{Base: dst, Disp: i * size / 2})
	}
	ADDQ(Imm(uint64(2*size)), base)
	ADDQ(Imm(uint64(2*size)), dst)
	SUBQ(Imm(uint64(size/2)), n)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}
