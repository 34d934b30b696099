package tsne_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/semamap/semamap/tsne"
	"github.com/semamap/semamap/tsne/knn"
)

// twoClouds returns 2·n points of d numbers around two centers.
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
	fmt.Println(res.Stats.Distinct, "distinct;", res.Stats.Unsolved, "without a solution; recall", res.Stats.Recall)
	fmt.Println("steps took some time:", res.Stats.Stepping > 0)
	// Output:
	// 200 points; the clouds lie apart: true
	// 200 distinct; 0 without a solution; recall 1
	// steps took some time: true
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

// dense stands for *mat.Dense of gonum, which goes in like this.
type dense struct {
	rows, cols int
	x          []float64
}

func (m *dense) Dims() (r, c int)           { return m.rows, m.cols }
func (m *dense) At(i, j int) float64        { return m.x[i*m.cols+j] }
func (m *dense) RawRowView(i int) []float64 { return m.x[i*m.cols:][:m.cols] }

// A matrix goes in, and mat.NewDense(res.Len(), res.Dims, res.Float64()) of
// gonum would make one of what comes out.
func ExampleMatrix() {
	x := &dense{6, 3, []float64{
		0, 0, 1,
		0, 1, 1,
		1, 0, 1,
		8, 8, 9,
		9, 8, 8,
		9, 9, 8,
	}}
	res, err := tsne.Embed(context.Background(), tsne.Matrix(x), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Len(), res.Dims, len(res.Float64()))
	// Output: 6 2 12
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

// New points go onto a map of distances by their distances to its points.
func ExampleDistances_transform() {
	at := func(i int) float64 { return 10*float64(i%2) + math.Sin(float64(i)) } // two groups
	between := func(from, to, n int) tsne.Points {
		d := make([][]float64, to-from)
		for i := range d {
			for j := range n {
				d[i] = append(d[i], math.Abs(at(from+i)-at(j)))
			}
		}
		return tsne.Distances(tsne.Slices(d))
	}
	ctx := context.Background()
	res, err := tsne.Embed(ctx, between(0, 40, 40), &tsne.Settings{Perplexity: 8})
	if err != nil {
		log.Fatal(err)
	}
	y, err := res.Transform(ctx, nil, between(40, 43, 40), nil)
	if err != nil {
		log.Fatal(err)
	}
	for i := range 3 {
		x0, y0 := res.XY(i % 2)
		x1, y1 := res.XY(1 - i%2)
		own := math.Hypot(float64(y[2*i])-x0, float64(y[2*i+1])-y0)
		other := math.Hypot(float64(y[2*i])-x1, float64(y[2*i+1])-y1)
		fmt.Println("new point", i, "is in its group:", own < other)
	}
	// Output:
	// new point 0 is in its group: true
	// new point 1 is in its group: true
	// new point 2 is in its group: true
}

// Two graphs of the same points, made by other programs: one counts three times
// as much, or only what both have in common counts.
func ExampleMeanAffinities() {
	start := []int{0, 2, 4, 6, 8, 10}
	ring := tsne.CSR(5, start, []int32{1, 4, 0, 2, 1, 3, 2, 4, 0, 3}, []float32{1, 1, 1, 1, 1, 1, 1, 1, 1, 1})
	star := tsne.CSR(5, []int{0, 4, 4, 4, 4, 4}, []int32{1, 2, 3, 4}, []float32{1, 1, 1, 1}) // one direction is enough
	for _, p := range []tsne.Points{tsne.MeanAffinities([]float64{3, 1}, ring, star), tsne.ProductAffinities(ring, star)} {
		res, err := tsne.Embed(context.Background(), nil, &tsne.Settings{Affinities: p, Start: tsne.Spectral()})
		if err != nil {
			log.Fatal(err)
		}
		row, err := p.Row(nil, 0)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(res.Len(), "points; of the first with 1 and 2:", row[1] > 0, row[2] > 0)
	}
	// Output:
	// 5 points; of the first with 1 and 2: true true
	// 5 points; of the first with 1 and 2: true false
}

// Points that are known by two kinds of data, such as words and a picture: their
// affinities are averaged.
func ExampleAffinities() {
	const n = 60
	ctx := context.Background()
	words := tsne.Rows(twoClouds(n/2, 5), n, 5)
	picture := tsne.Rows(twoClouds(n/2, 12), n, 12)
	a, err := tsne.Affinities(ctx, words, &tsne.Settings{Perplexity: 8})
	if err != nil {
		log.Fatal(err)
	}
	b, err := tsne.Affinities(ctx, picture, &tsne.Settings{Perplexity: 12, Metric: knn.Cosine})
	if err != nil {
		log.Fatal(err)
	}
	both := tsne.MeanAffinities([]float64{2, 1}, a, b) // words count twice as much
	res, err := tsne.Embed(ctx, nil, &tsne.Settings{Affinities: both, Start: tsne.Spectral()})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Len(), "points")
	// Output: 60 points
}

