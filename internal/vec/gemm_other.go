//go:build (!amd64 && !arm64) || noasm

package vec

func gemmKernel(l Level, c, a, b, _ []float32, d int, add bool) {
	gemmGo(c, a, b, tileShape[l].mr, tileShape[l].nr, d, add)
}

func packKernel(Level, []float32, []float32, int) int { return 0 }

func storeKernel(Level, []float32, int, []float32, []float32, int, bool) bool { return false }
