package knn

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"
)

// A search ends soon after its context, with the context's error, and leaves
// no goroutine behind.
func TestCancel(t *testing.T) {
	n := 70_000
	if testing.Short() {
		n = 10_000
	}
	x := Rows(normal(1, n*64), n, 64)
	c := lemmas(n, 2000, 64)
	before := runtime.NumGoroutine()
	var worst time.Duration
	for name, search := range map[string]func(ctx context.Context) error{
		"exact":   func(ctx context.Context) error { _, err := Search(ctx, x, 90, nil); return err },
		"gram":    func(ctx context.Context) error { _, err := Search(ctx, c, 90, nil); return err },
		"descent": func(ctx context.Context) error { _, err := Search(ctx, x, 90, &Settings{Method: Descent}); return err },
		"query":   func(ctx context.Context) error { _, err := Query(ctx, x, x, 90, nil); return err },
		"cosine":  func(ctx context.Context) error { _, err := Search(ctx, x, 90, &Settings{Metric: Cosine}); return err },
		"func": func(ctx context.Context) error {
			_, err := Search(ctx, x, 90, &Settings{Func: func(a, b []float32) float64 { return float64(a[0]) * 0 }})
			return err
		},
	} {
		for _, ms := range []time.Duration{0, 3, 30, 120} {
			ctx, cancel := context.WithTimeout(context.Background(), ms*time.Millisecond)
			start := time.Now()
			err := search(ctx)
			took := time.Since(start) - ms*time.Millisecond
			cancel()
			if !errors.Is(err, context.DeadlineExceeded) && (err != nil || n >= 70_000) {
				t.Errorf("%s after %d ms: %v", name, ms, err)
			}
			if err != nil {
				worst = max(worst, took)
			}
			if took > 10*time.Second { // a hang; slowness shows in the log
				t.Errorf("%s after %d ms: took %v more", name, ms, took)
			}
			t.Logf("%s after %d ms: %v", name, ms, took)
		}
	}
	t.Log("worst:", worst)
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}
