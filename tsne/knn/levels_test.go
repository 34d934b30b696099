package knn

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/semamap/semamap/internal/vec"
)

// eachLevel runs f with every level of kernels that the machine has, and with
// float32 and split numbers.
func eachLevel(f func(l vec.Level)) {
	for _, l := range vec.Levels() {
		restore := vec.Force(l)
		for _, split := range []bool{false, true} {
			if split && l != vec.AVX512 && (l != vec.Go || testing.Short()) {
				continue // as at the Go level, which is slow
			}
			restore := vec.ForceSplit(split)
			f(l)
			restore()
		}
		restore()
	}
}

// The graph has the same bits at every level, for any number of goroutines.
func TestLevels(t *testing.T) {
	arrangeFrom(t, 1000)
	c := combined(21, 600, 60, 128, false)
	x := Rows(curved(2, 1100, 40), 1100, 40)
	q := Rows(curved(3, 133, 40), 133, 40)
	var want [4]*Graph
	best := vec.Best()
	eachLevel(func(l vec.Level) {
		all := []int{2}
		if l == best {
			all = []int{1, 2, 3, 8}
			if testing.Short() {
				all = []int{1, 3}
			}
		}
		for _, procs := range all {
			old := runtime.GOMAXPROCS(procs)
			for job, search := range []func() (*Graph, error){
				func() (*Graph, error) { return Search(t.Context(), x, 20, nil) },
				func() (*Graph, error) { return Search(t.Context(), c, 20, nil) },
				func() (*Graph, error) { return Search(t.Context(), x, 20, &Settings{Method: Descent, Seed: 3}) },
				func() (*Graph, error) { return Query(t.Context(), x, q, 20, nil) },
			} {
				g, err := search()
				if err != nil {
					t.Fatal(err)
				}
				if want[job] == nil {
					want[job] = g
				}
				sameGraph(t, fmt.Sprintf("%v GOMAXPROCS=%d job %d", l, procs, job), g, want[job])
				if g.Recall != want[job].Recall || g.Stats.rounds != want[job].Stats.rounds {
					t.Fatal(l, procs, job, g.Recall)
				}
			}
			runtime.GOMAXPROCS(old)
		}
	})
	if want[1].Stats.Method != Gram || want[2].Stats.Method != Descent {
		t.Error(want[1].Stats, want[2].Stats)
	}
	sameGraph(t, "exact", want[0], oracle(t, x, x, 20, true, Euclidean))
	sameGraph(t, "query", want[3], oracle(t, x, q, 20, false, Euclidean))
	m := materialized(c)
	sameGraph(t, "gram", want[1], oracle(t, m, m, 20, true, Euclidean))
}

// MaxMemory changes bands and methods, but no bit of an exact graph.
func TestMaxMemory(t *testing.T) {
	const n, d, k = 1800, 20, 10
	x := Rows(curved(5, n, d), n, d)
	custom := struct{ Points }{x} // hides the type
	want, err := Search(t.Context(), x, k, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []Points{x, custom} {
		refused := false
		for limit := int64(8 << 20); limit > 1<<16; limit /= 2 {
			g, err := Search(t.Context(), p, k, &Settings{MaxMemory: limit})
			if err != nil {
				refused = true
				continue
			}
			if refused || g.Stats.Bytes > limit {
				t.Fatalf("limit %d: planned %d, refused before: %t", limit, g.Stats.Bytes, refused)
			}
			sameGraph(t, fmt.Sprint("limit ", limit), g, want)
		}
		if !refused {
			t.Error("64 kB are said to be enough")
		}
	}
	c := combined(6, n, 200, 256, false)
	if want, err = Search(t.Context(), c, k, nil); err != nil || want.Stats.Method != Gram {
		t.Fatal(err, want.Stats)
	}
	methods := map[Method]int{}
	for limit := int64(8 << 20); limit > 1<<20; limit = limit * 2 / 3 {
		g, err := Search(t.Context(), c, k, &Settings{MaxMemory: limit})
		if err != nil {
			continue
		}
		if g.Stats.Bytes > limit {
			t.Fatalf("limit %d: planned %d", limit, g.Stats.Bytes)
		}
		methods[g.Stats.Method]++
		sameGraph(t, fmt.Sprint("limit ", limit), g, want)
	}
	t.Log(methods)
}

// What is planned is what is allocated, all told.
func TestPlannedBytes(t *testing.T) {
	if testing.Short() {
		t.Skip("allocates much")
	}
	const n, d, k = 20_000, 100, 30
	x := Rows(normal(1, n*d), n, d)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	g, err := Search(context.Background(), x, k, &Settings{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if got := int64(after.TotalAlloc - before.TotalAlloc); got > g.Stats.Bytes*5/4 {
		t.Errorf("allocated %d bytes, planned %d", got, g.Stats.Bytes)
	}
}
