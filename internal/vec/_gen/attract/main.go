// Command attract writes the kernels that sum over the entries of a sparse
// matrix of affinities. Entry e of a row is in lane e mod 16 at both levels.
package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

type level struct {
	name   string
	vec    func() reg.VecVirtual
	halves int
}

func main() {
	ConstraintExpr("amd64,!noasm")
	masks := GLOBL("attractMasks", RODATA|NOPTR)
	for i := range 32 {
		v := uint32(0)
		if i < 16 {
			v = math.MaxUint32
		}
		DATA(4*i, U32(v))
	}
	split := GLOBL("attractSplit", RODATA|NOPTR) // the even, then the odd numbers of two vectors
	for i := range 32 {
		DATA(4*i, U32(uint32(2*i%32+i/16)))
	}
	for _, l := range []level{{"AVX512", ZMM, 1}, {"AVX2", YMM, 2}} {
		for _, log := range []bool{false, true} {
			kernel(l, log, masks, split)
		}
	}
	Generate()
}

// ahead is how many bytes before their use entries are fetched.
const ahead = 1024

var numbers = map[uint32]Mem{}

// number is the address of a float32 in memory.
func number(v float64) Mem { return bits(math.Float32bits(float32(v))) }
func bits(b uint32) Mem {
	m, ok := numbers[b]
	if !ok {
		m = GLOBL(fmt.Sprintf("attract_%08x", b), RODATA|NOPTR)
		DATA(0, U32(b))
		numbers[b] = m
	}
	return m
}

