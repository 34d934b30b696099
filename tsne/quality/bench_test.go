package quality

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/semamap/semamap/tsne/knn"
)

// blobs are n points in 2-D around n/300 seeded centres, about as dense as a
// finished t-SNE map, and data of d numbers that it shows.
func blobs(n, d int) (y []float32, x knn.Points) {
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	groups := n/300 + 1
	centre := make([]float32, groups*2)
	for i := range centre {
		centre[i] = float32(rng.NormFloat64() * 40)
	}
	y = make([]float32, 2*n)
	flat := make([]float32, n*d)
	for i := range n {
		g := rng.IntN(groups)
		for c := range 2 {
			y[2*i+c] = centre[2*g+c] + float32(rng.NormFloat64())
		}
		for c := range d {
			flat[i*d+c] = y[2*i+c%2] + float32(rng.NormFloat64())
		}
	}
	return y, knn.Rows(flat, n, d)
}

func BenchmarkQuality(b *testing.B) {
	for _, n := range []int{10_000, 117_659} {
		y, x := blobs(n, 64)
		run := func(metric string, units float64, unit string, f func() error) {
			b.Run(fmt.Sprintf("metric=%s/n=%d", metric, n), func(b *testing.B) {
				for b.Loop() {
					if err := f(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/units, "ns/"+unit)
			})
		}
		pairs := float64(n) * float64(n-1)
		ptr, col, val := make([]int, n+1), make([]int32, n), make([]float32, n) // a P of one pair a point
		for i := range n {
			ptr[i+1], col[i], val[i] = i+1, int32(i^1%n), 1
		}
		col[n-1] = 0
		p := knn.CSR(n, ptr, col, val)
		run("kl", pairs, "pair", func() error {
			_, err := KL(b.Context(), p, y, 2, nil)
			return err
		})
		run("neighbors", float64(n), "point", func() error {
			_, err := knn.Search(b.Context(), knn.Rows(y, n, 2), 10, nil)
			return err
		})
		run("compare", 200*float64(n)*64, "number", func() error {
			_, err := Compare(b.Context(), x, y, 2, 10, &Settings{Sample: 200})
			return err
		})
		nn := graph(b, y, 2, 10)
		labels := make([]int32, n)
		for i := range labels {
			labels[i] = int32(i % 7)
		}
		run("agreement", 100*10*float64(n), "edge", func() error {
			_, err := LabelAgreement(b.Context(), nn, labels, &Settings{Permutations: 100})
			return err
		})
		run("correlation", 1e6, "pair", func() error {
			_, err := DistanceCorrelation(b.Context(), x, y, 2, &Settings{Sample: 1_000_000})
			return err
		})
	}
}
