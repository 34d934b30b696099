package wordnet

import (
	"fmt"
	"strings"
)

// A POS is a part of speech. Its number is the ss_type of sense keys.
type POS uint8

// The parts of speech. A satellite adjective clusters around a head adjective
// and shares its file, its index and its sense numbers with plain adjectives.
const (
	Noun   POS = 1
	Verb   POS = 2
	Adj    POS = 3
	Adv    POS = 4
	AdjSat POS = 5
)

// String returns the letter WordNet uses: n, v, a, r or s.
func (p POS) String() string {
	if p < Noun || p > AdjSat {
		return fmt.Sprintf("POS(%d)", uint8(p))
	}
	return "?nvars"[p : p+1]
}

// ParsePOS returns the part of speech of a letter n, v, a, r or s. For
// anything else the error wraps [ErrNotFound].
func ParsePOS(s string) (POS, error) {
	if p := posOf(s); p != 0 {
		return p, nil
	}
	return 0, fmt.Errorf("wordnet: part of speech %q: %w: want n, v, a, r or s", s, ErrNotFound)
}

// posOf returns the part of speech of a letter, or 0.
func posOf[T bytestring](letter T) POS {
	if len(letter) != 1 {
		return 0
	}
	return POS(max(0, strings.IndexByte("?nvars", letter[0])))
}

// A part is one of the four pairs of files, in the order in which synsets and
// lemmas are numbered.
type part uint8

const (
	partAdj part = iota
	partAdv
	partNoun
	partVerb
	parts = 4
)

var partNames = [parts]string{"adj", "adv", "noun", "verb"}

// partPOS is the part of speech that an index file states.
var partPOS = [parts]POS{Adj, Adv, Noun, Verb}

// partOf returns the files a part of speech lives in; ok is false for a POS
// that is none.
func partOf(p POS) (_ part, ok bool) {
	switch p {
	case Noun:
		return partNoun, true
	case Verb:
		return partVerb, true
	case Adj, AdjSat:
		return partAdj, true
	case Adv:
		return partAdv, true
	}
	return 0, false
}

// searchOrder is the order in which look-ups try the parts of speech.
var searchOrder = [...]POS{Noun, Verb, Adj, Adv}
