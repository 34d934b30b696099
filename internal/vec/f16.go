package vec

import (
	"encoding/binary"
	"math"
	"math/bits"
	"sync"
)

// Not a sync.OnceValue, which would be linked into every program.
var f16 struct {
	sync.Once
	table *[1 << 16]float32
}

// f16Table returns the float32 of every binary16 pattern; 256 kB, made only
// where no instruction converts.
func f16Table() *[1 << 16]float32 {
	f16.Do(func() {
		f16.table = new([1 << 16]float32)
		for i := range f16.table {
			f16.table[i] = F16(uint16(i))
		}
	})
	return f16.table
}

// F16 converts one number by the definition of IEEE 754 binary16: one bit of sign, 5
// of exponent (bias 15), 10 of fraction. Every value is exact in float32; a NaN
// keeps its sign and fraction and becomes quiet, as the processor's own
// conversion does.
func F16(h uint16) float32 {
	sign, exp, frac := uint32(h>>15)<<31, uint32(h>>10&31), uint32(h&1023)
	switch {
	case exp == 31 && frac != 0:
		return math.Float32frombits(sign | 0x7fc00000 | frac<<13)
	case exp == 31:
		return math.Float32frombits(sign | 0x7f800000)
	case exp == 0 && frac == 0:
		return math.Float32frombits(sign)
	case exp == 0: // subnormal: frac · 2⁻²⁴
		n := uint32(bits.LeadingZeros16(uint16(frac))) - 5
		return math.Float32frombits(sign | (113-n)<<23 | frac<<n&1023<<13)
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}

// F16ToF32 converts len(dst) little-endian binary16 numbers of src to float32,
// exactly: the same bits at every level. It panics when src is shorter.
func F16ToF32(dst []float32, src []byte) {
	src = src[:2*len(dst)]
	n := f16Fast(dst, src)
	f16ToF32Go(dst[n:], src[2*n:])
}

// F16Stream is F16ToF32 for results that are too many for the caches: they are
// written past them, where dst is aligned to 64 bytes.
func F16Stream(dst []float32, src []byte) {
	src = src[:2*len(dst)]
	n := f16StreamFast(dst, src)
	f16ToF32Go(dst[n:], src[2*n:])
}

func f16ToF32Go(dst []float32, src []byte) {
	if len(dst) < 64 {
		for i := range dst {
			dst[i] = F16(binary.LittleEndian.Uint16(src[2*i:]))
		}
		return
	}
	t := f16Table()
	for i := range dst {
		dst[i] = t[binary.LittleEndian.Uint16(src[2*i:])]
	}
}

// F64ToF16 rounds to the nearest binary16, ties to even, in one step from
// float64; beyond ±65504 by half a unit or more gives an infinity. NaN keeps
// its sign and becomes quiet.
func F64ToF16(v float64) uint16 {
	b := math.Float64bits(v)
	sign := uint16(b >> 48 & 0x8000)
	exp := int(b>>52&0x7ff) - 1023
	frac := b & (1<<52 - 1)
	switch {
	case exp == 1024 && frac != 0:
		return sign | 0x7e00 | uint16(frac>>42)
	case exp > 15:
		return sign | 0x7c00
	case exp < -25: // below half of 2⁻²⁴
		return sign
	}
	shift, e := uint(42), uint64(exp+15) // bits that fall off; biased exponent
	if exp < -14 {                       // subnormal
		frac |= 1 << 52
		shift += uint(-14 - exp)
		e = 0
	}
	h := e<<10 + frac>>shift
	rest, half := frac&(1<<shift-1), uint64(1)<<(shift-1)
	if rest > half || rest == half && h&1 == 1 {
		h++ // a carry moves on into the exponent, up to infinity
	}
	return sign | uint16(h)
}

// AddF64 adds the float32 numbers of x to the sums in acc, in float64. It
// panics when x is shorter than acc.
func AddF64(acc []float64, x []float32) {
	x = x[:len(acc)]
	n := addF64Fast(acc, x)
	for i := n; i < len(acc); i++ {
		acc[i] += float64(x[i])
	}
}

// AxpyF64 adds w·x to acc, in float64: the product is rounded, then the sum,
// at every level (no fused operation). It panics when x is shorter than acc.
func AxpyF64(acc []float64, w float64, x []float32) {
	x = x[:len(acc)]
	n := axpyF64Fast(acc, w, x)
	for i := n; i < len(acc); i++ {
		acc[i] += float64(w * float64(x[i]))
	}
}
