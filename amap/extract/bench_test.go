package extract

import (
	"context"
	"os"
	"testing"
)

// BenchmarkForward times the hidden activations of 64 windows of 15 tokens with
// the model in the folder SEMAMAP_MODEL, in input mode.
func BenchmarkForward(b *testing.B) {
	dir := os.Getenv("SEMAMAP_MODEL")
	if dir == "" {
		b.Skip("SEMAMAP_MODEL does not name the folder of a model")
	}
	m, err := Load(os.DirFS(dir))
	if err != nil {
		b.Fatal(err)
	}
	r := newRunner(m, 64, 15, m.layers, false)
	ids := make([]int32, 64*15)
	for i := range ids {
		ids[i] = int32(i * 37 % m.vocab)
	}
	for b.Loop() {
		if _, err := r.run(context.Background(), ids, func(int, []float32) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(ids)*b.N)/b.Elapsed().Seconds(), "tokens/s")
}
