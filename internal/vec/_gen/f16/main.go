// Command f16 writes the kernels of ../../f16.go: conversion of binary16
// numbers, and sums in float64 of float32 numbers.
//
//	go run ./f16 -out ../f16_amd64.s -pkg vec
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// registers gives vectors of one width.
type isa struct {
	name  string
	bytes int
	vec   func() reg.VecVirtual
}

func main() {
	ConstraintExpr("amd64,!noasm")
	for _, s := range []isa{{"AVX2", 32, YMM}, {"AVX512", 64, ZMM}} {
		convert(s, false)
		convert(s, true)
		add(s, false)
		add(s, true)
	}
	colStats(isa{"AVX2", 32, YMM})
	colStats512()
	rowStats()
	Generate()
}

// convert: dst[i] = float32(src[i]), 4 vectors a turn, then single ones. A
// stream writes past the caches, to an aligned place.
func convert(s isa, stream bool) {
	name, store := "f16"+s.name, VMOVUPS
	if stream {
		name, store = "f16Stream"+s.name, func(ops ...Op) { VMOVNTPS(ops[0], ops[1]) }
	}
	TEXT(name, NOSPLIT, "func(dst *float32, src *byte, n int)")
	Doc(name + " converts n binary16 numbers, n a multiple of the lanes.")
	dst, src, n := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("n"), GP64())
	lanes := s.bytes / 4
	loop(n, lanes, 4, func(unroll int) {
		var v []reg.VecVirtual
		for k := range unroll {
			v = append(v, s.vec())
			VCVTPH2PS(Mem{Base: src.(reg.Register), Disp: k * s.bytes / 2}, v[k])
		}
		for k := range unroll {
			store(v[k], Mem{Base: dst.(reg.Register), Disp: k * s.bytes})
		}
		ADDQ(U32(uint32(unroll*s.bytes/2)), src)
		ADDQ(U32(uint32(unroll*s.bytes)), dst)
	}, stream)
}

// add: acc[i] += float64(x[i]), or the rounded product with w.
func add(s isa, weighted bool) {
	name, sig := "addF64"+s.name, "func(acc *float64, x *float32, n int)"
	if weighted {
		name, sig = "axpyF64"+s.name, "func(acc *float64, w float64, x *float32, n int)"
	}
	TEXT(name, NOSPLIT, sig)
	Doc(name + " handles n numbers, n a multiple of the lanes.")
	acc, x, n := Load(Param("acc"), GP64()), Load(Param("x"), GP64()), Load(Param("n"), GP64())
	w := s.vec()
	if weighted {
		p, err := Param("w").Resolve()
		if err != nil {
			panic(err)
		}
		VBROADCASTSD(p.Addr, w)
	}
	lanes := s.bytes / 8
	loop(n, lanes, 4, func(unroll int) {
		var v []reg.VecVirtual
		for k := range unroll {
			v = append(v, s.vec())
			VCVTPS2PD(Mem{Base: x.(reg.Register), Disp: k * s.bytes / 2}, v[k])
		}
		for k := range unroll {
			if weighted {
				VMULPD(w, v[k], v[k])
			}
			VADDPD(Mem{Base: acc.(reg.Register), Disp: k * s.bytes}, v[k], v[k])
			VMOVUPD(v[k], Mem{Base: acc.(reg.Register), Disp: k * s.bytes})
		}
		ADDQ(U32(uint32(unroll*s.bytes/2)), x)
		ADDQ(U32(uint32(unroll*s.bytes)), acc)
	}, false)
}

// loop runs body over n elements, first unroll vectors at a time.
func loop(n reg.Register, lanes, unroll int, body func(unroll int), fence bool) {
	for _, u := range []int{unroll, 1} {
		top, end := "many", "one"
		if u == 1 {
			top, end = "one", "done"
		}
		Label(top)
		CMPQ(n, U32(uint32(u*lanes)))
		JL(LabelRef(end))
		body(u)
		SUBQ(U32(uint32(u*lanes)), n)
		JMP(LabelRef(top))
	}
	Label("done")
	if fence {
		SFENCE()
	}
	VZEROUPPER()
	RET()
}

// at is a memory operand.
func at(base reg.Register, disp int) Mem { return Mem{Base: base, Disp: disp} }

const colSig = "func(shift, sum, sq *float64, min, max *float32, argMin, argMax, nonzero *int32, x *float32, fit, cols, n, row int)"

// Comparisons of VCMPPS: ordered and quiet, but for "not equal", which is true
// for NaN.
const (
	less     = 0x11
	greater  = 0x1e
	notEqual = 4
)

