package tsne

import (
	"context"
	"errors"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// noMoreGoroutines waits until there are no more goroutines than before.
func noMoreGoroutines(t *testing.T, before int) {
	t.Helper()
	for range 200 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

// Each method's steps and its KL end with the context: the map is whole, the
// KL is not known, no goroutine is left.
func TestCancelSteps(t *testing.T) {
	n, d := 3000, 5
	if testing.Short() {
		n = 800
	}
	x, _ := blobs(n, d, 5, 1)
	before := runtime.NumGoroutine()
	for _, s := range []Settings{
		{Expert: &Expert{Method: Exact}}, {Expert: &Expert{Method: Mesh}}, {Expert: &Expert{Method: Tree}}, {Dims: 3, Expert: &Expert{Method: Tree}}, {Expert: &Expert{Method: Exact}, Freedom: 0.5},
	} {
		s.Phases = []Phase{{Steps: 1 << 30}}
		r, err := New(context.Background(), Rows(x, n, d), &s)
		if err != nil {
			t.Fatal(err)
		}
		for _, ms := range []time.Duration{0, 3, 30} {
			deadline(t, func() {
				ctx, cancel := context.WithTimeout(context.Background(), ms*time.Millisecond)
				defer cancel()
				res, err := r.run(ctx)
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Fatal(err)
				}
				if finite(t, res.Y); !math.IsNaN(res.KL) {
					t.Errorf("%+v: KL %v of a map left", s, res.KL)
				}
			})
		}
		// The step that was left moved nothing, and the run goes on.
		for range r.Steps(t.Context()) {
			break
		}
		if res, err := r.Result(); err != nil || !(res.KL > 0) {
			t.Errorf("%+v: KL %v, %v", s, res.KL, err)
		}
	}
	noMoreGoroutines(t, before)
}

// A run that was left and goes on takes the same steps as one that was not.
func TestCancelSameBits(t *testing.T) {
	whole := smallRun(t, 300)
	advance(whole, 1<<30)
	r := smallRun(t, 300)
	for k := time.Duration(0); ; k++ {
		ctx, cancel := context.WithTimeout(context.Background(), k*time.Millisecond)
		_, err := r.run(ctx)
		cancel()
		if err == nil {
			break
		}
	}
	if !slices.Equal(r.Positions(nil), whole.Positions(nil)) {
		t.Error("another map")
	}
}

// How long after the end of its context each phase ends, at 70,000 digits of
// 784 numbers. It takes minutes and fails on no time: it prints.
func TestCancelLatency(t *testing.T) {
	if os.Getenv("SEMAMAP_LATENCY") == "" {
		t.Skip("a measurement; set SEMAMAP_LATENCY=1")
	}
	const n, d = 70_000, 784
	x := mnist(t, n)
	before := runtime.NumGoroutine()
	only := os.Getenv("SEMAMAP_LATENCY") // "search", "affinities", …; "1": all
	measure := func(name string, times []time.Duration, f func(ctx context.Context) error) {
		if only != "1" && !strings.Contains(name, only) {
			return
		}
		var worst, at time.Duration
		ended := 0
		for _, after := range times {
			var begin time.Time
			ctx, cancel := context.WithCancel(context.Background())
			timer := time.AfterFunc(after, func() { begin = time.Now(); cancel() })
			err := f(ctx)
			end := time.Now()
			if timer.Stop() {
				cancel()
				continue // f was done before
			}
			<-ctx.Done()
			if err == nil {
				continue
			}
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s after %v: %v", name, after, err)
			}
			ended++
			if late := end.Sub(begin); late > worst {
				worst, at = late, after
			}
		}
		t.Logf("%-22s worst of %2d: %6.1f ms (canceled after %v)", name, ended, float64(worst)/1e6, at)
		noMoreGoroutines(t, before)
	}
	spread := func(total time.Duration, count int) (times []time.Duration) {
		for i := range count {
			times = append(times, total*time.Duration(2*i+1)/time.Duration(2*count))
		}
		return times
	}
	var set Settings
	if err := set.fill(n); err != nil {
		t.Fatal(err)
	}
	fresh := func() *builder {
		return &builder{s: set, x: Rows(x, n, d), n: n, d: d, u: n}
	}
	timed := func(f func(context.Context) error) time.Duration {
		t.Helper()
		begin := time.Now()
		if err := f(context.Background()); err != nil {
			t.Fatal(err)
		}
		return time.Since(begin)
	}

	b := fresh()
	took := timed(b.merge)
	measure("validation, merging", spread(took, 20), func(ctx context.Context) error { return fresh().merge(ctx) })
	if only != "1" && strings.Contains("validation, merging", only) {
		return
	}
	took = timed(b.search)
	stats := b.graph.Stats
	t.Logf("search: %v, %+v", took, stats)
	search := func(ctx context.Context) error { return fresh().search(ctx) }
	measure("search, begin", spread(800*time.Millisecond, 20), search)
	measure("search, middle", []time.Duration{took / 5, took / 4}, search)
	measure("search, end", []time.Duration{took * 93 / 100}, search)

	graph := *b.graph
	index, dist2 := slices.Clone(graph.Index), slices.Clone(graph.Dist2)
	calibrating := func(ctx context.Context) error {
		copy(index, graph.Index)
		copy(dist2, graph.Dist2)
		g := graph
		g.Index, g.Dist2 = index, dist2
		_, _, err := affinities(ctx, &g, b.kern, nil, 0, true, nil)
		return err
	}
	took = timed(calibrating)
	measure("affinities", spread(took, 40), calibrating)
	if err := b.calibrate(context.Background()); err != nil {
		t.Fatal(err)
	}
	took = timed(func(ctx context.Context) error { _, err := checkAffinities(ctx, b.p); return err })
	measure("given affinities", spread(took, 20), func(ctx context.Context) error {
		_, err := checkAffinities(ctx, b.p)
		return err
	})
	for _, s := range []struct {
		name string
		Start
	}{{"start PCA", PCA()}, {"start Spectral", Spectral()}, {"start Random", Random()}} {
		start := func(ctx context.Context) error {
			c := *b
			c.s.Start = s.Start
			return c.start(ctx)
		}
		took = min(2*time.Second, timed(start))
		measure(s.name, spread(took, 20), start)
	}
	if err := b.start(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, s := range []struct {
		name   string
		dims   int
		method Method
	}{{"steps", 2, Auto}, {"steps 2-D, tree", 2, Tree}, {"steps 2-D, exact", 2, Exact}, {"steps 3-D", 3, Auto}} {
		c := set
		c.Dims, c.Expert = s.dims, &Expert{Method: s.method, Theta: 0.7, MaxStep: 5}
		y := b.y
		if s.dims == 3 {
			y = make([]float64, 3*n)
			for i := range n {
				y[3*i], y[3*i+1], y[3*i+2] = b.y[2*i], b.y[2*i+1], float64(i%97)*1e-6
			}
		}
		var r *Run
		makeRun := func(ctx context.Context) (err error) {
			r, err = makeRun(ctx, c, n, n, nil, nil, nil, b.p, y)
			return err
		}
		took = timed(makeRun)
		if s.method == Auto {
			measure("first sums", spread(took, 8), makeRun)
		}
		if err := makeRun(context.Background()); err != nil {
			t.Fatal(err)
		}
		steps := func(ctx context.Context) error { _, err := r.run(ctx); return err }
		if s.name == "steps" { // all of them, those that reorder too
			measure(s.name, slices.Repeat([]time.Duration{150 * time.Millisecond}, 60), steps)
			advance(r, 1<<30)
			measure("final KL", spread(20*time.Millisecond, 20), steps)
			continue
		}
		measure(s.name, slices.Repeat([]time.Duration{170 * time.Millisecond}, 8), steps)
	}
	res := &Result{Y: make([]float32, 2*n), Dims: 2, freedom: 1}
	for i, v := range b.y {
		res.Y[i] = float32(1e5 * v)
	}
	place := func(ctx context.Context) error {
		_, err := res.Transform(ctx, Rows(x, n, d), Rows(x[:3000*d], 3000, d), nil)
		return err
	}
	took = timed(place)
	measure("transform", spread(took, 15), place)
}
