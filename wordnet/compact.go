package wordnet

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"sync"
	"unicode/utf8"
)

// CompactName is the name under which [Open] looks for a compact file.
const CompactName = "wordnet.compact"

// A compact file holds a database without glosses:
//
//	magic, format version, header length (uint32 LE), CRC-32 of the header
//	header: release, number of columns; of each column its name, raw length,
//	packed length and CRC-32 of the raw bytes
//	the columns, each deflated, end to end
//
// Numbers in the header and in most columns are uvarints, differences are
// zigzag varints. Texts are a length and bytes. The columns in their order are
// in compactColumns.
const (
	compactMagic   = "\x89WNC\r\n\x1a\n" // shows damage by a text transfer, as PNG's does
	compactVersion = 1
)

// The columns. "v" stands for a uvarint, "z" for a zigzag varint, "b" for a
// byte.
const (
	colCounts    = iota // v: synsets of each part, lemmas, words, ...
	colLemPrefix        // b: bytes a lemma shares with the one before
	colLemLen           // b: bytes that follow
	colLemText          // the bytes
	colSynOff           // v: from one record to the next
	colSynLex           // b
	colSynPOS           // b: of adjectives, whether a satellite
	colSynWords         // b: number of words
	colWordLo           // b: three bytes of each word's lemma
	colWordMid          // b
	colWordHi           // b
	colWordCase         // b: how the spelling follows from the lemma
	colSpelling         // texts: spellings that follow from no rule
	colWordSense        // v
	colWordLex          // b
	colWordMark         // b
	colCount            // v
	colMissed           // v: from one to the next
	colSemNum           // v: pointers of each synset
	colSemRel           // b
	colSemTo            // z: from the synset to the target
	colLexNum           // v
	colLexRel           // b
	colLexWord          // b: source word
	colLexTo            // z: from the synset to that of the target
	colLexAt            // b: target word
	colFrNum            // b
	colFrame            // b: number, word
	colText             // texts: exceptions of each part, markers, names of files
	columns
)

var columnNames = [columns]string{
	"counts", "lemma prefix", "lemma length", "lemma text", "offset", "file", "satellite", "words",
	"lemma low", "lemma mid", "lemma high", "case", "spelling", "sense", "lex_id", "marker", "count", "missed",
	"pointers", "relation", "target", "lexical", "lexical relation", "source word", "lexical target", "target word",
	"frames", "frame", "text",
}

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

