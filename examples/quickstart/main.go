// Command quickstart embeds the rows of a matrix and draws them in map.png.
package main

import (
	"context"
	"errors"
	"log"
	"math/rand/v2"
	"os"

	"github.com/semamap/semamap/plot"
	"github.com/semamap/semamap/tsne"
	"gonum.org/v1/gonum/mat"
)

func main() {
	// Any gonum matrix, a row per point: here 500 points around 5 centers.
	x, labels := mat.NewDense(500, 20, nil), make([]string, 500)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range labels {
		labels[i] = string(rune('A' + i%5))
		for j := range 20 {
			x.Set(i, j, rng.NormFloat64()+float64(i*j%5))
		}
	}
	res, err := tsne.Embed(context.Background(), tsne.Matrix(x), nil)
	if err != nil {
		log.Fatal(err)
	}
	f, err := os.Create("map.png")
	if err != nil {
		log.Fatal(err)
	}
	figure := plot.Figure{Panels: []plot.Panel{{XYs: res, Labels: labels}}}
	if err := errors.Join(figure.WritePNG(f, 0, 0), f.Close()); err != nil {
		log.Fatal(err)
	}
}
