// Command fft writes the butterflies of the Fourier transforms and the steps
// between them. A row is 128 bytes: 16 real parts, then 16 imaginary ones.
package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A level says how vectors are made: AVX-512 takes a row's real parts at once,
// AVX2 in two halves.
type level struct {
	name   string
	vec    func() reg.VecVirtual
	halves int
	hoist  bool // keep twiddles in registers
}

func main() {
	ConstraintExpr("amd64,!noasm")
	zmm := level{"AVX512", ZMM, 1, true}
	ymm := level{"AVX2", YMM, 2, false}
	for _, l := range []level{zmm, ymm} {
		for _, radix := range []int{2, 3, 4, 5} {
			stage(l, radix)
		}
		untangle(l)
		tangle(l)
		mulEven(l)
	}
	turnBlocks()
	Generate()
}

type complexVec struct{ re, im reg.VecVirtual }

// A complexOp is a complexVec or two places in memory.
type complexOp struct{ re, im Op }

func (l level) complex() complexVec { return complexVec{l.vec(), l.vec()} }

func add(a, b reg.VecVirtual, l level) reg.VecVirtual { d := l.vec(); VADDPS(b, a, d); return d }
func sub(a, b reg.VecVirtual, l level) reg.VecVirtual { d := l.vec(); VSUBPS(b, a, d); return d }
func cadd(a, b complexVec, l level) complexVec {
	return complexVec{add(a.re, b.re, l), add(a.im, b.im, l)}
}
func csub(a, b complexVec, l level) complexVec {
	return complexVec{sub(a.re, b.re, l), sub(a.im, b.im, l)}
}

// minusI returns a − i·b, plusI a + i·b.
func minusI(a, b complexVec, l level) complexVec {
	return complexVec{add(a.re, b.im, l), sub(a.im, b.re, l)}
}
func plusI(a, b complexVec, l level) complexVec {
	return complexVec{sub(a.re, b.im, l), add(a.im, b.re, l)}
}

