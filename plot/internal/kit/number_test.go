package kit

import (
	"errors"
	"math"
	"testing"
)

func TestBar(t *testing.T) {
	b, err := NewBar([]float64{3, math.NaN(), -1, 1})
	if err != nil || *b != (Bar{-1, 3, -1, 3, 1}) {
		t.Errorf("%+v, %v", b, err)
	}
	for v, want := range map[float64]int32{-1: 0, 3: Steps - 1, 1: Steps / 2, -99: 0, 99: Steps - 1} {
		if got := b.Step(v); got != want {
			t.Errorf("%v: step %d, want %d", v, got, want)
		}
	}
	if b.Step(math.NaN()) != Steps {
		t.Error("NaN has a color")
	}
	// A few far numbers do not take the colors from the others.
	v := make([]float64, 1000)
	for i := range v {
		v[i] = float64(i % 10)
	}
	v[5], v[6] = 1e6, math.NaN()
	if b, _ = NewBar(v); *b != (Bar{0, 9, 0, 1e6, 1}) {
		t.Errorf("%+v", b)
	}
	for _, v := range [][]float64{nil, {math.NaN()}, {7, 7}, {1e300, 1e300}, {-1e300, 1e300}, {0, 5e-324}} {
		b, err := NewBar(v)
		if err != nil || !(b.Lo < b.Hi && b.Min < b.Max) || b.Step(b.Hi) != Steps-1 {
			t.Errorf("%v: %+v, %v", v, b, err)
		}
	}
	if _, err := NewBar([]float64{1, math.Inf(1)}); !errors.Is(err, ErrNotFinite) {
		t.Error(err)
	}
}

// TestRamp: each color is darker than the one before, on a dark ground
// lighter.
func TestRamp(t *testing.T) {
	for _, dark := range []bool{false, true} {
		r := Ramp(Steps, dark)
		for i := 1; i < len(r); i++ {
			if (r[i].luminance() > r[i-1].luminance()) != dark {
				t.Errorf("dark %v: step %d is %s after %s", dark, i, r[i].Hex(), r[i-1].Hex())
			}
		}
		ground := LightGround
		if dark {
			ground = DarkGround
		}
		if c := Contrast(r[0], ground); c < 1.5 {
			t.Errorf("dark %v: the first color has a contrast of %.2f", dark, c)
		}
	}
}
