package semamap_test

import (
	"context"
	"fmt"
	"log"

	"gonum.org/v1/gonum/mat"

	"github.com/semamap/semamap/tsne"
)

// A matrix of gonum goes into t-SNE, and one comes out.
func Example_matrix() {
	x := mat.NewDense(6, 3, []float64{
		0, 0, 1,
		0, 1, 1,
		1, 0, 1,
		8, 8, 9,
		9, 8, 8,
		9, 9, 8,
	})
	res, err := tsne.Embed(context.Background(), tsne.Matrix(x), nil)
	if err != nil {
		log.Fatal(err)
	}
	y := mat.NewDense(res.Len(), res.Dims, res.Float64())
	fmt.Println(y.Dims())
	// Output: 6 2
}
