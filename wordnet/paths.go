package wordnet

import "iter"

// A walker enumerates paths of hypernyms, depth first.
type walker struct {
	db     *DB
	path   []uint32
	next   []uint32 // of each synset on the path, the next hypernym to try
	leaf   []bool   // of each synset on the path, whether none was tried yet
	onPath []uint64 // bit set of the synsets on the path that reach a cycle
	budget int      // steps left
}

func newWalker(db *DB, budget int) *walker {
	w := &walker{db: db, budget: budget}
	if db.cyclic != nil {
		w.onPath = make([]uint64, len(db.cyclic))
	}
	return w
}

func (w *walker) push(id uint32) {
	w.path = append(w.path, id)
	w.next = append(w.next, w.db.hypStart[id])
	w.leaf = append(w.leaf, true)
	if w.db.isCyclic(id) {
		w.onPath[id/64] |= 1 << (id % 64)
	}
}

func (w *walker) pop() {
	top := len(w.path) - 1
	if id := w.path[top]; w.db.isCyclic(id) {
		w.onPath[id/64] &^= 1 << (id % 64)
	}
	w.path, w.next, w.leaf = w.path[:top], w.next[:top], w.leaf[:top]
}

// paths yields every path from id upwards; what it yields is reused. A
// hypernym that is on the path is skipped, and a path ends where none is
// left. With short set, a path also ends at the first synset that does not
// reach a cycle. When the budget is spent, the path at hand is the last one.
func (w *walker) paths(id uint32, short bool) iter.Seq[[]uint32] {
	return func(yield func([]uint32) bool) {
		db := w.db
		for len(w.path) > 0 { // left over from a walk that was cut
			w.pop()
		}
		w.push(id)
		for len(w.path) > 0 {
			if w.budget--; w.budget < 0 {
				yield(w.path)
				return
			}
			top := len(w.path) - 1
			at, i := w.path[top], w.next[top]
			end := db.hypStart[at+1]
			if db.isCyclic(at) {
				for i < end && w.onPath[db.hyper[i]/64]&(1<<(db.hyper[i]%64)) != 0 {
					i++
				}
			} else if short {
				i = end
			}
			if i == end {
				if w.leaf[top] && !yield(w.path) {
					return
				}
				w.pop()
				continue
			}
			w.next[top] = i + 1
			w.leaf[top] = false
			w.push(db.hyper[i])
		}
	}
}
