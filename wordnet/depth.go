package wordnet

// The search for the shortest and the longest path of a synset that reaches a
// cycle of hypernyms takes at most maxSteps steps, and all such searches
// together about allSteps; beyond it, the best found so far stands. WordNet
// 3.0 needs fewer than forty a synset.
const (
	maxSteps = 1 << 12
	allSteps = 1 << 22
)

// link joins hypernyms and instance hypernyms and computes all depths.
func (db *DB) link() {
	n := uint32(db.Len())
	db.hypStart = make([]uint32, n+1)
	edges := 0
	for _, r := range db.semRel {
		if Relation(r) == hypernyms || Relation(r) == instanceHypernyms {
			edges++
		}
	}
	db.hyper = make([]uint32, 0, edges)
	for id := range n {
		db.hypStart[id] = uint32(len(db.hyper))
		// These two relations come first in every list.
		for i := db.semStart[id]; i < db.semStart[id+1] && Relation(db.semRel[i]) <= instanceHypernyms; i++ {
			db.hyper = append(db.hyper, db.semTarget[i])
		}
	}
	db.hypStart[n] = uint32(len(db.hyper))
	db.computeDepths()
}

// hypernyms returns the hypernyms of a synset, by name, and then its instance
// hypernyms, by name.
func (db *DB) hypernyms(id uint32) []uint32 { return db.hyper[db.hypStart[id]:db.hypStart[id+1]] }

// computeDepths takes the synsets from the roots down, each when all of its
// hypernyms are done (Kahn's order). What is left over reaches a cycle.
func (db *DB) computeDepths() {
	n := uint32(db.Len())
	db.minDepth = make([]uint32, n)
	db.maxDepth = make([]uint32, n)
	start := make([]uint32, n+2) // children of id: child[start[id]:start[id+1]]
	for _, h := range db.hyper {
		start[h+2]++
	}
	for i := range n {
		start[i+2] += start[i+1]
	}
	child := make([]uint32, len(db.hyper))
	wait := make([]uint32, n) // hypernyms not done yet
	queue := make([]uint32, 0, n)
	for id := range n {
		hs := db.hypernyms(id)
		for _, h := range hs {
			child[start[h+1]] = id
			start[h+1]++
		}
		if wait[id] = uint32(len(hs)); len(hs) == 0 {
			queue = append(queue, id)
		}
	}
	for k := 0; k < len(queue); k++ {
		id := queue[k]
		for i, h := range db.hypernyms(id) {
			if lo := db.minDepth[h] + 1; i == 0 || lo < db.minDepth[id] {
				db.minDepth[id] = lo
			}
			db.maxDepth[id] = max(db.maxDepth[id], db.maxDepth[h]+1)
		}
		for _, c := range child[start[id]:start[id+1]] {
			if wait[c]--; wait[c] == 0 {
				queue = append(queue, c)
			}
		}
	}
	if len(queue) < int(n) {
		db.cyclic = make([]uint64, (n+63)/64)
		for id := range n {
			if wait[id] > 0 {
				db.cyclic[id/64] |= 1 << (id % 64)
			}
		}
		w := &walker{db: db, onPath: make([]uint64, len(db.cyclic))}
		steps := max(64, min(maxSteps, allSteps/(int(n)-len(queue))))
		for id := range n {
			if wait[id] > 0 {
				db.minDepth[id], db.maxDepth[id] = w.searchDepth(id, steps)
			}
		}
	}
	for id, p := range db.synPOS {
		db.deepest[p] = max(db.deepest[p], db.maxDepth[id])
	}
	// Adj means both kinds of adjectives, as in All.
	db.deepest[Adj] = max(db.deepest[Adj], db.deepest[AdjSat])
}

func (db *DB) isCyclic(id uint32) bool {
	return db.cyclic != nil && db.cyclic[id/64]&(1<<(id%64)) != 0
}

// searchDepth returns the lengths of the shortest and the longest path from a
// synset that reaches a cycle: a hypernym already on the path is skipped, and
// a path ends where no hypernym is left.
func (w *walker) searchDepth(id uint32, steps int) (shortest, longest uint32) {
	db := w.db
	w.budget = steps
	shortest = ^uint32(0)
	for p := range w.paths(id, true) {
		n, last := uint32(len(p)-1), p[len(p)-1]
		lo, hi := n, n
		if !db.isCyclic(last) {
			lo, hi = n+db.minDepth[last], n+db.maxDepth[last]
		}
		shortest, longest = min(shortest, lo), max(longest, hi)
	}
	return shortest, longest
}

// MinDepth returns the length of the shortest path of hypernyms and instance
// hypernyms up to a root; 0 for a root itself. On a path that runs into a
// cycle, a hypernym already on it is skipped, and the path ends where none is
// left.
func (s Synset) MinDepth() int { return int(s.db.minDepth[s.id]) }

// MaxDepth returns the length of the longest path of hypernyms and instance
// hypernyms up to a root, or 0 for a root. Cycles are handled as by
// [Synset.MinDepth].
func (s Synset) MaxDepth() int { return int(s.db.maxDepth[s.id]) }
