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
			return dst, lemma.ErrText
		}
		dst = append(dst, int32(id))
	}
	return dst, nil
}

func (words) Decode(dst []byte, ids ...int32) ([]byte, error) {
	for _, id := range ids {
		dst = append(dst, characters[id]...)
	}
	return dst, nil
}

// byName is a table of rows by name in which "a" is there twice and "c" not
// at all.
func byName(id int32) []int32 {
	return map[string][]int32{"a": {1, 2}, "b": {3}}[strings.Trim(characters[id], "Ġ")]
}

// A table is a matrix that can be read row by row.
type table struct {
	x     []float32
	units int
}

func (t *table) Dims() (int, int) { return len(t.x) / t.units, t.units }
func (t *table) Row(dst []float32, i int) ([]float32, error) {
	return append(dst[:0], t.x[i*t.units:(i+1)*t.units]...), nil
}

// inMemory is a table that can be read at once.
type inMemory struct{ *table }

func (t inMemory) Flat() []float32 { return t.x }

// by hand: six rows of three units.
var small = &table{units: 3, x: []float32{
	10, 0, -10, // _
	1, 2, 3, // a
	-1, -2, -3, // b
	4, 0, 8, // c
	0, 0, 0, // d, never seen
	100, 100, 100, // space
}}

// How often each token was seen; the functions after it are weights.
func counts(row int32) float64 { return []float64{5, 1, 3, 2, 0, 7}[row] }

func seen(row int32) float64 { return min(counts(row), 1) }

func noUnderscore(row int32) float64 {
	if characters[row] == "_" {
		return 0
	}
	return 1
}

func spaced(word string) string  { return strings.ReplaceAll(word, "_", " ") }
func leading(word string) string { return " " + word }

