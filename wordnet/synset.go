package wordnet

import (
	"bytes"
	"iter"
	"slices"
	"strings"

	"github.com/semamap/semamap/wordnet/internal/compact"
)

// A Synset is a set of lemmas that share a meaning. It is a small value; two
// values are equal if and only if they are the same synset of the same DB. All
// methods of the zero Synset except String panic.
type Synset struct {
	db *DB
	id uint32
}

// String returns the synset as Python prints it: Synset('dog.n.01').
func (s Synset) String() string {
	if s.db == nil {
		return "Synset(None)"
	}
	return "Synset('" + s.Name() + "')"
}

// Name returns the synset's name, such as "dog.n.01": its first lemma in
// lower case, its part of speech, and the number of the sense in two digits.
func (s Synset) Name() string {
	var buf [96]byte
	return string(s.db.appendName(buf[:0], s.id))
}

func (s Synset) compare(t Synset) int { return s.db.compareNames(s.id, s.same(t)) }

// same returns the number of t, which must be of the same database.
func (s Synset) same(t Synset) uint32 {
	if s.db != t.db {
		panic("wordnet: synsets of different databases")
	}
	return t.id
}

// POS returns the part of speech. For satellites it is AdjSat.
func (s Synset) POS() POS { return s.db.synPOS[s.id] }

// Offset returns the byte position of the synset's record in its data file. It
// differs between editions of the same release: Debian's WordNet 3.0 has other
// offsets for verbs and adjectives than Princeton's.
func (s Synset) Offset() int { return int(s.db.synOff[s.id]) }

// LexName returns the name of the lexicographer file, such as "noun.animal".
func (s Synset) LexName() string { return s.db.lexNames[s.db.synLex[s.id]] }

// Lemmas returns the lemmas of the synset, in the order of the data file.
func (s Synset) Lemmas() iter.Seq[Lemma] {
	return func(yield func(Lemma) bool) {
		for w := s.db.synWord[s.id]; w < s.db.synWord[s.id+1]; w++ {
			if !yield(Lemma{s.db, w}) {
				return
			}
		}
	}
}

// Related returns the synsets that s is related to by r, sorted by name,
// without duplicates. Most relations also have their own method, such as
// [Synset.Hypernyms]. For relations between single words see [Lemma.Related].
func (s Synset) Related(r Relation) iter.Seq[Synset] {
	return func(yield func(Synset) bool) {
		for _, t := range s.db.related(s.id, r) {
			if !yield(Synset{s.db, t}) {
				return
			}
		}
	}
}

func (db *DB) related(id uint32, r Relation) []uint32 {
	from, to := db.semStart[id], db.semStart[id+1]
	rel := db.semRel[from:to]
	i := bytes.IndexByte(rel, byte(r))
	if i < 0 {
		return nil
	}
	j := bytes.LastIndexByte(rel, byte(r)) + 1
	return db.semTarget[from+uint32(i) : from+uint32(j)]
}

// Frames returns the numbers of the verb frames that hold for all lemmas of
// the synset, in the order of the file; see [Lemma.Frames].
func (s Synset) Frames() []int {
	var out []int
	for _, f := range s.db.framesOf(s.id) {
		if f.word == 0 {
			out = append(out, int(f.number))
		}
	}
	return out
}

func (db *DB) framesOf(id uint32) []frame { return db.frames[db.frStart[id]:db.frStart[id+1]] }

// gloss returns the text after the '|' of the record, without white space at
// its ends.
func (s Synset) gloss() (string, error) {
	db := s.db
	if !db.hasGlosses {
		return "", ErrNoGlosses
	}
	if db.glosses != nil {
		gloss, err := db.glosses.At(int(s.id))
		if err != nil {
			return "", &syntaxError{file: compact.GlossName, err: err}
		}
		return gloss, nil
	}
	i, found := slices.BinarySearch(db.glossFirst, s.id)
	if !found {
		i--
	}
	for i+1 < len(db.glossFirst) && db.glossFirst[i+1] == s.id {
		i++ // pieces without synsets
	}
	text := db.glossText[i]
	if end := s.id + 1; end < uint32(db.Len()) && (i+1 == len(db.glossFirst) || end < db.glossFirst[i+1]) {
		text = text[:db.glossAt[end]]
	}
	return text[db.glossAt[s.id]:], nil
}

// Definition returns the gloss without its quoted examples. Quotes are paired
// from the left; an unpaired one stays in the definition, as in NLTK. If the
// database has no glosses, the error is [ErrNoGlosses].
func (s Synset) Definition() (string, error) {
	gloss, err := s.gloss()
	if err != nil {
		return "", err
	}
	if i := strings.IndexByte(gloss, '"'); i >= 0 {
		var b strings.Builder
		for rest := gloss; ; {
			before, after, ok := strings.Cut(rest, `"`)
			_, next, pair := strings.Cut(after, `"`)
			if !ok || !pair {
				b.WriteString(rest)
				break
			}
			b.WriteString(before)
			rest = next
		}
		gloss = strings.TrimSpace(b.String())
	}
	return strings.Trim(gloss, "; "), nil
}

// Examples returns the quoted parts of the gloss. If the database has no
// glosses, the error is [ErrNoGlosses].
func (s Synset) Examples() ([]string, error) {
	gloss, err := s.gloss()
	if err != nil {
		return nil, err
	}
	var out []string
	for {
		_, after, ok := strings.Cut(gloss, `"`)
		example, rest, pair := strings.Cut(after, `"`)
		if !ok || !pair {
			return out, nil
		}
		out = append(out, example)
		gloss = rest
	}
}
