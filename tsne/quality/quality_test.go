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
)

// rows are plain rows of data.
type rows struct {
	x    []float32
	n, d int
}

func (r rows) Dims() (n, d int)         { return r.n, r.d }
func (r rows) Row(dst []float32, i int) { copy(dst[:r.d], r.x[i*r.d:]) }

type field struct{ Phi, Rep []float64 }

// reference is testdata/reference.json; see the README there.
type reference struct {
	N, D                    int
	X, Y, Val               []float32
	Labels, Col             []int32
	Ptr                     []int64
	Weights                 []float64
	Trust, Continuity, Kept map[int]float64
	Accuracy                map[int]float64
	Spearman                float64
	SpearmanTies            float64 `json:"spearman_ties"`
	KL                      map[string]float64
	Field                   map[string]field
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

func TestNeighborhoodAgainstScikitLearn(t *testing.T) {
	r := load(t)
	x := rows{r.X, r.N, r.D}
	for k, want := range r.Trust {
		h, err := CompareNeighbors(ctx, x, r.Y, 2, k, Sample{})
		if err != nil {
			t.Fatal(err)
		}
		near64(t, "trustworthiness", h.Trustworthiness, want, 1e-12)
		near64(t, "continuity", h.Continuity, r.Continuity[k], 1e-12)
		near64(t, "preservation", h.Preservation, r.Kept[k], 1e-12)
		if h.K != k || h.Rows != r.N {
			t.Errorf("K, Rows = %d, %d", h.K, h.Rows)
		}
		// The same with data and map exchanged.
		y := rows{r.Y, r.N, 2}
		c, err := Continuity(ctx, y, r.X, r.D, k, Sample{})
		if err != nil || c != h.Trustworthiness {
			t.Errorf("exchanged continuity = %v, %v, want %v", c, err, h.Trustworthiness)
		}
		tr, err := Trustworthiness(ctx, y, r.X, r.D, k, Sample{})
		if err != nil || tr != h.Continuity {
			t.Errorf("exchanged trustworthiness = %v, %v, want %v", tr, err, h.Continuity)
		}
		// From lists.
		a, err1 := Neighbors(ctx, r.X, r.D, k, nil, 0)
		b, err2 := Neighbors(ctx, r.Y, 2, k, nil, 0)
		p, err3 := Preservation(a, b, k, r.N)
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		near64(t, "preservation of lists", p, r.Kept[k], 1e-12)
	}
}

func TestPerfectAndBadMaps(t *testing.T) {
	r := load(t)
	flat := rows{r.Y, r.N, 2}
	h, err := CompareNeighbors(ctx, flat, r.Y, 2, 10, Sample{})
	if err != nil || h.Preservation != 1 || h.Trustworthiness != 1 || h.Continuity != 1 {
		t.Errorf("a map of itself: %+v, %v", h, err)
	}
	if c, err := DistanceCorrelation(ctx, flat, r.Y, 2, Sample{}); err != nil || math.Abs(c-1) > 1e-12 {
		t.Errorf("correlation with itself = %v, %v", c, err)
	}
	shuffled := slices.Clone(r.Y)
	rand.New(rand.NewPCG(1, 1)).Shuffle(r.N, func(i, j int) {
		for c := range 2 {
			shuffled[2*i+c], shuffled[2*j+c] = shuffled[2*j+c], shuffled[2*i+c]
		}
	})
	h, err = CompareNeighbors(ctx, flat, shuffled, 2, 10, Sample{})
	if err != nil || h.Preservation > .2 || math.Abs(h.Trustworthiness-.5) > .06 || math.Abs(h.Continuity-.5) > .06 {
		t.Errorf("a shuffled map: %+v, %v", h, err)
	}
}

// bruteLists is the definition of Neighbors.
func bruteLists(y []float32, dims, k int) []int32 {
	n := len(y) / dims
	var out []int32
	for i := range n {
		var all []near
		for j := range n {
			if j != i {
				all = append(all, near{sqDist32(y[i*dims:(i+1)*dims], y[j*dims:(j+1)*dims]), int32(j)})
			}
		}
		slices.SortFunc(all, compareNear)
		for _, e := range all[:k] {
			out = append(out, e.j)
		}
	}
	return out
}

func TestNeighborsExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for _, dims := range []int{1, 2, 3, 5} {
		for name, at := range map[string]func(i, c int) float32{
			"normal":    func(_, _ int) float32 { return float32(rng.NormFloat64()) },
			"grid":      func(_, _ int) float32 { return float32(rng.IntN(6)) }, // many ties and copies
			"equal":     func(_, _ int) float32 { return 3 },
			"line":      func(i, c int) float32 { return float32(i % 50 * c) },
			"outliers":  func(i, _ int) float32 { return float32(rng.NormFloat64() * math.Pow(10, float64(i%30))) },
			"two lumps": func(i, _ int) float32 { return float32(i%2) * 1e30 },
		} {
			for _, n := range []int{1, 2, 12, 13, 14, 25, 26, 27, 203} {
				y := make([]float32, n*dims)
				for i := range n {
					for c := range dims {
						y[i*dims+c] = at(i, c)
					}
				}
				for _, k := range []int{0, 1, 7, n - 1} {
					if k > n-1 {
						continue
					}
					want := bruteLists(y, dims, k)
					got, err := Neighbors(ctx, y, dims, k, nil, 3)
					if err != nil || !slices.Equal(got, want) {
						t.Fatalf("%s, dims %d, n %d, k %d: %v, %v, want %v", name, dims, n, k, got, err, want)
					}
					some := []int32{int32(n - 1), 0, int32(n / 2), 0}
					got, err = Neighbors(ctx, y, dims, k, some, 2)
					if err != nil {
						t.Fatal(err)
					}
					for r, i := range some {
						if !slices.Equal(got[r*k:(r+1)*k], want[int(i)*k:int(i+1)*k]) {
							t.Fatalf("%s, dims %d, n %d, k %d: list of point %d differs when asked alone", name, dims, n, k, i)
						}
					}
				}
			}
		}
	}
}

