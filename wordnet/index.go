package wordnet

import (
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"io/fs"
	"strings"
	"sync"
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

func (x *lexicon) hash(lemma []byte) uint64 { return maphash.Bytes(x.seed, lemma) }

// add returns the number of a lemma with its hash, which it enters if it is
// new.
func (x *lexicon) add(h uint64, lemma []byte) uint32 {
	n := len(x.mask)
	if 4*(n+1) > 3*len(x.table) {
		x.grow()
	}
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
	header int      // lines of the license
}

// An indexBlock is what a block of lines of an index file holds.
type indexBlock struct {
	file *indexFile
	part part
	name string
	line int   // lines before it
	err  error // after the entries below

	header int      // lines of the license, which come first
	text   []byte   // the lemmas, end to end
	end    []uint32 // where each ends
	hash   []uint64
	last   []uint32 // where the offsets of each end
	offset []uint32
	tagged int
}

// An indexReader hands out the blocks of the four index files in their order.
// They are parsed side by side, but their lemmas are numbered in order.
type indexReader struct {
	b     *builder
	x     *lexicon
	files fs.FS
	err   error // the first in the order of files and lines

	mu     sync.Mutex
	part   part
	r      *blockReader
	failed bool
	turn   chan struct{} // closed when the block handed out last is entered
}

// read parses blocks until there are no more.
func (d *indexReader) read() error {
	var c indexBlock
	var buf []byte
	for {
		var mine, before chan struct{}
		if buf, mine, before = d.next(&c, buf); mine == nil {
			return nil
		}
		if c.err == nil {
			c.parse(buf, d.x)
		}
		// The block before was handed out earlier, so someone is at it.
		if before != nil {
			<-before
		}
		if d.err == nil {
			if d.err = c.enter(d.x); d.err != nil {
				d.mu.Lock()
				d.failed = true
				d.mu.Unlock()
			}
		}
		close(mine)
	}
}

// next reads a block into buf and prepares c for what is in it. It returns the
// channels that tell when this block and the one before are entered; the
// former is nil when there is nothing more to read, or no use in it.
func (d *indexReader) next(c *indexBlock, buf []byte) (_ []byte, mine, before chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.part < parts && !d.failed {
		var err error
		name := d.b.file("index." + partNames[d.part])
		if d.r == nil {
			if d.r, err = openBlocks(d.files, name); err == nil {
				lines := d.r.size / 40 // a record of WordNet 3.0 has 40 bytes or more
				d.b.index[d.part] = &indexFile{
					lemma:  make([]uint32, 0, lines),
					start:  append(make([]uint32, 0, lines+1), 0),
					offset: make([]uint32, 0, lines+lines/3),
				}
			}
		}
		if err == nil {
			buf, err = d.r.next(buf, 256<<10)
		}
		if err == io.EOF {
			d.r.close()
			d.r = nil
			d.part++
			continue
		}
		*c = indexBlock{file: d.b.index[d.part], part: d.part, name: name, err: err,
			text: c.text[:0], end: c.end[:0], hash: c.hash[:0], last: c.last[:0], offset: c.offset[:0]}
		if err == nil {
			c.line = d.r.line
		}
		d.failed = err != nil
		mine, before = make(chan struct{}), d.turn
		d.turn = mine
		return buf, mine, before
	}
	if d.r != nil {
		d.r.close()
		d.r = nil
	}
	return buf, nil, nil
}

func (c *indexBlock) fault(line int, err error) error {
	return &syntaxError{file: c.name, line: c.line + 1 + line, err: err}
}

// parse reads the records of a block.
//
//	lemma pos synset_cnt p_cnt [symbol...] sense_cnt tagsense_cnt offset...
func (c *indexBlock) parse(block []byte, x *lexicon) {
	for rest := block; len(rest) > 0; {
		i := bytes.IndexByte(rest, '\n')
		if rest[0] == ' ' && len(c.end) == 0 {
			c.header++ // editions have licenses of different length
		} else if err := c.record(bytes.TrimSuffix(rest[:i], carriageReturn), x); err != nil {
			c.err = c.fault(c.header+len(c.end), err)
			return
		}
		rest = rest[i+1:]
	}
}

// enter adds a block to its file and numbers its lemmas.
func (c *indexBlock) enter(x *lexicon) error {
	f := c.file
	if f == nil { // it could not be opened
		return c.err
	}
	if c.header > 0 && len(f.lemma) > 0 {
		return c.fault(0, errLicense)
	}
	from, base := uint32(0), uint32(len(f.offset))
	for i, end := range c.end {
		lemma := c.text[from:end]
		from = end
		id := x.add(c.hash[i], lemma)
		if x.mask[id]&(1<<c.part) != 0 {
			return c.fault(c.header+i, fmt.Errorf("lemma %q is listed twice", lemma))
		}
		x.mask[id] |= 1 << c.part
		f.lemma = append(f.lemma, id)
		f.start = append(f.start, base+c.last[i])
	}
	f.offset = append(f.offset, c.offset...)
	f.tagged += c.tagged
	f.header += c.header
	return c.err
}

var errLicense = errors.New("license line among the records")

var carriageReturn = []byte{'\r'}

func (c *indexBlock) record(s []byte, x *lexicon) error {
	if len(s) > 0 && s[0] == ' ' {
		return errLicense
	}
	r := fields{s: s, i: max(bytes.IndexByte(s, ' '), 0)}
	lemma := s[:r.i]
	if len(lemma) == 0 {
		if lemma = r.next(); len(lemma) == 0 {
			return errors.New("empty line")
		}
	}
	if len(lemma) > maxLemma {
		return fmt.Errorf("lemma of %d bytes, longer than %d", len(lemma), maxLemma)
	}
	from := r.i
	if pos, _ := r.pos("part of speech"); pos != partPOS[c.part] {
		r.fail("part of speech", bytes.TrimSpace(s[from:r.i]))
	}
	n := r.number("synset count", 0, 1, maxFile)
	symbols := r.number("pointer count", 0, 0, maxFile)
	for range symbols {
		// Abridged here: ';' stands for all three kinds of domains.
		if i := r.i; i+2 < len(s) && s[i] == ' ' && s[i+1] > '9' && s[i+2] == ' ' {
			r.i += 2 // most are of one character
		} else if t := r.next(); len(t) == 0 || len(t) > 2 || '0' <= t[0] && t[0] <= '9' {
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
		off, ok := uint32(0), false
		if i := r.i; i+9 < len(s) && s[i] == ' ' && s[i+9] == ' ' {
			off, ok = digits8(s[i+1:])
		}
		if ok {
			r.i += 9
		} else {
			off = r.number("synset offset", 8, 0, maxFile)
		}
		c.offset = append(c.offset, off)
	}
	if t := r.next(); len(t) > 0 {
		r.fail("field after the last offset", t)
	}
	if r.err != nil {
		return r.err
	}
	c.text = append(c.text, lemma...)
	c.end = append(c.end, uint32(len(c.text)))
	c.hash = append(c.hash, x.hash(lemma))
	c.last = append(c.last, uint32(len(c.offset)))
	c.tagged += int(tagged)
	return nil
}

// A listing is what an index file says of each place in its data file, so that
// a word is found by its record, without a search among all words.
type listing struct {
	bucket []uint32 // first of the senses within each 1<<bucketBits bytes; one more for the end
	sense  []listed // in the order of lemmas within a bucket
}

// A listed is a sense of an index file.
type listed struct {
	lemma, sense uint32
	num          uint16 // from 1; 0 if it is too large
	low          uint8  // of the offset, within the bucket
	plain        bool   // the word may be the lemma as it stands, without capitals or a marker
}

// list sorts the senses of an index file by their place. An offset that is
// beyond a file of so many records is left out.
func (b *builder) list(p part) listing {
	db, f := b.db, b.index[p]
	// In WordNet 3.0 there are fewer buckets than senses.
	limit := uint32(4*len(f.offset) + 64)
	top := uint32(0)
	for _, off := range f.offset {
		if k := off >> bucketBits; k < limit {
			top = max(top, k+1)
		}
	}
	bucket := make([]uint32, top+2) // shifted by one while they are filled
	total := uint32(0)
	for _, off := range f.offset {
		if k := off >> bucketBits; k < top {
			bucket[k+2]++
			total++
		}
	}
	for k := range top {
		bucket[k+2] += bucket[k+1]
	}
	sense := make([]listed, total)
	for i, l := range f.lemma {
		from, _ := db.entryRange(l, p)
		lemma := db.spelling(l)
		plain := lemma[len(lemma)-1] != ')' && isLower(lemma)
		for n, off := range f.offset[f.start[i]:f.start[i+1]] {
			if k := off >> bucketBits; k < top {
				sense[bucket[k+1]] = listed{l, from + uint32(n), uint16(min(n, 0xFFFF) + 1), uint8(off & (1<<bucketBits - 1)), plain && n < 0xFFFF}
				bucket[k+1]++
			}
		}
	}
	return listing{bucket[:top+1], sense}
}

// at returns the senses that may be those of the record at an offset. So many
// that a search of them all would take long are not those of a sound file.
func (l *listing) at(off uint32) []listed {
	if k := int(off >> bucketBits); k+1 < len(l.bucket) && l.bucket[k+1]-l.bucket[k] < 1<<10 {
		return l.sense[l.bucket[k]:l.bucket[k+1]]
	}
	return nil
}