func kernel(l level, log bool, masks, split Mem) {
	name := "attract" + l.name
	if log {
		name = "attractLog" + l.name
		TEXT(name, NOSPLIT, "func(ptr *int64, col *int32, val, y, yi *float32, inv float32, n int) float64")
	} else {
		TEXT(name, NOSPLIT, "func(dst *float32, ptr *int64, col *int32, val, y, yi *float32, inv float32, n int)")
	}
	Pragma("noescape")
	Doc(name + " sums n rows; yi is the position of the first.")
	var dst reg.GPVirtual
	if !log {
		dst = Load(Param("dst"), GP64()).(reg.GPVirtual)
	}
	ptr, col, val := Load(Param("ptr"), GP64()), Load(Param("col"), GP64()), Load(Param("val"), GP64())
	y, yi := Load(Param("y"), GP64()), Load(Param("yi"), GP64())
	inv := l.vec()
	invMem := NewParamAddr("inv", 48)
	if log {
		invMem = NewParamAddr("inv", 40)
	}
	VBROADCASTSS(invMem, inv)
	n := Load(Param("n"), GP64())
	one := l.vec()
	VBROADCASTSS(number(1), one)
	total := XMM()
	if log {
		VXORPD(total, total, total)
	}
	var even, odd reg.VecVirtual
	if l.halves == 1 {
		even, odd = ZMM(), ZMM()
		VMOVDQU32(split, even)
		VMOVDQU32(split.Offset(64), odd)
	}
	var table reg.GPVirtual
	var local Mem
	if l.halves == 2 {
		table = GP64()
		LEAQ(masks, table)
		local = AllocLocal(64)
	}
	e, end := GP64(), GP64()

	Label("row")
	MOVQ(Mem{Base: ptr}, e)
	MOVQ(Mem{Base: ptr, Disp: 8}, end)
	ADDQ(Imm(8), ptr)
	x0, y0 := l.vec(), l.vec()
	VBROADCASTSS(Mem{Base: yi}, x0)
	VBROADCASTSS(Mem{Base: yi, Disp: 4}, y0)
	ADDQ(Imm(8), yi)
	var ax, ay [2]reg.VecVirtual
	for h := range l.halves {
		ax[h], ay[h] = l.vec(), l.vec()
		zero(ax[h])
		zero(ay[h])
	}
	// accumulate adds the entries at the positions xs, ys with values v.
	accumulate := func(h int, xs, ys, v reg.VecVirtual) {
		VSUBPS(xs, x0, xs)
		VSUBPS(ys, y0, ys)
		d2 := l.vec()
		VMULPS(xs, xs, d2)
		VFMADD231PS(ys, ys, d2)
		VFMADD213PS(one, inv, d2) // 1 + inv·r²
		if log {
			VFMADD231PS(logarithm(l, d2, one), v, ax[h])
			return
		}
		VDIVPS(d2, v, v)
		VFMADD231PS(v, xs, ax[h])
		VFMADD231PS(v, ys, ay[h])
	}
	left := GP64()
	MOVQ(end, left)
	SUBQ(e, left)
	SUBQ(Imm(16), left)
	JLT(LabelRef("tail"))
	Label("loop")
	// The prefetchers of the processor stop at the end of a page.
	PREFETCHNTA(Mem{Base: col, Index: e, Scale: 4, Disp: ahead})
	PREFETCHNTA(Mem{Base: val, Index: e, Scale: 4, Disp: ahead})
	if l.halves == 1 {
		i0, i1, v := YMM(), YMM(), ZMM()
		VMOVDQU(Mem{Base: col, Index: e, Scale: 4}, i0)
		VMOVDQU(Mem{Base: col, Index: e, Scale: 4, Disp: 32}, i1)
		VMOVUPS(Mem{Base: val, Index: e, Scale: 4}, v)
		xs, ys := gatherWide(y, i0, i1, even, odd)
		accumulate(0, xs, ys, v)
	} else {
		for h := range 2 {
			v := YMM()
			xs, ys := gatherScalar(y, func(k int) Mem { return Mem{Base: col, Index: e, Scale: 4, Disp: 32*h + 4*k} })
			VMOVUPS(Mem{Base: val, Index: e, Scale: 4, Disp: 32 * h}, v)
			accumulate(h, xs, ys, v)
		}
	}
	ADDQ(Imm(16), e)
	SUBQ(Imm(16), left)
	JGE(LabelRef("loop"))
	Label("tail")
	ADDQ(Imm(16), left)
	JZ(LabelRef("sum"))
	// The rest of the row: entries beyond it count as point 0 with value 0.
	if l.halves == 1 {
		cl, ones := reg.RCX, GP64()
		MOVQ(left, cl)
		MOVQ(U32(1), ones)
		SHLQ(reg.CL, ones)
		DECQ(ones)
		k0, k1 := K(), K()
		KMOVW(ones.As32(), k0)
		SHRQ(Imm(8), ones)
		KMOVW(ones.As32(), k1)
		i0, i1, v := YMM(), YMM(), ZMM()
		VMOVDQU32_Z(Mem{Base: col, Index: e, Scale: 4}, k0, i0)
		VMOVDQU32_Z(Mem{Base: col, Index: e, Scale: 4, Disp: 32}, k1, i1)
		VMOVUPS_Z(Mem{Base: val, Index: e, Scale: 4}, k0, v)
		xs, ys := gatherWide(y, i0, i1, even, odd)
		accumulate(0, xs, ys, v)
	} else {
		at := GP64()
		MOVQ(left, at)
		NEGQ(at)
		for h := range 2 {
			mask, c, v := YMM(), YMM(), YMM()
			VMOVDQU(Mem{Base: table, Index: at, Scale: 4, Disp: 64 + 32*h}, mask)
			VPMASKMOVD(Mem{Base: col, Index: e, Scale: 4, Disp: 32 * h}, mask, c)
			VMASKMOVPS(Mem{Base: val, Index: e, Scale: 4, Disp: 32 * h}, mask, v)
			VMOVDQU(c, local)
			xs, ys := gatherScalar(y, func(k int) Mem { return local.Offset(4 * k) })
			accumulate(h, xs, ys, v)
		}
	}
	Label("sum")
	fold := func(a [2]reg.VecVirtual) reg.VecVirtual { // lanes k and k+8, then k and k+4
		s := YMM()
		if l.halves == 1 {
			VEXTRACTF64X4(Imm(1), a[0], s)
			VADDPS(s, a[0].AsY(), s)
		} else {
			VADDPS(a[1], a[0], s)
		}
		high := XMM()
		VEXTRACTF128(Imm(1), s, high)
		VADDPS(high, s.AsX(), s.AsX())
		return s.AsX().(reg.VecVirtual)
	}
	if log {
		s, b := fold(ax), XMM()
		VMOVHLPS(s, s, b)
		VADDPS(b, s, s)
		VMOVSHDUP(s, b)
		VADDSS(b, s, s)
		VCVTSS2SD(s, s, s)
		VADDSD(s, total, total)
	} else {
		fx, fy := fold(ax), fold(ay)
		a, b := XMM(), XMM()
		VUNPCKLPS(fy, fx, a)
		VUNPCKHPS(fy, fx, b)
		VADDPS(b, a, a)
		VMOVHLPS(a, a, b)
		VADDPS(b, a, a)
		VMOVSD(a, Mem{Base: dst})
		ADDQ(Imm(8), dst)
	}
	DECQ(n)
	JNZ(LabelRef("row"))
	if log {
		Store(total, ReturnIndex(0))
	}
	VZEROUPPER()
	RET()
}

