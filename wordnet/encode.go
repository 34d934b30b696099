package wordnet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/semamap/semamap/wordnet/internal/compact"
)

// How a spelling follows from its lower-case lemma.
const (
	caseLemma = iota // equal
	caseTitle        // a capital at the start and after each '_'
	caseFirst        // a capital at the start
	caseUpper        // all capitals
	caseOwn          // none of these: spelled out
)

// appendCase appends the lemma as a case code spells it.
func appendCase(dst []byte, lemma string, code uint8) []byte {
	for i := range len(lemma) {
		c := lemma[i]
		if 'a' <= c && c <= 'z' && (code == caseUpper ||
			code == caseFirst && i == 0 ||
			code == caseTitle && (i == 0 || lemma[i-1] == '_')) {
			c -= 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

// columns returns the database as the columns of a compact file. Other names than those of NLTK 3.8 are refused, since the
// order of pointers follows names.
func (db *DB) columns() (*compact.Columns, error) {
	if db.compat.satellitesApart() {
		return nil, errors.New("wordnet: a compact file needs the names of NLTK 3.8")
	}
	listed := make([]bool, len(db.senses))
	for p := range part(parts) {
		for w := db.synWord[db.first[p]]; w < db.synWord[db.first[p+1]]; w++ {
			from, _ := db.entryRange(db.lemmaOfWord(w), p)
			listed[from+uint32(db.wordSense[w])-1] = true
		}
	}
	if len(db.markers) > 256 {
		return nil, errors.New("wordnet: too many markers for a compact file")
	}
	if slices.Contains(listed, false) {
		return nil, errors.New("wordnet: a compact file cannot hold senses without a word of their own")
	}
	cols := &compact.Columns{Release: db.version}
	for id := range uint32(db.Len()) {
		if !db.hasGlosses {
			break
		}
		gloss, err := Synset{db, id}.gloss()
		if err != nil {
			return nil, err
		}
		cols.Glosses = append(cols.Glosses, gloss)
	}
	c := &cols.Raw
	v := func(col int, n uint64) { c[col] = binary.AppendUvarint(c[col], n) }
	z := func(col int, n int64) { c[col] = binary.AppendVarint(c[col], n) }
	b := func(col int, n uint8) { c[col] = append(c[col], n) }

	for p := range parts {
		v(compact.Counts, uint64(db.first[p+1]-db.first[p]))
	}
	for _, n := range []int{len(db.lemMask), len(db.wordSpell), len(db.semTarget), len(db.lexTarget), len(db.frames)} {
		v(compact.Counts, uint64(n))
	}
	if db.count != nil {
		v(compact.Counts, 1)
	} else {
		v(compact.Counts, 0)
	}

	last := ""
	for i := range db.lemmas() {
		s := db.spelling(i)
		n := 0
		for n < min(len(s), len(last), 255) && s[n] == last[n] {
			n++
		}
		if len(s)-n > 255 {
			return nil, fmt.Errorf("wordnet: lemma %q is too long for a compact file", s)
		}
		b(compact.LemPrefix, uint8(n))
		b(compact.LemLen, uint8(len(s)-n))
		c[compact.LemText] = append(c[compact.LemText], s[n:]...)
		last = s
	}

	var spelled []byte
	for p := range part(parts) {
		off := uint32(0)
		for id := db.first[p]; id < db.first[p+1]; id++ {
			v(compact.SynOff, uint64(db.synOff[id]-off))
			off = db.synOff[id]
			b(compact.SynLex, db.synLex[id])
			if p == partAdj {
				b(compact.SynPOS, uint8(db.synPOS[id]))
			}
			b(compact.SynWords, uint8(db.synWord[id+1]-db.synWord[id]))
			v(compact.SemNum, uint64(db.semStart[id+1]-db.semStart[id]))
			for i := db.semStart[id]; i < db.semStart[id+1]; i++ {
				b(compact.SemRel, db.semRel[i])
				z(compact.SemTo, int64(db.semTarget[i])-int64(id))
			}
			v(compact.LexNum, uint64(db.lexStart[id+1]-db.lexStart[id]))
			for i := db.lexStart[id]; i < db.lexStart[id+1]; i++ {
				t := db.wordSyn[db.lexTarget[i]]
				b(compact.LexRel, uint8(db.lexRel[i]))
				b(compact.LexWord, db.lexSource[i])
				z(compact.LexTo, int64(t)-int64(id))
				b(compact.LexAt, uint8(db.lexTarget[i]-db.synWord[t]))
			}
			b(compact.FrNum, uint8(db.frStart[id+1]-db.frStart[id]))
			for _, f := range db.framesOf(id) {
				c[compact.Frame] = append(c[compact.Frame], f.number, f.word)
			}
		}
	}
	if len(db.lemMask) > 1<<24 {
		return nil, errors.New("wordnet: too many lemmas for a compact file")
	}
	for w, s := range db.wordSpell {
		lemma := db.lemmaOfWord(uint32(w))
		b(compact.WordLo, uint8(lemma))
		b(compact.WordMid, uint8(lemma>>8))
		b(compact.WordHi, uint8(lemma>>16))
		code := uint8(caseLemma)
		if s != lemma {
			for code = caseTitle; code < caseOwn; code++ {
				spelled = appendCase(spelled[:0], db.spelling(lemma), code)
				if string(spelled) == db.spelling(s) {
					break
				}
			}
		}
		b(compact.WordCase, code)
		if code == caseOwn {
			c[compact.Spelling] = compact.AppendText(c[compact.Spelling], db.spelling(s))
		}
		v(compact.WordSense, uint64(db.wordSense[w]))
		b(compact.WordLex, db.wordLex[w])
		b(compact.WordMark, uint8(db.wordMark[w]))
		if db.count != nil {
			v(compact.Count, uint64(db.count[w]))
		}
	}
	missed := uint32(0)
	for _, w := range db.missed {
		v(compact.Missed, uint64(w-missed))
		missed = w
	}

	for p := range part(parts) {
		c[compact.Text] = compact.AppendText(c[compact.Text], exceptionsText(db.exc, p))
	}
	c[compact.Text] = compact.AppendText(c[compact.Text], strings.Join(db.markers, " "))
	c[compact.Text] = compact.AppendText(c[compact.Text], strings.Join(db.lexNames, " "))
	return cols, nil
}

// exceptionsText is the reverse of parseExceptions, sorted by form.
func exceptionsText(exc map[string][parts]string, p part) string {
	var b strings.Builder
	for _, form := range slices.Sorted(maps.Keys(exc)) {
		if bases := exc[form][p]; bases != "" {
			b.WriteString(form + " " + bases + "\n")
		}
	}
	return b.String()
}
