package main

import "fmt"

// The instructions, named as in the Arm Architecture Reference Manual for
// A-profile (DDI 0487), section C7, with their arrangement: 4s is four
// float32, 2d two float64, 16b sixteen bytes.

// three makes an instruction of two vectors.
func three(name, arrangement string, base uint32) func(d, n, m v) {
	return func(d, n, m v) {
		word(base|uint32(m)<<16|uint32(n)<<5|uint32(d), "%s %v.%s, %v.%s, %v.%s", name, d, arrangement, n, arrangement, m, arrangement)
	}
}

var (
	fadd4s   = three("fadd", "4s", 0x4e20d400)
	fadd2d   = three("fadd", "2d", 0x4e60d400)
	fsub4s   = three("fsub", "4s", 0x4ea0d400)
	fsub2d   = three("fsub", "2d", 0x4ee0d400)
	fmul4s   = three("fmul", "4s", 0x6e20dc00)
	fmul2d   = three("fmul", "2d", 0x6e60dc00)
	fdiv4s   = three("fdiv", "4s", 0x6e20fc00)
	fdiv2d   = three("fdiv", "2d", 0x6e60fc00)
	fmla4s   = three("fmla", "4s", 0x4e20cc00)
	fmls4s   = three("fmls", "4s", 0x4ea0cc00)
	faddp2d  = three("faddp", "2d", 0x6e60d400)
	fmaxnm4s = three("fmaxnm", "4s", 0x4e20c400) // of a number and NaN, the number
	fminnm4s = three("fminnm", "4s", 0x4ea0c400)
	fmax4s   = three("fmax", "4s", 0x4e20f400) // NaN if one of them is
	fmin4s   = three("fmin", "4s", 0x4ea0f400)
	fcmeq4s  = three("fcmeq", "4s", 0x4e20e400)
	fcmgt4s  = three("fcmgt", "4s", 0x6ea0e400)
	fcmge4s  = three("fcmge", "4s", 0x6e20e400)
	umax4s   = three("umax", "4s", 0x6ea06400)
	cmhs4s   = three("cmhs", "4s", 0x6ea03c00)
	add2d    = three("add", "2d", 0x4ee08400)
	add4s    = three("add", "4s", 0x4ea08400)
	sub4s    = three("sub", "4s", 0x6ea08400)
	addp4s   = three("addp", "4s", 0x4ea0bc00)
	and16b   = three("and", "16b", 0x4e201c00)
	bic16b   = three("bic", "16b", 0x4e601c00)
	eor16b   = three("eor", "16b", 0x6e201c00)
	bit16b   = three("bit", "16b", 0x6ea01c00) // n where m is set
	orr16b   = three("orr", "16b", 0x4ea01c00)
	trn14s   = three("trn1", "4s", 0x4e802800)
	trn24s   = three("trn2", "4s", 0x4e806800)
	zip14s   = three("zip1", "4s", 0x4e803800)
	zip24s   = three("zip2", "4s", 0x4e807800)
	zip12d   = three("zip1", "2d", 0x4ec03800)
	zip22d   = three("zip2", "2d", 0x4ec07800)
)

// two makes an instruction of one vector.
func two(name, to, from string, base uint32) func(d, n v) {
	return func(d, n v) { word(base|uint32(n)<<5|uint32(d), "%s %v.%s, %v.%s", name, d, to, n, from) }
}

var (
	fcvtl    = two("fcvtl", "2d", "2s", 0x0e617800) // float64 of the lower two float32
	fcvtl2   = two("fcvtl2", "2d", "4s", 0x4e617800)
	fcvtlH   = two("fcvtl", "4s", "4h", 0x0e217800) // float32 of the lower four binary16
	fcvtl2H  = two("fcvtl2", "4s", "8h", 0x4e217800)
	fcvtn    = two("fcvtn", "2s", "2d", 0x0e616800) // and back
	fcvtn2   = two("fcvtn2", "4s", "2d", 0x4e616800)
	fabs4s   = two("fabs", "4s", "4s", 0x4ea0f800)
	fsqrt4s  = two("fsqrt", "4s", "4s", 0x6ea1f800)
	frintm2d = two("frintm", "2d", "2d", 0x4e619800) // down
	fcvtzs2d = two("fcvtzs", "2d", "2d", 0x4ee1b800)
	rev644s  = two("rev64", "4s", "4s", 0x4ea00800) // pairs exchanged
	mvn16b   = two("mvn", "16b", "16b", 0x6e205800)
	fneg4s   = two("fneg", "4s", "4s", 0x6ea0f800)
	fcvtzs   = two("fcvtzs", "4s", "4s", 0x4ea1b800)
	scvtf    = two("scvtf", "4s", "4s", 0x4e21d800)
)