func zero(v reg.VecVirtual) {
	if v.Size() == 64 {
		VPXORD(v, v, v)
	} else {
		VXORPS(v, v, v)
	}
}

// gatherWide returns the x and the y of 16 points.
func gatherWide(y reg.Register, i0, i1, even, odd reg.VecVirtual) (xs, ys reg.VecVirtual) {
	a, b := ZMM(), ZMM()
	VPXORD(a, a, a) // gathers must not wait for what was there
	VPXORD(b, b, b)
	k := K()
	KXNORW(k, k, k)
	VGATHERDPD(Mem{Base: y, Index: i0, Scale: 8}, k, a)
	k = K()
	KXNORW(k, k, k)
	VGATHERDPD(Mem{Base: y, Index: i1, Scale: 8}, k, b)
	xs, ys = ZMM(), ZMM()
	VMOVDQA32(even, xs)
	VMOVDQA32(odd, ys)
	VPERMI2PS(b, a, xs)
	VPERMI2PS(b, a, ys)
	return xs, ys
}

// gatherScalar returns the x and the y of the 8 points whose indices are at
// index(0 … 7).
func gatherScalar(y reg.Register, index func(k int) Mem) (xs, ys reg.VecVirtual) {
	pair := func(k int) reg.VecVirtual {
		i, j, x := GP64(), GP64(), XMM()
		MOVLQSX(index(k), i)
		MOVLQSX(index(k+1), j)
		VMOVSD(Mem{Base: y, Index: i, Scale: 8}, x)
		VMOVHPS(Mem{Base: y, Index: j, Scale: 8}, x, x)
		return x
	}
	a, b := YMM(), YMM()
	VINSERTF128(Imm(1), pair(4), pair(0).AsY(), a)
	VINSERTF128(Imm(1), pair(6), pair(2).AsY(), b)
	xs, ys = YMM(), YMM()
	VSHUFPS(Imm(0x88), b, a, xs)
	VSHUFPS(Imm(0xdd), b, a, ys)
	return xs, ys
}

// logarithm returns ln x for x ≥ 1, with the polynomial of Cephes' logf, whose
// error is below 2 units in the last place.
func logarithm(l level, x, one reg.VecVirtual) reg.VecVirtual {
	e, f, t := l.vec(), l.vec(), l.vec()
	broadcast := func(m Mem) reg.VecVirtual { c := l.vec(); VBROADCASTSS(m, c); return c }
	VPSUBD(broadcast(bits(math.Float32bits(math.Sqrt2/2))), x, e)
	if l.halves == 1 {
		VPSRAD(Imm(23), e, e)
	} else {
		VPSRAD(Imm(23), e, e)
	}
	VPSLLD(Imm(23), e, t)
	VPSUBD(t, x, f) // x / 2^e in [√½, √2)
	VCVTDQ2PS(e, e)
	VSUBPS(one, f, f)
	p := broadcast(number(7.0376836292e-2))
	for _, c := range []float64{
		-1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
		-1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1, -0.5,
	} {
		VFMADD213PS(broadcast(number(c)), f, p)
	}
	// ln = e ln 2 + f + f² p
	VMULPS(f, f, t)
	VFMADD213PS(f, t, p)
	VFMADD231PS(broadcast(number(math.Ln2)), e, p)
	return p
}
