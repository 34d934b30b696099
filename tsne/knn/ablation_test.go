//go:build unix

package knn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"syscall"
	"testing"

	"github.com/semamap/semamap/internal/lemmawork"
	"github.com/semamap/semamap/internal/vec"
)

// BenchmarkAblation disables one optimization at a time, on five kinds of data
// at each level, and reports CPU seconds. The lists must keep their bits.
func BenchmarkAblation(b *testing.B) {
	options := []struct {
		name string
		bit  int
	}{{"nothing", 0}, {"projection", optProjection}, {"integers", optIntegers}, {"parts", optParts}, {"ranking", optRanking}, {"order", optOrder}, {"near-first", optNearFirst}, {"skip", optSkip}, {"lumps", optLumps}}
	for _, data := range []struct {
		name string
		n, d int
		make func(n, d int) []float32
	}{
		{"mnist", 70_000, 784, func(n, _ int) []float32 { return mnist(b, n) }},
		{"lemma", 15_000, 2048, lemmaRows},
		{"groups", 100_000, 50, lemmawork.Groups},
		{"surface", 100_000, 64, surface},
		{"noise", 50_000, 64, uniform},
	} {
		if data.name == "mnist" && os.Getenv("SEMAMAP_MNIST") == "" {
			continue
		}
		var x Points // made for the first that is run
		for _, l := range vec.Levels()[1:] {
			var want uint64
			for _, m := range options {
				b.Run(fmt.Sprintf("data=%s/n=%d/level=%v/without=%s", data.name, data.n, l, m.name), func(b *testing.B) {
					if x == nil {
						x = Rows(data.make(data.n, data.d), data.n, data.d)
					}
					defer vec.Force(l)()
					defer func() { disabled = 0 }()
					disabled = m.bit
					b.ResetTimer()
					start := cpuSeconds(b)
					for b.Loop() {
						g, err := Search(b.Context(), x, 90, &Settings{Method: Exact})
						if err != nil {
							b.Fatal(err)
						}
						h := uint64(1)
						for c, j := range g.Index {
							h = mix(h, uint64(j), math.Float64bits(g.Dist2[c]))
						}
						if want == 0 {
							want = h
						}
						if h != want {
							b.Fatal("other lists")
						}
					}
					b.ReportMetric((cpuSeconds(b)-start)/float64(b.N), "CPU-s/op")
				})
			}
		}
	}
}

func cpuSeconds(b *testing.B) float64 {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return float64(r.Utime.Nano()+r.Stime.Nano()) * 1e-9
}

// lemmaRows are rows of the main job, as plain numbers.
func lemmaRows(n, d int) []float32 {
	w := lemmawork.Make(n, lemmawork.Tokens, d)
	x := make([]float32, n*d)
	for i := range n {
		w.Row(x[i*d:][:d], i)
	}
	return x
}

// surface draws points of a smooth curved surface of two dimensions.
func surface(n, d int) []float32 {
	r := rand.New(rand.NewPCG(9, 9))
	w := normal(9, 3*d)
	x := make([]float32, 0, n*d)
	for range n {
		u, v := r.Float64(), r.Float64()
		for c := range d {
			x = append(x, float32(math.Sin(2*(float64(w[3*c])*u+float64(w[3*c+1])*v+float64(w[3*c+2])))))
		}
	}
	return x
}

func uniform(n, d int) []float32 {
	r := rand.New(rand.NewPCG(8, 8))
	x := make([]float32, n*d)
	for i := range x {
		x[i] = r.Float32()
	}
	return x
}
