package main

import (
	"fmt"
	"math"
)

// fft writes the butterflies of the Fourier transforms and the steps between
// them. A row is 128 bytes: 16 real parts, then 16 imaginary ones.
func fft() {
	for radix := 2; radix <= 5; radix++ {
		stage(radix)
	}
	untangle()
	tangle()
	mulEven()
	turnBlocks()
}

// A pool hands out vector registers.
type pool []v

func (p *pool) get() v {
	s := *p
	r := s[len(s)-1]
	*p = s[:len(s)-1]
	return r
}

// A complexVec is four complex numbers.
type complexVec struct{ re, im v }

// values computes with complex numbers in registers of its pool.
type values struct{ free pool }

func (p *values) complex() complexVec { return complexVec{p.free.get(), p.free.get()} }

func (p *values) drop(a ...complexVec) {
	for _, a := range a {
		p.free = append(p.free, a.re, a.im)
	}
}

func (p *values) add(a, b complexVec) complexVec {
	d := p.complex()
	fadd4s(d.re, a.re, b.re)
	fadd4s(d.im, a.im, b.im)
	return d
}

func (p *values) sub(a, b complexVec) complexVec {
	d := p.complex()
	fsub4s(d.re, a.re, b.re)
	fsub4s(d.im, a.im, b.im)
	return d
}

// minusI returns a − i·b, plusI a + i·b.
func (p *values) minusI(a, b complexVec) complexVec {
	d := p.complex()
	fadd4s(d.re, a.re, b.im)
	fsub4s(d.im, a.im, b.re)
	return d
}

func (p *values) plusI(a, b complexVec) complexVec {
	d := p.complex()
	fsub4s(d.re, a.re, b.im)
	fadd4s(d.im, a.im, b.re)
	return d
}

// A number is an element of a register.
type number struct {
	r v
	i int
}

// mix returns a + s·b + t·c; without a, s·b + t·c.
func (p *values) mix(a *complexVec, s number, b complexVec, t number, c complexVec) complexVec {
	d := p.complex()
	if a != nil {
		mov(d.re, a.re)
		mov(d.im, a.im)
		fmlaElement(d.re, b.re, s.r, s.i)
		fmlaElement(d.im, b.im, s.r, s.i)
	} else {
		fmulElement(d.re, b.re, s.r, s.i)
		fmulElement(d.im, b.im, s.r, s.i)
	}
	fmlaElement(d.re, c.re, t.r, t.i)
	fmlaElement(d.im, c.im, t.r, t.i)
	return d
}

