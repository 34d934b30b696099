package wordnet

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

const (
	// maxLemma is the longest lemma in bytes; that of WordNet 3.0 has 71.
	maxLemma = 1<<16 - 1

	// maxMarkers is the highest number of different markers. WordNet 3.0 has
	// three, but any word may end in parentheses.
	maxMarkers = 1<<16 - 1
)

// A rawWord is a word of a synset.
type rawWord struct {
	end  uint32 // of its lemma, in those of the chunk
	lex  uint8
	mark uint16 // into the markers of the chunk; 0 is none
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
	block
	synsets  []rawSynset
	words    []rawWord
	pointers []rawPointer
	frames   []frame
	lexical  int // number of pointers between words
	odd      []oddPointer
	keys     []offsetKey // of a damaged file, those of the lines that are left
	shift    int         // of such a file, how far the offset of the last record is from its place
	markers  []string
	markerOf map[string]uint16 // each marker's place, from 1
	gloss    strings.Builder

	lemmas  []byte   // of the words, in lower case, end to end
	capText []byte   // spellings that differ from their lemma
	capEnd  []uint32 // where each ends
	capWord []int    // word of each
}

// blockSize is how much of a data file one task parses.
const blockSize = 1 << 20

// parseData reads the records of a block of a data file.
//
//	offset lex_file ss_type w_cnt word lex_id [word lex_id...] p_cnt
//	[symbol offset pos source/target...] [f_cnt [+ frame word...]] | gloss
func (b *builder) parseData(k block) (*dataChunk, error) {
	// WordNet 3.0 has 129 (adverbs) to 203 bytes a record, 1.3 to 2.6 words,
	// 0.9 to 4.6 pointers. A denser file only makes the slices grow.
	n := len(k.text) / 180
	c := &dataChunk{block: k,
		synsets:  make([]rawSynset, 0, n),
		words:    make([]rawWord, 0, 2*n),
		pointers: make([]rawPointer, 0, 4*n),
		lemmas:   make([]byte, 0, 24*n),
		markerOf: map[string]uint16{},
	}
	if b.glosses {
		c.gloss.Grow(len(k.text) / 5 * 3)
	}
	if k.at == 0 && k.part == partAdj {
		b.db.version = versionOf(k.text)
	}
	if b.lenient {
		c.keys = offsetKeys(k.text)
	}
	for rest := k.text; len(rest) > 0; {
		i := bytes.IndexByte(rest, '\n')
		at := len(k.text) - len(rest)
		var err error
		first := k.at == 0 && len(c.synsets) == 0 && len(c.skipped) == 0
		switch line := rest[:i]; {
		case first && isPreface(line):
			c.header++
		case isBlank(line): // Open English WordNet ends in one
			c.skip(len(c.synsets))
		case line[0] == ' ':
			err = errLicense
		default:
			err = c.record(b, line, k.at+at)
		}
		if err != nil {
			if err := b.forgive(c.fault(len(c.synsets), err)); err != nil {
				return c, err
			}
			c.skip(len(c.synsets))
		}
		rest = rest[i+1:]
	}
	c.text, c.keys, c.markerOf = nil, nil, nil // the first is the reader's
	return c, nil
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
	from := c.mark()
	y := c.head(b, &r, at, s[len(s)-1] == '\r')
	c.wordList(&r, &y)
	c.pointerList(&r, &y)
	c.frameList(&r, &y)
	if r.err != nil {
		c.undo(from)
		return r.err
	}
	if b.glosses {
		y.gloss = uint32(c.gloss.Len())
		c.gloss.Write(bytes.TrimSpace(s[bar+1:]))
	}
	c.synsets = append(c.synsets, y)
	return nil
}

func isBlank(line []byte) bool { return len(line) == 0 || line[0] == '\r' && len(line) == 1 }

// isPreface reports whether a line may come before the records.
func isPreface(line []byte) bool { return isBlank(line) || line[0] == ' ' }

