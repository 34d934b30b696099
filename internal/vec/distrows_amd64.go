//go:build amd64 && !noasm

package vec

//go:generate sh -c "cd _gen && go run ./distrows -out ../distrows_amd64.s -stubs ../distrows_stubs_amd64.go -pkg vec"

// sqDistRowsKernel takes a multiple of four ids.
func sqDistRowsKernel(l Level, dst []float64, x, table []float32, ids []int32) {
	// Not by a function value: through one, arrays of the caller escape.
	if l == AVX512 {
		sqDistRowsAVX512(&dst[0], &x[0], &table[0], len(x), &ids[0], len(ids))
	} else {
		sqDistRowsAVX2(&dst[0], &x[0], &table[0], len(x), &ids[0], len(ids))
	}
}
