package wordnet

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strings"
)

// A Code names a kind of defect. Codes do not change.
type Code string

const (
	// WN001: a file is malformed or contradicts another; see [SyntaxError].
	DefectSyntax Code = "WN001"
	// WN101: hypernyms lead back to the synset they started from.
	DefectCycle Code = "WN101"
	// WN102: a pointer leads from a synset or word to itself.
	DefectSelf Code = "WN102"
	// WN103: a pointer lacks its reverse, such as a hyponym without hypernym.
	DefectOneWay Code = "WN103"
	// WN104: a hypernym has another part of speech.
	DefectHypernymPOS Code = "WN104"
	// WN105: a pointer between words stands twice.
	DefectTwice Code = "WN105"
	// WN106: a noun has neither hypernyms nor instance hypernyms, and is not
	// the one root that has the most below it.
	DefectRoot Code = "WN106"
	// WN201: a satellite does not have exactly one head.
	DefectHead Code = "WN201"
	// WN202: a verb has no frames.
	DefectFrames Code = "WN202"
	// WN301: two lemmas share a sense key.
	DefectKey Code = "WN301"
	// WN302: a word stands twice in a synset.
	DefectWordTwice Code = "WN302"
	// WN303: NLTK does not find the tag count of a lemma.
	DefectCount Code = "WN303"
	// WN401: neither an irregular form nor a base of it is in the index.
	DefectException Code = "WN401"
	// WN501: the quotes of a gloss are not in pairs.
	DefectQuotes Code = "WN501"
	// WN502: a gloss has no definition.
	DefectDefinition Code = "WN502"
)

// A Defect is something in a database that its format allows but that is
// probably a mistake, or, with [DefectSyntax], what keeps it from being read.
type Defect struct {
	Code    Code
	Synset  Synset // the zero value where no synset is concerned
	Message string
}

// String returns the code and the message.
func (d Defect) String() string { return string(d.Code) + " " + d.Message }

// Check opens a database and returns its defects: of one that cannot be
// opened the first, else those of [DB.Defects]. The error is of a file system
// that fails, or wraps [ErrNoDatabase].
func Check(fsys fs.FS, s *Settings) ([]Defect, error) {
	db, err := Open(fsys, s)
	var se *SyntaxError
	if errors.As(err, &se) {
		return []Defect{{Code: DefectSyntax, Message: se.Error()}}, nil
	}
	if err != nil {
		return nil, err
	}
	return slices.Collect(db.Defects()), nil
}

// Defects looks through the database and returns what is doubtful in it,
// sorted by code and then by place. WordNet 3.0 as published has one cycle of
// hypernyms, restrain.v.01 and inhibit.v.04, which Debian's edition has not.
func (db *DB) Defects() iter.Seq[Defect] {
	return func(yield func(Defect) bool) {
		for _, check := range []func(func(Defect) bool) bool{
			db.checkCycles, db.checkPointers(DefectSelf), db.checkPointers(DefectOneWay), db.checkPointers(DefectHypernymPOS),
			db.checkLexical, db.checkRoots, db.checkHeads, db.checkFrames,
			db.checkKeys, db.checkWords, db.checkCounts, db.checkExceptions, db.checkGlosses(DefectQuotes), db.checkGlosses(DefectDefinition),
		} {
			if !check(yield) {
				return
			}
		}
	}
}

func (db *DB) defect(c Code, id uint32, format string, args ...any) Defect {
	s := Synset{db, id}
	return Defect{c, s, s.Name() + ": " + fmt.Sprintf(format, args...)}
}

