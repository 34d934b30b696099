package knn

import (
	"math"
	"testing"
)

func TestFlushed(t *testing.T) {
	if math.Float32bits(flush) != flushBits {
		t.Fatal("the constants differ")
	}
	for _, v := range []float32{0, 1, flush, flush * 0.99, math.SmallestNonzeroFloat32} {
		want := v
		if v < flush {
			want = 0
		}
		if flushed(v) != want || flushed(-v) != -want {
			t.Error(v)
		}
	}
}
