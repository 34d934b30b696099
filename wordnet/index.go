package wordnet

import (
	"errors"
	"fmt"
	"hash/maphash"
	"strings"
)

// A lexicon numbers the lemmas of the index files, in the order in which they
// first appear in index.adj, index.adv, index.noun and index.verb.
type lexicon struct {
	text  strings.Builder // the lemmas, end to end
	off   []uint32        // where each begins; one more for the end
	table []uint32        // open addressing: 1 + lemma, 0 for an empty place
	seed  maphash.Seed
	mask  []uint8 // bit p is set if the lemma is in the index of part p
}

func newLexicon(lemmas, bytes int) *lexicon {
	x := &lexicon{seed: maphash.MakeSeed()}
	size := 1024
	for size < lemmas+lemmas/2 {
		size *= 2
	}
	x.table = make([]uint32, size)
	x.off = append(make([]uint32, 0, lemmas+1), 0)
	x.mask = make([]uint8, 0, lemmas)
	x.text.Grow(bytes)
	return x
}

func (x *lexicon) len() int { return len(x.mask) }

// add returns the number of a lemma, which it enters if it is new.
func (x *lexicon) add(lemma string) uint32 {
	if 4*(x.len()+1) > 3*len(x.table) {
		x.rehash()
	}
	text := x.text.String()
	m := uint64(len(x.table) - 1)
	h := maphash.String(x.seed, lemma) & m
	for ; x.table[h] != 0; h = (h + 1) & m {
		if i := x.table[h] - 1; text[x.off[i]:x.off[i+1]] == lemma {
			return i
		}
	}
	n := uint32(x.len())
	x.table[h] = n + 1
	x.text.WriteString(lemma)
	x.off = append(x.off, uint32(x.text.Len()))
	x.mask = append(x.mask, 0)
	return n
}

func (x *lexicon) rehash() {
	x.table = make([]uint32, 2*len(x.table))
	text := x.text.String()
	m := uint64(len(x.table) - 1)
	for i := range x.mask {
		h := maphash.String(x.seed, text[x.off[i]:x.off[i+1]]) & m
		for x.table[h] != 0 {
			h = (h + 1) & m
		}
		x.table[h] = uint32(i) + 1
	}
}

// An indexFile is what one index file holds, in its order.
type indexFile struct {
	lemma  []uint32 // number in the lexicon
	start  []uint32 // into offset; one more for the end
	offset []uint32 // of the synsets in the data file, in sense order
	tagged []uint16 // how many senses are said to have a count
}

// parseIndex reads an index file.
//
//	lemma pos synset_cnt p_cnt [symbol...] sense_cnt tagsense_cnt offset...
func parseIndex(file, text string, p part, x *lexicon) (*indexFile, error) {
	begin := skipLicence(text)
	lines := strings.Count(text[begin:], "\n")
	f := &indexFile{
		lemma:  make([]uint32, 0, lines),
		start:  append(make([]uint32, 0, lines+1), 0),
		offset: make([]uint32, 0, lines+lines/2),
		tagged: make([]uint16, 0, lines),
	}
	for at := begin; at < len(text); {
		end := at + strings.IndexByte(text[at:], '\n')
		if err := f.line(strings.TrimSuffix(text[at:end], "\r"), p, x); err != nil {
			return nil, syntaxAt(file, text, at, err)
		}
		at = end + 1
	}
	return f, nil
}

func (f *indexFile) line(s string, p part, x *lexicon) error {
	if len(s) > 0 && s[0] == ' ' {
		return errors.New("licence line among the records")
	}
	r := fields{s: s}
	lemma := r.next()
	if lemma == "" {
		return errors.New("empty line")
	}
	if len(lemma) > maxLemma {
		return fmt.Errorf("lemma of %d bytes, longer than %d", len(lemma), maxLemma)
	}
	if pos := r.next(); len(pos) != 1 || posOf(pos[0]) != partPOS[p] {
		return &badField{"part of speech", pos}
	}
	t := r.next()
	n, ok := decimal(t)
	if !ok || n == 0 {
		return &badField{"synset count", t}
	}
	t = r.next()
	symbols, ok := decimal(t)
	if !ok {
		return &badField{"pointer count", t}
	}
	for range symbols {
		// Abridged here: ';' stands for all three kinds of domains.
		if t = r.next(); t == "" || len(t) > 2 || '0' <= t[0] && t[0] <= '9' {
			return &badField{"pointer symbol", t}
		}
	}
	t = r.next()
	if m, ok := decimal(t); !ok || m != n {
		return &badField{"sense count", t}
	}
	t = r.next()
	tagged, ok := decimal(t)
	if !ok || tagged > n {
		return &badField{"tagged sense count", t}
	}
	for range n {
		t = r.next()
		off, ok := decimal(t)
		if !ok || len(t) != 8 {
			return &badField{"synset offset", t}
		}
		f.offset = append(f.offset, off)
	}
	if t = r.next(); t != "" {
		return &badField{"field after the last offset", t}
	}
	id := x.add(lemma)
	if x.mask[id]&(1<<p) != 0 {
		return fmt.Errorf("lemma %q is listed twice", lemma)
	}
	x.mask[id] |= 1 << p
	f.lemma = append(f.lemma, id)
	f.start = append(f.start, uint32(len(f.offset)))
	f.tagged = append(f.tagged, uint16(min(tagged, 0xFFFF)))
	return nil
}

// lineOf returns the line of the n-th record, for an error message.
func lineOf(text string, n int) int {
	return 1 + strings.Count(text[:skipLicence(text)], "\n") + n
}
