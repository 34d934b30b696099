package quality_test

import (
	"context"
	"fmt"

	"github.com/semamap/semamap/tsne/quality"
)

// circle is 100 points of a circle in three dimensions, as rows of data.
type circle [300]float32

func (circle) Dims() (n, d int)           { return 100, 3 }
func (c circle) Row(dst []float32, i int) { copy(dst, c[3*i:3*i+3]) }

func ExampleCompareNeighbors() {
	var x circle
	var y []float32 // the circle cut open and laid on a line
	for i := range 100 {
		t := float32(i) / 100
		x[3*i], x[3*i+1], x[3*i+2] = 4*t*(1-t), (2*t-1)*(1-4*t*(1-t)), 1
		y = append(y, t)
	}
	h, err := quality.CompareNeighbors(context.Background(), x, y, 1, 10, quality.Sample{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("kept %.2f, trustworthiness %.2f, continuity %.2f\n", h.Preservation, h.Trustworthiness, h.Continuity)
	// Output: kept 0.82, trustworthiness 0.99, continuity 0.96
}

func ExampleLabelAgreement() {
	y := []float32{0, 0, 0, 1, 1, 0, 9, 9, 9, 8, 8, 9} // two groups of three points
	labels := []int32{0, 0, 0, 1, 1, 1}
	ctx := context.Background()
	nn, err := quality.Neighbors(ctx, y, 2, 2, nil, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	a, err := quality.LabelAgreement(ctx, nn, 2, nil, labels, quality.Permutations{Count: 999, Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.0f %% of the neighbours share the label, %.0f %% by chance, p = %.2f\n", 100*a.Share, 100*a.Chance, a.P)
	// Output: 100 % of the neighbours share the label, 40 % by chance, p = 0.09
}
