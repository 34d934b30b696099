// Package check finds probable mistakes in a WordNet database. Most are things
// that the format allows. A database that violates the format can be opened
// with wordnet.Settings.Lenient; what was left out of it then comes first.
//
//	for d := range check.Defects(db) {
//		fmt.Println(d.Code, d.Message)
//	}
//
// Codes do not change:
//
//	WN001  a file violates the format
//	WN002  a pointer has a symbol that is not WordNet's, or a word in
//	       parentheses is not in the index
//	WN101  hypernyms lead back to the synset they started from
//	WN102  a pointer leads from a synset to itself
//	WN103  a pointer lacks its reverse, such as a hyponym without hypernym
//	WN104  a hypernym has another part of speech
//	WN105  a pointer between words appears twice
//	WN106  a noun has neither hypernyms nor instance hypernyms, and is not the
//	       one root that has the most below it
//	WN201  a satellite does not have exactly one head
//	WN202  a verb has no frames
//	WN301  two lemmas share a sense key
//	WN302  a word appears twice in a synset
//	WN303  NLTK does not find the tag count of a lemma
//	WN401  neither an irregular form nor any of its bases is in the index
//	WN501  the quotes of a gloss are not in pairs
//	WN502  a gloss has no definition
package check

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/semamap/semamap/wordnet"
)

// A Defect is a probable mistake.
type Defect struct {
	Code    string         // such as "WN101"
	Synset  wordnet.Synset // the zero value if no synset is concerned
	Message string
}

// Defects returns the defects of a database, sorted by code and then by place.
// WordNet 3.0 as published has one cycle of hypernyms, restrain.v.01 and
// inhibit.v.04, which Debian's edition lacks.
func Defects(db *wordnet.DB) iter.Seq[Defect] {
	return func(yield func(Defect) bool) {
		for _, c := range []struct {
			code string
			find func(*wordnet.DB, report)
		}{
			{"WN001", damage}, {"WN002", odd}, {"WN101", cycles}, {"WN102", selves}, {"WN103", oneWay}, {"WN104", hypernymPOS},
			{"WN105", lexicalTwice}, {"WN106", roots}, {"WN201", heads}, {"WN202", frames},
			{"WN301", keys}, {"WN302", wordsTwice}, {"WN303", counts}, {"WN401", exceptions},
			{"WN501", quotes}, {"WN502", definitions},
		} {
			var found []Defect
			c.find(db, func(s wordnet.Synset, format string, args ...any) {
				message := fmt.Sprintf(format, args...)
				if s != (wordnet.Synset{}) && c.code != "WN101" { // which names its synsets
					message = s.Name() + ": " + message
				}
				found = append(found, Defect{c.code, s, message})
			})
			for _, d := range found {
				if !yield(d) {
					return
				}
			}
		}
	}
}

// A report takes a defect.
type report func(s wordnet.Synset, format string, args ...any)

func damage(db *wordnet.DB, found report) { problems(db, true, found) }
func odd(db *wordnet.DB, found report)    { problems(db, false, found) }

func problems(db *wordnet.DB, damage bool, found report) {
	for s, err := range db.Problems() {
		if errors.Is(err, wordnet.ErrSyntax) == damage {
			found(s, "%v", err)
		}
	}
}

// hypernyms returns the hypernyms and instance hypernyms of a synset.
func hypernyms(s wordnet.Synset) []wordnet.Synset {
	return slices.AppendSeq(slices.Collect(s.Hypernyms()), s.InstanceHypernyms())
}

// cycles finds the strongly connected parts of the hypernyms (Tarjan, without
// recursion).
func cycles(db *wordnet.DB, found report) {
	type node struct {
		place      int // in the order of DB.All
		order, low int // of discovery, from 1
		onStack    bool
	}
	type visit struct {
		s    wordnet.Synset
		todo []wordnet.Synset
	}
	nodes := make(map[wordnet.Synset]*node, db.Len())
	for s := range db.All() {
		nodes[s] = &node{place: len(nodes)}
	}
	var stack []wordnet.Synset
	entered := 0
	enter := func(s wordnet.Synset) visit {
		entered++
		n := nodes[s]
		n.order, n.low, n.onStack = entered, entered, true
		stack = append(stack, s)
		return visit{s, hypernyms(s)}
	}
	for root := range db.All() {
		if nodes[root].order > 0 {
			continue
		}
		for path := []visit{enter(root)}; len(path) > 0; {
			top := &path[len(path)-1]
			at := nodes[top.s]
			if len(top.todo) > 0 {
				h := top.todo[0]
				top.todo = top.todo[1:]
				if n := nodes[h]; n.order == 0 {
					path = append(path, enter(h))
				} else if n.onStack {
					at.low = min(at.low, n.order)
				}
				continue
			}
			s := top.s
			path = path[:len(path)-1]
			if len(path) > 0 {
				below := nodes[path[len(path)-1].s]
				below.low = min(below.low, at.low)
			}
			if at.low < at.order {
				continue
			}
			i := len(stack) - 1
			for stack[i] != s {
				i--
			}
			members := slices.Clone(stack[i:])
			stack = stack[:i]
			for _, m := range members {
				nodes[m].onStack = false
			}
			if len(members) == 1 && !slices.Contains(hypernyms(s), s) {
				continue
			}
			slices.SortFunc(members, func(a, b wordnet.Synset) int { return nodes[a].place - nodes[b].place })
			found(members[0], "cycle of hypernyms: %s", list(members))
		}
	}
}

