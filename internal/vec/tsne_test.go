package vec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// near fails unless got is within tol of want, relative to scale.
func near(t *testing.T, what string, got, want, scale, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol*scale) {
		t.Fatalf("%s: %v, want %v", what, got, want)
	}
}

// edges returns a sparse matrix of n rows whose lengths run from 0 to 69.
func edges(n int) (ptr []int64, col []int32, val []float32) {
	r := rand.New(rand.NewPCG(1, 2))
	ptr = make([]int64, n+1)
	for i := range n {
		for range i % 70 {
			col = append(col, int32(r.IntN(n)))
			val = append(val, float32(r.ExpFloat64()))
		}
		ptr[i+1] = int64(len(col))
	}
	return ptr, col, val
}

func TestAttract(t *testing.T) {
	const n = 150
	ptr, col, val := edges(n)
	for _, scale := range []float32{1e-4, 1, 30} {
		y := randoms(2*n, 3)
		for i := range y {
			y[i] *= scale
		}
		const inv = 0.7
		bits := map[Level][]float32{}
		eachTsneLevel(t, func(t *testing.T) {
			dst := shielded(make([]float32, 2*n), 1)
			Attract(dst, ptr, col, shielded(val, 2), shielded(y, 3), inv, 0, 70)
			Attract(dst, ptr, col, shielded(val, 2), shielded(y, 3), inv, 70, n)
			bits[level] = dst
			var logs, wantLogs float64
			for i := range n {
				var sx, sy, size, log, weight float64
				for e := ptr[i]; e < ptr[i+1]; e++ {
					dx := float64(y[2*i]) - float64(y[2*col[e]])
					dy := float64(y[2*i+1]) - float64(y[2*col[e]+1])
					r2 := inv * (dx*dx + dy*dy)
					q := float64(val[e]) / (1 + r2)
					sx += q * dx
					sy += q * dy
					size += q * (math.Abs(dx) + math.Abs(dy))
					log += float64(val[e]) * math.Log1p(r2)
					weight += float64(val[e])
				}
				wantLogs += log
				near(t, fmt.Sprintf("logarithms of row %d", i), AttractLog(ptr, col, val, y, inv, i, i+1), log, log+weight, 5e-7)
				near(t, fmt.Sprintf("row %d", i), float64(dst[2*i]), sx, size, 1e-6)
				near(t, fmt.Sprintf("row %d", i), float64(dst[2*i+1]), sy, size, 1e-6)
			}
			logs = AttractLog(ptr, col, val, y, inv, 0, 50) + AttractLog(ptr, col, val, y, inv, 50, n)
			near(t, "logarithms", logs, wantLogs, wantLogs+float64(len(val)), 3e-7)
		})
		// Both levels sum in the same order and fuse alike.
		if a, b := bits[AVX512], bits[AVX2]; a != nil {
			for i := range a {
				if a[i] != b[i] {
					t.Fatalf("AVX2 and AVX-512 differ at %d: %v and %v", i, a[i], b[i])
				}
			}
		}
	}
}

func TestPairs(t *testing.T) {
	eachTsneLevel(t, func(t *testing.T) {
		for _, n := range []int{0, 1, 2, 15, 16, 17, 69, 1023, 1025, 2500} {
			src, w := randoms(2*n, 1), randoms(n, 2)
			var x, y [Lanes]float32
			copy(x[:], randoms(16, 3))
			copy(y[:], randoms(16, 4))
			for i := range w {
				w[i] = 1 + w[i]*w[i]
			}
			var phi, fx, fy [Lanes]float64
			Pairs(&phi, &fx, &fy, &x, &y, shielded(src, 1), shielded(w, 3), 0.5, 0, n/2)
			Pairs(&phi, &fx, &fy, &x, &y, shielded(src, 1), shielded(w, 3), 0.5, n/2, n)
			for l := range x {
				var p, a, b, sum float64
				for j := range n {
					dx, dy := float64(x[l])-float64(src[2*j]), float64(y[l])-float64(src[2*j+1])
					k := 1 / (1 + 0.5*(dx*dx+dy*dy))
					q := float64(w[j]) * k
					p += q
					a += q * k * dx
					b += q * k * dy
					sum += q
				}
				near(t, "phi", phi[l], p, sum, 1e-5)
				near(t, "fx", fx[l], a, sum, 1e-5)
				near(t, "fy", fy[l], b, sum, 1e-5)
			}
		}
	})
}