// stage emits one pass of radix over np×nq butterflies; see fftStage.run.
func stage(radix int) {
	function(fmt.Sprintf("fft%dNEON", radix), "y *float32, x *float32, tw *float32, np int, nq int, ystep int, yp int, xstep int, xp int", "",
		fmt.Sprintf("fft%dNEON is a stage of radix %d.", radix, radix))
	tw, np, nq, q, ystep, yskip, xstep, xskip := x(10), x(11), x(12), x(13), x(14), x(15), x(19), x(20)
	arg("y", 0)
	arg("x", 5)
	arg("tw", tw)
	arg("np", np)
	arg("nq", nq)
	arg("ystep", ystep)
	arg("yp", yskip)
	arg("xstep", xstep)
	arg("xp", xskip)
	ins("SUB %v, %v", nq, yskip) // from the end of a p to the next
	ins("SUB %v, %v", nq, xskip)
	out, in := [5]x{0, 1, 2, 3, 4}, [5]x{5, 6, 7, 8, 9}
	for i := 1; i < radix; i++ {
		ins("ADD %v<<7, %v, %v", ystep, out[i-1], out[i])
		ins("ADD %v<<7, %v, %v", xstep, in[i-1], in[i])
	}
	const constants, twiddles = v(0), v(1) // twiddles: two registers
	var numbers []float64
	switch radix {
	case 3:
		numbers = []float64{0.5, math.Sqrt(3) / 2}
	case 5: // cosines and sines of 2π/5 and 4π/5
		numbers = []float64{0.30901699437494742410, -0.80901699437494742410, 0.95105651629515357212, 0.58778525229247312917}
	}
	for i := 0; i < len(numbers); i += 2 {
		a, b := math.Float32bits(float32(numbers[i])), math.Float32bits(float32(numbers[i+1]))
		ins("MOVD $%#x, %v", uint64(b)<<32|uint64(a), q)
		insX(constants, i/2, q)
	}

	label("p")
	switch radix {
	case 2:
		ldrDPost(twiddles, tw)
	case 3:
		ldrQPost(twiddles, tw)
	case 4:
		ldrQPost(twiddles, tw)
		ldrDPost(twiddles+1, tw)
	case 5:
		ldpQPost(twiddles, twiddles+1, tw)
	}
	ins("MOVD %v, %v", nq, q)
	label("q")
	for h := range 4 {
		p := &values{}
		for r := v(31); r >= 3; r-- {
			p.free = append(p.free, r)
		}
		load := func(i int) complexVec {
			a := p.complex()
			ldrQ(a.re, in[i], 16*h)
			ldrQ(a.im, in[i], 16*h+64)
			return a
		}
		store := func(i int, a complexVec) {
			strQ(a.re, out[i], 16*h)
			strQ(a.im, out[i], 16*h+64)
			p.drop(a)
		}
		// turned stores element i, which is a times its twiddle.
		turned := func(i int, a complexVec) {
			re := number{twiddles + v((i-1)/2), (i - 1) % 2 * 2}
			im := number{re.r, re.i + 1}
			d := p.complex()
			fmulElement(d.re, a.re, re.r, re.i)
			fmulElement(d.im, a.im, re.r, re.i)
			fmlsElement(d.re, a.im, im.r, im.i)
			fmlaElement(d.im, a.re, im.r, im.i)
			p.drop(a)
			store(i, d)
		}
		var x [5]complexVec
		for i := range radix {
			x[i] = load(i)
		}
		switch radix {
		case 2:
			store(0, p.add(x[0], x[1]))
			turned(1, p.sub(x[0], x[1]))
		case 3:
			s, d := p.add(x[1], x[2]), p.sub(x[1], x[2])
			p.drop(x[1], x[2])
			store(0, p.add(x[0], s))
			t := x[0]
			fmlsElement(t.re, s.re, constants, 0)
			fmlsElement(t.im, s.im, constants, 0)
			fmulElement(d.re, d.re, constants, 1)
			fmulElement(d.im, d.im, constants, 1)
			turned(1, p.minusI(t, d))
			turned(2, p.plusI(t, d))
		case 4:
			a, b := p.add(x[0], x[2]), p.sub(x[0], x[2])
			c, d := p.add(x[1], x[3]), p.sub(x[1], x[3])
			p.drop(x[:4]...)
			store(0, p.add(a, c))
			turned(1, p.minusI(b, d))
			turned(2, p.sub(a, c))
			turned(3, p.plusI(b, d))
		case 5:
			c1, c2, s1, s2 := number{constants, 0}, number{constants, 1}, number{constants, 2}, number{constants, 3}
			a, d := p.add(x[1], x[4]), p.sub(x[1], x[4])
			b, e := p.add(x[2], x[3]), p.sub(x[2], x[3])
			p.drop(x[1:]...)
			sum := p.add(a, b)
			store(0, p.add(x[0], sum))
			p.drop(sum)
			m1, m2 := p.mix(&x[0], c1, a, c2, b), p.mix(&x[0], c2, a, c1, b)
			p.drop(x[0], a, b)
			n1 := p.mix(nil, s1, d, s2, e)
			n2 := p.complex() // s2·d − s1·e
			fmulElement(n2.re, d.re, s2.r, s2.i)
			fmulElement(n2.im, d.im, s2.r, s2.i)
			fmlsElement(n2.re, e.re, s1.r, s1.i)
			fmlsElement(n2.im, e.im, s1.r, s1.i)
			p.drop(d, e)
			turned(1, p.minusI(m1, n1))
			turned(2, p.minusI(m2, n2))
			turned(3, p.plusI(m2, n2))
			turned(4, p.plusI(m1, n1))
		}
	}
	for i := range radix {
		add(in[i], 128)
		add(out[i], 128)
	}
	ins("SUBS $1, %v", q)
	ins("BNE q")
	for i := range radix {
		ins("ADD %v<<7, %v", xskip, in[i])
		ins("ADD %v<<7, %v", yskip, out[i])
	}
	ins("SUBS $1, %v", np)
	ins("BNE p")
	ins("RET")
}

func untangle() {
	function("untangleNEON", "re *float32, im *float32, stride int, z *float32, n int", "",
		"untangleNEON is Untangle.")
	r := args("re", "im", "stride", "z", "n")
	re, im, stride, z, n, b, k := r[0], r[1], r[2], r[3], r[4], x(5), x(6)
	ins("LSL $2, %v", stride)
	ins("LSR $1, %v, %v", n, k)
	ins("ADD %v<<7, %v, %v", n, z, n) // the end of z
	ins("MOVD %v, %v", z, b)
	label("row")
	for h := range 4 {
		a := v(8 * h)
		ldrQ(a, z, 16*h)
		ldrQ(a+1, z, 16*h+64)
		ldrQ(a+2, b, 16*h)
		ldrQ(a+3, b, 16*h+64)
		fadd4s(a+4, a, a+2)
		fsub4s(a+5, a+1, a+3)
		fadd4s(a+6, a+1, a+3)
		fsub4s(a+7, a+2, a)
		strQ(a+4, re, 16*h)
		strQ(a+5, im, 16*h)
		strQ(a+6, re, 16*h+64)
		strQ(a+7, im, 16*h+64)
	}
	add(z, 128)
	ins("SUB $128, %v", n)
	ins("MOVD %v, %v", n, b)
	ins("ADD %v, %v", stride, re)
	ins("ADD %v, %v", stride, im)
	ins("SUBS $1, %v", k)
	ins("BGE row")
	ins("RET")
}

