// Command merge writes the kernel of distances between sparse rows.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	size = 16 // bytes of an entry: a float64, the column and nothing
	last = 1<<31 - 1
)

func main() {
	ConstraintExpr("amd64,!noasm")
	taken := GLOBL("mergeTaken", RODATA|NOPTR) // factors, as far apart as entries
	DATA(0, F64(0))
	DATA(size, F64(1))

	TEXT("mergeSquares", NOSPLIT, "func(sum, x, y, z *float64)")
	Pragma("noescape")
	Doc("mergeSquares is mergeSquaresGo. What is to be predicted are only the ends of the rows.")
	sum := Load(Param("sum"), GP64())
	x := Load(Param("x"), GP64())
	y, z := Load(Param("y"), GP64()), Load(Param("z"), GP64())
	x2, table, one := GP64(), GP64(), GP32()
	MOVQ(x, x2)
	LEAQ(taken, table)
	MOVL(U32(size), one)
	// step adds what is in the lower of the two columns, and goes to end at the
	// end of both rows.
	step := func(x, y reg.Register, lanes int, end string) {
		p, q := GP32(), GP32()
		MOVL(Mem{Base: x, Disp: 8}, p)
		MOVL(Mem{Base: y, Disp: 8}, q)
		ofX, ofY := GP64(), GP64()
		XORL(ofX.As32(), ofX.As32())
		XORL(ofY.As32(), ofY.As32())
		CMPL(p, q)
		CMOVLLE(one, ofX.As32())
		CMOVLGE(one, ofY.As32())
		CMOVLGT(q, p)
		CMPL(p, U32(last))
		JEQ(LabelRef(end))
		u, v := XMM(), XMM()
		MOVSD(Mem{Base: table, Index: ofX, Scale: 1}, u)
		MULSD(Mem{Base: x}, u)
		MOVSD(Mem{Base: table, Index: ofY, Scale: 1}, v)
		MULSD(Mem{Base: y}, v)
		SUBSD(v, u)
		MULSD(u, u)
		ANDL(Imm(7), p)
		at := Mem{Base: sum, Index: p.(reg.GPVirtual).As64(), Scale: 8, Disp: 64 * lanes}
		ADDSD(at, u)
		MOVSD(u, at)
		ADDQ(ofX, x)
		ADDQ(ofY, y)
	}
	Label("both")
	step(x, y, 0, "onlyZ")
	step(x2, z, 1, "onlyY")
	JMP(LabelRef("both"))
	Label("onlyZ")
	step(x2, z, 1, "done")
	JMP(LabelRef("onlyZ"))
	Label("onlyY")
	step(x, y, 0, "done")
	JMP(LabelRef("onlyY"))
	Label("done")
	RET()
	Generate()
}
