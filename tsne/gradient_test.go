package tsne

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/semamap/semamap/internal/golden"
)

// runAt returns a run of given affinities at given positions.
func runAt(t testing.TB, a *joint, y []float32, s Settings) *Run {
	t.Helper()
	s.Affinities, s.Start, s.KeepStart = a.points(), Positions(y), true
	r, err := New(context.Background(), nil, &s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// gradient returns the gradient of KL, 4(A − F/Z), in the order of the rows,
// for maps of two or three dimensions.
func gradient(r *Run) (grad []float32, z float64) { return gradientLess(r, 0) }

// gradientLess is gradient with a Z that is smaller by pairs.
func gradientLess(r *Run, pairs float64) (grad []float32, z float64) {
	z, _ = r.rep.run(r.y, &r.box)
	z -= pairs
	r.attract(0, r.u)
	grad = make([]float32, len(r.y))
	for p, u := range r.perm {
		for c := range r.dims {
			e := p*r.dims + c
			grad[int(u)*r.dims+c] = float32(4 * (float64(r.attr[e])/float64(r.w[p]) - float64(r.rep.force[e])/z))
		}
	}
	return grad, z
}

func goldenP(t testing.TB, name string) *joint {
	a := &joint{}
	for _, p := range load[int32](t, name+"-p-ptr") {
		a.Ptr = append(a.Ptr, int64(p))
	}
	a.Col = load[int32](t, name+"-p-col")
	for _, v := range load[float64](t, name+"-p-val") {
		a.Val = append(a.Val, float32(v))
	}
	return a
}

func TestGradientGolden(t *testing.T) {
	for _, c := range []struct{ n, m string }{{"n500", "start"}, {"n500", "late"}, {"n500", "hard"}, {"n2000", "start"}, {"n2000", "late"}} {
		a := goldenP(t, c.n)
		y := load[float32](t, c.n+"-"+c.m+"-y")
		want := load[float64](t, c.n+"-"+c.m+"-grad")
		attr := load[float64](t, c.n+"-"+c.m+"-attr")
		zkl := load[float64](t, c.n+"-"+c.m+"-zkl")
		var rmsRep float64 // a gradient is a small difference of large forces
		for _, f := range load[float64](t, c.n+"-"+c.m+"-rep") {
			rmsRep += f * f
		}
		rmsRep = 4 * math.Sqrt(rmsRep) / zkl[0]
		for _, m := range []Method{Exact, Mesh, Tree} {
			t.Run(fmt.Sprintf("%s-%s/%v", c.n, c.m, m), func(t *testing.T) {
				r := runAt(t, a, y, Settings{Expert: &Expert{Method: m}})
				g, _ := gradient(r)
				if rms, _ := rmsError(r.attr, attr, 2); rms > 1e-5 {
					t.Errorf("attraction is off by %v", rms)
				}
				var e2 float64
				for i := range g {
					d := float64(g[i]) - want[i]
					e2 += d * d
				}
				kl := r.KL()
				t.Logf("gradient error %.1e of the repulsion, KL %.7f (%+.1e)", math.Sqrt(e2)/rmsRep, kl, kl-zkl[1])
				limG, limKL := 0.02, 3e-3
				if _, used := r.rep.run(r.y, &r.box); used == Exact {
					limG, limKL = 1e-5, 1e-5
				}
				if !(math.Sqrt(e2) < limG*rmsRep) || !(math.Abs(kl-zkl[1]) < limKL) {
					t.Errorf("gradient error %v, KL %v, want %v", math.Sqrt(e2)/rmsRep, kl, zkl[1])
				}
			})
		}
	}
}

// Dense affinities: every other row is a neighbor.
func TestDenseGolden(t *testing.T) {
	const n = 500
	x := mnist(t, n)
	for _, m := range []string{"start", "late"} {
		y := load[float32](t, "n500-"+m+"-y")
		r, err := New(context.Background(), Rows(x, n, 784), &Settings{
			Kernel: allNeighbors{gaussian(30)}, Start: Positions(y), KeepStart: true, Expert: &Expert{Method: Exact},
		})
		if err != nil {
			t.Fatal(err)
		}
		p20 := load[float64](t, "n500-dense-p20")
		for i := range 20 {
			for e := r.p.Ptr[i]; e < r.p.Ptr[i+1]; e++ {
				if want := p20[i*n+int(r.p.Col[e])]; math.Abs(float64(r.p.Val[e])-want) > 1e-6*want+1e-12 {
					t.Fatalf("P(%d, %d) = %v, want %v", i, r.p.Col[e], r.p.Val[e], want)
				}
			}
		}
		g, z := gradient(r)
		rms, _ := rmsError(g, load[float64](t, "n500-dense-"+m+"-grad"), 2)
		zkl := load[float64](t, "n500-dense-"+m+"-zkl")
		t.Logf("%s: gradient %.1e, Z %.1e, KL %.1e", m, rms, z/zkl[0]-1, r.KL()-zkl[1])
		if lim := map[string]float64{"start": 1e-5, "late": 2e-2}[m]; rms > lim {
			t.Errorf("%s: gradient is off by %v", m, rms)
		}
		if math.Abs(z/zkl[0]-1) > 1e-6 || math.Abs(r.KL()-zkl[1]) > 1e-5 {
			t.Errorf("%s: Z %v, KL %v, want %v", m, z, r.KL(), zkl)
		}
	}
}

// allNeighbors is a kernel over all other rows.
type allNeighbors struct{ Kernel }

func (k allNeighbors) neighbors(u int) (int, error) { return u - 1, nil }

// The gradient must be the derivative of KL, in all dimensions and for all
// degrees of freedom and weights.
func TestGradientDifferences(t *testing.T) {
	const n, d = 60, 4
	x, _ := blobs(n, d, 3, 11)
	r := rand.New(rand.NewPCG(3, 4))
	for _, dims := range []int{1, 2, 3} {
		for _, a := range []float64{0.5, 1, 3} {
			w := make([]float64, n)
			y := make([]float32, n*dims)
			for i := range w {
				w[i] = float64(1 + r.IntN(3))
			}
			for i := range y {
				y[i] = float32(3 * r.NormFloat64())
			}
			run, err := New(context.Background(), Rows(x, n, d), &Settings{
				Dims: dims, Freedom: a, Weights: w, Perplexity: 8, Start: Positions(y), KeepStart: true, Expert: &Expert{Method: Exact},
			})
			if err != nil {
				t.Fatal(err)
			}
			g, _ := gradient(run)
			for range 20 {
				i, c := r.IntN(n), r.IntN(dims)
				e := i*run.dims + c
				const h = 0.01
				old := run.y[e]
				run.y[e] = old + h
				hi := run.KL()
				run.y[e] = old - h
				lo := run.KL()
				run.y[e] = old
				want := (hi - lo) / (2 * h) / w[i] // per copy
				if math.Abs(float64(g[e])-want) > 2e-5+2e-3*math.Abs(want) {
					t.Fatalf("%d-D, a = %v: dKL/dy(%d,%d) = %v, want %v", dims, a, i, c, g[e], want)
				}
			}
			// Σ w G = 0
			for c := range dims {
				var sum float64
				for i := range n {
					sum += w[i] * float64(g[i*run.dims+c])
				}
				if math.Abs(sum) > 1e-4 {
					t.Errorf("%d-D, a = %v: the gradients sum to %v", dims, a, sum)
				}
			}
		}
	}
}

// The trap of single precision: forces of small maps must be right.
func TestSmallMaps(t *testing.T) {
	const n = 3000
	r := rand.New(rand.NewPCG(5, 6))
	unit := make([]float32, 2*n)
	for i := range unit {
		unit[i] = float32(r.NormFloat64() / 8)
	}
	for _, side := range []float32{1e-6, 1e-4, 6e-4, 0.01, 0.1, 1, 10} {
		y := make([]float32, len(unit))
		for i, v := range unit {
			y[i] = v*side + 3*side // a shifted origin as well
		}
		exact, z, _ := repel(t, y, 2, nil, Settings{Expert: &Expert{Method: Exact}})
		mesh, zm, used := repel(t, y, 2, nil, Settings{Expert: &Expert{Method: Mesh}})
		want := make([]float64, len(y))
		for i, v := range exact.force {
			want[i] = float64(v)
		}
		rms, _ := rmsError(mesh.force, want, 2)
		t.Logf("side %v: force %.1e, Z %.1e", side, rms, zm/z-1)
		if rms > 1e-4 || math.Abs(zm/z-1) > 1e-5 || used != Mesh {
			t.Errorf("side %v by %v: force error %v, Z error %v", side, used, rms, zm/z-1)
		}
	}
}

// The error of the mesh falls with its spacing; also in one dimension and for
// other degrees of freedom.
func TestSpacing(t *testing.T) {
	const n = 2000
	r := rand.New(rand.NewPCG(5, 6))
	y := make([]float32, 2*n)
	for i := range y {
		y[i] = float32(20 * r.NormFloat64())
	}
	line := slices.Clone(y)
	for i := 1; i < len(line); i += 2 {
		line[i] = 0
	}
	for _, c := range []struct {
		y    []float32
		a    float64
		most float64
	}{{y, 1, 0.02}, {line, 1, 0.02}, {y, 0.5, 0.03}, {y, 2, 0.02}} {
		exact, z, _ := repel(t, c.y, 2, nil, Settings{Expert: &Expert{Method: Exact}, Freedom: c.a})
		want := make([]float64, len(y))
		for i, v := range exact.force {
			want[i] = float64(v)
		}
		last := c.most
		for _, h := range []float64{0, 0.3, 0.2} {
			m, zm, used := repel(t, c.y, 2, nil, Settings{Expert: &Expert{Method: Mesh, Spacing: h}, Freedom: c.a})
			rms, _ := rmsError(m.force, want, 2)
			t.Logf("a = %v, h = %v: force %.1e, Z %+.1e", c.a, h, rms, zm/z-1)
			if rms > last || math.Abs(zm/z-1) > 3e-3 || used != Mesh {
				t.Errorf("a = %v, h = %v by %v: force error %v, Z error %v", c.a, h, used, rms, zm/z-1)
			}
			last = max(rms, 1e-5)
		}
		tr, zt, _ := repel(t, c.y, 2, nil, Settings{Expert: &Expert{Method: Tree}, Freedom: c.a})
		rms, _ := rmsError(tr.force, want, 2)
		t.Logf("a = %v, tree: force %.1e, Z %+.1e", c.a, rms, zt/z-1)
		if rms > 0.02 || math.Abs(zt/z-1) > 3e-3 {
			t.Errorf("a = %v, tree: force error %v, Z error %v", c.a, rms, zt/z-1)
		}
	}
}

// In space the tree replaces the mesh.
func TestTree3(t *testing.T) {
	const n = 1500
	r := rand.New(rand.NewPCG(5, 6))
	y, w := make([]float32, 3*n), make([]float32, n)
	for i := range w {
		w[i] = float32(1 + r.IntN(4))
	}
	for _, scale := range []float64{1e-4, 1, 30} {
		for i := range y {
			y[i] = float32(scale * r.NormFloat64())
		}
		for i := range 30 { // coincident points
			copy(y[3*i:3*i+3], y[300:303])
		}
		exact, z, _ := repel(t, y, 3, w, Settings{Dims: 3, Expert: &Expert{Method: Exact}})
		tr, zt, _ := repel(t, y, 3, w, Settings{Dims: 3, Expert: &Expert{Method: Tree}})
		want := make([]float64, len(y))
		for i, v := range exact.force {
			want[i] = float64(v)
		}
		rms, _ := rmsError(tr.force, want, 3)
		t.Logf("scale %v: force %.1e, Z %+.1e", scale, rms, zt/z-1)
		if rms > 0.02 || math.Abs(zt/z-1) > 3e-3 {
			t.Errorf("scale %v: force error %v, Z error %v", scale, rms, zt/z-1)
		}
	}
}

// A weight of 2 is a row given twice with weights of 1, and merging changes
// nothing but the copies' free choice of a place and the pairs of copies.
func TestWeights(t *testing.T) {
	const n, d = 80, 3
	x, _ := blobs(n, d, 3, 12)
	w := make([]float64, n)
	var twice []float32
	for i := range n {
		w[i] = 1
		twice = append(twice, x[d*i:d*i+d]...)
	}
	for i := 0; i < n; i += 3 {
		w[i] = 2
		twice = append(twice, x[d*i:d*i+d]...)
	}
	s := &Settings{Phases: short, Perplexity: 8}
	s.Weights = slices.Repeat([]float64{1}, len(twice)/d)
	a := embed(t, twice, len(twice)/d, d, s)
	s.Weights = w
	b := embed(t, x, n, d, s)
	if !slices.Equal(a.Y[:2*n], b.Y) || a.KL != b.KL {
		t.Error("weights and copies give different maps")
	}
	// By definition: forces of the merged rows against all copies one by one.
	y := make([]float32, 2*n)
	for i := range y {
		y[i] = float32(i*7919%101) / 10
	}
	w32 := make([]float32, n)
	all := slices.Clone(y)
	pairs := 0.0 // of copies, at distance 0
	for i := range n {
		w32[i] = float32(w[i])
		pairs += w[i] * (w[i] - 1)
		if w[i] == 2 {
			all = append(all, y[2*i:2*i+2]...)
		}
	}
	for _, m := range []Method{Exact, Mesh, Tree} {
		p, zp, _ := repel(t, y, 2, w32, Settings{Expert: &Expert{Method: m}})
		q, zq, _ := repel(t, all, 2, nil, Settings{Expert: &Expert{Method: m}})
		if math.Abs((zp+pairs)/zq-1) > map[Method]float64{Exact: 1e-6, Mesh: 1e-5, Tree: 1e-3}[m] {
			t.Errorf("%v: Z %v with weights, %v with copies", m, zp, zq)
		}
		for i := range n {
			if math.Abs(float64(p.force[2*i]-q.force[2*i])) > 1e-2*math.Abs(float64(q.force[2*i]))+2e-3 {
				t.Fatalf("%v: force %v with weights, %v with copies", m, p.force[2*i], q.force[2*i])
			}
		}
	}
}

func TestFixed(t *testing.T) {
	r := smallRun(t, 200)
	before := r.Positions(nil)
	advance(r, 1<<30)
	after := r.Positions(nil)
	for i := range 200 {
		still := before[2*i] == after[2*i] && before[2*i+1] == after[2*i+1]
		if still != (i%50 == 49) {
			t.Errorf("row %d stayed: %t", i, still)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	n, steps := 5000, 60 // so that the points were put in order
	if testing.Short() {
		defer func(n int) { permuteMin = n }(permuteMin)
		permuteMin, n, steps = 1000, 1000, 160 // a small map grows for longer
	}
	x, _ := blobs(n, 8, 10, 1)
	for _, s := range []Settings{{Expert: &Expert{Method: Mesh}}, {Expert: &Expert{Method: Tree}}, {Expert: &Expert{Method: Tree}, Dims: 3}} {
		s.Phases = []Phase{{Steps: 1000}}
		r, err := New(context.Background(), Rows(x, n, 8), &s)
		if err != nil {
			t.Fatal(err)
		}
		advance(r, steps)
		if n := testing.AllocsPerRun(5, func() { r.step() }); n > 0 {
			t.Errorf("%v, %d-D: %v allocations a step", s.Expert, r.s.Dims, n)
		}
	}
}

func TestMath(t *testing.T) {
	for file, f := range map[string]func(float64) float64{"../internal/vec/testdata/exp.txt": exp, "testdata/log.txt": log} {
		var worst float64
		for _, v := range golden.Values(t, file) {
			if math.Abs(v.Hi) < 0x1p-1022 && v.Hi != 0 {
				continue // subnormal
			}
			got := f(v.X)
			u := v.Ulps(got)
			if !(u < 1) {
				t.Errorf("%s: f(%v) = %v, want %v: wrong by %.2f units in the last place", file, v.X, got, v.Hi, u)
			}
			worst = max(worst, u)
		}
		t.Logf("%s: wrong by %.3f units in the last place at most", file, worst)
	}
	// Many more, against package math, whose last bits depend on the processor.
	r := rand.New(rand.NewPCG(1, 1))
	for range 20000 {
		x := -750 * r.Float64() * r.Float64()
		if want := math.Exp(x); want > 1e-300 && math.Abs(exp(x)/want-1) > 1e-14 {
			t.Fatalf("exp(%v) = %v, package math says %v", x, exp(x), want)
		}
		y := math.Exp(200 * r.NormFloat64())
		if want := math.Log(y); y > 1e-300 && !math.IsInf(y, 0) && math.Abs(log(y)-want) > 1e-14*math.Abs(want) {
			t.Fatalf("log(%v) = %v, package math says %v", y, log(y), want)
		}
	}
	for _, c := range []struct{ x, want float64 }{{0, 1}, {-746, 0}, {math.Inf(-1), 0}, {math.Inf(1), math.Inf(1)}, {710, math.Inf(1)}} {
		if got := exp(c.x); got != c.want {
			t.Errorf("exp(%v) = %v", c.x, got)
		}
	}
	if log(1) != 0 || !math.IsNaN(exp(math.NaN())) {
		t.Error("log(1) or exp(NaN)")
	}
}

func TestCalibrate(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 1))
	entropy := func(p, w []float64) float64 {
		var h float64
		for j, v := range p {
			if v > 0 {
				h -= v * math.Log(v/w[j])
			}
		}
		return h
	}
	for _, scale := range []float64{1, 1e60, 1e-60, 1e-9} {
		for range 200 {
			k := 5 + r.IntN(90)
			d2, w, p := make([]float64, k), make([]float64, k), make([]float64, k)
			var all float64
			for j := range d2 {
				d2[j] = scale * (3 + math.Pow(r.Float64(), 0.3))
				w[j] = float64(1 + r.IntN(3))
				all += w[j]
			}
			u := 3 + (all-4)*r.Float64()
			if _, ok := calibrate(p, d2, w, u); !ok {
				t.Fatalf("u = %v of %v is unsolved", u, all)
			}
			if h := entropy(p, w); math.Abs(h-math.Log(u)) > 1e-12 {
				t.Fatalf("entropy %v, want %v", h, math.Log(u))
			}
		}
	}
}
