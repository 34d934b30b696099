package knn

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/semamap/semamap/internal/golden"
	"github.com/semamap/semamap/internal/npy"
	"github.com/semamap/semamap/internal/vec"
)

func readGolden[T npy.Number](t *testing.T, name string) []T {
	t.Helper()
	f, err := os.Open(golden.Shared(t, "golden/tsne/"+name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	x, _, err := npy.Read[T](f)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// The lists of an independent program, on MNIST's bytes; 12 of 2,000 rows have
// ties.
func TestGolden(t *testing.T) {
	b := golden.Unzip(t, golden.Shared(t, "data/mnist-70k.u8.gz"), 2000*784)
	x := make([]float32, len(b))
	for i, v := range b {
		x[i] = float32(v)
	}
	best := vec.Best()
	eachLevel(func(l vec.Level) {
		for _, n := range []int{500, 2000} {
			if n > 500 && l == vec.Go && best != l {
				continue // slow; without other levels it runs
			}
			want := readGolden[int32](t, fmt.Sprintf("n%d-neighbours.npy", n))
			g, err := Search(context.Background(), Rows(x[:n*784], n, 784), 90, nil)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(g.Index, want) {
				t.Errorf("%v n=%d: the lists differ", l, n)
			}
			if n == 500 {
				for c, d2 := range readGolden[int32](t, "n500-d2.npy") {
					if g.Dist2[c] != float64(d2) {
						t.Fatalf("%v: distance %d is %v, want %v", l, c, g.Dist2[c], d2)
					}
				}
			}
		}
	})
}

// What float32 cannot prove is searched again, what it can is not. Lumps are
// left out, as they would prove the lists of the clusters.
func TestRechecked(t *testing.T) {
	disabled = optLumps
	defer func() { disabled = 0 }()
	sets := hard()
	for name, some := range map[string]bool{"normal": false, "clusters": true, "whole": false, "mean": false, "huge": false} {
		s := sets[name]
		eachLevel(func(l vec.Level) {
			g, err := Search(context.Background(), Rows(s.x, s.n, s.d), 10, nil)
			if err != nil {
				t.Fatal(err)
			}
			if (g.Stats.Rechecked > 0) != some {
				t.Errorf("%s at %v: %+v", name, l, g.Stats)
			}
			sameGraph(t, fmt.Sprint(name, l), g, oracle(t, Rows(s.x, s.n, s.d), Rows(s.x, s.n, s.d), 10, true, Euclidean))
		})
	}
}

func TestMetrics(t *testing.T) {
	x := normal(1, 250*12)
	clear(x[3*12 : 4*12])
	clear(x[7*12 : 8*12])
	for c := range 12 {
		x[9*12+c] = 0.1
		x[11*12+c] = x[10*12+c] * 3
	}
	for _, metric := range []Metric{Cosine, Correlation} {
		for _, p := range []Points{Rows(x, 250, 12), struct{ Points }{Rows(x, 250, 12)}} {
			for _, limit := range []int64{0, 1 << 20} {
				g, err := Search(context.Background(), p, 249, &Settings{Metric: metric, MaxMemory: limit * 16})
				if err != nil {
					t.Fatal(err)
				}
				sameGraph(t, fmt.Sprint(metric), g, oracle(t, p, p, 249, true, metric))
				index, d2 := g.Row(3)
				if index[0] != 7 || d2[0] != 0 {
					t.Errorf("%v: a row of zeros has %d at %v first", metric, index[0], d2[0])
				}
				if last := d2[248]; math.Abs(last-1) > 1e-6 {
					t.Errorf("%v: a row of zeros is at %v from another", metric, last)
				}
			}
		}
		// Against the textbook.
		for _, pair := range [][2]int{{0, 1}, {20, 200}} {
			a, b := slices.Clone(x[pair[0]*12:][:12]), slices.Clone(x[pair[1]*12:][:12])
			if metric == Correlation {
				for _, v := range [][]float32{a, b} {
					var m float32
					for _, w := range v {
						m += w / 12
					}
					for c := range v {
						v[c] -= m
					}
				}
			}
			var ab, aa, bb float64
			for c := range a {
				ab += float64(a[c]) * float64(b[c])
				aa += float64(a[c]) * float64(a[c])
				bb += float64(b[c]) * float64(b[c])
			}
			want := 2 * (1 - ab/math.Sqrt(aa*bb))
			g, err := Search(context.Background(), Rows(x, 250, 12), 249, &Settings{Metric: metric})
			if err != nil {
				t.Fatal(err)
			}
			index, d2 := g.Row(pair[0])
			if got := d2[slices.Index(index, int32(pair[1]))]; math.Abs(got-want) > 1e-5 {
				t.Errorf("%v: %v, want %v", metric, got, want)
			}
		}
	}
}

func TestFunc(t *testing.T) {
	x := Rows(normal(1, 200*5), 200, 5)
	manhattan := func(a, b []float32) float64 {
		var s float64
		for c := range a {
			s += math.Abs(float64(a[c]) - float64(b[c]))
		}
		return s
	}
	g, err := Search(context.Background(), x, 7, &Settings{Func: manhattan, Workers: 3})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Check(); err != nil {
		t.Fatal(err)
	}
	a, _ := x.Row(nil, 4)
	index, d2 := g.Row(4)
	b, _ := x.Row(nil, int(index[0]))
	if want := manhattan(a, b); d2[0] != want*want {
		t.Errorf("%v, want %v", d2[0], want*want)
	}
	for j := range 200 {
		b, _ := x.Row(nil, j)
		if v := manhattan(a, b); j != 4 && v*v < d2[6] && !slices.Contains(index, int32(j)) {
			t.Errorf("row %d is missing", j)
		}
	}
	for _, bad := range []float64{math.NaN(), -1, math.Inf(1), 1e200} {
		_, err := Search(context.Background(), x, 7, &Settings{Func: func(a, b []float32) float64 { return bad }})
		var ve *ValueError
		if !errors.As(err, &ve) || ve.Row != 0 || ve.Col != 1 || !errors.Is(err, ErrValue) {
			t.Errorf("distance %v: %v", bad, err)
		}
	}
}

func TestQuery(t *testing.T) {
	for name, s := range hard() {
		if s.n < 20 || s.d > 1000 {
			continue
		}
		m := s.n / 3
		x, ref := Rows(s.x[:m*s.d], m, s.d), Rows(s.x[m*s.d:], s.n-m, s.d)
		for _, k := range []int{0, 1, 12, s.n - m} {
			if testing.Short() && k > 300 {
				continue
			}
			want := oracle(t, ref, x, k, false, Euclidean)
			for _, set := range []*Settings{nil, {Workers: 3, MaxMemory: 1 << 28}} {
				for _, q := range []Points{x, struct{ Points }{x}} {
					got, err := Query(context.Background(), ref, q, k, set)
					if err != nil {
						t.Fatal(name, k, err)
					}
					sameGraph(t, fmt.Sprint(name, " k=", k), got, want)
				}
			}
		}
	}
	if g, err := Query(context.Background(), Rows[float32](nil, 0, 3), Rows(make([]float32, 6), 2, 3), 0, nil); err != nil || g.N != 2 {
		t.Error("an empty reference:", err)
	}
	if g, err := Query(context.Background(), Rows(make([]float32, 6), 2, 3), Rows[float32](nil, 0, 3), 2, nil); err != nil || g.N != 0 {
		t.Error("an empty query:", err)
	}
	c := combined(4, 300, 20, 30, true)
	x := Rows(normal(3, 50*30), 50, 30)
	got, err := Query(context.Background(), c, x, 9, &Settings{Metric: Cosine})
	if err != nil {
		t.Fatal(err)
	}
	sameGraph(t, "combination", got, oracle(t, materialized(c), x, 9, false, Cosine))
}

func TestDistances(t *testing.T) {
	x := Rows(normal(1, 100*3), 100, 3)
	want := oracle(t, x, x, 99, true, Euclidean)
	full := make([]float64, 100*100)
	for i := range 100 {
		full[i*101] = math.NaN() // ignored
		index, d2 := want.Row(i)
		for c, j := range index {
			v := math.Sqrt(d2[c])
			full[i*100+int(j)], d2[c] = v, v*v
		}
	}
	search := func(n, k int) (*Graph, error) {
		return Search(context.Background(), Distances(Rows(full[:n*n], n, n)), k, nil)
	}
	for _, k := range []int{0, 1, 20, 99} {
		g, err := search(100, k)
		if err != nil {
			t.Fatal(err)
		}
		sameGraph(t, fmt.Sprint("k=", k), g, truncated(want, k))
	}
	for _, bad := range []float64{math.NaN(), math.Inf(-1), 1e200, -1} {
		full[42*100+17], full[70*100+3] = bad, bad
		_, err := search(100, 3)
		var ve *ValueError
		if !errors.As(err, &ve) || ve.Row != 42 || ve.Col != 17 {
			t.Errorf("%v: %v", bad, err)
		}
	}
	for _, n := range []int{0, 1} {
		_, err := search(n, 1)
		if err == nil {
			t.Errorf("n = %d has a neighbor", n)
		}
	}
	if g, err := search(0, 0); err != nil || g.N != 0 {
		t.Error(err)
	}
	if _, err := Search(context.Background(), Distances(Rows(full[:6], 2, 3)), 1, nil); !errors.Is(err, ErrPoints) {
		t.Error(err)
	}
	// Some of the points, of float32 and of float64.
	full[42*100+17], full[70*100+3], full[17*100+42], full[3*100+70] = 1, 1, 1, 1
	narrow := make([]float32, len(full))
	for i, v := range full {
		narrow[i] = float32(v)
		full[i] = float64(narrow[i])
	}
	some := []int32{3, 70, 17, 4, 9, 42}
	less := func(x Points) *Graph {
		g, err := Search(context.Background(), Select(Select(Distances(x), some), []int32{1, 3, 5, 2}), 2, nil)
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	g := less(Rows(full, 100, 100))
	sameGraph(t, "float32", less(Rows(narrow, 100, 100)), g)
	v := func(i, j int) float64 { return full[100*i+j] * full[100*i+j] }
	all := []float64{v(70, 4), v(70, 42), v(70, 17)}
	slices.Sort(all)
	if !slices.Equal(g.Dist2[:2], all[:2]) {
		t.Error(g, all)
	}
}

// dims is a set of points that lies about its shape.
type dims struct{ n, d int }

func (p dims) Dims() (n, d int)                      { return p.n, p.d }
func (p dims) Row([]float32, int) ([]float32, error) { panic("no rows") }

// A metric is named in a message.
func TestMetricName(t *testing.T) {
	_, err := Search(context.Background(), Rows([]float32{1, 2}, 2, 1), 1, &Settings{Metric: Cosine, Func: func(a, b []float32) float64 { return 0 }})
	if err == nil || err.Error() != "setting Metric = Cosine: must be zero when Func is given" {
		t.Error(err)
	}
}

func TestErrors(t *testing.T) {
	x := Rows(normal(1, 30), 10, 3)
	ctx := context.Background()
	for name, c := range map[string]struct {
		x    Points
		k    int
		s    *Settings
		want error
	}{
		"k":        {x, 10, nil, ErrSetting},
		"k < 0":    {x, -1, nil, ErrSetting},
		"no rows":  {Rows[float32](nil, 0, 3), 1, nil, ErrSetting},
		"nil":      {nil, 0, nil, ErrPoints},
		"nil comb": {combination{}, 0, nil, ErrPoints},
		"n < 0":    {dims{-1, 3}, 0, nil, ErrPoints},
		"d < 0":    {dims{3, -1}, 0, nil, ErrPoints},
		"overflow": {dims{1 << 30, 1 << 30}, 1, nil, ErrPoints},
		"method":   {x, 1, &Settings{Method: 77}, ErrSetting},
		"metric":   {x, 1, &Settings{Metric: 77}, ErrSetting},
		"workers":  {x, 1, &Settings{Workers: -1}, ErrSetting},
		"memory":   {x, 1, &Settings{MaxMemory: -1}, ErrSetting},
		"too few":  {x, 1, &Settings{MaxMemory: 10}, ErrMemory},
		"recall":   {x, 1, &Settings{MinRecall: math.NaN()}, ErrSetting},
		"recall 2": {x, 1, &Settings{MinRecall: 2}, ErrSetting},
		"gram":     {x, 1, &Settings{Method: Gram}, ErrSetting},
		"func":     {x, 1, &Settings{Func: func(a, b []float32) float64 { return 0 }, Metric: Cosine, Method: Gram}, ErrSetting},
	} {
		if g, err := Search(ctx, c.x, c.k, c.s); !errors.Is(err, c.want) || g != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := Search(ctx, x, 1, &Settings{Workers: -1, MaxMemory: -2, Metric: 9})
	for _, part := range []string{"Workers = -1", "MaxMemory = -2", "Metric = 9"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v does not tell of %s", err, part)
		}
	}
	for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))} {
		for col := range 7 {
			y := normal(1, 70)
			y[5*7+col], y[9*7] = bad, bad
			for _, s := range []*Settings{nil, {Metric: Cosine}, {Metric: Correlation}, {Func: func(a, b []float32) float64 { return 0 }}} {
				_, err := Search(ctx, Rows(y, 10, 7), 1, s)
				var ve *ValueError
				if !errors.As(err, &ve) || ve.Row != 5 || ve.Col != col || !errors.Is(err, ErrValue) {
					t.Errorf("%v in column %d: %v", bad, col, err)
				}
			}
			if _, err := Query(ctx, Rows(normal(1, 70), 10, 7), Rows(y, 10, 7), 1, nil); !errors.Is(err, ErrValue) || !strings.HasPrefix(err.Error(), "query: ") {
				t.Error(err)
			}
			if _, err := Query(ctx, Rows(y, 10, 7), Rows(normal(1, 70), 10, 7), 1, nil); !errors.Is(err, ErrValue) || !strings.HasPrefix(err.Error(), "reference: ") {
				t.Error(err)
			}
		}
	}
	if _, err := Query(ctx, x, Rows(normal(1, 40), 10, 4), 1, nil); !errors.Is(err, ErrPoints) {
		t.Error(err)
	}
	if _, err := Query(ctx, x, x, 11, nil); !errors.Is(err, ErrSetting) {
		t.Error(err)
	}
	for _, x := range []Points{Rows(make([]float32, 5), 2, 3), Rows(make([]float64, 5), 2, 3), Rows[float32](nil, 2, -1), Slices([][]float64{{1}, {1, 2}})} {
		if _, err := Search(ctx, x, 1, nil); !errors.Is(err, ErrPoints) {
			t.Errorf("%T of a wrong length: %v", x, err)
		}
		if _, err := x.Row(nil, 0); !errors.Is(err, ErrPoints) {
			t.Errorf("%T of a wrong length: row: %v", x, err)
		}
	}
}

func TestCheck(t *testing.T) {
	good := func() *Graph {
		return &Graph{N: 3, K: 2, Index: []int32{1, 2, 0, 2, 1, 0}, Dist2: []float64{1, 2, 1, 1, 0, 3}}
	}
	if err := good().Check(); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(g *Graph){
		"short":       func(g *Graph) { g.Index = g.Index[:5] },
		"negative N":  func(g *Graph) { g.N = -3 },
		"overflow":    func(g *Graph) { g.N, g.K = math.MaxInt32, math.MaxInt },
		"range":       func(g *Graph) { g.Index[3] = 3 },
		"below":       func(g *Graph) { g.Index[3] = -1 },
		"self":        func(g *Graph) { g.Index[2] = 1 },
		"repeated":    func(g *Graph) { g.Index[1] = 1 },
		"NaN":         func(g *Graph) { g.Dist2[4] = math.NaN() },
		"negative d2": func(g *Graph) { g.Dist2[4] = -1 },
		"order":       func(g *Graph) { g.Dist2[0] = 5 },
	} {
		g := good()
		spoil(g)
		if err := g.Check(); !errors.Is(err, ErrGraph) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := (*Graph)(nil).Check(); !errors.Is(err, ErrGraph) {
		t.Error(err)
	}
}

// FuzzSearch compares a search of small sets of odd numbers with the
// definition; sets that are not finite must be refused by place.
func FuzzSearch(f *testing.F) {
	f.Add(uint64(1), uint8(20), uint8(3), uint8(4), uint8(0))
	f.Add(uint64(2), uint8(200), uint8(17), uint8(100), uint8(5))
	f.Add(uint64(3), uint8(50), uint8(1), uint8(49), uint8(250))
	f.Fuzz(func(t *testing.T, seed uint64, n, d, k, odd uint8) {
		r := rand.New(rand.NewPCG(seed, uint64(odd)))
		special := []float32{0, float32(math.Copysign(0, -1)), 1, 1e30, -1e30, 1e-30, math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32, 1e6, float32(math.NaN()), float32(math.Inf(1))}
		x := make([]float32, int(n)*int(d))
		finite := true
		for i := range x {
			x[i] = float32(r.NormFloat64())
			switch {
			case odd&1 != 0 && i >= len(x)/2:
				x[i] = x[i-len(x)/2] // copies
			case odd&2 != 0:
				x[i] = float32(math.Round(float64(x[i])))
			case odd&4 != 0:
				x[i] = x[i]*1e-6 + 1e3
			}
			if r.IntN(256) < int(odd>>3) {
				x[i] = special[r.IntN(len(special))]
			}
			finite = finite && isFinite(x[i])
		}
		p := Rows(x, int(n), int(d))
		g, err := Search(context.Background(), p, int(k), nil)
		switch {
		case int(k) > max(0, int(n)-1):
			if !errors.Is(err, ErrSetting) {
				t.Fatal(err)
			}
		case !finite:
			var ve *ValueError
			if !errors.As(err, &ve) || isFinite(x[ve.Row*int(d)+ve.Col]) {
				t.Fatal(err)
			}
		case err != nil:
			t.Fatal(err)
		default:
			sameGraph(t, "fuzz", g, oracle(t, p, p, int(k), true, Euclidean))
		}
	})
}

// FuzzCombination compares a search through inner products with the rows, and
// demands an error, no panic, for malformed terms.
func FuzzCombination(f *testing.F) {
	f.Add(uint64(1), uint8(30), uint8(5), uint8(8), []byte{1, 2, 3, 4, 5, 6, 7})
	f.Add(uint64(2), uint8(9), uint8(2), uint8(0), []byte{0, 0, 1, 1, 200})
	f.Fuzz(func(t *testing.T, seed uint64, n, v, d uint8, b []byte) {
		r := rand.New(rand.NewPCG(seed, 0))
		c := combination{Base: Rows(normal(seed, int(v)*int(d)), int(v), int(d)), Start: []int{0}}
		at := 0
		next := func() byte {
			if len(b) == 0 {
				return 0
			}
			at++
			return b[at%len(b)]
		}
		for range n {
			for range next() % 4 {
				c.Index = append(c.Index, int32(next())%int32(max(int(v), 1)))
				if seed&1 == 0 {
					c.Weight = append(c.Weight, float32(r.NormFloat64()))
				}
			}
			c.Start = append(c.Start, len(c.Index))
		}
		if seed&2 != 0 && len(c.Index) > 0 {
			c.Index[0] = int32(next()) - 3
		}
		if seed&4 != 0 {
			c.Start[len(c.Start)-1] += int(next()) - 2
		}
		k := int(next()) % int(max(n, 1))
		g, err := Search(context.Background(), c, k, &Settings{Method: Gram})
		if err != nil {
			if !errors.Is(err, ErrPoints) && !errors.Is(err, ErrSetting) {
				t.Fatal(err)
			}
			return
		}
		m := materialized(c)
		sameGraph(t, "fuzz", g, oracle(t, m, m, k, true, Euclidean))
	})
}

// FuzzGraph: Check never panics, and what it accepts can be walked.
func FuzzGraph(f *testing.F) {
	f.Add(3, 2, []byte{1, 2, 0, 2, 1, 0})
	f.Add(-1, math.MaxInt, []byte{})
	f.Fuzz(func(t *testing.T, n, k int, b []byte) {
		g := &Graph{N: n, K: k}
		for i, v := range b {
			g.Index = append(g.Index, int32(v)-1)
			g.Dist2 = append(g.Dist2, float64(i))
		}
		if g.Check() != nil {
			return
		}
		for i := range g.N {
			if index, _ := g.Row(i); slices.Contains(index, int32(i)) {
				t.Fatal("a row is its own neighbor")
			}
		}
	})
}
