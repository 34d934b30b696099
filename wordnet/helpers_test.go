package wordnet

import (
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/semamap/semamap/wordnet/internal/compact"
)

func related(s Synset, r Relation) []Synset { return slices.Collect(s.Related(r)) }

// closure returns what a relation leads to in at most depth steps; a negative
// depth sets no limit.
func closure(s Synset, r Relation, depth int) (list []Synset) {
	rel := func(s Synset) iter.Seq[Synset] { return s.Related(r) }
	for t, steps := range s.Closure(rel) {
		if depth >= 0 && steps > depth {
			break
		}
		list = append(list, t)
	}
	return list
}

// once leaves out what stands in a list before.
func once(list []string) []string {
	out := []string{}
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func lemmaAt(s Synset, i int) Lemma { return slices.Collect(s.Lemmas())[i] }

func allLemmas(db *DB) iter.Seq[Lemma] {
	return func(yield func(Lemma) bool) {
		for w := range db.wordSyn {
			if !yield(Lemma{db, uint32(w)}) {
				return
			}
		}
	}
}

func (db *DB) synsetAt(i int) Synset { return Synset{db, uint32(i)} }

// frames returns the numbers and the patterns of a lemma's frames.
func frames(l Lemma) (numbers []int, patterns []string) {
	for n, p := range l.Frames() {
		numbers, patterns = append(numbers, n), append(patterns, p)
	}
	return numbers, patterns
}

// pack writes a compact file.
func (db *DB) pack(w io.Writer) error {
	cols, err := db.columns()
	if err != nil {
		return err
	}
	return compact.Pack(w, cols)
}

// unpacked opens the text of a compact file.
func unpacked(text string) (*DB, error) {
	db := &DB{}
	if _, err := db.unpack(text); err != nil {
		return nil, err
	}
	return db, nil
}

// ofWords counts each word once, for BuildIC.
func ofWords(words iter.Seq[string]) iter.Seq2[string, float64] {
	return func(yield func(string, float64) bool) {
		for w := range words {
			if !yield(w, 1) {
				return
			}
		}
	}
}

// nltkTree makes what NLTK's tree, or with acyclic set its acyclic_tree,
// prints. seen holds what may not come again: what is on the branch, or in the
// tree.
func nltkTree(s Synset, r Relation, depth int, mark string, acyclic bool, seen map[Synset]bool) string {
	seen[s] = true
	b := "[" + s.String()
	if depth == 0 && mark != "" {
		b += ", '" + mark + "'"
	}
	for t := range s.Related(r) {
		switch {
		case depth == 0:
		case !seen[t]:
			b += ", " + nltkTree(t, r, depth-1, mark, acyclic, seen)
		case mark != "":
			b += fmt.Sprintf(", \"Cycle(%v,%d,%s)\"", t, depth-1, mark)
		}
	}
	if !acyclic {
		delete(seen, s)
	}
	return b + "]"
}

// nltkSpanningTree makes what NLTK's mst prints.
func nltkSpanningTree(s Synset, r Relation) string {
	children := map[Synset][]Synset{}
	seen := map[Synset]bool{s: true}
	for queue := []Synset{s}; len(queue) > 0; queue = queue[1:] {
		for t := range queue[0].Related(r) {
			if !seen[t] {
				seen[t] = true
				children[queue[0]] = append(children[queue[0]], t)
				queue = append(queue, t)
			}
		}
	}
	var b strings.Builder
	var write func(Synset)
	write = func(s Synset) {
		b.WriteString("[" + s.String())
		for _, c := range children[s] {
			b.WriteString(", ")
			write(c)
		}
		b.WriteString("]")
	}
	write(s)
	return b.String()
}
