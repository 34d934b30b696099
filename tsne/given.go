package tsne

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/semamap/semamap/tsne/internal/share"
)

// readAffinities reads given affinities, whose shape is right, and makes them
// symmetric and their sum 1.
func readAffinities(ctx context.Context, x Points) (*joint, error) {
	n, _ := x.Dims()
	a := &joint{Ptr: make([]int64, 1, n+1)}
	buf := make([]float32, n)
	for i := range n {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		var bad error
		add := func(j int32, v float32) {
			switch {
			case int(j) == i || v == 0:
			case j < 0 || int(j) >= n || int64(len(a.Col)) > a.Ptr[i] && j <= a.Col[len(a.Col)-1]:
				bad = cmp.Or(bad, badSetting("Affinities", "given", fmt.Sprintf("row %d: column %d is out of place", i, j)))
			case !(v > 0 && v <= math.MaxFloat32):
				bad = cmp.Or(bad, badSetting("Affinities", "given", fmt.Sprintf("row %d, column %d: value %v", i, j, v)))
			default:
				a.Col, a.Val = append(a.Col, j), append(a.Val, v)
			}
		}
		if s, ok := x.(sparse); ok {
			s.Sparse(i, add)
		} else {
			row, err := readRow(x, buf, i, n)
			if err != nil {
				return nil, share.Errorf("tsne: Affinities: %w", err)
			}
			for j, v := range row {
				add(int32(j), v)
			}
		}
		if bad != nil {
			return nil, bad
		}
		a.Ptr = append(a.Ptr, int64(len(a.Col)))
	}
	a = a.symmetric()
	return a, a.normalize(ctx)
}

// transpose returns the transpose of a, which has cols columns. Those of its
// rows ascend.
func (a *joint) transpose(cols int) *joint { return (*joint)((*share.CSR)(a).Transpose(cols)) }

// symmetric returns the mean of a and its transpose.
func (a *joint) symmetric() *joint {
	t := a.transpose(len(a.Ptr) - 1)
	if slices.Equal(a.Ptr, t.Ptr) && slices.Equal(a.Col, t.Col) && slices.Equal(a.Val, t.Val) {
		return a
	}
	return join2(a, t, func(v, w float64) float64 { return (v + w) / 2 })
}

// join2 returns f of the values of a and b, with zero for what is not there.
func join2(a, b *joint, f func(v, w float64) float64) *joint {
	n := len(a.Ptr) - 1
	c := &joint{Ptr: make([]int64, 1, n+1)}
	for i := range n {
		d, e := a.Ptr[i], b.Ptr[i]
		for d < a.Ptr[i+1] || e < b.Ptr[i+1] {
			var v, w float64
			j := int32(math.MaxInt32)
			if d < a.Ptr[i+1] {
				j = a.Col[d]
			}
			if e < b.Ptr[i+1] {
				j = min(j, b.Col[e])
			}
			if d < a.Ptr[i+1] && a.Col[d] == j {
				v = float64(a.Val[d])
				d++
			}
			if e < b.Ptr[i+1] && b.Col[e] == j {
				w = float64(b.Val[e])
				e++
			}
			if r := float32(f(v, w)); r != 0 {
				c.Col, c.Val = append(c.Col, j), append(c.Val, r)
			}
		}
		c.Ptr = append(c.Ptr, int64(len(c.Col)))
	}
	return c
}

// Affinities returns the affinities P of the rows of x, as [New] computes them
// with the settings s, for [MeanAffinities] and [ProductAffinities]. Equal rows
// are not merged. s may be nil. Affinities fails with the errors of New.
func Affinities(ctx context.Context, x Points, s *Settings) (Points, error) {
	var set Settings
	if s != nil {
		set = *s
	}
	set.Duplicates, set.Start = Keep, Random()
	b, err := newBuilder(ctx, x, &set)
	if err != nil {
		return nil, err
	}
	for _, stage := range []func(context.Context) error{b.merge, b.search, b.calibrate} {
		if err := stage(ctx); err != nil {
			return nil, err
		}
	}
	return b.p.csr(), nil
}

// csr returns P as Settings takes it.
func (a *joint) csr() Points {
	start := make([]int, len(a.Ptr))
	for i, p := range a.Ptr {
		start[i] = int(p)
	}
	return CSR(max(0, len(start)-1), start, a.Col, a.Val)
}

// MeanAffinities returns the weighted mean of several affinities of the same
// points, for [Settings].Affinities: of several kinds of data, or of several
// perplexities; see [Affinities]. Nil weights are equal ones. Each of them is
// made symmetric and divided by its sum first, so that only the weights decide
// how much it counts.
func MeanAffinities(weights []float64, affinities ...Points) Points {
	if weights == nil {
		weights = slices.Repeat([]float64{1}, len(affinities))
	}
	var sum float64
	for m, w := range weights {
		if !(w >= 0 && w <= math.MaxFloat32) {
			return failed{badSetting("weights", w, fmt.Sprintf("weight %d must be finite and not negative", m))}
		}
		sum += w
	}
	if len(weights) != len(affinities) || !(sum > 0) {
		return failed{badSetting("weights", weights, fmt.Sprintf("need one for each of %d affinities, and a positive sum", len(affinities)))}
	}
	return combined(affinities, func(a, b *joint, m int) *joint {
		if m == 0 {
			return join2(b, b, func(v, _ float64) float64 { return v * weights[0] / sum })
		}
		return join2(a, b, func(v, w float64) float64 { return v + w*weights[m]/sum })
	})
}

// ProductAffinities returns the product, entry by entry, of several affinities
// of the same points, for [Settings].Affinities: only pairs that are near in
// all of them stay near. The factors are made symmetric and divided by their
// sums first.
func ProductAffinities(affinities ...Points) Points {
	return combined(affinities, func(a, b *joint, m int) *joint {
		if m == 0 {
			return b
		}
		n := float64(len(a.Ptr)) // against underflow
		return join2(a, b, func(v, w float64) float64 { return v * w * n * n })
	})
}

// combined joins affinities one after the other: f joins what there is and
// number m.
func combined(affinities []Points, f func(a, b *joint, m int) *joint) Points {
	if len(affinities) == 0 {
		return failed{badSetting("affinities", nil, "none are given")}
	}
	var a *joint
	for m, x := range affinities {
		name := fmt.Sprintf("affinities %d", m)
		if x == nil {
			return failed{badSetting(name, nil, "not given")}
		}
		rows, cols, err := checkShape(x)
		if err != nil {
			return failed{share.Errorf("tsne: %s: %w", name, err)}
		}
		if n, _ := affinities[0].Dims(); rows != cols || rows != n {
			return failed{badSetting(name, []int{rows, cols}, fmt.Sprintf("must be a matrix of %d×%d", n, n))}
		}
		b, err := readAffinities(context.Background(), x)
		if err != nil {
			return failed{share.Errorf("tsne: %s: %w", name, err)}
		}
		a = f(a, b, m)
	}
	return a.csr()
}

// failed is points that could not be made.
type failed struct{ err error }

func (f failed) Check() error                          { return f.err }
func (failed) Dims() (rows, cols int)                  { return 0, 0 }
func (f failed) Row([]float32, int) ([]float32, error) { return nil, f.err }
