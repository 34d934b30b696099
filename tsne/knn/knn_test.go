package knn

import (
	"context"
	"errors"
	"math"
	"testing"
)

func TestTiny(t *testing.T) {
	for n := range 6 {
		x := make([]float32, n*2)
		for i := range x {
			x[i] = float32(i * i)
		}
		g, err := Search(context.Background(), Rows(x, n, 2), max(0, n-1), nil)
		if err != nil {
			t.Fatal(n, err)
		}
		if err := g.Check(); err != nil {
			t.Fatal(n, err)
		}
	}
	_, err := Search(context.Background(), Rows([]float32{1, 2, 3, float32(math.NaN())}, 2, 2), 1, nil)
	var ve *ValueError
	if !errors.As(err, &ve) || ve.Row != 1 || ve.Col != 1 {
		t.Fatal(err)
	}
}
