// Command split writes the kernels of split numbers: packing them, and the
// product of their panels by AMX tiles, whose instructions the assembler does
// not know.
package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!noasm")
	product()
	pack()
	transpose()
	Generate()
}

const (
	tile  = 1024     // bytes
	block = 4 * tile // of a panel: 32 rows, 32 columns, both halves
)

// emit writes one instruction of an instruction set as bytes.
func emit(isa string, code ...byte) {
	for _, b := range code {
		Instruction(&ir.Instruction{Opcode: "BYTE", Operands: []Op{U8(b)}, ISA: []string{isa}})
	}
}

// Prefixes of the tile instructions (VEX.128, map 0F38, W0): their third byte
// without the register it may name.
const (
	np = 0x78
	f3 = 0x7a
	f2 = 0x7b
)

// Registers by which memory is addressed, as the tile instructions number
// them.
const (
	rcx = 1
	rdx = 2
	rsi = 6
	rdi = 7
)

func tileRelease() { emit("AMX-TILE", 0xc4, 0xe2, np, 0x49, 0xc0) }

// loadConfig reads the configuration from where base points.
func loadConfig(base byte) { emit("AMX-TILE", 0xc4, 0xe2, np, 0x49, base) }

func tileZero(t byte) { emit("AMX-TILE", 0xc4, 0xe2, f2, 0x49, 0xc0|t<<3) }

// tileLoad reads tile t from base + disp, its rows stride bytes apart.
func tileLoad(t, base, stride byte, disp uint32) { tileMove(f2, t, base, stride, disp) }

func tileStore(t, base, stride byte, disp uint32) { tileMove(f3, t, base, stride, disp) }

func tileMove(prefix, t, base, stride byte, disp uint32) {
	emit("AMX-TILE", 0xc4, 0xe2, prefix, 0x4b, 0x84|t<<3, stride<<3|base, byte(disp), byte(disp>>8), byte(disp>>16), byte(disp>>24))
}

// tileMultiply adds the product of tiles a and b, of pairs of bfloat16, to c.
func tileMultiply(c, a, b byte) { emit("AMX-BF16", 0xc4, 0xe2, (^b&15)<<3|f3&7, 0x5c, 0xc0|c<<3|a) }

func product() {
	config := GLOBL("splitTiles", attr.RODATA|attr.NOPTR)
	DATA(0, U8(1)) // palette
	DATA(1, U8(0))
	DATA(2, U16(0))
	DATA(4, U32(0))
	DATA(8, U64(0))
	for t := range 8 {
		DATA(16+2*t, U16(64)) // bytes of a row
	}
	DATA(32, U64(0))
	DATA(40, U64(0))
	for t := range 8 {
		DATA(48+t, U8(16)) // rows
	}
	DATA(56, U64(0))

	TEXT("multiplySplitAMX", NOSPLIT, "func(c *float32, a, b *uint32, blocks, count, stride int)")
	Pragma("noescape")
	Doc("multiplySplitAMX is MultiplySplit for blocks of 32 columns, of count panels that are stride bytes apart.")
	// The registers are chosen here, as the tile instructions name them.
	c, a, b, bytes := reg.RDI, reg.RCX, reg.RDX, reg.RSI
	Load(Param("c"), c)
	Load(Param("a"), a)
	count, stride, left, panel := reg.R8, reg.R9, reg.R10, reg.RBX
	Load(Param("count"), count)
	Load(Param("stride"), stride)
	LEAQ(config, reg.RAX)
	loadConfig(0)
	MOVQ(a, panel)
	Label("panel")
	Load(Param("b"), b)
	MOVQ(panel, a)
	Load(Param("blocks"), left)
	MOVQ(U32(64), bytes)
	for t := range byte(4) {
		tileZero(t)
	}
	Label("block")
	// Tiles 0 to 3 are the sums; 4 and 5 hold the rows, 6 and 7 the columns.
	all := func() {
		for t := range byte(4) {
			tileMultiply(t, 4+t/2, 6+t%2)
		}
	}
	rows := func(at uint32) {
		tileLoad(4, rcx, rsi, at)
		tileLoad(5, rcx, rsi, at+tile)
	}
	columns := func(at uint32) {
		tileLoad(6, rdx, rsi, at)
		tileLoad(7, rdx, rsi, at+tile)
	}
	rows(2 * tile) // low
	columns(0)     // high
	all()
	rows(0) // high
	all()
	columns(2 * tile) // low
	all()
	ADDQ(I32(block), a)
	ADDQ(I32(block), b)
	DECQ(left)
	JNZ(LabelRef("block"))
	MOVQ(U32(128), bytes)
	tileStore(0, rdi, rsi, 0)
	tileStore(1, rdi, rsi, 64)
	tileStore(2, rdi, rsi, 16*128)
	tileStore(3, rdi, rsi, 16*128+64)
	ADDQ(I32(32*128), c)
	ADDQ(stride, panel)
	DECQ(count)
	JNZ(LabelRef("panel"))
	tileRelease()
	RET()
}

