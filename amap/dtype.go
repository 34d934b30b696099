package amap

import (
	"encoding/binary"
	"math"

	"github.com/semamap/semamap/internal/vec"
)

// DType is the number type of a file.
type DType uint8

const (
	Float16 DType = iota + 1
	BFloat16
	Float32
	Float64
	int32s // counts of tokens
	int64s
	int16s // the rest are known by name only
	int8s
	uint8s
	bools
	complex64s
	complex128s
)

// dtypes gives each type its names: torch's storage class, safetensors' code,
// NumPy's description (bfloat16 has none).
var dtypes = [...]dtypeNames{
	Float16:  {"float16", "HalfStorage", "F16", "<f2", 2},
	BFloat16: {"bfloat16", "BFloat16Storage", "BF16", "", 2},
	Float32:  {"float32", "FloatStorage", "F32", "<f4", 4},
	Float64:  {"float64", "DoubleStorage", "F64", "<f8", 8},
	int32s:   {"int32", "IntStorage", "I32", "<i4", 4},
	int64s:   {"int64", "LongStorage", "I64", "<i8", 8},

	int16s:      {"int16", "ShortStorage", "I16", "<i2", 2},
	int8s:       {"int8", "CharStorage", "I8", "|i1", 1},
	uint8s:      {"uint8", "ByteStorage", "U8", "|u1", 1},
	bools:       {"bool", "BoolStorage", "BOOL", "|b1", 1},
	complex64s:  {"complex64", "ComplexFloatStorage", "C64", "<c8", 8},
	complex128s: {"complex128", "ComplexDoubleStorage", "", "<c16", 16},
}

type dtypeNames struct {
	name, storage, safe, npy string
	size                     int64
}

func (d DType) String() string {
	if d == 0 || int(d) >= len(dtypes) {
		return "invalid"
	}
	return dtypes[d].name
}

func (d DType) float() bool { return d >= Float16 && d <= Float64 }

// decode converts the numbers of src to float32. float64 is rounded to
// nearest even, everything else is exact. A stream is not kept in the caches.
func (d DType) decode(dst []float32, src []byte, stream bool) {
	switch d {
	case Float16:
		if stream {
			vec.F16Stream(dst, src)
			return
		}
		vec.F16ToF32(dst, src)
	case BFloat16:
		src = src[:2*len(dst)]
		for i := range dst {
			dst[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(src[2*i:])) << 16)
		}
	case Float32:
		src = src[:4*len(dst)]
		for i := range dst {
			dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
		}
	case Float64:
		src = src[:8*len(dst)]
		for i := range dst {
			dst[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(src[8*i:])))
		}
	}
}

// one converts a single number, exactly.
func (d DType) one(b []byte) float64 {
	switch d {
	case Float16:
		return float64(vec.F16(binary.LittleEndian.Uint16(b)))
	case BFloat16:
		return float64(math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16))
	case Float32:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(b))
}

// appendOne appends v, rounded once, to nearest even, from float64.
func (d DType) appendOne(dst []byte, v float64) []byte {
	switch d {
	case Float16:
		return binary.LittleEndian.AppendUint16(dst, vec.F64ToF16(v))
	case BFloat16:
		return binary.LittleEndian.AppendUint16(dst, f64ToBF16(v))
	case Float32:
		return binary.LittleEndian.AppendUint32(dst, math.Float32bits(float32(v)))
	}
	return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v))
}

// round rounds v to the type and back.
func (d DType) round(v float64) float64 {
	switch d {
	case Float16:
		return float64(vec.F16(vec.F64ToF16(v)))
	case BFloat16:
		return float64(math.Float32frombits(uint32(f64ToBF16(v)) << 16))
	case Float32:
		return float64(float32(v))
	}
	return v
}

// f64ToBF16 rounds to nearest even in one step. Going through float32 would
// round twice, so the float32 is first made odd where it is inexact: rounding
// to odd keeps what the second rounding needs to know [Boldo and Melquiond,
// "Emulation of FMA and correctly rounded sums", 2008, theorem 3].
func f64ToBF16(v float64) uint16 {
	if v != v {
		return uint16(math.Float64bits(v)>>48)&0x8000 | 0x7fc0
	}
	f := float32(v)
	b := math.Float32bits(f)
	if math.IsInf(float64(f), 0) && !math.IsInf(v, 0) {
		return uint16(b >> 16) // overflow of float32 is overflow of bfloat16
	}
	if float64(f) != v {
		if math.Abs(float64(f)) > math.Abs(v) {
			b-- // towards zero
		}
		b |= 1
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}