// Leaving the loop pauses a run; ranging again goes on.
func ExampleRun_Steps() {
	const n, d = 100, 10
	ctx := context.Background()
	run, err := tsne.New(ctx, tsne.Rows(twoClouds(n, d), 2*n, d), &tsne.Settings{Iterations: 150})
	if err != nil {
		log.Fatal(err)
	}
	var y []float32 // positions, for instance for a frame of a film
	for step := range run.Steps(ctx) {
		if step.Iter%100 == 0 {
			y = run.Positions(y)
			fmt.Printf("step %d of %d, exaggeration %v, %d numbers\n", step.Iter, step.Total, step.Exaggeration, len(y))
		}
		if step.Iter == 300 {
			break
		}
	}
	before := run.KL()
	for step := range run.Steps(ctx) { // the last hundred, or less
		if step.GradNorm < 1e-9 {
			break
		}
	}
	fmt.Println("KL fell:", run.KL() < before)
	// Output:
	// step 100 of 400, exaggeration 12, 400 numbers
	// step 200 of 400, exaggeration 12, 400 numbers
	// step 300 of 400, exaggeration 1, 400 numbers
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

// A run goes through any stream.
func ExampleResume() {
	const n, d = 50, 10
	ctx := context.Background()
	x, s := tsne.Rows(twoClouds(n, d), 2*n, d), &tsne.Settings{Seed: 3}
	run, err := tsne.New(ctx, x, s)
	if err != nil {
		log.Fatal(err)
	}
	var b bytes.Buffer
	if err := run.Save(&b); err != nil {
		log.Fatal(err)
	}
	_, err = tsne.Resume(ctx, bytes.NewReader(b.Bytes()), x, &tsne.Settings{Seed: 4})
	fmt.Println("another run:", errors.Is(err, tsne.ErrMismatch))
	_, err = tsne.Resume(ctx, bytes.NewReader(b.Bytes()[:1000]), x, s)
	fmt.Println("damaged:", errors.Is(err, tsne.ErrCheckpoint))
	_, err = tsne.Resume(ctx, &b, x, s)
	fmt.Println(err)
	// Output:
	// another run: true
	// damaged: true
	// <nil>
}

// Any schedule is a list of phases; MinGradNorm ends the last one early.
func ExamplePhase() {
	const n, d = 100, 10
	res, err := tsne.Embed(context.Background(), tsne.Rows(twoClouds(n, d), 2*n, d), &tsne.Settings{
		Phases: []tsne.Phase{
			{Steps: 100, Exaggeration: 12, Momentum: 0.5},
			{Steps: 200, Exaggeration: 4, LearningRate: 50},
			{Steps: 1000},
		},
		MinGradNorm: 1e-3,
	})
	if errors.Is(err, tsne.ErrDiverged) {
		fmt.Println("a lower LearningRate would help")
	} else if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Steps > 300, res.Steps < 1300)
	// Output: true true
}

// A Gaussian of one perplexity is the default of many.
func ExampleKernel() {
	const n, d = 50, 10
	for _, k := range []tsne.Kernel{
		tsne.Mixture(5, 20),
		tsne.Multiscale(5, 20),
		tsne.Sigma(2),
		tsne.Uniform(15),
	} {
		res, err := tsne.Embed(context.Background(), tsne.Rows(twoClouds(n, d), 2*n, d), &tsne.Settings{Kernel: k})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(apart(res, n))
	}
	// Output:
	// true
	// true
	// true
	// true
}

