//go:build amd64 && !noasm

package vec

//go:generate sh -c "cd _gen && go run ./pairs -out ../pairs_amd64.s -stubs ../pairs_stubs_amd64.go -pkg vec"

func pairs(p, a, b, x, y *[Lanes]float32, src, w []float32, inv float32) {
	switch {
	case level == Go || len(w) == 0:
		pairsGo(p, a, b, x, y, src, w, inv)
	case level == AVX512:
		pairsAVX512(&p[0], &a[0], &b[0], &x[0], &y[0], &src[0], &w[0], inv, len(w))
	default:
		pairsAVX2(&p[0], &a[0], &b[0], &x[0], &y[0], &src[0], &w[0], inv, len(w))
		pairsAVX2(&p[8], &a[8], &b[8], &x[8], &y[8], &src[0], &w[0], inv, len(w))
	}
}
