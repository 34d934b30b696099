package quality

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// ErrInput is wrapped by every error about an argument.
var ErrInput = errors.New("quality: bad input")

func inputErr(format string, a ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrInput}, a...)...)
}

// Points is a set of n rows of d numbers. Row fills dst[:d] with row i and may
// be called from many goroutines at once. The points of packages tsne and knn
// fit as they are.
type Points interface {
	Dims() (n, d int)
	Row(dst []float32, i int)
}

// A Sample says which part of the data a measure looks at. The zero value
// means all of it.
type Sample struct {
	Size    int    // rows (or pairs, where the function says so) drawn without replacement; 0 means all
	Seed    uint64 // of the draw; equal seeds draw the same rows
	Workers int    // goroutines; 0 means GOMAXPROCS. It never changes a result
}

// Rows returns the drawn rows of n, ascending.
func (s Sample) Rows(n int) ([]int32, error) {
	if s.Size < 0 {
		return nil, inputErr("Sample.Size is %d", s.Size)
	}
	if n < 0 || n > math.MaxInt32 {
		return nil, inputErr("%d rows", n)
	}
	all := make([]int32, n)
	for i := range all {
		all[i] = int32(i)
	}
	if s.Size == 0 || s.Size >= n {
		return all, nil
	}
	// The first steps of a Fisher–Yates shuffle.
	rng := rand.New(rand.NewPCG(s.Seed, 0x73616d706c65)) // the stream of this package's row samples
	for i := range s.Size {
		j := i + rng.IntN(n-i)
		all[i], all[j] = all[j], all[i]
	}
	rows := slices.Clone(all[:s.Size])
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
	for i, v := range y {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return 0, inputErr("point %d, coordinate %d is %v", i/dims, i%dims, v)
		}
	}
	return n, nil
}

// checkLists returns the number of lists of k indices below n that nn holds.
func checkLists(name string, nn []int32, k, n int) (int, error) {
	if k <= 0 || len(nn)%k != 0 {
		return 0, inputErr("%s has %d indices in lists of %d", name, len(nn), k)
	}
	for i, j := range nn {
		if j < 0 || int(j) >= n {
			return 0, inputErr("%s, list %d, entry %d: index %d of %d rows", name, i/k, i%k, j, n)
		}
	}
	return len(nn) / k, nil
}

// checkWeights makes weights of 1 out of nil.
func checkWeights(w []float64, n int) ([]float64, error) {
	if w == nil {
		w = make([]float64, n)
		for i := range w {
			w[i] = 1
		}
		return w, nil
	}
	if len(w) != n {
		return nil, inputErr("%d weights for %d points", len(w), n)
	}
	for i, v := range w {
		if !(v > 0) || math.IsInf(v, 0) {
			return nil, inputErr("weight %d is %v", i, v)
		}
	}
	return w, nil
}
