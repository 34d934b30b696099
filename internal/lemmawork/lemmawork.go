// Package lemmawork makes synthetic workloads for benchmarks. [Make] stands in
// for the main job of the module: many rows, each the mean of a few of fewer
// token rows, with the token counts, frequencies and repetitions of the lemmas
// of WordNet. [Groups] are plain points, to see how cost grows with their
// number.
//
// Only integers are drawn and no operation can be fused, so that the workload
// has the same bits on every machine.
package lemmawork

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
)

// The size of the main job: all synsets of WordNet 3.0, the tokens of their
// lemmas and the units of a layer.
const (
	Rows   = 117_659
	Tokens = 10_998
	Units  = 2_048
)

// A Workload is rows of which row i is the mean of the base rows
// Index[Start[i]:Start[i+1]].
type Workload struct {
	Tokens, Units int
	Base          []float32 // Tokens×Units: max(z, −0.1) with z normal around one of 64 topics
	Start         []int
	Index         []int32
	Distinct      int // rows left when those of equal tokens are merged
}

// Len returns the number of rows.
func (w *Workload) Len() int { return len(w.Start) - 1 }

// Row fills dst[:Units] with the mean of the tokens of row i.
func (w *Workload) Row(dst []float32, i int) {
	terms := w.Index[w.Start[i]:w.Start[i+1]]
	for c := range w.Units {
		var s float64
		for _, t := range terms {
			s += float64(w.Base[int(t)*w.Units+c])
		}
		dst[c] = float32(s / float64(len(terms)))
	}
}

// Shares of the rows with 1, 2, … 8 tokens, in thousandths.
var lengths = [8]int{112, 301, 281, 150, 80, 38, 19, 19}

// Copies of the most repeated rows, for the full number of rows.
var copies = []int{54, 48, 44, 41, 38, 36, 34, 32, 31}

const (
	topics    = 64
	repeats   = 256 // thousandths of the rows that repeat an earlier one, besides copies
	separator = 136 // thousandths of the tokens drawn for rows of several that are token 0, as the "_" of lemmas
)

// Make draws n rows over the given number of tokens and units. Equal
// arguments give equal bits.
func Make(n, tokens, units int) *Workload {
	w := &Workload{Tokens: tokens, Units: units, Base: base(tokens, units)}
	rng := rand.New(rand.NewPCG(2026, 1))

	// Zipf's law over the tokens from 1 on.
	zipf := make([]uint64, tokens)
	for t := 1; t < tokens; t++ {
		zipf[t] = zipf[t-1] + 1<<40/uint64(t)
	}
	draw := func() int32 {
		u := rng.Uint64N(zipf[tokens-1])
		return int32(sort.Search(tokens-1, func(t int) bool { return zipf[t] > u }))
	}

	singles := rng.Perm(tokens) // a row of one token is new only once
	seen := map[string]bool{}
	var rows [][]int32
	extra := 0
	if n == Rows {
		for _, c := range copies {
			extra += c
		}
	}
	for len(rows) < n-extra {
		if i := len(rows); i > 0 && rng.IntN(1000) < repeats {
			rows = append(rows, rows[rng.IntN(i)])
			continue
		}
		rows = append(rows, fresh(rng, draw, &singles, seen))
		w.Distinct++
	}
	for c, many := range copies {
		row := rows[n/2+c]
		for ; many > 0 && len(rows) < n; many-- {
			rows = append(rows, row)
		}
	}
	rng.Shuffle(n, func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	w.Start = make([]int, 1, n+1)
	for _, r := range rows {
		w.Index = append(w.Index, r...)
		w.Start = append(w.Start, len(w.Index))
	}
	return w
}

// fresh draws tokens that no row has yet, in any order.
func fresh(rng *rand.Rand, draw func() int32, singles *[]int, seen map[string]bool) []int32 {
	for {
		u, length := rng.IntN(1000), 1
		for u >= lengths[length-1] {
			u -= lengths[length-1]
			length++
		}
		for range 1000 { // where all such rows are taken, another length
			row := make([]int32, 0, length)
			if length == 1 {
				if len(*singles) == 0 {
					break
				}
				row = append(row, int32((*singles)[0]))
				*singles = (*singles)[1:]
			}
			for len(row) < length {
				if rng.IntN(1000) < separator {
					row = append(row, 0)
				} else {
					row = append(row, draw())
				}
			}
			key := make([]byte, 0, 3*length)
			for _, t := range slices.Sorted(slices.Values(row)) {
				key = append(key, byte(t>>16), byte(t>>8), byte(t))
			}
			if !seen[string(key)] {
				seen[string(key)] = true
				return row
			}
		}
	}
}

// Groups draws n points of d numbers with variance 1 around √n centres with
// variance 9, n×d numbers row after row.
func Groups(n, d int) []float32 {
	rng := rand.New(rand.NewPCG(2026, 3))
	centres := make([]float32, max(1, int(math.Sqrt(float64(n))))*d)
	for i := range centres {
		centres[i] = 3 * normal(rng)
	}
	x := make([]float32, 0, n*d)
	for range n {
		c := rng.IntN(len(centres)/max(d, 1)) * d
		for _, m := range centres[c : c+d] {
			x = append(x, m+normal(rng))
		}
	}
	return x
}

// base draws the token rows.
func base(tokens, units int) []float32 {
	rng := rand.New(rand.NewPCG(2026, 2))
	centres := make([]float32, topics*units)
	for i := range centres {
		centres[i] = float32(0.5 * normal(rng))
	}
	x := make([]float32, 0, tokens*units)
	for range tokens {
		c := rng.IntN(topics)
		for _, m := range centres[c*units : (c+1)*units] {
			x = append(x, max(m+normal(rng), -0.1))
		}
	}
	return x
}

// normal draws a number of mean 0 and variance 1: the sum of eight uniform
// ones, as whole numbers, scaled by one multiplication.
func normal(rng *rand.Rand) float32 {
	s := int32(0)
	for range 2 {
		for u, k := rng.Uint64(), 0; k < 4; k++ {
			s += int32(u & 0xffff)
			u >>= 16
		}
	}
	const scale = 1.8687e-05 // √(12/8) / 2¹⁶
	return float32(float32(s-8*32768+4) * scale)
}
