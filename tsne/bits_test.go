package tsne

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/semamap/semamap/internal/golden"
	"github.com/semamap/semamap/internal/vec"
	"github.com/semamap/semamap/tsne/knn"
)

// Affinities have the same bits on every machine: their hashes stand in a file,
// and this test runs at every level and on emulated processors. Whether the
// values are right is for the tests against the reference values.
func TestAffinityBits(t *testing.T) {
	number := func(seed uint64, i, most int) float32 {
		return float32(int(golden.Mix(seed, uint64(i))%uint64(2*most+1)) - most)
	}
	// Groups of different width, some rows of which are alike.
	const n, d, k = 400, 12, 60
	x := make([]float32, n*d)
	for i := range n {
		for c := range d {
			x[i*d+c] = number(1, i%5*d+c, 5000)/7 + number(2, i*d+c, 100)*float32(1+i%3)/9
		}
		if i%50 == 49 {
			copy(x[i*d:][:d], x[(i-1)*d:][:d])
		}
	}
	graph, err := knn.Search(t.Context(), knn.Rows(x, n, d), k, nil)
	if err != nil {
		t.Fatal(err)
	}
	whole := make([]float32, n*3) // distances are equal, or nearly
	for i := range whole {
		whole[i] = number(3, i, 2)
	}
	tied, err := knn.Search(t.Context(), knn.Rows(whole, n, 3), 20, nil)
	if err != nil {
		t.Fatal(err)
	}
	scaled := func(by float64) *knn.Graph {
		g := *graph
		g.Dist2 = make([]float64, len(graph.Dist2))
		for i, v := range graph.Dist2 {
			g.Dist2[i] = v * by
		}
		return &g
	}
	weights := make([]float64, n)
	for i := range weights {
		weights[i] = float64(1+golden.Mix(4, uint64(i))%9) / 3
	}
	jobs := []struct {
		name string
		g    *knn.Graph
		s    *Settings
	}{
		{"default", graph, nil},
		{"perplexity 7.5", graph, &Settings{Perplexity: 7.5}},
		{"perplexity 50", graph, &Settings{Perplexity: 50}},
		{"weights", graph, &Settings{Perplexity: 20, Weights: weights}},
		{"tied", tied, &Settings{Perplexity: 5}},
		{"huge", scaled(1e120), nil},
		{"tiny", scaled(1e-120), nil},
		{"mixture", graph, &Settings{Kernel: Mixture(5, 20)}},
		{"multiscale", graph, &Settings{Kernel: Multiscale(3, 8, 18), Weights: weights}},
		{"sigma", graph, &Settings{Kernel: Sigma(33)}},
		{"uniform", graph, &Settings{Kernel: Uniform(15), Weights: weights}},
	}
	var lines bytes.Buffer
	lines.WriteString("# sha256 of what TestAffinityBits makes: Ptr, Col, Val, and p(j|i) before they are rounded.\n")
	for at, level := range vec.Levels() {
		restore := vec.Force(level)
		for _, job := range jobs {
			a, err := NewAffinities(t.Context(), job.g, job.s)
			if err != nil {
				t.Fatal(job.name, err)
			}
			h := sha256.New()
			for _, v := range []any{a.Ptr, a.Col, a.Val, conditional(t, job.g, job.s)} {
				binary.Write(h, binary.LittleEndian, v)
			}
			line := fmt.Sprintf("%s: %x\n", job.name, h.Sum(nil))
			if at == 0 {
				lines.WriteString(line)
			} else if !bytes.Contains(lines.Bytes(), []byte(line)) {
				t.Errorf("at %v %s", level, line)
			}
		}
		restore()
	}
	golden.Check(t, "testdata/bits.txt", lines.Bytes())
}

// conditional returns the p(j|i) of all rows, which are float64: in Val most
// differences would be rounded away.
func conditional(t *testing.T, g *knn.Graph, s *Settings) []float64 {
	t.Helper()
	var set Settings
	if s != nil {
		set = *s
	}
	if err := set.fill(g.N); err != nil {
		t.Fatal(err)
	}
	kern, _, err := set.graphKernel(g)
	if err != nil {
		t.Fatal(err)
	}
	all, scratch := make([]float64, g.N*g.K), make([]float64, 6*g.K+64)
	var w []float64
	for i := range g.N {
		index, d2 := g.Row(i)
		if set.Weights != nil {
			w = w[:0]
			for _, j := range index {
				w = append(w, set.Weights[j])
			}
		}
		kern.row(all[i*g.K:(i+1)*g.K], d2, w, scratch)
	}
	return all
}
