package lemma_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/semamap/semamap/lemma"
)

// words is a tokenizer whose tokens are single characters: '_' is 0, the
// letters a to d are 1 to 4, "Ġ" stands for a space and is 5.
type words struct{}

var characters = []string{"_", "a", "b", "c", "d", "Ġ"}

func (words) Len() int              { return len(characters) }
func (words) Token(id int32) string { return characters[id] }
func (words) Encode(dst []int32, s string) ([]int32, error) {
	for _, c := range strings.ReplaceAll(s, " ", "Ġ") {
		id := slices.Index(characters, string(c))
		if id < 0 {
			return dst, lemma.ErrUTF8
		}
		dst = append(dst, int32(id))
	}
	return dst, nil
}

func (words) Named(name string) []int32 {
	switch name {
	case "a":
		return []int32{1, 2}
	case "b":
		return []int32{3}
	}
	return nil
}

// A table is a matrix that can be read row by row, or at once with gather.
type table struct {
	x     []float32
	units int
}

func (t *table) Dims() (int, int) { return len(t.x) / t.units, t.units }
func (t *table) Row(dst []float32, i int) ([]float32, error) {
	return append(dst[:0], t.x[i*t.units:(i+1)*t.units]...), nil
}

// by hand: six rows of three units.
var small = &table{units: 3, x: []float32{
	10, 0, -10, // _
	1, 2, 3, // a
	-1, -2, -3, // b
	4, 0, 8, // c
	0, 0, 0, // d, never seen
	100, 100, 100, // space
}}

func counts(id int32) int64 { return []int64{5, 1, 3, 2, 0, 7}[id] }

func TestPool(t *testing.T) {
	for _, c := range []struct {
		lemma string
		a     lemma.Averager
		want  []float32
	}{
		{"a", lemma.Averager{}, []float32{1, 2, 3}},
		{"ac", lemma.Averager{}, []float32{2.5, 1, 5.5}},
		{"aac", lemma.Averager{}, []float32{2, 4. / 3, 14. / 3}}, // repeats count
		{"a_c", lemma.Averager{}, []float32{5, 2. / 3, 1. / 3}},
		{"a_c", lemma.Averager{Underscore: lemma.Skip}, []float32{2.5, 1, 5.5}},
		{"__", lemma.Averager{Underscore: lemma.Skip}, []float32{10, 0, -10}}, // nothing else is left
		{"a_c", lemma.Averager{Underscore: lemma.Space}, []float32{35, 34, 111. / 3}},
		{"a", lemma.Averager{LeadingSpace: true}, []float32{50.5, 51, 51.5}},
		{"bc", lemma.Averager{Pool: lemma.First}, []float32{-1, -2, -3}},
		{"bc", lemma.Averager{Pool: lemma.Last}, []float32{4, 0, 8}},
		{"bdc", lemma.Averager{Pool: lemma.Max}, []float32{4, 0, 8}},
		{"bb", lemma.Averager{Pool: lemma.Max}, []float32{-1, -2, -3}},
		{"ab", lemma.Averager{Pool: lemma.CountWeighted, Counts: counts}, []float32{-.5, -1, -1.5}},
		{"abb", lemma.Averager{Pool: lemma.CountWeighted, Counts: counts}, []float32{-5. / 7, -10. / 7, -15. / 7}},
		{"ad", lemma.Averager{Pool: lemma.CountWeighted, Counts: counts}, []float32{1, 2, 3}},
		{"d", lemma.Averager{Pool: lemma.CountWeighted, Counts: counts}, []float32{0, 0, 0}},
		{"ad", lemma.Averager{Counts: counts}, []float32{.5, 1, 1.5}},
		{"ad", lemma.Averager{Counts: counts, Unseen: lemma.SkipUnseen}, []float32{1, 2, 3}},
		{"dd", lemma.Averager{Counts: counts, Unseen: lemma.SkipUnseen}, []float32{0, 0, 0}},
		{"da", lemma.Averager{Counts: counts, Unseen: lemma.SkipUnseen, Pool: lemma.First}, []float32{1, 2, 3}},
		{"b", lemma.Averager{Columns: lemma.ByName}, []float32{4, 0, 8}},
		{"b", lemma.Averager{Columns: lemma.ByName, LeadingSpace: false}, []float32{4, 0, 8}},
		{"ab", lemma.Averager{Columns: lemma.ByNameAll}, []float32{4. / 3, 0, 8. / 3}},
	} {
		c.a.Tok = words{}
		name := fmt.Sprintf("%s/%+v", c.lemma, c.a)
		got, err := c.a.Vector(nil, small, c.lemma)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, c.want)
		}
		dst := make([]float32, 6)
		if _, err := c.a.Matrix(context.Background(), dst, small, []string{"a", c.lemma}); err != nil && !errors.Is(err, lemma.ErrAmbiguous) || err == nil && !slices.Equal(dst[3:], c.want) {
			t.Errorf("%s: matrix %v, %v; want %v", name, dst, err, c.want)
		}
		if c.a.Pool == lemma.Max {
			if _, err := c.a.Weights(context.Background(), []string{"a"}); !errors.Is(err, lemma.ErrSettings) {
				t.Errorf("weights of Max: %v", err)
			}
			continue
		}
		w, err := c.a.Weights(context.Background(), []string{c.lemma})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		base, err := w.Base(context.Background(), small)
		if err != nil {
			t.Fatal(err)
		}
		sum := make([]float64, 3)
		for i, col := range w.Index {
			if i > 0 && w.Index[i-1] >= col {
				t.Errorf("%s: columns %v do not ascend", name, w.Index)
			}
			for u := range sum {
				sum[u] += float64(w.Weight[i]) * float64(base[int(col)*3+u])
			}
		}
		for u := range sum {
			if math.Abs(sum[u]-float64(c.want[u])) > 1e-5 {
				t.Errorf("%s: sparse %v, want %v", name, sum, c.want)
			}
		}
	}
}

