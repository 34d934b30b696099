// Command metric writes the kernels of distances from one row to eight.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!noasm")
	abs := GLOBL("metricAbs", RODATA|NOPTR)
	DATA(0, U64(1<<63-1)) // all bits but the sign
	one := GLOBL("metricOne", RODATA|NOPTR)
	DATA(0, F64(1))
	add := func(a, b reg.VecVirtual) { VADDPD(a, b, b) }
	most := func(a, b reg.VecVirtual) { VMAXPD(a, b, b) }
	for _, l := range []struct {
		name  string
		lanes func() reg.VecVirtual
		parts int
	}{{"AVX512", ZMM, 1}, {"AVX2", YMM, 2}} {
		eight("absDist8", l.name, l.lanes, l.parts, abs, difference, add)
		eight("maxDist8", l.name, l.lanes, l.parts, abs, difference, most)
		eight("dot8", l.name, l.lanes, l.parts, one, func(m Mem, x, _ reg.VecVirtual) { VMULPD(m, x, x) }, add)
		if l.parts == 1 {
			eight("unequal8", l.name, l.lanes, l.parts, one, func(m Mem, x, one reg.VecVirtual) {
				k := K()
				VCMPPD(Imm(4), m, x, k)
				VMOVAPD_Z(one, k, x)
			}, add)
		} else {
			eight("unequal8", l.name, l.lanes, l.parts, one, func(m Mem, x, one reg.VecVirtual) {
				VCMPPD(Imm(4), m, x, x)
				VANDPD(one, x, x)
			}, add)
		}
	}
	Generate()
}

// difference leaves the magnitude of x less m in x.
func difference(m Mem, x, abs reg.VecVirtual) {
	VSUBPD(m, x, x)
	VANDPD(abs, x, x)
}

// eight emits a loop over eight numbers of x at a time, in a vector of its own
// each, against as many of eight rows. step leaves what is to be joined in x.
func eight(name, level string, lanes func() reg.VecVirtual, parts int, constant Mem, step func(m Mem, x, constant reg.VecVirtual), join func(a, b reg.VecVirtual)) {
	TEXT(name+level, NOSPLIT, "func(dst, x, rows *float64, d int)")
	Pragma("noescape")
	Doc(name + level + " is " + name + "Go for a positive multiple of 8 numbers.")
	dst := Load(Param("dst"), GP64())
	with := lanes()
	VBROADCASTSD(constant, with)
	for p := range parts {
		loop := "loop" + string(rune('0'+p))
		x, rows, d := Load(Param("x"), GP64()), Load(Param("rows"), GP64()), Load(Param("d"), GP64())
		var acc [8]reg.VecVirtual
		for i := range acc {
			acc[i] = lanes()
			if parts == 1 {
				VPXORQ(acc[i], acc[i], acc[i])
			} else {
				VXORPD(acc[i], acc[i], acc[i])
			}
		}
		Label(loop)
		for i := range acc {
			v := lanes()
			VBROADCASTSD(Mem{Base: x, Disp: 8 * i}, v)
			step(Mem{Base: rows, Disp: 64*i + 32*p}, v, with)
			join(v, acc[i])
		}
		ADDQ(Imm(64), x)
		ADDQ(U32(512), rows)
		SUBQ(Imm(8), d)
		JNZ(LabelRef(loop))
		// ((0+4)+(2+6))+((1+5)+(3+7))
		for _, pair := range [][2]int{{4, 0}, {6, 2}, {5, 1}, {7, 3}, {2, 0}, {3, 1}, {1, 0}} {
			join(acc[pair[0]], acc[pair[1]])
		}
		VMOVUPD(acc[0], Mem{Base: dst, Disp: 32 * p})
	}
	VZEROUPPER()
	RET()
}