// vector is the row of one word.
func vector(a *lemma.Averager, src lemma.Rows, word string) ([]float32, error) {
	m, err := a.Matrix(context.Background(), nil, src, []string{word})
	if err != nil {
		return nil, err
	}
	return m.Row(nil, 0)
}

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
		{"a_c", lemma.Averager{Weight: noUnderscore}, []float32{2.5, 1, 5.5}},
		{"__", lemma.Averager{Weight: noUnderscore}, []float32{10, 0, -10}}, // nothing else is left
		{"a_c", lemma.Averager{Text: spaced}, []float32{35, 34, 111. / 3}},
		{"a", lemma.Averager{Text: leading}, []float32{50.5, 51, 51.5}},
		{"bc", lemma.Averager{Pool: lemma.PoolFirst}, []float32{-1, -2, -3}},
		{"bc", lemma.Averager{Pool: lemma.PoolLast}, []float32{4, 0, 8}},
		{"bdc", lemma.Averager{Pool: lemma.PoolMax}, []float32{4, 0, 8}},
		{"bb", lemma.Averager{Pool: lemma.PoolMax}, []float32{-1, -2, -3}},
		{"ab", lemma.Averager{Weight: counts}, []float32{-.5, -1, -1.5}},
		{"abb", lemma.Averager{Weight: counts}, []float32{-5. / 7, -10. / 7, -15. / 7}},
		{"ad", lemma.Averager{Weight: counts}, []float32{1, 2, 3}},
		{"d", lemma.Averager{Weight: counts}, []float32{0, 0, 0}},
		{"ad", lemma.Averager{}, []float32{.5, 1, 1.5}},
		{"ad", lemma.Averager{Weight: seen}, []float32{1, 2, 3}},
		{"dd", lemma.Averager{Weight: seen}, []float32{0, 0, 0}},
		{"da", lemma.Averager{Weight: seen, Pool: lemma.PoolFirst}, []float32{1, 2, 3}},
		{"b", lemma.Averager{RowsOf: byName}, []float32{4, 0, 8}},
		{"ab", lemma.Averager{RowsOf: byName}, []float32{4. / 3, 0, 8. / 3}},
	} {
		c.a.Tok = words{}
		name := fmt.Sprintf("%s/%+v", c.lemma, c.a)
		got, err := vector(&c.a, small, c.lemma)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, c.want)
		}
		dst := make([]float32, 6)
		if _, err := c.a.Matrix(context.Background(), dst, small, []string{"b", c.lemma}); err != nil || !slices.Equal(dst[3:], c.want) {
			t.Errorf("%s: matrix %v, %v; want %v", name, dst, err, c.want)
		}
		// The same from flat memory, and from slices.
		var rows [][]float32
		for r := range slices.Chunk(small.x, 3) {
			rows = append(rows, r)
		}
		for _, src := range []lemma.Rows{inMemory{small}, lemma.FromSlices(rows)} {
			if got, err := vector(&c.a, src, c.lemma); err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%s: of %T %v, %v; want %v", name, src, got, err, c.want)
			}
		}
		if c.a.Pool == lemma.PoolMax {
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
		b, err := w.Base(context.Background(), nil, small)
		if err != nil {
			t.Fatal(err)
		}
		base := b.(interface{ Flat() []float32 }).Flat()
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
		{"", lemma.Averager{}, lemma.ErrToken, "empty"},
		{"a", lemma.Averager{Text: func(s string) string { return strings.TrimPrefix(s, "a") }}, lemma.ErrToken, `"a": lemma: bad token: the word has none`},
		{"x", lemma.Averager{}, lemma.ErrText, `"x"`},
		{"ad", lemma.Averager{Weight: func(row int32) float64 { return counts(row) - .5 }}, lemma.ErrToken, `4, "d", has the weight -0.5`},
		{"ad", lemma.Averager{Weight: func(row int32) float64 { return 1 / counts(row) }}, lemma.ErrToken, `4, "d"`},
		{"ad", lemma.Averager{Weight: func(row int32) float64 { return math.Sqrt(float64(row - 2)) }}, lemma.ErrToken, `1, "a"`},
		{"bc", lemma.Averager{RowsOf: byName}, lemma.ErrToken, `3, "c", has no row`},
		{"a", lemma.Averager{Pool: 99}, lemma.ErrSettings, "99"},
	} {
		c.a.Tok = words{}
		_, err := vector(&c.a, small, c.lemma)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q, %+v: %v; want %v saying %q", c.lemma, c.a, err, c.want, c.says)
		}
		_, err = c.a.Matrix(context.Background(), make([]float32, 6), small, []string{"b", c.lemma})
		if !errors.Is(err, c.want) || c.want != lemma.ErrSettings && !strings.Contains(err.Error(), "lemma 1") {
			t.Errorf("matrix: %q, %+v: %v", c.lemma, c.a, err)
		}
	}
	a := lemma.Averager{}
	if _, err := vector(&a, small, "a"); !errors.Is(err, lemma.ErrSettings) {
		t.Errorf("no tokenizer: %v", err)
	}
	few := &table{units: 3, x: small.x[:6]}
	a.Tok = words{}
	if _, err := vector(&a, few, "c"); !errors.Is(err, lemma.ErrToken) {
		t.Errorf("row beyond the map: %v", err)
	}
	w, err := a.Weights(context.Background(), []string{"c"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Base(context.Background(), nil, few); !errors.Is(err, lemma.ErrToken) {
		t.Errorf("row beyond the map: %v", err)
	}
	ragged := lemma.FromSlices([][]float32{{1, 2}, {3}})
	if _, err := vector(&a, ragged, "aa"); !errors.Is(err, lemma.ErrFormat) || !strings.Contains(err.Error(), "row 1 ") {
		t.Errorf("slices of different lengths: %v", err)
	}
	if _, err := vector(&a, lemma.FromSlices(nil), "a"); !errors.Is(err, lemma.ErrToken) {
		t.Errorf("no rows: %v", err)
	}
}

func TestTokens(t *testing.T) {
	for _, c := range []struct {
		a    lemma.Averager
		want []int32
	}{
		{lemma.Averager{}, []int32{9, 4, 1, 0, 4}},
		{lemma.Averager{Weight: seen}, []int32{9, 1, 0}},
		{lemma.Averager{Weight: seen, Pool: lemma.PoolFirst}, []int32{9, 1}},
		{lemma.Averager{Pool: lemma.PoolLast}, []int32{9, 4}},
		{lemma.Averager{RowsOf: func(id int32) []int32 { return []int32{id, id + 10} }}, []int32{9, 4, 14, 1, 11, 0, 10, 4, 14}},
	} {
		c.a.Tok = words{}
		if got, err := c.a.Tokens([]int32{9}, "da_d"); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v, %v", c, got, err)
		}
	}
}