func TestPoolErrors(t *testing.T) {
	for _, c := range []struct {
		lemma string
		a     lemma.Averager
		want  error
		says  string
	}{
		{"", lemma.Averager{}, lemma.ErrEmpty, "empty"},
		{"x", lemma.Averager{}, lemma.ErrUTF8, `"x"`},
		{"ad", lemma.Averager{Counts: counts, Unseen: lemma.RejectUnseen}, lemma.ErrUnseen, `token 4, "d"`},
		{"ba", lemma.Averager{Columns: lemma.ByName}, lemma.ErrAmbiguous, `token 1, "a": columns 1 and 2`},
		{"bc", lemma.Averager{Columns: lemma.ByNameAll}, lemma.ErrNoColumn, `token 3, "c"`},
		{"a", lemma.Averager{Unseen: lemma.SkipUnseen}, lemma.ErrSettings, "Counts"},
		{"a", lemma.Averager{Pool: lemma.CountWeighted}, lemma.ErrSettings, "Counts"},
		{"a", lemma.Averager{Pool: 99}, lemma.ErrSettings, "99"},
		{"a", lemma.Averager{Columns: 99}, lemma.ErrSettings, "99"},
		{"a", lemma.Averager{Underscore: 99}, lemma.ErrSettings, "99"},
		{"a", lemma.Averager{Unseen: 99}, lemma.ErrSettings, "99"},
	} {
		c.a.Tok = words{}
		_, err := c.a.Vector(nil, small, c.lemma)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q, %+v: %v; want %v saying %q", c.lemma, c.a, err, c.want, c.says)
		}
		_, err = c.a.Matrix(context.Background(), make([]float32, 6), small, []string{"b", c.lemma})
		if !errors.Is(err, c.want) || c.want != lemma.ErrSettings && !strings.Contains(err.Error(), "lemma 1") {
			t.Errorf("matrix: %q, %+v: %v", c.lemma, c.a, err)
		}
	}
	a := lemma.Averager{}
	if _, err := a.Vector(nil, small, "a"); !errors.Is(err, lemma.ErrSettings) {
		t.Errorf("no tokenizer: %v", err)
	}
	few := &table{units: 3, x: small.x[:6]}
	a.Tok = words{}
	if _, err := a.Vector(nil, few, "c"); !errors.Is(err, lemma.ErrRange) {
		t.Errorf("row beyond the map: %v", err)
	}
	if _, err := a.Matrix(context.Background(), make([]float32, 3), few, []string{"c"}); !errors.Is(err, lemma.ErrRange) {
		t.Errorf("row beyond the map: %v", err)
	}
}

func TestReport(t *testing.T) {
	a := lemma.Averager{Tok: words{}, Counts: counts}
	lemmas := []string{"ad", "dd", "a", "da_d", "d"}
	for _, u := range []lemma.Unseen{lemma.KeepUnseen, lemma.SkipUnseen} {
		a.Unseen = u
		rep, err := a.Matrix(context.Background(), make([]float32, 15), small, lemmas)
		want := lemma.Report{Lemmas: 5, Tokens: 10, Unseen: 6, SomeUnseen: 4, AllUnseen: 2}
		if u == lemma.SkipUnseen {
			want.Tokens = 7
		}
		if err != nil || rep != want {
			t.Errorf("%+v, %v; want %+v", rep, err, want)
		}
	}
}

// Matrix has the bits of Vector for any number of workers.
func TestMatrixWorkers(t *testing.T) {
	const units = 67
	big := &table{units: units, x: make([]float32, 6*units)}
	for i := range big.x {
		big.x[i] = float32(math.Sin(float64(i))) / 3
	}
	var lemmas []string
	for i := range 1000 {
		lemmas = append(lemmas, strings.Repeat("abc_", i%5)+characters[i%5])
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(8))
	for _, pool := range []lemma.Pool{lemma.Mean, lemma.Max, lemma.CountWeighted} {
		for _, workers := range []int{1, 8} {
			a := lemma.Averager{Tok: words{}, Pool: pool, Counts: counts, Workers: workers}
			got := make([]float32, len(lemmas)*units)
			if _, err := a.Matrix(context.Background(), got, big, lemmas); err != nil {
				t.Fatal(err)
			}
			for i, l := range lemmas {
				want, err := a.Vector(nil, big, l)
				if err != nil || !slices.Equal(got[i*units:(i+1)*units], want) {
					t.Fatalf("pool %d, %d workers: %q differs (%v)", pool, workers, l, err)
				}
			}
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	a := lemma.Averager{Tok: words{}}
	if _, err := a.Matrix(ctx, make([]float32, len(lemmas)*units), big, lemmas); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