// Coincident points must not make the search quadratic: every box of the tree
// would then have to be opened.
func TestNeighborsOfCoincidentPoints(t *testing.T) {
	const n = 100_000
	y := make([]float32, 2*n)
	got, err := Neighbors(ctx, y, 2, 10, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := []int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	for _, i := range []int{10, 5000, n - 1} {
		if !slices.Equal(got[i*10:i*10+10], want) {
			t.Errorf("neighbours of %d: %v", i, got[i*10:i*10+10])
		}
	}
}

func TestRecallAndShorten(t *testing.T) {
	want := []int32{1, 2, 3, 2, 0, 3, 3, 1, 0, 0, 1, 2}
	got := []int32{1, 2, 0, 1, 3, 0, 0, 1, 2, 1, 2, 3}
	v, err := Recall(got, 3, want, 3, 4)
	if err != nil || v != (2.+2+2+2)/12 {
		t.Errorf("Recall = %v, %v", v, err)
	}
	v, err = Recall(got, 3, Shorten(want, 3, 1), 1, 4)
	if err != nil || v != 1./4 {
		t.Errorf("Recall of the nearest = %v, %v", v, err)
	}
	if v, err := Recall(nil, 3, nil, 3, 0); err != nil || v != 1 {
		t.Errorf("Recall of nothing = %v, %v", v, err)
	}
	if s := Shorten(want, 3, 2); !slices.Equal(s, []int32{1, 2, 2, 0, 3, 1, 0, 1}) {
		t.Errorf("Shorten = %v", s)
	}
}

func TestLabels(t *testing.T) {
	r := load(t)
	for k, want := range r.Accuracy {
		nn, err := Neighbors(ctx, r.Y, 2, k, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		got, err := LabelAccuracy(nn, k, nil, r.Labels)
		if err != nil {
			t.Fatal(err)
		}
		near64(t, "accuracy", got, want, 1e-12)
	}
	const k = 10
	nn, _ := Neighbors(ctx, r.Y, 2, k, nil, 0)
	a, err := LabelAgreement(ctx, nn, k, nil, r.Labels, Permutations{})
	if err != nil {
		t.Fatal(err)
	}
	same := 0
	for e, j := range nn {
		if r.Labels[e/k] == r.Labels[j] {
			same++
		}
	}
	near64(t, "share", a.Share, float64(same)/float64(len(nn)), 0)
	counts := make([]float64, 4)
	for _, l := range r.Labels {
		counts[l]++
	}
	var chance float64
	for _, c := range counts {
		chance += c * (c - 1)
	}
	near64(t, "chance", a.Chance, chance/float64(r.N*(r.N-1)), 1e-15)
	if a.Points != r.N || a.Permutations != 999 || a.P != 1./1000 || a.SD <= 0 || a.SD > .05 {
		t.Errorf("labels in clusters: %+v", a)
	}

	// Labels at random: P is uniform, so over seeds it must be neither always
	// small nor always large, and the share is near chance.
	small, large := 0, 0
	for seed := range uint64(40) {
		l := slices.Clone(r.Labels)
		rand.New(rand.NewPCG(seed, 9)).Shuffle(len(l), func(i, j int) { l[i], l[j] = l[j], l[i] })
		a, err := LabelAgreement(ctx, nn, k, nil, l, Permutations{Count: 99, Seed: seed})
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

	// Without permutations' luck: unlabelled points agree with nobody, and
	// chance knows that.
	l := slices.Clone(r.Labels)
	for i := range l {
		if i%3 == 0 {
			l[i] = -1
		}
	}
	a, err = LabelAgreement(ctx, nn, k, nil, l, Permutations{Count: 2000, Seed: 1})
	if err != nil || a.Points != r.N-r.N/3 {
		t.Fatalf("%+v, %v", a, err)
	}
	full, err := LabelAgreement(ctx, nn, k, nil, r.Labels, Permutations{Count: 10})
	if err != nil || a.Chance > .8*full.Chance {
		t.Errorf("chance %v with a third unlabelled, %v with all labels", a.Chance, full.Chance)
	}
	// Chance is the mean over all permutations: compare it with a mean over many.
	scrambled := slices.Clone(l)
	var mean float64
	const rounds = 400
	for s := range uint64(rounds) {
		b, err := LabelAgreement(ctx, nn, k, nil, permuted(scrambled, s), Permutations{Count: 1})
		if err != nil {
			t.Fatal(err)
		}
		mean += b.Share / rounds
	}
	near64(t, "mean share of permuted labels", mean, a.Chance, 5*a.SD/math.Sqrt(rounds))

	// Lists of some rows only.
	some := []int32{5, 17, 40}
	sub, _ := Neighbors(ctx, r.Y, 2, k, some, 0)
	a, err = LabelAgreement(ctx, sub, k, some, r.Labels, Permutations{Count: 10})
	if err != nil || a.Points != 3 {
		t.Errorf("%+v, %v", a, err)
	}
}

// permuted deals the labels of the labelled points anew.
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
	x := rows{r.X, r.N, r.D}
	c, err := DistanceCorrelation(ctx, x, r.Y, 2, Sample{})
	if err != nil {
		t.Fatal(err)
	}
	near64(t, "Spearman", c, r.Spearman, 1e-12)
	rough := slices.Clone(r.Y)
	for i, v := range rough {
		rough[i] = float32(math.RoundToEven(float64(v) / 4))
	}
	c, err = DistanceCorrelation(ctx, x, rough, 2, Sample{})
	if err != nil {
		t.Fatal(err)
	}
	near64(t, "Spearman with ties", c, r.SpearmanTies, 1e-12)
	c, err = DistanceCorrelation(ctx, x, r.Y, 2, Sample{Size: 20000, Seed: 2})
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

func TestKLAndFieldAgainstDenseSums(t *testing.T) {
	r := load(t)
	for name, k := range map[string]*Kernel{
		"plain":       nil,
		"weights":     {Weights: r.Weights},
		"freedom 2.5": {Freedom: 2.5},
		"both":        {Weights: r.Weights, Freedom: 2.5},
	} {
		got, err := KL(ctx, r.Ptr, r.Col, r.Val, r.Y, 2, k)
		if err != nil {
			t.Fatal(err)
		}
		near64(t, "KL "+name, got, r.KL[name], 1e-12)
		want, ok := r.Field[name]
		if !ok {
			continue
		}
		f, err := Repulsion(ctx, r.Y, 2, nil, k)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range want.Phi {
			near64(t, "phi "+name, f.Phi[i], v, 1e-12)
		}
		for i, v := range want.Rep {
			near64(t, "rep "+name, f.Rep[i], v, 1e-12)
		}
		e, err := ForceError(ctx, r.Y, 2, Field(want), k, Sample{})
		if err != nil || e.RMS > 1e-12 || e.Max > 1e-12 || math.Abs(e.Z) > 1e-12 {
			t.Errorf("ForceError of the exact field: %+v, %v", e, err)
		}
		// An error that is known: every force 1 % too long, every φ−1 2 % too large.
		off := Field{slices.Clone(want.Phi), slices.Clone(want.Rep)}
		for i := range off.Rep {
			off.Rep[i] *= 1.01
		}
		for i := range off.Phi {
			off.Phi[i] += .02 * (off.Phi[i] - 1)
		}
		for _, s := range []Sample{{}, {Size: 50, Seed: 4}} {
			e, err = ForceError(ctx, r.Y, 2, off, k, s)
			if err != nil {
				t.Fatal(err)
			}
			near64(t, "rms error", e.RMS, .01, 1e-9)
			near64(t, "error of Z", e.Z, .02, 1e-9)
			if e.Max < .01 || e.Max > .1 {
				t.Errorf("largest error %v", e.Max)
			}
		}
		e, err = ForceError(ctx, r.Y, 2, Field{Rep: off.Rep}, k, Sample{})
		if err != nil || !math.IsNaN(e.Z) {
			t.Errorf("without phi: %+v, %v", e, err)
		}
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
	got, err := KL(ctx, r.Ptr, r.Col, val, y3, 3, nil)
	if err != nil {
		t.Fatal(err)
	}
	near64(t, "KL in the space", got, r.KL["plain"], 1e-12)
}

func TestGoldenMaps(t *testing.T) {
	for _, c := range []struct{ p, m string }{{"n500", "start"}, {"n500", "late"}, {"n500", "hard"}, {"n2000", "start"}, {"n2000", "late"}} {
		t.Run(c.p+"-"+c.m, func(t *testing.T) {
			ptr32 := array[int32](t, c.p+"-p-ptr")
			ptr := make([]int64, len(ptr32))
			for i, v := range ptr32 {
				ptr[i] = int64(v)
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
			kl, err := KL(ctx, ptr, array[int32](t, c.p+"-p-col"), val32, y, 2, nil)
			if err != nil {
				t.Fatal(err)
			}
			near64(t, "KL", kl, zkl[1], 1e-7) // float32 P
			e, err := ForceError(ctx, y, 2, Field{array[float64](t, c.p+"-"+c.m+"-phi"), array[float64](t, c.p+"-"+c.m+"-rep")}, nil, Sample{})
			if err != nil || e.RMS > 1e-12 || e.Max > 1e-11 || math.Abs(e.Z) > 1e-12 {
				t.Errorf("ForceError of the golden field: %+v, %v", e, err)
			}
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

func TestSampling(t *testing.T) {
	r := load(t)
	all, err := Sample{}.Rows(5)
	if err != nil || !slices.Equal(all, []int32{0, 1, 2, 3, 4}) {
		t.Errorf("all rows: %v, %v", all, err)
	}
	seen := make([]int, 50)
	for seed := range uint64(500) {
		s, err := Sample{Size: 10, Seed: seed}.Rows(50)
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
	h, err := CompareNeighbors(ctx, rows{r.X, r.N, r.D}, r.Y, 2, 5, Sample{Size: 60, Seed: 1})
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
		kl, err1 := KL(ctx, r.Ptr, r.Col, r.Val, r.Y, 2, &Kernel{Weights: r.Weights})
		h, err2 := CompareNeighbors(ctx, rows{r.X, r.N, r.D}, r.Y, 2, 7, Sample{Size: 77, Seed: 3})
		c, err3 := DistanceCorrelation(ctx, rows{r.X, r.N, r.D}, r.Y, 2, Sample{Size: 5000, Seed: 3})
		nn, err4 := Neighbors(ctx, r.Y, 2, 7, nil, 0)
		a, err5 := LabelAgreement(ctx, nn, 7, nil, r.Labels, Permutations{Count: 50, Seed: 2})
		if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
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
	x := rows{r.X, r.N, r.D}
	nan := float32(math.NaN())
	badY := slices.Clone(r.Y)
	badY[7] = nan
	badX := rows{slices.Clone(r.X), r.N, r.D}
	badX.x[3*r.D+4] = float32(math.Inf(1))
	edit := func(f func(*reference)) *reference { c := load(t); f(c); return c }
	kl := func(r *reference, k *Kernel) error {
		_, err := KL(ctx, r.Ptr, r.Col, r.Val, r.Y, 2, k)
		return err
	}
	compare := func(x Points, y []float32, dims, k int, s Sample) error {
		_, err := CompareNeighbors(ctx, x, y, dims, k, s)
		return err
	}
	agree := func(nn []int32, k int, rows, labels []int32, p Permutations) error {
		_, err := LabelAgreement(ctx, nn, k, rows, labels, p)
		return err
	}
	one := func(_ float64, err error) error { return err }
	for _, c := range []struct {
		want string
		err  error
	}{
		{"240 numbers in 7 dimensions", compare(x, r.Y, 7, 5, Sample{})},
		{"in 0 dimensions", compare(x, r.Y, 0, 5, Sample{})},
		{"point 3, coordinate 1 is NaN", compare(x, badY, 2, 5, Sample{})},
		{"row 3, column 4 is +Inf", compare(badX, r.Y, 2, 5, Sample{})},
		{"row 3, column 4 is +Inf", one(DistanceCorrelation(ctx, badX, r.Y, 2, Sample{}))},
		{"119 points", compare(x, r.Y[2:], 2, 5, Sample{})},
		{"k = 60", compare(x, r.Y, 2, 60, Sample{})},
		{"k = 0", compare(x, r.Y, 2, 0, Sample{})},
		{"Size is -1", compare(x, r.Y, 2, 5, Sample{Size: -1})},
		{"no pair", one(DistanceCorrelation(ctx, rows{nil, 0, 3}, nil, 2, Sample{}))},
		{"pairs; draw", one(DistanceCorrelation(ctx, rows{make([]float32, 30000), 30000, 1}, make([]float32, 30000), 1, Sample{}))},
		{"row 4 ends", kl(edit(func(r *reference) { r.Ptr[5] = 0 }), nil)},
		{"row pointers", kl(edit(func(r *reference) { r.Ptr[r.N]++ }), nil)},
		{"row 0, entry 1: column 120", kl(edit(func(r *reference) { r.Col[1] = 120 }), nil)},
		{"row 0, entry 0: column 0", kl(edit(func(r *reference) { r.Col[0] = 0 }), nil)},
		{"row 0, entry 2: value NaN", kl(edit(func(r *reference) { r.Val[2] = nan }), nil)},
		{"row 0, entry 2: value -1", kl(edit(func(r *reference) { r.Val[2] = -1 }), nil)},
		{"sums to 0", kl(edit(func(r *reference) { clear(r.Val) }), nil)},
		{"Freedom is NaN", kl(r, &Kernel{Freedom: math.NaN()})},
		{"1 weights", kl(r, &Kernel{Weights: []float64{1}})},
		{"weight 2 is 0", kl(r, &Kernel{Weights: func() []float64 { w := slices.Clone(r.Weights); w[2] = 0; return w }()})},
		{"lists of 0", agree(nil, 0, nil, nil, Permutations{})},
		{"list 0, entry 1: index 9 of 2", agree([]int32{1, 9}, 2, nil, []int32{0, 0}, Permutations{})},
		{"2 lists of neighbours for 1 labels", agree([]int32{0, 0}, 1, nil, []int32{0}, Permutations{})},
		{"1 lists of neighbours for 2 rows", agree([]int32{0}, 1, []int32{0, 0}, []int32{0}, Permutations{})},
		{"no labelled", agree([]int32{1, 0}, 1, nil, []int32{-1, -1}, Permutations{})},
		{"Count is -1", agree([]int32{1, 0}, 1, nil, []int32{1, 1}, Permutations{Count: -1})},
		{"no labelled", one(LabelAccuracy([]int32{1, 0}, 1, nil, []int32{-1, -1}))},
		{"2 lists to compare with 1", one(Recall([]int32{0, 1}, 1, []int32{0}, 1, 2))},
		{"want has 3 indices in lists of 2", one(Recall([]int32{0}, 1, []int32{0, 0, 0}, 2, 2))},
		{"forces for 120 points", func() error { _, err := ForceError(ctx, r.Y, 2, Field{}, nil, Sample{}); return err }()},
		{"k = 120", func() error { _, err := Neighbors(ctx, r.Y, 2, 120, nil, 0); return err }()},
		{"rows, list 0, entry 0: index 120", func() error { _, err := Neighbors(ctx, r.Y, 2, 3, []int32{120}, 0); return err }()},
	} {
		if !errors.Is(c.err, ErrInput) || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("error %v, want one about %q", c.err, c.want)
		}
	}
}

func TestTinyMaps(t *testing.T) {
	for n := range 3 {
		y := make([]float32, 2*n)
		ptr := make([]int64, n+1)
		v, err := KL(ctx, ptr, nil, nil, y, 2, nil)
		if n < 2 && (v != 0 || err != nil) {
			t.Errorf("n = %d: KL = %v, %v", n, v, err)
		}
		if nn, err := Neighbors(ctx, y, 2, 0, nil, 0); len(nn) != 0 || err != nil {
			t.Errorf("n = %d: %v, %v", n, nn, err)
		}
		if _, err := ForceError(ctx, y, 2, Field{make([]float64, n), make([]float64, 2*n)}, nil, Sample{}); err != nil {
			t.Errorf("n = %d: %v", n, err)
		}
	}
	// Two points at a known distance: P = ½ each, Q = ½ each.
	if v, err := KL(ctx, []int64{0, 1, 2}, []int32{1, 0}, []float32{.5, .5}, []float32{0, 0, 3, 4}, 2, nil); math.Abs(v) > 1e-15 || err != nil {
		t.Errorf("KL of two points = %v, %v", v, err)
	}
}

func TestCancelled(t *testing.T) {
	r := load(t)
	done, cancel := context.WithCancel(ctx)
	cancel()
	x := rows{r.X, r.N, r.D}
	_, err1 := KL(done, r.Ptr, r.Col, r.Val, r.Y, 2, nil)
	_, err2 := CompareNeighbors(done, x, r.Y, 2, 5, Sample{})
	_, err3 := DistanceCorrelation(done, x, r.Y, 2, Sample{})
	nn, err4 := Neighbors(done, r.Y, 2, 5, nil, 0)
	_, err5 := LabelAgreement(done, make([]int32, r.N), 1, nil, r.Labels, Permutations{})
	_, err6 := Repulsion(done, r.Y, 2, nil, nil)
	_, err7 := ForceError(done, r.Y, 2, Field{Rep: make([]float64, 2*r.N)}, nil, Sample{})
	for i, err := range []error{err1, err2, err3, err4, err5, err6, err7} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("call %d: %v", i+1, err)
		}
	}
	if nn != nil {
		t.Error("neighbours of a cancelled search")
	}
	// In the middle of the one long loop.
	mid, stop := context.WithCancel(ctx)
	_, err := CompareNeighbors(mid, stopper{x, stop}, r.Y, 2, 5, Sample{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled inside: %v", err)
	}
}

// stopper cancels when a row of the data is read.
type stopper struct {
	rows
	stop func()
}

func (s stopper) Row(dst []float32, i int) { s.stop(); s.rows.Row(dst, i) }

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
