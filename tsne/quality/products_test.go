package quality

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/semamap/semamap/tsne/knn"
)

// Neighbors by products are those of the rows themselves, under every rule.
func TestProductsNearest(t *testing.T) {
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 2))
		v, d, n, k := 5+rng.IntN(60), 1+rng.IntN(40), 12+rng.IntN(80), 1+rng.IntN(8)
		base := make([]float32, v*d)
		for i := range base {
			base[i] = float32(3 + rng.NormFloat64())
		}
		start, index, weight := []int{0}, []int32(nil), []float32(nil)
		for range n {
			terms := 1 + rng.IntN(4)
			for range terms {
				index, weight = append(index, int32(rng.IntN(v))), append(weight, 1/float32(terms))
			}
			start = append(start, len(index))
		}
		exchange := make([]int32, v)
		for i, j := range rng.Perm(v) {
			exchange[i] = int32(j)
		}
		skip := func(i, j int) bool { return (i+j)%3 == 0 }
		rules := []Rule{{}, {Metric: knn.Cosine}, {Skip: skip}, {Metric: knn.Cosine, Skip: skip}, {Skip: func(i, j int) bool { return true }}}
		rows := knn.Rows(base, v, d)
		for _, standardize := range []bool{false, true} {
			p, err := NewProducts(t.Context(), rows, standardize, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, ex := range [][]int32{nil, exchange} {
				x := form(base, v, d, start, index, weight, ex, standardize)
				some := []int32{int32(n - 1), 0, 5}
				for _, ids := range [][]int32{nil, some} {
					for _, w := range [][]float32{weight, nil} { // the weights are those of means
						got, err := p.Nearest(t.Context(), knn.Combine(rows, start, index, w), k, ex, rules, &Settings{Rows: ids, Workers: 1 + int(seed)%3})
						if err != nil {
							t.Fatal(err)
						}
						for r, g := range got {
							for l := range g.N {
								i := l
								if ids != nil {
									i = int(ids[l])
								}
								checkNearest(t, x, i, rules[r], g.Index[l*k:(l+1)*k], g.Dist2[l*k:(l+1)*k])
							}
						}
					}
				}
			}
		}
	}
}

// form makes the sums in float64.
func form(base []float32, v, d int, start []int, index []int32, weight []float32, exchange []int32, standardize bool) [][]float64 {
	b := make([][]float64, v)
	for i := range b {
		for c := range d {
			b[i] = append(b[i], float64(base[i*d+c]))
		}
	}
	for c := 0; c < d && standardize; c++ {
		var mean, sq float64
		for i := range b {
			mean += b[i][c] / float64(v)
		}
		for i := range b {
			sq += (b[i][c] - mean) * (b[i][c] - mean) / float64(v)
		}
		for i := range b {
			b[i][c] = (b[i][c] - mean) / math.Sqrt(sq)
		}
	}
	x := make([][]float64, len(start)-1)
	for i := range x {
		x[i] = make([]float64, d)
		for e := start[i]; e < start[i+1]; e++ {
			from := index[e]
			if exchange != nil {
				from = exchange[from]
			}
			for c, u := range b[from] {
				x[i][c] += float64(weight[e]) * u
			}
		}
	}
	return x
}

func checkNearest(t *testing.T, x [][]float64, i int, rule Rule, index []int32, d2 []float64) {
	t.Helper()
	dist := func(j int) float64 {
		var sum, ii, jj, ij float64
		for c, a := range x[i] {
			b := x[j][c]
			sum, ii, jj, ij = sum+(a-b)*(a-b), ii+a*a, jj+b*b, ij+a*b
		}
		if rule.Metric == knn.Cosine {
			return 2 - 2*ij/math.Sqrt(ii*jj)
		}
		return sum
	}
	var want []float64
	for j := range x {
		if j != i && (rule.Skip == nil || !rule.Skip(i, j)) {
			want = append(want, dist(j))
		}
	}
	slices.Sort(want)
	for c, j := range index {
		if c >= len(want) {
			if j != -1 {
				t.Fatalf("point %d: neighbor %d is %d, want none", i, c, j)
			}
			continue
		}
		if j < 0 || int(j) == i || rule.Skip != nil && rule.Skip(i, int(j)) || slices.Contains(index[:c], j) {
			t.Fatalf("point %d: neighbors %v", i, index)
		}
		// Of equal rank within rounding, and at the distance that is given.
		if tol := 2e-5 * (1 + want[len(want)-1]); math.Abs(dist(int(j))-want[c]) > tol || math.Abs(d2[c]-want[c]) > tol {
			t.Fatalf("point %d, %v, neighbor %d: %d at %v (%v), want %v", i, rule.Metric, c, j, dist(int(j)), d2[c], want[c])
		}
	}
}

// The same bits for any number of workers.
func TestProductsWorkers(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	base := make([]float32, 100*20)
	for i := range base {
		base[i] = float32(rng.NormFloat64())
	}
	start, index := []int{0}, []int32(nil)
	for range 500 {
		index = append(index, int32(rng.IntN(100)), int32(rng.IntN(100)))
		start = append(start, len(index))
	}
	var first []*knn.Graph
	for _, workers := range []int{1, 2, 5} {
		set := &Settings{Workers: workers}
		p, err := NewProducts(t.Context(), knn.Rows(base, 100, 20), true, set)
		if err != nil {
			t.Fatal(err)
		}
		g, err := p.Nearest(t.Context(), knn.Combine(knn.Rows(base, 100, 20), start, index, nil), 10, nil, []Rule{{}, {Metric: knn.Cosine}}, set)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = g
		}
		for r := range g {
			if !slices.Equal(g[r].Index, first[r].Index) || !slices.Equal(g[r].Dist2, first[r].Dist2) {
				t.Errorf("rule %d differs with %d workers", r, workers)
			}
		}
	}
}

