package quality_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/semamap/semamap/tsne"
	"github.com/semamap/semamap/tsne/knn"
	"github.com/semamap/semamap/tsne/quality"
)

// strip returns 100 points of a curve in three dimensions, and the curve cut
// open and laid on a line.
func strip() (x knn.Points, y []float32) {
	data := make([]float32, 0, 300)
	for i := range 100 {
		t := float32(i) / 100
		data = append(data, 4*t*(1-t), (2*t-1)*(1-4*t*(1-t)), 1)
		y = append(y, t)
	}
	return knn.Rows(data, 100, 3), y
}

func ExampleCompare() {
	x, y := strip() // y is a map of one dimension
	h, err := quality.Compare(context.Background(), x, y, 1, 10, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("kept %.2f, trustworthiness %.2f, continuity %.2f\n", h.Preservation, h.Trustworthiness, h.Continuity)
	// Output: kept 0.82, trustworthiness 0.99, continuity 0.96
}

// Copies of rows count once. They would be perfect neighbors of each other.
func ExampleCompare_copies() {
	x, y := strip()
	data := make([]float32, 0, 20*300)
	for range 20 {
		for i := range 100 {
			row, _ := x.Row(nil, i)
			data = append(data, row...)
		}
	}
	many := knn.Rows(data, 20*100, 3)
	for _, s := range []quality.Settings{{}, {CountCopies: true}} {
		h, err := quality.Compare(context.Background(), many, slices.Repeat(y, 20), 1, 10, &s)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%d rows, %d copies, kept %.2f\n", h.Rows, h.Copies, h.Preservation)
	}
	// Output:
	// 100 rows, 1900 copies, kept 0.82
	// 2000 rows, 1900 copies, kept 1.00
}

func ExampleDistanceCorrelation() {
	x, y := strip()
	c, err := quality.DistanceCorrelation(context.Background(), x, y, 1, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.2f\n", c)
	// Output: 0.73
}

func ExampleLabelAgreement() {
	y := []float32{0, 0, 0, 1, 1, 0, 9, 9, 9, 8, 8, 9} // two groups of three points
	labels := []int32{0, 0, 0, 1, 1, 1}
	ctx := context.Background()
	g, err := knn.Search(ctx, knn.Rows(y, 6, 2), 2, nil) // the neighbors on the map
	if err != nil {
		fmt.Println(err)
		return
	}
	a, err := quality.LabelAgreement(ctx, g, labels, &quality.Settings{Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.0f %% of the neighbors share the label, %.0f ± %.0f %% by chance, p = %.2f\n", 100*a.Share, 100*a.Chance, 100*a.SD, a.P)
	// Output: 100 % of the neighbors share the label, 40 ± 19 % by chance, p = 0.09
}

func ExampleLabelAccuracy() {
	y := []float32{0, 1, 2, 7, 8, 9}
	labels := []int32{0, 0, 0, 1, 1, 1}
	g, err := knn.Search(context.Background(), knn.Rows(y, 6, 1), 2, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	accuracy, err := quality.LabelAccuracy(g, labels, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(accuracy)
	// Output: 1
}

// Recall compares an approximate graph with the exact one.
func ExampleRecall() {
	const n, d = 2000, 20
	rng := rand.New(rand.NewPCG(1, 2))
	x := make([]float32, n*d)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	ctx := context.Background()
	fast, err := knn.Search(ctx, knn.Rows(x, n, d), 30, &knn.Settings{Method: knn.Descent})
	if err != nil {
		fmt.Println(err)
		return
	}
	exact, err := knn.Search(ctx, knn.Rows(x, n, d), 30, &knn.Settings{Method: knn.Exact})
	if err != nil {
		fmt.Println(err)
		return
	}
	recall, err := quality.Recall(fast, exact, 10)
	fmt.Println(recall > .95, err)
	// Output: true <nil>
}

// The divergence of a map from the affinities it was made of: here each point
// of a ring is bound to the two beside it.
func ExampleKL() {
	const n = 50
	start, column, p := []int{0}, []int32{}, []float32{}
	for i := range n {
		before, after := int32((i+n-1)%n), int32((i+1)%n)
		column = append(column, min(before, after), max(before, after))
		p = append(p, 1, 1)
		start = append(start, len(column))
	}
	affinities := tsne.CSR(n, start, column, p)
	ctx := context.Background()
	res, err := tsne.Embed(ctx, nil, &tsne.Settings{Affinities: affinities, Start: tsne.Spectral()})
	if err != nil {
		fmt.Println(err)
		return
	}
	kl, err := quality.KL(ctx, affinities, res.Y, res.Dims, nil)
	fmt.Println("as the run says:", math.Abs(kl-res.KL) < .001, err)
	// Output: as the run says: true <nil>
}

// Labels of some points only, against fewer permutations than usual.
func ExampleSettings() {
	y := []float32{0, 1, 2, 7, 8, 9}
	labels := []int32{0, 0, 0, 1, 1, 1}
	ctx := context.Background()
	g, err := knn.Query(ctx, knn.Rows(y, 6, 1), knn.Rows(y[2:4], 2, 1), 3, nil) // of the points 2 and 3
	if err != nil {
		fmt.Println(err)
		return
	}
	a, err := quality.LabelAgreement(ctx, g, labels, &quality.Settings{Rows: []int32{2, 3}, Permutations: 99, Workers: 1})
	fmt.Println(a.Points, a.Share, err)

	_, err = quality.LabelAgreement(ctx, g, labels[:2], nil)
	fmt.Println(errors.Is(err, quality.ErrInput))
	// Output:
	// 2 1 <nil>
	// true
}

// A map in which each point stands for several, made with other degrees of
// freedom than one.
func ExampleSettings_weights() {
	p := tsne.CSR(3, []int{0, 1, 3, 4}, []int32{1, 0, 2, 1}, []float32{1, 1, 1, 1})
	y := []float32{0, 1, 3}
	kl, err := quality.KL(context.Background(), p, y, 1, &quality.Settings{Weights: []float64{2, 1, 1}, Freedom: .5})
	fmt.Printf("%.3f %v\n", kl, err)
	// Output: 0.450 <nil>
}

// Do words of one topic lie near each other for another reason than the tokens
// they share? Neighbors that share a token are left out, and the result is
// compared with null maps, in which tokens have exchanged their rows.
func ExampleProducts_Nearest() {
	tokens := knn.Rows([]float32{
		5, 9, // er
		1, 5, // boil
		1, 4, // fry
		9, 4, // sail
		9, 5, // row
	}, 5, 2)
	// boiler, fryer, sailer, rower; fry, sail: means of their tokens.
	words := knn.Combine(tokens, []int{0, 2, 4, 6, 8, 9, 10}, []int32{1, 0, 2, 0, 3, 0, 4, 0, 2, 3}, nil)
	topic := []int32{0, 0, 1, 1, 0, 1}
	ends := []bool{true, true, true, true, false, false} // in er
	rules := []quality.Rule{{}, {Skip: func(i, j int) bool { return ends[i] && ends[j] }}}

	ctx := context.Background()
	p, err := quality.NewProducts(ctx, tokens, false, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, exchange := range [][]int32{nil, {0, 3, 1, 4, 2}} {
		graphs, err := p.Nearest(ctx, words, 1, exchange, rules, nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, g := range graphs {
			shares, err := quality.LabelShares(g, topic, nil)
			sum := 0.0
			for _, s := range shares {
				sum += s / float64(len(shares))
			}
			fmt.Printf("%.2f %v\n", sum, err)
		}
	}
	// Output:
	// 1.00 <nil>
	// 1.00 <nil>
	// 0.00 <nil>
	// 0.33 <nil>
}
