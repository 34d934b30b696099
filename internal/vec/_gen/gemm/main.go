// Command gemm writes the register tiles of the matrix product.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!noasm")
	avx512()
	avx2()
	peak512()
	peak256()
	Generate()
}

// loop emits body(k) four times for d/4 rounds, then once for each of the rest.
func loop(name string, d reg.GPVirtual, body func(k int), step func(n int)) {
	n := GP64()
	MOVQ(d, n)
	SHRQ(Imm(2), n)
	JZ(LabelRef(name + "Rest"))
	Label(name + "Four")
	for k := range 4 {
		body(k)
	}
	step(4)
	DECQ(n)
	JNZ(LabelRef(name + "Four"))
	Label(name + "Rest")
	ANDQ(Imm(3), d)
	JZ(LabelRef(name + "Done"))
	Label(name + "One")
	body(0)
	step(1)
	DECQ(d)
	JNZ(LabelRef(name + "One"))
	Label(name + "Done")
}

func load() (c, a, b reg.Register, d, flag reg.GPVirtual) {
	c = Load(Param("c"), GP64())
	a = Load(Param("a"), GP64())
	b = Load(Param("b"), GP64())
	d = Load(Param("d"), GP64()).(reg.GPVirtual)
	flag = Load(Param("add"), GP64()).(reg.GPVirtual)
	return
}

func avx512() {
	const mr = 12
	TEXT("gemm12x32AVX512", NOSPLIT, "func(c, a, b, next *float32, d, add int)")
	Pragma("noescape")
	Doc("gemm12x32AVX512 is GemmTile with 24 sums of 16 lanes. It fetches 16·d bytes from next on.")
	c, a, b, d, flag := load()
	next := Load(Param("next"), GP64())
	var acc [mr][2]reg.VecVirtual
	for r := range acc {
		for h := range acc[r] {
			acc[r][h] = ZMM()
		}
	}
	b0, b1 := ZMM(), ZMM()
	x := [4]reg.VecVirtual{ZMM(), ZMM(), ZMM(), ZMM()}
	TESTQ(flag, flag)
	JNZ(LabelRef("add"))
	for r := range acc {
		for h := range acc[r] {
			VPXORD(acc[r][h], acc[r][h], acc[r][h])
		}
	}
	JMP(LabelRef("start"))
	Label("add")
	for r := range acc {
		for h := range acc[r] {
			VMOVUPS(Mem{Base: c, Disp: 128*r + 64*h}, acc[r][h])
		}
	}
	Label("start")
	loop("k", d, func(k int) {
		if k == 0 {
			PREFETCHT1(Mem{Base: next})
		}
		VMOVUPS(Mem{Base: b, Disp: 128 * k}, b0)
		VMOVUPS(Mem{Base: b, Disp: 128*k + 64}, b1)
		PREFETCHT0(Mem{Base: b, Disp: 128*k + 2048})
		PREFETCHT0(Mem{Base: b, Disp: 128*k + 2048 + 64})
		if k != 3 {
			PREFETCHT0(Mem{Base: a, Disp: 64*k + 512})
		}
		for r := range mr {
			t := x[r%4]
			VBROADCASTSS(Mem{Base: a, Disp: 4*mr*k + 4*r}, t)
			VFMADD231PS(b0, t, acc[r][0])
			VFMADD231PS(b1, t, acc[r][1])
		}
	}, func(n int) {
		ADDQ(Imm(uint64(4*mr*n)), a)
		ADDQ(I32(int32(128*n)), b)
		if n == 4 {
			ADDQ(Imm(64), next)
		}
	})
	for r := range acc {
		for h := range acc[r] {
			VMOVUPS(acc[r][h], Mem{Base: c, Disp: 128*r + 64*h})
		}
	}
	VZEROUPPER()
	RET()
}

func avx2() {
	const mr = 6
	TEXT("gemm6x16AVX2", NOSPLIT, "func(c, a, b *float32, d, add int)")
	Pragma("noescape")
	Doc("gemm6x16AVX2 is GemmTile with 12 sums of 8 lanes.")
	c, a, b, d, flag := load()
	var acc [mr][2]reg.VecVirtual
	for r := range acc {
		for h := range acc[r] {
			acc[r][h] = YMM()
		}
	}
	b0, b1 := YMM(), YMM()
	x := [2]reg.VecVirtual{YMM(), YMM()}
	TESTQ(flag, flag)
	JNZ(LabelRef("add"))
	for r := range acc {
		for h := range acc[r] {
			VXORPS(acc[r][h], acc[r][h], acc[r][h])
		}
	}
	JMP(LabelRef("start"))
	Label("add")
	for r := range acc {
		for h := range acc[r] {
			VMOVUPS(Mem{Base: c, Disp: 64*r + 32*h}, acc[r][h])
		}
	}
	Label("start")
	loop("k", d, func(k int) {
		VMOVUPS(Mem{Base: b, Disp: 64 * k}, b0)
		VMOVUPS(Mem{Base: b, Disp: 64*k + 32}, b1)
		PREFETCHT0(Mem{Base: b, Disp: 64*k + 512})
		for r := range mr {
			t := x[r%2]
			VBROADCASTSS(Mem{Base: a, Disp: 4*mr*k + 4*r}, t)
			VFMADD231PS(b0, t, acc[r][0])
			VFMADD231PS(b1, t, acc[r][1])
		}
	}, func(n int) {
		ADDQ(Imm(uint64(4*mr*n)), a)
		ADDQ(I32(int32(64*n)), b)
	})
	for r := range acc {
		for h := range acc[r] {
			VMOVUPS(acc[r][h], Mem{Base: c, Disp: 64*r + 32*h})
		}
	}
	VZEROUPPER()
	RET()
}

// peak512 and peak256 do nothing but independent fused multiply-adds: the
// benchmarks compare the tiles with them.
func peak512() {
	TEXT("fmaPeakAVX512", NOSPLIT, "func(n int)")
	Doc("fmaPeakAVX512 takes n rounds of 24 fused multiply-adds of 16 lanes.")
	peak(ZMM, 24)
}

func peak256() {
	TEXT("fmaPeakAVX2", NOSPLIT, "func(n int)")
	Doc("fmaPeakAVX2 takes n rounds of 12 fused multiply-adds of 8 lanes.")
	peak(YMM, 12)
}

func peak(r func() reg.VecVirtual, count int) {
	n := Load(Param("n"), GP64())
	x := r()
	acc := make([]reg.VecVirtual, count)
	for i := range acc {
		acc[i] = r()
	}
	if count == 24 {
		VPXORD(x, x, x)
	} else {
		VXORPS(x, x, x)
	}
	for _, a := range acc {
		if count == 24 {
			VPXORD(a, a, a)
		} else {
			VXORPS(a, a, a)
		}
	}
	Label("loop")
	for _, a := range acc {
		VFMADD231PS(x, x, a)
	}
	DECQ(n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