// checkCycles finds the strongly connected parts of the hypernyms (Tarjan,
// without recursion).
func (db *DB) checkCycles(yield func(Defect) bool) bool {
	if db.cyclic == nil {
		return true
	}
	type visit struct{ id, next uint32 }
	n := uint32(db.Len())
	order := make([]uint32, n) // from 1, in the order of discovery
	low := make([]uint32, n)
	onStack := make([]bool, n)
	var stack []uint32
	found := uint32(0)
	for root := range n {
		if !db.isCyclic(root) || order[root] > 0 {
			continue
		}
		enter := func(id uint32) visit {
			found++
			order[id], low[id], onStack[id] = found, found, true
			stack = append(stack, id)
			return visit{id, 0}
		}
		for path := []visit{enter(root)}; len(path) > 0; {
			top := &path[len(path)-1]
			hs := db.hypernyms(top.id)
			if int(top.next) < len(hs) {
				h := hs[top.next]
				top.next++
				if !db.isCyclic(h) {
					continue
				}
				if order[h] == 0 {
					path = append(path, enter(h))
				} else if onStack[h] {
					low[top.id] = min(low[top.id], order[h])
				}
				continue
			}
			id := top.id
			path = path[:len(path)-1]
			if len(path) > 0 {
				below := path[len(path)-1].id
				low[below] = min(low[below], low[id])
			}
			if low[id] < order[id] {
				continue
			}
			i := slices.Index(stack, id)
			members := slices.Clone(stack[i:])
			stack = stack[:i]
			for _, m := range members {
				onStack[m] = false
			}
			if len(members) == 1 && !slices.Contains(hs, id) {
				continue // below a cycle, not on it
			}
			slices.Sort(members)
			var names []string
			for _, m := range members[:min(len(members), 10)] {
				names = append(names, Synset{db, m}.Name())
			}
			if len(members) > 10 {
				names = append(names, fmt.Sprintf("and %d more", len(members)-10))
			}
			if !yield(Defect{DefectCycle, Synset{db, members[0]}, "cycle of hypernyms: " + strings.Join(names, ", ")}) {
				return false
			}
		}
	}
	return true
}

func (db *DB) checkPointers(c Code) func(func(Defect) bool) bool {
	return func(yield func(Defect) bool) bool {
		for id := range uint32(db.Len()) {
			for i := db.semStart[id]; i < db.semStart[id+1]; i++ {
				r, t := Relation(db.semRel[i]), db.semTarget[i]
				ok := true
				switch c {
				case DefectSelf:
					if t == id {
						ok = yield(db.defect(c, id, "%v to itself", r))
					}
				case DefectOneWay:
					if inv, has := r.Inverse(); has && !slices.Contains(db.related(t, inv), id) {
						ok = yield(db.defect(c, id, "%v %s, which does not have it among its %v", r, Synset{db, t}.Name(), inv))
					}
				case DefectHypernymPOS:
					if r <= InstanceHypernyms && db.partOfSynset(t) != db.partOfSynset(id) {
						ok = yield(db.defect(c, id, "%v %s", r, Synset{db, t}.Name()))
					}
				}
				if !ok {
					return false
				}
			}
		}
		return true
	}
}

func (db *DB) checkLexical(yield func(Defect) bool) bool {
	type pointer struct {
		target uint32
		rel    Relation
		source uint8
	}
	seen := map[pointer]bool{}
	for id := range uint32(db.Len()) {
		clear(seen)
		for i := db.lexStart[id]; i < db.lexStart[id+1]; i++ {
			p := pointer{db.lexTarget[i], db.lexRel[i], db.lexSource[i]}
			if seen[p] && !yield(db.defect(DefectTwice, id, "%v of word %d to %s", p.rel, p.source+1, Lemma{db, p.target}.FullName())) {
				return false
			}
			seen[p] = true
		}
	}
	return true
}

func (db *DB) checkRoots(yield func(Defect) bool) bool {
	// The root with the most hyponyms of its own stands for the taxonomy.
	best, most := noSynset, -1
	for id := db.first[partNoun]; id < db.first[partNoun+1]; id++ {
		if len(db.hypernyms(id)) == 0 {
			n := 0
			for range (Synset{db, id}).Closure(Hyponyms, 2) {
				n++
			}
			if n > most {
				best, most = id, n
			}
		}
	}
	for id := db.first[partNoun]; id < db.first[partNoun+1]; id++ {
		if len(db.hypernyms(id)) == 0 && id != best && !yield(db.defect(DefectRoot, id, "a noun without hypernyms")) {
			return false
		}
	}
	return true
}

