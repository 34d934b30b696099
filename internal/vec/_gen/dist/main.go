// Command dist writes the kernels of squared distances.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!noasm")
	avx512()
	avx2()
	Generate()
}

// four emits the loop shared by both levels: the squared differences of x and
// four rows are added to lanes, in the order of the columns. With ahead, it
// fetches four other rows into the cache on the way.
func four(name, doc string, lanes func() reg.VecVirtual, parts int, ahead bool) {
	sig := "func(sum *[32]float64, x, y0, y1, y2, y3 *float32, n int)"
	if ahead {
		sig = "func(sum *[32]float64, x, y0, y1, y2, y3, z0, z1, z2, z3 *float32, n int)"
	}
	TEXT(name, NOSPLIT, sig)
	Pragma("noescape")
	Doc(doc)
	sum, x := Load(Param("sum"), GP64()), Load(Param("x"), GP64())
	var y, z [4]reg.Register
	for i := range y {
		y[i] = Load(Param(fmt.Sprintf("y%d", i)), GP64())
	}
	if ahead {
		for i := range z {
			z[i] = Load(Param(fmt.Sprintf("z%d", i)), GP64())
		}
	}
	n := Load(Param("n"), GP64())
	var acc [4][2]reg.VecVirtual
	for i := range acc {
		for p := range parts {
			acc[i][p] = lanes()
			if parts == 1 {
				VPXORQ(acc[i][p], acc[i][p], acc[i][p])
			} else {
				VXORPD(acc[i][p], acc[i][p], acc[i][p])
			}
		}
	}
	at := GP64()
	XORQ(at, at)
	wide, diff := lanes(), lanes()
	width := 32 / parts // bytes of float32 a vector takes
	eight := func(disp int) {
		for p := range parts {
			VCVTPS2PD(Mem{Base: x, Index: at, Scale: 4, Disp: disp + width*p}, wide)
			for i := range y {
				VCVTPS2PD(Mem{Base: y[i], Index: at, Scale: 4, Disp: disp + width*p}, diff)
				VSUBPD(diff, wide, diff)
				VMULPD(diff, diff, diff)
				VADDPD(diff, acc[i][p], acc[i][p])
			}
		}
	}
	last := GP64() // the last place from which 16 numbers follow
	MOVQ(n, last)
	SUBQ(Imm(16), last)
	JLT(LabelRef("rest"))
	Label("loop")
	if ahead {
		for i := range z {
			PREFETCHT0(Mem{Base: z[i], Index: at, Scale: 4})
		}
	}
	eight(0)
	eight(32)
	ADDQ(Imm(16), at)
	CMPQ(at, last)
	JLE(LabelRef("loop"))
	Label("rest")
	CMPQ(at, n)
	JGE(LabelRef("done"))
	eight(0)
	Label("done")
	for i := range acc {
		for p := range parts {
			VMOVUPD(acc[i][p], Mem{Base: sum, Disp: 64*i + 64/parts*p})
		}
	}
	VZEROUPPER()
	RET()
}

func avx512() {
	four("sqDist4AVX512", "sqDist4AVX512 leaves the lanes of four distances, over n numbers (a multiple of 8), in sum.", ZMM, 1, false)
	four("sqDist4AheadAVX512", "sqDist4AheadAVX512 is sqDist4AVX512 that fetches the rows z0 to z3.", ZMM, 1, true)
}

func avx2() {
	four("sqDist4AVX2", "sqDist4AVX2 is sqDist4AVX512 with two vectors for eight lanes.", YMM, 2, false)
	four("sqDist4AheadAVX2", "sqDist4AheadAVX2 is sqDist4AVX2 that fetches the rows z0 to z3.", YMM, 2, true)
}
