package wordnet

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// A Lemma is a word in one of its senses. It is a small value; two values are
// equal if and only if they are the same word of the same synset. (NLTK
// compares only names.) All methods of the zero Lemma except String panic.
type Lemma struct {
	db *DB
	id uint32
}

// String returns the lemma as Python prints it: Lemma('dog.n.01.domestic_dog').
func (l Lemma) String() string {
	if l.db == nil {
		return "Lemma(None)"
	}
	return "Lemma('" + l.fullName() + "')"
}

// Name returns the word as it is spelled in the data file, with '_' for blanks.
func (l Lemma) Name() string { return l.db.spelling(l.db.wordSpell[l.id]) }

// fullName returns the names of the synset and the lemma with a dot between
// them, which [DB.Lemma] accepts.
func (l Lemma) fullName() string {
	var buf [192]byte
	b := l.db.appendName(buf[:0], l.db.wordSyn[l.id])
	b = append(b, '.')
	return string(append(b, l.Name()...))
}

// Synset returns the synset of the lemma.
func (l Lemma) Synset() Synset { return Synset{l.db, l.db.wordSyn[l.id]} }

// Marker returns the position to which an adjective is restricted: "(p)"
// predicative, "(a)" before the noun, "(ip)" right after it, or "" for any.
func (l Lemma) Marker() string { return l.db.markers[l.db.wordMark[l.id]] }

// Frames returns the number and the pattern of each verb frame of the lemma,
// such as 8 and "Somebody breathe something", in the order of the file. Frames
// of the whole synset are included.
func (l Lemma) Frames() iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		syn := l.db.wordSyn[l.id]
		for _, f := range l.db.framesOf(syn) {
			if f.word == 0 || uint32(f.word) == l.id-l.db.synWord[syn]+1 {
				if !yield(int(f.number), strings.Replace(verbFrames[f.number], "----", l.Name(), 1)) {
					return
				}
			}
		}
	}
}

// Related returns the lemmas that this word is related to by r, in the order of
// the file. They are not sorted and may contain duplicates.
func (l Lemma) Related(r Relation) iter.Seq[Lemma] {
	return func(yield func(Lemma) bool) {
		db, syn := l.db, l.db.wordSyn[l.id]
		for i := db.lexStart[syn]; i < db.lexStart[syn+1]; i++ {
			if db.lexRel[i] == r && uint32(db.lexSource[i]) == l.id-db.synWord[syn] {
				if !yield(Lemma{db, db.lexTarget[i]}) {
					return
				}
			}
		}
	}
}

// Key returns the sense key, such as "dog%1:05:00::". It is formed from the
// data files, as in NLTK. In 29 cases of WordNet 3.0 two lemmas share a key,
// because keys are in lower case (A and a).
func (l Lemma) Key() string {
	var buf [192]byte
	return string(l.appendKey(buf[:0]))
}

func (l Lemma) appendKey(dst []byte) []byte {
	db, syn := l.db, l.db.wordSyn[l.id]
	dst = append(dst, db.spelling(db.lemmaOfWord(l.id))...)
	dst = append(dst, '%', '0'+byte(db.synPOS[syn]), ':')
	dst = append2(dst, db.synLex[syn])
	dst = append(dst, ':')
	dst = append2(dst, db.wordLex[l.id])
	dst = append(dst, ':')
	if head, ok := db.headOf(syn); ok {
		dst = append(dst, db.spelling(db.lemmaOfWord(head))...)
		dst = append(dst, ':')
		return append2(dst, db.wordLex[head])
	}
	return append(dst, ':')
}

// append2 appends a number in two digits, or three where it needs them.
func append2(dst []byte, n uint8) []byte {
	if n >= 100 {
		return fmt.Append(dst, n)
	}
	return append(dst, '0'+n/10, '0'+n%10)
}

// headOf returns the word that stands for the head of a satellite in sense
// keys: the first lemma of the first similar synset. A satellite without any
// has no head.
func (db *DB) headOf(syn uint32) (word uint32, ok bool) {
	if db.synPOS[syn] != AdjSat {
		return 0, false
	}
	heads := db.related(syn, similarTos)
	if len(heads) == 0 {
		return 0, false
	}
	return db.synWord[heads[0]], true
}

// Count returns how often the sense was tagged in the concordance texts,
// according to NLTK, which gives 0 for 83 satellites of WordNet 3.0 because
// their keys are written differently in the file of counts; [Lemma.TagCount]
// has these. If the database has no counts, Count is 0.
func (l Lemma) Count() int {
	if len(l.db.missed) > 0 {
		if _, miss := slices.BinarySearch(l.db.missed, l.id); miss {
			return 0
		}
	}
	return l.TagCount()
}

// TagCount returns how often the sense was tagged in the concordance texts.
func (l Lemma) TagCount() int {
	if l.db.count == nil {
		return 0
	}
	return int(l.db.count[l.id])
}

// LemmaByKey returns the lemma with a sense key, such as "dog%1:05:00::". Case
// is ignored. If two lemmas share the key, the first in the synset is returned.
// If there is none, the error wraps [ErrNotFound].
func (db *DB) LemmaByKey(key string) (Lemma, error) {
	k, err := parseKey(lower(key))
	if err != nil {
		return Lemma{}, fmt.Errorf("wordnet: sense key %q: %w: %w", key, ErrNotFound, err)
	}
	var found Lemma
	db.withKey(k, false, func(w uint32) bool {
		found = Lemma{db, w}
		return false
	})
	if found == (Lemma{}) {
		return Lemma{}, fmt.Errorf("wordnet: sense key %q: %w", key, ErrNotFound)
	}
	return found, nil
}
