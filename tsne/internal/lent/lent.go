// Package lent hands memory from one stage of an embedding to the next, which
// would else wait for the garbage collector.
package lent

import "context"

// Memory is lent to a stage with its context.
type Memory struct {
	Words []uint64 // what the stage took, when it has ended
	taken bool
}

type lender struct {
	context.Context
	m *Memory
}

// With returns a context of whose memory a stage may take.
func With(ctx context.Context, m *Memory) context.Context { return lender{ctx, m} }

// Take returns n words of any content: the memory lent with the context, once,
// and new memory otherwise.
func Take(ctx context.Context, n int) []uint64 {
	l, ok := ctx.(lender)
	if !ok || l.m.taken {
		return make([]uint64, n)
	}
	l.m.taken = true
	if len(l.m.Words) < n {
		l.m.Words = make([]uint64, n)
	}
	return l.m.Words[:n]
}
