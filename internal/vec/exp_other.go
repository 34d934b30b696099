//go:build !amd64 || noasm

package vec

func expAll(_ Level, x []float64) { expAllGo(x) }