// mark notes how much a chunk holds, for undo.
func (c *dataChunk) mark() [9]int {
	return [...]int{len(c.words), len(c.pointers), len(c.frames), len(c.odd), len(c.lemmas), len(c.capText), len(c.capEnd), len(c.capWord), c.lexical}
}

// undo takes back what was read of a record.
func (c *dataChunk) undo(m [9]int) {
	c.words, c.pointers, c.frames, c.odd = c.words[:m[0]], c.pointers[:m[1]], c.frames[:m[2]], c.odd[:m[3]]
	c.lemmas, c.capText, c.capEnd, c.capWord = c.lemmas[:m[4]], c.capText[:m[5]], c.capEnd[:m[6]], c.capWord[:m[7]]
	c.lexical = m[8]
}

// head reads what comes before the words of a record.
func (c *dataChunk) head(b *builder, r *fields, at int, crlf bool) rawSynset {
	y := rawSynset{offset: r.number("synset offset", 8, 0, maxFile)}
	if r.err == nil && (int(y.offset) != at || b.lenient) {
		r.err = c.place(b, &y, at, crlf)
	}
	y.lex = uint8(r.number("lexicographer file", 0, 0, uint32(len(b.db.lexNames)-1)))
	var p part
	if y.pos, p = r.pos("synset type"); p != c.part {
		r.fail("synset type", []byte(y.pos.String()))
	}
	y.words = r.hex("word count", 1, 255)
	return y
}

// wordList reads the words, each with its marker if it has one.
func (c *dataChunk) wordList(r *fields, y *rawSynset) {
	for range y.words {
		w := r.next()
		lexID := r.hex("lex_id", 0, 255)
		if r.err != nil {
			return
		}
		mark := uint16(0)
		// A word that is all in parentheses has no marker.
		if open := bytes.IndexByte(w, '('); w[len(w)-1] == ')' && open > 0 {
			if mark = c.markerOf[string(w[open:])]; mark == 0 {
				if len(c.markers) == maxMarkers {
					r.fail("marker of a word", w)
					return
				}
				c.markers = append(c.markers, string(w[open:]))
				mark = uint16(len(c.markers))
				c.markerOf[string(w[open:])] = mark
			}
			w = w[:open]
		}
		if isLower(w) {
			c.lemmas = append(c.lemmas, w...)
		} else {
			c.lemmas = append(c.lemmas, lower(string(w))...)
			c.capText = append(c.capText, w...)
			c.capEnd = append(c.capEnd, uint32(len(c.capText)))
			c.capWord = append(c.capWord, len(c.words))
		}
		c.words = append(c.words, rawWord{uint32(len(c.lemmas)), lexID, mark})
	}
}

func (c *dataChunk) pointerList(r *fields, y *rawSynset) {
	for range r.number("pointer count", 0, 0, 0xFFFF) {
		rest := r.s
		p := readPointer(r, y.words)
		if r.err != nil {
			return
		}
		if p.rel == 0 {
			text := string(bytes.Trim(rest[:len(rest)-len(r.s)], " "))
			c.odd = append(c.odd, oddPointer{len(c.synsets), text})
			continue
		}
		y.pointers++
		if p.src != 0 {
			c.lexical++
		}
		c.pointers = append(c.pointers, p)
	}
}

// readPointer reads a pointer of a synset of so many words. One with a symbol
// that is not WordNet's has no relation.
func readPointer(r *fields, words uint8) (p rawPointer) {
	t := r.next()
	if p.rel = relationOf(t); p.rel == 0 && (len(t) == 0 || '0' <= t[0] && t[0] <= '9') {
		r.fail("pointer symbol", t)
	}
	p.offset = r.number("pointer offset", 8, 0, maxFile)
	if p.rel != 0 {
		_, p.part = r.pos("pointer part of speech")
	} else if t = r.next(); len(t) != 1 { // or one of the other wordnet's
		r.fail("pointer part of speech", t)
	}
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
	if len(bytes.TrimLeft(r.s, " ")) == 0 {
		return
	}
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
