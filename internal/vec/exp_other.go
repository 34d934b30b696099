//go:build (!amd64 && !arm64) || noasm

package vec

func expKernel(Level, []float64) int { return 0 }
