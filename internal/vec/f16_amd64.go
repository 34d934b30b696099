//go:build amd64 && !noasm

package vec

//go:generate go run -C _gen ./f16 -out ../f16_amd64.s -pkg vec

// The functions return how many leading elements they did.

func f16Fast(dst []float32, src []byte) int {
	switch n := len(dst); {
	case level >= AVX512 && n >= 16:
		n &^= 15
		f16AVX512(&dst[0], &src[0], n)
		return n
	case level >= AVX2 && n >= 8:
		n &^= 7
		f16AVX2(&dst[0], &src[0], n)
		return n
	}
	return 0
}

func addF64Fast(acc []float64, x []float32) int {
	switch n := len(acc); {
	case level >= AVX512 && n >= 8:
		n &^= 7
		addF64AVX512(&acc[0], &x[0], n)
		return n
	case level >= AVX2 && n >= 4:
		n &^= 3
		addF64AVX2(&acc[0], &x[0], n)
		return n
	}
	return 0
}

func axpyF64Fast(acc []float64, w float64, x []float32) int {
	switch n := len(acc); {
	case level >= AVX512 && n >= 8:
		n &^= 7
		axpyF64AVX512(&acc[0], w, &x[0], n)
		return n
	case level >= AVX2 && n >= 4:
		n &^= 3
		axpyF64AVX2(&acc[0], w, &x[0], n)
		return n
	}
	return 0
}

//go:noescape
func f16AVX2(dst *float32, src *byte, n int)

//go:noescape
func f16AVX512(dst *float32, src *byte, n int)

//go:noescape
func addF64AVX2(acc *float64, x *float32, n int)

//go:noescape
func addF64AVX512(acc *float64, x *float32, n int)

//go:noescape
func axpyF64AVX2(acc *float64, w float64, x *float32, n int)

//go:noescape
func axpyF64AVX512(acc *float64, w float64, x *float32, n int)