func ExampleStart() {
	const n, d = 50, 10
	x := tsne.Rows(twoClouds(n, d), 2*n, d)
	first, err := tsne.Embed(context.Background(), x, &tsne.Settings{Start: tsne.Spectral(), Iterations: 50})
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range []tsne.Start{tsne.PCA(), tsne.Random(), tsne.Positions(first.Y)} {
		res, err := tsne.Embed(context.Background(), x, &tsne.Settings{Start: s, EarlyExaggeration: 4})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(apart(res, n))
	}
	// A finished map goes on where it is, without the early phase.
	res, err := tsne.Embed(context.Background(), x, &tsne.Settings{
		Start: tsne.Positions(first.Y), KeepStart: true, Phases: []tsne.Phase{{Steps: 100}},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(apart(res, n))
	// Output:
	// true
	// true
	// true
	// true
}

// The second row is a copy of the first. It does not count, unless all rows are
// given a weight of 1.
func ExampleDuplicates() {
	x := tsne.Slices([][]float32{{0, 1}, {0, 1}, {1, 1}, {2, 5}, {2, 6}})
	for _, s := range []tsne.Settings{
		{Duplicates: tsne.Merge},
		{Weights: []float64{1, 1, 1, 1, 1}},
		{Duplicates: tsne.Keep},
	} {
		res, err := tsne.Embed(context.Background(), x, &s)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(res.Stats.Distinct, "rows; the first two at one place:", res.Y[0] == res.Y[2] && res.Y[1] == res.Y[3])
	}
	// Output:
	// 4 rows; the first two at one place: true
	// 4 rows; the first two at one place: true
	// 5 rows; the first two at one place: false
}

func ExampleExpert() {
	const n, d = 100, 10
	for _, e := range []tsne.Expert{
		{Method: tsne.Auto},
		{Method: tsne.Mesh, Spacing: 0.3},
		{Method: tsne.Tree, Theta: 0.4},
		{Method: tsne.Exact, MaxStep: 2},
	} {
		res, err := tsne.Embed(context.Background(), tsne.Rows(twoClouds(n, d), 2*n, d), &tsne.Settings{Expert: &e})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(apart(res, n))
	}
	// Output:
	// true
	// true
	// true
	// true
}

// Old points stay where they are while new ones are added; some count more.
func ExampleSettings_fixed() {
	const n, d = 100, 10
	x := twoClouds(n, d)
	ctx := context.Background()
	known, added := tsne.Rows(x[:(2*n-10)*d], 2*n-10, d), tsne.Rows(x[(2*n-10)*d:], 10, d)
	old, err := tsne.Embed(ctx, known, nil)
	if err != nil {
		log.Fatal(err)
	}
	y, err := old.Transform(ctx, known, added, nil)
	if err != nil {
		log.Fatal(err)
	}
	s := tsne.Settings{
		Start:     tsne.Positions(slices.Concat(old.Y, y)),
		Fixed:     make([]bool, 2*n),
		Weights:   make([]float64, 2*n),
		Freedom:   0.8, // finer clusters
		Workers:   2,
		MaxMemory: 1 << 30,
	}
	for i := range 2 * n {
		s.Fixed[i] = i < 2*n-10
		s.Weights[i] = 1 + float64(i%3)
	}
	res, err := tsne.Embed(ctx, tsne.Rows(x, 2*n, d), &s)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(slices.Equal(res.Y[:len(old.Y)], old.Y))
	// Output: true
}

// Neighbors or affinities may come from elsewhere.
func ExampleSettings_neighbors() {
	const n, d = 100, 10
	ctx := context.Background()
	x := tsne.Rows(twoClouds(n, d), 2*n, d)
	g, err := knn.Search(ctx, x, 60, &knn.Settings{Metric: knn.Correlation})
	if err != nil {
		log.Fatal(err)
	}
	res, err := tsne.Embed(ctx, x, &tsne.Settings{Neighbors: g, Perplexity: 20})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Len(), "points")

	// A ring of five points, each tied to the next and to the one before.
	ring := tsne.CSR(5, []int{0, 2, 4, 6, 8, 10}, []int32{1, 4, 0, 2, 1, 3, 2, 4, 0, 3}, []float32{1, 1, 1, 1, 1, 1, 1, 1, 1, 1})
	res, err = tsne.Embed(ctx, nil, &tsne.Settings{Affinities: ring, Start: tsne.Random()})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Len(), "points")
	// Output:
	// 200 points
	// 5 points
}

// Errors say which setting or which number is wrong.
func Example_errors() {
	x := [][]float64{{1, 2}, {3, math.NaN()}, {5, 6}}
	_, err := tsne.Embed(context.Background(), tsne.Slices(x), nil)
	var number *tsne.ValueError
	if errors.As(err, &number) {
		fmt.Println("row", number.Row, "column", number.Col)
	}
	_, err = tsne.Embed(context.Background(), tsne.Slices(x), &tsne.Settings{Dims: 7})
	var setting *tsne.SettingError
	if errors.As(err, &setting) {
		fmt.Println(setting.Name, setting.Reason)
	}
	// Output:
	// row 1 column 1
	// Dims must be 1, 2 or 3
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

// A copy of a known point is placed on it, however many steps are taken.
func ExampleTransformSettings() {
	const n, d = 50, 10
	known := tsne.Rows(twoClouds(n, d), 2*n, d)
	res, err := tsne.Embed(context.Background(), known, nil)
	if err != nil {
		log.Fatal(err)
	}
	y, err := res.Transform(context.Background(), known, knn.Select(known, []int32{7}), &tsne.TransformSettings{
		Perplexity: 10,
		Iterations: 100,
		Workers:    2,
	})
	fmt.Println(slices.Equal(y, res.Y[2*7:2*8]), err)
	// Output: true <nil>
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
