package tsne_test

import (
	"context"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/semamap/semamap/tsne"
	"github.com/semamap/semamap/tsne/knn"
)

// twoClouds returns 2·n points of d numbers around two centres.
func twoClouds(n, d int) []float32 {
	r := rand.New(rand.NewPCG(1, 2))
	x := make([]float32, 2*n*d)
	for i := range x {
		x[i] = float32(r.NormFloat64())
		if i < n*d {
			x[i] += 8
		}
	}
	return x
}

// apart reports whether the map keeps the first n points together and apart
// from the others.
func apart(r *tsne.Result, n int) bool {
	near, far := 0.0, math.Inf(1)
	u, v := r.XY(0)
	for i := range r.Len() {
		x, y := r.XY(i)
		d := math.Hypot(x-u, y-v)
		if i < n {
			near = max(near, d)
		} else {
			far = min(far, d)
		}
	}
	return near < far
}

func ExampleEmbed() {
	const n, d = 100, 10 // points of a cloud, numbers of a point
	res, err := tsne.Embed(context.Background(), tsne.Rows(twoClouds(n, d), 2*n, d), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Len(), "points; the clouds lie apart:", apart(res, n))
	// Output: 200 points; the clouds lie apart: true
}

// What is changed most often is one word away.
func ExampleSettings() {
	const n, d = 100, 10
	res, err := tsne.Embed(context.Background(), tsne.Rows(twoClouds(n, d), 2*n, d), &tsne.Settings{
		Perplexity:   20,
		Metric:       knn.Cosine,
		LearningRate: 50,
		Iterations:   300,
		Seed:         7,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Steps, "steps of perplexity", res.Perplexity)
	// Output: 550 steps of perplexity 20
}

func ExampleSlices() {
	x := [][]float64{{0, 0, 1}, {0, 1, 1}, {1, 0, 1}, {8, 8, 9}, {9, 8, 8}, {9, 9, 8}}
	res, err := tsne.Embed(context.Background(), tsne.Slices(x), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Len(), "points in", res.Dims, "dimensions")
	// Output: 6 points in 2 dimensions
}

// A matrix of gonum goes in, and one comes out.
func ExampleMatrix() {
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

func ExampleCSR() {
	// Three documents of five words: counts of the words that they have.
	start := []int{0, 2, 4, 5}
	word := []int32{0, 3, 1, 3, 4}
	count := []float32{2, 1, 1, 1, 3}
	res, err := tsne.Embed(context.Background(), tsne.CSR(5, start, word, count), &tsne.Settings{Metric: knn.Cosine})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Len(), "documents")
	// Output: 3 documents
}

// Only the distances of the points are known.
func ExampleDistances() {
	const n = 40
	r := rand.New(rand.NewPCG(1, 2))
	var at [n]float64
	for i := range at {
		at[i] = 10*float64(i/20) + r.Float64()
	}
	distances := make([][]float64, n)
	for i := range distances {
		distances[i] = make([]float64, n)
		for j := range at {
			distances[i][j] = math.Abs(at[i] - at[j])
		}
	}
	res, err := tsne.Embed(context.Background(), tsne.Distances(tsne.Slices(distances)), &tsne.Settings{Perplexity: 8})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("the groups lie apart:", apart(res, 20))
	// Output: the groups lie apart: true
}

// Leaving the loop pauses a run; ranging again goes on.
func ExampleRun_Steps() {
	const n, d = 100, 10
	ctx := context.Background()
	run, err := tsne.New(ctx, tsne.Rows(twoClouds(n, d), 2*n, d), &tsne.Settings{Iterations: 150})
	if err != nil {
		log.Fatal(err)
	}
	for step := range run.Steps(ctx) {
		if step.Iter%100 == 0 {
			fmt.Printf("step %d of %d, exaggeration %v\n", step.Iter, step.Total, step.Exaggeration)
		}
		if step.Iter == 300 {
			break
		}
	}
	before := run.KL()
	for range run.Steps(ctx) { // the last hundred
	}
	fmt.Println("KL fell:", run.KL() < before)
	// Output:
	// step 100 of 400, exaggeration 12
	// step 200 of 400, exaggeration 12
	// step 300 of 400, exaggeration 1
	// KL fell: true
}

// A run that has ended goes on with more steps.
func ExampleRun_Add() {
	const n, d = 100, 10
	ctx := context.Background()
	run, err := tsne.New(ctx, tsne.Rows(twoClouds(n, d), 2*n, d), &tsne.Settings{Iterations: 100})
	if err != nil {
		log.Fatal(err)
	}
	for range run.Steps(ctx) {
	}
	before := run.KL()
	if err := run.Add(tsne.Phase{Steps: 100}); err != nil {
		log.Fatal(err)
	}
	for range run.Steps(ctx) {
	}
	fmt.Println("KL fell:", run.KL() < before)
	// Output: KL fell: true
}

// A program that is killed and started again goes on where it saved its run.
func ExampleOpen() {
	const n, d = 100, 10
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "tsne")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "run.tsne")
	program := func(kill int) {
		run, err := tsne.Open(ctx, name, tsne.Rows(twoClouds(n, d), 2*n, d), nil)
		if err != nil {
			log.Fatal(err)
		}
		first, last := 0, 0
		saved := time.Now()
		for step := range run.Steps(ctx) {
			if last = step.Iter; first == 0 {
				first = last
			}
			if time.Since(saved) > time.Minute || last == kill {
				if err := run.SaveFile(name); err != nil {
					log.Fatal(err)
				}
				saved = time.Now()
			}
			if last == kill {
				break
			}
		}
		fmt.Println("steps", first, "to", last)
	}
	program(200)
	program(0)
	// Output:
	// steps 1 to 200
	// steps 201 to 750
}

func ExampleResult_Transform() {
	const n, d = 100, 10
	x := twoClouds(n, d)
	known := tsne.Rows(x[:(2*n-1)*d], 2*n-1, d) // all but the last point
	res, err := tsne.Embed(context.Background(), known, nil)
	if err != nil {
		log.Fatal(err)
	}
	y, err := res.Transform(context.Background(), known, tsne.Rows(x[(2*n-1)*d:], 1, d), nil)
	if err != nil {
		log.Fatal(err)
	}
	// The new point lands on the side of its cloud.
	a, b := res.Y[0]-y[0], res.Y[1]-y[1]
	u, v := res.Y[2*(n+5)]-y[0], res.Y[2*(n+5)+1]-y[1]
	fmt.Println(len(y), "numbers; beside its own:", u*u+v*v < a*a+b*b)
	// Output: 2 numbers; beside its own: true
}

// New points are placed on a map of which only the positions were stored.
func ExampleNewResult() {
	ref := tsne.Slices([][]float32{{0, 0}, {0, 1}, {1, 0}, {9, 9}, {9, 8}, {8, 9}})
	stored := []float32{-5, 0, -5, 1, -4, 0, 5, 0, 5, 1, 4, 0}
	res, err := tsne.NewResult(stored, 2, nil)
	if err != nil {
		log.Fatal(err)
	}
	y, err := res.Transform(context.Background(), ref, tsne.Slices([][]float32{{9, 9}}), nil)
	fmt.Println(y, err)
	// Output: [5 0] <nil>
}
