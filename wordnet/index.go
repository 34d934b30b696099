package wordnet

import (
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
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

// newLexicon returns an empty lexicon with room for lemmas, other spellings
// and their text.
func newLexicon(lemmas, others, bytes int) *lexicon {
	x := &lexicon{seed: maphash.MakeSeed()}
	size := 1024
	for size < lemmas+lemmas/2 {
		size *= 2
	}
	x.table, x.tags = make([]uint32, size), make([]uint8, size)
	x.off = append(make([]uint32, 0, lemmas+others+1), 0)
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

// An indexBlock is what a block of lines of an index file holds.
type indexBlock struct {
	block
	text   []byte   // the lemmas, end to end
	end    []uint32 // where each ends
	lemma  []uint32 // their numbers in the lexicon
	last   []uint32 // where the offsets of each end
	offset []uint32 // of the synsets in the data file, in sense order
	tagged int      // how many senses are said to have a count

	nameless []int // lines of records of the empty lemma
}

// parseIndex reads the records of a block of an index file.
//
//	lemma pos synset_cnt p_cnt [symbol...] sense_cnt tagsense_cnt offset...
func (b *builder) parseIndex(k block) (*indexBlock, error) {
	n := len(k.text) / 40 // a record of WordNet 3.0 has 41 bytes, of which 12 are the lemma
	c := &indexBlock{block: k,
		text:   make([]byte, 0, 14*n),
		end:    make([]uint32, 0, n),
		last:   make([]uint32, 0, n),
		offset: make([]uint32, 0, n+n/2),
	}
	for rest := k.text; len(rest) > 0; {
		i := bytes.IndexByte(rest, '\n')
		line := bytes.TrimSuffix(rest[:i], carriageReturn)
		rest = rest[i+1:]
		if len(line) == 0 {
			c.skip(len(c.end))
			continue
		}
		if line[0] == ' ' {
			if c.isNameless(line) {
				c.nameless = append(c.nameless, c.lineOf(len(c.end)))
				c.skip(len(c.end))
				continue
			}
			if len(c.end) == 0 {
				c.header++ // editions have licenses of different length
				continue
			}
		}
		from := len(c.offset)
		if err := c.record(line); err != nil {
			if err := b.forgive(c.fault(len(c.end), err)); err != nil {
				return c, err
			}
			c.offset = c.offset[:from]
			c.skip(len(c.end))
		}
	}
	return c, nil
}

// enter numbers the lemmas of a block.
func (c *indexBlock) enter(b *builder) error {
	x := b.x
	if c.header > 0 && c.at > 0 {
		return &syntaxError{file: c.file, line: c.line + 1, err: errLicense}
	}
	for _, line := range c.nameless {
		b.odd(noSynset, c.file, line, errors.New("record without a lemma"))
	}
	from := uint32(0)
	c.lemma = make([]uint32, len(c.end))
	for i, end := range c.end {
		lemma := c.text[from:end]
		from = end
		id := x.add(lemma)
		if x.mask[id]&(1<<c.part) != 0 {
			if err := b.forgive(c.fault(i, fmt.Errorf("lemma %q is listed twice", lemma))); err != nil {
				return err
			}
			c.lemma[i] = noLemma
			continue
		}
		x.mask[id] |= 1 << c.part
		c.lemma[i] = id
	}
	c.text, c.end = nil, nil
	return nil
}

// offsets returns the synsets of the i-th lemma.
func (c *indexBlock) offsets(i int) []uint32 {
	if i == 0 {
		return c.offset[:c.last[0]]
	}
	return c.offset[c.last[i-1]:c.last[i]]
}

// noLemma stands for the lemma of a record that is left out.
const noLemma = ^uint32(0)

var errLicense = errors.New("license line among the records")

// isNameless reports whether a line is the record of a lemma that is empty. Some
// writers make them of words such as "(thing)", all of which is a marker to
// them. Lines of a license begin with two blanks.
func (c *indexBlock) isNameless(line []byte) bool {
	r := fields{s: line}
	if pos := posOf(r.next()); len(line) < 2 || line[1] == ' ' || pos != partPOS[c.part] {
		return false
	}
	_, ok := decimal(r.next())
	return ok
}

var carriageReturn = []byte{'\r'}

func (c *indexBlock) record(s []byte) error {
	if len(s) > 0 && s[0] == ' ' {
		return errLicense
	}
	r := fields{s: s}
	lemma := r.next()
	if len(lemma) > maxLemma {
		return fmt.Errorf("lemma of %d bytes, longer than %d", len(lemma), maxLemma)
	}
	if pos, _ := r.pos("part of speech"); pos != partPOS[c.part] {
		r.fail("part of speech", []byte(pos.String()))
	}
	n := r.number("synset count", 0, 1, maxFile)
	symbols := r.number("pointer count", 0, 0, maxFile)
	for range symbols {
		// Abridged here: ';' stands for all three kinds of domains.
		// Other wordnets have symbols of their own.
		if t := r.next(); len(t) == 0 || '0' <= t[0] && t[0] <= '9' {
			r.fail("pointer symbol", t)
			break
		}
	}
	r.number("sense count", 0, n, n)
	tagged := r.number("tagged sense count", 0, 0, n)
	for range n {
		if r.err != nil {
			return r.err
		}
		c.offset = append(c.offset, r.number("synset offset", 8, 0, maxFile))
	}
	if t := r.next(); len(t) > 0 {
		r.fail("field after the last offset", t)
	}
	if r.err != nil {
		return r.err
	}
	c.text = append(c.text, lemma...)
	c.end = append(c.end, uint32(len(c.text)))
	c.last = append(c.last, uint32(len(c.offset)))
	c.tagged += int(tagged)
	return nil
}
