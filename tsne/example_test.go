package tsne_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/semamap/semamap/tsne"
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

func ExampleEmbed() {
	const n, d = 100, 10 // points of a cloud, numbers of a point
	res, err := tsne.Embed(context.Background(), tsne.Rows(twoClouds(n, d), 2*n, d), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	// The clouds lie apart: no gap within one is as wide as that between.
	near, far := 0.0, 1e9
	for i := range 2 * n {
		x, y := res.XY(i)
		u, v := res.XY(0)
		d2 := (x-u)*(x-u) + (y-v)*(y-v)
		if i < n {
			near = max(near, d2)
		} else {
			far = min(far, d2)
		}
	}
	fmt.Println(res.Len(), "points; the clouds lie apart:", near < far)
	// Output: 200 points; the clouds lie apart: true
}

// Leaving the loop pauses a run; ranging again goes on.
func ExampleRun_Steps() {
	const n, d = 100, 10
	run, err := tsne.New(context.Background(), tsne.Rows(twoClouds(n, d), 2*n, d), &tsne.Settings{
		Phases: []tsne.Phase{{Steps: 100, Exaggeration: 12}, {Steps: 300}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for step := range run.Steps() {
		if step.Iter == 150 {
			break
		}
	}
	before := run.KL()
	last := 0
	for step := range run.Steps() {
		last = step.Iter
	}
	fmt.Println(last, "steps; KL fell:", run.KL() < before)
	// Output: 400 steps; KL fell: true
}

func ExampleResult_Transform() {
	const n, d = 100, 10
	x := twoClouds(n, d)
	known := tsne.Rows(x[:(2*n-1)*d], 2*n-1, d) // all but the last point
	res, err := tsne.Embed(context.Background(), known, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	y, err := res.Transform(context.Background(), known, tsne.Rows(x[(2*n-1)*d:], 1, d), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	// The new point lands on the side of its cloud.
	a, b := res.Y[0]-y[0], res.Y[1]-y[1]
	u, v := res.Y[2*(n+5)]-y[0], res.Y[2*(n+5)+1]-y[1]
	fmt.Println(len(y), "numbers; beside its own:", u*u+v*v < a*a+b*b)
	// Output: 2 numbers; beside its own: true
}

func ExampleRecorder() {
	const n, d = 50, 10
	run, err := tsne.New(context.Background(), tsne.Rows(twoClouds(n, d), 2*n, d), &tsne.Settings{
		Phases: []tsne.Phase{{Steps: 40, Exaggeration: 12}, {Steps: 60}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	rec := tsne.Recorder{Every: 20}
	for range run.Steps() {
		rec.Record(run)
	}
	fmt.Println(len(rec.Frames), "frames")
	// Output: 5 frames
}
