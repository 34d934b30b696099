package kit

import (
	"fmt"
	"math"
	"slices"
)

// Steps is how many colors a bar has.
const Steps = 64

// A Bar gives numbers colors.
type Bar struct {
	Lo, Hi   float64 // of the colors; Lo < Hi
	Min, Max float64 // of the numbers, where a few are far beyond the colors; Min < Max
	Missing  int     // points without a number
}

// NewBar returns the bar of some numbers. NaN stands for none. If one number
// in a hundred takes half of the range or more, such numbers share the colors
// of the ends.
func NewBar(values []float64) (*Bar, error) {
	b := &Bar{}
	var sorted []float64
	for i, v := range values {
		switch {
		case v != v:
			b.Missing++
		case math.Abs(v) > MaxCoord:
			return nil, fmt.Errorf("value of point %d: %w: %v", i, ErrNotFinite, v)
		default:
			sorted = append(sorted, v)
		}
	}
	n := len(sorted)
	if n == 0 {
		sorted, n = []float64{0, 1}, 2
	}
	slices.Sort(sorted)
	b.Min, b.Max = sorted[0], sorted[n-1]
	if b.Min == b.Max {
		b.Max += max(1, math.Abs(b.Max)*1e-6)
	}
	b.Lo, b.Hi = b.Min, b.Max
	if lo, hi := sorted[n/200], sorted[n-1-n/200]; lo < hi && b.Max-b.Min >= 2*(hi-lo) {
		b.Lo, b.Hi = lo, hi
	}
	return b, nil
}

// Step is the color of a number, from 0; Steps for NaN.
func (b *Bar) Step(v float64) int32 {
	if v != v {
		return Steps
	}
	return int32(math.Round(min(1, max(0, (v-b.Lo)/(b.Hi-b.Lo))) * (Steps - 1)))
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
