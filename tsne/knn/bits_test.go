package knn

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/semamap/semamap/internal/golden"
	"github.com/semamap/semamap/internal/vec"
)

// whole returns n numbers between -most and most, divided by unit: the same on
// every machine.
func whole(seed uint64, n, most, unit int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(int(golden.Mix(seed, uint64(i))%uint64(2*most+1))-most) / float32(unit)
	}
	return x
}

// inGroups adds to row i a row of its own for each of some groups.
func inGroups(x []float32, d, groups int, centres []float32) []float32 {
	for i := range x {
		x[i] += centres[i/d%groups*d+i%d]
	}
	return x
}

// bitsTerms makes n points of 1 to 5 terms of v base rows; every seventh is
// the one before in another order.
func bitsTerms(seed uint64, n, v int, base Points, weights bool) combination {
	c := combination{Base: base, Start: []int{0}}
	for i := range n {
		terms := 1 + int(golden.Mix(seed, uint64(i))%5)
		if i%7 == 6 {
			for k := c.Start[i] - 1; k >= c.Start[i-1]; k-- {
				c.Index = append(c.Index, c.Index[k])
			}
		} else {
			for k := range terms {
				c.Index = append(c.Index, int32(golden.Mix(seed+1, uint64(8*i+k))%uint64(v)))
			}
		}
		c.Start = append(c.Start, len(c.Index))
	}
	if weights {
		for _, w := range whole(seed+2, len(c.Index), 500, 7) {
			c.Weight = append(c.Weight, w+100)
		}
		for i := 6; i < n; i += 7 { // the same weights, too
			for k := range c.Start[i+1] - c.Start[i] {
				c.Weight[c.Start[i]+k] = c.Weight[c.Start[i]-1-k]
			}
		}
	}
	return c
}

// graphHash is the sha256 of N, K, all indices and the bits of all distances,
// as little-endian integers of 8, 8, 4 and 8 bytes.
func graphHash(g *Graph) string {
	h := sha256.New()
	binary.Write(h, binary.LittleEndian, []int64{int64(g.N), int64(g.K)})
	binary.Write(h, binary.LittleEndian, g.Index)
	binary.Write(h, binary.LittleEndian, g.Dist2)
	return fmt.Sprintf("%x", h.Sum(nil))
}

// Graphs have the same bits on every machine: the hashes stand in a file, and
// this test runs at every level and on emulated processors. Those of exact
// searches were found by testdata/bits.py, too, which shares no code with this
// package.
func TestBits(t *testing.T) {
	arrangeFrom(t, 500)
	short := Rows(whole(1, 700*5, 40, 8), 700, 5) // many ties
	long := Rows(whole(2, 500*150, 1000, 1000), 500, 150)
	groups := Rows(inGroups(whole(3, 600*40, 1000, 1000), 40, 7, whole(4, 7*40, 1000, 1)), 600, 40)
	flat := Rows(inGroups(whole(5, 600*130, 100, 1000), 130, 20, whole(6, 20*130, 1000, 300)), 600, 130)
	query := Rows(whole(7, 90*150, 1000, 1000), 90, 150)
	base := Rows(whole(8, 60*128, 1000, 999), 60, 128)
	mean, sum := bitsTerms(9, 500, 60, base, false), bitsTerms(12, 300, 60, base, true)
	many := Rows(inGroups(whole(15, 1300*12, 1000, 1000), 12, 30, whole(16, 30*12, 1000, 400)), 1300, 12)

	search := func(x Points, k int, s *Settings) func() (*Graph, error) {
		return func() (*Graph, error) { return Search(t.Context(), x, k, s) }
	}
	jobs := []struct {
		name    string
		do      func() (*Graph, error)
		columns int // to which rows are projected
		method  Method
	}{
		{"short", search(short, 15, nil), 0, Exact},
		{"long", search(long, 20, nil), 0, Exact},
		{"groups", search(groups, 12, nil), 0, Exact},
		{"projected", search(flat, 12, nil), 32, Exact},
		{"cosine", search(long, 10, &Settings{Metric: Cosine}), 0, Exact},
		{"correlation", search(groups, 10, &Settings{Metric: Correlation}), 0, Exact},
		{"mean", search(mean, 10, &Settings{Method: Gram}), 0, Gram},
		{"mean", search(mean, 10, &Settings{Method: Exact}), 0, Exact},
		{"sum", search(sum, 10, &Settings{Method: Gram}), 0, Gram},
		{"sum", search(&sum, 10, &Settings{Method: Exact}), 0, Exact},
		{"query", func() (*Graph, error) { return Query(t.Context(), long, query, 10, nil) }, 0, Exact},
		{"descent", search(many, 15, &Settings{Method: Descent, Seed: 3}), 0, Descent},
	}
	var lines bytes.Buffer
	lines.WriteString("# What the graphs of TestBits are, as sha256; all but descent by bits.py, too.\n")
	seen := map[string]string{}
	eachLevel(func(l vec.Level) {
		for _, job := range jobs {
			old := lowerTo
			lowerTo = job.columns
			g, err := job.do()
			lowerTo = old
			if err != nil {
				t.Fatal(job.name, err)
			}
			if g.Stats.Method != job.method || job.columns > 0 && g.Stats.columns != job.columns {
				t.Errorf("%s at %v: %+v", job.name, l, g.Stats)
			}
			hash := graphHash(g)
			if job.method == Descent {
				hash = fmt.Sprintf("%s recall %v %v %v", hash, g.Recall.Mean, g.Recall.Low, g.Recall.High)
			}
			switch first, ok := seen[job.name]; {
			case !ok:
				seen[job.name] = hash
				fmt.Fprintf(&lines, "%s %s\n", job.name, hash)
			case hash != first:
				t.Errorf("%s at %v: hash %s, but %s before", job.name, l, hash, first)
			}
		}
	})
	golden.Check(t, "testdata/bits.txt", lines.Bytes())
}