func TestProductsErrors(t *testing.T) {
	base := knn.Rows([]float32{1, 2, 3, 4}, 2, 2)
	p, err := NewProducts(t.Context(), base, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	sums := knn.Combine(base, []int{0, 1, 2}, []int32{0, 1}, nil)
	for name, f := range map[string]func() error{
		"nil base": func() error { _, err := NewProducts(t.Context(), nil, false, nil); return err },
		"NaN": func() error {
			_, err := NewProducts(t.Context(), knn.Rows([]float32{float32(math.NaN())}, 1, 1), false, nil)
			return err
		},
		"not sums": func() error { _, err := p.Nearest(t.Context(), base, 1, nil, nil, nil); return err },
		"nil":      func() error { _, err := p.Nearest(t.Context(), nil, 1, nil, nil, nil); return err },
		"k":        func() error { _, err := p.Nearest(t.Context(), sums, 0, nil, []Rule{{}}, nil); return err },
		"metric": func() error {
			_, err := p.Nearest(t.Context(), sums, 1, nil, []Rule{{Metric: knn.Correlation}}, nil)
			return err
		},
		"exchange":  func() error { _, err := p.Nearest(t.Context(), sums, 1, []int32{0}, []Rule{{}}, nil); return err },
		"exchange2": func() error { _, err := p.Nearest(t.Context(), sums, 1, []int32{0, 2}, []Rule{{}}, nil); return err },
		"bad sums": func() error {
			_, err := p.Nearest(t.Context(), knn.Combine(base, []int{0, 9}, []int32{0}, nil), 1, nil, []Rule{{}}, nil)
			return err
		},
		"shares":   func() error { _, err := LabelShares(nil, nil, nil); return err },
		"labels":   func() error { _, err := LabelShares(&knn.Graph{N: 1, K: 1, Index: []int32{0}}, nil, nil); return err },
		"probe":    func() error { _, err := Probe(t.Context(), nil, nil, nil, 1, nil); return err },
		"ridge":    func() error { _, err := Probe(t.Context(), base, []int32{0, 1}, nil, 0, nil); return err },
		"training": func() error { _, err := Probe(t.Context(), base, []int32{0, 1}, []Fold{{}}, 1, nil); return err },
		"row": func() error {
			_, err := Probe(t.Context(), base, []int32{0, 1}, []Fold{{Train: []int32{3}}}, 1, nil)
			return err
		},
	} {
		if err := f(); !errors.Is(err, ErrInput) && !errors.Is(err, knn.ErrPoints) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := p.Nearest(ctx, sums, 1, nil, []Rule{{}}, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestLabelShares(t *testing.T) {
	g := &knn.Graph{N: 4, K: 2, Index: []int32{1, 2, 0, -1, -1, -1, 0, 1}}
	got, err := LabelShares(g, []int32{7, 7, 7, -1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got[0] != 1 || got[1] != 1 || !math.IsNaN(got[2]) || !math.IsNaN(got[3]) {
		t.Error(got)
	}
	got, err = LabelShares(&knn.Graph{N: 1, K: 2, Index: []int32{0, 1}}, []int32{3, 4, 4}, &Settings{Rows: []int32{2}})
	if err != nil || got[0] != 0.5 {
		t.Error(got, err)
	}
}

func TestAUC(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	values, labels := make([]float32, 60), make([]int32, 60)
	for i := range values {
		values[i], labels[i] = float32(rng.IntN(9)), int32(rng.IntN(3))
	}
	got, err := AUC(values, labels, 4)
	if err != nil {
		t.Fatal(err)
	}
	for c := range int32(3) {
		var above, pairs float64
		for i, a := range values {
			for j, b := range values {
				if labels[i] == c && labels[j] != c {
					pairs++
					if a > b {
						above++
					} else if a == b {
						above += 0.5
					}
				}
			}
		}
		if math.Abs(got[c]-above/pairs) > 1e-12 {
			t.Errorf("class %d: %v, want %v", c, got[c], above/pairs)
		}
	}
	if got[3] != 0.5 {
		t.Error(got[3])
	}
}

// A probe reads what is linear, and nothing from noise.
func TestProbe(t *testing.T) {
	const n, d = 300, 10
	rng := rand.New(rand.NewPCG(9, 9))
	x, labels, noise := make([]float32, n*d), make([]int32, n), make([]int32, n)
	for i := range n {
		labels[i], noise[i] = int32(rng.IntN(3)), int32(rng.IntN(3))
		for c := range d {
			x[i*d+c] = float32(rng.NormFloat64())
		}
		x[i*d+int(labels[i])] += 3
	}
	var folds []Fold
	for f := range 5 {
		var fold Fold
		for i := range int32(n) {
			if int(i)%5 == f {
				fold.Test = append(fold.Test, i)
			} else {
				fold.Train = append(fold.Train, i)
			}
		}
		folds = append(folds, fold)
	}
	mean := func(l []int32) float64 {
		right, err := Probe(t.Context(), knn.Rows(x, n, d), l, folds, 0.01, nil)
		if err != nil {
			t.Fatal(err)
		}
		var sum float64
		for _, v := range right {
			sum += v / n
		}
		return sum
	}
	if a := mean(labels); a < 0.9 {
		t.Errorf("accuracy %v", a)
	}
	if a := mean(noise); a > 0.45 {
		t.Errorf("accuracy on noise %v", a)
	}
}
