//go:build (!amd64 && !arm64) || noasm

package vec

func activateKernel(_ Level, a activation, x, up []float32) { activateGo(a, x, up) }
