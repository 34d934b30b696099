package knn

import (
	"context"
	"math"
	"sync"

	"github.com/semamap/semamap/internal/vec"
	"github.com/semamap/semamap/tsne/internal/lent"
)

// lists collects, for each of n rows, the keep smallest candidates under the
// total order (value, index). What is kept does not depend on the order in
// which candidates arrive, so goroutines may push as they please; group locks
// of 256 rows guard the lists.
//
// A list takes candidates until it is full and is then cut in one go: that is several times cheaper than a heap.
type lists struct {
	keep  int
	size  int       // entries for which a list has room
	key   []uint64  // n×size; see makeKey
	count []int32   // entries of each list
	top   []uint64  // no key above it can be among the smallest
	limit []float32 // the value of top
	lock  []sync.Mutex
}

const (
	groupShift = 8 // rows per lock: 256
	keyBytes   = 8
)

// listCost is the memory of a list of twice keep entries.
func listCost(keep int) int64 { return 2*int64(keep)*keyBytes + 16 }

// newLists makes lists of up to size entries, of which keep are to be kept.
func newLists(ctx context.Context, n, keep, size int) *lists {
	l := &lists{
		keep:  keep,
		size:  size,
		key:   lent.Take(ctx, n*size),
		count: make([]int32, n),
		top:   make([]uint64, n),
		limit: make([]float32, n),
		lock:  make([]sync.Mutex, n>>groupShift+1),
	}
	inf := float32(math.Inf(1))
	if keep == 0 {
		inf = float32(math.NaN()) // nothing is wanted
	}
	for i := range l.limit {
		l.limit[i], l.top[i] = inf, math.MaxUint64
	}
	return l
}

// makeKey makes an integer that is ordered as (v, j). v is not NaN.
func makeKey(v float32, j int) uint64 {
	b := math.Float32bits(v + 0) // -0 becomes 0
	if b>>31 != 0 {
		b = ^b
	} else {
		b |= 1 << 31
	}
	return uint64(b)<<32 | uint64(uint32(j))
}

func keyValue(k uint64) float32 {
	b := uint32(k >> 32)
	if b>>31 != 0 {
		return math.Float32frombits(b &^ (1 << 31))
	}
	return math.Float32frombits(^b)
}

func keyIndex(k uint64) int { return int(uint32(k)) }

// push adds a candidate to list i, whose lock the caller holds, and reports
// whether the list is full and must be emptied before the next.
func (l *lists) push(i int, key uint64) (full bool) {
	if key >= l.top[i] {
		return false
	}
	c := int(l.count[i])
	l.key[i*l.size+c] = key
	c++
	l.count[i] = int32(c)
	return c == l.size
}

// cut leaves the smallest entries of the full list i.
func (l *lists) cut(i int) {
	list := l.key[i*l.size:][:l.size]
	vec.SelectKeys(list, l.keep)
	l.count[i] = int32(l.keep)
	l.top[i] = list[l.keep-1]
	l.limit[i] = keyValue(l.top[i])
}

// readLimits copies the limits of the rows from i on.
func (l *lists) readLimits(dst []float32, i int) {
	for len(dst) > 0 {
		n := min(len(dst), (i>>groupShift+1)<<groupShift-i)
		l.lock[i>>groupShift].Lock()
		copy(dst[:n], l.limit[i:])
		l.lock[i>>groupShift].Unlock()
		dst, i = dst[n:], i+n
	}
}

// pushAll adds candidates, and writes the new limits of the lists it changed
// to limit, whose first entry is of row i0. It calls full for lists that are.
func (l *lists) pushAll(hits []hit, limit []float32, i0 int, full func(i int)) {
	group := -1
	for _, h := range hits {
		i := int(h.i)
		if g := i >> groupShift; g != group {
			if group >= 0 {
				l.lock[group].Unlock()
			}
			group = g
			l.lock[g].Lock()
		}
		if l.push(i, h.key) {
			full(i)
		}
		if limit != nil {
			limit[i-i0] = l.limit[i]
		}
	}
	if group >= 0 {
		l.lock[group].Unlock()
	}
}

// finish cuts list i to its final entries and returns them in no particular
// order, and the largest.
func (l *lists) finish(i int) (list []uint64, top uint64) {
	c := int(l.count[i])
	list = l.key[i*l.size:][:c]
	if c > l.keep {
		vec.SelectKeys(list, l.keep)
		list = list[:l.keep]
		l.count[i] = int32(l.keep)
	}
	for _, k := range list {
		top = max(top, k)
	}
	return list, top
}
