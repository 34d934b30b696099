// Command layers writes the kernels of the element-wise parts of a transformer
// layer. Their constants stand in layerTable.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Places in layerTable; atPoly, atP and atQ are the first of theirs.
const (
	atLog2e = iota
	atMagic
	atLn2High
	atLn2Low
	atPoly
	atOne = iota + 4
	atLow
	atHigh
	atLeast
	atMinusHalf
	atMost
	atP
	atQ     = iota + 8
	atTanh3 = iota + 12
	atTanh1
)

// A vec is a few registers, so that one has work while another waits; all
// operations are on each.
type vec []reg.VecVirtual

// A level makes vecs of count registers of size bytes.
type level struct {
	name        string
	lanes       func() reg.VecVirtual
	size, count int
}

var avx2, avx512 = level{"AVX2", YMM, 32, 2}, level{"AVX512", ZMM, 64, 2}

// of16 makes vecs of 16 numbers.
func (l level) of16() level {
	l.count = 64 / l.size
	return l
}

func (l level) vec() vec {
	v := make(vec, l.count)
	for i := range v {
		v[i] = l.lanes()
	}
	return v
}

// clear makes registers 0.
func clear(v ...reg.VecVirtual) {
	for _, r := range v {
		if r.Size() == 64 {
			VPXORD(r, r, r)
		} else {
			VXORPS(r, r, r)
		}
	}
}

// load and store move a vec from and to memory.
func (l level) load(from reg.Register, v vec) vec {
	all(v, func(i int) { VMOVUPS(Mem{Base: from, Disp: l.size * i}, v[i]) })
	return v
}

func (l level) store(v vec, to reg.Register) {
	all(v, func(i int) { VMOVUPS(v[i], Mem{Base: to, Disp: l.size * i}) })
}

// loop emits do for each vec of n numbers, not 0, and advances the addresses.
func (l level) loop(name string, n reg.Register, do func(), advance ...reg.Register) {
	Label(name)
	do()
	for _, r := range advance {
		ADDQ(U32(uint32(l.count*l.size)), r)
	}
	SUBQ(Imm(uint64(l.count*l.size/4)), n)
	JNZ(LabelRef(name))
}

// all emits do for each register of a vec.
func all(v vec, do func(i int)) {
	for i := range v {
		do(i)
	}
}

// A kernel is the function at hand.
type kernel struct {
	level
	table reg.Register
	zero  reg.VecVirtual
}

// constant fills a register with a number of the table.
func (k kernel) constant(at int) reg.VecVirtual {
	r := k.lanes()
	VBROADCASTSS(Mem{Base: k.table, Disp: 4 * at}, r)
	return r
}

// horner returns the polynomial of x with the coefficients from first to last,
// the highest first.
func (k kernel) horner(x vec, first, last int) vec {
	y := k.vec()
	all(y, func(i int) { VBROADCASTSS(Mem{Base: k.table, Disp: 4 * first}, y[i]) })
	k.hornerFrom(y, x, first+1, last)
	return y
}

// hornerFrom goes on with y.
func (k kernel) hornerFrom(y, x vec, first, last int) {
	for at := first; at <= last; at++ {
		c := k.constant(at)
		all(y, func(i int) { VFMADD213PS(c, x[i], y[i]) })
	}
}

// exp returns exp(x + rest), where x is in the bounds of the table and rest
// tiny or nil. It leaves x changed.
func (k kernel) exp(x, rest vec) vec {
	log2, m := k.constant(atLog2e), k.constant(atMagic)
	hi, lo := k.constant(atLn2High), k.constant(atLn2Low)
	scale, n := k.vec(), k.vec()
	all(x, func(i int) { VMOVAPS(m, scale[i]) })
	all(x, func(i int) { VFMADD231PS(log2, x[i], scale[i]) })
	all(x, func(i int) { VSUBPS(m, scale[i], n[i]) })
	all(x, func(i int) { VPSLLD(Imm(23), scale[i], scale[i]) })
	all(x, func(i int) { VFNMADD231PS(hi, n[i], x[i]) })
	all(x, func(i int) { VFNMADD231PS(lo, n[i], x[i]) })
	if rest != nil {
		all(x, func(i int) { VADDPS(rest[i], x[i], x[i]) })
	}
	y := k.horner(x, atPoly, atOne)
	k.hornerFrom(y, x, atOne, atOne)
	all(y, func(i int) { VMULPS(scale[i], y[i], y[i]) })
	return y
}

