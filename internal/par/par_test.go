package par

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"testing"
)

func TestBlocksCoverOnce(t *testing.T) {
	for _, n := range []int{0, 1, 7, 8, 9, 100} {
		for _, w := range []int{0, 1, 2, 3, 8} {
			seen := make([]int32, n)
			err := Blocks(context.Background(), w, n, 8, func(_, b, lo, hi int) {
				if lo != b*8 || hi > n || hi <= lo {
					t.Errorf("block %d is [%d, %d)", b, lo, hi)
				}
				for i := lo; i < hi; i++ {
					atomic.AddInt32(&seen[i], 1)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			for i, s := range seen {
				if s != 1 {
					t.Fatalf("n=%d workers=%d: item %d visited %d times", n, w, i, s)
				}
			}
		}
	}
}

func TestBlocksCancelled(t *testing.T) {
	for _, w := range []int{1, 4} {
		ctx, cancel := context.WithCancel(context.Background())
		var calls atomic.Int32
		err := Blocks(ctx, w, 1000, 1, func(_, b, _, _ int) {
			if calls.Add(1) == 5 {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("workers=%d: err = %v", w, err)
		}
		if c := calls.Load(); c > 10 {
			t.Errorf("workers=%d: %d blocks ran after the cancellation", w, c)
		}
	}
}

func TestBlocksPanic(t *testing.T) {
	defer func() {
		if p := recover(); p != "boom" {
			t.Errorf("recovered %v", p)
		}
	}()
	Blocks(context.Background(), 4, 100, 1, func(_, b, _, _ int) {
		if b == 50 {
			panic("boom")
		}
	})
}

func TestSumSameBits(t *testing.T) {
	f := func(_, lo, hi int) float64 {
		var s float64
		for i := lo; i < hi; i++ {
			s += math.Sin(float64(i)) * 1e-3
		}
		return s
	}
	want, _ := Sum(context.Background(), 1, 10000, 64, f)
	for w := 2; w < 9; w++ {
		if got, _ := Sum(context.Background(), w, 10000, 64, f); got != want {
			t.Errorf("workers=%d: %v, want %v", w, got, want)
		}
	}
}

func TestTry(t *testing.T) {
	for range 100 {
		err := Try(context.Background(), 4, 1000, 7, func(_, b, _, _ int) error {
			if b%10 == 3 {
				return fmt.Errorf("block %d", b)
			}
			return nil
		})
		if err == nil || err.Error() != "block 3" {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	if err := Try(ctx, 2, 9, 1, func(_, _, _, _ int) error { cancel(); return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