func TestByName(t *testing.T) {
	rows := lemma.ByName(words{})
	for id, want := range [][]int32{{0}, {1}, {2}, {3}, {4}, nil} { // a space has no name
		if got := rows(int32(id)); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", characters[id], got, want)
		}
	}
}

// Matrix has the same bits for any number of workers and kind of source: sums
// in float64 in the order of the tokens, divided once, rounded once.
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
	for _, a := range []lemma.Averager{{}, {Pool: lemma.PoolMax}, {Weight: counts}} {
		a.Tok = words{}
		for _, src := range []lemma.Rows{big, inMemory{big}} {
			for _, a.Workers = range []int{1, 8} {
				got := make([]float32, len(lemmas)*units)
				if _, err := a.Matrix(context.Background(), got, src, lemmas); err != nil {
					t.Fatal(err)
				}
				for i, l := range lemmas {
					rows, err := a.Tokens(nil, l)
					if err != nil {
						t.Fatal(err)
					}
					if want := pooled(&a, big, rows); !slices.Equal(got[i*units:(i+1)*units], want) {
						t.Fatalf("%+v: %q differs", a, l)
					}
				}
			}
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	a := lemma.Averager{Tok: words{}}
	if _, err := a.Matrix(ctx, make([]float32, len(lemmas)*units), big, lemmas); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

// pooled is what Matrix does, by hand.
func pooled(a *lemma.Averager, src *table, rows []int32) []float32 {
	out := make([]float32, src.units)
	for c := range out {
		var sum, total float64
		best := float32(math.Inf(-1))
		for _, r := range rows {
			w := 1.
			if a.Weight != nil {
				w = a.Weight(r)
			}
			v := src.x[int(r)*src.units+c]
			sum += float64(float64(v) * w)
			total += w
			best = max(best, v)
		}
		out[c] = float32(sum / total)
		if a.Pool == lemma.PoolMax {
			out[c] = best
		}
	}
	return out
}

// Memory of the caller is used if it suffices.
func TestMatrixMemory(t *testing.T) {
	a := lemma.Averager{Tok: words{}}
	big := make([]float32, 1, 6)
	m, err := a.Matrix(context.Background(), big, small, []string{"a", "c"})
	if err != nil {
		t.Fatal(err)
	}
	flat := m.(interface{ Flat() []float32 }).Flat()
	rows, cols := m.Dims()
	row, err := m.Row(nil, 1)
	if rows != 2 || cols != 3 || len(flat) != 6 || &flat[0] != &big[0] || err != nil || !slices.Equal(row, flat[3:]) {
		t.Errorf("%d×%d in %v, row 1 %v, %v", rows, cols, flat, row, err)
	}
	if m, err = a.Matrix(context.Background(), big[:0:5], small, []string{"a", "c"}); err != nil || &m.(interface{ Flat() []float32 }).Flat()[0] == &big[0] {
		t.Errorf("too little memory: %v", err)
	}
	if m, err = a.Matrix(context.Background(), nil, small, nil); err != nil {
		t.Fatal(err)
	}
	if rows, cols := m.Dims(); rows != 0 || cols != 3 {
		t.Errorf("no words: %d×%d", rows, cols)
	}
}
