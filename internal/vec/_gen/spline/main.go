// Command spline writes the kernels that spread points to a mesh and gather a
// field from it.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!noasm")
	spread()
	gather()
	Generate()
}

// A point holds what both kernels need of the mesh.
type point struct {
	lo, most, inv, zero reg.VecVirtual
	stride              reg.GPVirtual // in bytes
	stride3, stride5    reg.GPVirtual
}

// mesh loads the numbers of a Mesh.
func mesh() (p point) {
	m := Load(Param("m"), GP64())
	p.lo, p.most, p.inv, p.zero = XMM(), XMM(), XMM(), XMM()
	VMOVSD(Mem{Base: m}, p.lo)
	VMOVSD(Mem{Base: m, Disp: 12}, p.most)
	VBROADCASTSS(Mem{Base: m, Disp: 8}, p.inv)
	VXORPS(p.zero, p.zero, p.zero)
	p.stride, p.stride3, p.stride5 = GP64(), GP64(), GP64()
	Load(Param("stride"), p.stride)
	SHLQ(Imm(2), p.stride)
	LEAQ(Mem{Base: p.stride, Index: p.stride, Scale: 2}, p.stride3)
	LEAQ(Mem{Base: p.stride, Index: p.stride, Scale: 4}, p.stride5)
	return p
}

// rows returns the addresses of the six rows from base on.
func (p point) rows(base reg.Register) [6]Mem {
	return [6]Mem{
		{Base: base}, {Base: base, Index: p.stride, Scale: 1}, {Base: base, Index: p.stride, Scale: 2},
		{Base: base, Index: p.stride3, Scale: 1}, {Base: base, Index: p.stride, Scale: 4}, {Base: base, Index: p.stride5, Scale: 1},
	}
}

// locate leaves the address of the first node in node and the places in the
// cell, all lanes alike, in tx and ty.
func (p point) locate(at Mem, grid, node reg.Register) (tx, ty reg.VecVirtual) {
	u, c, f := XMM(), XMM(), XMM()
	VMOVSD(at, u)
	VSUBPS(p.lo, u, u)
	VMULPS(p.inv, u, u)
	VMAXPS(p.zero, u, u) // 0 for NaN
	VMINPS(p.most, u, u)
	VCVTTPS2DQ(u, c)
	VCVTDQ2PS(c, f)
	VSUBPS(f, u, u)
	cell, row := GP64(), GP64()
	VMOVD(c, cell.As32()) // column
	VPEXTRD(Imm(1), c, row.As32())
	IMULQ(p.stride, row)
	LEAQ(Mem{Base: row, Index: cell, Scale: 4}, row)
	LEAQ(Mem{Base: grid, Index: row, Scale: 1}, node)
	tx, ty = YMM(), YMM()
	VBROADCASTSS(u, tx)
	VMOVSHDUP(u, u)
	VBROADCASTSS(u, ty)
	return tx, ty
}

// horner evaluates the polynomials of the table at coef.
func horner(coef reg.Register, degree int, t reg.VecVirtual) reg.VecVirtual {
	b := YMM()
	VMOVUPS(Mem{Base: coef, Disp: 32 * degree}, b)
	for d := degree - 1; d >= 0; d-- {
		VFMADD213PS(Mem{Base: coef, Disp: 32 * d}, t, b)
	}
	return b
}

func spread() {
	TEXT("spreadAVX2", NOSPLIT, "func(grid *float32, m *[5]float32, stride int, y, w *float32, order *int32, n int, coef *float32)")
	Pragma("noescape")
	Doc("spreadAVX2 is spreadGo.")
	grid := Load(Param("grid"), GP64())
	y, w := Load(Param("y"), GP64()), Load(Param("w"), GP64())
	order, n := Load(Param("order"), GP64()), Load(Param("n"), GP64())
	coef := Load(Param("coef"), GP64())
	p := mesh()
	local := AllocLocal(32)
	i, node := GP64(), GP64()
	Label("loop")
	MOVLQSX(Mem{Base: order}, i)
	ADDQ(Imm(4), order)
	tx, ty := p.locate(Mem{Base: y, Index: i, Scale: 8}, grid, node)
	bx, by := horner(coef, 5, tx), horner(coef, 5, ty)
	wv := YMM()
	VBROADCASTSS(Mem{Base: w, Index: i, Scale: 4}, wv)
	VMULPS(wv, bx, bx)
	VMOVUPS(by, local)
	for r, a := range p.rows(node) {
		f := YMM()
		VBROADCASTSS(local.Offset(4*r), f)
		VFMADD213PS(a, bx, f)
		VMOVUPS(f, a)
	}
	DECQ(n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

func gather() {
	TEXT("gatherAVX2", NOSPLIT, "func(phi, force, grid *float32, m *[5]float32, stride int, y *float32, half float32, n int, coef, slope *float32)")
	Pragma("noescape")
	Doc("gatherAVX2 is gatherGo for n points.")
	phi, force := Load(Param("phi"), GP64()), Load(Param("force"), GP64())
	grid := Load(Param("grid"), GP64())
	y := Load(Param("y"), GP64())
	half := XMM()
	Load(Param("half"), half)
	VBROADCASTSS(half, half)
	n := Load(Param("n"), GP64())
	coef, slope := Load(Param("coef"), GP64()), Load(Param("slope"), GP64())
	p := mesh()
	local := AllocLocal(64)
	node := GP64()
	Label("loop")
	tx, ty := p.locate(Mem{Base: y}, grid, node)
	ADDQ(Imm(8), y)
	VMOVUPS(horner(coef, 5, ty), local)
	VMOVUPS(horner(slope, 4, ty), local.Offset(32))
	bx, dx := horner(coef, 5, tx), horner(slope, 4, tx)
	s, t := YMM(), YMM()
	for r, a := range p.rows(node) {
		g, b, d := YMM(), YMM(), YMM()
		VMOVUPS(a, g)
		VBROADCASTSS(local.Offset(4*r), b)
		VBROADCASTSS(local.Offset(32+4*r), d)
		if r == 0 {
			VMULPS(g, b, s)
			VMULPS(g, d, t)
		} else {
			VFMADD231PS(g, b, s)
			VFMADD231PS(g, d, t)
		}
	}
	f, fx, fy := YMM(), YMM(), YMM()
	VMULPS(bx, s, f)
	VMULPS(dx, s, fx)
	VMULPS(bx, t, fy)
	for _, v := range []reg.VecVirtual{f, fx, fy} {
		high := XMM()
		VEXTRACTF128(Imm(1), v, high)
		VADDPS(high, v.AsX(), v.AsX())
	}
	a, b := XMM(), XMM()
	VUNPCKLPS(fy.AsX(), fx.AsX(), a)
	VUNPCKHPS(fy.AsX(), fx.AsX(), b)
	VADDPS(b, a, a)
	VMOVHLPS(a, a, b)
	VADDPS(b, a, a)
	VMULPS(half, a, a)
	VMOVSD(a, Mem{Base: force})
	ADDQ(Imm(8), force)
	VMOVHLPS(f.AsX(), f.AsX(), b)
	VADDPS(b, f.AsX(), f.AsX())
	VMOVSHDUP(f.AsX(), b)
	VADDSS(b, f.AsX(), f.AsX())
	VMOVSS(f.AsX(), Mem{Base: phi})
	ADDQ(Imm(4), phi)
	DECQ(n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
