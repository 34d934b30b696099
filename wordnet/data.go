package wordnet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
)

// maxLemma is the longest lemma in bytes; that of WordNet 3.0 has 71.
const maxLemma = 1<<16 - 1

// A rawWord is a word of a synset.
type rawWord struct {
	spell uint32 // lemma, or number of lemmas + spelling of the chunk
	sense uint32 // place among the senses of all lemmas
	num   uint16 // sense number
	lex   uint8
	mark  uint8 // into the markers of the chunk
}

// A rawPointer is a pointer before its target was looked up.
type rawPointer struct {
	offset   uint32
	part     part
	rel      Relation
	src, tgt uint8 // both 0 for a semantic pointer
}

// A frame says in which pattern a verb occurs.
type frame struct {
	number uint8
	word   uint8 // from 1; 0 for all words of the synset
}

// A rawSynset counts what belongs to one record of a data file.
type rawSynset struct {
	prefix   uint64 // of the name
	offset   uint32
	gloss    uint32 // in the glosses of the chunk
	lex      uint8
	pos      POS
	words    uint8
	frames   uint8
	pointers uint16
}

// A dataChunk is what a block of lines of a data file holds.
type dataChunk struct {
	part part
	at   int // where the block begins in the file
	line int // lines before it
	err  error

	header int // lines of the license

	synsets  []rawSynset
	words    []rawWord
	pointers []rawPointer
	frames   []frame
	lexical  int // number of pointers between words
	markers  []string
	gloss    strings.Builder

	fetched uint8
	low     []byte   // a lemma of a word, while it is needed
	capText []byte   // spellings that differ from their lemma
	capEnd  []uint32 // where each ends
	capOf   []uint32 // lemma of each

	// Where its items go when all chunks are joined.
	firstSynset, firstWord, firstSem, firstLex, firstFrame, firstCap uint32
}

// blockSize is how much of a data file one task parses.
const blockSize = 1 << 20

// A dataReader hands out the blocks of the four data files in their order.
type dataReader struct {
	b  *builder
	mu sync.Mutex

	files  fs.FS
	part   part
	r      *blockReader
	failed bool
}

// next reads a block into buf and adds its chunk to the builder's. It returns
// no chunk when there is nothing more to read, or no use in it.
func (d *dataReader) next(buf []byte) (*dataChunk, []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.part < parts && !d.failed {
		var err error
		if d.r == nil {
			d.r, err = openBlocks(d.files, d.b.file("data."+partNames[d.part]))
		}
		if err == nil {
			buf, err = d.r.next(buf, blockSize)
		}
		if err == io.EOF {
			d.r.close()
			d.r = nil
			d.part++
			continue
		}
		c := &dataChunk{part: d.part, err: err}
		d.b.chunk = append(d.b.chunk, c)
		if err != nil {
			d.failed = true
			break
		}
		c.at, c.line = d.r.at, d.r.line
		if c.at == 0 && c.part == partAdj {
			d.b.db.version = versionOf(buf)
		}
		return c, buf
	}
	if d.r != nil {
		d.r.close()
		d.r = nil
	}
	return nil, buf
}

// read parses blocks until there are no more.
func (d *dataReader) read() error {
	var buf []byte
	for {
		var c *dataChunk
		if c, buf = d.next(buf); c == nil {
			return nil
		}
		<-d.b.joined[c.part] // a task of parallel before this one sees to it
		if c.parse(d.b, buf); c.err != nil {
			d.mu.Lock()
			d.failed = true
			d.mu.Unlock()
		}
	}
}

// parse reads the records of a block.
//
//	offset lex_file ss_type w_cnt word lex_id [word lex_id...] p_cnt
//	[symbol offset pos source/target...] [f_cnt [+ frame word...]] | gloss
func (c *dataChunk) parse(b *builder, block []byte) {
	// WordNet 3.0 has 129 (adverbs) to 203 bytes a record, 1.3 to 2.6 words,
	// 0.9 to 4.6 pointers. A denser file only makes the slices grow.
	n := len(block) / 180
	c.synsets = make([]rawSynset, 0, n)
	c.words = make([]rawWord, 0, 2*n)
	c.pointers = make([]rawPointer, 0, 4*n)
	if b.glosses {
		c.gloss.Grow(len(block) / 5 * 3)
	}
	for rest := block; len(rest) > 0; {
		i := bytes.IndexByte(rest, '\n')
		at := c.at + len(block) - len(rest)
		var err error
		switch {
		case rest[0] != ' ':
			err = c.record(b, rest[:i], at)
		case c.at > 0 || len(c.synsets) > 0:
			err = errLicense
		default:
			c.header++
		}
		if err != nil {
			c.err = &syntaxError{file: b.file("data." + partNames[c.part]), err: err,
				line: c.line + 1 + bytes.Count(block[:len(block)-len(rest)], newline)}
			return
		}
		rest = rest[i+1:]
	}
}

