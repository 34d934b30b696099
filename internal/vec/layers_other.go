//go:build (!amd64 && !arm64) || noasm

package vec

func activateKernel(Level, activation, []float32, []float32) {}
func softmaxKernel(Level, []float32, *[16]float32)           {}
func normalizeKernel(Level, []float32, []float32, []float32, []float32, float32, float32) int {
	return 0
}
func scaleKernel(Level, []float32, []float32, []float32, float32) int { return 0 }
func lanesKernel(Level, *[16]float64, []float32) int                  { return 0 }
func squaresKernel(Level, *[16]float64, []float32, float64) int       { return 0 }
func fixedKernel(Level, []int64, []float32, *[16]uint32) int          { return 0 }
