package vec

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

func hardNumbers(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		switch rng.IntN(8) {
		case 0:
		case 1:
			x[i] = float32(math.Copysign(0, -1))
		case 2:
			x[i] = float32(rng.IntN(3)) // ties
		case 3:
			x[i] = []float32{float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()), 1e-40}[rng.IntN(4)]
		default:
			x[i] = float32(rng.NormFloat64())
		}
	}
	return x
}

// bits makes NaN equal to itself.
func bitsOf(v any) any {
	switch v := v.(type) {
	case []float64:
		out := make([]uint64, len(v))
		for i, x := range v {
			if out[i] = math.Float64bits(x); x != x {
				out[i] = 1
			}
		}
		return out
	case []float32:
		out := make([]uint32, len(v))
		for i, x := range v {
			out[i] = math.Float32bits(x)
		}
		return out
	}
	return v
}

func colBits(c *ColStats) []any {
	return []any{bitsOf(c.Sum), bitsOf(c.Sq), bitsOf(c.Min), bitsOf(c.Max), c.ArgMin, c.ArgMax, c.Nonzero}
}

func TestColStats(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	best := level
	defer func() { level = best }()
	for _, cols := range []int{1, 7, 8, 15, 16, 17, 24, 32, 33, 100} {
		const rows = 37
		x := hardNumbers(rng, rows*cols)
		for r := range rows {
			x[r*cols] = float32(math.NaN()) // a column without a number
			if cols > 8 {
				x[r*cols+8] = float32(math.Inf(-1))
				x[r*cols+1] = float32(math.Inf(1))
			}
		}
		var want *ColStats
		for _, l := range Levels() {
			level = l
			c := NewColStats(cols)
			for i := range c.Shift {
				c.Shift[i] = float64(i) / 3
			}
			for r := 0; r < rows; {
				n := min(rows-r, 1+rng.IntN(9))
				c.Add(x[r*cols:], n, r+100)
				r += n
			}
			if l == Go {
				want = c
				if c.ArgMax[0] != -1 || cols > 8 && (c.ArgMax[8] != -1 || c.ArgMin[8] != 100 || c.ArgMin[1] != -1 || c.ArgMax[1] != 100) {
					t.Errorf("cols=%d: places %v %v", cols, c.ArgMax, c.ArgMin)
				}
			} else if !reflect.DeepEqual(colBits(c), colBits(want)) {
				t.Errorf("cols=%d %s:\n%v, want\n%v", cols, l, colBits(c), colBits(want))
			}
		}
	}
}

func TestRowStats(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	best := level
	defer func() { level = best }()
	for n := range 70 {
		for range 20 {
			x := hardNumbers(rng, n)
			level = Go
			want := Row(x)
			// The definition.
			inf := float32(math.Inf(1))
			d := RowStats{ArgMin: -1, ArgMax: -1, Min: inf, Max: -inf}
			for i, v := range x {
				if v > d.Max {
					d.Max, d.ArgMax = v, int32(i)
				}
				if v < d.Min {
					d.Min, d.ArgMin = v, int32(i)
				}
				if v != 0 {
					d.Nonzero++
				}
			}
			if d.ArgMax != want.ArgMax || d.ArgMin != want.ArgMin || d.Nonzero != want.Nonzero {
				t.Fatalf("%v: %+v, want %+v", x, want, d)
			}
			for _, level = range Levels()[1:] {
				got, want := Row(x), want
				if got.Sum != got.Sum && want.Sum != want.Sum {
					got.Sum, want.Sum = 0, 0
				}
				if got.Sq != got.Sq && want.Sq != want.Sq {
					got.Sq, want.Sq = 0, 0
				}
				if got != want {
					t.Fatalf("%s, %v: %+v, want %+v", level, x, got, want)
				}
			}
		}
	}
}

func BenchmarkColStats(b *testing.B) {
	const rows, cols = 16, 2048
	x := make([]float32, rows*cols)
	for i := range x {
		x[i] = float32(i % 97)
	}
	c := NewColStats(cols)
	b.SetBytes(4 * rows * cols)
	for b.Loop() {
		c.Add(x, rows, 0)
	}
}

func BenchmarkRowStats(b *testing.B) {
	x := make([]float32, 2048)
	for i := range x {
		x[i] = float32(i % 97)
	}
	b.SetBytes(4 * 2048)
	for b.Loop() {
		Row(x)
	}
}