// colStats handles fit columns, a multiple of 8: eight columns stay in registers
// while n rows go by.
func colStats(s isa) {
	TEXT("colStatsAVX2", NOSPLIT, colSig)
	Doc("colStatsAVX2 takes n rows into the statistics of fit columns.")
	ptr := map[string]reg.Register{}
	for _, p := range []string{"shift", "sum", "sq", "min", "max", "argMin", "argMax", "nonzero", "x"} {
		ptr[p] = Load(Param(p), GP64())
	}
	stride := Load(Param("cols"), GP64())
	SHLQ(U8(2), stride)
	left := GP64() // bytes of float32 still to do
	Load(Param("fit"), left)
	SHLQ(U8(2), left)
	Label("columns")
	v := map[string]reg.VecVirtual{}
	load := func(names ...string) {
		for _, n := range names {
			v[n] = YMM()
			VMOVUPS(at(ptr[n], 0), v[n])
		}
	}
	load("min", "max", "argMin", "argMax", "nonzero")
	var sum, sq [2]reg.VecVirtual
	for k := range 2 {
		sum[k], sq[k] = YMM(), YMM()
		VMOVUPD(at(ptr["sum"], 32*k), sum[k])
		VMOVUPD(at(ptr["sq"], 32*k), sq[k])
	}
	row := YMM()
	addr, err := Param("row").Resolve()
	if err != nil {
		panic(err)
	}
	VPBROADCASTD(addr.Addr, row)
	x := GP64()
	MOVQ(ptr["x"], x)
	n := Load(Param("n"), GP64())
	t, m, zero := YMM(), YMM(), YMM()
	VXORPS(zero, zero, zero)
	Label("rows")
	VMOVUPS(at(x, 0), t)
	extremes(t, m, zero, row, v)
	for k := range 2 {
		d := YMM()
		VCVTPS2PD(at(x, 16*k), d)
		VSUBPD(at(ptr["shift"], 32*k), d, d)
		VADDPD(d, sum[k], sum[k])
		VMULPD(d, d, d)
		VADDPD(d, sq[k], sq[k])
	}
	VPCMPEQD(m, m, m)
	VPSUBD(m, row, row)
	ADDQ(stride, x)
	DECQ(n)
	JNZ(LabelRef("rows"))
	for _, name := range []string{"min", "max", "argMin", "argMax", "nonzero"} {
		VMOVUPS(v[name], at(ptr[name], 0))
		ADDQ(U32(32), ptr[name])
	}
	for k := range 2 {
		VMOVUPD(sum[k], at(ptr["sum"], 32*k))
		VMOVUPD(sq[k], at(ptr["sq"], 32*k))
	}
	for _, name := range []string{"shift", "sum", "sq"} {
		ADDQ(U32(64), ptr[name])
	}
	ADDQ(U32(32), ptr["x"])
	SUBQ(U32(32), left)
	JNZ(LabelRef("columns"))
	VZEROUPPER()
	RET()
}

// extremes updates minimum, maximum, their places and the count of what is not
// zero, in eight lanes.
func extremes(t, m, zero, place reg.VecVirtual, v map[string]reg.VecVirtual) {
	VCMPPS(U8(notEqual), zero, t, m)
	VPSUBD(m, v["nonzero"], v["nonzero"])
	for _, e := range []struct {
		value, arg string
		cmp        uint8
	}{{"max", "argMax", greater}, {"min", "argMin", less}} {
		VCMPPS(U8(e.cmp), v[e.value], t, m)
		VBLENDVPS(m, t, v[e.value], v[e.value])
		VBLENDVPS(m, place, v[e.arg], v[e.arg])
	}
}

