//go:build amd64 && !noasm

package vec

import "unsafe"

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

func f16StreamFast(dst []float32, src []byte) int {
	switch n := len(dst); {
	case level >= AVX512 && n >= 16 && uintptr(unsafe.Pointer(&dst[0]))&63 == 0:
		n &^= 15
		f16StreamAVX512(&dst[0], &src[0], n)
		return n
	case level == AVX2 && n >= 8 && uintptr(unsafe.Pointer(&dst[0]))&31 == 0:
		n &^= 7
		f16StreamAVX2(&dst[0], &src[0], n)
		return n
	}
	return f16Fast(dst, src)
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

func colStatsFast(c *ColStats, x []float32, n, row int) int {
	cols := len(c.Sum)
	lanes, f := 16, colStatsAVX512
	if level < AVX512 {
		lanes, f = 8, colStatsAVX2
	}
	fit := cols &^ (lanes - 1)
	if level == Go || fit == 0 {
		return 0
	}
	f(&c.Shift[0], &c.Sum[0], &c.Sq[0], &c.Min[0], &c.Max[0], &c.ArgMin[0], &c.ArgMax[0], &c.Nonzero[0], &x[0], fit, cols, n, row)
	return fit
}

func rowStatsFast(l *rowLanes, x []float32) int {
	fit := len(x) &^ 7
	if level == Go || fit == 0 {
		return 0
	}
	rowStatsAVX2(&l.sum, &l.sq, &l.min, &l.max, &l.argMin, &l.argMax, &l.nonzero, &x[0], fit)
	return fit
}

//go:noescape
func colStatsAVX2(shift, sum, sq *float64, min, max *float32, argMin, argMax, nonzero *int32, x *float32, fit, cols, n, row int)

//go:noescape
func colStatsAVX512(shift, sum, sq *float64, min, max *float32, argMin, argMax, nonzero *int32, x *float32, fit, cols, n, row int)

//go:noescape
func rowStatsAVX2(sum, sq *[8]float64, min, max *[8]float32, argMin, argMax, nonzero *[8]int32, x *float32, n int)

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

//go:noescape
func f16StreamAVX2(dst *float32, src *byte, n int)

//go:noescape
func f16StreamAVX512(dst *float32, src *byte, n int)
