package tsne

import (
	"testing"

	"github.com/semamap/semamap/internal/golden"
)

// mnist returns the first n digits, 784 numbers 0 … 255 each.
func mnist(t testing.TB, n int) []float32 {
	t.Helper()
	b := golden.Unzip(t, golden.Shared(t, "data/mnist-70k.u8.gz"), n*784)
	x := make([]float32, len(b))
	for i, v := range b {
		x[i] = float32(v)
	}
	return x
}
