package knn

import (
	"context"

	"github.com/semamap/semamap/internal/par"
)

// explore compares every row with the first far neighbors of its first near
// neighbors, and of rows that have it among their first near. All rows look
// at the lists as they were before the round. Pairs that met in a round before
// are left out: those of entries that are not new, unless the first has a place
// from met on, met being near in that round. It returns how many entries of
// the lists are new.
func (e *descent) explore(ctx context.Context, met, near, far int) (changed int64, err error) {
	n, k := e.n, e.k
	// What the others see: the first entries of each list, those that came in
	// the last round marked, and rows that have a row among their first.
	seen := make([]int32, n*far)
	err = par.Blocks(ctx, e.workers, n, 256, func(_, _, lo, hi int) {
		for i := lo; i < hi; i++ {
			index, _ := e.list(int32(i))
			copy(seen[i*far:(i+1)*far], index)
			for c, j := range index {
				index[c] = unmark(j)
				if met <= c && c < near {
					seen[i*far+c] = ^unmark(j)
				}
			}
		}
	})
	if err != nil {
		return 0, err
	}
	back := make([]int32, n*near)
	count := make([]uint8, n)
	for c := range near {
		for i := range n {
			if i&4095 == 0 && ctx.Err() != nil {
				return 0, ctx.Err()
			}
			v := seen[i*far+c]
			j := unmark(v)
			if m := int(count[j]); m < near {
				back[int(j)*near+m] = int32(i) ^ v>>31
				count[j]++
			}
		}
	}
	type scratch struct {
		set     idSet
		join    merger
		changed int64
	}
	work := make([]*scratch, e.workers)
	err = par.Blocks(ctx, e.workers, n, 16, func(w, _, lo, hi int) {
		if work[w] == nil {
			work[w] = &scratch{set: newIDSet(2*near*(far+1) + k + 1)}
		}
		t := work[w]
		for i := lo; i < hi; i++ {
			if ctx.Err() != nil {
				return
			}
			t.set.clear()
			t.set.add(int32(i))
			index, _ := e.list(int32(i))
			for _, j := range index {
				t.set.add(j)
			}
			cand := t.join.cand[:0]
			for s, list := range [2][]int32{seen[i*far:][:near], back[i*near:][:count[i]]} {
				for _, v := range list {
					j := unmark(v)
					if s == 1 && v < 0 && t.set.add(j) {
						cand = append(cand, j)
					}
					for _, u := range seen[int(j)*far:][:far] {
						if u|v >= 0 {
							continue // met before
						}
						if u = unmark(u); t.set.add(u) {
							cand = append(cand, u)
						}
					}
				}
			}
			t.join.cand = cand
			t.changed += int64(t.join.merge(e, int32(i)))
		}
	})
	for _, t := range work {
		if t != nil {
			changed += t.changed
		}
	}
	return changed, err
}

// An idSet is a set of row numbers: open addressing in a table at most half
// full.
type idSet struct {
	table []int32 // row + 1
	mask  uint32
}

func newIDSet(most int) idSet {
	size := 64
	for size < 2*most {
		size *= 2
	}
	return idSet{make([]int32, size), uint32(size - 1)}
}

func (s *idSet) clear() { clear(s.table) }

// add reports whether j was not in the set.
func (s *idSet) add(j int32) bool {
	for at := uint32(j) * 0x9e3779b1 >> 7 & s.mask; ; at = (at + 1) & s.mask {
		switch s.table[at] {
		case 0:
			s.table[at] = j + 1
			return true
		case j + 1:
			return false
		}
	}
}