func tangle() {
	function("tangleNEON", "z *float32, re *float32, im *float32, stride int, n int", "",
		"tangleNEON is Tangle.")
	r := args("z", "re", "im", "stride", "n")
	z, re, im, stride, n := r[0], r[1], r[2], r[3], r[4]
	k, a, b := x(5), x(6), x(7)
	ins("LSL $2, %v", stride)
	ins("LSR $1, %v, %v", n, k)
	ins("MADD %v, %v, %v, %v", k, re, stride, re) // re + stride·k
	ins("MADD %v, %v, %v, %v", k, im, stride, im)
	ins("ADD %v<<7, %v, %v", k, z, a)
	ins("SUB %v, %v, %v", k, n, b)
	ins("ADD %v<<7, %v, %v", b, z, b)
	label("row")
	ins("CMP $0, %v", k)
	ins("CSEL EQ, %v, %v, %v", z, b, b) // row n is row 0
	for h := range 4 {
		t := v(8 * h)
		ldrQ(t, re, 16*h)
		ldrQ(t+1, re, 16*h+64)
		ldrQ(t+2, im, 16*h)
		ldrQ(t+3, im, 16*h+64)
		fsub4s(t+4, t, t+3)
		fadd4s(t+5, t+1, t+2)
		fadd4s(t+6, t, t+3)
		fsub4s(t+7, t+1, t+2)
		strQ(t+4, b, 16*h)
		strQ(t+5, b, 16*h+64)
		strQ(t+6, a, 16*h) // last: a may be b
		strQ(t+7, a, 16*h+64)
	}
	ins("SUB $128, %v", a)
	add(b, 128)
	ins("SUB %v, %v", stride, re)
	ins("SUB %v, %v", stride, im)
	ins("SUBS $1, %v", k)
	ins("BGE row")
	ins("RET")
}

func mulEven() {
	function("mulEvenNEON", "z *float32, k *float32, n int", "", "mulEvenNEON is MulEven.")
	r := args("z", "k", "n")
	z, k, n, c, f := r[0], r[1], r[2], x(3), x(4)
	ins("MOVD $0, %v", c)
	label("row")
	ins("CMP %v, %v", n, c)
	ins("CSEL LT, %v, %v, %v", c, n, f) // min(c, n-c), n counts down
	ins("ADD %v<<6, %v, %v", f, k, f)
	for h := range 4 {
		a := v(4 * h)
		ldrQ(a, z, 16*h)
		ldrQ(a+1, z, 16*h+64)
		ldrQ(a+2, f, 16*h)
		fmul4s(a, a, a+2)
		fmul4s(a+1, a+1, a+2)
		strQ(a+1, z, 16*h)
		strQ(a, z, 16*h+64)
	}
	add(z, 128)
	add(c, 1)
	ins("SUBS $1, %v", n)
	ins("BNE row")
	ins("RET")
}

func turnBlocks() {
	function("turnBlocksNEON", "dst *float32, dstStride int, src *float32, srcStride int, blocks int, dstStep int, srcStep int", "",
		"turnBlocksNEON transposes at least one block of 16×16.")
	r := args("dst", "dstStride", "src", "srcStride", "blocks", "dstStep", "srcStep")
	dst, dstStride, src, srcStride, blocks, dstStep, srcStep := r[0], r[1], r[2], r[3], r[4], r[5], r[6]
	row, to, from, four := x(7), x(8), x(9), x(10)
	ins("LSL $2, %v", dstStride)
	ins("LSL $2, %v", srcStride)
	label("block")
	ins("MOVD %v, %v", dst, to)
	ins("MOVD %v, %v", src, from)
	ins("MOVD $4, %v", four)
	label("columns")
	ins("MOVD %v, %v", from, row)
	for k := range v(16) {
		ldrQ(k, row, 0)
		ins("ADD %v, %v", srcStride, row)
		if k%4 == 3 {
			turn(k - 3)
		}
	}
	for c := range v(4) {
		stpQ(c, c+4, to, 0)
		stpQ(c+8, c+12, to, 32)
		ins("ADD %v, %v", dstStride, to)
	}
	add(from, 16)
	ins("SUBS $1, %v", four)
	ins("BNE columns")
	ins("ADD %v<<2, %v", dstStep, dst)
	ins("ADD %v<<2, %v", srcStep, src)
	ins("SUBS $1, %v", blocks)
	ins("BNE block")
	ins("RET")
}
