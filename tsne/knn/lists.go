package knn

import (
	"context"
	"math"
	"sync"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
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
	shift int       // a group is 1<<shift rows
	lock  []sync.Mutex
}

const (
	groupShift = 8 // of a lists: a lock for 256 rows
	keyBytes   = 8
)

// listCost is the memory of a list of twice keep entries.
func listCost(keep int) int64 { return 2*int64(keep)*keyBytes + 16 }

// newLists makes lists of up to size entries, of which keep are to be kept,
// with a lock for 1<<shift of them.
func newLists(n, keep, size, shift int) *lists {
	l := &lists{
		keep:  keep,
		size:  size,
		key:   make([]uint64, n*size),
		count: make([]int32, n),
		top:   make([]uint64, n),
		limit: make([]float32, n),
		shift: shift,
		lock:  make([]sync.Mutex, n>>shift+1),
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

// setLimit shuts out candidates of larger values from list i.
func (l *lists) setLimit(i int, limit float32) {
	l.limit[i], l.top[i] = limit, makeKey(limit, math.MaxInt32)
}

// readLimits copies the limits of the rows from i on.
func (l *lists) readLimits(dst []float32, i int) {
	for len(dst) > 0 {
		g := i >> l.shift
		n := min(len(dst), (g+1)<<l.shift-i)
		l.lock[g].Lock()
		copy(dst[:n], l.limit[i:])
		l.lock[g].Unlock()
		dst, i = dst[n:], i+n
	}
}

// pushAll adds candidates, and writes the new limits of the lists it changed
// to limit, whose first entry is of row i0. It calls full for lists that are.
func (l *lists) pushAll(hits []hit, limit []float32, i0 int, full func(i int)) {
	group := -1
	for _, h := range hits {
		i := int(h.i)
		if g := i >> l.shift; g != group {
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

// An absorber is what a search needs to take full lists into its graph.
type absorber struct {
	have []int32 // entries of each row of the graph so far, by place
	tmp  []absorbScratch
}

type absorbScratch struct {
	scratch
	distScratch
	known idSet
	list  []pair
}

// newAbsorber makes one for n lists that, with what the graph has, hold at most
// so many entries.
func newAbsorber(n, most, workers int) absorber {
	a := absorber{make([]int32, n), make([]absorbScratch, workers)}
	for w := range a.tmp {
		a.tmp[w].known = newIDSet(most)
	}
	return a
}

// absorb takes the candidates of list p, which are rows of v, into the graph
// and empties the list. Only those within the limit and not yet in the graph
// get their distances, and the limit falls to what the k-th neighbor leaves. A
// row of the graph that is full ends with its k-th neighbor; it is in order after
// the last time.
func (e *exact) absorb(v *view, w, p int, last bool) {
	l, t, i := e.lists, &e.tmp[w], e.rowAt(p)
	keys, have := l.key[p*l.size:][:l.count[p]], int(e.have[p])
	index, dist := e.graph.Row(i)
	t.known.clear()
	if e.same {
		t.known.add(int32(i))
	}
	for _, j := range index[:have] {
		t.known.add(j)
	}
	n := 0
	for _, key := range keys {
		if keyValue(key) <= l.limit[p] && t.known.add(int32(keyIndex(key))) {
			keys[n] = key
			n++
		}
	}
	row := e.xRow(p, v, &t.scratch)
	t.list = t.list[:0]
	for c, j := range index[:have] {
		t.list = append(t.list, pair{dist[c], j})
	}
	t.distances(row, v, keys[:n])
	e.rescored[w] += int64(n)
	for c, key := range keys[:n] {
		if d2 := t.dist[c]; have < e.k || d2 <= dist[e.k-1] {
			t.list = append(t.list, pair{d2, int32(keyIndex(key))})
		}
	}
	if len(t.list) > e.k {
		selectPairs(t.list, e.k)
		t.list = t.list[:e.k]
	}
	if last {
		sortPairs(t.list)
	}
	limit := float32(math.Inf(1))
	if have = len(t.list); have == e.k {
		b := e.bound(p)
		limit = b.reach(t.list[have-1].d2)
	}
	for c, m := range t.list {
		index[c], dist[c] = m.j, m.d2
	}
	e.have[p] = int32(have)
	l.count[p] = 0
	l.setLimit(p, limit)
}

// absorbAll absorbs all lists; cut tells that only the best of each count.
func (e *exact) absorbAll(ctx context.Context, v *view, cut bool) error {
	return par.Blocks(ctx, e.workers, e.x.n, 16, func(w, _, lo, hi int) {
		for p := lo; p < hi; p++ {
			if ctx.Err() != nil {
				return
			}
			if cut {
				e.lists.finish(p)
				e.lists.limit[p] = float32(math.Inf(1))
			}
			e.absorb(v, w, p, !cut)
		}
	})
}
