package tsne

import (
	"sync"
	"sync/atomic"

	"github.com/semamap/semamap/internal/par"
)

// A pool runs blocks of work as [par.Blocks] does, for the steps of a run, but
// does all of them and allocates nothing when used again. Its goroutines
// end before do returns.
type pool struct {
	workers int
	f       func(worker, block int)
	blocks  int64
	next    atomic.Int64
	wg      sync.WaitGroup
	run     []func()
	done    <-chan struct{} // of a context, or nil: see ended
}

func newPool(workers int) *pool {
	p := &pool{workers: par.Workers(workers)}
	p.run = make([]func(), p.workers)
	for w := range p.run {
		p.run[w] = func() {
			p.work(w)
			p.wg.Done()
		}
	}
	return p
}

// ended reports whether the caller's context has ended. The passes over all
// pairs look at it and leave sums undone, which then must not be used.
func (p *pool) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

func (p *pool) work(w int) {
	for {
		b := p.next.Add(1) - 1
		if b >= p.blocks {
			return
		}
		p.f(w, int(b))
	}
}

// do calls f for each block on all workers.
func (p *pool) do(blocks int, f func(worker, block int)) {
	workers := min(p.workers, blocks)
	if workers <= 1 {
		for b := range blocks {
			f(0, b)
		}
		return
	}
	p.f, p.blocks = f, int64(blocks)
	p.next.Store(0)
	p.wg.Add(workers - 1)
	for w := 1; w < workers; w++ {
		go p.run[w]()
	}
	p.work(0)
	p.wg.Wait()
	p.f = nil
}
