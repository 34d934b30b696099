package amap

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/semamap/semamap/internal/par"
)

// A Selectivity reports how well a unit separates a set of tokens from the others.
type Selectivity struct {
	Unit UnitID
	// AUC is the probability that a token of the set activates the unit more than
	// a token outside it, where ties count half: the area under the ROC curve.
	// 0.5 means no selectivity; a unit that the set inhibits is near 0.
	AUC float64
	// P is the two-sided p-value of the Mann-Whitney U test: normal
	// approximation, with corrections for ties and continuity.
	P float64
	// Q is P adjusted by Benjamini and Hochberg for testing all units at once: of
	// the units with Q <= 0.05, at most 5 % are expected to be false discoveries.
	Q float64
	// In and Out are the numbers of tokens in the set and outside it.
	In, Out int
}

// Selectivity computes for each unit of a mode how well it separates the tokens ids
// from all others in the scope. The results are in the order of layers and units;
// sort them by Q and AUC for a ranking.
//
// The test is scipy.stats.mannwhitneyu(method="asymptotic"), with midranks for
// ties, which are frequent because a ReLU map is full of zeros. The adjustment is
// by Benjamini and Hochberg ("Controlling the false discovery rate", 1995). Tokens
// outside the scope are left out even if they are among ids, and a NaN is left out
// for its unit. If either side is empty or all values are equal, P is 1.
func (m *Map) Selectivity(ctx context.Context, mode Mode, ids []int32, o *Scope) ([]Selectivity, error) {
	if mode == "" {
		return nil, m.noMode(mode)
	}
	layers, err := m.chosen(mode, o)
	if err != nil {
		return nil, err
	}
	var out []Selectivity
	for _, l := range layers {
		s, err := l.selectivity(ctx, ids, o)
		if err != nil {
			return nil, err
		}
		out = append(out, s...)
	}
	p := make([]float64, len(out))
	for i := range out {
		p[i] = out[i].P
	}
	for i, q := range adjustBH(p) {
		out[i].Q = q
	}
	return out, nil
}

func (l *Layer) selectivity(ctx context.Context, ids []int32, o *Scope) ([]Selectivity, error) {
	set, err := l.rowsOf(ids)
	if err != nil {
		return nil, err
	}
	rows := l.pick(o)
	in := map[int32]bool{}
	for _, r := range set {
		in[r] = true
	}
	inside := make([]bool, len(rows))
	for i, r := range rows {
		inside[i] = in[r]
	}
	_, units := l.Dims()
	out := make([]Selectivity, units)
	// Columns are collected for as many units as fit in some 32 MB.
	group := max(16, min(units, 8<<20/max(len(rows), 1)))
	cols := make([]float32, min(group, units)*len(rows))
	for from := 0; from < units; from += group {
		n := min(group, units-from)
		err := l.blocks(ctx, rows, statBlock, func(_, first int, run []int32, x []float32) {
			for u := range n {
				to := cols[u*len(rows)+first:]
				for i := range run {
					to[i] = x[i*units+from+u]
				}
			}
		})
		if err != nil {
			return nil, err
		}
		err = par.Blocks(ctx, 0, n, 8, func(_, _, lo, hi int) {
			var r ranker
			for u := lo; u < hi; u++ {
				s := r.test(cols[u*len(rows):(u+1)*len(rows)], inside)
				s.Unit = UnitID{l.n, from + u}
				out[from+u] = s
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// A ranker reuses memory between tests.
type ranker struct{ in, out, tmp []uint32 }

// sortKey orders like the value; both zeros are equal.
func sortKey(v float32) uint32 {
	b := math.Float32bits(v + 0)
	if b == 1<<31 {
		b = 0
	}
	if b>>31 == 1 {
		return ^b
	}
	return b | 1<<31
}

func (r *ranker) test(x []float32, inside []bool) Selectivity {
	r.in, r.out = r.in[:0], r.out[:0]
	for i, v := range x {
		if v != v {
			continue
		}
		if inside[i] {
			r.in = append(r.in, sortKey(v))
		} else {
			r.out = append(r.out, sortKey(v))
		}
	}
	r.in, r.tmp = radixSort(r.in, r.tmp)
	r.out, r.tmp = radixSort(r.out, r.tmp)
	s := Selectivity{AUC: math.NaN(), P: 1, In: len(r.in), Out: len(r.out)}
	n1, n2 := float64(len(r.in)), float64(len(r.out))
	if n1 == 0 || n2 == 0 {
		return s
	}
	// Twice U, and the sum of t³-t over groups of ties, both whole numbers.
	var u2, ties float64
	for i, j := 0, 0; i < len(r.in) || j < len(r.out); {
		var k uint32
		if j == len(r.out) || i < len(r.in) && r.in[i] < r.out[j] {
			k = r.in[i]
		} else {
			k = r.out[j]
		}
		i0, j0 := i, j
		for i < len(r.in) && r.in[i] == k {
			i++
		}
		for j < len(r.out) && r.out[j] == k {
			j++
		}
		u2 += float64(i-i0) * float64(j0+j)
		t := float64(i - i0 + j - j0)
		ties += t*t*t - t
	}
	u := u2 / 2
	s.AUC = u / (n1 * n2)
	n := n1 + n2
	sd := math.Sqrt(n1 * n2 / 12 * (n + 1 - ties/(n*(n-1))))
	if sd > 0 {
		z := (math.Abs(u-n1*n2/2) - 0.5) / sd
		s.P = min(1, math.Erfc(z/math.Sqrt2))
	}
	return s
}

// radixSort sorts a, with b as memory; it returns them, perhaps exchanged.
func radixSort(a, b []uint32) (sorted, spare []uint32) {
	if len(a) < 256 {
		slices.Sort(a)
		return a, b
	}
	b = slices.Grow(b[:0], len(a))[:len(a)]
	var count [3][2048]int32
	for _, k := range a {
		count[0][k&2047]++
		count[1][k>>11&2047]++
		count[2][k>>22]++
	}
	for pass := range count {
		c := &count[pass]
		shift := 11 * pass
		// Nothing to do when all keys have the same digit.
		if c[a[0]>>shift&2047] == int32(len(a)) {
			continue
		}
		sum := int32(0)
		for d := range c {
			c[d], sum = sum, sum+c[d]
		}
		for _, k := range a {
			d := k >> shift & 2047
			b[c[d]] = k
			c[d]++
		}
		a, b = b, a
	}
	return a, b
}

// adjustBH adjusts p-values for multiple tests by Benjamini and Hochberg's
// step-up procedure, so that those at most q control the false discovery rate
// at q. NaN stays NaN and does not count as a test.
func adjustBH(p []float64) []float64 {
	order := make([]int, 0, len(p))
	out := make([]float64, len(p))
	for i, v := range p {
		if v != v {
			out[i] = v
			continue
		}
		order = append(order, i)
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(p[a], p[b]), a-b) })
	least := 1.0
	for k := len(order) - 1; k >= 0; k-- {
		least = min(least, p[order[k]]*float64(len(order))/float64(k+1))
		out[order[k]] = least
	}
	return out
}
