//go:build amd64 && !noasm

package vec

//go:generate sh -c "cd _gen && go run ./exp -out ../exp_amd64.s -stubs ../exp_stubs_amd64.go -pkg vec"

// expKernel does as many numbers as fill vectors.
func expKernel(l Level, x []float64) int {
	if l == AVX512 {
		n := len(x) &^ 7
		if n > 0 {
			expAVX512(&x[0], n)
		}
		return n
	}
	n := len(x) &^ 3
	if n > 0 {
		expAVX2(&x[0], n)
	}
	return n
}
