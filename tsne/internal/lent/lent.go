// Package lent hands memory from one stage of an embedding to the next,
// which would else wait for the garbage collector.
package lent

import "context"

// Memory is given to a stage by its context.
type Memory struct {
	Words []uint64 // what the stage took, when it has ended
	taken bool
}

type key struct{}

// With returns a context of whose memory a stage may take.
func With(ctx context.Context, m *Memory) context.Context { return context.WithValue(ctx, key{}, m) }

// Take returns n words of any content: the memory of the context once, and
// new memory otherwise.
func Take(ctx context.Context, n int) []uint64 {
	m, ok := ctx.Value(key{}).(*Memory)
	if !ok || m.taken {
		return make([]uint64, n)
	}
	m.taken = true
	if len(m.Words) < n {
		m.Words = make([]uint64, n)
	}
	return m.Words[:n]
}