// WriteCompact writes the database as one compact file, which [Open] and
// [OpenDir] read: all but the glosses, in about a tenth of the size. The same
// database gives the same columns; their packed form, and so the bytes of the
// file, may change with the version of Go.
//
// A database opened with Compat [NLTK392] is refused, since the order of its
// pointers follows other names.
func (db *DB) WriteCompact(w io.Writer) error {
	if db.compat.satellitesApart() {
		return fmt.Errorf("wordnet: a compact file needs the names of %v, not those of %v", NLTK38, db.compat)
	}
	cols, err := db.columns()
	if err != nil {
		return err
	}
	header := appendText(nil, db.version)
	header = binary.AppendUvarint(header, columns)
	var body bytes.Buffer
	for i, c := range cols {
		from := body.Len()
		z, err := flate.NewWriter(&body, flate.BestCompression)
		if err != nil {
			return err
		}
		if _, err := z.Write(c); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		header = appendText(header, columnNames[i])
		header = binary.AppendUvarint(header, uint64(len(c)))
		header = binary.AppendUvarint(header, uint64(body.Len()-from))
		header = binary.AppendUvarint(header, uint64(crc32.ChecksumIEEE(c)))
	}
	out := append([]byte(compactMagic), compactVersion)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(header)))
	out = binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(header))
	out = append(out, header...)
	if _, err := w.Write(out); err != nil {
		return err
	}
	_, err = body.WriteTo(w)
	return err
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// columns returns the columns before they are packed.
func (db *DB) columns() ([][]byte, error) {
	c := make([][]byte, columns)
	v := func(col int, n uint64) { c[col] = binary.AppendUvarint(c[col], n) }
	z := func(col int, n int64) { c[col] = binary.AppendVarint(c[col], n) }
	b := func(col int, n uint8) { c[col] = append(c[col], n) }

	for p := range parts {
		v(colCounts, uint64(db.first[p+1]-db.first[p]))
	}
	for _, n := range []int{len(db.lemMask), len(db.wordSpell), len(db.semTarget), len(db.lexTarget), len(db.frames)} {
		v(colCounts, uint64(n))
	}
	if db.has.counts {
		v(colCounts, 1)
	} else {
		v(colCounts, 0)
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
		b(colLemPrefix, uint8(n))
		b(colLemLen, uint8(len(s)-n))
		c[colLemText] = append(c[colLemText], s[n:]...)
		last = s
	}

	var spelled []byte
	for p := range part(parts) {
		off := uint32(0)
		for id := db.first[p]; id < db.first[p+1]; id++ {
			v(colSynOff, uint64(db.synOff[id]-off))
			off = db.synOff[id]
			b(colSynLex, db.synLex[id])
			if p == partAdj {
				b(colSynPOS, uint8(db.synPOS[id]))
			}
			b(colSynWords, uint8(db.synWord[id+1]-db.synWord[id]))
			v(colSemNum, uint64(db.semStart[id+1]-db.semStart[id]))
			for i := db.semStart[id]; i < db.semStart[id+1]; i++ {
				b(colSemRel, db.semRel[i])
				z(colSemTo, int64(db.semTarget[i])-int64(id))
			}
			v(colLexNum, uint64(db.lexStart[id+1]-db.lexStart[id]))
			for i := db.lexStart[id]; i < db.lexStart[id+1]; i++ {
				t := db.wordSyn[db.lexTarget[i]]
				b(colLexRel, uint8(db.lexRel[i]))
				b(colLexWord, db.lexSource[i])
				z(colLexTo, int64(t)-int64(id))
				b(colLexAt, uint8(db.lexTarget[i]-db.synWord[t]))
			}
			b(colFrNum, uint8(db.frStart[id+1]-db.frStart[id]))
			for _, f := range db.framesOf(id) {
				c[colFrame] = append(c[colFrame], f.number, f.word)
			}
		}
	}
	if len(db.lemMask) > 1<<24 {
		return nil, errors.New("wordnet: too many lemmas for a compact file")
	}
	for w, s := range db.wordSpell {
		lemma := db.lemmaOfWord(uint32(w))
		b(colWordLo, uint8(lemma))
		b(colWordMid, uint8(lemma>>8))
		b(colWordHi, uint8(lemma>>16))
		code := uint8(caseLemma)
		if s != lemma {
			for code = caseTitle; code < caseOwn; code++ {
				spelled = appendCase(spelled[:0], db.spelling(lemma), code)
				if string(spelled) == db.spelling(s) {
					break
				}
			}
		}
		b(colWordCase, code)
		if code == caseOwn {
			c[colSpelling] = appendText(c[colSpelling], db.spelling(s))
		}
		v(colWordSense, uint64(db.wordSense[w]))
		b(colWordLex, db.wordLex[w])
		b(colWordMark, db.wordMark[w])
		if db.has.counts {
			v(colCount, uint64(db.count[w]))
		}
	}
	missed := uint32(0)
	for _, w := range db.missed {
		v(colMissed, uint64(w-missed))
		missed = w
	}

	for p := range part(parts) {
		c[colText] = appendText(c[colText], exceptionsText(db.exc, p))
	}
	c[colText] = appendText(c[colText], strings.Join(db.markers, " "))
	c[colText] = appendText(c[colText], strings.Join(db.lexNames, " "))
	return c, nil
}

// compactError returns a defect of a compact file.
func compactError(format string, args ...any) error {
	return &SyntaxError{File: CompactName, Err: fmt.Errorf(format, args...)}
}

// maxRaw bounds the unpacked columns of a compact file, all together.
const maxRaw = 1 << 28