// notBelow and notAbove bound x; NaN stays. The bounds are numbers of the table.
func (k kernel) notBelow(x vec, at int) { k.bound(VMAXPS, x, k.constant(at)) }
func (k kernel) notAbove(x vec, at int) { k.bound(VMINPS, x, k.constant(at)) }

func (k kernel) bound(op func(ops ...Op), x vec, b reg.VecVirtual) {
	all(x, func(i int) { op(x[i], b, x[i]) }) // the first operand if it is NaN
}

// sigmoid returns y/(1+exp(−z)) in y. It leaves z changed.
func (k kernel) sigmoid(y, z vec) {
	all(z, func(i int) { VSUBPS(z[i], k.zero, z[i]) })
	k.notBelow(z, atLow)
	k.notAbove(z, atHigh)
	e := k.exp(z, nil)
	c := k.constant(atOne)
	all(e, func(i int) { VADDPS(c, e[i], e[i]) })
	all(e, func(i int) { VDIVPS(e[i], y[i], y[i]) })
}

// gelu leaves max(x, 0) − a·Φ(−a) in x, where a is the magnitude.
func (k kernel) gelu(x vec) {
	a, rest, square := k.vec(), k.vec(), k.vec()
	all(x, func(i int) { VSUBPS(x[i], k.zero, a[i]) })
	all(x, func(i int) { VMAXPS(a[i], x[i], a[i]) })
	k.notAbove(a, atMost)
	all(x, func(i int) { VMAXPS(x[i], k.zero, x[i]) }) // −0 stays, too
	// −a²/2 and what its rounding left out.
	c := k.constant(atMinusHalf)
	all(x, func(i int) { VMULPS(c, a[i], rest[i]) })
	all(x, func(i int) { VMULPS(rest[i], a[i], square[i]) })
	all(x, func(i int) { VFMSUB213PS(square[i], a[i], rest[i]) })
	e := k.exp(square, rest)
	up := k.horner(a, atP, atP+4)
	down := k.horner(a, atQ, atQ+4)
	k.hornerFrom(down, a, atOne, atOne)
	all(x, func(i int) { VDIVPS(down[i], up[i], up[i]) })
	all(x, func(i int) { VMULPS(a[i], up[i], up[i]) })
	all(x, func(i int) { VFNMADD231PS(up[i], e[i], x[i]) })
}

func (k kernel) geluTanh(x vec) {
	k.notBelow(x, atLeast)
	square := k.vec()
	all(x, func(i int) { VMULPS(x[i], x[i], square[i]) })
	z := k.horner(square, atTanh3, atTanh1)
	all(x, func(i int) { VMULPS(x[i], z[i], z[i]) })
	k.sigmoid(x, z)
}

func (k kernel) silu(x vec) {
	k.notBelow(x, atLeast)
	z := k.vec()
	all(x, func(i int) { VMOVAPS(x[i], z[i]) })
	k.sigmoid(x, z)
}

func main() {
	ConstraintExpr("amd64,!noasm")
	for _, l := range []level{avx512, avx2} {
		l.activation("gelu", false, kernel.gelu)
		l.activation("geluTanh", false, kernel.geluTanh)
		l.activation("siluMul", true, kernel.silu)
		l.softmax()
		l.addFixed()
		l.moments()
		l.normalize()
	}
	Generate()
}

// activation emits a loop over a vec at a time.
func (l level) activation(name string, mul bool, do func(k kernel, x vec)) {
	params := "x, table *float32"
	if mul {
		params = "x, up, table *float32"
	}
	TEXT(name+l.name, NOSPLIT, "func("+params+", n int)")
	Pragma("noescape")
	Doc(name + l.name + fmt.Sprintf(" takes n numbers, a multiple of %d and not 0.", l.count*l.size/4))
	x, n := Load(Param("x"), GP64()), Load(Param("n"), GP64())
	advance := []reg.Register{x}
	if mul {
		advance = append(advance, Load(Param("up"), GP64()))
	}
	k := kernel{level: l, table: Load(Param("table"), GP64()), zero: l.lanes()}
	clear(k.zero)
	l.loop("loop", n, func() {
		v := l.load(x, l.vec())
		do(k, v)
		if mul {
			all(v, func(i int) { VMULPS(Mem{Base: advance[1], Disp: l.size * i}, v[i], v[i]) })
		}
		l.store(v, x)
	}, advance...)
	VZEROUPPER()
	RET()
}
