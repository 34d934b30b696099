package knn

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/semamap/semamap/internal/vec"
)

// curved is a set on a curved sheet of 5 dimensions in d.
func curved(seed uint64, n, d int) []float32 {
	r := rand.New(rand.NewPCG(seed, 3))
	a := make([]float64, 5*d)
	for i := range a {
		a[i] = r.NormFloat64()
	}
	x := make([]float32, n*d)
	for i := range n {
		var u [5]float64
		for c := range u {
			u[c] = r.NormFloat64()
		}
		for c := range d {
			var s float64
			for b, v := range u {
				s += v * a[b*d+c]
			}
			x[i*d+c] = float32(math.Sin(s/3) + 0.05*r.NormFloat64())
		}
	}
	return x
}

func recallOf(got, want *Graph) float64 {
	found := 0
	for i := range want.N {
		in := map[int32]bool{}
		wi, _ := want.Row(i)
		for _, j := range wi {
			in[j] = true
		}
		gi, _ := got.Row(i)
		for _, j := range gi {
			if in[j] {
				found++
			}
		}
	}
	return float64(found) / float64(want.N*want.K)
}

func TestDescent(t *testing.T) {
	const n, d, k = 2500, 24, 12
	x := Rows(curved(1, n, d), n, d)
	want, err := Search(context.Background(), x, k, nil)
	if err != nil {
		t.Fatal(err)
	}
	first, err := Search(context.Background(), x, k, &Settings{Method: Descent, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Check(); err != nil {
		t.Fatal(err)
	}
	share := recallOf(first, want)
	r := first.Recall
	t.Logf("recall %.5f, reported %v, %d rounds", share, r, first.Stats.rounds)
	if share < 0.95 || first.Stats.Method != Descent || r.rows != 1000 {
		t.Errorf("recall %v, %+v", share, first.Stats)
	}
	if !(r.Low <= share+0.002 && share <= r.High+0.002 && r.Low <= r.Mean && r.Mean <= r.High) {
		t.Errorf("true recall %v is not in %v", share, r)
	}
	for _, workers := range []int{1, 5} {
		again, err := Search(context.Background(), x, k, &Settings{Method: Descent, Seed: 7, Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		sameGraph(t, fmt.Sprint("workers=", workers), again, first)
		if again.Recall != first.Recall || again.Stats != first.Stats {
			t.Errorf("workers=%d: %+v, want %+v", workers, again, first)
		}
	}
	if _, err := Search(context.Background(), x, k, &Settings{Method: Descent, MaxMemory: first.Stats.Bytes - 1}); !errors.Is(err, ErrMemory) {
		t.Errorf("MaxMemory: %v", err)
	}
	again, err := Search(context.Background(), x, k, &Settings{Method: Descent, Seed: 7, MaxMemory: first.Stats.Bytes})
	if err != nil {
		t.Fatal(err)
	}
	sameGraph(t, "MaxMemory", again, first)
}

// The search goes on until MinRecall is reached, and fails where it cannot be.
func TestDescentMinRecall(t *testing.T) {
	const n, d, k = 3000, 40, 20
	x := Rows(normal(1, n*d), n, d)
	var last float64
	for _, least := range []float64{0, 0.99, 0.995} {
		g, err := Search(context.Background(), x, k, &Settings{Method: Descent, MinRecall: least})
		if err != nil {
			t.Fatal(least, err)
		}
		t.Log(least, g.Recall, g.Stats.rounds)
		if g.Recall.Mean < max(least, fairRecall) || g.Recall.Mean < last {
			t.Errorf("MinRecall %v: %v", least, g.Recall)
		}
		last = g.Recall.Mean
	}
	if last == 1 {
		t.Error("MinRecall is of no effect here")
	}
	g, err := Search(context.Background(), x, k, &Settings{Method: Descent, MinRecall: 1})
	if !errors.Is(err, ErrRecall) && (err != nil || g.Recall.Mean < 1) {
		t.Errorf("MinRecall 1: %v", err)
	}
}

// Every level of the kernels gives the same graph, also where float32 copies
// can hardly tell the rows apart.
func TestDescentLevels(t *testing.T) {
	const n, d, k = 1300, 11, 20
	sets := map[string][]float32{
		"curved":   curved(2, n, d),
		"mean":     curved(3, n, d),
		"clusters": curved(4, n, d),
		"near":     curved(5, n, d),
		"huge":     curved(6, n, d),
		"tiny":     curved(7, n, d),
		"ties":     curved(8, n, d),
	}
	for i := range n * d {
		sets["mean"][i] += 1e5
		sets["clusters"][i] = sets["clusters"][i]*1e-2 + float32(i/d%7)*1e4
		sets["near"][i] = 1 + sets["near"][i]*1e-6
		sets["huge"][i] *= 3e37
		sets["tiny"][i] *= 1e-38
		sets["ties"][i] = float32(math.Round(float64(sets["ties"][i]) * 1.5))
	}
	for name, x := range sets {
		if testing.Short() && name != "clusters" && name != "near" {
			continue
		}
		var first *Graph
		for _, l := range vec.Levels() {
			restore := vec.Force(l)
			g, err := Search(context.Background(), Rows(x, n, d), k, &Settings{Method: Descent, Seed: 3})
			restore()
			if err != nil {
				t.Fatal(name, err)
			}
			if first == nil {
				first = g
				t.Log(name, g.Recall, g.Stats)
				if g.Recall.Mean < 0.95 || g.Stats.Method != Descent {
					t.Errorf("%s: %v, %v", name, g.Recall, g.Stats)
				}
			}
			sameGraph(t, fmt.Sprint(name, " level=", l), g, first)
			if g.Recall != first.Recall {
				t.Errorf("%s level=%v: %v, want %v", name, l, g.Recall, first.Recall)
			}
		}
	}
}

// newDescent is a descent whose rows stand as they are.
func newDescent(x []float32, n, d, k int) *descent {
	e := &descent{workers: 2, n: n, d: roundUp(d, 8), k: k, g: newGraph(n, k), count: make([]int32, n)}
	flat := make([]float32, n*e.d)
	for i := range n {
		copy(flat[i*e.d:], x[i*d:(i+1)*d])
		e.orig = append(e.orig, int32(n-1-i)) // other numbers outside
	}
	e.rows = view{flat, nil, e.d, 0, n}
	return e
}

// met holds, for each row, all rows it was compared with.
type met []map[int32]bool

func (m met) all(rows []int32) {
	for _, i := range rows {
		for _, j := range rows {
			if i != j {
				m[i][j] = true
			}
		}
	}
}

// check compares the lists with the nearest of all that a row has met.
func (m met) check(t *testing.T, what string, e *descent) {
	t.Helper()
	for i := range m {
		var want []pair
		for j := range m[i] {
			want = append(want, pair{vec.SqDist(e.rows.row(i), e.rows.row(int(j))), e.orig[j]})
		}
		slices.SortFunc(want, comparePairs)
		want = want[:min(len(want), e.k)]
		index, dist := e.list(int32(i))
		if len(index) != len(want) {
			t.Fatalf("%s: row %d has %d entries, want %d", what, i, len(index), len(want))
		}
		for c, w := range want {
			if e.orig[unmark(index[c])] != w.j || dist[c] != w.d2 {
				t.Fatalf("%s: row %d, place %d: %d at %v, want %v", what, i, c, e.orig[unmark(index[c])], dist[c], w)
			}
		}
	}
}

// The lists hold the nearest of all rows that were in a leaf together,
// whatever the data and the kernel.
func TestLeaves(t *testing.T) {
	for name, s := range hard() {
		if s.d == 0 || s.d > 1000 {
			continue
		}
		s.n = min(s.n, 200)
		if testing.Short() {
			s.n = min(s.n, 90)
		}
		for _, l := range vec.Levels() {
			restore := vec.Force(l)
			for _, k := range []int{1, 15} {
				e := newDescent(s.x, s.n, s.d, k)
				m := make(met, s.n)
				for i := range m {
					m[i] = map[int32]bool{}
				}
				r := rand.New(rand.NewPCG(1, uint64(k)))
				for _, cut := range []int{s.n / 3, 13, s.n - 30} {
					order := make([]int32, s.n)
					for p, i := range r.Perm(s.n) {
						order[p] = int32(i)
					}
					if err := e.joinLeaves(t.Context(), order, []node{{lo: 0, hi: cut}, {lo: cut, hi: s.n}}); err != nil {
						t.Fatal(err)
					}
					m.all(order[:cut])
					m.all(order[cut:])
					m.check(t, fmt.Sprint(name, " level=", l, " k=", k, " cut=", cut), e)
				}
			}
			restore()
		}
	}
}

// A round compares each row with the neighbors of its neighbors and of those
// whose neighbor it is.
func TestExplore(t *testing.T) {
	const n, d, k = 300, 6, 12
	e := newDescent(normal(3, n*d), n, d, k)
	m := make(met, n)
	for i := range m {
		m[i] = map[int32]bool{}
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 2 {
		order := make([]int32, n)
		for p, i := range r.Perm(n) {
			order[p] = int32(i)
		}
		var leaves []node
		for lo := 0; lo < n; lo += 30 {
			leaves = append(leaves, node{lo: lo, hi: lo + 30})
			m.all(order[lo : lo+30])
		}
		if err := e.joinLeaves(t.Context(), order, leaves); err != nil {
			t.Fatal(err)
		}
	}
	last := 0
	for _, near := range []int{4, 4, 8, 10} {
		// By the definition: from neighbors all pairs, new or not, as old ones
		// have met. From the others only new ones, as a row may not have been
		// among them before.
		var lists [n][]int32
		var isNew [n][]bool
		for i := range n {
			index, _ := e.list(int32(i))
			for c, j := range index {
				lists[i] = append(lists[i], unmark(j))
				isNew[i] = append(isNew[i], j < 0 || last <= c && c < near)
			}
		}
		type other struct {
			i     int32
			isNew bool
		}
		back := make([][]other, n)
		for c := range near {
			for i := range n {
				if j := lists[i][c]; len(back[j]) < near {
					back[j] = append(back[j], other{int32(i), isNew[i][c]})
				}
			}
		}
		for i := range n {
			for _, j := range lists[i][:near] {
				for _, u := range lists[j][:10] {
					m[i][u] = true
				}
			}
			for _, v := range back[i] {
				if v.isNew {
					m[i][v.i] = true
				}
				for c, u := range lists[v.i][:10] {
					if v.isNew || isNew[v.i][c] {
						m[i][u] = true
					}
				}
			}
			delete(m[i], int32(i))
		}
		changed, err := e.explore(t.Context(), last, near, 10)
		if err != nil {
			t.Fatal(err)
		}
		last = near
		m.check(t, fmt.Sprint("near=", near), e)
		marked := int64(0)
		for _, j := range e.g.Index {
			if j < 0 {
				marked++
			}
		}
		if changed != marked || changed == 0 {
			t.Errorf("near=%d: %d entries are new, %d marked", near, changed, marked)
		}
	}
}

func TestIDSet(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	s := newIDSet(500)
	for range 20 {
		s.clear()
		in := map[int32]bool{}
		for range 500 {
			j := int32(r.IntN(1000)) << r.IntN(20)
			if s.add(j) == in[j] {
				t.Fatalf("row %d: known is %v", j, in[j])
			}
			in[j] = true
		}
	}
}

// Hard inputs: few distinct rows, ties, outliers, metrics.
func TestDescentHard(t *testing.T) {
	for name, x := range map[string][]float32{
		"ties":    normal(1, 1500*4),
		"line":    make([]float32, 1500*4),
		"outlier": normal(2, 1500*4),
	} {
		for i := range x {
			switch name {
			case "ties":
				x[i] = float32(math.Round(float64(x[i]) * 2))
			case "line":
				x[i] = float32(i / 4)
			}
		}
		if name == "outlier" {
			x[5] = 1e30
		}
		for _, metric := range []Metric{Euclidean, Cosine} {
			g, err := Search(context.Background(), Rows(x, 1500, 4), 10, &Settings{Method: Descent, Metric: metric})
			if err != nil {
				t.Fatal(name, err)
			}
			if err := g.Check(); err != nil {
				t.Fatal(name, err)
			}
			t.Log(name, metric, g.Recall, g.Stats)
			if name != "ties" && g.Recall.Mean < 0.9 {
				t.Error(name, metric, g.Recall)
			}
		}
	}
}

// Points of no columns are all at distance 0.
func TestDescentNoColumns(t *testing.T) {
	const n = 1500
	c := combination{Base: Rows[float32](nil, n, 0), Start: []int{0}}
	for i := range n { // rows with other terms count as distinct
		c.Index, c.Start = append(c.Index, int32(i)), append(c.Start, i+1)
	}
	g, err := Search(t.Context(), c, 5, &Settings{Method: Descent})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Check(); err != nil || slices.Max(g.Dist2) != 0 {
		t.Error(err, g.Stats)
	}
}
