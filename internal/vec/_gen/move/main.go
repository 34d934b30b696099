// Command move writes the kernels that move points down a gradient and that
// centre them. They use no fused operations.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!noasm")
	move()
	center()
	Generate()
}

// Offsets in a Motion.
const (
	rho = 4 * iota
	invZ
	eta
	momentum
	most
	most2
	limit
	negLimit
)

// number is the address of a vector of one number.
func number(name string, v float32) Mem {
	m := GLOBL("move_"+name, RODATA|NOPTR)
	for i := range 8 {
		DATA(4*i, F32(v))
	}
	return m
}

// move emits moveGo for groups of four points of two coordinates.
func move() {
	more, less, plus := number("more", 0.2), number("less", 0.8), number("plus", 0.01)
	TEXT("moveAVX2", NOSPLIT, "func(next, y, v, gain, attr, force, w, m *float32, s *float64, groups int)")
	Pragma("noescape")
	Doc("moveAVX2 is moveGo for groups of four points in the plane.")
	next, y := Load(Param("next"), GP64()), Load(Param("y"), GP64())
	v, gain := Load(Param("v"), GP64()), Load(Param("gain"), GP64())
	attr, force := Load(Param("attr"), GP64()), Load(Param("force"), GP64())
	w, m, s := Load(Param("w"), GP64()), Load(Param("m"), GP64()), Load(Param("s"), GP64())
	n := Load(Param("groups"), GP64())
	param := func(at int) reg.VecVirtual {
		r := YMM()
		VBROADCASTSS(Mem{Base: m, Disp: at}, r)
		return r
	}
	mean, norm := XMM(), XMM()
	VMOVUPD(Mem{Base: s}, mean)
	VMOVSD(Mem{Base: s, Disp: 24}, norm)
	zero := YMM()
	VXORPS(zero, zero, zero)
	at := GP64()
	XORQ(at, at)

	Label("loop")
	pairs := func(p reg.Register) Mem { return Mem{Base: p, Index: at, Scale: 8} }
	// Each weight twice.
	w4, low, high, ww := XMM(), XMM(), XMM(), YMM()
	VMOVUPS(Mem{Base: w, Index: at, Scale: 4}, w4)
	VUNPCKLPS(w4, w4, low)
	VUNPCKHPS(w4, w4, high)
	VINSERTF128(Imm(1), high, low.AsY(), ww)
	// The gradient.
	g, f := param(rho), param(invZ)
	VDIVPS(ww, g, g)
	VMULPS(pairs(attr), g, g)
	VMULPS(pairs(force), f, f)
	VSUBPS(f, g, g)
	// Gains: signs differ, where zero has one of its own.
	u, k := YMM(), YMM()
	VMOVUPS(pairs(v), u)
	VMOVUPS(pairs(gain), k)
	differ, none, b, other := YMM(), YMM(), YMM(), YMM()
	VXORPS(u, g, differ) // its sign is what blends look at
	VCMPPS(Imm(0), zero, u, none)
	VCMPPS(Imm(0), zero, g, b)
	VORPS(b, none, none)
	VCMPPS(Imm(4), g, u, other)
	VBLENDVPS(none, other, differ, differ)
	grown := YMM()
	VADDPS(more, k, grown)
	VMULPS(less, k, k)
	VADDPS(plus, k, k)
	VBLENDVPS(differ, grown, k, k)
	VMOVUPS(k, pairs(gain))
	// Velocities.
	step := param(eta)
	VMULPS(k, step, step)
	VMULPS(g, step, step)
	VMULPS(param(momentum), u, u)
	VSUBPS(step, u, u)
	VMAXPS(u, param(negLimit), u) // the second operand, u, if it is NaN
	VMINPS(u, param(limit), u)
	sum2 := func(x reg.VecVirtual) reg.VecVirtual { // of a point's squares
		a, b := YMM(), YMM()
		VMULPS(x, x, a)
		VPERMILPS(Imm(0xb1), a, b)
		VADDPS(b, a, a)
		return a
	}
	len2 := sum2(u)
	long, cut := YMM(), param(most)
	VCMPPS(Imm(30), param(most2), len2, long)
	VSQRTPS(len2, len2)
	VDIVPS(len2, cut, cut)
	VMULPS(cut, u, cut)
	VBLENDVPS(long, cut, u, u)
	VMOVUPS(u, pairs(v))
	VADDPS(pairs(y), u, u)
	VMOVUPS(u, pairs(next))
	// The sums, in the order of the points.
	g2 := sum2(g)
	for h := range 2 {
		part := func(x reg.VecVirtual) reg.VecVirtual {
			half, d := x.AsX(), YMM()
			if h == 1 {
				t := XMM()
				VEXTRACTF128(Imm(1), x, t)
				half = t
			}
			VCVTPS2PD(half, d)
			return d
		}
		wd, yd, gd := part(ww), part(u), part(g2)
		VMULPD(wd, yd, yd)
		VMULPD(wd, gd, gd)
		for _, sum := range []struct{ to, x reg.VecVirtual }{{mean, yd}, {norm, gd}} {
			t := XMM()
			VADDPD(sum.x.AsX(), sum.to, sum.to)
			VEXTRACTF128(Imm(1), sum.x, t)
			VADDPD(t, sum.to, sum.to)
		}
	}
	ADDQ(Imm(4), at)
	DECQ(n)
	JNZ(LabelRef("loop"))
	VMOVUPD(mean, Mem{Base: s})
	VMOVSD(norm, Mem{Base: s, Disp: 24})
	VZEROUPPER()
	RET()
}

