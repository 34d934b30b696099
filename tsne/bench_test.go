package tsne

import (
	"context"
	"fmt"
	"os"
	"testing"
)

// mnistBench returns the first n digits, pixel/255, or skips.
func mnistBench(b *testing.B, n int) []float32 {
	if os.Getenv("SEMAMAP_MNIST") == "" {
		b.Skip("SEMAMAP_MNIST is not set")
	}
	x := mnist(b, n)
	for i := range x {
		x[i] /= 255
	}
	return x
}

func BenchmarkEmbed(b *testing.B) {
	for _, n := range []int{5000, 10000, 70000} {
		b.Run(fmt.Sprintf("data=mnist/n=%d", n), func(b *testing.B) {
			x := mnistBench(b, n)
			for b.Loop() {
				res, err := Embed(context.Background(), Rows(x, n, 784), nil)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(res.KL, "KL")
				b.ReportMetric(res.Stats.Searching.Seconds(), "s-search")
				b.ReportMetric(res.Stats.Calibrating.Seconds(), "s-calibrate")
				b.ReportMetric(res.Stats.Starting.Seconds(), "s-start")
				b.ReportMetric(res.Stats.Stepping.Seconds(), "s-steps")
			}
		})
	}
}
