package knn

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/semamap/semamap/internal/lemmawork"
)

// BenchmarkDescent searches points in groups, and MNIST and a curved sheet
// where those are asked for. SEMAMAP_DESCENT names the sets, as in
// "groups=100000,mnist=10000,curved=20000".
func BenchmarkDescent(b *testing.B) {
	names := os.Getenv("SEMAMAP_DESCENT")
	if names == "" {
		names = "groups=10000,curved=20000"
	}
	for _, s := range strings.Split(names, ",") {
		name, size, _ := strings.Cut(s, "=")
		n, err := strconv.Atoi(size)
		if err != nil {
			b.Fatal(err)
		}
		var x []float32
		d := 50
		switch name {
		case "groups":
			x = lemmawork.Groups(n, d)
		case "normal":
			x = normal(1, n*d)
		case "curved":
			d = 100
			x = curved(1, n, d)
		case "mnist":
			d = 784
			x = mnist(b, n)
		default:
			b.Fatal("no data set ", name)
		}
		b.Run(fmt.Sprintf("data=%s/n=%d/d=%d", name, n, d), func(b *testing.B) {
			var g *Graph
			for b.Loop() {
				var err error
				if g, err = Search(context.Background(), Rows(x, n, d), 90, &Settings{Method: Descent}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/float64(n)*1e6, "µs/row")
			b.ReportMetric(g.Recall.Mean, "recall")
			b.ReportMetric(float64(g.Stats.rounds), "rounds")
			b.ReportMetric(float64(g.Stats.Bytes)/1e6, "MB")
		})
	}
}