func TestPanel(t *testing.T) {
	eachTsneLevel(t, func(t *testing.T) {
		for n := range 70 {
			x, b := randoms(n, 1), randoms(16*n, 2)
			var dst, u [Lanes]float32
			copy(u[:], randoms(16, 3))
			Panel(&dst, shielded(x, n%8), shielded(b, 3))
			c := shielded(b, 1)
			PanelAdd(c, shielded(x, n%8), &u)
			for l := range dst {
				var want float64
				for i := range n {
					want += float64(x[i]) * float64(b[16*i+l])
					near(t, "PanelAdd", float64(c[16*i+l]), float64(b[16*i+l])+float64(x[i])*float64(u[l]), 10, 1e-6)
				}
				near(t, "Panel", float64(dst[l]), want, math.Sqrt(float64(n))+1, 1e-6)
			}
		}
	})
}

// The splines of a point sum to one, their derivatives to zero, and a linear
// field is gathered exactly.
func TestSpline(t *testing.T) {
	eachTsneLevel(t, func(t *testing.T) {
		const n, cells = 300, 20
		m := &Mesh{LoX: -5, LoY: -5, Inv: 2, MaxX: cells - 0.001, MaxY: cells - 0.001, Stride: 32}
		size := (cells+6)*32 + 2
		y, w := randoms(2*n, 1), randoms(n, 2)
		y[0], y[1] = float32(math.NaN()), 1e30 // cut to the mesh
		var order []int32
		for i := range n {
			order = append(order, int32(n-1-i))
		}
		grid := shielded(make([]float32, size), 1)
		Spread(grid, m, shielded(y, 1), shielded(w, 1), order)
		var sum, want, mx, wantX float64
		for r := range cells + 6 {
			for c := range cells + 6 {
				v := float64(grid[r*32+c])
				sum += v
				mx += v * float64(c)
			}
		}
		for i := range n {
			want += float64(w[i])
			u := math.Min(math.Max((float64(y[2*i])+5)*2, 0), cells-0.001)
			if i == 0 {
				u = 0
			}
			// The mean of the nodes' places is u + 2: M_6 is centered at 3.
			wantX += float64(w[i]) * (u + 2)
		}
		near(t, "sum", sum, want, n, 1e-5)
		near(t, "moment", mx, wantX, 20*n, 1e-5)

		for r := range cells + 6 {
			for c := range 32 {
				grid[r*32+c] = 3 + 2*float32(c) - float32(r)
			}
		}
		phi, force := shielded(make([]float32, n), 2), shielded(make([]float32, 2*n), 3)
		Gather(phi, force, grid, m, shielded(y, 5), 0.5, 0, 100)
		Gather(phi, force, grid, m, shielded(y, 5), 0.5, 100, n)
		for i := 1; i < n; i++ {
			ux, uy := (float64(y[2*i])+5)*2, (float64(y[2*i+1])+5)*2
			near(t, "phi", float64(phi[i]), 3+2*(ux+2)-(uy+2), 100, 1e-6)
			near(t, "along x", float64(force[2*i]), 1, 1, 1e-4)
			near(t, "along y", float64(force[2*i+1]), -0.5, 1, 1e-4)
		}
	})
}

