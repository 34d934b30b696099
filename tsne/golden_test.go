package tsne

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/semamap/semamap/internal/golden"
	"github.com/semamap/semamap/internal/npy"
	"github.com/semamap/semamap/tsne/knn"
)

// load reads an array of the reference values: from testdata, which has those
// of the smallest set, or else from the large test data.
func load[T npy.Number](t testing.TB, name string) []T {
	t.Helper()
	var r io.Reader
	if f, err := os.Open("testdata/" + name + ".npy.gz"); err == nil {
		defer f.Close()
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	} else {
		f, err := os.Open(golden.Shared(t, "golden/tsne/"+name+".npy"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		r = f
	}
	x, _, err := npy.Read[T](r)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// weightsOne returns n weights of 1.
func weightsOne(n int) []float32 {
	w := make([]float32, n)
	for i := range w {
		w[i] = 1
	}
	return w
}

func boxOf(y []float32, dims int) *box {
	b := &box{}
	for c := range dims {
		b.lo[c], b.hi[c] = y[c], y[c]
	}
	for i, v := range y {
		c := i % dims
		b.lo[c], b.hi[c] = min(b.lo[c], v), max(b.hi[c], v)
	}
	return b
}

func repel(t testing.TB, y []float32, dims int, w []float32, s Settings) (*repulsor, float64, Method) {
	t.Helper()
	n := len(y) / dims
	if w == nil {
		w = weightsOne(n)
	}
	if err := s.fill(n); err != nil {
		t.Fatal(err)
	}
	r := newRepulsor(n, dims, w, &s, newPool(s.Workers))
	z, m := r.run(y, boxOf(y, dims))
	return r, z, m
}

// rmsError returns the rms of got − want relative to the rms of want, and the
// largest error likewise.
func rmsError(got []float32, want []float64, dims int) (rms, largest float64) {
	var e, s float64
	for i := 0; i < len(want); i += dims {
		var e2 float64
		for c := range dims {
			d := float64(got[i+c]) - want[i+c]
			e2 += d * d
			s += want[i+c] * want[i+c]
		}
		e += e2
		largest = max(largest, e2)
	}
	n := float64(len(want) / dims)
	return math.Sqrt(e / s), math.Sqrt(largest / (s / n))
}

func TestRepulsionGolden(t *testing.T) {
	for _, name := range []string{"n500-start", "n500-late", "n500-hard", "n2000-start", "n2000-late"} {
		y := load[float32](t, name+"-y")
		rep := load[float64](t, name+"-rep")
		phi := load[float64](t, name+"-phi")
		zkl := load[float64](t, name+"-zkl")
		for _, m := range []Method{Exact, Mesh, Tree, Auto} {
			t.Run(fmt.Sprintf("%s/%v", name, m), func(t *testing.T) {
				r, z, used := repel(t, y, 2, nil, Settings{Expert: &Expert{Method: m}})
				rms, largest := rmsError(r.force, rep, 2)
				zerr := z/zkl[0] - 1
				var phiErr float64
				for i, p := range phi {
					phiErr = max(phiErr, math.Abs(float64(r.phi[i])+r.base-p)/p)
				}
				t.Logf("%v: force rms %.2e max %.2e, Z %+.2e, phi %.1e, side %.1f", used, rms, largest, zerr, phiErr, boxOf(y, 2).side())
				limF, limZ := 0.02, 0.003
				if used == Exact {
					limF, limZ = 1e-5, 1e-6
				}
				if !(rms < limF && math.Abs(zerr) < limZ) {
					t.Errorf("%v: force rms %v, Z %v", used, rms, zerr)
				}
			})
		}
	}
}

// The affinities of given neighbors, which needs no large test data.
func TestAffinitiesOfNeighbors(t *testing.T) {
	g := &knn.Graph{N: 500, K: 90, Index: load[int32](t, "n500-neighbours"), Dist2: load[float64](t, "n500-d2")}
	a, err := NewAffinities(context.Background(), g, nil)
	if err != nil {
		t.Fatal(err)
	}
	col, val := load[int32](t, "n500-p-col"), load[float64](t, "n500-p-val")
	if !slices.Equal(a.Col, col) {
		t.Fatal("columns differ")
	}
	for e, want := range val {
		if math.Abs(float64(a.Val[e])-want) > 1e-7*want {
			t.Fatalf("entry %d is %v, want %v", e, a.Val[e], want)
		}
	}
	for i, want := range load[int32](t, "n500-p-ptr") {
		if a.Ptr[i] != int64(want) {
			t.Fatalf("row %d begins at %d, want %d", i, a.Ptr[i], want)
		}
	}
}

func TestAffinitiesGolden(t *testing.T) {
	for _, n := range []int{500, 2000} {
		name := fmt.Sprintf("n%d-", n)
		x := mnist(t, n)
		g, err := knn.Search(context.Background(), Rows(x, n, 784), 90, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, j := range load[int32](t, name+"neighbours") {
			if g.Index[i] != j {
				t.Fatalf("neighbor %d of row %d is %d, want %d", i%90, i/90, g.Index[i], j)
			}
		}
		beta := load[float64](t, name+"beta")
		p := make([]float64, 90)
		var worst float64
		for i := range n {
			b, ok := calibrate(p, g.Dist2[i*90:(i+1)*90], nil, 30)
			if !ok {
				t.Fatal(i)
			}
			worst = max(worst, math.Abs(b/beta[i]-1))
		}
		if worst > 1e-9 {
			t.Errorf("beta is off by %v", worst)
		}
		t.Logf("beta %.1e", worst)
		a, err := NewAffinities(context.Background(), g, nil)
		if err != nil {
			t.Fatal(err)
		}
		ptr, col, val := load[int32](t, name+"p-ptr"), load[int32](t, name+"p-col"), load[float64](t, name+"p-val")
		if len(col) != len(a.Col) {
			t.Fatalf("%d entries, want %d", len(a.Col), len(col))
		}
		for i := range ptr {
			if int64(ptr[i]) != a.Ptr[i] {
				t.Fatal("row pointers differ")
			}
		}
		worst = 0
		for e := range col {
			if col[e] != a.Col[e] {
				t.Fatal("columns differ")
			}
			worst = max(worst, math.Abs(float64(a.Val[e])-val[e])/val[e])
		}
		if worst > 1e-7 {
			t.Errorf("P is off by %v", worst)
		}
		t.Logf("P %.1e", worst)
	}
}
