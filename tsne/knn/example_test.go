package knn_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/semamap/semamap/tsne/knn"
)

func Example() {
	x := []float32{
		0, 0,
		3, 4,
		0, 1,
		3, 3,
	}
	g, err := knn.Search(context.Background(), knn.Rows(x, 4, 2), 2, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range g.N {
		fmt.Println(g.Row(i))
	}
	// Output:
	// [2 3] [1 18]
	// [3 2] [1 18]
	// [0 3] [1 13]
	// [1 2] [1 13]
}

// Words made of tokens: each point is the mean of the rows of its tokens, and
// is never formed unless it is needed.
func ExampleCombine() {
	tokens := knn.Rows([]float32{
		1, 0, 0,
		0, 1, 0,
		0, 0, 1,
	}, 3, 3)
	words := knn.Combine(tokens, []int{0, 1, 3, 6, 8}, []int32{0, 0, 1, 0, 0, 1, 1, 2}, nil)
	g, err := knn.Search(context.Background(), words, 1, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range g.N {
		index, d2 := g.Row(i)
		fmt.Printf("%d: %d at %.4f\n", i, index[0], math.Sqrt(d2[0]))
	}
	// Output:
	// 0: 2 at 0.4714
	// 1: 2 at 0.2357
	// 2: 1 at 0.2357
	// 3: 1 at 0.7071
}

func ExampleQuery() {
	ref := knn.Rows([]float32{0, 10, 20, 30}, 4, 1)
	x := knn.Rows([]float32{12, 20}, 2, 1)
	g, err := knn.Query(context.Background(), ref, x, 2, nil)
	fmt.Println(g.Index, g.Dist2, err)
	// Output: [1 2 2 1] [4 64 0 100] <nil>
}

// Any distance will do, if slowly.
func ExampleSettings_func() {
	manhattan := func(a, b []float32) (sum float64) {
		for c := range a {
			sum += math.Abs(float64(a[c]) - float64(b[c]))
		}
		return sum
	}
	x := knn.Rows([]float32{0, 0, 1, 1, 5, 5}, 3, 2)
	g, err := knn.Search(context.Background(), x, 1, &knn.Settings{Func: manhattan})
	fmt.Println(g.Index, g.Dist2, err)
	// Output: [1 0 1] [4 4 64] <nil>
}

// Rows of words that documents have, compared by the words they share.
func ExampleCSR() {
	start := []int{0, 3, 6, 8}
	word := []int32{0, 4, 9, 4, 9, 2, 7, 1}
	count := []float32{1, 2, 1, 1, 1, 3, 1, 1}
	x := knn.CSR(10, start, word, count)
	for _, m := range []knn.Metric{knn.Manhattan, knn.Chebyshev, knn.Hamming, knn.Jaccard} {
		g, err := knn.Search(context.Background(), x, 1, &knn.Settings{Metric: m})
		if err != nil {
			fmt.Println(err)
			return
		}
		index, d2 := g.Row(0)
		fmt.Println(index[0], math.Sqrt(d2[0]))
	}
	// Output:
	// 1 5
	// 2 2
	// 1 0.3
	// 1 0.5
}

// Links that are not known are left out, and the list of a row ends early.
func ExampleDistances_missing() {
	// 0 – 1 – 2, and 3 alone.
	links := knn.CSR(4, []int{0, 1, 3, 4, 4}, []int32{1, 0, 2, 1}, []float32{2, 2, 3, 3})
	g, err := knn.Search(context.Background(), knn.Distances(links), 2, nil)
	fmt.Println(g.Index, err)
	// Output: [1 -1 0 2 1 -1 -1 -1] <nil>
}

func ExampleDistances() {
	d := [][]float64{{0, 2, 1}, {2, 0, 3}, {1, 3, 0}}
	g, err := knn.Search(context.Background(), knn.Distances(knn.Slices(d)), 1, nil)
	fmt.Println(g.Index, g.Dist2, err)
	// Output: [2 0 0] [1 4 1] <nil>
}

func ExampleValueError() {
	x := []float32{1, 2, 3, float32(math.NaN())}
	_, err := knn.Search(context.Background(), knn.Rows(x, 2, 2), 1, nil)
	var bad *knn.ValueError
	if errors.As(err, &bad) {
		fmt.Println(bad.Row, bad.Col)
	}
	fmt.Println(err)
	// Output:
	// 1 1
	// knn: row 1, column 1: bad value NaN
}

// Stats tells how a graph was made, Recall what share of the true neighbors it
// holds.
func ExampleStats() {
	const n, d = 4000, 20
	rng := rand.New(rand.NewPCG(1, 2))
	base := make([]float32, 100*d)
	for i := range base {
		base[i] = float32(rng.NormFloat64())
	}
	start, index := []int{0}, []int32{}
	for range n { // each point is the mean of two base rows
		index = append(index, rng.Int32N(100), rng.Int32N(100))
		start = append(start, len(index))
	}
	x := knn.Combine(knn.Rows(base, 100, d), start, index, nil)
	for _, m := range []knn.Method{knn.Auto, knn.Gram, knn.Exact, knn.Descent} {
		g, err := knn.Search(context.Background(), x, 5, &knn.Settings{Method: m})
		if err != nil {
			fmt.Println(err)
			return
		}
		s := g.Stats
		switch s.Method {
		case knn.Gram:
			fmt.Println("by inner products:", s.Distinct, "rows")
		case knn.Exact:
			fmt.Println("by all pairs")
		case knn.Descent:
			fmt.Println("approximate: recall", g.Recall.Low > .9, g.Recall.High <= 1)
		}
	}
	// Output:
	// by all pairs
	// by inner products: 2730 rows
	// by all pairs
	// approximate: recall true true
}

// What was wrong is a sentinel, and the message says where.
func ExampleSearch_errors() {
	ctx := context.Background()
	x := knn.Rows([]float32{0, 1, 3}, 3, 1)
	_, err := knn.Search(ctx, x, 3, nil)
	fmt.Println(errors.Is(err, knn.ErrSetting), err)
	_, err = knn.Search(ctx, x, 1, &knn.Settings{MinRecall: 2})
	fmt.Println(errors.Is(err, knn.ErrSetting))
	_, err = knn.Search(ctx, knn.Rows([]float64{0, math.Inf(1), 3}, 3, 1), 1, nil)
	fmt.Println(errors.Is(err, knn.ErrValue))
	g := &knn.Graph{N: 2, K: 1, Index: []int32{1, 1}, Dist2: []float64{4, 4}} // of another program
	fmt.Println(errors.Is(g.Check(), knn.ErrGraph), g.Check())
	// Output:
	// true setting k = 3: a row has 2 others
	// true
	// true
	// true knn: malformed graph: row 1, entry 0: index 1 is the row itself
}

// An approximate search fails rather than return a graph of little use.
func ExampleSettings_minRecall() {
	const n, d = 2000, 20
	rng := rand.New(rand.NewPCG(1, 2))
	x := make([]float32, n*d)
	for i := range x {
		x[i] = rng.Float32()
	}
	_, err := knn.Search(context.Background(), knn.Rows(x, n, d), 5, &knn.Settings{Method: knn.Descent, MinRecall: 1})
	fmt.Println(errors.Is(err, knn.ErrRecall))
	// Output: true
}
