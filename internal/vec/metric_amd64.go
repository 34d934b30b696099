//go:build amd64 && !noasm

package vec

//go:generate sh -c "cd _gen && go run ./metric -out ../metric_amd64.s -stubs ../metric_stubs_amd64.go -pkg vec"

func absDist8(l Level, dst *[8]float64, x, rows []float64) {
	switch {
	case l == Go || len(x) == 0:
		absDist8Go(dst, x, rows)
	case l == AVX512:
		absDist8AVX512(&dst[0], &x[0], &rows[0], len(x))
	default:
		absDist8AVX2(&dst[0], &x[0], &rows[0], len(x))
	}
}

func dot8(l Level, dst *[8]float64, x, rows []float64) {
	switch {
	case l == Go || len(x) == 0:
		dot8Go(dst, x, rows)
	case l == AVX512:
		dot8AVX512(&dst[0], &x[0], &rows[0], len(x))
	default:
		dot8AVX2(&dst[0], &x[0], &rows[0], len(x))
	}
}

func maxDist8(l Level, dst *[8]float64, x, rows []float64) {
	switch {
	case l == Go || len(x) == 0:
		maxDist8Go(dst, x, rows)
	case l == AVX512:
		maxDist8AVX512(&dst[0], &x[0], &rows[0], len(x))
	default:
		maxDist8AVX2(&dst[0], &x[0], &rows[0], len(x))
	}
}

func unequal8(l Level, dst *[8]float64, x, rows []float64) {
	switch {
	case l == Go || len(x) == 0:
		unequal8Go(dst, x, rows)
	case l == AVX512:
		unequal8AVX512(&dst[0], &x[0], &rows[0], len(x))
	default:
		unequal8AVX2(&dst[0], &x[0], &rows[0], len(x))
	}
}
