package wordnet

import (
	"fmt"
	"slices"
	"strings"
)

// A senseKey is a sense key cut into its fields: lemma%pos:lex:id:head:headID.
type senseKey struct {
	lemma, head     string
	pos             POS
	lex, id, headID uint8
}

func parseKey(s string) (k senseKey, err error) {
	bad := func() (senseKey, error) { return k, &badField{"sense key", s} }
	// A lemma may hold a '%' itself, as 100% does.
	i := 0
	for ; i+2 < len(s); i++ {
		if s[i] == '%' && '1' <= s[i+1] && s[i+1] <= '5' && s[i+2] == ':' {
			break
		}
	}
	if i+2 >= len(s) {
		return bad()
	}
	k.lemma, k.pos = s[:i], POS(s[i+1]-'0')
	rest := s[i+3:]
	var num [2]uint8
	for n := range num {
		i := strings.IndexByte(rest, ':')
		if i < 2 {
			return bad()
		}
		v, ok := decimal(rest[:i])
		if !ok || v > 255 {
			return bad()
		}
		num[n] = uint8(v)
		rest = rest[i+1:]
	}
	k.lex, k.id = num[0], num[1]
	i = strings.LastIndexByte(rest, ':')
	if i < 0 {
		return bad()
	}
	k.head = rest[:i]
	if id := rest[i+1:]; id != "" || k.head != "" {
		v, ok := decimal(id)
		if !ok || v > 255 || len(id) < 2 || k.head == "" {
			return bad()
		}
		k.headID = uint8(v)
	}
	return k, nil
}

// withKey calls f with every word that has a key, until f returns false. With
// bare set, a marker in the key's head, such as afraid(p), is left out of
// account.
func (db *DB) withKey(k senseKey, bare bool, f func(word uint32) bool) {
	p, ok := partOf(k.pos)
	if !ok {
		return
	}
	lemma, ok := db.lookup(k.lemma)
	if !ok {
		return
	}
	if bare && strings.HasSuffix(k.head, ")") {
		if i := strings.IndexByte(k.head, '('); i > 0 {
			k.head = k.head[:i]
		}
	}
	for _, syn := range db.entry(lemma, p) {
		if syn == noSynset || db.synPOS[syn] != k.pos || db.synLex[syn] != k.lex {
			continue
		}
		if head, ok := db.headOf(syn); ok {
			if db.wordLex[head] != k.headID || db.spelling(db.lemmaOfWord(head)) != k.head {
				continue
			}
		} else if k.head != "" {
			continue
		}
		for w := db.synWord[syn]; w < db.synWord[syn+1]; w++ {
			if db.wordLex[w] == k.id && db.lemmaOfWord(w) == lemma && !f(w) {
				return
			}
		}
	}
}

// readCounts reads cntlist.rev (key sense count) or index.sense (key offset
// sense count).
//
// The keys of cntlist.rev are older than the data: some name a sense that is
// no more, and 130 of WordNet 3.0 have a marker in the head of a satellite.
// NLTK does not find the latter; they are counted here, and noted. In
// index.sense they are written without marker, so there the rule is: NLTK
// misses the satellites whose head has a marker in the data file, and one
// more.
//
// The index files say how many senses have a count. Where fewer are found,
// lines are missing.
func (b *builder) readCounts(file, text string, senseIndex bool, tagged int) error {
	db := b.db
	db.count = make([]uint32, len(db.wordSpell))
	found := 0
	err := eachLine(file, text, b.forgive, func(line string) error {
		more, err := db.countLine(line, senseIndex)
		if more {
			found++
		}
		return err
	})
	if err != nil {
		return err
	}
	if found < tagged {
		err := &syntaxError{file, strings.Count(text, "\n"), fmt.Errorf("the file ends after the counts of %d senses, but the index files speak of %d: truncated", found, tagged)}
		if err := b.forgive(err); err != nil {
			return err
		}
	}
	slices.Sort(db.missed)
	db.missed = slices.Compact(db.missed)
	return nil
}

// missedByNLTK is the one key that NLTK does not find though the data file
// has no marker in the head: cntlist.rev has dying(a).
const missedByNLTK = "last%5:00:00:dying:00"

// countLine reports whether the line gave a count to a sense that had none.
func (db *DB) countLine(line string, senseIndex bool) (more bool, err error) {
	key, rest, _ := strings.Cut(line, " ")
	k, err := parseKey(key)
	if err != nil {
		return false, err
	}
	var wrong error // the count may be used all the same
	if senseIndex {
		var t string
		t, rest, _ = strings.Cut(rest, " ")
		off, ok := decimal(t)
		if !ok || len(t) != 8 {
			return false, bad("synset offset", t)
		}
		p, _ := partOf(k.pos)
		if _, ok := db.at(p, off); !ok {
			wrong = fmt.Errorf("no synset at offset %s of data.%s", t, partNames[p])
		}
	}
	num, t, _ := strings.Cut(rest, " ")
	if n, ok := decimal(num); !ok || n == 0 {
		return false, bad("sense number", num)
	}
	count, ok := decimal(t)
	if !ok {
		return false, bad("count", t)
	}
	if count == 0 {
		return false, wrong
	}
	marked := strings.HasSuffix(k.head, ")")
	db.withKey(k, true, func(w uint32) bool {
		if marked && db.count[w] != 0 && !slices.Contains(db.missed, w) {
			return true // the key stands without a marker too
		}
		more = more || db.count[w] == 0
		db.count[w] = count
		if senseIndex {
			if head, ok := db.headOf(db.wordSyn[w]); ok {
				marked = db.wordMark[head] != 0 || key == missedByNLTK
			}
		}
		if marked {
			db.missed = append(db.missed, w)
		}
		return true
	})
	return more, wrong
}
