package wordnet

import (
	"fmt"
	"math"
	"slices"
)

// An ancestor is a synset above another, or itself, with the least number of
// steps to it.
type ancestor struct{ id, steps uint32 }

// ancestorBuf is room for the ancestors of any synset of WordNet.
type ancestorBuf [64]ancestor

// ancestors appends to dst, which must be empty, the synset and all above it,
// nearest first.
func (db *DB) ancestors(dst []ancestor, id uint32) []ancestor {
	dst = append(dst, ancestor{id, 0})
	for head := 0; head < len(dst); head++ {
		if len(dst) > 200 {
			return db.manyAncestors(dst, head)
		}
		at := dst[head]
	next:
		for _, h := range db.hypernyms(at.id) {
			for i := range dst {
				if dst[i].id == h {
					continue next
				}
			}
			dst = append(dst, ancestor{h, at.steps + 1})
		}
	}
	return dst
}

// manyAncestors goes on from the head-th ancestor with a map.
func (db *DB) manyAncestors(dst []ancestor, head int) []ancestor {
	seen := make(map[uint32]bool, 4*len(dst))
	for _, a := range dst {
		seen[a.id] = true
	}
	for ; head < len(dst); head++ {
		at := dst[head]
		for _, h := range db.hypernyms(at.id) {
			if !seen[h] {
				seen[h] = true
				dst = append(dst, ancestor{h, at.steps + 1})
			}
		}
	}
	return dst
}

// shared calls f with each synset that is in both lists and its steps.
func shared(a, b []ancestor, f func(id, stepsA, stepsB uint32)) {
	if len(a)*len(b) > 1<<16 {
		steps := make(map[uint32]uint32, len(b))
		for _, y := range b {
			steps[y.id] = y.steps
		}
		for _, x := range a {
			if s, ok := steps[x.id]; ok {
				f(x.id, x.steps, s)
			}
		}
		return
	}
	for _, x := range a {
		for i := range b {
			if b[i].id == x.id {
				f(x.id, x.steps, b[i].steps)
				break
			}
		}
	}
}

// rootSteps is the distance of the imagined root, which NLTK puts one above
// the farthest ancestor.
func rootSteps(a []ancestor) uint32 { return a[len(a)-1].steps + 1 }

const unreachable = math.MaxUint32

// distance returns the length of the shortest path between two synsets whose
// ancestors are given.
func distance(a, b []ancestor, root bool) uint32 {
	if a[0].id == b[0].id {
		return 0
	}
	best := uint32(unreachable)
	if root {
		best = rootSteps(a) + rootSteps(b)
	}
	shared(a, b, func(_, x, y uint32) { best = min(best, x+y) })
	return best
}

// Distance returns the length of the shortest path from s to t by way of a
// common ancestor, over hypernyms and instance hypernyms. If root is true, the
// path may also lead through a simulated root, which NLTK places one step above
// the farthest ancestor of each synset. ok is false if there is no path.
func (s Synset) Distance(t Synset, root bool) (steps int, ok bool) {
	s.same(t)
	var x, y ancestorBuf
	d := distance(s.db.ancestors(x[:0], s.id), s.db.ancestors(y[:0], t.id), root)
	return int(d), d != unreachable
}

// CommonHypernyms returns the synsets that are equal to or above both s and t,
// sorted by name.
func (s Synset) CommonHypernyms(t Synset) []Synset {
	s.same(t)
	var x, y ancestorBuf
	var out []Synset
	shared(s.db.ancestors(x[:0], s.id), s.db.ancestors(y[:0], t.id), func(id, _, _ uint32) {
		out = append(out, Synset{s.db, id})
	})
	slices.SortFunc(out, Synset.compare)
	return out
}

// LowestCommonHypernyms returns the deepest of the common hypernyms, by
// [Synset.MaxDepth], sorted by name.
func (s Synset) LowestCommonHypernyms(t Synset) []Synset {
	return s.lowestCommon(t, s.db.maxDepth)
}

func (s Synset) lowestCommon(t Synset, depth []uint32) []Synset {
	all := s.CommonHypernyms(t)
	deepest := uint32(0)
	for _, c := range all {
		deepest = max(deepest, depth[c.id])
	}
	return slices.DeleteFunc(all, func(c Synset) bool { return depth[c.id] < deepest })
}

// A Similarity measures how similar two synsets are. [PathSimilarity],
// [WuPalmer] and [LeacockChodorow] use only the paths of hypernyms; the methods
// Resnik, JiangConrath and Lin of an [IC] also use counts from a corpus.
//
// If NLTK returns None or raises an error, the error wraps [ErrUndefined].
// Synsets of different databases cause a panic.
type Similarity func(a, b Synset) (float64, error)

