package knn

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
)

var errCut = errors.New("the file is cut")

// cut is a set of points that fails after some calls of Row.
type cut struct {
	Points
	left  *atomic.Int64
	short bool // a row is short instead
}

func cutAfter(x Points, calls int) cut {
	c := cut{Points: x, left: new(atomic.Int64)}
	c.left.Store(int64(calls))
	return c
}

func (c cut) Row(dst []float32, i int) ([]float32, error) {
	row, err := c.Points.Row(dst, i)
	if c.left.Add(-1) < 0 {
		if c.short {
			return row[:len(row)-1], nil
		}
		return nil, errCut
	}
	return row, err
}

// own returns memory of its own, and hides that the rows are flat.
type own struct{ x Points }

func (o own) Dims() (n, d int) { return o.x.Dims() }
func (o own) Row(_ []float32, i int) ([]float32, error) {
	row, err := o.x.Row(nil, i)
	return append([]float32{}, row...), err
}

// TestRowErrors lets a set of points fail at every stage of every search.
func TestRowErrors(t *testing.T) {
	const n, d, k = 400, 24, 5
	ctx := context.Background()
	x := Rows(normal(3, n*d), n, d)
	comb := func(base Points) *Combination {
		c := &Combination{Base: base, Start: []int{0}}
		for i := range n {
			c.Index = append(c.Index, int32(i), int32((i*7+1)%n))
			c.Start = append(c.Start, len(c.Index))
		}
		return c
	}
	for name, search := range map[string]func(x Points) error{
		"exact":  func(x Points) error { _, err := Search(ctx, x, k, &Settings{Method: Exact}); return err },
		"cosine": func(x Points) error { _, err := Search(ctx, x, k, &Settings{Metric: Cosine}); return err },
		"bands": func(x Points) error {
			_, err := Search(ctx, x, k, &Settings{Method: Exact, MaxMemory: 400 << 10, Workers: 1})
			return err
		},
		"descent": func(x Points) error { _, err := Search(ctx, x, k, &Settings{Method: Descent}); return err },
		"gram":    func(x Points) error { _, err := Search(ctx, comb(x), k, &Settings{Method: Gram}); return err },
		"means":   func(x Points) error { _, err := Search(ctx, comb(x), k, &Settings{Method: Exact}); return err },
		"func": func(x Points) error {
			_, err := Search(ctx, x, k, &Settings{Func: func(a, b []float32) float64 { return float64(max(a[0], b[0]) - min(a[0], b[0])) }})
			return err
		},
		"query":     func(y Points) error { _, err := Query(ctx, x, y, k, nil); return err },
		"reference": func(y Points) error { _, err := Query(ctx, y, x, k, nil); return err },
	} {
		t.Run(name, func(t *testing.T) {
			// How many rows are read in all?
			all := cutAfter(x, 1<<40)
			if err := search(all); err != nil {
				t.Fatal(err)
			}
			calls := 1<<40 - int(all.left.Load())
			if calls < n {
				t.Fatalf("%d calls", calls)
			}
			for step := range 20 {
				c := cutAfter(x, step*(calls-1)/19)
				if err := search(c); !errors.Is(err, errCut) || !strings.Contains(err.Error(), "row ") {
					t.Fatalf("after %d of %d rows: %v", step*(calls-1)/19, calls, err)
				}
				c = cutAfter(x, step*(calls-1)/19)
				c.short = true
				if err := search(c); !errors.Is(err, ErrPoints) || !strings.Contains(err.Error(), fmt.Sprint(d-1)) {
					t.Fatalf("short row after %d of %d: %v", step*(calls-1)/19, calls, err)
				}
			}
			if err := search(own{x}); err != nil {
				t.Error(err)
			}
		})
	}
}
