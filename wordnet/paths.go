package wordnet

import (
	"cmp"
	"iter"
	"maps"
	"slices"
)

// A walker enumerates paths of hypernyms, depth first.
type walker struct {
	db     *DB
	path   []uint32
	next   []uint32 // of each synset on the path, the next hypernym to try
	leaf   []bool   // of each synset on the path, whether none was tried yet
	onPath []uint64 // bit set of the synsets on the path that reach a cycle
	budget int      // steps left
}

// newWalker makes a walker for paths from a synset.
func newWalker(db *DB, from uint32, budget int) *walker {
	w := &walker{db: db, budget: budget}
	if db.isCyclic(from) { // else no synset above does either
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

// HypernymPaths returns every path of hypernyms and instance hypernyms from a
// root down to s, root first, in NLTK's order: for each hypernym, each of its
// paths with s added. Each path is a new slice.
//
// If hypernyms form a cycle, synsets that are already on the path are skipped;
// if all are, the path begins there. Paths are computed as they are consumed, so
// a hostile database with very many paths costs nothing until they are.
func (s Synset) HypernymPaths() iter.Seq[[]Synset] {
	return func(yield func([]Synset) bool) {
		w := newWalker(s.db, s.id, maxBudget)
		for p := range w.paths(s.id, false) {
			out := make([]Synset, len(p))
			for i, id := range p {
				out[len(p)-1-i] = Synset{s.db, id}
			}
			if !yield(out) {
				return
			}
		}
	}
}

const (
	maxBudget = int(^uint(0) >> 1) // no bound

	// maxSearch bounds searches that a made-up database could prolong without
	// end. No edition of WordNet comes near it.
	maxSearch = 1 << 20
)

// Roots returns the synsets without hypernyms that are reached from s by
// hypernyms and instance hypernyms, in the order of NLTK's depth-first search.
// It is empty if all paths end in a cycle.
func (s Synset) Roots() []Synset {
	db := s.db
	var roots []Synset
	seen := idSet{db: db}
	todo := append(make([]uint32, 0, 32), s.id)
	for len(todo) > 0 {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !seen.add(id) {
			continue
		}
		hs := db.hypernyms(id)
		if len(hs) == 0 {
			roots = append(roots, Synset{db, id})
		}
		todo = append(todo, hs...)
	}
	return roots
}

// HypernymDistances returns the synsets above s with the number of steps to
// each, and s itself with 0, sorted by name and then by steps. A synset that is
// reached by paths of different lengths is returned once for each length. If
// hypernyms form a cycle, the paths are those of [Synset.HypernymPaths]; if
// these have more than a million steps in all, only the shortest distance of
// each synset is returned.
func (s Synset) HypernymDistances() iter.Seq2[Synset, int] {
	return func(yield func(Synset, int) bool) {
		for _, d := range s.distances() {
			if !yield(Synset{s.db, d.id}, int(d.steps)) {
				return
			}
		}
	}
}

func (s Synset) distances() []ancestor {
	db := s.db
	seen := map[ancestor]bool{}
	if !db.isCyclic(s.id) {
		// Level by level: a level holds each synset once, and no path is
		// longer than the depth.
		level := []uint32{s.id}
		for steps := uint32(0); len(level) > 0; steps++ {
			var next []uint32
			for _, id := range level {
				seen[ancestor{id, steps}] = true
				next = append(next, db.hypernyms(id)...)
			}
			slices.Sort(next)
			level = slices.Compact(next)
		}
	} else {
		w := newWalker(db, s.id, maxSearch)
		for p := range w.paths(s.id, false) {
			if w.budget < 0 {
				clear(seen)
				for _, a := range db.ancestors(nil, s.id) {
					seen[a] = true
				}
				break
			}
			for i, id := range p {
				seen[ancestor{id, uint32(i)}] = true
			}
		}
	}
	return slices.SortedFunc(maps.Keys(seen), func(a, b ancestor) int {
		return cmp.Or(db.compareNames(a.id, b.id), cmp.Compare(a.steps, b.steps))
	})
}

// Closure returns every synset that is reached from s by one or more steps of
// rel, each once, with its number of steps, nearest first. rel is a method such
// as Synset.Hyponyms, or any other function from a synset to synsets:
//
//	for s := range dog.Closure(wordnet.Synset.Hyponyms) {
//		fmt.Println(s.Name())
//	}
//
// s itself is not returned. The order is as in NLTK, which may however return a
// synset twice. To limit the number of steps, leave the loop at the first synset
// with more.
func (s Synset) Closure(rel func(Synset) iter.Seq[Synset]) iter.Seq2[Synset, int] {
	return func(yield func(Synset, int) bool) {
		seen := idSet{db: s.db}
		seen.add(s.id)
		level := []uint32{s.id}
		for steps := 1; len(level) > 0; steps++ {
			var next []uint32
			for _, id := range level {
				for t := range rel(Synset{s.db, id}) {
					if !seen.add(s.same(t)) {
						continue
					}
					if !yield(t, steps) {
						return
					}
					next = append(next, t.id)
				}
			}
			level = next
		}
	}
}

// An idSet is a set of synsets: a list while it is small, then a bit set.
type idSet struct {
	db   *DB
	few  [48]uint32
	n    int
	many []uint64
}

// add reports whether id is new.
func (s *idSet) add(id uint32) bool {
	if s.many == nil {
		if slices.Contains(s.few[:s.n], id) {
			return false
		}
		if s.n < len(s.few) {
			s.few[s.n] = id
			s.n++
			return true
		}
		s.many = make([]uint64, (s.db.Len()+63)/64)
		for _, x := range s.few {
			s.many[x/64] |= 1 << (x % 64)
		}
	}
	if s.many[id/64]&(1<<(id%64)) != 0 {
		return false
	}
	s.many[id/64] |= 1 << (id % 64)
	return true
}
