package knn

import (
	"errors"
	"strconv"

	"github.com/semamap/semamap/tsne/internal/share"
)

// Method selects how neighbors are searched.
type Method uint8

const (
	// Auto selects Gram for points from Combine if that is cheaper, Exact if
	// n²·max(d, 32) is at most 6e13, the rows are sparse, or a k-d tree serves (d
	// at most 3, or up to 6 for many rows), and Descent otherwise. The choice
	// depends only on the input and MaxMemory, never on the machine.
	Auto Method = iota
	// Exact compares all pairs.
	Exact
	// Gram compares all pairs of points from Combine through the inner products
	// of their base rows. It gives the same lists as Exact.
	Gram
	// Descent is NN-descent, an approximate search. Its recall is measured.
	Descent
)

// Metric selects the distance between rows.
type Metric uint8

const (
	Euclidean Metric = iota // the default
	// Cosine is the Euclidean distance between rows scaled to length 1 and
	// rounded to float32. Its square is 2·(1−cos), twice the usual cosine
	// distance. A row of zeros is not scaled: its squared distance is 1 to any
	// other row and 0 to another row of zeros.
	Cosine
	// Correlation is Cosine after the mean of each row is subtracted from it.
	// A constant row counts as a row of zeros.
	Correlation
	Manhattan // the sum of the differences of the numbers
	Chebyshev // the largest difference of two numbers
	Hamming   // the share of the columns in which the numbers differ
	// Jaccard is the share of the columns in which just one of the two numbers
	// is zero, among those in which not both are. It is 0 for two rows of zeros.
	Jaccard
)

// scales reports whether rows are scaled, and Euclidean then.
func (m Metric) scales() bool { return m == Cosine || m == Correlation }

// direct reports whether rows are compared by the definition.
func (m Metric) direct() bool { return m >= Manhattan }

func (m Metric) name() string {
	if m > Jaccard {
		return strconv.Itoa(int(m))
	}
	return [...]string{"Euclidean", "Cosine", "Correlation", "Manhattan", "Chebyshev", "Hamming", "Jaccard"}[m]
}

// Settings configures a search. Nil and the zero value mean the defaults.
type Settings struct {
	Method Method // zero means Auto
	Metric Metric // zero means Euclidean

	// Func, if not nil, is the distance from row a to row b; Metric must then
	// be zero. It must return finite values that are not negative, must not
	// keep or change its arguments, and must be safe for concurrent use. It is
	// called for all pairs, in both orders. Graph.Dist2 holds its squares.
	Func func(a, b []float32) float64

	// Seed seeds Descent and the choice of rows on which recall is measured.
	Seed uint64

	// Workers limits the number of goroutines. Zero means GOMAXPROCS. It never
	// changes a result.
	Workers int

	// MaxMemory limits the bytes used beyond the input, result included. Zero
	// means no limit. A search that needs more fails with ErrMemory.
	MaxMemory int64

	// MinRecall makes an approximate search fail with ErrRecall if the
	// measured recall is lower. Zero means no minimum.
	MinRecall float64

	left *share.Search
}

// fill copies s and reports every setting that is wrong.
func (s *Settings) fill() (Settings, error) {
	if s == nil {
		return Settings{}, nil
	}
	c := *s
	var f faults
	f.need(c.Method <= Descent, "Method", c.Method, "unknown")
	f.need(c.Metric <= Jaccard, "Metric", c.Metric, "unknown")
	f.need(!c.Metric.direct() || c.Method != Gram && c.Method != Descent, "Method", c.Method, "does not work with Metric "+c.Metric.name())
	f.need(c.Func == nil || c.Metric == Euclidean, "Metric", c.Metric, "must be zero when Func is given")
	f.need(c.Func == nil || c.Method != Gram && c.Method != Descent, "Method", c.Method, "does not work with Func")
	f.need(c.Workers >= 0, "Workers", c.Workers, "is negative")
	f.need(c.MaxMemory >= 0, "MaxMemory", c.MaxMemory, "is negative")
	f.need(c.MinRecall >= 0 && c.MinRecall <= 1, "MinRecall", c.MinRecall, "is outside [0, 1]")
	return c, errors.Join(f...)
}

// faults are the errors of settings.
type faults []error

// need adds an error unless ok. It is not inlined, as it stands in many places.
//
//go:noinline
func (f *faults) need(ok bool, name string, value any, why string) {
	if !ok {
		*f = append(*f, &SettingError{name, value, why})
	}
}
