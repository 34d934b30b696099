package knn

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/semamap/semamap/internal/golden"
	"github.com/semamap/semamap/internal/vec"
)

// mnist returns the first n of 70,000 rows of 784 numbers of 0 … 1, from the
// file named by SEMAMAP_MNIST (mnist-70k.u8.gz).
func mnist(t testing.TB, n int) []float32 {
	name := os.Getenv("SEMAMAP_MNIST")
	if name == "" {
		t.Skip("needs SEMAMAP_MNIST, the path of mnist-70k.u8.gz")
	}
	b := golden.Unzip(t, name, n*784)
	x := make([]float32, len(b))
	for i, v := range b {
		x[i] = float32(v) / 255
	}
	return x
}

func benchSearch(b *testing.B, name string, x Points, k int, set *Settings) {
	n, d := x.Dims()
	b.Run(fmt.Sprintf("data=%s/n=%d/method=%v/level=%v", name, n, set.Method, vec.Best()), func(b *testing.B) {
		var g *Graph
		for b.Loop() {
			var err error
			if g, err = Search(context.Background(), x, k, set); err != nil {
				b.Fatal(err)
			}
		}
		if set.Method != Gram { // of all pairs, each taken once
			b.ReportMetric(float64(n)*float64(n)*float64(d)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		}
		b.ReportMetric(g.Recall.Mean, "recall")
		b.ReportMetric(float64(g.Stats.rescored)/float64(n), "rescored/row")
		b.ReportMetric(float64(g.Stats.Rechecked), "rechecked")
		b.ReportMetric(float64(g.Stats.columns), "columns")
		b.ReportMetric(float64(g.Stats.Bytes)/1e6, "MB")
	})
}

// Sizes are cut at the pure Go level, which is some fifty times slower.
func BenchmarkSearch(b *testing.B) {
	for _, l := range vec.Levels() {
		restore := vec.Force(l)
		slow := l == vec.Go
		size := func(n int) int {
			if slow {
				return n / 10
			}
			return n
		}
		n := size(20_000)
		benchSearch(b, "normal", Rows(normal(1, n*2048), n, 2048), 90, &Settings{Method: Exact})
		if !slow {
			benchSearch(b, "lemma", lemmas(117_659, 10_998, 2048), 90, &Settings{Method: Gram})
		}
		benchSearch(b, "curved", Rows(curved(1, n, 100), n, 100), 30, &Settings{Method: Descent})
		if os.Getenv("SEMAMAP_MNIST") != "" {
			for _, n := range []int{size(10_000), size(70_000)} {
				benchSearch(b, "mnist", Rows(mnist(b, n), n, 784), 90, &Settings{Method: Exact})
			}
			n = size(10_000)
			benchSearch(b, "mnist", Rows(mnist(b, n), n, 784), 90, &Settings{Method: Descent})
		}
		restore()
	}
}
