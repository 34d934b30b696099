package tsne

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/semamap/semamap/internal/lemmawork"
	"github.com/semamap/semamap/internal/vec"
	"github.com/semamap/semamap/tsne/knn"
	"github.com/semamap/semamap/tsne/quality"
)

// groups returns five groups of n/5 points each in 20 dimensions.
func groups(n int) ([]float32, int) {
	const d = 20
	r := rand.New(rand.NewPCG(14, 1))
	var center [5][d]float32
	for g := range center {
		for c := range d {
			center[g][c] = float32(3 * r.NormFloat64())
		}
	}
	x := make([]float32, n*d)
	for i := range x {
		x[i] = center[i/d*5/n][i%d] + float32(r.NormFloat64())
	}
	return x, d
}

// heavy returns how often each of n rows occurs: mostly once, at most 54 times,
// as in the study.
func heavy(n int, seed uint64) []int {
	r := rand.New(rand.NewPCG(seed, 2))
	times := make([]int, n)
	for i := range times {
		times[i] = min(54, int(math.Pow(1-r.Float64(), -0.7)))
	}
	return times
}

// repeat returns the rows, each as often as times says, in random order but for
// the first copies, which keep theirs; from[i] is the row that row i copies.
func repeat(x []float32, d int, times []int) (y []float32, from []int) {
	var late []int
	for i, t := range times {
		for range t - 1 {
			late = append(late, i)
		}
	}
	r := rand.New(rand.NewPCG(7, 3))
	r.Shuffle(len(late), func(i, j int) { late[i], late[j] = late[j], late[i] })
	add := func(i int) { from, y = append(from, i), append(y, x[i*d:i*d+d]...) }
	next := 0
	for i := range times { // a copy of an earlier row now and then
		add(i)
		for next < len(late) && late[next] <= i && r.IntN(2) == 0 {
			add(late[next])
			next++
		}
	}
	for _, i := range late[next:] {
		add(i)
	}
	return y, from
}

func times(n, k int) []int { return slices.Repeat([]int{k}, n) }

// With copies the map of the distinct rows is the one without, to the last bit,
// and so are P, KL and the settings that depend on the number of rows.
func TestCopiesChangeNothing(t *testing.T) {
	defer func(n int) { permuteMin = n }(permuteMin)
	permuteMin = 500
	x, d := groups(600)
	n := len(x) / d
	for _, c := range []copying{
		{"one row", x, d, append([]int{600}, times(n-1, 1)...), Settings{}},
		{"twice", x, d, times(n, 2), Settings{}},
		{"20 times", x, d, times(n, 20), Settings{Expert: &Expert{Method: Mesh}}},
		{"100 times", x[:60*d], d, times(60, 100), Settings{}},
		{"heavy tail", x, d, heavy(n, 1), Settings{Start: Spectral()}},
		{"in space", x, d, heavy(n, 2), Settings{Dims: 3}},
		{"on a line", x, d, heavy(n, 3), Settings{Dims: 1, Freedom: 0.7}},
		{"cosine", x, d, heavy(n, 4), Settings{Metric: knn.Cosine, Start: Random()}},
		{"two rows", x[:2*d], d, []int{5, 1}, Settings{}},
		{"three rows", x[:3*d], d, []int{1, 9, 2}, Settings{}},
	} {
		t.Run(c.name, c.test)
	}
}

func TestDigitCopies(t *testing.T) {
	const n = 300
	(&copying{"digits", mnist(t, n), 784, times(n, 30), Settings{}}).test(t)
}

// copying is rows, how often each of them is given, and how they are embedded.
type copying struct {
	name  string
	x     []float32
	d     int
	times []int
	s     Settings
}