// byElement makes an instruction of a vector and one number of another.
func byElement(name string, base uint32) func(d, n, m v, index int) {
	return func(d, n, m v, index int) {
		i := uint32(index)
		word(base|i&1<<21|i>>1<<11|uint32(m)<<16|uint32(n)<<5|uint32(d), "%s %v.4s, %v.4s, %v.s[%d]", name, d, n, m, index)
	}
}

var (
	fmlaElement = byElement("fmla", 0x4f801000)
	fmlsElement = byElement("fmls", 0x4f805000)
	fmulElement = byElement("fmul", 0x4f809000)
)

func dup4s(d, n v, index int) {
	word(0x4e040400|uint32(index)<<19|uint32(n)<<5|uint32(d), "dup %v.4s, %v.s[%d]", d, n, index)
}

func dup2d(d, n v, index int) {
	word(0x4e080400|uint32(index)<<20|uint32(n)<<5|uint32(d), "dup %v.2d, %v.d[%d]", d, n, index)
}

func fcmeqZero(d, n v) {
	word(0x4ea0d800|uint32(n)<<5|uint32(d), "fcmeq %v.4s, %v.4s, #0.0", d, n)
}

// dupX fills a vector with a general register, dupW with its lower half; insX
// sets one half of a vector.
func dupX(d v, n x) { word(0x4e080c00|uint32(n)<<5|uint32(d), "dup %v.2d, x%d", d, int(n)) }
func dupW(d v, n x) { word(0x4e040c00|uint32(n)<<5|uint32(d), "dup %v.4s, w%d", d, int(n)) }
func insX(d v, index int, n x) {
	word(0x4e081c00|uint32(index)<<20|uint32(n)<<5|uint32(d), "mov %v.d[%d], x%d", d, index, int(n))
}

func zero(d v) { word(0x6f00e400|uint32(d), "movi %v.2d, #0x0", d) }

func mov(d, n v) { word(0x4ea01c00|uint32(n)<<16|uint32(n)<<5|uint32(d), "mov %v.16b, %v.16b", d, n) }

func shl4s(d, n v, bits int) {
	word(0x4f005400|uint32(32+bits)<<16|uint32(n)<<5|uint32(d), "shl %v.4s, %v.4s, #%d", d, n, bits)
}

func shl2d(d, n v, bits int) {
	word(0x4f005400|uint32(64+bits)<<16|uint32(n)<<5|uint32(d), "shl %v.2d, %v.2d, #%d", d, n, bits)
}

// sshr4s shifts right, keeping the sign.
func sshr4s(d, n v, bits int) {
	word(0x4f000400|uint32(64-bits)<<16|uint32(n)<<5|uint32(d), "sshr %v.4s, %v.4s, #%d", d, n, bits)
}

// addv adds four integers, fmovW moves the lowest number to a general register.
func addv(d, n v) {
	word(0x4eb1b800|uint32(n)<<5|uint32(d), "addv s%d, %v.4s", int(d), n)
}
func fmovW(d x, n v) { word(0x1e260000|uint32(n)<<5|uint32(d), "fmov w%d, s%d", int(d), int(n)) }
func fmovX(d x, n v) { word(0x9e660000|uint32(n)<<5|uint32(d), "fmov x%d, d%d", int(d), int(n)) }

// faddpS adds the lower two numbers of a vector.
func faddpS(d, n v) {
	word(0x7e30d800|uint32(n)<<5|uint32(d), "faddp s%d, %v.2s", int(d), n)
}

func fcvtDS(d, n v) { word(0x1e22c000|uint32(n)<<5|uint32(d), "fcvt d%d, s%d", int(d), int(n)) }
func faddD(d, n, m v) {
	word(0x1e602800|uint32(m)<<16|uint32(n)<<5|uint32(d), "fadd d%d, d%d, d%d", int(d), int(n), int(m))
}

