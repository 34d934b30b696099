package wordnet

import (
	"cmp"
	"iter"
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
// root down to the synset, root first, in NLTK's order: for each hypernym,
// each of its paths with the synset added. Each path is a slice of its own.
//
// Where hypernyms form a cycle, a synset already on the path is skipped, and
// a path begins where none is left. Paths are found one by one, so that a
// database made up to have no end of them does no harm before it is asked.
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

// Roots returns the synsets without hypernyms that the hypernyms of s lead
// to, in the order in which NLTK's search, last found first, comes upon them.
// It is empty where all paths run into a cycle.
func (s Synset) Roots() []Synset {
	db := s.db
	var roots []Synset
	var seen idSet
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

// A Distance is a synset above another, and how many steps above.
type Distance struct {
	Synset Synset
	Steps  int
}

// HypernymDistances returns every pair of a synset above s and a number of
// steps by which it is reached, s itself at 0, sorted by name and then by
// steps. Where hypernyms form a cycle, the steps are those of the paths of
// [Synset.HypernymPaths], or, if these are more than a million steps in all,
// the least number for each synset.
func (s Synset) HypernymDistances() []Distance {
	db := s.db
	type pair struct{ id, steps uint32 }
	seen := map[pair]bool{}
	if !db.isCyclic(s.id) {
		// Level by level: a level holds each synset once, and no path is
		// longer than the depth.
		level := []uint32{s.id}
		for steps := uint32(0); len(level) > 0; steps++ {
			var next []uint32
			for _, id := range level {
				seen[pair{id, steps}] = true
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
					seen[pair(a)] = true
				}
				break
			}
			for i, id := range p {
				seen[pair{id, uint32(i)}] = true
			}
		}
	}
	out := make([]Distance, 0, len(seen))
	for p := range seen {
		out = append(out, Distance{Synset{db, p.id}, int(p.steps)})
	}
	slices.SortFunc(out, func(a, b Distance) int {
		return cmp.Or(a.Synset.Compare(b.Synset), cmp.Compare(a.Steps, b.Steps))
	})
	return out
}

// Closure returns what the relation r leads to in one step or more, breadth
// first, s itself left out. depth is the greatest number of steps; a negative
// one sets no limit.
//
// As in NLTK, a synset counts as seen when its turn comes, not when it is
// found, so one that is found twice before its turn is returned twice; so
// amphibious_landing.n.01 has entity.n.01 twice among its hypernyms.
func (s Synset) Closure(r Relation, depth int) iter.Seq[Synset] {
	return func(yield func(Synset) bool) {
		type node struct {
			id    uint32
			depth int
		}
		var seen idSet
		queue := append(make([]node, 0, 32), node{s.id, 0})
		twice := 0
		for head := 0; head < len(queue); head++ {
			n := queue[head]
			if n.id != s.id && !yield(Synset{s.db, n.id}) {
				return
			}
			if !seen.add(n.id) {
				// NLTK expands it again. What it leads to was seen, or is
				// found again for as often as it stands in the queue.
				if twice++; twice > maxSearch {
					continue
				}
			}
			if n.depth == depth {
				continue
			}
			for _, t := range s.db.related(n.id, r) {
				if !seen.has(t) {
					queue = append(queue, node{t, n.depth + 1})
				}
			}
		}
	}
}

// AppendClosure appends the synsets of Closure to dst.
func (s Synset) AppendClosure(dst []Synset, r Relation, depth int) []Synset {
	for t := range s.Closure(r, depth) {
		dst = append(dst, t)
	}
	return dst
}

// An idSet is a set of synsets: a list while it is small, then a map.
type idSet struct {
	few  [48]uint32
	n    int
	many map[uint32]struct{}
}

func (s *idSet) has(id uint32) bool {
	if s.many != nil {
		_, ok := s.many[id]
		return ok
	}
	return slices.Contains(s.few[:s.n], id)
}

// add reports whether id is new.
func (s *idSet) add(id uint32) bool {
	if s.has(id) {
		return false
	}
	if s.many == nil && s.n < len(s.few) {
		s.few[s.n] = id
		s.n++
		return true
	}
	if s.many == nil {
		s.many = make(map[uint32]struct{}, 4*s.n)
		for _, x := range s.few[:s.n] {
			s.many[x] = struct{}{}
		}
	}
	s.many[id] = struct{}{}
	return true
}

// remove takes id out.
func (s *idSet) remove(id uint32) {
	if s.many != nil {
		delete(s.many, id)
		return
	}
	if i := slices.Index(s.few[:s.n], id); i >= 0 {
		s.n--
		s.few[i] = s.few[s.n]
	}
}