// hasRoots reports whether NLTK imagines a root above those of a part of
// speech: all but nouns, which have a single root since WordNet 1.7.
func (db *DB) hasRoots(pos POS) bool { return pos != Noun || db.version == "1.6" }

// withRoot reports whether an imagined root takes part in paths of a synset.
func (s Synset) withRoot() bool { return !s.db.noRoot && s.db.hasRoots(s.POS()) }

func noPath(measure string, a, b Synset) error {
	return fmt.Errorf("wordnet: %s of %v and %v: %w: no path joins them", measure, a, b, ErrUndefined)
}

func differentPOS(measure string, a, b Synset) error {
	return fmt.Errorf("wordnet: %s of %v and %v: %w: their parts of speech differ", measure, a, b, ErrUndefined)
}

// PathSimilarity returns 1/(d+1), where d is the length of the shortest path;
// see [Synset.Distance]. If either synset is not a noun, paths may lead through
// a simulated root, unless Settings.NoRoot is set. If there is no path, the
// similarity is undefined.
func PathSimilarity(a, b Synset) (float64, error) {
	d, ok := a.Distance(b, a.withRoot() || b.withRoot())
	if !ok {
		return 0, noPath("path similarity", a, b)
	}
	return 1 / (float64(d) + 1), nil
}

// LeacockChodorow returns -ln((d+1) / 2D), where d is the length of the
// shortest path and D is the greatest [Synset.MaxDepth] of the part of speech.
// For parts of speech other than nouns, D is one more, and paths may lead
// through a simulated root, unless Settings.NoRoot is set. If there is no path
// or the parts of speech differ, the similarity is undefined; Adj and AdjSat
// differ.
//
// Source: Leacock and Chodorow, in Fellbaum (ed.), WordNet: An Electronic
// Lexical Database, 1998, pp. 265-283.
func LeacockChodorow(a, b Synset) (float64, error) {
	const name = "Leacock-Chodorow similarity"
	if a.POS() != b.POS() {
		return 0, differentPOS(name, a, b)
	}
	d, ok := a.Distance(b, a.withRoot())
	depth := a.db.taxonomyDepth(a.POS())
	if !ok || depth == 0 {
		return 0, noPath(name, a, b)
	}
	return -math.Log((float64(d) + 1) / (2 * float64(depth))), nil
}

// taxonomyDepth returns the D of LeacockChodorow.
func (db *DB) taxonomyDepth(pos POS) int {
	d := int(db.deepest[pos])
	if db.hasRoots(pos) {
		d++
	}
	return d
}

// WuPalmer returns 2c / (d1 + d2 + 2c), where c is the depth of the lowest
// common hypernym, counted from 1, and d1 and d2 are the distances to it. If
// either synset is not a noun, a simulated root is above all others, unless
// Settings.NoRoot is set. If there is no common hypernym, the similarity is
// undefined.
//
// As in NLTK, the lowest common hypernym is the one with the greatest
// [Synset.MinDepth]. If several have it, a is chosen if it is among them, and
// the first by name otherwise. c is its [Synset.MaxDepth] plus one. Therefore
// the measure is not symmetric, and may be below 1 for equal synsets.
//
// Source: Wu and Palmer, Verb semantics and lexical selection, ACL 1994,
// pp. 133-138.
func WuPalmer(a, b Synset) (float64, error) {
	a.same(b)
	root := a.withRoot() || b.withRoot()
	db := a.db
	var x, y, z ancestorBuf
	up, vp := db.ancestors(x[:0], a.id), db.ancestors(y[:0], b.id)
	const none = noSynset
	best, deepest := uint32(none), uint32(0)
	shared(up, vp, func(id, _, _ uint32) {
		d := db.minDepth[id]
		switch {
		case best == none || d > deepest:
			best, deepest = id, d
		case d == deepest && best != a.id && (id == a.id || db.compareNames(id, best) < 0):
			best = id
		}
	})
	if best == none && !root {
		return 0, noPath("Wu-Palmer similarity", a, b)
	}
	var depth, d1, d2 uint32
	if best == none || root && deepest == 0 && best != a.id && db.rootBefore(best) {
		// The imagined root.
		depth, d1, d2 = 1, rootSteps(up), rootSteps(vp)
	} else {
		wp := db.ancestors(z[:0], best)
		depth, d1, d2 = db.maxDepth[best]+1, distance(up, wp, root), distance(vp, wp, root)
	}
	return 2 * float64(depth) / float64(uint64(d1)+uint64(d2)+2*uint64(depth)), nil
}

// rootBefore reports whether the name of the imagined root sorts before that
// of a synset.
func (db *DB) rootBefore(id uint32) bool {
	var buf [96]byte
	return "*ROOT*" < string(db.appendName(buf[:0], id))
}
