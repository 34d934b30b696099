//go:build arm64 && !noasm

package vec

// sqDistRowsKernel takes a multiple of four ids.
func sqDistRowsKernel(_ Level, dst []float64, x, table []float32, ids []int32) {
	sqDistRowsNEON(&dst[0], &x[0], &table[0], len(x), &ids[0], len(ids))
}
