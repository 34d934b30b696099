package knn

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/semamap/semamap/internal/vec"
)

// mnist returns the first n of 70,000 rows of 784 numbers of 0 … 1, from the
// file named by SEMAMAP_MNIST (mnist-70k.u8.gz).
func mnist(t testing.TB, n int) []float32 {
	name := os.Getenv("SEMAMAP_MNIST")
	if name == "" {
		t.Skip("needs SEMAMAP_MNIST, the path of mnist-70k.u8.gz")
	}
	f, err := os.Open(name)
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
		x[i] = float32(v) / 255
	}
	return x
}

func benchSearch(b *testing.B, name string, x Points, k int, set *Settings) {
	n, d := x.Dims()
	method := Exact
	if _, ok := x.(Combination); ok {
		method = Gram
	}
	if set != nil && set.Method != Auto {
		method = set.Method
	}
	b.Run(fmt.Sprintf("data=%s/n=%d/method=%v/level=%v", name, n, method, vec.Best()), func(b *testing.B) {
		var g *Graph
		for b.Loop() {
			var err error
			if g, err = Search(context.Background(), x, k, set); err != nil {
				b.Fatal(err)
			}
		}
		s := b.Elapsed().Seconds() / float64(b.N)
		b.ReportMetric(float64(n)*float64(n)*float64(d)/s/1e9, "GFLOP/s")
		b.ReportMetric(g.Recall.Mean, "recall")
		b.ReportMetric(float64(g.Stats.Rechecked), "rechecked")
		b.ReportMetric(float64(g.Stats.Bytes)/1e6, "MB")
	})
}

func BenchmarkSearch(b *testing.B) {
	benchSearch(b, "lemma", lemmas(117_659, 10_998, 2048), 90, nil)
	benchSearch(b, "normal", Rows(normal(1, 20_000*2048), 20_000, 2048), 90, nil)
	for _, n := range []int{10_000, 70_000} {
		if os.Getenv("SEMAMAP_MNIST") != "" {
			benchSearch(b, "mnist", Rows(mnist(b, n), n, 784), 90, nil)
		}
	}
}
