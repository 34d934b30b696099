package wordnet

import (
	"bytes"
	"fmt"
	"strings"
)

// appendName appends the name of a synset: lemma.pos.number.
func (db *DB) appendName(dst []byte, id uint32) []byte {
	return appendNameOf(dst, db.spelling(db.lemmaOfWord(db.synWord[id])), db.synPOS[id], db.synNum[id])
}

func appendNameOf[T bytestring](dst []byte, lemma T, pos POS, n uint16) []byte {
	dst = append(dst, lemma...)
	dst = append(dst, '.', "?nvars"[pos], '.')
	if n < 100 {
		return append(dst, '0'+byte(n/10), '0'+byte(n%10))
	}
	return fmt.Append(dst, n)
}

// compareNames compares the names of two synsets bytewise.
func (db *DB) compareNames(a, b uint32) int {
	if a == b {
		return 0
	}
	var x, y [80]byte
	return bytes.Compare(db.appendName(x[:0], a), db.appendName(y[:0], b))
}

// Synset returns the synset with a name lemma.pos.number, such as "dog.n.01".
// Case is ignored, any lemma of the synset may be used, the number may have
// fewer than two digits, and the part of speech a also finds satellites. If
// there is no such synset, the error wraps [ErrNotFound].
//
// A number below 1, or anything but digits, is an error. (NLTK gives the last
// sense for dog.n.0.)
func (db *DB) Synset(name string) (Synset, error) {
	fail := func(why string) (Synset, error) {
		return Synset{}, fmt.Errorf("wordnet: synset %q: %w: %s", name, ErrNotFound, why)
	}
	low := lower(name)
	j := strings.LastIndexByte(low, '.')
	i := strings.LastIndexByte(low[:max(j, 0)], '.')
	if i < 0 {
		return fail("want lemma.pos.number")
	}
	lemma, letter, digits := low[:i], low[i+1:j], low[j+1:]
	pos, err := ParsePOS(letter)
	if err != nil {
		return fail("want n, v, a, r or s as part of speech")
	}
	n, ok := decimal(digits)
	if !ok || n == 0 {
		return fail("the number must be 1 or greater")
	}
	p, _ := partOf(pos)
	l, ok := db.lookup(lemma)
	if !ok || !db.lists(l, p) {
		return fail("no such lemma with that part of speech")
	}
	have := uint32(0)
	for _, id := range db.entry(l, p) {
		if id == noSynset {
			if have++; have == n {
				return fail("the synset is damaged")
			}
			continue
		}
		if pos == AdjSat && db.compat.satellitesApart() && db.synPOS[id] != AdjSat {
			continue
		}
		if have++; have == n {
			if pos == AdjSat && db.synPOS[id] != AdjSat {
				return fail("this sense is a plain adjective, not a satellite")
			}
			return Synset{db, id}, nil
		}
	}
	return fail(fmt.Sprintf("the lemma has %d such senses", have))
}

// Lemma returns the lemma with a name synset.lemma, such as
// "dog.n.01.domestic_dog". The part after the number of the synset must be the
// lemma's exact name, including case. If there is no such lemma, the error
// wraps [ErrNotFound].
func (db *DB) Lemma(name string) (Lemma, error) {
	// The synset's name ends at the first number between dots: the lemma
	// itself may hold dots, as in .45_caliber.a.01..45_caliber.
	for i := 0; i < len(name); i++ {
		if name[i] != '.' {
			continue
		}
		j := i + 1
		for j < len(name) && '0' <= name[j] && name[j] <= '9' {
			j++
		}
		if j == i+1 || j == len(name) || name[j] != '.' {
			continue
		}
		s, err := db.Synset(name[:j])
		if err != nil {
			return Lemma{}, fmt.Errorf("wordnet: lemma %q: %w", name, err)
		}
		for l := range s.Lemmas() {
			if l.Name() == name[j+1:] {
				return l, nil
			}
		}
		return Lemma{}, fmt.Errorf("wordnet: lemma %q: %w: the synset has no lemma %q", name, ErrNotFound, name[j+1:])
	}
	return Lemma{}, fmt.Errorf("wordnet: lemma %q: %w: want lemma.pos.number.name", name, ErrNotFound)
}
