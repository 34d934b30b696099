package knn_test

import (
	"context"
	"errors"
	"fmt"
	"math"

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
