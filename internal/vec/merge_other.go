//go:build !amd64 || noasm

package vec

func mergeSquaresAt(_ Level, sum *[16]float64, x, y, z []Entry) { mergeSquaresGo(sum, x, y, z) }