// colStats512 is colStats for 16 columns at a time.
func colStats512() {
	TEXT("colStatsAVX512", NOSPLIT, colSig)
	Doc("colStatsAVX512 takes n rows into the statistics of fit columns.")
	ptr := map[string]reg.Register{}
	for _, p := range []string{"shift", "sum", "sq", "min", "max", "argMin", "argMax", "nonzero", "x"} {
		ptr[p] = Load(Param(p), GP64())
	}
	stride := Load(Param("cols"), GP64())
	SHLQ(U8(2), stride)
	left := GP64()
	Load(Param("fit"), left)
	SHLQ(U8(2), left)
	one, zero := ZMM(), ZMM()
	VPTERNLOGD(U8(0xff), one, one, one) // -1
	VPXORD(zero, zero, zero)
	Label("columns")
	v := map[string]reg.VecVirtual{}
	for _, n := range []string{"min", "max", "argMin", "argMax", "nonzero"} {
		v[n] = ZMM()
		VMOVUPS(at(ptr[n], 0), v[n])
	}
	var sum, sq, shift [2]reg.VecVirtual
	for k := range 2 {
		sum[k], sq[k], shift[k] = ZMM(), ZMM(), ZMM()
		VMOVUPD(at(ptr["sum"], 64*k), sum[k])
		VMOVUPD(at(ptr["sq"], 64*k), sq[k])
		VMOVUPD(at(ptr["shift"], 64*k), shift[k])
	}
	row := ZMM()
	addr, err := Param("row").Resolve()
	if err != nil {
		panic(err)
	}
	VPBROADCASTD(addr.Addr, row)
	x := GP64()
	MOVQ(ptr["x"], x)
	n := Load(Param("n"), GP64())
	t := ZMM()
	Label("rows")
	VMOVUPS(at(x, 0), t)
	k := K()
	VCMPPS(U8(notEqual), zero, t, k)
	VPSUBD(one, v["nonzero"], k, v["nonzero"])
	for _, e := range []struct {
		value, arg string
		cmp        uint8
	}{{"max", "argMax", greater}, {"min", "argMin", less}} {
		more := K()
		VCMPPS(U8(e.cmp), v[e.value], t, more)
		VMOVAPS(t, more, v[e.value])
		VMOVDQA32(row, more, v[e.arg])
	}
	for k := range 2 {
		d := ZMM()
		VCVTPS2PD(at(x, 32*k), d)
		VSUBPD(shift[k], d, d)
		VADDPD(d, sum[k], sum[k])
		VMULPD(d, d, d)
		VADDPD(d, sq[k], sq[k])
	}
	VPSUBD(one, row, row)
	ADDQ(stride, x)
	DECQ(n)
	JNZ(LabelRef("rows"))
	for _, name := range []string{"min", "max", "argMin", "argMax", "nonzero"} {
		VMOVUPS(v[name], at(ptr[name], 0))
		ADDQ(U32(64), ptr[name])
	}
	for k := range 2 {
		VMOVUPD(sum[k], at(ptr["sum"], 64*k))
		VMOVUPD(sq[k], at(ptr["sq"], 64*k))
	}
	for _, name := range []string{"shift", "sum", "sq"} {
		ADDQ(U32(128), ptr[name])
	}
	ADDQ(U32(64), ptr["x"])
	SUBQ(U32(64), left)
	JNZ(LabelRef("columns"))
	VZEROUPPER()
	RET()
}

// rowStats handles n numbers of a row, a multiple of 8, in eight lanes.
func rowStats() {
	TEXT("rowStatsAVX2", NOSPLIT, "func(sum, sq *[8]float64, min, max *[8]float32, argMin, argMax, nonzero *[8]int32, x *float32, n int)")
	Doc("rowStatsAVX2 takes n numbers into the lanes of a row's statistics.")
	ptr := map[string]reg.Register{}
	for _, p := range []string{"sum", "sq", "min", "max", "argMin", "argMax", "nonzero", "x"} {
		ptr[p] = Load(Param(p), GP64())
	}
	n := Load(Param("n"), GP64())
	v := map[string]reg.VecVirtual{}
	for _, name := range []string{"min", "max", "argMin", "argMax", "nonzero"} {
		v[name] = YMM()
		VMOVUPS(at(ptr[name], 0), v[name])
	}
	var sum, sq [2]reg.VecVirtual
	for k := range 2 {
		sum[k], sq[k] = YMM(), YMM()
		VXORPD(sum[k], sum[k], sum[k])
		VXORPD(sq[k], sq[k], sq[k])
	}
	place, eight := YMM(), YMM()
	iota8 := GLOBL("iota8", RODATA|NOPTR)
	for i := range 8 {
		DATA(4*i, U32(uint32(i)))
	}
	eights := GLOBL("eights", RODATA|NOPTR)
	DATA(0, U32(8))
	VMOVDQU(iota8, place)
	VPBROADCASTD(eights, eight)
	t, m, zero := YMM(), YMM(), YMM()
	VXORPS(zero, zero, zero)
	Label("numbers")
	VMOVUPS(at(ptr["x"], 0), t)
	extremes(t, m, zero, place, v)
	for k := range 2 {
		d := YMM()
		VCVTPS2PD(at(ptr["x"], 16*k), d)
		VADDPD(d, sum[k], sum[k])
		VMULPD(d, d, d)
		VADDPD(d, sq[k], sq[k])
	}
	VPADDD(eight, place, place)
	ADDQ(U32(32), ptr["x"])
	SUBQ(U32(8), n)
	JNZ(LabelRef("numbers"))
	for _, name := range []string{"min", "max", "argMin", "argMax", "nonzero"} {
		VMOVUPS(v[name], at(ptr[name], 0))
	}
	for k := range 2 {
		VMOVUPD(sum[k], at(ptr["sum"], 32*k))
		VMOVUPD(sq[k], at(ptr["sq"], 32*k))
	}
	VZEROUPPER()
	RET()
}
