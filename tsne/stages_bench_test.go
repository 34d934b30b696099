package tsne

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/semamap/semamap/tsne/knn"
)

// disc returns n points of even density in a disc of the given diameter, by a
// golden spiral.
func disc(n int, side float64) []float32 {
	y := make([]float32, 2*n)
	for i := range n {
		r, a := side/2*math.Sqrt((float64(i)+0.5)/float64(n)), 2.399963229728653*float64(i)
		y[2*i], y[2*i+1] = float32(r*math.Cos(a)), float32(r*math.Sin(a))
	}
	return y
}

// benchRun is a run of n points in 10 groups of 10 dimensions.
func benchRun(b *testing.B, n int) *Run {
	b.Helper()
	x, _ := blobs(n, 10, 10, 1)
	r, err := New(b.Context(), Rows(x, n, 10), &Settings{Phases: []Phase{{Steps: 1 << 30}}})
	if err != nil {
		b.Fatal(err)
	}
	return r
}

// BenchmarkStep is a whole step: repulsion, attraction and the move. Early
// steps are those of a map just begun, late ones of a map after 500 steps with
// its points along a Z-curve.
func BenchmarkStep(b *testing.B) {
	for _, n := range []int{2_000, 10_000, 70_000} {
		early := benchRun(b, n)
		for _, phase := range []string{"early", "late"} {
			b.Run(fmt.Sprintf("n=%d/phase=%s", n, phase), func(b *testing.B) {
				if phase == "late" {
					advance(early, max(0, 500-early.iter))
				}
				b.ReportAllocs()
				for b.Loop() {
					early.step()
				}
				b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(n), "ns/point")
				b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(len(early.p.Val)), "ns/edge")
			})
		}
	}
}

// BenchmarkRepulsion is the sum of all pairs in a disc of the given diameter.
func BenchmarkRepulsion(b *testing.B) {
	for _, method := range []Method{Mesh, Tree, Exact} {
		for _, n := range []int{2_000, 10_000, 70_000} {
			for _, side := range []float64{20, 100, 200} {
				if method == Exact && (n > 10_000 || side != 20) {
					continue // the time does not depend on the side
				}
				b.Run(fmt.Sprintf("method=%v/n=%d/side=%v", method, n, side), func(b *testing.B) {
					y := disc(n, side)
					r, _, used := repel(b, y, 2, nil, Settings{Expert: &Expert{Method: method}})
					if used != method {
						b.Fatalf("used %v", used)
					}
					box := boxOf(y, 2)
					b.ReportAllocs()
					for b.Loop() {
						r.run(y, box)
					}
					b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(n), "ns/point")
					if method == Exact {
						b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(n)/float64(n), "ns/pair")
					}
				})
			}
		}
	}
}

// BenchmarkCalibrate makes P of a graph: the perplexity of each row and the
// sum with the transpose.
func BenchmarkCalibrate(b *testing.B) {
	for _, n := range []int{10_000, 70_000} {
		const k = 90
		x, _ := blobs(n, 10, 10, 1)
		g, err := knn.Search(b.Context(), Rows(x, n, 10), k, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("n=%d/k=%d", n, k), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := NewAffinities(b.Context(), g, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(n*k), "ns/neighbour")
		})
	}
}

// BenchmarkPCA is the start from principal components.
func BenchmarkPCA(b *testing.B) {
	for _, c := range []struct{ n, d int }{{10_000, 50}, {10_000, 784}, {70_000, 50}} {
		b.Run(fmt.Sprintf("n=%d/d=%d", c.n, c.d), func(b *testing.B) {
			x, _ := blobs(c.n, c.d, 10, 1)
			in := &startInput{x: Rows(x, c.n, c.d), n: c.n, dims: 2}
			y := make([]float64, 2*c.n)
			b.ReportAllocs()
			for b.Loop() {
				if err := PCA().positions(context.Background(), y, in); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(len(x)), "ns/number")
		})
	}
}

// BenchmarkTransform places 1,000 new points on a map.
func BenchmarkTransform(b *testing.B) {
	const m, d = 1000, 50
	for _, n := range []int{2_000, 10_000} {
		x, _ := blobs(n+m, d, 10, 1)
		ref := Rows(x[:n*d], n, d)
		res, err := Embed(b.Context(), ref, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("n=%d/new=%d", n, m), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := res.Transform(b.Context(), ref, Rows(x[n*d:], m, d), nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(m)/1e3, "µs/point")
		})
	}
}
