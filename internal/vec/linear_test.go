package vec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestLinear(t *testing.T) {
	for _, l := range Levels() {
		t.Run(l.String(), func(t *testing.T) {
			defer Force(l)()
			for _, c := range []struct{ rows, out, in int }{{1, 1, 1}, {15, 33, 7}, {97, 50, 300}, {200, 17, 513}} {
				if testing.Short() && c.rows > 97 { // slow where a machine is emulated
					break
				}
				for _, bias := range []bool{false, true} {
					for _, add := range []bool{false, true} {
						testLinear(t, c.rows, c.out, c.in, bias, add)
					}
				}
			}
		})
	}
}

func testLinear(t *testing.T, rows, out, in int, biased, add bool) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, uint64(rows)))
	random := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
		return x
	}
	w, x, before := random(out*in), random(rows*in), random(rows*out)
	var bias []float32
	if biased {
		bias = random(out)
	}
	p := NewLinear(w, bias, out, in)
	var b LinearBuffer
	y := slices.Clone(before)
	p.Apply(y, x, rows, add, &b)
	for i := range y {
		row, o := i/out, i%out
		var want, size float64
		for k := range in {
			v := float64(x[row*in+k]) * float64(w[o*in+k])
			want += v
			size += math.Abs(v)
		}
		if biased {
			want += float64(bias[o])
			size += math.Abs(float64(bias[o]))
		}
		if add {
			want += float64(before[i])
			size += math.Abs(float64(before[i]))
		}
		if math.Abs(float64(y[i])-want) > float64(in+4)*0x1p-24*size {
			t.Fatalf("%d×%d×%d: row %d, output %d is %v, want %v", rows, out, in, row, o, y[i], want)
		}
	}
	// One row alone gives the same bits.
	for _, row := range []int{0, rows / 2, rows - 1} {
		one := slices.Clone(before[row*out:][:out])
		p.Apply(one, x[row*in:], 1, add, &b)
		if !slices.Equal(one, y[row*out:][:out]) {
			t.Fatalf("row %d alone has other bits", row)
		}
	}
}

// Products of Pythia-70m's and SmolLM2-135M's layers on 64 windows of 15.
func BenchmarkLinear(b *testing.B) {
	for _, c := range []struct{ out, in int }{{1536, 512}, {512, 512}, {2048, 512}, {512, 2048}, {1536, 576}, {576, 1536}} {
		b.Run(fmt.Sprintf("%dx%d", c.out, c.in), func(b *testing.B) {
			const rows = 960
			p := NewLinear(make([]float32, c.out*c.in), nil, c.out, c.in)
			x, y := make([]float32, rows*c.in), make([]float32, rows*c.out)
			var buf LinearBuffer
			for b.Loop() {
				p.Apply(y, x, rows, false, &buf)
			}
			b.ReportMetric(2*rows*float64(c.out*c.in)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}
