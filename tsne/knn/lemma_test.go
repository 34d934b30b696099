package knn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// lemmas makes the workload the module was built for, from one seed: n rows,
// each the mean of a few of v token rows of d numbers, max(z, -0.1) of normals
// around 64 topics. One token makes 10.7 % of all uses, the others follow a
// Zipf law; 26 % of the rows repeat an earlier one.
func lemmas(n, v, d int) combination {
	r := rand.New(rand.NewPCG(20, 26))
	topic := make([]float32, 64*d)
	for i := range topic {
		topic[i] = float32(r.NormFloat64())
	}
	x := make([]float32, v*d)
	for t := range v {
		k := r.IntN(64)
		for c := range d {
			x[t*d+c] = max(0.7*topic[k*d+c]+0.7*float32(r.NormFloat64()), -0.1)
		}
	}
	r = rand.New(rand.NewPCG(20, 27))
	// The inverse of the Zipf law's distribution function, by search.
	sum := make([]float64, v)
	var total float64
	for t := 1; t < v; t++ {
		total += 1 / float64(t+3)
		sum[t] = total
	}
	token := func() int32 {
		if r.Float64() < 0.107 {
			return 0
		}
		u := r.Float64() * total
		lo, hi := 1, v-1
		for lo < hi {
			if m := (lo + hi) / 2; sum[m] < u {
				lo = m + 1
			} else {
				hi = m
			}
		}
		return int32(lo)
	}
	share := []float64{.112, .301, .281, .150, .080, .038, .019, .019}
	c := combination{Base: Rows(x, v, d), Start: make([]int, 1, n+1)}
	seen := map[string]bool{}
	single := 0
	for i := range n {
		if i > 100 && r.Float64() < 0.258 {
			u := r.Float64()
			j := int(float64(i) * float64(u*math.Sqrt(u)))
			c.Index = append(c.Index, c.Index[c.Start[j]:c.Start[j+1]]...)
		} else {
			u, terms := r.Float64(), 1
			for _, s := range share[:7] {
				if u -= s; u < 0 {
					break
				}
				terms++
			}
			if terms == 1 && single == v {
				terms = 3
			}
			for { // a row that is not there yet
				row := make([]int32, terms)
				for t := range row {
					row[t] = token()
				}
				if terms == 1 {
					row[0] = int32(single)
					single++
				}
				key := slices.Clone(row)
				slices.Sort(key)
				if name := fmt.Sprint(key); !seen[name] {
					seen[name] = true
					c.Index = append(c.Index, row...)
					break
				}
			}
		}
		c.Start = append(c.Start, len(c.Index))
	}
	return c
}

// The shape of the workload: what the benchmarks measure must not drift.
func TestLemmas(t *testing.T) {
	c := lemmas(117_659, 10_998, 1)
	s, err := newSource(c, Euclidean)
	if err != nil {
		t.Fatal(err)
	}
	hash, err := s.scan(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.merge(t.Context(), hash)
	if err != nil {
		t.Fatal(err)
	}
	distinct, copies := len(m.start)-1, 0
	for u := range distinct {
		copies = max(copies, len(m.copies(u)))
	}
	var all uint64
	for _, h := range hash {
		all = all*31 + h
	}
	terms := 0
	for u := range distinct {
		t, _ := c.terms(nil, int(m.copies(u)[0]))
		terms += len(t)
	}
	if distinct != 87_322 || all != 0xf88394db4232da22 {
		t.Errorf("%d distinct rows, hash %#x", distinct, all)
	}
	t.Logf("%d distinct rows, %.2f terms each, at most %d copies, hash %#x", distinct, float64(terms)/float64(distinct), copies, all)
}
