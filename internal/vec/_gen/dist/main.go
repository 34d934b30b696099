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
// four rows are added to lanes, in the order of the columns.
func four(name, doc string, lanes func() reg.VecVirtual, parts int) {
	TEXT(name, NOSPLIT, "func(sum *[32]float64, x, y0, y1, y2, y3 *float32, n int)")
	Pragma("noescape")
	Doc(doc)
	sum, x := Load(Param("sum"), GP64()), Load(Param("x"), GP64())
	var y [4]reg.Register
	for i := range y {
		y[i] = Load(Param(fmt.Sprintf("y%d", i)), GP64())
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
	TESTQ(n, n)
	JZ(LabelRef("done"))
	Label("loop")
	for p := range parts {
		VCVTPS2PD(Mem{Base: x, Index: at, Scale: 4, Disp: width * p}, wide)
		for i := range y {
			VCVTPS2PD(Mem{Base: y[i], Index: at, Scale: 4, Disp: width * p}, diff)
			VSUBPD(diff, wide, diff)
			VMULPD(diff, diff, diff)
			VADDPD(diff, acc[i][p], acc[i][p])
		}
	}
	ADDQ(Imm(8), at)
	CMPQ(at, n)
	JLT(LabelRef("loop"))
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
	four("sqDist4AVX512", "sqDist4AVX512 leaves the lanes of four distances, over n numbers (a multiple of 8), in sum.", ZMM, 1)
}

func avx2() {
	four("sqDist4AVX2", "sqDist4AVX2 is sqDist4AVX512 with two vectors for eight lanes.", YMM, 2)
}
