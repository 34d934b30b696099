package wordnet

import (
	"errors"
	"fmt"
	"strings"
)

// maxLemma is the longest lemma in bytes; that of WordNet 3.0 has 71.
const maxLemma = 1<<16 - 1

// A rawWord is a word of a synset as the data file writes it.
type rawWord struct {
	at   uint32 // position in the file
	n    uint16 // length without the marker
	mark uint8  // length of the marker
	lex  uint8
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
	lex      uint8
	pos      POS
	words    uint8
	frames   uint8
	pointers uint16
}

// A dataChunk is what a run of lines of a data file holds.
type dataChunk struct {
	part     part
	from, to int // in the file

	synsets  []rawSynset
	words    []rawWord
	pointers []rawPointer
	frames   []frame
	lexical  int // number of pointers between words

	// What follows is filled in by the builder.
	firstSynset, firstWord, firstSem, firstLex, firstFrame uint32

	capText strings.Builder // spellings that differ from their lemma
	capOff  []uint32        // where each ends
	capBase uint32
	capOf   []uint32 // lemma of each
}

// chunkSize is how much of a data file one task parses.
const chunkSize = 1 << 20

// cutData cuts a data file into chunks at line ends.
func cutData(p part, text string) []*dataChunk {
	var chunks []*dataChunk
	for at := skipLicence(text); at < len(text); {
		to := len(text)
		if at+chunkSize < to {
			to = at + chunkSize + strings.IndexByte(text[at+chunkSize:], '\n') + 1
		}
		chunks = append(chunks, &dataChunk{part: p, from: at, to: to})
		at = to
	}
	return chunks
}

// parse reads the records of a chunk.
//
//	offset lex_file ss_type w_cnt word lex_id [word lex_id...] p_cnt
//	[symbol offset pos source/target...] [f_cnt [+ frame word...]] | gloss
func (c *dataChunk) parse(file, text string, lexFiles int) error {
	// WordNet 3.0 has 129 (adverbs) to 203 bytes a record, 1.3 to 2.6 words,
	// 0.9 to 4.6 pointers. A denser file only makes the slices grow.
	n := (c.to - c.from) / 160
	c.synsets = make([]rawSynset, 0, n)
	c.words = make([]rawWord, 0, 2*n)
	c.pointers = make([]rawPointer, 0, 4*n)
	for at := c.from; at < c.to; {
		end := at + strings.IndexByte(text[at:], '\n')
		if err := c.line(text[at:end], at, lexFiles); err != nil {
			return syntaxAt(file, text, at, err)
		}
		at = end + 1
	}
	return nil
}

func (c *dataChunk) line(s string, at, lexFiles int) error {
	if len(s) > 0 && s[0] == ' ' {
		return errors.New("licence line among the records")
	}
	bar := strings.IndexByte(s, '|')
	if bar < 0 {
		return errors.New("no '|' before a gloss")
	}
	if strings.IndexByte(s[bar+1:], '|') >= 0 {
		return errors.New("more than one '|'")
	}
	r := fields{s: s[:bar]}
	var y rawSynset
	t := r.next()
	off, ok := decimal(t)
	if !ok || len(t) != 8 {
		return &badField{"synset offset", t}
	}
	if int(off) != at {
		return fmt.Errorf("offset %s, but the line begins at byte %d", t, at)
	}
	y.offset = off
	t = r.next()
	lex, ok := decimal(t)
	if !ok || int(lex) >= lexFiles {
		return &badField{"lexicographer file", t}
	}
	y.lex = uint8(lex)
	t = r.next()
	if len(t) == 1 {
		y.pos = posOf(t[0])
	}
	if p, ok := partOf(y.pos); !ok || p != c.part {
		return &badField{"synset type", t}
	}
	t = r.next()
	y.words, ok = hex8(t)
	if !ok || y.words == 0 {
		return &badField{"word count", t}
	}
	for range y.words {
		w := r.next()
		if w == "" {
			return &badField{"word", w}
		}
		word := rawWord{at: uint32(at + r.i - len(w)), n: uint16(len(w))}
		if len(w) > maxLemma {
			return fmt.Errorf("word of %d bytes, longer than %d", len(w), maxLemma)
		}
		if w[len(w)-1] == ')' {
			if open := strings.IndexByte(w, '('); open >= 0 {
				if open == 0 || len(w)-open > 255 {
					return &badField{"word", w}
				}
				word.n, word.mark = uint16(open), uint8(len(w)-open)
			}
		}
		t = r.next()
		if word.lex, ok = hex8(t); !ok {
			return &badField{"lex_id", t}
		}
		c.words = append(c.words, word)
	}
	t = r.next()
	pointers, ok := decimal(t)
	if !ok || pointers > 0xFFFF {
		return &badField{"pointer count", t}
	}
	y.pointers = uint16(pointers)
	for range pointers {
		var p rawPointer
		t = r.next()
		if p.rel = relationOf(t); p.rel == 0 {
			return &badField{"pointer symbol", t}
		}
		t = r.next()
		if p.offset, ok = decimal(t); !ok || len(t) != 8 {
			return &badField{"pointer offset", t}
		}
		t = r.next()
		if len(t) != 1 {
			return &badField{"pointer part of speech", t}
		}
		if p.part, ok = partOf(posOf(t[0])); !ok {
			return &badField{"pointer part of speech", t}
		}
		t = r.next()
		if len(t) != 4 {
			return &badField{"source/target", t}
		}
		var ok1, ok2 bool
		p.src, ok1 = hex8(t[:2])
		p.tgt, ok2 = hex8(t[2:])
		if !ok1 || !ok2 || (p.src == 0) != (p.tgt == 0) {
			return &badField{"source/target", t}
		}
		if p.src > y.words {
			return fmt.Errorf("source/target %q in a synset of %d words", t, y.words)
		}
		if p.src != 0 {
			c.lexical++
		}
		c.pointers = append(c.pointers, p)
	}
	if t = r.next(); t != "" { // the frames, which only verbs must have
		n, ok := decimal(t)
		if !ok || n > 255 {
			return &badField{"frame count", t}
		}
		y.frames = uint8(n)
		for range n {
			if t = r.next(); t != "+" {
				return &badField{"'+' before a frame", t}
			}
			t = r.next()
			num, ok := decimal(t)
			if !ok || num == 0 || int(num) >= len(verbFrames) {
				return &badField{"frame number", t}
			}
			t = r.next()
			w, ok := hex8(t)
			if !ok || w > y.words {
				return &badField{"word of a frame", t}
			}
			c.frames = append(c.frames, frame{uint8(num), w})
		}
		if t = r.next(); t != "" {
			return &badField{"field before '|'", t}
		}
	}
	c.synsets = append(c.synsets, y)
	return nil
}