// pack splits 16 rows of 32 numbers.
func pack() {
	TEXT("splitTileAVX512", NOSPLIT, "func(high, low *uint32, x *float32, stride int)")
	Pragma("noescape")
	Doc("splitTileAVX512 splits 32 numbers of each of 16 rows that are stride numbers apart.")
	high, low := Load(Param("high"), GP64()), Load(Param("low"), GP64())
	x, stride := Load(Param("x"), GP64()), Load(Param("stride"), GP64())
	SHLQ(Imm(2), stride)
	// The upper halves of 32 numbers, in order.
	index := GLOBL("splitIndex", attr.RODATA|attr.NOPTR)
	for i := range 32 {
		DATA(2*i, U16(2*i+1))
	}
	order, one, half, mask := ZMM(), ZMM(), ZMM(), ZMM()
	VMOVDQU16(index, order)
	g := GP32()
	for _, v := range []struct {
		z reg.VecVirtual
		u uint32
	}{{one, 1}, {half, 0x7fff}, {mask, 0xffff0000}} {
		MOVL(U32(v.u), g)
		VPBROADCASTD(g, v.z)
	}
	// round leaves in to the bfloat16 next to x, as float32.
	round := func(x, to reg.VecVirtual) {
		VPSRLD(Imm(16), x, to)
		VPANDD(one, to, to)
		VPADDD(half, to, to)
		VPADDD(x, to, to)
		VPANDD(mask, to, to)
	}
	n := GP64()
	MOVQ(U32(16), n)
	Label("row")
	var v, h, l [2]reg.VecVirtual
	for i := range v {
		v[i], h[i], l[i] = ZMM(), ZMM(), ZMM()
		VMOVUPS(Mem{Base: x, Disp: 64 * i}, v[i])
		round(v[i], h[i])
		VSUBPS(h[i], v[i], v[i])
		round(v[i], l[i])
	}
	packed := [2]reg.VecVirtual{ZMM(), ZMM()}
	for i, p := range [2][2]reg.VecVirtual{h, l} {
		VMOVDQA32(p[0], packed[i])
		VPERMT2W(p[1], order, packed[i])
	}
	VMOVDQU32(packed[0], Mem{Base: high})
	VMOVDQU32(packed[1], Mem{Base: low})
	ADDQ(stride, x)
	ADDQ(Imm(64), high)
	ADDQ(Imm(64), low)
	DECQ(n)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// transpose exchanges the rows and columns of a tile of 16×16 words.
func transpose() {
	TEXT("transposeTileAVX512", NOSPLIT, "func(p *uint32)")
	Pragma("noescape")
	Doc("transposeTileAVX512 transposes a tile of 16×16 words in place.")
	p := Load(Param("p"), GP64())
	var r, t [16]reg.VecVirtual
	for i := range r {
		r[i], t[i] = ZMM(), ZMM()
		VMOVUPS(Mem{Base: p, Disp: 64 * i}, r[i])
	}
	for i := 0; i < 16; i += 2 {
		VUNPCKLPS(r[i+1], r[i], t[i])
		VUNPCKHPS(r[i+1], r[i], t[i+1])
	}
	for i := 0; i < 16; i += 4 {
		for h := range 2 {
			VUNPCKLPD(t[i+2+h], t[i+h], r[i+2*h])
			VUNPCKHPD(t[i+2+h], t[i+h], r[i+2*h+1])
		}
	}
	// Lane l of r[4g+c] holds numbers 4g to 4g+3 of column 4l+c.
	for c := range 4 {
		VSHUFF32X4(Imm(0x44), r[4+c], r[c], t[0])
		VSHUFF32X4(Imm(0xee), r[4+c], r[c], t[1])
		VSHUFF32X4(Imm(0x44), r[12+c], r[8+c], t[2])
		VSHUFF32X4(Imm(0xee), r[12+c], r[8+c], t[3])
		for l := range 4 {
			shuffle := Imm(0x88)
			if l%2 == 1 {
				shuffle = Imm(0xdd)
			}
			VSHUFF32X4(shuffle, t[2+l/2], t[l/2], t[4+l])
			VMOVUPS(t[4+l], Mem{Base: p, Disp: 64 * (4*l + c)})
		}
	}
	VZEROUPPER()
	RET()
}
