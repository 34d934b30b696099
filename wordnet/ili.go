package wordnet

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// An ILI maps the synsets of a database to the concepts of the Collaborative
// Interlingual Index, which wordnets of other languages share. It belongs to the
// database it was read for and does not change. [DB.ReadILI] makes one.
type ILI struct {
	db      *DB
	concept []uint32 // of each synset; 0 for none
	synset  []iliPair
}

// An iliPair is a concept and its synset.
type iliPair struct{ concept, synset uint32 }

// ReadILI reads a mapping such as ili-map-pwn30.tab of the Collaborative
// Interlingual Index: lines with a concept, a tab, and the offset and part of
// speech of a synset, such as
//
//	i46360	02084071-n
//
// Further fields are ignored, and so are blank lines and those that begin with
// #. The letters a and s are equal. Files in Turtle such as ili-map-wn30.ttl,
// with a statement a line, are read as well:
//
//	<i46360> owl:sameAs pwn30:02084071-n .
//
// name is only used in errors.
//
// The offsets must belong to the edition of the database that was opened. If
// one is not the start of a synset, or a line is malformed, the error wraps
// [ErrSyntax].
//
// Source: Bond, Vossen, McCrae and Fellbaum, CILI: the Collaborative
// Interlingual Index, Global WordNet Conference 2016.
func (db *DB) ReadILI(r io.Reader, name string) (*ILI, error) {
	m := &ILI{db: db, concept: make([]uint32, db.Len())}
	if err := eachShortLine(r, name, m.line); err != nil {
		return nil, err
	}
	slices.SortStableFunc(m.synset, func(a, b iliPair) int { return cmp.Compare(a.concept, b.concept) })
	m.synset = slices.CompactFunc(m.synset, func(a, b iliPair) bool { return a.concept == b.concept })
	return m, nil
}

func (m *ILI) line(n int, line string) error {
	if n == 1 {
		line = strings.TrimPrefix(line, "\ufeff")
	}
	f := strings.Fields(line)
	if len(f) == 0 || f[0][0] == '#' || f[0][0] == '@' {
		return nil
	}
	if len(f) > 2 && f[1] == "owl:sameAs" {
		f = []string{strings.Trim(strings.TrimPrefix(f[0], "ili:"), "<>"), f[2][strings.LastIndexByte(f[2], ':')+1:]}
	}
	concept, ok := conceptOf(f[0])
	if !ok {
		return bad("concept", f[0])
	}
	if len(f) < 2 {
		return errors.New("line ends before the synset")
	}
	offset, letter, _ := strings.Cut(f[1], "-")
	p, isPOS := partOf(posOf(letter))
	if len(offset) == 9 && POS(offset[0]-'0') == partPOS[p] {
		offset = offset[1:] // as for WordNet 3.1 in Turtle
	}
	off, ok := decimal(offset)
	if !ok || len(offset) != 8 || !isPOS {
		return bad("offset and part of speech", f[1])
	}
	id, ok := m.db.at(p, off)
	if !ok {
		return fmt.Errorf("no synset at offset %s of data.%s: the mapping belongs to another edition", offset, partNames[p])
	}
	if m.concept[id] == 0 {
		m.concept[id] = concept
	}
	m.synset = append(m.synset, iliPair{concept, id})
	return nil
}

// conceptOf returns the number of a concept such as i46360.
func conceptOf(s string) (uint32, bool) {
	if len(s) < 2 || s[0] != 'i' || s[1] == '0' {
		return 0, false
	}
	return decimal(s[1:])
}

// Concept returns the identifier of a synset, such as "i46360", the first if the
// mapping has several, and whether it has any.
func (m *ILI) Concept(s Synset) (string, bool) {
	if m.db != s.db {
		panic("wordnet: mapping of another database")
	}
	n := m.concept[s.id]
	if n == 0 {
		return "", false
	}
	return "i" + strconv.FormatUint(uint64(n), 10), true
}

// Synset returns the synset of an identifier, the first if the mapping has
// several, and whether it has any.
func (m *ILI) Synset(id string) (Synset, bool) {
	n, ok := conceptOf(id)
	i, found := slices.BinarySearchFunc(m.synset, n, func(p iliPair, n uint32) int { return cmp.Compare(p.concept, n) })
	if !ok || !found {
		return Synset{}, false
	}
	return Synset{m.db, m.synset[i].synset}, true
}
