package knn

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// curved is a set on a curved sheet of 5 dimensions in d.
func curved(seed uint64, n, d int) []float32 {
	r := rand.New(rand.NewPCG(seed, 3))
	a := make([]float64, 5*d)
	for i := range a {
		a[i] = r.NormFloat64()
	}
	x := make([]float32, n*d)
	for i := range n {
		var u [5]float64
		for c := range u {
			u[c] = r.NormFloat64()
		}
		for c := range d {
			var s float64
			for b, v := range u {
				s += v * a[b*d+c]
			}
			x[i*d+c] = float32(math.Sin(s/3) + 0.05*r.NormFloat64())
		}
	}
	return x
}

func recallOf(got, want *Graph) float64 {
	found := 0
	for i := range want.N {
		in := map[int32]bool{}
		wi, _ := want.Row(i)
		for _, j := range wi {
			in[j] = true
		}
		gi, _ := got.Row(i)
		for _, j := range gi {
			if in[j] {
				found++
			}
		}
	}
	return float64(found) / float64(want.N*want.K)
}

func TestDescent(t *testing.T) {
	const n, d, k = 2500, 24, 12
	x := Rows(curved(1, n, d), n, d)
	want, err := Search(context.Background(), x, k, nil)
	if err != nil {
		t.Fatal(err)
	}
	first, err := Search(context.Background(), x, k, &Settings{Method: Descent, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Check(); err != nil {
		t.Fatal(err)
	}
	share := recallOf(first, want)
	r := first.Recall
	t.Logf("recall %.5f, reported %v, %d rounds", share, r, first.Stats.Rounds)
	if share < 0.95 || first.Stats.Method != Descent || r.Rows != 1000 {
		t.Errorf("recall %v, %+v", share, first.Stats)
	}
	if !(r.Low <= share+0.002 && share <= r.High+0.002 && r.Low <= r.Mean && r.Mean <= r.High) {
		t.Errorf("true recall %v is not in %v", share, r)
	}
	for _, workers := range []int{1, 5} {
		again, err := Search(context.Background(), x, k, &Settings{Method: Descent, Seed: 7, Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		sameGraph(t, fmt.Sprint("workers=", workers), again, first)
		if again.Recall != first.Recall || again.Stats != first.Stats {
			t.Errorf("workers=%d: %+v, want %+v", workers, again, first)
		}
	}
	if _, err := Search(context.Background(), x, k, &Settings{Method: Descent, MinRecall: 1}); share < 1 && !errors.Is(err, ErrRecall) {
		t.Errorf("MinRecall 1: %v", err)
	}
	if _, err := Search(context.Background(), x, k, &Settings{Method: Descent, MaxMemory: 1 << 20}); !errors.Is(err, ErrMemory) {
		t.Errorf("MaxMemory: %v", err)
	}
}

// Hard inputs: few distinct rows, ties, outliers, metrics.
func TestDescentHard(t *testing.T) {
	for name, x := range map[string][]float32{
		"ties":    normal(1, 1500*4),
		"line":    make([]float32, 1500*4),
		"outlier": normal(2, 1500*4),
	} {
		for i := range x {
			switch name {
			case "ties":
				x[i] = float32(math.Round(float64(x[i]) * 2))
			case "line":
				x[i] = float32(i / 4)
			}
		}
		if name == "outlier" {
			x[5] = 1e30
		}
		for _, metric := range []Metric{Euclidean, Cosine} {
			g, err := Search(context.Background(), Rows(x, 1500, 4), 10, &Settings{Method: Descent, Metric: metric})
			if err != nil {
				t.Fatal(name, err)
			}
			if err := g.Check(); err != nil {
				t.Fatal(name, err)
			}
			t.Log(name, metric, g.Recall, g.Stats)
			if name != "ties" && g.Recall.Mean < 0.9 {
				t.Error(name, metric, g.Recall)
			}
		}
	}
}