// list returns the names of some synsets, at most ten.
func list(synsets []wordnet.Synset) string {
	var names []string
	for _, s := range synsets[:min(len(synsets), 10)] {
		names = append(names, s.Name())
	}
	if n := len(synsets) - len(names); n > 0 {
		names = append(names, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(names, ", ")
}

// pointers calls f with every pointer between synsets.
func pointers(db *wordnet.DB, f func(s wordnet.Synset, r wordnet.Relation, t wordnet.Synset)) {
	relations := wordnet.Relations()
	for s := range db.All() {
		for _, r := range relations {
			for t := range s.Related(r) {
				f(s, r, t)
			}
		}
	}
}

func selves(db *wordnet.DB, found report) {
	pointers(db, func(s wordnet.Synset, r wordnet.Relation, t wordnet.Synset) {
		if s == t {
			found(s, "%v to itself", r)
		}
	})
}

func oneWay(db *wordnet.DB, found report) {
	pointers(db, func(s wordnet.Synset, r wordnet.Relation, t wordnet.Synset) {
		inverse, ok := r.Inverse()
		if !ok {
			return
		}
		for back := range t.Related(inverse) {
			if back == s {
				return
			}
		}
		found(s, "%v %s, which does not have it among its %v", r, t.Name(), inverse)
	})
}

func hypernymPOS(db *wordnet.DB, found report) {
	plain := func(s wordnet.Synset) wordnet.POS {
		if s.POS() == wordnet.AdjSat {
			return wordnet.Adj
		}
		return s.POS()
	}
	pointers(db, func(s wordnet.Synset, r wordnet.Relation, t wordnet.Synset) {
		if plain(s) != plain(t) && strings.HasSuffix(r.String(), "hypernyms") {
			found(s, "%v %s", r, t.Name())
		}
	})
}

func lexicalTwice(db *wordnet.DB, found report) {
	relations := wordnet.Relations()
	seen := map[wordnet.Lemma]bool{}
	for s := range db.All() {
		word := 0
		for l := range s.Lemmas() {
			word++
			for _, r := range relations {
				clear(seen)
				for t := range l.Related(r) {
					if seen[t] {
						found(s, "%v of word %d to %s", r, word, fullName(t))
					}
					seen[t] = true
				}
			}
		}
	}
}

func fullName(l wordnet.Lemma) string { return l.Synset().Name() + "." + l.Name() }

func roots(db *wordnet.DB, found report) {
	var all []wordnet.Synset
	best, most := 0, -1
	for s := range db.All(wordnet.Noun) {
		if len(hypernyms(s)) > 0 {
			continue
		}
		// The root with the most hyponyms in two steps stands for the taxonomy.
		n := 0
		for _, steps := range s.Closure(wordnet.Synset.Hyponyms) {
			if steps > 2 {
				break
			}
			n++
		}
		if n > most {
			best, most = len(all), n
		}
		all = append(all, s)
	}
	for i, s := range all {
		if i != best {
			found(s, "a noun without hypernyms")
		}
	}
}

func heads(db *wordnet.DB, found report) {
	for s := range db.All(wordnet.AdjSat) {
		if n := len(slices.Collect(s.SimilarTos())); n != 1 {
			found(s, "a satellite of %d heads", n)
		}
	}
}

func frames(db *wordnet.DB, found report) {
next:
	for s := range db.All(wordnet.Verb) {
		for l := range s.Lemmas() {
			for range l.Frames() {
				continue next
			}
		}
		found(s, "a verb without frames")
	}
}

func keys(db *wordnet.DB, found report) {
	first := map[string]wordnet.Lemma{}
	for s := range db.All() {
		for l := range s.Lemmas() {
			key := l.Key()
			if other, ok := first[key]; ok {
				found(s, "%s is the key of %s and %s", key, fullName(other), fullName(l))
			} else {
				first[key] = l
			}
		}
	}
}

func wordsTwice(db *wordnet.DB, found report) {
	seen := map[string]bool{}
	for s := range db.All() {
		clear(seen)
		for l := range s.Lemmas() {
			if seen[l.Name()] {
				found(s, "%q stands twice", l.Name())
			}
			seen[l.Name()] = true
		}
	}
}

func counts(db *wordnet.DB, found report) {
	for s := range db.All() {
		for l := range s.Lemmas() {
			if l.Count() != l.TagCount() {
				found(s, "NLTK misses the count %d of %s, whose key is written otherwise there", l.TagCount(), l.Key())
			}
		}
	}
}

func exceptions(db *wordnet.DB, found report) {
	for i, pos := range []wordnet.POS{wordnet.Adj, wordnet.Adv, wordnet.Noun, wordnet.Verb} {
		file := []string{"adj", "adv", "noun", "verb"}[i]
		for form, bases := range db.Exceptions(pos) {
			// Where the form or a base is in the index, it is a base form.
			if len(db.BaseForms(form, pos)) == 0 {
				found(wordnet.Synset{}, "%s.exc: %s: neither it nor %q is in the index", file, form, strings.Join(bases, " "))
			}
		}
	}
}

// quotes looks for a quote that is left over when examples are taken out.
func quotes(db *wordnet.DB, found report) {
	for s := range db.All() {
		if d, err := s.Definition(); err == nil && strings.Contains(d, `"`) {
			found(s, "an odd number of quotes")
		}
	}
}

func definitions(db *wordnet.DB, found report) {
	for s := range db.All() {
		if d, err := s.Definition(); err == nil && d == "" {
			found(s, "no definition")
		}
	}
}