func (c *dataChunk) record(b *builder, s []byte, at int) error {
	bar := bytes.IndexByte(s, '|')
	if bar < 0 {
		return errors.New("no '|' before a gloss")
	}
	if bytes.IndexByte(s[bar+1:], '|') >= 0 {
		return errors.New("more than one '|'")
	}
	r := fields{s: s[:bar]}
	y := c.head(b, &r, at)
	if r.err == nil {
		c.wordList(b, &r, &y)
	}
	c.pointerList(&r, &y)
	c.frameList(&r, &y)
	if r.err != nil {
		return r.err
	}
	if b.glosses {
		y.gloss = uint32(c.gloss.Len())
		c.gloss.Write(bytes.TrimSpace(s[bar+1:]))
	}
	c.synsets = append(c.synsets, y)
	return nil
}

// head reads what comes before the words of a record.
func (c *dataChunk) head(b *builder, r *fields, at int) rawSynset {
	y, quick := quickHead(r.s)
	if quick && int(y.offset) == at && int(y.lex) < len(b.db.lexNames) && isIn(y.pos, c.part) {
		r.i = headLength
		return y
	}
	y = rawSynset{offset: r.number("synset offset", 8, 0, maxFile)}
	if r.err == nil && int(y.offset) != at {
		r.err = fmt.Errorf("offset %08d, but the line begins at byte %d", y.offset, at)
	}
	y.lex = uint8(r.number("lexicographer file", 0, 0, uint32(len(b.db.lexNames)-1)))
	from := r.i
	if y.pos, _ = r.pos("synset type"); !isIn(y.pos, c.part) {
		r.fail("synset type", bytes.TrimSpace(r.s[from:r.i]))
	}
	y.words = r.hex("word count", 1, 255)
	return y
}

func (c *dataChunk) wordList(b *builder, r *fields, y *rawSynset) {
	list := b.listed[c.part].at(y.offset)
	// Fetch what will be compared two records later, while there is time.
	for _, l := range b.listed[c.part].at(y.offset + 3<<bucketBits) {
		c.fetched += b.db.text[b.db.spOff[l.lemma]]
	}
	s, at := r.s, r.i
	for i := range y.words {
		var num uint16
		var w []byte
		if l, end := c.quickWord(b, list, s, at, y.offset); l != nil {
			w, num, at = s[at+1:end-2], l.num, end
		} else {
			r.i = at
			w = r.next()
			lexID := r.hex("lex_id", 0, 255)
			if r.err != nil {
				return
			}
			if w, num, r.err = c.word(b, w, list, y.offset, lexID); r.err != nil {
				return
			}
			at = r.i
		}
		if i == 0 {
			y.prefix = prefixOf(w, y.pos, num)
		}
	}
	r.i = at
}

func (c *dataChunk) pointerList(r *fields, y *rawSynset) {
	y.pointers = uint16(r.number("pointer count", 0, 0, 0xFFFF))
	s, i := r.s, r.i
	for range y.pointers {
		p, end := quickPointer(s, i)
		if end > 0 && p.src <= y.words {
			i = end
		} else {
			r.i = i
			if p = readPointer(r, y.words); r.err != nil {
				return
			}
			i = r.i
		}
		if p.src != 0 {
			c.lexical++
		}
		c.pointers = append(c.pointers, p)
	}
	r.i = i
}

// readPointer reads a pointer of a synset of so many words.
func readPointer(r *fields, words uint8) (p rawPointer) {
	t := r.next()
	if p.rel = relationOf(t); p.rel == 0 {
		r.fail("pointer symbol", t)
	}
	p.offset = r.number("pointer offset", 8, 0, maxFile)
	_, p.part = r.pos("pointer part of speech")
	t = r.next()
	if len(t) != 4 {
		r.fail("source/target", t)
		return p
	}
	var ok1, ok2 bool
	p.src, ok1 = hex8(t[:2])
	p.tgt, ok2 = hex8(t[2:])
	if !ok1 || !ok2 || (p.src == 0) != (p.tgt == 0) {
		r.fail("source/target", t)
	}
	if r.err == nil && p.src > words {
		r.err = fmt.Errorf("source/target %q in a synset of %d words", t, words)
	}
	return p
}

// frameList reads the frames, which only verbs must have, up to the end.
func (c *dataChunk) frameList(r *fields, y *rawSynset) {
	from := r.i
	if len(r.next()) == 0 {
		return
	}
	r.i = from
	y.frames = uint8(r.number("frame count", 0, 0, 255))
	for range y.frames {
		if r.err != nil {
			return
		}
		if t := r.next(); string(t) != "+" {
			r.fail("'+' before a frame", t)
		}
		c.frames = append(c.frames, frame{uint8(r.number("frame number", 0, 1, uint32(len(verbFrames)-1))), r.hex("word of a frame", 0, y.words)})
	}
	if t := r.next(); len(t) > 0 {
		r.fail("field before '|'", t)
	}
}

// headLength is the length of what comes before the words of a record.
const headLength = len("00000000 00 n 00")

