package tsne

import (
	"context"
	"fmt"
	"hash/fnv"
	"io"
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
	s := &b.s
	h := fnv.New64a()
	fmt.Fprint(h, b.n, b.d, s.Dims, s.Perplexity, s.Phases, s.MinGradNorm, s.Freedom, s.Seed, s.Duplicates, *s.Expert)
	fmt.Fprintf(h, "%T%v", s.Kernel, s.Kernel)
	fmt.Fprintf(h, "%T", s.Start)
	if g, ok := s.Start.(givenStart); ok {
		fmt.Fprint(h, hashFloats(g.y))
	}
	k := s.search()
	fmt.Fprint(h, k.Method, k.Metric, k.Func != nil, k.Seed, k.MinRecall)
	hashSlice(h, s.Weights, math.Float64bits)
	hashSlice(h, s.Fixed, func(v bool) uint64 { return uint64(b2u(v)) })
	if g := s.Neighbors; g != nil {
		hashSlice(h, g.Index, func(v int32) uint64 { return uint64(v) })
		hashSlice(h, g.Dist2, math.Float64bits)
	}
	if a := s.Affinities; a != nil {
		p, err := hashPoints(ctx, a, s.Workers)
		if err != nil {
			return id, err
		}
		fmt.Fprint(h, " ", p)
	}
	id.settings = h.Sum64()
	return id, nil
}

// join adds v to the hash h.
func join(h, v uint64) uint64 {
	h = bits.RotateLeft64(h^v, 29) * 0xbf58476d1ce4e5b9
	return h ^ h>>32
}

func hashSlice[T any](w io.Writer, x []T, f func(T) uint64) {
	h := uint64(len(x))
	for _, v := range x {
		h = join(h, f(v))
	}
	fmt.Fprint(w, " ", h)
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
	err := eachRow(ctx, x, workers, n, d, 64, func(_, _, i int, row []float32) { rows[i] = hashFloats(row) })
	h := join(uint64(n), uint64(d))
	for _, v := range rows {
		h = join(h, v)
	}
	return h, err
}
