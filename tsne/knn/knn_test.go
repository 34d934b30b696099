package knn

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
)

// brute takes all distances by the definition. same says that x is ref, so
// that a row is not its own neighbor.
func brute(ctx context.Context, ref, x *source, k int, same bool, set *Settings) (*Graph, error) {
	rv, err := ref.all(ctx, set.Workers)
	if err != nil {
		return nil, err
	}
	xv, err := x.all(ctx, set.Workers)
	if err != nil {
		return nil, err
	}
	g := newGraph(x.n, k)
	err = par.Blocks(ctx, set.Workers, x.n, 1, func(_, i, _, _ int) {
		var list []pair
		for j := range ref.n {
			if !same || j != i {
				list = append(list, pair{vec.SqDist(xv.row(i), rv.row(j)), int32(j)})
			}
		}
		g.put(i, list)
	})
	return g, err
}

// oracle is the definition: all canonical distances, sorted.
func oracle(t testing.TB, ref, x Points, k int, same bool, metric Metric) *Graph {
	t.Helper()
	rs, err := newSource(ref, metric)
	if err != nil {
		t.Fatal(err)
	}
	xs, err := newSource(x, metric)
	if err != nil {
		t.Fatal(err)
	}
	g, err := brute(context.Background(), rs, xs, k, same, &Settings{})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// truncated keeps the first k neighbors of each row.
func truncated(g *Graph, k int) *Graph {
	h := newGraph(g.N, k)
	for i := range g.N {
		index, d2 := g.Row(i)
		copy(h.Index[i*k:(i+1)*k], index)
		copy(h.Dist2[i*k:(i+1)*k], d2)
	}
	return h
}

func sameGraph(t testing.TB, what string, got, want *Graph) {
	t.Helper()
	if got.N != want.N || got.K != want.K {
		t.Fatalf("%s: %d×%d, want %d×%d", what, got.N, got.K, want.N, want.K)
	}
	for i := range want.N {
		gi, gd := got.Row(i)
		wi, wd := want.Row(i)
		for c := range wi {
			if gi[c] != wi[c] || math.Float64bits(gd[c]) != math.Float64bits(wd[c]) {
				t.Fatalf("%s: row %d, place %d: %d at %v, want %d at %v (%+v)", what, i, c, gi[c], gd[c], wi[c], wd[c], got.Stats)
			}
		}
	}
}

func normal(seed uint64, n int) []float32 {
	r := rand.New(rand.NewPCG(seed, 1))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// hard holds inputs that are hard in different ways.
func hard() map[string]struct {
	x    []float32
	n, d int
} {
	type set = struct {
		x    []float32
		n, d int
	}
	m := map[string]set{
		"normal":   {normal(1, 400*33), 400, 33},
		"one":      {normal(2, 400), 400, 1},
		"deep":     {normal(3, 40*4500), 40, 4500},
		"blocks":   {normal(4, 1100*5), 1100, 5},
		"flat":     {make([]float32, 300*3), 300, 3},
		"nothing":  {nil, 300, 0},
		"huge":     {normal(5, 300*20), 300, 20},
		"tiny":     {normal(6, 300*20), 300, 20},
		"mean":     {normal(7, 300*20), 300, 20},
		"clusters": {normal(8, 300*20), 300, 20},
		"whole":    {normal(9, 400*6), 400, 6},
		"halves":   {normal(10, 400*6), 400, 6},
		"copies":   {normal(11, 400*4), 400, 4},
		"outlier":  {normal(12, 300*8), 300, 8},
		"near":     {normal(13, 300*8), 300, 8},
		"onehot":   {make([]float32, 200*200), 200, 200},
	}
	for i := range m["huge"].x {
		m["huge"].x[i] *= 1e30
	}
	for i := range m["tiny"].x {
		m["tiny"].x[i] *= 1e-30
	}
	for i := range m["mean"].x {
		m["mean"].x[i] += 1e6
	}
	for i := range m["clusters"].x {
		if i/20%2 == 0 {
			m["clusters"].x[i] += 1e6
		}
	}
	for i := range m["whole"].x {
		m["whole"].x[i] = float32(math.Round(float64(m["whole"].x[i])))
	}
	for i := range m["halves"].x {
		m["halves"].x[i] = float32(math.Round(float64(m["halves"].x[i]))) * 1.1
	}
	for i := range m["copies"].x {
		if i >= 4*200 {
			m["copies"].x[i] = m["copies"].x[i%(4*200)]
		}
	}
	m["copies"].x[0], m["copies"].x[4*200] = 0, float32(math.Copysign(0, -1))
	m["outlier"].x[17] = 3e38
	for i := range m["near"].x {
		m["near"].x[i] = 1 + m["near"].x[i]*1e-7
	}
	for i := range 200 {
		m["onehot"].x[i*201] = 1
	}
	return m
}

func TestSearch(t *testing.T) {
	for name, s := range hard() {
		x := Rows(s.x, s.n, s.d)
		most := s.n - 1
		if testing.Short() {
			most = min(most, 450)
		}
		all := oracle(t, x, x, most, true, Euclidean)
		for _, k := range []int{0, 1, 10, most} {
			want := truncated(all, k)
			for _, set := range []*Settings{nil, {Workers: 3, MaxMemory: 1 << 30}} {
				got, err := Search(context.Background(), x, k, set)
				if err != nil {
					t.Fatal(name, k, err)
				}
				sameGraph(t, fmt.Sprint(name, " k=", k), got, want)
				if err := got.Check(); err != nil {
					t.Fatal(name, k, err)
				}
			}
		}
	}
}

func TestTiny(t *testing.T) {
	for n := range 6 {
		x := make([]float32, n*2)
		for i := range x {
			x[i] = float32(i * i)
		}
		g, err := Search(context.Background(), Rows(x, n, 2), max(0, n-1), nil)
		if err != nil {
			t.Fatal(n, err)
		}
		if err := g.Check(); err != nil {
			t.Fatal(n, err)
		}
	}
	_, err := Search(context.Background(), Rows([]float32{1, 2, 3, float32(math.NaN())}, 2, 2), 1, nil)
	var ve *ValueError
	if !errors.As(err, &ve) || ve.Row != 1 || ve.Col != 1 {
		t.Fatal(err)
	}
}

func TestKeys(t *testing.T) {
	v := []float32{float32(math.Inf(-1)), -math.MaxFloat32, -1, -0x1p-140, 0, 0x1p-140, 1, math.MaxFloat32, float32(math.Inf(1))}
	for i, a := range v {
		for j, b := range v {
			if (makeKey(a, 5) < makeKey(b, 5)) != (i < j) || (makeKey(a, 4) < makeKey(b, 5)) != (i <= j) {
				t.Fatal(a, b)
			}
		}
		if keyValue(makeKey(a, 9)) != a || keyIndex(makeKey(a, 9)) != 9 {
			t.Fatal(a)
		}
	}
	if makeKey(float32(math.Copysign(0, -1)), 3) != makeKey(0, 3) {
		t.Fatal("the zeros differ")
	}
}
