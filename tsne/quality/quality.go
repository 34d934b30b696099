package quality

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/semamap/semamap/tsne/internal/share"
	"github.com/semamap/semamap/tsne/knn"
)

// ErrInput is wrapped by all errors about arguments.
var ErrInput = errors.New("quality: bad input")

func inputErr(format string, a ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrInput}, a...)...)
}

var errNoContext = inputErr("there is no context")

// Settings configures a measure. Nil and the zero value mean the defaults. Each
// function names the fields it reads.
type Settings struct {
	// Rows are the points that are evaluated. Nil means all of them.
	Rows []int32

	// Sample is the number of rows to draw at random, without replacement, if
	// Rows is nil. In DistanceCorrelation it is the number of pairs. Zero
	// means all.
	Sample int

	// CountCopies makes Compare and DistanceCorrelation count every row. By
	// default equal rows of the data count once, at the place of the first of
	// them: copies are perfect neighbors of each other on any map that keeps
	// them together, and so hide what became of the rest.
	CountCopies bool

	// Permutations is the number of random permutations of the labels. Zero
	// means 999.
	Permutations int

	// Seed seeds the sample and the permutations.
	Seed uint64

	// Weights are the multiplicities w of the points in KL. Nil means 1 each.
	Weights []float64

	// Freedom is the degrees of freedom a of the kernel (1 + r²/a)^−a in KL.
	// Zero means 1.
	Freedom float64

	// Workers limits the number of goroutines. Zero means GOMAXPROCS. It never
	// changes a result.
	Workers int
}

func (s *Settings) fill() Settings {
	if s == nil {
		return Settings{}
	}
	return *s
}

// rows returns the rows to look at of n, ascending if they are drawn.
func (s *Settings) rows(n int) ([]int32, error) {
	if s.Sample < 0 {
		return nil, inputErr("Sample is %d", s.Sample)
	}
	if s.Rows != nil && len(s.Rows) == 0 {
		return nil, inputErr("Rows is empty")
	}
	if s.Rows != nil {
		return s.Rows, checkIndices("Rows", s.Rows, 1, n)
	}
	all := make([]int32, n)
	for i := range all {
		all[i] = int32(i)
	}
	if s.Sample == 0 || s.Sample >= n {
		return all, nil
	}
	// The first steps of a Fisher–Yates shuffle.
	rng := rand.New(rand.NewPCG(s.Seed, 0x73616d706c65)) // the stream of this package's row samples
	for i := range s.Sample {
		j := i + rng.IntN(n-i)
		all[i], all[j] = all[j], all[i]
	}
	rows := all[:s.Sample:s.Sample]
	slices.Sort(rows)
	return rows, nil
}

// checkMap returns the number of points of a map.
func checkMap(y []float32, dims int) (int, error) {
	if dims <= 0 || len(y)%dims != 0 {
		return 0, inputErr("a map of %d numbers in %d dimensions", len(y), dims)
	}
	n := len(y) / dims
	if n > math.MaxInt32 {
		return 0, inputErr("%d points", n)
	}
	if i := notFinite(y); i >= 0 {
		return 0, inputErr("point %d, coordinate %d is %v", i/dims, i%dims, y[i])
	}
	return n, nil
}

// checkBoth is checkMap for a map of x.
func checkBoth(x knn.Points, y []float32, dims int) (n int, err error) {
	if n, err = checkMap(y, dims); err != nil {
		return 0, err
	}
	if share.Nil(x) {
		return 0, inputErr("there are no rows of data")
	}
	if _, ok := x.(interface{ AreDistances() }); ok {
		return 0, inputErr("data are distances, not rows")
	}
	m, _ := x.Dims()
	if m != n {
		return 0, inputErr("%d rows of data and %d points of the map", m, n)
	}
	return n, nil
}

// centered returns rows of the same distances as x that lose less by rounding, if
// x has such, and their length.
func centered(x knn.Points) (rows knn.Points, d int) {
	if c, ok := x.(interface{ Centered() knn.Points }); ok {
		x = c.Centered()
	}
	_, d = x.Dims()
	return x, d
}

// rows64 are rows of float64.
type rows64 interface {
	Read64(i int, f func(x []float64)) error
	Coarse() bool // distances in float32 are others
}

