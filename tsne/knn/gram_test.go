package knn

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/semamap/semamap/internal/vec"
)

// combined makes n points of up to 6 terms of v base rows, some of them
// copies of others.
func combined(seed uint64, n, v, d int, weights bool) combination {
	r := rand.New(rand.NewPCG(seed, 9))
	c := combination{Base: Rows(normal(seed, v*d), v, d), Start: []int{0}}
	for i := range n {
		if i > 10 && r.IntN(5) == 0 { // as an earlier one, in another order
			j := r.IntN(i)
			for k := c.Start[j+1] - 1; k >= c.Start[j]; k-- {
				c.Index = append(c.Index, c.Index[k])
				if weights {
					c.Weight = append(c.Weight, c.Weight[k])
				}
			}
		} else {
			for range 1 + r.IntN(6) {
				c.Index = append(c.Index, int32(r.IntN(v)*r.IntN(v)/v))
				if weights {
					c.Weight = append(c.Weight, float32(r.NormFloat64()))
				}
			}
		}
		c.Start = append(c.Start, len(c.Index))
	}
	return c
}

// materialized returns the points of c as plain rows.
func materialized(c Points) Points {
	n, d := c.Dims()
	x := make([]float32, n*d)
	for i := range n {
		row, err := c.Row(nil, i)
		if err != nil {
			panic(err)
		}
		copy(x[i*d:], row)
	}
	return Rows(x, n, d)
}

// A search through inner products gives, bit for bit, the graph of the rows.
func TestGram(t *testing.T) {
	scaled := combined(3, 200, 30, 64, false)
	for i, x := 0, scaled.Base.(dense).x; i < len(x); i++ {
		x[i] = x[i]*1e-25 + 1e-22
	}
	big := combined(4, 200, 30, 64, true)
	for i := range big.Weight {
		big.Weight[i] *= 1e30
	}
	far := combined(5, 200, 30, 64, false)
	for i, x := 0, far.Base.(dense).x; i < 10*64; i++ {
		x[i] += 1e4
	}
	cancel := combined(6, 200, 40, 32, true)
	for i := range cancel.Weight { // sums that nearly vanish
		cancel.Weight[i] = 1 - 2*float32(i%2)
	}
	nested := combined(7, 200, 40, 32, false)
	inner := combined(8, 40, 20, 32, true)
	nested.Base = &inner
	whole := combined(9, 300, 20, 40, false)
	for i, x := 0, whole.Base.(dense).x; i < len(x); i++ {
		x[i] = float32(math.Round(float64(x[i])))
	}
	for name, c := range map[string]combination{
		"mean":    combined(1, 500, 50, 96, false),
		"weights": combined(2, 500, 50, 96, true),
		"scaled":  scaled, "big": big, "far": far, "cancel": cancel, "nested": nested, "whole": whole,
		"single": {Base: Rows(normal(1, 16), 1, 16), Start: []int{0, 1, 2, 4}, Index: []int32{0, 0, 0, 0}},
		"empty":  {Base: Rows(normal(1, 16), 2, 8), Start: []int{0, 0, 1, 1, 2}, Index: []int32{0, 1}, Weight: []float32{1, 2}},
	} {
		n, _ := c.Dims()
		rows := materialized(c)
		for _, metric := range []Metric{Euclidean, Cosine} {
			all := oracle(t, rows, rows, n-1, true, metric)
			for _, k := range []int{1, min(20, n-1), n - 1} {
				want := truncated(all, k)
				for _, set := range []Settings{{Workers: 3}, {MaxMemory: 4 << 20}} {
					set.Metric = metric
					set.Method = Gram
					got, err := Search(context.Background(), c, k, &set)
					if set.MaxMemory > 0 && errors.Is(err, ErrMemory) {
						continue
					}
					if err != nil {
						t.Fatal(name, err)
					}
					if got.Stats.Method != Gram {
						t.Fatal(name, got.Stats)
					}
					sameGraph(t, fmt.Sprint(name, " ", metric, " k=", k), got, want)
					set.Method = Exact
					if set.MaxMemory > 0 {
						set.MaxMemory = 16 << 20
					}
					if got, err = Search(context.Background(), &c, k, &set); err != nil {
						t.Fatal(name, err)
					}
					sameGraph(t, fmt.Sprint(name, " exact ", metric, " k=", k), got, want)
				}
			}
		}
	}
}

func TestCombinationErrors(t *testing.T) {
	base := Rows([]float32{1, 2, 3, 4, float32(math.NaN()), 6}, 3, 2)
	for name, c := range map[string]combination{
		"no base":  {Start: []int{0, 1}, Index: []int32{0}},
		"no terms": {Base: base, Start: []int{0, 1, 1}, Index: []int32{0}},
		"start":    {Base: base, Start: []int{0, 2, 1}, Index: []int32{0, 1}},
		"end":      {Base: base, Start: []int{0, 1, 3}, Index: []int32{0, 1}},
		"negative": {Base: base, Start: []int{-1, 1, 2}, Index: []int32{0, 1}},
		"index":    {Base: base, Start: []int{0, 1, 2}, Index: []int32{0, 3}},
		"weights":  {Base: base, Start: []int{0, 1, 2}, Index: []int32{0, 1}, Weight: []float32{1}},
		"infinite": {Base: base, Start: []int{0, 1, 2}, Index: []int32{0, 1}, Weight: []float32{1, float32(math.Inf(1))}},
	} {
		if _, err := Search(context.Background(), c, 1, nil); !errors.Is(err, ErrPoints) {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := combination{Base: base, Start: []int{0, 1, 3}, Index: []int32{0, 1, 2}}
	_, err := Search(context.Background(), c, 1, nil)
	var ve *ValueError
	if !errors.As(err, &ve) || ve.Row != 1 || ve.Col != 0 {
		t.Errorf("NaN: %v", err)
	}
	c.Index[2] = 0 // the bad base row is not used
	if _, err := Search(context.Background(), c, 1, nil); err != nil {
		t.Errorf("unused NaN: %v", err)
	}
}

// What the inner products propose is proved: a search of all rows a second
// time would give the same graph, slowly.
func TestGramRechecked(t *testing.T) {
	c := lemmas(3000, 500, 256)
	eachLevel(func(l vec.Level) {
		g, err := Search(t.Context(), c, 30, nil)
		if err != nil {
			t.Fatal(err)
		}
		if s := g.Stats; s.Method != Gram || s.Rechecked > 0 || s.rescored != int64(s.Distinct)*(30+extra) {
			t.Errorf("%v: %+v", l, s)
		}
	})
}

// One unit that is far stronger on a few base rows, as language models have them,
// costs those rows a second search and not the others.
func TestGramOddRows(t *testing.T) {
	c := lemmas(2000, 400, 64)
	x := make([]float32, 0, 400*64)
	for i := range 400 {
		row, err := c.Base.Row(nil, i)
		if err != nil {
			t.Fatal(err)
		}
		x = append(x, row...)
	}
	for _, v := range []int{7, 60, 61, 200} {
		x[v*64+5] = 3e4
	}
	c.Base = Rows(x, 400, 64)
	want := oracle(t, c, c, 30, true, Euclidean)
	eachLevel(func(l vec.Level) {
		g, err := Search(t.Context(), c, 30, &Settings{Method: Gram})
		if err != nil {
			t.Fatal(err)
		}
		if s := g.Stats; s.Rechecked > s.Distinct/5 {
			t.Errorf("%v: %+v", l, s)
		}
		sameGraph(t, l.String(), g, want)
	})
}