// place is an address as a disassembler writes it.
func place(n x, offset int) string {
	if offset == 0 {
		return fmt.Sprintf("[x%d]", int(n))
	}
	return fmt.Sprintf("[x%d, #%d]", int(n), offset)
}

// scaled checks that an offset is a multiple of size from lo to hi of them and
// returns how many.
func scaled(offset, size, lo, hi int) uint32 {
	k := offset / size
	if offset%size != 0 || k < lo || k > hi {
		panic(fmt.Sprintf("offset %d", offset))
	}
	return uint32(k)
}

// Loads and stores of 16 bytes (Q), 8 (D) and 4 (S).
func loadStore(name, bank string, size int, base uint32) func(t v, n x, offset int) {
	return func(t v, n x, offset int) {
		word(base|scaled(offset, size, 0, 4095)<<10|uint32(n)<<5|uint32(t), "%s %s%d, %s", name, bank, int(t), place(n, offset))
	}
}

var (
	ldrQ = loadStore("ldr", "q", 16, 0x3dc00000)
	ldrD = loadStore("ldr", "d", 8, 0xfd400000)
	ldrS = loadStore("ldr", "s", 4, 0xbd400000)
	strQ = loadStore("str", "q", 16, 0x3d800000)
	strD = loadStore("str", "d", 8, 0xfd000000)
)

// The same, with the register advanced afterwards by what was moved.
func postIndexed(name, bank string, size int, base uint32) func(t v, n x) {
	return func(t v, n x) {
		word(base|uint32(size)<<12|uint32(n)<<5|uint32(t), "%s %s%d, [x%d], #%d", name, bank, int(t), int(n), size)
	}
}

var (
	ldrQPost = postIndexed("ldr", "q", 16, 0x3cc00400)
	ldrDPost = postIndexed("ldr", "d", 8, 0xfc400400)
	strQPost = postIndexed("str", "q", 16, 0x3c800400)
	strDPost = postIndexed("str", "d", 8, 0xfc000400)
	strSPost = postIndexed("str", "s", 4, 0xbc000400)
)

// ldrDIndex loads 8 bytes, number i of those from n on.
func ldrDIndex(t v, n, i x) {
	word(0xfc607800|uint32(i)<<16|uint32(n)<<5|uint32(t), "ldr d%d, [x%d, x%d, lsl #3]", int(t), int(n), int(i))
}

// Pairs of 16 bytes.
func ldpQ(t, u v, n x, offset int) { pair("ldp", 0xad400000, t, u, n, offset) }
func stpQ(t, u v, n x, offset int) { pair("stp", 0xad000000, t, u, n, offset) }

func pair(name string, base uint32, t, u v, n x, offset int) {
	word(base|scaled(offset, 16, -64, 63)&127<<15|uint32(u)<<10|uint32(n)<<5|uint32(t), "%s q%d, q%d, %s", name, int(t), int(u), place(n, offset))
}

func ldpQPost(t, u v, n x) {
	word(0xacc00000|2<<15|uint32(u)<<10|uint32(n)<<5|uint32(t), "ldp q%d, q%d, [x%d], #32", int(t), int(u), int(n))
}

// splat4s and splat2d fill a vector with one number from memory.
func splat4s(t v, n x) { word(0x4d40c800|uint32(n)<<5|uint32(t), "ld1r {%v.4s}, [x%d]", t, int(n)) }
func splat2d(t v, n x) { word(0x4d40cc00|uint32(n)<<5|uint32(t), "ld1r {%v.2d}, [x%d]", t, int(n)) }
func splat4sPost(t v, n x) {
	word(0x4ddfc800|uint32(n)<<5|uint32(t), "ld1r {%v.4s}, [x%d], #4", t, int(n))
}

// ld1S loads one number of a vector, st1S stores one.
func ld1S(t v, index int, n x) {
	i := uint32(index)
	word(0x0d408000|i>>1<<30|i&1<<12|uint32(n)<<5|uint32(t), "ld1 {%v.s}[%d], [x%d]", t, index, int(n))
}
func st1SPost(t v, index int, n x) {
	i := uint32(index)
	word(0x0d9f8000|i>>1<<30|i&1<<12|uint32(n)<<5|uint32(t), "st1 {%v.s}[%d], [x%d], #4", t, index, int(n))
}
