//go:build amd64 && !noasm

package vec

//go:generate sh -c "cd _gen && go run ./merge -out ../merge_amd64.s -stubs ../merge_stubs_amd64.go -pkg vec"

// The kernel takes what every amd64 processor has.
func mergeSquaresAt(l Level, sum *[16]float64, x, y, z []Entry) {
	if l == Go {
		mergeSquaresGo(sum, x, y, z)
		return
	}
	mergeSquares(&sum[0], &x[0].V, &y[0].V, &z[0].V)
}
