package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// fold joins the numbers of v and leaves the result in each number of a
// register.
func (l level) fold(join func(ops ...Op), v vec) reg.VecVirtual {
	for i := range v[1:] {
		join(v[i+1], v[0], v[0])
	}
	if l.size == 64 {
		t := YMM()
		VEXTRACTF64X4(Imm(1), v[0], t)
		join(t, v[0].AsY(), v[0].AsY())
	}
	x, t := v[0].AsX(), XMM()
	VEXTRACTF128(Imm(1), v[0].AsY(), t)
	join(t, x, x)
	VPERMILPS(Imm(0x4e), x, t)
	join(t, x, x)
	VPERMILPS(Imm(0xb1), x, t)
	join(t, x, x)
	r := l.lanes()
	VBROADCASTSS(x, r)
	return r
}

// softmax emits Softmax of a row in two parts, the second of 16 numbers.
func (l level) softmax() {
	l = l.of16()
	TEXT("softmax"+l.name, NOSPLIT, "func(x *float32, n int, rest *[16]float32, table *float32)")
	Pragma("noescape")
	Doc("softmax" + l.name + " takes a row of n numbers, a multiple of 16, and those of rest.")
	rest := Load(Param("rest"), GP64())
	k := kernel{level: l, table: Load(Param("table"), GP64())}
	// each emits do for all of the row.
	each := func(name string, do func(at reg.Register)) {
		do(rest)
		x, n := Load(Param("x"), GP64()), Load(Param("n"), GP64())
		TESTQ(n, n)
		JZ(LabelRef(name + "Done"))
		l.loop(name, n, func() { do(x) }, x)
		Label(name + "Done")
	}
	top := l.load(rest, l.vec())
	each("top", func(at reg.Register) {
		all(top, func(i int) { VMAXPS(Mem{Base: at, Disp: l.size * i}, top[i], top[i]) })
	})
	most := l.fold(VMAXPS, top)
	sum := l.vec()
	clear(sum...)
	each("exp", func(at reg.Register) {
		v := l.load(at, l.vec())
		all(v, func(i int) { VSUBPS(most, v[i], v[i]) })
		k.notBelow(v, atLow)
		e := k.exp(v, nil)
		all(e, func(i int) { VADDPS(e[i], sum[i], sum[i]) })
		l.store(e, at)
	})
	by, total := k.constant(atOne), l.fold(VADDPS, sum)
	VDIVPS(total, by, by)
	each("scale", func(at reg.Register) {
		v := l.vec()
		all(v, func(i int) { VMULPS(Mem{Base: at, Disp: l.size * i}, by, v[i]) })
		l.store(v, at)
	})
	VZEROUPPER()
	RET()
}

// addFixed emits AddFixed.
func (l level) addFixed() {
	l = l.of16()
	TEXT("addFixed"+l.name, NOSPLIT, "func(sum *int64, x *float32, n int, largest *[16]uint32)")
	Pragma("noescape")
	Doc("addFixed"+l.name+" is AddFixed for n numbers, a multiple of 16 and not 0. It sets largest", "to magnitudes, among them the largest.")
	sum, x, n := Load(Param("sum"), GP64()), Load(Param("x"), GP64()), Load(Param("n"), GP64())
	fill := func(bits uint64) reg.VecVirtual {
		g, r := GP64(), l.lanes()
		MOVQ(U64(bits), g)
		VMOVQ(g, r.AsX())
		VPBROADCASTQ(r.AsX(), r)
		return r
	}
	magic, abs := fill(math.Float64bits(0x1.8p24)), fill(0x7fffffff7fffffff)
	half := XMM
	if l.size == 64 {
		half = YMM
	}
	largest := l.vec()
	clear(largest...)
	l.loop("loop", n, func() {
		v := l.load(x, l.vec())
		all(v, func(i int) { VANDPS(abs, v[i], v[i]) })
		all(v, func(i int) { VPMAXSD(v[i], largest[i], largest[i]) })
		for i := range 2 * l.count {
			h, d := half(), l.lanes()
			VMOVUPS(Mem{Base: x, Disp: l.size / 2 * i}, h)
			VCVTPS2PD(h, d)
			VADDPD(magic, d, d)
			VPSUBQ(magic, d, d)
			at := Mem{Base: sum, Disp: l.size * i}
			VPADDQ(at, d, d)
			VMOVUPS(d, at)
		}
		ADDQ(U32(64), sum)
	}, x, sum)
	out := Load(Param("largest"), GP64())
	l.store(largest, out)
	VZEROUPPER()
	RET()
}

// moments emits sums of numbers and of squares of deviations.
func (l level) moments() {
	l = l.of16()
	for _, square := range []bool{false, true} {
		name, params := "addLanes", "sum *[16]float64, x *float32, n int"
		if square {
			name, params = "addSquares", params+", mean float64"
		}
		TEXT(name+l.name, NOSPLIT, "func("+params+")")
		Pragma("noescape")
		Doc(name + l.name + " is " + name + "Go for n numbers, a multiple of 16 and not 0.")
		sum, x, n := Load(Param("sum"), GP64()), Load(Param("x"), GP64()), Load(Param("n"), GP64())
		mean := l.lanes()
		if square {
			m := Load(Param("mean"), XMM())
			VBROADCASTSD(m, mean)
		}
		acc := make(vec, 2*l.count)
		for i := range acc {
			acc[i] = l.lanes()
		}
		l.load(sum, acc)
		l.loop("loop", n, func() {
			all(acc, func(i int) {
				d := l.lanes()
				VCVTPS2PD(Mem{Base: x, Disp: l.size / 2 * i}, d)
				if square {
					VSUBPD(mean, d, d)
					VMULPD(d, d, d)
				}
				VADDPD(d, acc[i], acc[i])
			})
		}, x)
		l.store(acc, sum)
		VZEROUPPER()
		RET()
	}
}

// normalize emits the ends of LayerNorm and RMSNorm.
func (l level) normalize() {
	l = l.of16()
	for _, layer := range []bool{true, false} {
		name, params := "scaleRow", "dst, x, weight *float32, n int, by float32"
		if layer {
			name, params = "normalizeRow", "dst, x, weight, bias *float32, n int, mean, by float32"
		}
		TEXT(name+l.name, NOSPLIT, "func("+params+")")
		Pragma("noescape")
		Doc(name + l.name + " is " + name + "Go for n numbers, a multiple of 16 and not 0.")
		dst, x, n := Load(Param("dst"), GP64()), Load(Param("x"), GP64()), Load(Param("n"), GP64())
		weight := Load(Param("weight"), GP64())
		number := func(name string) reg.VecVirtual {
			r := l.lanes()
			VBROADCASTSS(Load(Param(name), XMM()), r)
			return r
		}
		by, advance := number("by"), []reg.Register{dst, x, weight}
		var mean reg.VecVirtual
		if layer {
			mean, advance = number("mean"), append(advance, Load(Param("bias"), GP64()))
		}
		l.loop("loop", n, func() {
			v := l.load(x, l.vec())
			if layer {
				all(v, func(i int) { VSUBPS(mean, v[i], v[i]) })
			}
			all(v, func(i int) { VMULPS(by, v[i], v[i]) })
			all(v, func(i int) { VMULPS(Mem{Base: weight, Disp: l.size * i}, v[i], v[i]) })
			if layer {
				all(v, func(i int) { VADDPS(Mem{Base: advance[3], Disp: l.size * i}, v[i], v[i]) })
			}
			l.store(v, dst)
		}, advance...)
		VZEROUPPER()
		RET()
	}
}
