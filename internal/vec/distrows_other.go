//go:build (!amd64 && !arm64) || noasm

package vec

func sqDistRowsKernel(_ Level, dst []float64, x, table []float32, ids []int32) {
	sqDistRowsGo(dst, x, table, ids)
}
