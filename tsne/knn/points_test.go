package knn

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

var errCut = errors.New("the file is cut")

// cut is a set of points that fails after some calls of Row.
type cut struct {
	Points
	left  *atomic.Int64
	short bool // a row is short instead
}

func cutAfter(x Points, calls int) cut {
	c := cut{Points: x, left: new(atomic.Int64)}
	c.left.Store(int64(calls))
	return c
}

func (c cut) Row(dst []float32, i int) ([]float32, error) {
	row, err := c.Points.Row(dst, i)
	if c.left.Add(-1) < 0 {
		if c.short {
			return row[:len(row)-1], nil
		}
		return nil, errCut
	}
	return row, err
}

// own returns memory of its own, and hides that the rows are flat.
type own struct{ x Points }

func (o own) Dims() (n, d int) { return o.x.Dims() }
func (o own) Row(_ []float32, i int) ([]float32, error) {
	row, err := o.x.Row(nil, i)
	return append([]float32{}, row...), err
}

// TestRowErrors lets a set of points fail at every stage of every search.
func TestRowErrors(t *testing.T) {
	const n, d, k = 400, 24, 5
	ctx := context.Background()
	x := Rows(normal(3, n*d), n, d)
	comb := func(base Points) combination {
		c := combination{Base: base, Start: []int{0}}
		for i := range n {
			c.Index = append(c.Index, int32(i), int32((i*7+1)%n))
			c.Start = append(c.Start, len(c.Index))
		}
		return c
	}
	for name, search := range map[string]func(x Points) error{
		"exact":  func(x Points) error { _, err := Search(ctx, x, k, &Settings{Method: Exact}); return err },
		"cosine": func(x Points) error { _, err := Search(ctx, x, k, &Settings{Metric: Cosine}); return err },
		"bands": func(x Points) error {
			_, err := Search(ctx, x, k, &Settings{Method: Exact, MaxMemory: 400 << 10, Workers: 1})
			return err
		},
		"descent": func(x Points) error { _, err := Search(ctx, x, k, &Settings{Method: Descent}); return err },
		"gram":    func(x Points) error { _, err := Search(ctx, comb(x), k, &Settings{Method: Gram}); return err },
		"means":   func(x Points) error { _, err := Search(ctx, comb(x), k, &Settings{Method: Exact}); return err },
		"func": func(x Points) error {
			_, err := Search(ctx, x, k, &Settings{Func: func(a, b []float32) float64 { return float64(max(a[0], b[0]) - min(a[0], b[0])) }})
			return err
		},
		"query":     func(y Points) error { _, err := Query(ctx, x, y, k, nil); return err },
		"reference": func(y Points) error { _, err := Query(ctx, y, x, k, nil); return err },
	} {
		t.Run(name, func(t *testing.T) {
			// How many rows are read in all?
			all := cutAfter(x, 1<<30)
			if err := search(all); err != nil {
				t.Fatal(err)
			}
			calls := 1<<30 - int(all.left.Load())
			if calls < n {
				t.Fatalf("%d calls", calls)
			}
			for step := range 20 {
				c := cutAfter(x, step*(calls-1)/19)
				if err := search(c); !errors.Is(err, errCut) || !strings.Contains(err.Error(), "row ") {
					t.Fatalf("after %d of %d rows: %v", step*(calls-1)/19, calls, err)
				}
				c = cutAfter(x, step*(calls-1)/19)
				c.short = true
				if err := search(c); !errors.Is(err, ErrPoints) || !strings.Contains(err.Error(), fmt.Sprint(d-1)) {
					t.Fatalf("short row after %d of %d: %v", step*(calls-1)/19, calls, err)
				}
			}
			if err := search(own{x}); err != nil {
				t.Error(err)
			}
		})
	}
}

// grid is a matrix without rows, as of gonum.
type grid struct {
	n, d int
	x    []float64
}

func (g grid) Dims() (r, c int)    { return g.n, g.d }
func (g grid) At(i, j int) float64 { return g.x[i*g.d+j] }

// byRows is one with rows.
type byRows struct{ grid }

func (g byRows) RawRowView(i int) []float64 { return g.x[i*g.d:][:g.d] }
func (g byRows) At(i, j int) float64        { panic("not by rows") }

// both is a matrix that is points too.
type both struct{ grid }

func (b both) Row([]float32, int) ([]float32, error) { return nil, errCut }

// forms returns n×d numbers in all forms of float64.
func forms(x []float64, n, d int) map[string]Points {
	var rows [][]float64
	for i := range n {
		rows = append(rows, x[i*d:(i+1)*d])
	}
	return map[string]Points{
		"rows": Rows(x, n, d), "slices": Slices(rows), "matrix": Matrix(grid{n, d, x}), "raw matrix": Matrix(byRows{grid{n, d, x}}),
	}
}

