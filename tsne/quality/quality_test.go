package quality

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/semamap/semamap/internal/golden"
	"github.com/semamap/semamap/internal/npy"
	"github.com/semamap/semamap/tsne/knn"
)

// reference is testdata/reference.json; see the README there.
type reference struct {
	N, D                    int
	X, Y, Val               []float32
	Labels, Col             []int32
	Ptr                     []int
	Weights                 []float64
	Trust, Continuity, Kept map[int]float64
	Accuracy                map[int]float64
	Spearman                float64
	SpearmanTies            float64 `json:"spearman_ties"`
	KL                      map[string]float64
}

func load(t testing.TB) *reference {
	b, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var r reference
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	return &r
}

func near64(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol*math.Max(1, math.Abs(want))) {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

var ctx = context.Background()

// p returns the affinities of the reference.
func (r *reference) p() knn.Points { return knn.CSR(r.N, r.Ptr, r.Col, r.Val) }

func TestNeighborhoodAgainstScikitLearn(t *testing.T) {
	r := load(t)
	x := knn.Rows(r.X, r.N, r.D)
	for k, want := range r.Trust {
		h, err := Compare(ctx, x, r.Y, 2, k, nil)
		if err != nil {
			t.Fatal(err)
		}
		near64(t, "trustworthiness", h.Trustworthiness, want, 1e-12)
		near64(t, "continuity", h.Continuity, r.Continuity[k], 1e-12)
		near64(t, "preservation", h.Preservation, r.Kept[k], 1e-12)
		if h.Rows != r.N {
			t.Errorf("Rows = %d", h.Rows)
		}
		// The same with data and map exchanged.
		y := knn.Rows(r.Y, r.N, 2)
		c, err := Compare(ctx, y, r.X, r.D, k, nil)
		if err != nil || c.Continuity != h.Trustworthiness || c.Trustworthiness != h.Continuity {
			t.Errorf("exchanged: %+v, %v, want %+v", c, err, h)
		}
		// From lists.
		p, err := Recall(graph(t, r.Y, 2, k), graph(t, r.X, r.D, r.N/2), k)
		if err != nil {
			t.Fatal(err)
		}
		near64(t, "preservation of lists", p, r.Kept[k], 1e-12)
	}
}

func TestPerfectAndBadMaps(t *testing.T) {
	r := load(t)
	flat := knn.Rows(r.Y, r.N, 2)
	h, err := Compare(ctx, flat, r.Y, 2, 10, nil)
	if err != nil || h.Preservation != 1 || h.Trustworthiness != 1 || h.Continuity != 1 {
		t.Errorf("a map of itself: %+v, %v", h, err)
	}
	if c, err := DistanceCorrelation(ctx, flat, r.Y, 2, nil); err != nil || math.Abs(c-1) > 1e-12 {
		t.Errorf("correlation with itself = %v, %v", c, err)
	}
	shuffled := slices.Clone(r.Y)
	rand.New(rand.NewPCG(1, 1)).Shuffle(r.N, func(i, j int) {
		for c := range 2 {
			shuffled[2*i+c], shuffled[2*j+c] = shuffled[2*j+c], shuffled[2*i+c]
		}
	})
	h, err = Compare(ctx, flat, shuffled, 2, 10, nil)
	if err != nil || h.Preservation > .2 || math.Abs(h.Trustworthiness-.5) > .06 || math.Abs(h.Continuity-.5) > .06 {
		t.Errorf("a shuffled map: %+v, %v", h, err)
	}
}

// graph returns the k nearest neighbors of n points of d numbers.
func graph(t testing.TB, x []float32, d, k int) *knn.Graph {
	t.Helper()
	g, err := knn.Search(ctx, knn.Rows(x, len(x)/d, d), k, nil)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// lists returns a graph of given lists.
func lists(k int, index ...int32) *knn.Graph {
	return &knn.Graph{N: len(index) / k, K: k, Index: index}
}

// Neighbors of some points are those among all, also on a place that many
// share.
func TestMapNeighbors(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for _, dims := range []int{1, 2, 3, 5} {
		y := make([]float32, 203*dims)
		for i := range y {
			y[i] = float32(rng.IntN(6)) * float32(i/dims%3) // many ties and copies
		}
		for _, k := range []int{1, 7, 101} {
			want := graph(t, y, dims, k)
			all := make([]int32, 203)
			for i := range all {
				all[i] = int32(i)
			}
			twice := slices.Clone(all) // as many as there are points, but not each
			twice[1] = 0
			for _, some := range [][]int32{{202, 0, 101, 0}, twice, all} {
				got, err := mapNeighbors(ctx, y, dims, k, some, 2)
				if err != nil {
					t.Fatal(err)
				}
				for r, i := range some {
					if index, _ := want.Row(int(i)); !slices.Equal(got[r*k:(r+1)*k], index) {
						t.Fatalf("dims %d, k %d: list of point %d differs when asked with %d others", dims, k, i, len(some)-1)
					}
				}
			}
		}
	}
}

func TestRecall(t *testing.T) {
	want := lists(3, 1, 2, 3, 2, 0, 3, 3, 1, 0, 0, 1, 2)
	got := lists(3, 1, 2, 0, 1, 3, 0, 0, 1, 2, 1, 2, 3)
	v, err := Recall(got, want, 3)
	if err != nil || v != (2.+2+2+2)/12 {
		t.Errorf("Recall = %v, %v", v, err)
	}
	v, err = Recall(got, want, 1)
	if err != nil || v != 1./4 {
		t.Errorf("Recall of the nearest = %v, %v", v, err)
	}
	if v, err := Recall(lists(3), lists(3), 3); err != nil || v != 1 {
		t.Errorf("Recall of nothing = %v, %v", v, err)
	}
}

func TestLabels(t *testing.T) {
	r := load(t)
	for k, want := range r.Accuracy {
		got, err := LabelAccuracy(graph(t, r.Y, 2, k), r.Labels, nil)
		if err != nil {
			t.Fatal(err)
		}
		near64(t, "accuracy", got, want, 1e-12)
	}
	const k = 10
	nn := graph(t, r.Y, 2, k)
	a, err := LabelAgreement(ctx, nn, r.Labels, nil)
	if err != nil {
		t.Fatal(err)
	}
	same := 0
	for e, j := range nn.Index {
		if r.Labels[e/k] == r.Labels[j] {
			same++
		}
	}
	near64(t, "share", a.Share, float64(same)/float64(len(nn.Index)), 0)
	counts := make([]float64, 4)
	for _, l := range r.Labels {
		counts[l]++
	}
	var chance float64
	for _, c := range counts {
		chance += c * (c - 1)
	}
	near64(t, "chance", a.Chance, chance/float64(r.N*(r.N-1)), 1e-15)
	if a.Points != r.N || a.P != 1./1000 || a.SD <= 0 || a.SD > .05 {
		t.Errorf("labels in clusters: %+v", a)
	}

	// Labels at random: P is uniform, so over seeds it must be neither always
	// small nor always large, and the share is near chance.
	small, large := 0, 0
	for seed := range uint64(40) {
		l := slices.Clone(r.Labels)
		rand.New(rand.NewPCG(seed, 9)).Shuffle(len(l), func(i, j int) { l[i], l[j] = l[j], l[i] })
		a, err := LabelAgreement(ctx, nn, l, &Settings{Permutations: 99, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(a.Share-a.Chance) > 5*a.SD {
			t.Errorf("seed %d: %+v", seed, a)
		}
		if a.P < .5 {
			small++
		} else {
			large++
		}
	}
	if small < 8 || large < 8 {
		t.Errorf("P of random labels is below ½ %d times and above %d times", small, large)
	}

	// Without permutations' luck: unlabeled points agree with nobody, and
	// chance knows that.
	l := slices.Clone(r.Labels)
	for i := range l {
		if i%3 == 0 {
			l[i] = -1
		}
	}
	a, err = LabelAgreement(ctx, nn, l, &Settings{Permutations: 2000, Seed: 1})
	if err != nil || a.Points != r.N-r.N/3 {
		t.Fatalf("%+v, %v", a, err)
	}
	full, err := LabelAgreement(ctx, nn, r.Labels, &Settings{Permutations: 10})
	if err != nil || a.Chance > .8*full.Chance {
		t.Errorf("chance %v with a third unlabeled, %v with all labels", a.Chance, full.Chance)
	}
	// Chance is the mean over all permutations: compare it with a mean over many.
	scrambled := slices.Clone(l)
	var mean float64
	const rounds = 400
	for s := range uint64(rounds) {
		b, err := LabelAgreement(ctx, nn, permuted(scrambled, s), &Settings{Permutations: 1})
		if err != nil {
			t.Fatal(err)
		}
		mean += b.Share / rounds
	}
	near64(t, "mean share of permuted labels", mean, a.Chance, 5*a.SD/math.Sqrt(rounds))

	// Lists of some rows only.
	some := []int32{5, 17, 40}
	sub := lists(k)
	for _, i := range some {
		index, _ := nn.Row(int(i))
		sub.N, sub.Index = sub.N+1, append(sub.Index, index...)
	}
	a, err = LabelAgreement(ctx, sub, r.Labels, &Settings{Rows: some, Permutations: 10})
	if err != nil || a.Points != 3 {
		t.Errorf("%+v, %v", a, err)
	}
}

// permuted deals the labels of the labeled points anew.
func permuted(labels []int32, seed uint64) []int32 {
	l := slices.Clone(labels)
	var at []int
	for i, v := range l {
		if v >= 0 {
			at = append(at, i)
		}
	}
	rand.New(rand.NewPCG(seed, 4)).Shuffle(len(at), func(i, j int) { l[at[i]], l[at[j]] = l[at[j]], l[at[i]] })
	return l
}

func TestDistanceCorrelation(t *testing.T) {
	r := load(t)
	x := knn.Rows(r.X, r.N, r.D)
	c, err := DistanceCorrelation(ctx, x, r.Y, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	near64(t, "Spearman", c, r.Spearman, 1e-12)
	rough := slices.Clone(r.Y)
	for i, v := range rough {
		rough[i] = float32(math.RoundToEven(float64(v) / 4))
	}
	c, err = DistanceCorrelation(ctx, x, rough, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	near64(t, "Spearman with ties", c, r.SpearmanTies, 1e-12)
	c, err = DistanceCorrelation(ctx, x, r.Y, 2, &Settings{Sample: 20000, Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	near64(t, "Spearman of a sample", c, r.Spearman, .02)
	for _, p := range []int64{0, 1, 2, 3, 1e9, 1<<53 - 1} {
		i, j := pairAt(p)
		if j < 0 || j >= i || int64(i)*int64(i-1)/2+int64(j) != p {
			t.Errorf("pairAt(%d) = %d, %d", p, i, j)
		}
	}
}

func TestKLAgainstDenseSums(t *testing.T) {
	r := load(t)
	for name, k := range map[string]*Settings{
		"plain":       nil,
		"weights":     {Weights: r.Weights},
		"freedom 2.5": {Freedom: 2.5},
		"both":        {Weights: r.Weights, Freedom: 2.5},
	} {
		got, err := KL(ctx, r.p(), r.Y, 2, k)
		if err != nil {
			t.Fatal(err)
		}
		near64(t, "KL "+name, got, r.KL[name], 1e-12)
	}
	// Any dimension, and P that sums to something else.
	val := slices.Clone(r.Val)
	for i := range val {
		val[i] *= 4
	}
	y3 := make([]float32, 3*r.N)
	for i := range r.N {
		copy(y3[3*i:], r.Y[2*i:2*i+2])
	}
	got, err := KL(ctx, knn.CSR(r.N, r.Ptr, r.Col, val), y3, 3, nil)
	if err != nil {
		t.Fatal(err)
	}
	near64(t, "KL in the space", got, r.KL["plain"], 1e-12)
}

func TestGoldenMaps(t *testing.T) {
	for _, c := range []struct{ p, m string }{{"n500", "start"}, {"n500", "late"}, {"n500", "hard"}, {"n2000", "start"}, {"n2000", "late"}} {
		t.Run(c.p+"-"+c.m, func(t *testing.T) {
			ptr32 := array[int32](t, c.p+"-p-ptr")
			ptr := make([]int, len(ptr32))
			for i, v := range ptr32 {
				ptr[i] = int(v)
			}
			y := array[float32](t, c.p+"-"+c.m+"-y")
			if c.m == "start" {
				y = array[float32](t, c.p+"-start-y")
			}
			val := array[float64](t, c.p+"-p-val")
			val32 := make([]float32, len(val))
			for i, v := range val {
				val32[i] = float32(v)
			}
			zkl := array[float64](t, c.p+"-"+c.m+"-zkl")
			kl, err := KL(ctx, knn.CSR(len(ptr)-1, ptr, array[int32](t, c.p+"-p-col"), val32), y, 2, nil)
			if err != nil {
				t.Fatal(err)
			}
			near64(t, "KL", kl, zkl[1], 1e-7) // float32 P
		})
	}
}

func array[T npy.Number](t *testing.T, name string) []T {
	t.Helper()
	f, err := os.Open(golden.Shared(t, "golden/tsne/"+name+".npy"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	v, _, err := npy.Read[T](f)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Data are measured as they were given: groups so far apart that float32 merges
// the rows of each, which are numbers along a line.
func TestWide(t *testing.T) {
	const n, k = 60, 3
	x, y, z := make([]float64, n), make([]float32, n), make([]float32, n)
	for i := range n {
		at := (i * 7) % 20
		x[i] = float64(i/20)*1e12 + float64(at*at)
		y[i] = float32(i/20*10000 + at*at) // the true map
		z[i] = float32(i)                  // what is left in the order of the rows
	}
	for _, p := range []knn.Points{knn.Rows(x, n, 1), knn.Select(knn.Rows(x, n, 1), all(n))} {
		a, err := Compare(ctx, p, y, 1, k, nil)
		if err != nil || a.Preservation != 1 || a.Trustworthiness != 1 || a.Continuity != 1 {
			t.Errorf("true map: %+v, %v", a, err)
		}
		if a, err = Compare(ctx, p, z, 1, k, nil); err != nil || a.Preservation > .5 {
			t.Errorf("other map: %+v, %v", a, err)
		}
		if c, err := DistanceCorrelation(ctx, p, y, 1, nil); err != nil || c < .99 {
			t.Errorf("correlation %v, %v", c, err)
		}
	}
}

func all(n int) []int32 {
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = int32(i)
	}
	return rows
}

func TestSampling(t *testing.T) {
	r := load(t)
	all, err := new(Settings).rows(5)
	if err != nil || !slices.Equal(all, []int32{0, 1, 2, 3, 4}) {
		t.Errorf("all rows: %v, %v", all, err)
	}
	seen := make([]int, 50)
	for seed := range uint64(500) {
		s, err := (&Settings{Sample: 10, Seed: seed}).rows(50)
		if err != nil || len(s) != 10 || !slices.IsSorted(s) || len(slices.Compact(slices.Clone(s))) != 10 {
			t.Fatalf("sample %v, %v", s, err)
		}
		for _, i := range s {
			seen[i]++
		}
	}
	for i, n := range seen {
		if n < 60 || n > 140 { // 100 expected, standard deviation 9
			t.Errorf("row %d drawn %d times of 500", i, n)
		}
	}
	// The mean over a sample is the mean over its rows.
	h, err := Compare(ctx, knn.Rows(r.X, r.N, r.D), r.Y, 2, 5, &Settings{Sample: 60, Seed: 1})
	if err != nil || h.Rows != 60 || math.Abs(h.Trustworthiness-r.Trust[5]) > .05 {
		t.Errorf("sampled: %+v, %v", h, err)
	}
}

func TestSameBits(t *testing.T) {
	r := load(t)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var want []float64
	for _, procs := range []int{1, 2, 3, 8} {
		runtime.GOMAXPROCS(procs)
		kl, err1 := KL(ctx, r.p(), r.Y, 2, &Settings{Weights: r.Weights})
		h, err2 := Compare(ctx, knn.Rows(r.X, r.N, r.D), r.Y, 2, 7, &Settings{Sample: 77, Seed: 3})
		c, err3 := DistanceCorrelation(ctx, knn.Rows(r.X, r.N, r.D), r.Y, 2, &Settings{Sample: 5000, Seed: 3})
		a, err4 := LabelAgreement(ctx, graph(t, r.Y, 2, 7), r.Labels, &Settings{Permutations: 50, Seed: 2})
		if err := errors.Join(err1, err2, err3, err4); err != nil {
			t.Fatal(err)
		}
		got := []float64{kl, h.Preservation, h.Trustworthiness, h.Continuity, c, a.Share, a.Chance, a.SD, a.P}
		if want == nil {
			want = got
		}
		if !slices.Equal(got, want) {
			t.Errorf("GOMAXPROCS %d: %v, want %v", procs, got, want)
		}
	}
}

func TestBadInput(t *testing.T) {
	r := load(t)
	x := knn.Rows(r.X, r.N, r.D)
	nan := float32(math.NaN())
	badY := slices.Clone(r.Y)
	badY[7] = nan
	many := make([]float32, 30000)
	for i := range many {
		many[i] = float32(i)
	}
	infX := slices.Clone(r.X)
	infX[3*r.D+4] = float32(math.Inf(1))
	badX := knn.Rows(infX, r.N, r.D)
	edit := func(f func(*reference)) *reference { c := load(t); f(c); return c }
	kl := func(r *reference, k *Settings) error {
		_, err := KL(ctx, r.p(), r.Y, 2, k)
		return err
	}
	compare := func(x knn.Points, y []float32, dims, k int, s *Settings) error {
		_, err := Compare(ctx, x, y, dims, k, s)
		return err
	}
	agree := func(g *knn.Graph, labels []int32, s *Settings) error {
		_, err := LabelAgreement(ctx, g, labels, s)
		return err
	}
	one := func(_ float64, err error) error { return err }
	for _, c := range []struct {
		want string
		err  error
	}{
		{"240 numbers in 7 dimensions", compare(x, r.Y, 7, 5, nil)},
		{"in 0 dimensions", compare(x, r.Y, 0, 5, nil)},
		{"point 3, coordinate 1 is NaN", compare(x, badY, 2, 5, nil)},
		{"row 3, column 4 is +Inf", compare(badX, r.Y, 2, 5, nil)},
		{"row 3, column 4 is +Inf", one(DistanceCorrelation(ctx, badX, r.Y, 2, nil))},
		{"119 points", compare(x, r.Y[2:], 2, 5, nil)},
		{"k = 60", compare(x, r.Y, 2, 60, nil)},
		{"k = 0", compare(x, r.Y, 2, 0, nil)},
		{"distances, not rows", compare(knn.Distances(knn.Rows(make([]float32, r.N*r.N), r.N, r.N)), r.Y, 2, 5, nil)},
		{"Rows is empty", compare(x, r.Y, 2, 5, &Settings{Rows: []int32{}})},
		{"Sample is -1", compare(x, r.Y, 2, 5, &Settings{Sample: -1})},
		{"no pair", one(DistanceCorrelation(ctx, knn.Rows([]float32{}, 0, 3), nil, 2, nil))},
		{"pairs; draw", one(DistanceCorrelation(ctx, knn.Rows(many, 30000, 1), many, 1, nil))},
		{"P: ", kl(edit(func(r *reference) { r.Ptr[5] = 0 }), nil)},
		{"P: ", kl(edit(func(r *reference) { r.Ptr[r.N]++ }), nil)},
		{"P: ", kl(edit(func(r *reference) { r.Col[1] = 120 }), nil)},
		{"row 0: column 0", kl(edit(func(r *reference) { r.Col[0] = 0 }), nil)},
		{"row 0, column 56: value NaN", kl(edit(func(r *reference) { r.Val[2] = nan }), nil)},
		{"row 0, column 56: value -1", kl(edit(func(r *reference) { r.Val[2] = -1 }), nil)},
		{"sums to 0", kl(edit(func(r *reference) { clear(r.Val) }), nil)},
		{"Freedom is NaN", kl(r, &Settings{Freedom: math.NaN()})},
		{"1 weights", kl(r, &Settings{Weights: []float64{1}})},
		{"weight 2 is 0", kl(r, &Settings{Weights: func() []float64 { w := slices.Clone(r.Weights); w[2] = 0; return w }()})},
		{"graph is nil", agree(nil, nil, nil)},
		{"lists of 0", agree(new(knn.Graph), nil, nil)},
		{"3 indices in 1 lists of 2", agree(&knn.Graph{N: 1, K: 2, Index: make([]int32, 3)}, nil, nil)},
		{"list 0, entry 1: index 9 of 2", agree(lists(2, 1, 9), []int32{0, 0}, nil)},
		{"2 lists of neighbors for 1 labels", agree(lists(1, 0, 0), []int32{0}, nil)},
		{"1 lists of neighbors for 2 rows", agree(lists(1, 0), []int32{0}, &Settings{Rows: []int32{0, 0}})},
		{"Rows, list 0, entry 0: index 120", agree(lists(1, 0), make([]int32, 120), &Settings{Rows: []int32{120}})},
		{"Rows, list 0, entry 0: index 120", compare(x, r.Y, 2, 3, &Settings{Rows: []int32{120}})},
		{"no labeled", agree(lists(1, 1, 0), []int32{-1, -1}, nil)},
		{"Permutations is -1", agree(lists(1, 1, 0), []int32{1, 1}, &Settings{Permutations: -1})},
		{"no labeled", one(LabelAccuracy(lists(1, 1, 0), []int32{-1, -1}, nil))},
		{"2 lists to compare with 1", one(Recall(lists(1, 0, 1), lists(1, 0), 1))},
		{"want has 3 indices in 1 lists of 2", one(Recall(lists(1, 0), &knn.Graph{N: 1, K: 2, Index: make([]int32, 3)}, 2))},
		{"k = 2 of lists of 1", one(Recall(lists(1, 0), lists(1, 0), 2))},
		{"row 5 has 3 numbers, not 9", compare(short{x, 5}, r.Y, 2, 3, nil)},
		{"row 5 has 3 numbers, not 9", one(DistanceCorrelation(ctx, short{x, 5}, r.Y, 2, nil))},
	} {
		if !errors.Is(c.err, ErrInput) || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("error %v, want one about %q", c.err, c.want)
		}
	}
}

func TestTinyMaps(t *testing.T) {
	for n := range 3 {
		y := make([]float32, 2*n)
		v, err := KL(ctx, knn.CSR(n, make([]int, n+1), nil, []float32{}), y, 2, nil)
		if n < 2 && (v != 0 || err != nil) {
			t.Errorf("n = %d: KL = %v, %v", n, v, err)
		}
	}
	// Two points at a known distance: P = ½ each, Q = ½ each.
	if v, err := KL(ctx, knn.Rows([]float32{0, .5, .5, 0}, 2, 2), []float32{0, 0, 3, 4}, 2, nil); math.Abs(v) > 1e-15 || err != nil {
		t.Errorf("KL of two points = %v, %v", v, err)
	}
}

func TestCancelled(t *testing.T) {
	r := load(t)
	done, cancel := context.WithCancel(ctx)
	cancel()
	x := knn.Rows(r.X, r.N, r.D)
	_, err1 := KL(done, r.p(), r.Y, 2, nil)
	_, err2 := Compare(done, x, r.Y, 2, 5, nil)
	_, err3 := DistanceCorrelation(done, x, r.Y, 2, nil)
	_, err4 := LabelAgreement(done, lists(1, make([]int32, r.N)...), r.Labels, nil)
	for i, err := range []error{err1, err2, err3, err4} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("call %d: %v", i+1, err)
		}
	}
	// In the middle of the one long loop.
	mid, stop := context.WithCancel(ctx)
	_, err := Compare(mid, stopper{x, stop}, r.Y, 2, 5, nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("canceled inside: %v", err)
	}
}

// stopper cancels when a row of the data is read.
type stopper struct {
	knn.Points
	stop func()
}

func (s stopper) Row(dst []float32, i int) ([]float32, error) {
	s.stop()
	return s.Points.Row(dst, i)
}

// short has a row with too few numbers.
type short struct {
	knn.Points
	row int
}

func (s short) Row(dst []float32, i int) ([]float32, error) {
	row, err := s.Points.Row(dst, i)
	if i == s.row {
		row = row[:3]
	}
	return row, err
}

// torn is data whose row 7 cannot be read.
type torn struct{ knn.Points }

var errTorn = errors.New("torn")

func (s torn) Row(dst []float32, i int) ([]float32, error) {
	if i == 7 {
		return nil, errTorn
	}
	return s.Points.Row(dst, i)
}

// Rows of float64 lose nothing to an offset that float32 could not bear.
func TestWideRows(t *testing.T) {
	r := load(t)
	x := make([]float64, len(r.X))
	for i, v := range r.X {
		x[i] = float64(v) + 1e9
	}
	want, err1 := Compare(ctx, knn.Rows(r.X, r.N, r.D), r.Y, 2, 5, nil)
	got, err2 := Compare(ctx, knn.Rows(x, r.N, r.D), r.Y, 2, 5, nil)
	if err := errors.Join(err1, err2); err != nil || got != want {
		t.Errorf("%+v, want %+v, %v", got, want, err)
	}
}

// Errors of rows are passed on with the row.
func TestRowErrors(t *testing.T) {
	r := load(t)
	x := torn{knn.Rows(r.X, r.N, r.D)}
	_, err1 := Compare(ctx, x, r.Y, 2, 5, nil)
	_, err2 := DistanceCorrelation(ctx, x, r.Y, 2, nil)
	for _, err := range []error{err1, err2} {
		if !errors.Is(err, errTorn) || !strings.Contains(err.Error(), "row 7") {
			t.Error(err)
		}
	}
}

func TestPairSum(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for n := range 20 {
		ys := make([]float32, 2*n)
		var sum float64
		for j := range n {
			ys[2*j], ys[2*j+1] = float32(rng.NormFloat64()), float32(rng.NormFloat64())
			sum += 1 / (1 + sqDist32([]float32{.5, -1}, ys[2*j:2*j+2]))
		}
		near64(t, "pairSum2", pairSum2(.5, -1, ys), sum, 1e-14)
	}
	// Products of two terms must not overflow for any float32.
	if s := pairSum2(0, 0, []float32{3e38, 3e38, -3e38, 0, 1, 0, 0, 1}); s != 1 {
		t.Errorf("far points: %v", s)
	}
}

// Equal rows of the data count once, at the place of the first: copies hide
// nothing.
func TestCopies(t *testing.T) {
	r := load(t)
	const times = 12
	shuffled := slices.Clone(r.Y)
	rand.New(rand.NewPCG(1, 1)).Shuffle(r.N, func(i, j int) {
		for c := range 2 {
			shuffled[2*i+c], shuffled[2*j+c] = shuffled[2*j+c], shuffled[2*i+c]
		}
	})
	x := slices.Repeat(r.X, times)
	data, once := knn.Rows(x, r.N*times, r.D), knn.Rows(r.X, r.N, r.D)
	for name, y := range map[string][]float32{"good": r.Y, "bad": shuffled} {
		want, err := Compare(ctx, once, y, 2, 10, nil)
		if err != nil || want.Copies != 0 {
			t.Fatal(want, err)
		}
		many := slices.Repeat(y, times)
		got, err := Compare(ctx, data, many, 2, 10, nil)
		want.Copies = (times - 1) * r.N
		if err != nil || got != want {
			t.Errorf("%s map: %+v with copies, %+v without; %v", name, got, want, err)
		}
		// Given rows are those of the data; copies of one of them are that one.
		a, err1 := Compare(ctx, once, y, 2, 10, &Settings{Rows: []int32{7, 3}})
		b, err2 := Compare(ctx, data, many, 2, 10, &Settings{Rows: []int32{7, int32(3 + 2*r.N), 3}})
		a.Copies = want.Copies
		if err := errors.Join(err1, err2); err != nil || a != b || b.Rows != 2 {
			t.Errorf("%s map, some rows: %+v with copies, %+v without; %v", name, b, a, err)
		}
		c, err1 := DistanceCorrelation(ctx, once, y, 2, nil)
		d, err2 := DistanceCorrelation(ctx, data, many, 2, nil)
		if err := errors.Join(err1, err2); err != nil || c != d {
			t.Errorf("%s map: correlation %v with copies, %v without; %v", name, d, c, err)
		}
		// If every row counts, copies make any map of them look perfect.
		all, err := Compare(ctx, data, many, 2, 10, &Settings{CountCopies: true})
		if err != nil || all.Preservation != 1 || all.Rows != r.N*times || all.Copies != want.Copies {
			t.Errorf("%s map: %+v if copies count; %v", name, all, err)
		}
		e, err := DistanceCorrelation(ctx, data, many, 2, &Settings{CountCopies: true})
		if err != nil || !(e > d) {
			t.Errorf("%s map: correlation %v if copies count, %v if not; %v", name, e, d, err)
		}
	}
	for _, s := range []*Settings{{Rows: []int32{int32(r.N * times)}}, {Rows: []int32{-1}}, {Rows: []int32{}}} {
		if _, err := Compare(ctx, data, slices.Repeat(r.Y, times), 2, 10, s); !errors.Is(err, ErrInput) {
			t.Errorf("%+v: %v", s, err)
		}
	}
	if _, err := Compare(ctx, data, slices.Repeat(r.Y, times), 2, r.N/2, nil); !errors.Is(err, ErrInput) || !strings.Contains(err.Error(), "120") {
		t.Errorf("k is half of the distinct rows: %v", err)
	}
}

// Copies among rows that float32 is too coarse for do not change how the map is
// measured.
func TestCompareWideCopies(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	const n = 300
	x, y := make([]float64, n), make([]float32, n)
	for i := range x {
		x[i] = 1e9*float64(i%2) + 1e-3*rng.Float64()
		y[i] = float32(i%2)*1000 + float32(1e3*math.Mod(x[i], 1))
	}
	once, err := Compare(t.Context(), knn.Rows(x, n, 1), y, 1, 10, nil)
	if err != nil {
		t.Fatal(err)
	}
	twice, err := Compare(t.Context(), knn.Rows(append(x[:n:n], x...), 2*n, 1), append(y[:n:n], y...), 1, 10, nil)
	if err != nil {
		t.Fatal(err)
	}
	if twice.Copies != n+once.Copies || twice.Preservation != once.Preservation || once.Preservation < 0.9 {
		t.Errorf("%+v, with copies %+v", once, twice)
	}
}
