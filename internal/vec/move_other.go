//go:build (!amd64 && !arm64) || noasm

package vec

func move(_, _, _, _, _, _, _ []float32, _ *Motion, _ *Sums, lo, _ int) (from int) { return lo }

func center(_, _ []float32, _ *[3]float64, _, _ *[3]float32, lo, _ int) (from int, ok bool) {
	return lo, true
}
