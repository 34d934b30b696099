// Command cpuid writes the one question to the processor that package x/sys/cpu
// does not ask.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!noasm")
	TEXT("cpuidFeatures", NOSPLIT, "func() uint32")
	Doc("cpuidFeatures returns ECX of CPUID leaf 1.")
	XORL(reg.ECX, reg.ECX)
	MOVL(U32(1), reg.EAX)
	CPUID()
	Store(reg.ECX, ReturnIndex(0))
	RET()
	Generate()
}
