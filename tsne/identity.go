package tsne

import (
	"context"
	"fmt"
	"math"
	"math/bits"
)

// An identity tells runs apart: hashes of the data and of the settings that
// decide a map.
type identity struct{ data, settings uint64 }

func (b *builder) identity(ctx context.Context) (id identity, err error) {
	if b.x != nil {
		if id.data, err = hashPoints(ctx, b.x, b.s.Workers); err != nil {
			return id, err
		}
	}
	s, k := &b.s, b.s.search()
	h := &id.settings
	add := func(values ...float64) { *h = join(*h, hashSlice(values, math.Float64bits)) }
	add(float64(b.n), float64(b.d), float64(s.Dims), s.Perplexity, s.MinGradNorm, s.Freedom, float64(s.Duplicates),
		float64(s.Expert.Method), s.Expert.Spacing, s.Expert.Theta, s.Expert.MaxStep,
		float64(k.Method), float64(k.Metric), float64(b2u(k.Func != nil)), k.MinRecall, float64(b2u(s.KeepStart)))
	*h = join(join(*h, s.Seed), k.Seed)
	for _, p := range s.Phases {
		add(float64(p.Steps), p.Exaggeration, p.LearningRate, p.Momentum)
	}
	words := fmt.Sprintf("%T%v%T", s.Kernel, s.Kernel, s.Start)
	*h = join(*h, hashSlice([]byte(words), func(v byte) uint64 { return uint64(v) }))
	if g, ok := s.Start.(givenStart); ok {
		*h = join(*h, hashFloats(g.y))
	}
	add(s.Weights...)
	*h = join(*h, hashSlice(s.Fixed, func(v bool) uint64 { return uint64(b2u(v)) }))
	if g := s.Neighbors; g != nil {
		add(g.Dist2...)
		*h = join(*h, hashSlice(g.Index, func(v int32) uint64 { return uint64(v) }))
	}
	if a := s.Affinities; a != nil {
		p, err := hashPoints(ctx, a, s.Workers)
		if err != nil {
			return id, err
		}
		*h = join(*h, p)
	}
	return id, nil
}

// join adds v to the hash h.
func join(h, v uint64) uint64 {
	h = bits.RotateLeft64(h^v, 29) * 0xbf58476d1ce4e5b9
	return h ^ h>>32
}

func hashSlice[T any](x []T, f func(T) uint64) uint64 {
	h := uint64(len(x))
	for _, v := range x {
		h = join(h, f(v))
	}
	return h
}

func hashFloats(x []float32) uint64 {
	h := uint64(len(x))
	for ; len(x) >= 2; x = x[2:] {
		h = join(h, uint64(math.Float32bits(x[0]+0))|uint64(math.Float32bits(x[1]+0))<<32) // −0 + 0 = +0
	}
	if len(x) == 1 {
		h = join(h, uint64(math.Float32bits(x[0]+0)))
	}
	return h
}

// hashPoints hashes the rows of x, or what they are combined of.
func hashPoints(ctx context.Context, x Points, workers int) (uint64, error) {
	if base, start, index, weight := terms(x); base != nil {
		h, err := hashPoints(ctx, base, workers)
		for _, v := range start {
			h = join(h, uint64(v))
		}
		for _, v := range index {
			h = join(h, uint64(v))
		}
		return join(h, hashFloats(weight)), err
	}
	n, d := x.Dims()
	if s, ok := x.(sparse); ok {
		h := uint64(d)
		for i := range n {
			h = join(h, uint64(i))
			s.Sparse(i, func(j int32, v float32) { h = join(h, uint64(j)<<32|uint64(math.Float32bits(v))) })
		}
		return h, nil
	}
	rows := make([]uint64, n)
	wide, _ := x.(interface {
		Read64(i int, f func(x []float64)) error
	})
	err := eachRow(ctx, x, workers, n, d, 64, func(_, _, i int, row []float32) {
		rows[i] = hashFloats(row)
		if wide == nil {
			return
		}
		_ = wide.Read64(i, func(x []float64) { // which succeeded for Row
			for _, v := range x {
				if float64(float32(v)) != v {
					rows[i] = join(rows[i], math.Float64bits(v))
				}
			}
		})
	})
	h := join(uint64(n), uint64(d))
	for _, v := range rows {
		h = join(h, v)
	}
	return h, err
}
