package vec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// splitPanels packs rows of numbers that are not wanted outside them.
func splitPanels(r *rand.Rand, panels, blocks int, columns bool) (x []float32, packed []uint32) {
	d := blocks * SplitCols
	for range panels {
		p := guarded(r, SplitRows*d, r.IntN(8))
		if d > 0 {
			p[r.IntN(len(p))] = 0
		}
		to := make([]uint32, blocks*SplitBlock)
		PackSplit(to, p, d, blocks, columns)
		x, packed = append(x, p...), append(packed, to...)
	}
	return x, packed
}

func TestPackSplit(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, l := range Levels() {
		for _, columns := range []bool{false, true} {
			for blocks := range 4 {
				stride := blocks*SplitCols + r.IntN(3)
				x := guarded(r, SplitRows*stride, r.IntN(8))
				for i := range x {
					x[i] *= float32(math.Ldexp(1, r.IntN(60)-50))
				}
				want, got := make([]uint32, blocks*SplitBlock+1), make([]uint32, blocks*SplitBlock+1)
				packSplitGo(want, x, stride, blocks, columns)
				if blocks > 0 {
					packSplit(l, got, x, stride, blocks, columns)
				}
				if !slices.Equal(got, want) {
					t.Fatalf("%v columns=%t blocks=%d", l, columns, blocks)
				}
			}
		}
	}
	for range 10000 {
		x := float32(r.NormFloat64())
		h, l := split(x)
		if lost := math.Abs(float64(x) - float64(math.Float32frombits(h)) - float64(math.Float32frombits(l))); !(lost <= 0x1p-16*math.Abs(float64(x))) {
			t.Fatalf("%v: %v is lost", x, lost)
		}
	}
}

// Tiles give the bits of the specification, whose error is within the bound.
func TestMultiplySplit(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	if !hasTiles() {
		t.Log("no matrix tiles: only the pure Go form")
	}
	for blocks := range 5 {
		for count := range 4 {
			d := blocks * SplitCols
			x, a := splitPanels(r, count, blocks, false)
			y, b := splitPanels(r, 1, blocks, true)
			want, got := guarded(r, count*1024, 3), guarded(r, count*1024, 5)
			multiplySplitGo(want, a, b, blocks, count, blocks*SplitBlock)
			MultiplySplit(got, a, b, blocks, count, blocks*SplitBlock)
			for i, v := range got {
				if v != want[i] {
					t.Fatalf("blocks=%d count=%d: number %d is %v, want %v", blocks, count, i, v, want[i])
				}
			}
			for i := range count * SplitRows {
				for j := range SplitRows {
					var dot, p, q float64
					for k := range d {
						u, v := float64(x[i*d+k]), float64(y[j*d+k])
						dot, p, q = dot+u*v, p+u*u, q+v*v
					}
					if e := math.Abs(float64(got[i*SplitRows+j]) - dot); !(e <= SplitError(d)*math.Sqrt(p*q)) {
						t.Fatalf("blocks=%d row %d column %d: error %v of %v", blocks, i, j, e, math.Sqrt(p*q))
					}
				}
			}
			if v := got[:count*1024+1][count*1024]; !math.IsNaN(float64(v)) {
				t.Fatal("wrote behind the tiles")
			}
		}
	}
}

// The bound holds where it is tight: all that is lost points the same way.
func TestSplitError(t *testing.T) {
	const d = SplitCols
	x := make([]float32, SplitRows*d)
	for i := range x {
		x[i] = 1 + 0x1p-8 + 0x1p-16 // both halves are rounded down
	}
	a, b, c := make([]uint32, SplitBlock), make([]uint32, SplitBlock), make([]float32, 1024)
	PackSplit(a, x, d, 1, false)
	PackSplit(b, x, d, 1, true)
	MultiplySplit(c, a, b, 1, 1, SplitBlock)
	v := float64(x[0])
	e := math.Abs(float64(c[0])-d*v*v) / (d * v * v)
	if bound := SplitError(d); e > bound || e < bound/5 {
		t.Errorf("error %v, bound %v", e, bound)
	}
}

// Products of the smallest numbers lose what underflows, and no more.
func TestSplitUnderflow(t *testing.T) {
	const d = SplitCols
	x := make([]float32, SplitRows*d)
	for i := range x {
		x[i] = Flush * (1 + 0x1p-8 - 0x1p-12) // h is Flush or the next, and l is far below
	}
	a, b, c := make([]uint32, SplitBlock), make([]uint32, SplitBlock), make([]float32, 1024)
	PackSplit(a, x, d, 1, false)
	PackSplit(b, x, d, 1, true)
	MultiplySplit(c, a, b, 1, 1, SplitBlock)
	v := float64(x[0])
	if e := math.Abs(float64(c[0]) - d*v*v); e > SplitError(d)*d*v*v+d*0x1p-120 {
		t.Errorf("error %v of %v", e, d*v*v)
	} else {
		t.Logf("%v of the product, %v allowed besides underflow", e/(d*v*v), SplitError(d))
	}
}

// Whole numbers of up to 8 bits are exact.
func TestSplitWhole(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	const blocks = 25
	d := blocks * SplitCols
	x, y := make([]float32, SplitRows*d), make([]float32, SplitRows*d)
	for i := range x {
		x[i], y[i] = -2*float32(r.IntN(257)-100), float32(r.IntN(257)-100)
	}
	a, b, c := make([]uint32, blocks*SplitBlock), make([]uint32, blocks*SplitBlock), make([]float32, 1024)
	PackSplit(a, x, d, blocks, false)
	PackSplit(b, y, d, blocks, true)
	MultiplySplit(c, a, b, blocks, 1, blocks*SplitBlock)
	for i := range SplitRows {
		for j := range SplitRows {
			var dot float64
			for k := range d {
				dot += float64(x[i*d+k]) * float64(y[j*d+k])
			}
			if float64(c[i*SplitRows+j]) != dot {
				t.Fatalf("row %d column %d: %v, want %v", i, j, c[i*SplitRows+j], dot)
			}
		}
	}
}

func BenchmarkSplit(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, d := range []int{128, 800, 2048} {
		blocks := d / SplitCols
		panels := min(1<<18/(SplitRows*d), 8)
		_, x := splitPanels(r, panels, blocks, false)
		_, y := splitPanels(r, 2, blocks, true)
		size := blocks * SplitBlock
		c := make([]float32, panels*1024)
		b.Run(fmt.Sprintf("name=multiply/d=%d", d), func(b *testing.B) {
			if !Splits() {
				b.Skip("no matrix tiles")
			}
			for i := 0; b.Loop(); i++ {
				MultiplySplit(c, x, y[i%2*size:][:size], blocks, panels, size)
			}
			b.ReportMetric(2*float64(panels*1024*d)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
		for _, columns := range []bool{false, true} {
			rows := guarded(r, SplitRows*d, 0)
			b.Run(fmt.Sprintf("name=pack/columns=%t/d=%d", columns, d), func(b *testing.B) {
				for b.Loop() {
					PackSplit(x, rows, d, blocks, columns)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(SplitRows*d), "ns/number")
			})
		}
	}
}
