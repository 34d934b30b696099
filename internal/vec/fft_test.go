package vec

import (
	"fmt"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"
)

// eachTsneLevel runs a test at every level of the machine.
func eachTsneLevel(t *testing.T, f func(t *testing.T)) {
	best := level
	defer func() { level = best }()
	for _, l := range Levels() {
		level = l
		t.Run(l.String(), f)
	}
}

func randoms(n int, seed uint64) []float32 {
	r := rand.New(rand.NewPCG(seed, 0))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// shielded returns n numbers, 64-byte steps apart in no way aligned, with NaN
// around them.
func shielded(x []float32, off int) []float32 {
	g := make([]float32, len(x)+off+24)
	for i := range g {
		g[i] = float32(math.NaN())
	}
	copy(g[off:], x)
	return g[off : off+len(x) : off+len(x)]
}

func TestFFT(t *testing.T) {
	eachTsneLevel(t, func(t *testing.T) {
		for _, n := range []int{1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 16, 20, 36, 60, 64, 90, 100, 144, 270, 540, 864} {
			x := randoms(32*n, uint64(n))
			in := shielded(x, n%8)
			got := NewFFT(n).Transform(in, shielded(make([]float32, 32*n), (n+3)%8), shielded(make([]float32, FFTScratch), 2))
			for _, l := range []int{0, 5, 10, 15} { // one of each four
				for k := 0; k < n; k += 1 + n/17 {
					var want complex128
					for j := range n {
						w := cmplx.Rect(1, -2*math.Pi*float64(j*k%n)/float64(n))
						want += w * complex(float64(x[32*j+l]), float64(x[32*j+16+l]))
					}
					g := complex(float64(got[32*k+l]), float64(got[32*k+16+l]))
					if cmplx.Abs(g-want) > 1e-6*math.Sqrt(float64(n))*math.Log2(float64(n)+2) {
						t.Fatalf("n=%d lane %d element %d: %v, want %v", n, l, k, g, want)
					}
				}
			}
		}
	})
}

// Every step around the transforms must agree with its pure Go form.
func TestFFTSteps(t *testing.T) {
	best := level
	defer func() { level = best }()
	for _, n := range []int{2, 4, 20, 36, 64} {
		stride := n/2*2 + 37
		z, k := randoms(32*n, 1), randoms(16*(n/2+1), 2)
		run := func(l Level) [][]float32 {
			level = l
			re, im := shielded(make([]float32, (n/2+1)*stride), 3), shielded(make([]float32, (n/2+1)*stride), 5)
			Untangle(re, im, stride, shielded(z, 1), n)
			back := shielded(make([]float32, 32*n), 2)
			Tangle(back, re, im, stride, n)
			m := shielded(z, 3)
			MulEven(m, shielded(k, 1), n)
			cols := 32
			wide := 48
			cz := shielded(make([]float32, 32*cols), 1)
			cre, cim := shielded(randoms(16*wide, 5), 2), shielded(randoms(16*wide, 6), 7)
			Columns(cz, cre, cim, wide, cols)
			bre, bim := shielded(make([]float32, 16*wide), 2), shielded(make([]float32, 16*wide), 7)
			FromColumns(bre, bim, wide, cz, cols)
			for r := range 16 {
				for c := range cols {
					if bre[r*wide+c] != cim[r*wide+c] || bim[r*wide+c] != cre[r*wide+c] {
						t.Fatalf("%v: FromColumns does not undo Columns at %d, %d", l, r, c)
					}
				}
			}
			return [][]float32{re, im, back, m, cz}
		}
		want := run(Go)
		for _, l := range Levels()[1:] {
			for i, g := range run(l) {
				for j := range g {
					if g[j] != want[i][j] {
						t.Fatalf("%v n=%d: array %d differs at %d: %v, want %v", l, n, i, j, g[j], want[i][j])
					}
				}
			}
		}
	}
}

func BenchmarkFFT(b *testing.B) {
	for _, n := range []int{144, 192, 300, 432, 540, 675, 768, 864, 1080, 2160} {
		f := NewFFT(n)
		x, tmp, scratch := make([]float32, 32*n), make([]float32, 32*n), make([]float32, FFTScratch)
		b.Run(fmt.Sprintf("m=%d/level=%v", n, level), func(b *testing.B) {
			for b.Loop() {
				f.Transform(x, tmp, scratch)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(16*n), "ns/number")
		})
	}
}