// On a grid and weights without any order, all levels agree with the pure Go
// form.
func TestSplineLevels(t *testing.T) {
	const n, cells = 300, 20
	m := &Mesh{LoX: -5, LoY: -4, Inv: 2, MaxX: cells - 0.001, MaxY: cells - 0.001, Stride: 32}
	y, w, field := randoms(2*n, 1), randoms(n, 2), randoms((cells+6)*32+2, 3)
	y[0], y[1], y[2], y[3] = float32(math.NaN()), 1e30, 1e30, -1e30 // cut to the mesh
	order := make([]int32, n)
	for i := range order {
		order[i] = int32(n - 1 - i)
	}
	want := make([]float32, len(field))
	spreadGo(want, m, y, w, order)
	wantPhi, wantForce := make([]float32, n), make([]float32, 2*n)
	gatherGo(wantPhi, wantForce, field, m, y, 0.5, 0, n)
	eachTsneLevel(t, func(t *testing.T) {
		grid := shielded(make([]float32, len(field)), 1)
		Spread(grid, m, shielded(y, 1), shielded(w, 1), order)
		for i, v := range want {
			near(t, fmt.Sprintf("node %d", i), float64(grid[i]), float64(v), 4, 1e-6)
		}
		phi, force := shielded(make([]float32, n), 2), shielded(make([]float32, 2*n), 3)
		Gather(phi, force, shielded(field, 3), m, shielded(y, 5), 0.5, 0, n)
		for i := range n {
			near(t, fmt.Sprintf("phi of %d", i), float64(phi[i]), float64(wantPhi[i]), 1, 1e-6)
			near(t, fmt.Sprintf("force on %d along x", i), float64(force[2*i]), float64(wantForce[2*i]), 1, 1e-6)
			near(t, fmt.Sprintf("force on %d along y", i), float64(force[2*i+1]), float64(wantForce[2*i+1]), 1, 1e-6)
		}
	})
}

func BenchmarkTsneKernel(b *testing.B) {
	const n = 20000
	y, w := randoms(2*n, 1), make([]float32, n)
	var order []int32
	for i := range n {
		y[2*i] = y[2*i]*10 + 50
		y[2*i+1] = y[2*i+1]*10 + 50
		w[i] = 1
		order = append(order, int32(i))
	}
	r := rand.New(rand.NewPCG(1, 2))
	ptr := []int64{0}
	var local, far []int32
	var val []float32
	for i := range n {
		for range 128 {
			local = append(local, int32(min(n-1, max(0, i+r.IntN(400)-200))))
			far = append(far, int32(r.IntN(n)))
			val = append(val, 1)
		}
		ptr = append(ptr, int64(len(local)))
	}
	phi, force := make([]float32, n), make([]float32, 2*n)
	m := &Mesh{Inv: 2, MaxX: 200, MaxY: 200, Stride: 224}
	grid := make([]float32, 224*208)
	best := level
	defer func() { level = best }()
	for _, l := range Levels() {
		run := func(name, unit string, per int, f func()) {
			b.Run(fmt.Sprintf("name=%s/level=%v", name, l), func(b *testing.B) {
				level = l
				for b.Loop() {
					f()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(per), "ns/"+unit)
			})
		}
		run("attract-local", "edge", len(local), func() { Attract(force, ptr, local, val, y, 1, 0, n) })
		run("attract-random", "edge", len(far), func() { Attract(force, ptr, far, val, y, 1, 0, n) })
		run("attract-log", "edge", len(local), func() { AttractLog(ptr, local, val, y, 1, 0, n) })
		run("spread", "point", n, func() { Spread(grid, m, y, w, order) })
		run("gather", "point", n, func() { Gather(phi, force, grid, m, y, 1, 0, n) })
		run("pairs", "pair", 16*n, func() {
			var p, fx, fy [Lanes]float64
			Pairs(&p, &fx, &fy, (*[Lanes]float32)(y), (*[Lanes]float32)(y[16:]), y, w, 1, 0, n)
		})
		x, pb := randoms(784, 1), randoms(784*16, 2)
		var u [Lanes]float32
		run("panel", "number", 784, func() { Panel(&u, x, pb) })
		run("panel-add", "number", 784, func() { PanelAdd(pb, x, &u) })
	}
}