func (c *copying) test(t *testing.T) {
	n := len(c.times)
	c.s.Phases = []Phase{{Steps: 60, Exaggeration: 12}, {Steps: 60}}
	want := embed(t, c.x, n, c.d, &c.s)
	y, from := repeat(c.x, c.d, c.times)
	got := embed(t, y, len(from), c.d, &c.s)
	if got.Stats.Distinct != n || got.Stats.Unsolved != want.Stats.Unsolved || got.Perplexity != want.Perplexity || got.KL != want.KL {
		t.Errorf("%+v, KL %v; alone %+v, KL %v", got.Stats, got.KL, want.Stats, want.KL)
	}
	for i, u := range from {
		a, b := got.Y[i*got.Dims:][:got.Dims], want.Y[u*got.Dims:][:got.Dims]
		if !slices.Equal(a, b) {
			t.Fatalf("row %d of %d, a copy of %d, is at %v, alone at %v", i, len(from), u, a, b)
		}
	}
	// New points go where they go without copies.
	new := slices.Clone(c.x[:c.d*min(n, 40)])
	for i := c.d; i < len(new); i++ { // the first is known
		new[i] += 0.3
	}
	added := Rows(new, len(new)/c.d, c.d)
	a, err := want.Transform(t.Context(), Rows(c.x, n, c.d), added, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := got.Transform(t.Context(), Rows(y, len(from), c.d), added, nil)
	if err != nil || !slices.Equal(a, b) {
		t.Errorf("new points lie elsewhere (%v)", err)
	}
}

// Multiples of a row, by the cosine, are copies: they lie at no distance, but for
// rounding.
func TestMultiples(t *testing.T) {
	x, d := groups(60)
	n := len(x) / d
	r := rand.New(rand.NewPCG(3, 3))
	flat := slices.Clone(x) // whose rows sum to zero, as a metric sees them
	for row := range slices.Chunk(flat, d) {
		row[0] -= sum(row)
	}
	for _, c := range []struct {
		m     knn.Metric
		x     []float32
		times int
	}{{knn.Cosine, x, 3}, {knn.Cosine, x, 100}, {knn.Correlation, flat, 40}} {
		many, from := repeat(c.x, d, times(n, c.times))
		seen := map[int]bool{}
		for i, u := range from {
			if seen[u] {
				f := float32(math.Exp(r.NormFloat64()))
				for e := range d {
					many[i*d+e] *= f
				}
			}
			seen[u] = true
		}
		s := &Settings{Metric: c.m, Phases: short, Start: Spectral()}
		want := embed(t, c.x, n, d, s)
		got := embed(t, many, len(from), d, s)
		if got.Stats.Distinct != n || got.Perplexity != want.Perplexity {
			t.Errorf("metric %v: %+v", c.m, got.Stats)
		}
		for i, u := range from {
			if !slices.Equal(got.Y[2*i:2*i+2], want.Y[2*u:2*u+2]) {
				t.Fatalf("metric %v: row %d, a multiple of %d, lies elsewhere", c.m, i, u)
			}
		}
		s.Duplicates = Keep
		if kept := embed(t, many[:50*d], 50, d, s); kept.Stats.Distinct != 50 {
			t.Errorf("metric %v, kept: %+v", c.m, kept.Stats)
		}
	}
}

func sum(row []float32) (s float32) {
	for _, v := range row {
		s += v
	}
	return s
}

// Lemmas of the same tokens, in the shares of the study, are merged the same way
// as points of any other kind.
func TestLemmaCopies(t *testing.T) {
	const rows, tokens, d = 5000, 900, 32
	w := lemmawork.Make(rows, tokens, d)
	for c, many := range []int{54, 48, 44, 41, 38, 36, 34, 32, 31} { // the most frequent ones of the study
		for range many - 1 {
			w.Index = append(w.Index, w.Index[w.Start[c]:w.Start[c+1]]...)
			w.Start = append(w.Start, len(w.Index))
		}
	}
	x := knn.Combine(Rows(w.Base, tokens, d), w.Start, w.Index, nil)
	of, first, err := knn.Distinct(t.Context(), x, 0)
	if err != nil || len(first) > rows*8/10 {
		t.Fatal(len(first), err)
	}
	s := &Settings{Phases: short}
	got, err := Embed(t.Context(), x, s)
	if err != nil {
		t.Fatal(err)
	}
	want, err := Embed(t.Context(), knn.Select(x, first), s)
	if err != nil {
		t.Fatal(err)
	}
	if got.KL != want.KL {
		t.Errorf("KL %v, of the distinct rows alone %v", got.KL, want.KL)
	}
	for i, u := range of {
		if !slices.Equal(got.Y[2*i:2*i+2], want.Y[2*u:2*u+2]) {
			t.Fatalf("row %d lies elsewhere than distinct row %d alone", i, u)
		}
	}
}

// Rows of zeros beside five groups leave the groups as they are. This is about
// quality, since the zeros are one more point.
func TestZerosBeside(t *testing.T) {
	n := 1500
	if testing.Short() || vec.Best() == vec.Go {
		n = 500
	}
	x, d := groups(n)
	kept := func(m int, s *Settings) float64 {
		res := embed(t, append(slices.Clone(x), make([]float32, m*d)...), n+m, d, s)
		h, err := quality.Compare(t.Context(), Rows(x, n, d), res.Y[:2*n], 2, 10, nil)
		if err != nil {
			t.Fatal(err)
		}
		return h.Preservation
	}
	alone := kept(0, &Settings{})
	for _, m := range []int{1, n} {
		got := kept(m, &Settings{})
		t.Logf("%d zeros: knn10 %.3f of %.3f", m, got, alone)
		if got < 0.95*alone {
			t.Errorf("%d zeros: knn10 %.3f of the others, alone %.3f", m, got, alone)
		}
	}
	// Counted by weights, copies have their part in P and Q, but do not scale
	// the repulsion of the others down.
	m := n
	s := &Settings{Weights: slices.Repeat([]float64{1}, n+m)}
	got := kept(m, s)
	t.Logf("%d zeros that count: knn10 %.3f", m, got)
	if got < 0.9*alone {
		t.Errorf("%d zeros that count: knn10 %.3f of the others, alone %.3f", m, got, alone)
	}
}

// KL is never negative, and with given weights it is that of all copies, with no
// pair of copies of one row in P and Q.
func TestKLNotNegative(t *testing.T) {
	for n := range 6 {
		x, _ := blobs(n, 3, 2, uint64(n))
		for dims := 1; dims <= 3; dims++ {
			for _, m := range []Method{Exact, Mesh, Tree} {
				if m == Mesh && dims == 3 {
					continue
				}
				s := &Settings{Dims: dims, Expert: &Expert{Method: m}}
				for range 2 {
					res := embed(t, x, n, 3, s)
					if !(res.KL >= 0) || n < 3 && res.KL > 0.01 {
						t.Errorf("%d rows in %d-D by method %v: KL %v", n, dims, m, res.KL)
					}
					s.Weights = make([]float64, n)
					for i := range s.Weights {
						s.Weights[i] = float64(1 + 7*i)
					}
				}
			}
		}
	}
}

// A weight that outweighs all others does not spoil the forces: the mesh, on
// which a point feels a little of itself, gives way.
func TestHeavyWeight(t *testing.T) {
	const n = 2000
	x, _ := blobs(n, 5, 6, 4)
	for _, heavy := range []float64{1, 20, 1000, 1e9} {
		s := &Settings{Weights: make([]float64, n), Phases: []Phase{{Steps: 20, Exaggeration: 12}, {Steps: 30}}}
		for i := range s.Weights {
			s.Weights[i] = 1
		}
		s.Weights[17] = heavy
		r, err := New(t.Context(), Rows(x, n, 5), s)
		if err != nil {
			t.Fatal(err)
		}
		advance(r, 1<<30)
		res, err := r.Result()
		if err != nil {
			t.Fatal(err)
		}
		finite(t, res.Y)
		place := int(r.places()[17])
		z, used := r.rep.run(r.y, &r.box)
		fast := slices.Clone(r.rep.force)
		r.rep.method = Exact
		want, _ := r.rep.run(r.y, &r.box)
		var e, rms float64
		for c := range 2 {
			d := float64(fast[2*place+c]) - float64(r.rep.force[2*place+c])
			e += d * d
		}
		for _, f := range r.rep.force {
			rms += float64(f) * float64(f)
		}
		rms = math.Sqrt(rms / n)
		what := fmt.Sprintf("weight %v, method %v: Z off by %.1e, force of the heavy row by %.1e of rms", heavy, used, z/want-1, math.Sqrt(e)/rms)
		t.Log(what, r.box.side())
		if math.Abs(z/want-1) > 0.003 || math.Sqrt(e) > 0.1*rms {
			t.Error(what)
		}
	}
}
