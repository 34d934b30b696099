//go:build arm64 && !noasm

package vec

func gemmKernel(l Level, c, a, b, next []float32, d int, add bool) {
	if l == Go {
		gemmGo(c, a, b, tileShape[l].mr, tileShape[l].nr, d, add)
		return
	}
	var flag int
	if add {
		flag = 1
	}
	gemm6x16NEON(&c[0], &a[0], &b[0], &next[0], d, flag)
}

func packKernel(Level, []float32, []float32, int) int { return 0 }

func storeKernel(Level, []float32, int, []float32, []float32, int, bool) bool { return false }
