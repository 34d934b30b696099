package kit

import (
	"fmt"
	"math"
)

// Steps is how many colors a bar has.
const Steps = 64

// A Bar gives numbers colors.
type Bar struct {
	Lo, Hi  float64 // Lo < Hi
	Missing int     // points without a number
}

// NewBar returns the bar of some numbers. NaN stands for none.
func NewBar(values []float64) (*Bar, error) {
	b := &Bar{Lo: math.Inf(1), Hi: math.Inf(-1)}
	for i, v := range values {
		switch {
		case v != v:
			b.Missing++
		case math.Abs(v) > MaxCoord:
			return nil, fmt.Errorf("value of point %d: %w: %v", i, ErrNotFinite, v)
		default:
			b.Lo, b.Hi = min(b.Lo, v), max(b.Hi, v)
		}
	}
	if b.Lo > b.Hi {
		b.Lo, b.Hi = 0, 1
	}
	if b.Lo == b.Hi {
		b.Hi += max(1, math.Abs(b.Hi)*1e-6)
	}
	return b, nil
}

// Step is the color of a number, from 0; Steps for NaN.
func (b *Bar) Step(v float64) int32 {
	if v != v {
		return Steps
	}
	return int32(math.Round((v - b.Lo) / (b.Hi - b.Lo) * (Steps - 1)))
}

// Ramp returns n colors that grow steadily darker on a light ground, and
// lighter on a dark one, so that they keep their order for every reader.
func Ramp(n int, dark bool) []RGB {
	out := make([]RGB, n)
	for i := range out {
		t := float64(i) / float64(max(1, n-1))
		l, hue := 0.82-0.54*t, 100+185*t
		if dark {
			l, hue = 0.42+0.48*t, 285-185*t
		}
		s, c := math.Sincos(hue * math.Pi / 180)
		out[i] = oklab{l, 0.125 * c, 0.125 * s}.RGB()
	}
	return out
}
