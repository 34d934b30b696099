// Command gram writes the kernels that search linear combinations.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const lessOrEqual = 2 // LE_OS: false for NaN

func main() {
	ConstraintExpr("amd64,!noasm")
	combine("combineAVX512", ZMM, 16)
	combine("combineAVX2", YMM, 8)
	weighted("weightedAVX512", ZMM, YMM, 1)
	weighted("weightedAVX2", YMM, XMM, 2)
	transpose()
	scan("scanAVX512", ZMM, 1)
	scan("scanAVX2", YMM, 2)
	Generate()
}

// combine takes 16 columns a round: one or two vectors of sums.
func combine(name string, vec func() reg.VecVirtual, width int) {
	TEXT(name, NOSPLIT, "func(dst *float32, n int, gram *float32, stride int, index *int32, weight *float32, terms int)")
	Pragma("noescape")
	Doc(name + " is CombineRows for n columns, a multiple of 16, and at least one term.")
	dst, n := Load(Param("dst"), GP64()), Load(Param("n"), GP64())
	g, stride := Load(Param("gram"), GP64()), Load(Param("stride"), GP64())
	index, weight := Load(Param("index"), GP64()), Load(Param("weight"), GP64())
	terms := Load(Param("terms"), GP64())
	SHLQ(Imm(2), stride)
	parts := 16 / width
	sum := make([]reg.VecVirtual, parts)
	for p := range sum {
		sum[p] = vec()
	}
	w := vec()
	t, row := GP64(), GP64()
	Label("columns")
	for _, s := range sum {
		if width == 16 {
			VPXORD(s, s, s)
		} else {
			VXORPS(s, s, s)
		}
	}
	XORQ(t, t)
	Label("terms")
	MOVLQSX(Mem{Base: index, Index: t, Scale: 4}, row)
	IMULQ(stride, row)
	VBROADCASTSS(Mem{Base: weight, Index: t, Scale: 4}, w)
	for p, s := range sum {
		VFMADD231PS(Mem{Base: g, Index: row, Scale: 1, Disp: 4 * width * p}, w, s)
	}
	INCQ(t)
	CMPQ(t, terms)
	JLT(LabelRef("terms"))
	for p, s := range sum {
		VMOVUPS(s, Mem{Base: dst, Disp: 4 * width * p})
	}
	ADDQ(Imm(64), dst)
	ADDQ(Imm(64), g)
	SUBQ(Imm(16), n)
	JNZ(LabelRef("columns"))
	VZEROUPPER()
	RET()
}

// weighted takes 8 columns a round, in float64 without fused operations.
func weighted(name string, wide, narrow func() reg.VecVirtual, parts int) {
	TEXT(name, NOSPLIT, "func(dst *float32, n int, rows *[]float32, weight *float64, terms int, div float64)")
	Pragma("noescape")
	Doc(name + " is WeightedSum for n columns, a multiple of 8, and at least one term.")
	dst, n := Load(Param("dst"), GP64()), Load(Param("n"), GP64())
	rows, weight := Load(Param("rows"), GP64()), Load(Param("weight"), GP64())
	terms := Load(Param("terms"), GP64())
	div := wide()
	at, err := Param("div").Resolve()
	if err != nil {
		panic(err)
	}
	VBROADCASTSD(at.Addr, div)
	sum, x, w := make([]reg.VecVirtual, parts), make([]reg.VecVirtual, parts), wide()
	for p := range sum {
		sum[p], x[p] = wide(), wide()
	}
	half := make([]reg.VecVirtual, parts)
	for p := range half {
		half[p] = narrow()
	}
	c, t, r, row := GP64(), GP64(), GP64(), GP64()
	XORQ(c, c)
	Label("columns")
	for _, s := range sum {
		if parts == 1 {
			VPXORQ(s, s, s)
		} else {
			VXORPD(s, s, s)
		}
	}
	XORQ(t, t)
	MOVQ(rows, r)
	Label("terms")
	MOVQ(Mem{Base: r}, row)
	VBROADCASTSD(Mem{Base: weight, Index: t, Scale: 8}, w)
	for p := range sum {
		VCVTPS2PD(Mem{Base: row, Index: c, Scale: 4, Disp: 32 / parts * p}, x[p])
		VMULPD(w, x[p], x[p])
		VADDPD(x[p], sum[p], sum[p])
	}
	ADDQ(Imm(24), r) // a slice header
	INCQ(t)
	CMPQ(t, terms)
	JLT(LabelRef("terms"))
	for p := range sum {
		VDIVPD(div, sum[p], sum[p])
		if parts == 1 {
			VCVTPD2PS(sum[p], half[p])
		} else {
			VCVTPD2PSY(sum[p], half[p])
		}
		VMOVUPS(half[p], Mem{Base: dst, Index: c, Scale: 4, Disp: 32 / parts * p})
	}
	ADDQ(Imm(8), c)
	CMPQ(c, n)
	JLT(LabelRef("columns"))
	VZEROUPPER()
	RET()
}