// center emits centerGo for groups of two points of two coordinates.
func center() {
	TEXT("centerAVX2", NOSPLIT, "func(y, next *float32, mean *[3]float64, out *[5]float32, groups int)")
	Pragma("noescape")
	Doc("centerAVX2 is centerGo for groups of two points in the plane. It sets out",
		"to the lower and upper bounds and a number that is not 0 if some coordinate", "is not finite.")
	y, next := Load(Param("y"), GP64()), Load(Param("next"), GP64())
	m, out, n := Load(Param("mean"), GP64()), Load(Param("out"), GP64()), Load(Param("groups"), GP64())
	mean, low, high, bad := YMM(), XMM(), XMM(), XMM()
	VBROADCASTF128(Mem{Base: m}, mean)
	VXORPS(bad, bad, bad)
	first := GP64()
	MOVQ(n, first)
	Label("loop")
	d, v := YMM(), XMM()
	VCVTPS2PD(Mem{Base: next}, d)
	VSUBPD(mean, d, d)
	VCVTPD2PSY(d, v)
	VMOVUPS(v, Mem{Base: y})
	CMPQ(first, n)
	JNE(LabelRef("more"))
	VMOVAPS(v, low)
	VMOVAPS(v, high)
	Label("more")
	VMINPS(v, low, low)
	VMAXPS(v, high, high)
	VSUBPS(v, v, v) // 0, or NaN
	VORPS(v, bad, bad)
	ADDQ(Imm(16), next)
	ADDQ(Imm(16), y)
	DECQ(n)
	JNZ(LabelRef("loop"))
	t := XMM()
	VMOVHLPS(low, low, t)
	VMINPS(t, low, low)
	VMOVSD(low, Mem{Base: out})
	VMOVHLPS(high, high, t)
	VMAXPS(t, high, high)
	VMOVSD(high, Mem{Base: out, Disp: 8})
	VMOVHLPS(bad, bad, t)
	VORPS(t, bad, bad)
	VMOVSHDUP(bad, t)
	VORPS(t, bad, bad)
	VMOVSS(bad, Mem{Base: out, Disp: 16})
	VZEROUPPER()
	RET()
}
