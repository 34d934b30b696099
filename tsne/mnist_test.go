package tsne

import (
	"compress/gzip"
	"io"
	"os"
	"testing"

	"github.com/semamap/semamap/internal/golden"
)

// mnist returns the first n digits, 784 numbers 0 … 255 each.
func mnist(t testing.TB, n int) []float32 {
	t.Helper()
	f, err := os.Open(golden.Shared(t, "data/mnist-70k.u8.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, n*784)
	if _, err := io.ReadFull(z, b); err != nil {
		t.Fatal(err)
	}
	x := make([]float32, len(b))
	for i, v := range b {
		x[i] = float32(v)
	}
	return x
}
