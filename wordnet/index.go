package wordnet

import (
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"io/fs"
	"strings"
)

// A lexicon numbers the lemmas of the index files, in the order in which they
// first appear in index.adj, index.adv, index.noun and index.verb.
type lexicon struct {
	text    strings.Builder // the lemmas, end to end
	off     []uint32        // where each begins; one more for the end
	mask    []uint8         // bit p is set if the lemma is in the index of part p
	longest int

	// A hash table with open addressing. The tags are small enough to stay in
	// the cache, and tell for most places, also for most that are taken,
	// that the lemma asked for is not there.
	table []uint32
	tags  []uint8
	seed  maphash.Seed
}

func newLexicon(lemmas, bytes int) *lexicon {
	x := &lexicon{seed: maphash.MakeSeed()}
	size := 1024
	for size < lemmas+lemmas/2 {
		size *= 2
	}
	x.table, x.tags = make([]uint32, size), make([]uint8, size)
	x.off = append(make([]uint32, 0, lemmas+1), 0)
	x.mask = make([]uint8, 0, lemmas)
	x.text.Grow(bytes)
	return x
}

// tagOf returns a tag, which is not 0, of the bits that do not choose the
// place.
func tagOf(h uint64) uint8 { return uint8(h>>56) | 1 }

// probe returns the number of a lemma in a hash table, or where it would go.
func probe[T bytestring](table []uint32, tags []uint8, text string, off []uint32, h uint64, lemma T) (uint32, bool) {
	m := uint64(len(tags) - 1)
	tag := tagOf(h)
	for h &= m; tags[h] != 0; h = (h + 1) & m {
		if tags[h] == tag {
			if i := table[h]; text[off[i]:off[i+1]] == string(lemma) {
				return i, true
			}
		}
	}
	return uint32(h), false
}

// add returns the number of a lemma, which it enters if it is new.
func (x *lexicon) add(lemma []byte) uint32 {
	n := len(x.mask)
	if 4*(n+1) > 3*len(x.table) {
		x.grow()
	}
	h := maphash.Bytes(x.seed, lemma)
	at, found := probe(x.table, x.tags, x.text.String(), x.off, h, lemma)
	if found {
		return at
	}
	x.table[at], x.tags[at] = uint32(n), tagOf(h)
	x.text.Write(lemma)
	x.off = append(x.off, uint32(x.text.Len()))
	x.mask = append(x.mask, 0)
	x.longest = max(x.longest, len(lemma))
	return uint32(n)
}

// grow doubles the table.
func (x *lexicon) grow() {
	x.table, x.tags = make([]uint32, 2*len(x.table)), make([]uint8, 2*len(x.tags))
	text := x.text.String()
	for i := range x.mask {
		lemma := text[x.off[i]:x.off[i+1]]
		h := maphash.String(x.seed, lemma)
		at, _ := probe(x.table, x.tags, text, x.off, h, lemma)
		x.table[at], x.tags[at] = uint32(i), tagOf(h)
	}
}

// An indexFile is what one index file holds, in its order.
type indexFile struct {
	lemma  []uint32 // number in the lexicon
	start  []uint32 // into offset; one more for the end
	offset []uint32 // of the synsets in the data file, in sense order
	tagged int      // how many senses are said to have a count
	header int      // lines of the licence
}

// parseIndex reads an index file.
//
//	lemma pos synset_cnt p_cnt [symbol...] sense_cnt tagsense_cnt offset...
func parseIndex(fsys fs.FS, file string, p part, x *lexicon) (*indexFile, error) {
	r, err := openBlocks(fsys, file)
	if err != nil {
		return nil, err
	}
	defer r.close()
	lines := r.size / 40 // a record of WordNet 3.0 has 40 bytes or more
	f := &indexFile{
		lemma:  make([]uint32, 0, lines),
		start:  append(make([]uint32, 0, lines+1), 0),
		offset: make([]uint32, 0, lines+lines/3),
	}
	var buf []byte
	for {
		if buf, err = r.next(buf, 64<<10); err == io.EOF {
			return f, nil
		} else if err != nil {
			return nil, err
		}
		for rest := buf; len(rest) > 0; {
			i := bytes.IndexByte(rest, '\n')
			if rest[0] == ' ' && len(f.lemma) == 0 {
				f.header++ // editions have licences of different length
			} else if err := f.line(bytes.TrimSuffix(rest[:i], carriageReturn), p, x); err != nil {
				return nil, r.fault(bytes.Count(buf[:len(buf)-len(rest)], newline), err)
			}
			rest = rest[i+1:]
		}
	}
}

var carriageReturn = []byte{'\r'}

func (f *indexFile) line(s []byte, p part, x *lexicon) error {
	if len(s) > 0 && s[0] == ' ' {
		return errors.New("licence line among the records")
	}
	r := fields{s: s}
	lemma := r.next()
	if len(lemma) == 0 {
		return errors.New("empty line")
	}
	if len(lemma) > maxLemma {
		return fmt.Errorf("lemma of %d bytes, longer than %d", len(lemma), maxLemma)
	}
	if pos := r.next(); len(pos) != 1 || posOf(pos[0]) != partPOS[p] {
		return bad("part of speech", pos)
	}
	t := r.next()
	n, ok := decimal(t)
	if !ok || n == 0 {
		return bad("synset count", t)
	}
	t = r.next()
	symbols, ok := decimal(t)
	if !ok {
		return bad("pointer count", t)
	}
	for range symbols {
		// Abridged here: ';' stands for all three kinds of domains.
		if t = r.next(); len(t) == 0 || len(t) > 2 || '0' <= t[0] && t[0] <= '9' {
			return bad("pointer symbol", t)
		}
	}
	t = r.next()
	if m, ok := decimal(t); !ok || m != n {
		return bad("sense count", t)
	}
	t = r.next()
	tagged, ok := decimal(t)
	if !ok || tagged > n {
		return bad("tagged sense count", t)
	}
	for range n {
		t = r.next()
		if len(t) != 8 {
			return bad("synset offset", t)
		}
		off, ok := digits8(t)
		if !ok {
			return bad("synset offset", t)
		}
		f.offset = append(f.offset, off)
	}
	if t = r.next(); len(t) > 0 {
		return bad("field after the last offset", t)
	}
	id := x.add(lemma)
	if x.mask[id]&(1<<p) != 0 {
		return fmt.Errorf("lemma %q is listed twice", lemma)
	}
	x.mask[id] |= 1 << p
	f.lemma = append(f.lemma, id)
	f.start = append(f.start, uint32(len(f.offset)))
	f.tagged += int(tagged)
	return nil
}
