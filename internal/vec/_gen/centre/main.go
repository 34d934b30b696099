// Command centre writes the kernels that copy rows less their mean.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const flushBits = (127 - 60) << 23 // 2⁻⁶⁰

func main() {
	ConstraintExpr("amd64,!noasm")
	centre("centreRowAVX512", ZMM, YMM, 8)
	centre("centreRowAVX2", YMM, XMM, 4)
	Generate()
}

func centre(name string, wide, narrow func() reg.VecVirtual, lanes int) {
	TEXT(name, NOSPLIT, "func(dst, x *float32, mean *float64, scale float64, by float32, n int)")
	Pragma("noescape")
	Doc(name + " is CentreRow for n numbers, a multiple of its lanes.")
	dst, x, mean, n := Load(Param("dst"), GP64()), Load(Param("x"), GP64()), Load(Param("mean"), GP64()), Load(Param("n"), GP64())
	scale, by, abs, least := wide(), narrow(), narrow(), narrow()
	VBROADCASTSD(NewParamAddr("scale", 24), scale)
	VBROADCASTSS(NewParamAddr("by", 32), by)
	g, t := GP32(), XMM()
	MOVL(U32(0x7fffffff), g)
	VMOVD(g, t)
	VPBROADCASTD(t, abs)
	MOVL(U32(flushBits), g)
	VMOVD(g, t)
	VPBROADCASTD(t, least)
	v, f, m := wide(), narrow(), narrow()
	Label("loop")
	VCVTPS2PD(Mem{Base: x}, v)
	VSUBPD(Mem{Base: mean}, v, v)
	VMULPD(scale, v, v)
	if lanes == 8 {
		VCVTPD2PS(v, f)
	} else {
		VCVTPD2PSY(v, f)
	}
	VPAND(abs, f, m)
	VPCMPGTD(m, least, m)
	VPANDN(f, m, f)
	VMULPS(by, f, f)
	VMOVUPS(f, Mem{Base: dst})
	ADDQ(Imm(uint64(4*lanes)), x)
	ADDQ(Imm(uint64(8*lanes)), mean)
	ADDQ(Imm(uint64(4*lanes)), dst)
	SUBQ(Imm(uint64(lanes)), n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
