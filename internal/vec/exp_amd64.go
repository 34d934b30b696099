//go:build amd64 && !noasm

package vec

//go:generate sh -c "cd _gen && go run ./exp -out ../exp_amd64.s -stubs ../exp_stubs_amd64.go -pkg vec"

func expAll(l Level, x []float64) {
	n := len(x) &^ 7
	if l != AVX512 || n == 0 {
		expAllGo(x)
		return
	}
	for _, v := range x {
		if !(v >= -700 && v <= 700) {
			expAllGo(x)
			return
		}
	}
	expAVX512(&x[0], n)
	expAllGo(x[n:])
}
