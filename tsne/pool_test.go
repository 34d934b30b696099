package tsne

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// Every block is done once, by a worker with its own number, also when workers
// have to wait so long that they fall asleep, and nothing is left running.
func TestPool(t *testing.T) {
	for _, procs := range []int{1, 2, 5} {
		for _, workers := range []int{1, 2, 3, 8} {
			t.Run(fmt.Sprintf("procs=%d/workers=%d", procs, workers), func(t *testing.T) {
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
				before := runtime.NumGoroutine()
				p := newPool(workers)
				busy := make([]atomic.Bool, workers)
				var count [2][40]int
				task := func(kind int) func(w, b int) {
					return func(w, b int) {
						if busy[w].Swap(true) {
							t.Errorf("worker %d does two blocks at once", w)
						}
						count[kind][b]++
						if b%13 == kind {
							time.Sleep(time.Millisecond)
						}
						busy[w].Store(false)
					}
				}
				pass, side := task(0), task(1)
				p.start()
				for _, blocks := range []int{0, 1, 2, 40} {
					count = [2][40]int{}
					p.start()
					p.aside(40, side)
					p.do(blocks, pass)
					time.Sleep(time.Millisecond) // as a loop over steps may
					p.do(blocks, pass)
					p.finishAside()
					p.stop()
					for b := range 40 {
						want := 0
						if b < blocks {
							want = 2
						}
						if count[0][b] != want || count[1][b] != 1 {
							t.Fatalf("block %d of %d was done %d times, that aside %d times", b, blocks, count[0][b], count[1][b])
						}
					}
				}
				p.stop()
				p.do(40, pass) // without start
				if count[0][39] != 3 {
					t.Errorf("the last block was done %d times", count[0][39])
				}
				for range 100 {
					if runtime.NumGoroutine() <= before {
						return
					}
					time.Sleep(time.Millisecond)
				}
				t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
			})
		}
	}
}

// A loop over steps that is left, or ends in a panic, leaves no goroutine; one
// whose body takes long leaves the workers asleep.
func TestStepsLeaveNothing(t *testing.T) {
	r := smallRun(t, 300)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	before := runtime.NumGoroutine()
	steps := 0
	for range r.Steps(t.Context()) {
		if steps++; steps == 3 {
			break
		}
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		for range r.Steps(t.Context()) {
			for i := 0; int(r.pool.asleep.Load()) < r.pool.helpers; i++ {
				if i == 2000 {
					t.Errorf("%d of %d helpers sleep", r.pool.asleep.Load(), r.pool.helpers)
					break
				}
				time.Sleep(time.Millisecond)
			}
			r.KL() // inside the loop
			panic("left")
		}
	}()
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}