// openCompact opens a compact file.
func openCompact(text string, s *Settings) (*DB, error) {
	if !strings.HasPrefix(text, compactMagic) {
		return nil, compactError("no compact WordNet file")
	}
	rest := text[len(compactMagic):]
	if len(rest) < 9 {
		return nil, compactError("ends within the header")
	}
	if rest[0] != compactVersion {
		return nil, compactError("format version %d; this package reads version %d", rest[0], compactVersion)
	}
	size := binary.LittleEndian.Uint32([]byte(rest[1:5]))
	sum := binary.LittleEndian.Uint32([]byte(rest[5:9]))
	if rest = rest[9:]; uint64(size) > uint64(len(rest)) {
		return nil, compactError("ends within the header")
	}
	h := reader{b: []byte(rest[:size])}
	rest = rest[size:]
	if crc32.ChecksumIEEE(h.b) != sum {
		return nil, compactError("the checksum of the header is wrong")
	}
	d := &decoder{db: &DB{compat: s.Compat, version: h.text()}}
	if n := h.v(); n != columns {
		return nil, compactError("%d columns, want %d", n, columns)
	}
	var packed [columns]string
	var raw, sums [columns]uint64
	total := uint64(0)
	for i := range packed {
		if name := h.text(); !h.bad && name != columnNames[i] {
			return nil, compactError("column %d is %q, want %q", i, name, columnNames[i])
		}
		raw[i] = h.v()
		n := h.v()
		sums[i] = h.v()
		if h.bad || n > uint64(len(rest)) {
			return nil, compactError("ends within column %q", columnNames[i])
		}
		packed[i], rest = rest[:n], rest[n:]
		if total += min(raw[i], maxRaw); total > maxRaw {
			return nil, compactError("column %q: more than %d bytes unpacked", columnNames[i], maxRaw)
		}
	}
	if len(h.b) > 0 || len(rest) > 0 {
		return nil, compactError("bytes left over at the end")
	}
	d.col = func(i int) *reader { // each task unpacks what it decodes
		r := &reader{name: columnNames[i]}
		r.b, r.err = unpack(packed[i], raw[i], sums[i])
		return r
	}
	if err := d.decode(); err != nil {
		return nil, err
	}
	return d.db, nil
}

// unpack inflates a column.
func unpack(packed string, raw, sum uint64) ([]byte, error) {
	// Deflate packs a thousand bytes into one at best.
	if raw > 1040*uint64(len(packed))+64 {
		return nil, fmt.Errorf("cannot unpack to %d bytes", raw)
	}
	z := inflaters.Get().(*inflater)
	defer inflaters.Put(z)
	b, err := z.inflate(packed, int(raw))
	z.in = ""
	if err != nil {
		return nil, err
	}
	if uint64(crc32.ChecksumIEEE(b)) != sum {
		return nil, errors.New("wrong checksum")
	}
	return b, nil
}

var inflaters = sync.Pool{New: func() any { return new(inflater) }}

// A reader takes a column apart. After a failure everything it returns is 0.
type reader struct {
	name string
	b    []byte
	bad  bool
	err  error
}

func (r *reader) v() uint64 {
	if len(r.b) > 0 && r.b[0] < 0x80 { // most are
		v := r.b[0]
		r.b = r.b[1:]
		return uint64(v)
	}
	return r.long()
}

// long is v for what is not one byte; apart, so that v is inlined.
func (r *reader) long() uint64 {
	if len(r.b) > 1 && r.b[1] < 0x80 && r.b[1] > 0 {
		v := uint64(r.b[0]&0x7F) | uint64(r.b[1])<<7
		r.b = r.b[2:]
		return v
	}
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

// u32 returns a number, which must be at most max.
func (r *reader) u32(max uint32) uint32 {
	v := r.v()
	if v > uint64(max) {
		r.bad = true
		return 0
	}
	return uint32(v)
}

func (r *reader) z() int64 {
	u := r.v()
	return int64(u>>1) ^ -int64(u&1)
}

func (r *reader) text() string {
	n := r.v()
	if n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return ""
	}
	s := string(r.b[:n])
	r.b = r.b[n:]
	if !utf8.ValidString(s) {
		r.bad = true
		return ""
	}
	return s
}

// done reports a failure, or what is left over.
func (r *reader) done() error {
	switch {
	case r.err != nil:
		return compactError("column %q: %w", r.name, r.err)
	case r.bad:
		return compactError("column %q: bad value", r.name)
	case len(r.b) > 0:
		return compactError("column %q: %d bytes left over", r.name, len(r.b))
	}
	return nil
}

func done(rs ...*reader) error {
	for _, r := range rs {
		if err := r.done(); err != nil {
			return err
		}
	}
	return nil
}

// bytes returns the column, which must have n bytes.
func (r *reader) bytes(n uint32) []byte {
	if uint64(len(r.b)) != uint64(n) {
		r.bad = true
		if r.err == nil {
			r.err = fmt.Errorf("%d values, want %d", len(r.b), n)
		}
		return nil
	}
	b := r.b
	r.b = nil
	return b
}
