package tsne

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/semamap/semamap/tsne/knn"
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

// TestRowErrors lets a set of points fail at every stage.
func TestRowErrors(t *testing.T) {
	const n, d = 300, 12
	ctx := context.Background()
	flat := make([]float32, n*d)
	for i := range flat {
		flat[i] = float32(normal(1, streamStart, i))
	}
	x := Rows(flat, n, d)
	s := &Settings{Phases: []Phase{{Steps: 2}}}
	res, err := Embed(ctx, x, s)
	if err != nil {
		t.Fatal(err)
	}
	comb := func(base Points) *knn.Combination {
		c := &knn.Combination{Base: base, Start: []int{0}}
		for i := range n {
			c.Index = append(c.Index, int32(i), int32((i*7+1)%n))
			c.Start = append(c.Start, len(c.Index))
		}
		return c
	}
	for name, run := range map[string]func(x Points) error{
		"rows":      func(x Points) error { _, err := New(ctx, x, s); return err },
		"means":     func(x Points) error { _, err := New(ctx, comb(x), s); return err },
		"new":       func(y Points) error { _, err := res.Transform(ctx, x, y, nil); return err },
		"reference": func(y Points) error { _, err := res.Transform(ctx, y, x, nil); return err },
	} {
		t.Run(name, func(t *testing.T) {
			all := cutAfter(x, 1<<40)
			if err := run(all); err != nil {
				t.Fatal(err)
			}
			calls := 1<<40 - int(all.left.Load())
			for step := range 20 {
				c := cutAfter(x, step*(calls-1)/19)
				if err := run(c); !errors.Is(err, errCut) || !strings.Contains(err.Error(), "row ") {
					t.Fatalf("after %d of %d rows: %v", step*(calls-1)/19, calls, err)
				}
				c = cutAfter(x, step*(calls-1)/19)
				c.short = true
				if err := run(c); !errors.Is(err, knn.ErrPoints) {
					t.Fatalf("short row after %d of %d: %v", step*(calls-1)/19, calls, err)
				}
			}
		})
	}
}
