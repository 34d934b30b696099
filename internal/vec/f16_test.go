package vec

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// atLevels runs f at each level that this machine has.
func atLevels(t *testing.T, f func(t *testing.T)) {
	best := level
	defer func() { level = best }()
	for _, l := range Levels() {
		level = l
		t.Run(l.String(), f)
	}
}

// f16Slow converts by real arithmetic, apart from any bit trick.
func f16Slow(h uint16) float64 {
	sign := 1.0
	if h>>15 == 1 {
		sign = -1
	}
	exp, frac := int(h>>10&31), float64(h&1023)
	switch {
	case exp == 31 && frac != 0:
		return math.NaN()
	case exp == 31:
		return sign * math.Inf(1)
	case exp == 0:
		return math.Copysign(math.Ldexp(frac, -24), sign)
	}
	return sign * math.Ldexp(1024+frac, exp-25)
}

func TestF16AllPatterns(t *testing.T) {
	src := make([]byte, 2<<16)
	for i := range 1 << 16 {
		binary.LittleEndian.PutUint16(src[2*i:], uint16(i))
	}
	atLevels(t, func(t *testing.T) {
		dst := make([]float32, 1<<16)
		F16ToF32(dst, src)
		for i, got := range dst {
			h := uint16(i)
			want := f16Slow(h)
			if one := F16(h); math.Float32bits(one) != math.Float32bits(got) {
				t.Fatalf("%#04x: one by one %x, in a row %x", h, math.Float32bits(one), math.Float32bits(got))
			}
			if want != want {
				if got == got || math.Signbit(float64(got)) != (h>>15 == 1) || math.Float32bits(got)>>13&0x1ff != uint32(h&0x1ff) {
					t.Fatalf("%#04x: %x is no NaN of the same sign and fraction", h, math.Float32bits(got))
				}
				continue
			}
			if float64(got) != want || math.Signbit(float64(got)) != math.Signbit(want) {
				t.Fatalf("%#04x: %v, want %v", h, got, want)
			}
			if back := F64ToF16(float64(got)); back != h {
				t.Fatalf("%#04x came back as %#04x", h, back)
			}
		}
	})
}

// Every midpoint between neighbors goes to the even one, and what lies beside
// it to the nearer.
func TestF64ToF16Rounding(t *testing.T) {
	for h := uint16(0); h < 0x7c00; h++ {
		lo, hi := f16Slow(h), f16Slow(h+1)
		if h+1 == 0x7c00 {
			hi = 65536
		}
		mid := (lo + hi) / 2
		even := h + h&1
		for _, c := range []struct {
			v    float64
			want uint16
		}{{mid, even}, {math.Nextafter(mid, 0), h}, {math.Nextafter(mid, math.Inf(1)), h + 1}} {
			if got := F64ToF16(c.v); got != c.want {
				t.Fatalf("%v: %#04x, want %#04x", c.v, got, c.want)
			}
			if got := F64ToF16(-c.v); got != c.want|0x8000 {
				t.Fatalf("%v: %#04x, want %#04x", -c.v, got, c.want|0x8000)
			}
		}
	}
	for _, v := range []float64{1e300, math.Inf(1), 65520} {
		if got := F64ToF16(v); got != 0x7c00 {
			t.Errorf("%v: %#04x", v, got)
		}
	}
	if got := F64ToF16(math.NaN()); got&0x7fff <= 0x7c00 {
		t.Errorf("NaN: %#04x", got)
	}
	if got := F64ToF16(5e-324); got != 0 {
		t.Errorf("the least float64: %#04x", got)
	}
}

func TestF16AnyLength(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	atLevels(t, func(t *testing.T) {
		for n := range 70 {
			for off := range 3 {
				src := make([]byte, 2*n+off)
				for i := range src {
					src[i] = byte(rng.Uint32())
				}
				dst := make([]float32, n+2)
				dst[0], dst[n+1] = 7, 7
				F16ToF32(dst[1:n+1], src[off:])
				for i, v := range dst[1 : n+1] {
					if want := F16(binary.LittleEndian.Uint16(src[off+2*i:])); math.Float32bits(v) != math.Float32bits(want) {
						t.Fatalf("n=%d off=%d: element %d is %v, want %v", n, off, i, v, want)
					}
				}
				dst2 := make([]float32, n+16)
				for shift := range 16 { // one of them is aligned
					F16Stream(dst2[shift:shift+n], src[off:])
					for i, v := range dst2[shift : shift+n] {
						if math.Float32bits(v) != math.Float32bits(dst[1+i]) {
							t.Fatalf("n=%d shift=%d: element %d streamed is %v, want %v", n, shift, i, v, dst[1+i])
						}
					}
				}
				if dst[0] != 7 || dst[n+1] != 7 {
					t.Fatalf("n=%d: wrote outside", n)
				}
			}
		}
	})
}

func TestSumsF64(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	atLevels(t, func(t *testing.T) {
		for n := range 70 {
			x := make([]float32, n)
			acc, want, want2 := make([]float64, n+2), make([]float64, n), make([]float64, n)
			acc2 := make([]float64, n+2)
			w := rng.NormFloat64()
			for i := range x {
				x[i] = float32(rng.NormFloat64())
				acc[i+1] = rng.NormFloat64()
				acc2[i+1] = acc[i+1]
				want[i] = acc[i+1] + float64(x[i])
				want2[i] = acc[i+1] + float64(w*float64(x[i]))
			}
			AddF64(acc[1:n+1], x)
			AxpyF64(acc2[1:n+1], w, x)
			for i := range x {
				if acc[i+1] != want[i] || acc2[i+1] != want2[i] {
					t.Fatalf("n=%d: element %d is %v, %v, want %v, %v", n, i, acc[i+1], acc2[i+1], want[i], want2[i])
				}
			}
			if acc[0] != 0 || acc[n+1] != 0 || acc2[0] != 0 || acc2[n+1] != 0 {
				t.Fatalf("n=%d: wrote outside", n)
			}
		}
	})
}

func BenchmarkF16ToF32(b *testing.B) {
	best := level
	defer func() { level = best }()
	for _, l := range Levels() {
		level = l
		b.Run(fmt.Sprintf("n=2048/level=%s", l), func(b *testing.B) {
			src, dst := make([]byte, 4096), make([]float32, 2048)
			for i := range src {
				src[i] = byte(i * 7)
			}
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				F16ToF32(dst, src)
			}
		})
	}
}