// quickHead reads the beginning of a record if it is written as all are, with
// one blank between its fields. Whatever is not ok is then looked at with more
// care.
func quickHead(s []byte) (y rawSynset, ok bool) {
	if len(s) <= headLength || s[8] != ' ' || s[11] != ' ' || s[13] != ' ' || s[16] != ' ' {
		return y, false
	}
	var ok1, ok2 bool
	y.offset, ok = digits8(s)
	y.words, ok1 = hex8(s[14:16])
	lex, ok2 := decimal(s[9:11])
	y.lex = uint8(lex)
	y.pos = posOf(s[12])
	return y, ok && ok1 && ok2 && y.words > 0
}

func isIn(pos POS, p part) bool {
	q, ok := partOf(pos)
	return ok && q == p
}

// quickWord reads a word and its lex_id at position i, with one blank before
// each of them, if the word is a plain one of the list and the lex_id one
// digit. It returns the position after them. Anything else is nil.
func (c *dataChunk) quickWord(b *builder, list []listed, s []byte, i int, off uint32) (_ *listed, end int) {
	if i >= len(s) || s[i] != ' ' {
		return nil, 0
	}
	rest := s[i+1:]
	low := uint8(off & (1<<bucketBits - 1))
	for k := range list {
		l := &list[k]
		if l.low != low {
			continue
		}
		lemma := b.db.spelling(l.lemma)
		n := len(lemma)
		if len(rest) < n+3 || rest[n] != ' ' || string(rest[:n]) != lemma {
			continue
		}
		lexID, ok := hex8(rest[n+1 : n+2])
		if !ok || rest[n+2] != ' ' || !l.plain {
			return nil, 0
		}
		c.words = append(c.words, rawWord{spell: l.lemma, sense: l.sense, num: l.num, lex: lexID})
		return l, i + n + 3
	}
	return nil, 0
}

// quickPointer reads a pointer that stands at position i as all do: a blank,
// the symbol, the offset, the part of speech and the two words, one blank
// between them. It returns the position after it, or 0 for anything else,
// which is then looked at with more care.
func quickPointer(s []byte, i int) (p rawPointer, end int) {
	if len(s) < i+19 || s[i] != ' ' {
		return p, 0
	}
	j := i + 2
	if s[j] != ' ' {
		j++
	}
	if len(s) < j+17 {
		return p, 0
	}
	f := s[j : j+17]
	if f[0] != ' ' || f[9] != ' ' || f[11] != ' ' || f[16] != ' ' {
		return p, 0
	}
	var ok1, ok2, ok3, ok4 bool
	p.rel = relationOf(s[i+1 : j])
	p.offset, ok1 = digits8(f[1:9])
	p.part, ok2 = partOf(posOf(f[10]))
	p.src, ok3 = hex8(f[12:14])
	p.tgt, ok4 = hex8(f[14:16])
	if p.rel == 0 || !ok1 || !ok2 || !ok3 || !ok4 || (p.src == 0) != (p.tgt == 0) {
		return p, 0
	}
	return p, j + 16
}

// word adds a word, with its marker if it has one, to the synset at an
// offset, whose words are in the list. The word must be in the index with that
// synset. It returns the lemma and the number of the sense.
func (c *dataChunk) word(b *builder, w []byte, list []listed, off uint32, lexID uint8) (low []byte, num uint16, err error) {
	if len(w) == 0 {
		return nil, 0, bad("word", w)
	}
	y := rawWord{lex: lexID}
	if w[len(w)-1] == ')' {
		if open := bytes.IndexByte(w, '('); open >= 0 {
			code := slices.Index(c.markers, string(w[open:]))
			if code < 0 {
				code = len(c.markers)
				c.markers = append(c.markers, string(w[open:]))
			}
			if open == 0 || code > 254 {
				return nil, 0, bad("marker of a word", w)
			}
			y.mark = uint8(code + 1)
			w = w[:open]
		}
	}
	low = w
	same := isLower(w)
	if !same {
		c.low = appendLower(c.low[:0], w)
		low = c.low
	}
	found := false
	for _, l := range list {
		if uint32(l.low) == off&(1<<bucketBits-1) && b.db.spelling(l.lemma) == string(low) {
			y.spell, y.sense, y.num, found = l.lemma, l.sense, l.num, l.num != 0
			break
		}
	}
	if !found {
		// A fault, or an index out of the ordinary.
		lemma, known := b.db.lookupBytes(low)
		if !known || b.db.lemMask[lemma]&(1<<c.part) == 0 {
			return nil, 0, fmt.Errorf("word %q is not in index.%s", w, partNames[c.part])
		}
		from, to := b.db.entryRange(lemma, c.part)
		n := slices.Index(b.offset[from:to], off)
		if n < 0 || n >= 0xFFFF {
			return nil, 0, fmt.Errorf("index.%s does not list this synset for %q", partNames[c.part], w)
		}
		y.spell, y.sense, y.num = lemma, from+uint32(n), uint16(n+1)
	}
	if !same {
		c.capText = append(c.capText, w...)
		c.capEnd = append(c.capEnd, uint32(len(c.capText)))
		c.capOf = append(c.capOf, y.spell)
		y.spell = b.db.lemmas() + uint32(len(c.capEnd)-1)
	}
	c.words = append(c.words, y)
	return low, y.num, nil
}
