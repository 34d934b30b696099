// Command select writes the kernels that compare a tile with limits.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const lessOrEqual = 2 // LE_OS: false for NaN

func main() {
	ConstraintExpr("amd64,!noasm")
	tile("selectAVX512", 32, ZMM)
	tile("selectAVX2", 16, YMM)
	Generate()
}

// tile compares two vectors a row, each with a limit of the row and one of its
// columns.
func tile(name string, nr int, vec func() reg.VecVirtual) {
	TEXT(name, NOSPLIT, "func(row, col *uint32, c, rowNorm, rowLimit, colNorm, colLimit *float32, rows int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s is SelectTile for %d columns.", name, nr))
	row, col := Load(Param("row"), GP64()), Load(Param("col"), GP64())
	c := Load(Param("c"), GP64())
	rowNorm, rowLimit := Load(Param("rowNorm"), GP64()), Load(Param("rowLimit"), GP64())
	colNorm, colLimit := Load(Param("colNorm"), GP64()), Load(Param("colLimit"), GP64())
	rows := Load(Param("rows"), GP64())
	half := nr / 2
	n := [2]reg.VecVirtual{vec(), vec()}
	lim := [2]reg.VecVirtual{vec(), vec()}
	for h := range 2 {
		VMOVUPS(Mem{Base: colNorm, Disp: 4 * half * h}, n[h])
		VMOVUPS(Mem{Base: colLimit, Disp: 4 * half * h}, lim[h])
	}
	x := [2]reg.VecVirtual{vec(), vec()}
	s, rn, rl := vec(), vec(), vec()
	// compare returns the bits of s <= limit.
	compare := func(s, limit reg.VecVirtual) reg.GPVirtual {
		g := GP32()
		if half == 16 {
			k := K()
			VCMPPS(Imm(lessOrEqual), limit, s, k)
			KMOVW(k, g)
		} else {
			VCMPPS(Imm(lessOrEqual), limit, s, s)
			VMOVMSKPS(s, g)
		}
		return g
	}
	r := GP64()
	XORQ(r, r)
	Label("row")
	VBROADCASTSS(Mem{Base: rowNorm, Index: r, Scale: 4}, rn)
	VBROADCASTSS(Mem{Base: rowLimit, Index: r, Scale: 4}, rl)
	var rb, cb [2]reg.GPVirtual
	for h := range 2 {
		VMOVUPS(Mem{Base: c, Disp: 4 * half * h}, x[h])
		VADDPS(n[h], x[h], s)
		rb[h] = compare(s, rl)
		VADDPS(rn, x[h], s)
		cb[h] = compare(s, lim[h])
	}
	SHLL(Imm(uint64(half)), rb[1])
	ORL(rb[1], rb[0])
	MOVL(rb[0], Mem{Base: row, Index: r, Scale: 4})
	SHLL(Imm(uint64(half)), cb[1])
	ORL(cb[1], cb[0])
	MOVL(cb[0], Mem{Base: col, Index: r, Scale: 4})
	ADDQ(I32(int32(4*nr)), c)
	INCQ(r)
	CMPQ(r, rows)
	JNE(LabelRef("row"))
	VZEROUPPER()
	RET()
}