// wideOf returns x if float32 is too coarse for it, else nil.
func wideOf(x knn.Points) rows64 {
	if w, ok := x.(rows64); ok && w.Coarse() {
		return w
	}
	return nil
}

func read64(w rows64, dst []float64, i int) ([]float64, error) {
	err := w.Read64(i, func(x []float64) { dst = append(dst[:0], x...) })
	return dst, err
}

func sqDist64(a, b []float64) (s float64) {
	for c, v := range a {
		d := v - b[c]
		s += float64(d * d)
	}
	return s
}

// distinct returns the data and the map of the first of equal rows only, and the
// number of each row among them. They are the same if no rows are equal.
func distinct(ctx context.Context, x knn.Points, y []float32, dims, workers int) (knn.Points, []float32, []int32, error) {
	of, first, err := knn.Distinct(ctx, x, workers)
	var bad *knn.ValueError
	switch {
	case errors.As(err, &bad):
		return nil, nil, nil, inputErr("row %d, column %d is %v", bad.Row, bad.Col, bad.Value)
	case errors.Is(err, knn.ErrPoints):
		return nil, nil, nil, fmt.Errorf("%w: %w", ErrInput, err)
	case err != nil:
		return nil, nil, nil, fmt.Errorf("quality: %w", err)
	case len(first) == len(of):
		return x, y, of, nil
	}
	places := make([]float32, 0, len(first)*dims)
	for _, i := range first {
		places = append(places, y[int(i)*dims:int(i+1)*dims]...)
	}
	return knn.Select(x, first), places, of, nil
}

// checkIndices reports the first index, in lists of k, that is not one of n.
func checkIndices(name string, index []int32, k, n int) error {
	for i, j := range index {
		if j < 0 || int(j) >= n {
			return inputErr("%s, list %d, entry %d: index %d of %d", name, i/k, i%k, j, n)
		}
	}
	return nil
}

// checkLists refuses a graph whose lists are empty or not all there.
func checkLists(name string, g *knn.Graph) error {
	if g == nil {
		return inputErr("%s is nil", name)
	}
	if g.K <= 0 || g.N < 0 || len(g.Index)%g.K != 0 || len(g.Index)/g.K != g.N {
		return inputErr("%s has %d indices in %d lists of %d", name, len(g.Index), g.N, g.K)
	}
	return nil
}

// readRow returns row i of x, which has d columns.
func readRow(x knn.Points, dst []float32, i, d int) ([]float32, error) {
	row, err := x.Row(dst, i)
	if err != nil {
		return nil, fmt.Errorf("quality: row %d: %w", i, err)
	}
	if len(row) != d {
		return nil, inputErr("row %d has %d numbers, not %d", i, len(row), d)
	}
	return row, nil
}

// notFinite returns the first place with NaN or an infinity, or −1.
func notFinite(x []float32) int {
	for c, v := range x {
		if v-v != 0 {
			return c
		}
	}
	return -1
}

// finiteErr is the error of row i if it holds a number that is not finite.
func finiteErr(row []float32, i int) error {
	if c := notFinite(row); c >= 0 {
		return inputErr("row %d, column %d is %v", i, c, row[c])
	}
	return nil
}

// Recall returns the mean share of the k nearest neighbors in want that are
// also in got: the recall of an approximate graph, or, for the graphs of a map
// and its data, the share of neighbors that the map keeps. The lists of both
// graphs must be for the same points in the same order. Recall is 1 if there
// are none. The graphs are taken as they are: copies of rows raise the share,
// which [Compare] avoids.
func Recall(got, want *knn.Graph, k int) (float64, error) {
	if err := errors.Join(checkLists("got", got), checkLists("want", want)); err != nil {
		return 0, err
	}
	if got.N != want.N {
		return 0, inputErr("%d lists to compare with %d", got.N, want.N)
	}
	if k < 1 || k > want.K {
		return 0, inputErr("k = %d of lists of %d", k, want.K)
	}
	if got.N == 0 {
		return 1, nil
	}
	hits := 0
	list := make([]int32, got.K)
	for i := range got.N {
		copy(list, got.Index[i*got.K:])
		slices.Sort(list)
		for _, j := range want.Index[i*want.K:][:k] {
			if _, ok := slices.BinarySearch(list, j); ok {
				hits++
			}
		}
	}
	return float64(hits) / (float64(got.N) * float64(k)), nil
}
