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
	half  func() reg.VecVirtual // half as wide
}

func main() {
	ConstraintExpr("amd64,!noasm")
	for _, s := range []isa{{"AVX2", 32, YMM, XMM}, {"AVX512", 64, ZMM, YMM}} {
		convert(s)
		add(s, false)
		add(s, true)
	}
	Generate()
}

// convert: dst[i] = float32(src[i]), 4 vectors a turn, then single ones.
func convert(s isa) {
	TEXT("f16"+s.name, NOSPLIT, "func(dst *float32, src *byte, n int)")
	Doc("f16" + s.name + " converts n binary16 numbers, n a multiple of the lanes.")
	dst, src, n := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("n"), GP64())
	lanes := s.bytes / 4
	loop(n, lanes, 4, func(unroll int) {
		var v []reg.VecVirtual
		for k := range unroll {
			v = append(v, s.vec())
			VCVTPH2PS(Mem{Base: src.(reg.Register), Disp: k * s.bytes / 2}, v[k])
		}
		for k := range unroll {
			VMOVUPS(v[k], Mem{Base: dst.(reg.Register), Disp: k * s.bytes})
		}
		ADDQ(U32(uint32(unroll*s.bytes/2)), src)
		ADDQ(U32(uint32(unroll*s.bytes)), dst)
	})
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
	})
}

// loop runs body over n elements, first unroll vectors at a time.
func loop(n reg.Register, lanes, unroll int, body func(unroll int)) {
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
	VZEROUPPER()
	RET()
}
