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
	sieve("sieveAVX512", 12, 32, ZMM)
	sieve("sieveAVX2", 6, 16, YMM)
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

// sieve compares as tile does, and only tells which tiles have a number that
// passes.
func sieve(name string, mr, nr int, vec func() reg.VecVirtual) {
	TEXT(name, NOSPLIT, "func(tiles *int32, c, rowNorm, rowLimit, colNorm, colLimit *float32, count int) int")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s is SieveTiles for count tiles, not 0, of %d×%d numbers.", name, mr, nr))
	tiles, c := Load(Param("tiles"), GP64()), Load(Param("c"), GP64())
	rowNorm, rowLimit := Load(Param("rowNorm"), GP64()), Load(Param("rowLimit"), GP64())
	colNorm, colLimit := Load(Param("colNorm"), GP64()), Load(Param("colLimit"), GP64())
	count := Load(Param("count"), GP64())
	half := nr / 2
	wide := half == 16
	n := [2]reg.VecVirtual{vec(), vec()}
	lim := [2]reg.VecVirtual{vec(), vec()}
	for h := range 2 {
		VMOVUPS(Mem{Base: colNorm, Disp: 4 * half * h}, n[h])
		VMOVUPS(Mem{Base: colLimit, Disp: 4 * half * h}, lim[h])
	}
	x, s, rn, rl := vec(), vec(), vec(), vec()
	var pass reg.VecVirtual // of narrow vectors
	var or, k reg.Register  // of wide ones
	if wide {
		or, k = K(), K()
	} else {
		pass = vec()
	}
	compare := func(limit reg.VecVirtual) {
		if wide {
			VCMPPS(Imm(lessOrEqual), limit, s, k)
			KORW(k, or, or)
		} else {
			VCMPPS(Imm(lessOrEqual), limit, s, s)
			VORPS(s, pass, pass)
		}
	}
	p, found, any := GP64(), GP64(), GP64()
	XORQ(p, p)
	XORQ(found, found)
	Label("tile")
	if wide {
		KXORW(or, or, or)
	} else {
		VXORPS(pass, pass, pass)
	}
	for r := range mr {
		VBROADCASTSS(Mem{Base: rowNorm, Disp: 4 * r}, rn)
		VBROADCASTSS(Mem{Base: rowLimit, Disp: 4 * r}, rl)
		for h := range 2 {
			VMOVUPS(Mem{Base: c, Disp: 4*nr*r + 4*half*h}, x)
			VADDPS(n[h], x, s)
			compare(rl)
			VADDPS(rn, x, s)
			compare(lim[h])
		}
	}
	MOVL(p.As32(), Mem{Base: tiles, Index: found, Scale: 4})
	if wide {
		KMOVW(or, any.As32())
	} else {
		VMOVMSKPS(pass, any.As32())
	}
	NEGL(any.As32()) // carries when it is not 0
	ADCQ(Imm(0), found)
	ADDQ(I32(int32(4*mr*nr)), c)
	ADDQ(Imm(uint64(4*mr)), rowNorm)
	ADDQ(Imm(uint64(4*mr)), rowLimit)
	INCQ(p)
	CMPQ(p, count)
	JNE(LabelRef("tile"))
	Store(found, ReturnIndex(0))
	VZEROUPPER()
	RET()
}