// stage emits one pass of radix over np×nq butterflies; see fftStage.run.
func stage(l level, radix int) {
	TEXT(fmt.Sprintf("fft%d%s", radix, l.name), NOSPLIT, "func(y, x, tw *float32, np, nq, ystep, yp, xstep, xp int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("fft%d%s is a stage of radix %d.", radix, l.name, radix))
	y, x, tw := Load(Param("y"), GP64()), Load(Param("x"), GP64()), Load(Param("tw"), GP64())
	m, s := Load(Param("np"), GP64()), Load(Param("nq"), GP64())
	ostep, yskip := Load(Param("ystep"), GP64()), Load(Param("yp"), GP64())
	istep, xskip := Load(Param("xstep"), GP64()), Load(Param("xp"), GP64())
	for _, r := range []reg.Register{yskip, xskip} { // from the end of a p to the next
		SUBQ(s, r)
	}
	for _, r := range []reg.Register{ostep, istep, yskip, xskip} {
		SHLQ(Imm(7), r)
	}
	in := []Mem{{Base: x}, {Base: x, Index: istep, Scale: 1}, {Base: x, Index: istep, Scale: 2}, {}, {Base: x, Index: istep, Scale: 4}}
	out := []Mem{{Base: y}, {Base: y, Index: ostep, Scale: 1}, {Base: y, Index: ostep, Scale: 2}, {}, {Base: y, Index: ostep, Scale: 4}}
	if radix > 3 {
		istep3, ostep3 := GP64(), GP64()
		LEAQ(Mem{Base: istep, Index: istep, Scale: 2}, istep3)
		LEAQ(Mem{Base: ostep, Index: ostep, Scale: 2}, ostep3)
		in[3] = Mem{Base: x, Index: istep3, Scale: 1}
		out[3] = Mem{Base: y, Index: ostep3, Scale: 1}
	}
	constant := func(v float64) func() reg.VecVirtual {
		c := GLOBL(fmt.Sprintf("fft%d%s_%x", radix, l.name, math.Float32bits(float32(v))), RODATA|NOPTR)
		DATA(0, F32(v))
		if l.hoist {
			r := l.vec()
			VBROADCASTSS(c, r)
			return func() reg.VecVirtual { return r }
		}
		return func() reg.VecVirtual { r := l.vec(); VBROADCASTSS(c, r); return r }
	}
	var half, root3, c1, c2, s1, s2 func() reg.VecVirtual
	switch radix {
	case 3:
		half, root3 = constant(0.5), constant(math.Sqrt(3)/2)
	case 5:
		c1, c2 = constant(0.30901699437494742410), constant(-0.80901699437494742410)
		s1, s2 = constant(0.95105651629515357212), constant(0.58778525229247312917)
	}

	Label("p")
	q := GP64()
	MOVQ(s, q)
	twiddles := make([]complexVec, radix)
	if l.hoist {
		for i := 1; i < radix; i++ {
			twiddles[i] = l.complex()
			VBROADCASTSS(Mem{Base: tw, Disp: 8 * (i - 1)}, twiddles[i].re)
			VBROADCASTSS(Mem{Base: tw, Disp: 8*(i-1) + 4}, twiddles[i].im)
		}
	}
	Label("q")
	for h := range l.halves {
		at := func(i int) complexOp {
			re, im := in[i], in[i]
			re.Disp, im.Disp = 32*h, 32*h+64
			return complexOp{re, im}
		}
		load := func(i int) complexVec {
			c, a := l.complex(), at(i)
			VMOVUPS(a.re, c.re)
			VMOVUPS(a.im, c.im)
			return c
		}
		store := func(i int, c complexVec) {
			a := out[i]
			a.Disp = 32 * h
			VMOVUPS(c.re, a)
			a.Disp += 64
			VMOVUPS(c.im, a)
		}
		turn := func(i int, c complexVec) { // times the twiddle
			w := twiddles[i]
			if !l.hoist {
				w = l.complex()
				VBROADCASTSS(Mem{Base: tw, Disp: 8 * (i - 1)}, w.re)
				VBROADCASTSS(Mem{Base: tw, Disp: 8*(i-1) + 4}, w.im)
			}
			re, im := l.vec(), l.vec()
			VMULPS(w.im, c.im, re)
			VMULPS(w.re, c.im, im)
			VFMSUB231PS(w.re, c.re, re) // c.re·w.re − c.im·w.im
			VFMADD231PS(w.im, c.re, im)
			store(i, complexVec{re, im})
		}
		switch radix {
		case 2:
			a, b := load(0), load(1)
			store(0, cadd(a, b, l))
			turn(1, csub(a, b, l))
		case 3:
			a, b, c := load(0), load(1), load(2)
			sum, diff := cadd(b, c, l), csub(b, c, l)
			store(0, cadd(a, sum, l))
			hv := half()
			VFNMADD231PS(hv, sum.re, a.re)
			VFNMADD231PS(hv, sum.im, a.im)
			rv := root3()
			VMULPS(rv, diff.re, diff.re)
			VMULPS(rv, diff.im, diff.im)
			turn(1, minusI(a, diff, l))
			turn(2, plusI(a, diff, l))
		case 4:
			x0, x2 := load(0), load(2)
			a, b := cadd(x0, x2, l), csub(x0, x2, l)
			x1, x3 := load(1), load(3)
			c, d := cadd(x1, x3, l), csub(x1, x3, l)
			store(0, cadd(a, c, l))
			turn(2, csub(a, c, l))
			turn(1, minusI(b, d, l))
			turn(3, plusI(b, d, l))
		case 5:
			// AVX2 has 16 registers: p and d take eight, m and n four, a
			// twiddle and its product four. So x0 is read where it is needed,
			// row 0 is stored last, and m and n are joined in place.
			x0 := at(0)
			if l.hoist {
				c := load(0)
				x0 = complexOp{c.re, c.im}
			}
			x1, x4 := load(1), load(4)
			p1, d1 := cadd(x1, x4, l), csub(x1, x4, l)
			x2, x3 := load(2), load(3)
			p2, d2 := cadd(x2, x3, l), csub(x2, x3, l)
			even := func(ka, kb func() reg.VecVirtual) complexVec { // x0 + ka·p1 + kb·p2
				r := l.complex()
				VMOVUPS(x0.re, r.re)
				VMOVUPS(x0.im, r.im)
				va := ka()
				VFMADD231PS(va, p1.re, r.re)
				VFMADD231PS(va, p1.im, r.im)
				vb := kb()
				VFMADD231PS(vb, p2.re, r.re)
				VFMADD231PS(vb, p2.im, r.im)
				return r
			}
			odd := func(ka, kb func() reg.VecVirtual, minus bool) complexVec { // ka·d1 ± kb·d2
				r := l.complex()
				va := ka()
				VMULPS(va, d1.re, r.re)
				VMULPS(va, d1.im, r.im)
				vb := kb()
				if minus {
					VFNMADD231PS(vb, d2.re, r.re)
					VFNMADD231PS(vb, d2.im, r.im)
				} else {
					VFMADD231PS(vb, d2.re, r.re)
					VFMADD231PS(vb, d2.im, r.im)
				}
				return r
			}
			// join stores m − i·n, turned, in row i and m + i·n in row j.
			join := func(i, j int, m, n complexVec) {
				re := add(m.re, n.im, l)
				VSUBPS(n.im, m.re, m.re)
				im := sub(m.im, n.re, l)
				VADDPS(n.re, m.im, m.im)
				turn(i, complexVec{re, im})
				turn(j, m)
			}
			join(1, 4, even(c1, c2), odd(s1, s2, false))
			join(2, 3, even(c2, c1), odd(s2, s1, true))
			VADDPS(x0.re, p1.re, p1.re)
			VADDPS(x0.im, p1.im, p1.im)
			store(0, cadd(p1, p2, l))
		}
	}
	ADDQ(Imm(128), x)
	ADDQ(Imm(128), y)
	DECQ(q)
	JNZ(LabelRef("q"))
	ADDQ(yskip, y)
	ADDQ(xskip, x)
	ADDQ(Imm(uint64(8*(radix-1))), tw)
	DECQ(m)
	JNZ(LabelRef("p"))
	VZEROUPPER()
	RET()
}

// untangle emits the loop over k from 0 to n/2 of untangleGo.
func untangle(l level) {
	TEXT("untangle"+l.name, NOSPLIT, "func(re, im *float32, stride int, z *float32, n int)")
	Pragma("noescape")
	Doc("untangle" + l.name + " is untangleGo.")
	re, im := Load(Param("re"), GP64()), Load(Param("im"), GP64())
	stride, z, n := Load(Param("stride"), GP64()), Load(Param("z"), GP64()), Load(Param("n"), GP64())
	SHLQ(Imm(2), stride)
	k, a, b := GP64(), GP64(), GP64()
	MOVQ(z, a)
	MOVQ(z, b) // row 0 meets itself
	MOVQ(n, k)
	SHRQ(Imm(1), k)
	INCQ(k)
	SHLQ(Imm(7), n)
	ADDQ(n, z)
	Label("loop")
	for h := range l.halves {
		ar, ai, br, bi := l.vec(), l.vec(), l.vec(), l.vec()
		VMOVUPS(Mem{Base: a, Disp: 32 * h}, ar)
		VMOVUPS(Mem{Base: a, Disp: 32*h + 64}, ai)
		VMOVUPS(Mem{Base: b, Disp: 32 * h}, br)
		VMOVUPS(Mem{Base: b, Disp: 32*h + 64}, bi)
		VMOVUPS(add(ar, br, l), Mem{Base: re, Disp: 32 * h})
		VMOVUPS(sub(ai, bi, l), Mem{Base: im, Disp: 32 * h})
		VMOVUPS(add(ai, bi, l), Mem{Base: re, Disp: 32*h + 64})
		VMOVUPS(sub(br, ar, l), Mem{Base: im, Disp: 32*h + 64})
	}
	ADDQ(stride, re)
	ADDQ(stride, im)
	ADDQ(Imm(128), a)
	SUBQ(Imm(128), z)
	MOVQ(z, b)
	DECQ(k)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// tangle emits the loop over k from 0 to n/2 of tangleGo. Row n/2 (and row 0)
// is written for b, then for a, as there.
func tangle(l level) {
	TEXT("tangle"+l.name, NOSPLIT, "func(z, re, im *float32, stride, n int)")
	Pragma("noescape")
	Doc("tangle" + l.name + " is tangleGo.")
	z, re, im := Load(Param("z"), GP64()), Load(Param("re"), GP64()), Load(Param("im"), GP64())
	stride, n := Load(Param("stride"), GP64()), Load(Param("n"), GP64())
	SHLQ(Imm(2), stride)
	k, a, b := GP64(), GP64(), GP64()
	MOVQ(z, a)
	MOVQ(z, b)
	MOVQ(n, k)
	SHRQ(Imm(1), k)
	INCQ(k)
	SHLQ(Imm(7), n)
	ADDQ(n, z)
	Label("loop")
	for h := range l.halves {
		ar, ai, br, bi := l.vec(), l.vec(), l.vec(), l.vec()
		VMOVUPS(Mem{Base: re, Disp: 32 * h}, ar)
		VMOVUPS(Mem{Base: im, Disp: 32 * h}, ai)
		VMOVUPS(Mem{Base: re, Disp: 32*h + 64}, br)
		VMOVUPS(Mem{Base: im, Disp: 32*h + 64}, bi)
		VMOVUPS(sub(ar, bi, l), Mem{Base: b, Disp: 32 * h})
		VMOVUPS(add(br, ai, l), Mem{Base: b, Disp: 32*h + 64})
		VMOVUPS(add(ar, bi, l), Mem{Base: a, Disp: 32 * h})
		VMOVUPS(sub(br, ai, l), Mem{Base: a, Disp: 32*h + 64})
	}
	ADDQ(stride, re)
	ADDQ(stride, im)
	ADDQ(Imm(128), a)
	SUBQ(Imm(128), z)
	MOVQ(z, b)
	DECQ(k)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// mulEven emits mulEvenGo: factors forwards up to n/2, then backwards.
func mulEven(l level) {
	TEXT("mulEven"+l.name, NOSPLIT, "func(z, k *float32, n int)")
	Pragma("noescape")
	Doc("mulEven" + l.name + " is mulEvenGo.")
	z, k, n := Load(Param("z"), GP64()), Load(Param("k"), GP64()), Load(Param("n"), GP64())
	c := GP64()
	MOVQ(n, c)
	SHRQ(Imm(1), c)
	SUBQ(c, n)
	INCQ(c) // rows up to n/2
	DECQ(n) // rows after
	body := func() {
		for h := range l.halves {
			f, a, b := l.vec(), l.vec(), l.vec()
			VMOVUPS(Mem{Base: k, Disp: 32 * h}, f)
			VMULPS(Mem{Base: z, Disp: 32 * h}, f, a)
			VMULPS(Mem{Base: z, Disp: 32*h + 64}, f, b)
			VMOVUPS(b, Mem{Base: z, Disp: 32 * h})
			VMOVUPS(a, Mem{Base: z, Disp: 32*h + 64})
		}
		ADDQ(Imm(128), z)
	}
	Label("up")
	body()
	ADDQ(Imm(64), k)
	DECQ(c)
	JNZ(LabelRef("up"))
	SUBQ(Imm(128), k) // n is even: row n/2+1 has the factor of row n/2−1
	TESTQ(n, n)
	JLE(LabelRef("done"))
	Label("down")
	body()
	SUBQ(Imm(64), k)
	DECQ(n)
	JNZ(LabelRef("down"))
	Label("done")
	VZEROUPPER()
	RET()
}

// turnBlocks emits transposes of 16×16 blocks in parts of 8×8.
func turnBlocks() {
	TEXT("turnBlocksAVX2", NOSPLIT, "func(dst *float32, dstStride int, src *float32, srcStride, blocks, dstStep, srcStep int)")
	Pragma("noescape")
	Doc("turnBlocksAVX2 is turnBlocksGo.")
	dst, ds := Load(Param("dst"), GP64()), Load(Param("dstStride"), GP64())
	src, ss := Load(Param("src"), GP64()), Load(Param("srcStride"), GP64())
	blocks := Load(Param("blocks"), GP64())
	dstep, sstep := Load(Param("dstStep"), GP64()), Load(Param("srcStep"), GP64())
	for _, r := range []reg.Register{ds, ss, dstep, sstep} {
		SHLQ(Imm(2), r)
	}
	ds3, ss3 := GP64(), GP64()
	LEAQ(Mem{Base: ds, Index: ds, Scale: 2}, ds3)
	LEAQ(Mem{Base: ss, Index: ss, Scale: 2}, ss3)
	Label("block")
	for i := 0; i < 16; i += 8 { // columns of the source
		for j := 0; j < 16; j += 8 { // its rows
			s0, s4, d := GP64(), GP64(), GP64()
			LEAQ(Mem{Base: src, Disp: 4 * i}, s0)
			if j > 0 {
				LEAQ(Mem{Base: s0, Index: ss, Scale: 8}, s0)
			}
			LEAQ(Mem{Base: s0, Index: ss, Scale: 4}, s4)
			LEAQ(Mem{Base: dst, Disp: 4 * j}, d)
			if i > 0 {
				LEAQ(Mem{Base: d, Index: ds, Scale: 8}, d)
			}
			for part := range 2 { // of the source's columns
				var a [4]reg.VecVirtual
				for r := range a {
					lo, hi := at(s0, ss, ss3, r), at(s4, ss, ss3, r)
					lo.Disp, hi.Disp = 16*part, 16*part
					x := XMM()
					VMOVUPS(lo, x)
					a[r] = YMM()
					VINSERTF128(Imm(1), hi, x.AsY(), a[r])
				}
				t := [4]reg.VecVirtual{YMM(), YMM(), YMM(), YMM()}
				VUNPCKLPS(a[1], a[0], t[0])
				VUNPCKHPS(a[1], a[0], t[1])
				VUNPCKLPS(a[3], a[2], t[2])
				VUNPCKHPS(a[3], a[2], t[3])
				o := [4]reg.VecVirtual{YMM(), YMM(), YMM(), YMM()}
				VUNPCKLPD(t[2], t[0], o[0])
				VUNPCKHPD(t[2], t[0], o[1])
				VUNPCKLPD(t[3], t[1], o[2])
				VUNPCKHPD(t[3], t[1], o[3])
				for r := range o {
					VMOVUPS(o[r], at(d, ds, ds3, r))
				}
				if part == 0 {
					LEAQ(Mem{Base: d, Index: ds, Scale: 4}, d)
				}
			}
		}
	}
	ADDQ(sstep, src)
	ADDQ(dstep, dst)
	DECQ(blocks)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

// at is the address of row r < 4.
func at(base, stride, stride3 reg.Register, r int) Mem {
	switch r {
	case 1:
		return Mem{Base: base, Index: stride, Scale: 1}
	case 2:
		return Mem{Base: base, Index: stride, Scale: 2}
	case 3:
		return Mem{Base: base, Index: stride3, Scale: 1}
	}
	return Mem{Base: base}
}
