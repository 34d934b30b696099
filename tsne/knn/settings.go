package knn

import (
	"errors"
	"math"

	"github.com/semamap/semamap/tsne/internal/share"
)

// A Method is a way to search.
type Method uint8

const (
	// Auto is Gram for combined points where that is cheaper, else Exact while
	// n²·max(d, 32) is at most 6e13 or d at most 3, else Descent. The choice depends on the
	// input and MaxMemory alone, never on the machine.
	Auto Method = iota
	// Exact compares all pairs.
	Exact
	// Gram compares all pairs of combined points through the inner products of
	// their base rows. It gives the lists of Exact.
	Gram
	// Descent is NN-descent, an approximate search whose recall is measured.
	Descent
)

// A Metric is a distance between rows.
type Metric uint8

const (
	// Euclidean is the default.
	Euclidean Metric = iota
	// Cosine is the Euclidean distance of the rows divided by their lengths,
	// rounded to float32; its square is twice the usual cosine distance. A
	// row of zeros stays as it is: its squared distance is 1 from every other
	// row and 0 from another row of zeros.
	Cosine
	// Correlation is Cosine of the rows less their own mean. A constant row
	// counts as a row of zeros.
	Correlation
)

// Settings tunes a search. Nil and the zero value both ask for the defaults.
type Settings struct {
	Method Method // zero means Auto
	Metric Metric // zero means Euclidean

	// Func, when not nil, is the distance from row a to row b; Metric must
	// then be zero. It is called from many goroutines and for all pairs in
	// both orders, must not keep or change its arguments, and must give
	// finite values that are not negative. Graph.Dist2 holds its squares.
	Func func(a, b []float32) float64

	Seed      uint64 // of Descent and of the rows on which recall is measured
	Workers   int    // goroutines; zero means GOMAXPROCS; never changes a result
	MaxMemory int64  // bytes beyond the input, result included; zero means no bound

	// MinRecall, when above zero, makes an approximate search fail with
	// ErrRecall when the measured recall is lower.
	MinRecall float64

	left *share.Search
}

// fill copies s and reports every setting that is wrong.
func (s *Settings) fill() (Settings, error) {
	if s == nil {
		return Settings{}, nil
	}
	c := *s
	var errs []error
	bad := func(name string, v any, why string) {
		errs = append(errs, &SettingError{name, v, why})
	}
	if c.Method > Descent {
		bad("Method", c.Method, "unknown")
	}
	if c.Metric > Correlation {
		bad("Metric", c.Metric, "unknown")
	}
	if c.Func != nil && c.Metric != Euclidean {
		bad("Metric", c.Metric, "must be zero when Func is given")
	}
	if c.Func != nil && (c.Method == Gram || c.Method == Descent) {
		bad("Method", c.Method, "does not work with Func")
	}
	if c.Workers < 0 {
		bad("Workers", c.Workers, "is negative")
	}
	if c.MaxMemory < 0 {
		bad("MaxMemory", c.MaxMemory, "is negative")
	}
	if !(c.MinRecall >= 0 && c.MinRecall <= 1) || math.IsNaN(c.MinRecall) {
		bad("MinRecall", c.MinRecall, "is outside [0, 1]")
	}
	return c, errors.Join(errs...)
}