func (db *DB) checkHeads(yield func(Defect) bool) bool {
	for id, p := range db.synPOS {
		if p == AdjSat {
			if n := len(db.related(uint32(id), SimilarTos)); n != 1 && !yield(db.defect(DefectHead, uint32(id), "a satellite of %d heads", n)) {
				return false
			}
		}
	}
	return true
}

func (db *DB) checkFrames(yield func(Defect) bool) bool {
	for id := db.first[partVerb]; id < db.first[partVerb+1]; id++ {
		if len(db.framesOf(id)) == 0 && !yield(db.defect(DefectFrames, id, "a verb without frames")) {
			return false
		}
	}
	return true
}

func (db *DB) checkKeys(yield func(Defect) bool) bool {
	seen := make(map[string]uint32, len(db.wordSpell))
	var buf []byte
	for w := range uint32(len(db.wordSpell)) {
		l := Lemma{db, w}
		buf = l.AppendKey(buf[:0])
		if other, ok := seen[string(buf)]; ok {
			if !yield(db.defect(DefectKey, db.wordSyn[w], "%s is the key of %s and %s", buf, Lemma{db, other}.FullName(), l.FullName())) {
				return false
			}
			continue
		}
		seen[string(buf)] = w
	}
	return true
}

func (db *DB) checkWords(yield func(Defect) bool) bool {
	for id := range uint32(db.Len()) {
		for w := db.synWord[id]; w < db.synWord[id+1]; w++ {
			for v := db.synWord[id]; v < w; v++ {
				if db.spelling(db.wordSpell[v]) == db.spelling(db.wordSpell[w]) &&
					!yield(db.defect(DefectWordTwice, id, "%q stands twice", Lemma{db, w}.Name())) {
					return false
				}
			}
		}
	}
	return true
}

func (db *DB) checkCounts(yield func(Defect) bool) bool {
	for _, w := range db.missed {
		l := Lemma{db, w}
		if !yield(db.defect(DefectCount, db.wordSyn[w], "NLTK misses the count %d of %s, whose key is written otherwise there", l.TagCount(), l.Key())) {
			return false
		}
	}
	return true
}

func (db *DB) checkExceptions(yield func(Defect) bool) bool {
	for p := range part(parts) {
		for line := range strings.Lines(exceptionsText(db.exc, p)) {
			form, bases, _ := strings.Cut(strings.TrimSpace(line), " ")
			l, ok := db.lookup(form)
			known := ok && db.lemMask[l]&(1<<p) != 0
			for base := range strings.FieldsSeq(bases) {
				l, ok = db.lookup(base)
				known = known || ok && db.lemMask[l]&(1<<p) != 0
			}
			if !known && !yield(Defect{Code: DefectException, Message: fmt.Sprintf("%s.exc: %s: neither it nor %q is in the index", partNames[p], form, bases)}) {
				return false
			}
		}
	}
	return true
}

func (db *DB) checkGlosses(c Code) func(func(Defect) bool) bool {
	return func(yield func(Defect) bool) bool {
		if !db.has.glosses {
			return true
		}
		for s := range db.All() {
			ok := true
			switch c {
			case DefectQuotes:
				if g, _ := s.Gloss(); strings.Count(g, `"`)%2 == 1 {
					ok = yield(db.defect(c, s.id, "an odd number of quotes"))
				}
			case DefectDefinition:
				if d, _ := s.Definition(); d == "" {
					ok = yield(db.defect(c, s.id, "no definition"))
				}
			}
			if !ok {
				return false
			}
		}
		return true
	}
}