func TestAdapters(t *testing.T) {
	const n, d, k = 200, 9, 6
	x := normal(4, n*d)
	want, err := Search(t.Context(), Rows(x, n, d), k, nil)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]float32
	wide := make([]float64, n*d)
	start, index := []int{0}, []int32{}
	for i := range n {
		rows = append(rows, x[i*d:(i+1)*d])
		for c := range int32(d) {
			index = append(index, (c+4)%d)
		}
		start = append(start, len(index))
	}
	value := make([]float32, len(index))
	for e, c := range index {
		value[e] = x[e/d*d+int(c)]
	}
	for i, v := range x {
		wide[i] = float64(v)
	}
	all := forms(wide, n, d)
	all["float32"], all["csr"] = Slices(rows), CSR(d, start, index, value)
	for name, p := range all {
		if a, b := p.Dims(); a != n || b != d {
			t.Errorf("%s: %d×%d", name, a, b)
		}
		got, err := Search(t.Context(), p, k, nil)
		if err != nil {
			t.Fatal(name, err)
		}
		sameGraph(t, name, got, want)
		for _, dst := range [][]float32{nil, make([]float32, 3), make([]float32, 40)} {
			if row, err := p.Row(dst, 7); err != nil || !slices.Equal(row, x[7*d:8*d]) {
				t.Errorf("%s: row 7 is %v, %v", name, row, err)
			}
		}
	}
	// No shift of the columns changes the neighbors, where float32 alone
	// would not tell the rows apart.
	for i := range wide {
		wide[i] += 1e9 * float64(1+i%d)
	}
	for name, p := range forms(wide, n, d) {
		got, err := Search(t.Context(), p, k, nil)
		if err != nil {
			t.Fatal(name, err)
		}
		if same := slices.Equal(got.Index, want.Index); !same {
			t.Errorf("%s: other neighbors far from zero", name)
		}
		q, err := Query(t.Context(), p, p, 1, nil)
		if err != nil || q.Index[n-1] != n-1 || q.Dist2[n-1] != 0 {
			t.Errorf("%s: query %v, %v", name, q, err)
		}
		if row, err := p.Row(nil, 3); err != nil || row[2] != float32(wide[3*d+2]) {
			t.Errorf("%s: row 3 is %v, %v", name, row, err)
		}
	}
	if p, ok := Matrix(both{grid{n, d, wide}}).(both); !ok {
		t.Errorf("points are read as a %T", p)
	}
	for _, bad := range []float64{math.NaN(), math.Inf(-1), 1e39} {
		wide[50*d+4], wide[51*d+1] = bad, bad
		for name, p := range forms(wide, n, d) {
			var ve *ValueError
			for _, s := range []*Settings{nil, {Metric: Cosine}} {
				if _, err := Search(t.Context(), p, k, s); !errors.As(err, &ve) || ve.Row != 50 || ve.Col != 4 || ve.Value == ve.Value && ve.Value != bad {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	}
}

func TestCSR(t *testing.T) {
	x := CSR(4, []int{1, 3, 3, 5}, []int32{9, 2, 0, 1, 1}, []float64{9, 5, 1, 2, 3})
	for i, want := range [][]float32{{1, 0, 5, 0}, {0, 0, 0, 0}, {0, 5, 0, 0}} {
		if row, err := x.Row([]float32{7, 7, 7, 7}, i); err != nil || !slices.Equal(row, want) {
			t.Errorf("row %d is %v, %v", i, row, err)
		}
	}
	for _, x := range []Points{
		CSR(2, []int{0, 3}, []int32{0, 1}, []float32{1, 2}),
		CSR(2, []int{0, 1, 0}, []int32{0, 1}, []float32{1, 2}),
		CSR(2, []int{0, 2}, []int32{0, 2}, []float32{1, 2}),
		CSR(2, []int{0, 2}, []int32{0, 1}, []float32{1}),
		CSR[float32](-2, nil, nil, nil),
		Distances(nil),
	} {
		if _, err := Search(t.Context(), x, 0, nil); !errors.Is(err, ErrPoints) {
			t.Errorf("%+v: %v", x, err)
		}
	}
	var ve *ValueError
	if _, err := Search(t.Context(), CSR(3, []int{0, 1, 2}, []int32{0, 2}, []float64{1, 1e300}), 1, nil); !errors.As(err, &ve) || ve.Row != 1 || ve.Col != 2 || ve.Value != 1e300 {
		t.Error(err)
	}
}

func TestDistinct(t *testing.T) {
	x := Rows([]float32{1, 2, 0, 0, 1, 2, 3, 3, float32(math.Copysign(0, -1)), 0, 1, 2}, 6, 2)
	for name, p := range map[string]Points{
		"rows":        x,
		"selection":   Select(Select(x, []int32{5, 4, 3, 2, 1, 0}), []int32{5, 4, 3, 2, 1, 0}),
		"combination": Combine(x, []int{0, 2, 3, 7, 8, 11, 14}, []int32{0, 3, 4, 3, 0, 0, 3, 5, 4, 4, 4, 0, 3, 1}, []float32{1, 1, 1, 1, .5, .5, 0, 1, .5, .25, .25, 1, 1, 0}),
		"mean":        Combine(x, []int{0, 2, 3, 7, 8, 10, 16}, []int32{0, 3, 4, 3, 0, 0, 3, 5, 4, 4, 3, 3, 3, 0, 0, 0}, nil),
		"distances":   Distances(Rows([]float32{0, 1, 0, 2, 1, 0, 1, 0, 1, 3, 0, 1, 0, 1, 0, 2, 1, 0, 2, 3, 2, 0, 3, 2, 1, 0, 1, 3, 0, 1, 0, 1, 0, 2, 1, 0}, 6, 6)),
	} {
		of, first, err := Distinct(t.Context(), p, 2)
		if err != nil || !slices.Equal(of, []int32{0, 1, 0, 2, 1, 0}) || !slices.Equal(first, []int32{0, 1, 3}) {
			t.Errorf("%s: %v, %v, %v", name, of, first, err)
		}
	}
}