// transpose moves 8 rows of 8 columns a round.
func transpose() {
	TEXT("transpose16AVX2", NOSPLIT, "func(dst, src *float32, stride, n int)")
	Pragma("noescape")
	Doc("transpose16AVX2 writes n columns of 8 rows as the first halves of n rows of 16.")
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	stride, n := Load(Param("stride"), GP64()), Load(Param("n"), GP64())
	SHLQ(Imm(2), stride)
	three, four := GP64(), GP64()
	LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, three)
	Label("loop")
	LEAQ(Mem{Base: src, Index: stride, Scale: 4}, four)
	var r, t [8]reg.VecVirtual
	for i := range r {
		r[i], t[i] = YMM(), YMM()
		base := src
		if i >= 4 {
			base = four
		}
		switch i % 4 {
		case 0:
			VMOVUPS(Mem{Base: base}, r[i])
		case 1:
			VMOVUPS(Mem{Base: base, Index: stride, Scale: 1}, r[i])
		case 2:
			VMOVUPS(Mem{Base: base, Index: stride, Scale: 2}, r[i])
		case 3:
			VMOVUPS(Mem{Base: base, Index: three, Scale: 1}, r[i])
		}
	}
	for i := 0; i < 8; i += 2 {
		VUNPCKLPS(r[i+1], r[i], t[i])
		VUNPCKHPS(r[i+1], r[i], t[i+1])
	}
	for i := 0; i < 8; i += 4 {
		VSHUFPS(Imm(0x44), t[i+2], t[i], r[i])
		VSHUFPS(Imm(0xee), t[i+2], t[i], r[i+1])
		VSHUFPS(Imm(0x44), t[i+3], t[i+1], r[i+2])
		VSHUFPS(Imm(0xee), t[i+3], t[i+1], r[i+3])
	}
	for i := range 4 {
		VPERM2F128(Imm(0x20), r[i+4], r[i], t[i])
		VPERM2F128(Imm(0x31), r[i+4], r[i], t[i+4])
	}
	for i := range 8 {
		VMOVUPS(t[i], Mem{Base: dst, Disp: 64 * i})
	}
	ADDQ(Imm(32), src)
	ADDQ(I32(512), dst)
	SUBQ(Imm(8), n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

func scan(name string, vec func() reg.VecVirtual, parts int) {
	TEXT(name, NOSPLIT, "func(value *float32, point *int32, mask *uint32, table *float32, start, index *int32, weight, norms *float32, from, to int, norm, limit *[16]float32, colLimit *float32) int")
	Pragma("noescape")
	Doc(name + " is ScanCombinations for at least one point.")
	value, point := Load(Param("value"), GP64()), Load(Param("point"), GP64())
	mask, table := Load(Param("mask"), GP64()), Load(Param("table"), GP64())
	start, index := Load(Param("start"), GP64()), Load(Param("index"), GP64())
	weight, norms := Load(Param("weight"), GP64()), Load(Param("norms"), GP64())
	j := Load(Param("from"), GP64())
	width := 64 / parts
	norm, limit := make([]reg.VecVirtual, parts), make([]reg.VecVirtual, parts)
	tmp := Load(Param("norm"), GP64())
	for p := range norm {
		norm[p] = vec()
		VMOVUPS(Mem{Base: tmp, Disp: width * p}, norm[p])
	}
	Load(Param("limit"), tmp)
	for p := range limit {
		limit[p] = vec()
		VMOVUPS(Mem{Base: tmp, Disp: width * p}, limit[p])
	}
	// colLimit is indexed by j as the other arrays are.
	colLimit := Load(Param("colLimit"), GP64())
	Load(Param("from"), tmp)
	SHLQ(Imm(2), tmp)
	SUBQ(tmp, colLimit)

	t, end := GP64(), GP64()
	MOVLQSX(Mem{Base: start, Index: j, Scale: 4}, t)
	sum := make([]reg.VecVirtual, parts)
	s := make([]reg.VecVirtual, parts)
	for p := range sum {
		sum[p], s[p] = vec(), vec()
	}
	w := vec()
	row := GP64()
	compare := func(lim reg.VecVirtual, s reg.VecVirtual) reg.GPVirtual {
		g := GP32()
		if parts == 1 {
			k := K()
			VCMPPS(Imm(lessOrEqual), lim, s, k)
			KMOVW(k, g)
		} else {
			VCMPPS(Imm(lessOrEqual), lim, s, s)
			VMOVMSKPS(s, g)
		}
		return g
	}
	Label("points")
	MOVLQSX(Mem{Base: start, Index: j, Scale: 4, Disp: 4}, end)
	for _, v := range sum {
		if parts == 1 {
			VPXORD(v, v, v)
		} else {
			VXORPS(v, v, v)
		}
	}
	CMPQ(t, end)
	JGE(LabelRef("summed"))
	Label("terms")
	MOVLQSX(Mem{Base: index, Index: t, Scale: 4}, row)
	SHLQ(Imm(6), row)
	VBROADCASTSS(Mem{Base: weight, Index: t, Scale: 4}, w)
	for p, v := range sum {
		VFMADD231PS(Mem{Base: table, Index: row, Scale: 1, Disp: width * p}, w, v)
	}
	INCQ(t)
	CMPQ(t, end)
	JLT(LabelRef("terms"))
	Label("summed")
	bits := GP32()
	XORL(bits, bits)
	VBROADCASTSS(Mem{Base: norms, Index: j, Scale: 4}, w)
	for p := range sum {
		VADDPS(w, sum[p], s[p])
		g := compare(limit[p], s[p])
		if p > 0 {
			SHLL(Imm(uint64(8*p)), g)
		}
		ORL(g, bits)
	}
	VBROADCASTSS(Mem{Base: colLimit, Index: j, Scale: 4}, w)
	for p := range sum {
		VADDPS(norm[p], sum[p], s[p])
		g := compare(w, s[p])
		SHLL(Imm(uint64(16+8*p)), g)
		ORL(g, bits)
	}
	TESTL(bits, bits)
	JZ(LabelRef("next"))
	for p := range sum {
		VMOVUPS(sum[p], Mem{Base: value, Disp: width * p})
	}
	ADDQ(Imm(64), value)
	MOVL(j.(reg.GPVirtual).As32(), Mem{Base: point})
	ADDQ(Imm(4), point)
	MOVL(bits, Mem{Base: mask})
	ADDQ(Imm(4), mask)
	Label("next")
	INCQ(j)
	to := GP64()
	Load(Param("to"), to)
	CMPQ(j, to)
	JLT(LabelRef("points"))
	first := GP64()
	Load(Param("point"), first)
	SUBQ(first, point)
	SHRQ(Imm(2), point)
	Store(point, ReturnIndex(0))
	VZEROUPPER()
	RET()
}
