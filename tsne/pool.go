package tsne

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/semamap/semamap/internal/par"
)

// A pool runs the passes of a step, each cut into blocks as by [par.Blocks],
// and allocates nothing when used again. A step has about ten passes of some
// tens of microseconds, so its workers are not woken for each: between start
// and stop they wait for the next pass, a short time awake, then asleep.
// Meanwhile they do blocks of a pass put aside, which nobody waits for yet.
//
// All methods are called by one goroutine, which is worker 0.
type pool struct {
	workers int
	done    <-chan struct{} // of a context, or nil: see ended

	pass, side job
	open       int // calls of start without stop
	helpers    int // goroutines beside the caller's
	help       []func()
	wg         sync.WaitGroup

	stopping     atomic.Bool
	asleep       atomic.Int32 // helpers
	waiting      atomic.Bool  // the caller is asleep
	mu           sync.Mutex
	more, passed sync.Cond
}

// A job is a pass. Its fields but the counters change only when no block is
// left to take or to finish.
type job struct {
	left    atomic.Int64 // blocks not taken
	pending atomic.Int64 // blocks not finished
	blocks  int
	f       func(worker, block int)
}

func newPool(workers int) *pool {
	p := &pool{workers: par.Workers(workers)}
	p.more.L, p.passed.L = &p.mu, &p.mu
	p.help = make([]func(), p.workers)
	for w := range p.help {
		p.help[w] = func() { p.serve(w) }
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

// start makes the workers ready until stop; pairs of calls may be nested.
func (p *pool) start() {
	p.open++
	if p.open > 1 {
		return
	}
	// More than can run at once would only wait for each other.
	p.helpers = min(p.workers, runtime.GOMAXPROCS(0)) - 1
	p.stopping.Store(false)
	p.wg.Add(p.helpers)
	for w := 1; w <= p.helpers; w++ {
		go p.help[w]()
	}
}

// stop ends the workers' goroutines; nothing may be put aside.
func (p *pool) stop() {
	p.open--
	if p.open > 0 {
		return
	}
	p.stopping.Store(true)
	p.wake()
	p.wg.Wait()
	p.helpers = 0
}

// do calls f for each block on all workers and returns when all are done.
func (p *pool) do(blocks int, f func(worker, block int)) {
	if blocks > 1 && p.workers > 1 {
		p.start()
		defer p.stop()
	}
	if p.helpers == 0 || blocks <= 1 {
		for b := range blocks {
			f(0, b)
		}
		return
	}
	p.pass.set(blocks, f)
	p.wake()
	p.finish(&p.pass)
}

// aside hands out blocks of f to workers with nothing else to do, until
// finishAside.
func (p *pool) aside(blocks int, f func(worker, block int)) {
	p.side.set(blocks, f)
	p.wake()
}

// finishAside returns when all blocks put aside are done.
func (p *pool) finishAside() { p.finish(&p.side) }

// patience is how often an idle worker looks for work before it sleeps: some
// 20 µs, less than falling asleep and waking up take together.
const patience = 8000

// finish does and awaits all blocks of j, and others meanwhile.
func (p *pool) finish(j *job) {
	for p.take(j, 0) {
	}
	for idle := 0; j.pending.Load() > 0; {
		switch {
		case p.take(&p.side, 0):
			idle = 0
		case idle < patience:
			idle++
		default:
			p.waiting.Store(true)
			p.mu.Lock()
			for j.pending.Load() > 0 {
				p.passed.Wait()
			}
			p.mu.Unlock()
			p.waiting.Store(false)
		}
	}
}

// serve is worker w's goroutine.
func (p *pool) serve(w int) {
	defer p.wg.Done()
	for idle := 0; ; {
		switch {
		case p.take(&p.pass, w) || p.take(&p.side, w):
			idle = 0
		case p.stopping.Load():
			return
		case idle < patience:
			idle++
		default:
			// Whoever changes what is tested here looks at asleep afterwards.
			p.asleep.Add(1)
			p.mu.Lock()
			for p.pass.left.Load() <= 0 && p.side.left.Load() <= 0 && !p.stopping.Load() {
				p.more.Wait()
			}
			p.mu.Unlock()
			p.asleep.Add(-1)
			idle = 0
		}
	}
}

func (p *pool) wake() {
	if p.asleep.Load() > 0 {
		p.mu.Lock()
		p.more.Broadcast()
		p.mu.Unlock()
	}
}

func (j *job) set(blocks int, f func(worker, block int)) {
	j.blocks, j.f = blocks, f
	j.pending.Store(int64(blocks))
	j.left.Store(int64(blocks))
}

// take does a block of j, if one is left, as worker w.
func (p *pool) take(j *job, w int) bool {
	if j.left.Load() <= 0 {
		return false
	}
	left := j.left.Add(-1)
	if left < 0 {
		return false
	}
	j.f(w, j.blocks-1-int(left))
	if j.pending.Add(-1) == 0 && p.waiting.Load() {
		p.mu.Lock()
		p.passed.Signal()
		p.mu.Unlock()
	}
	return true
}
