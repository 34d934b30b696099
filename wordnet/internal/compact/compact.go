// Package compact packs the arrays of a WordNet database into one file, as
// wordnet/wn30 embeds it, and unpacks them. What the columns mean is known to
// package wordnet.
//
// A file holds
//
//	magic, format version, header length (uint32 LE), CRC-32 of the header
//	header: release, number of columns; of each column its name, raw length,
//	packed length and CRC-32 of the raw bytes
//	the columns, each deflated, end to end
//
// Numbers in the header and in most columns are uvarints, differences are
// zigzag varints. Texts are a length and bytes.
package compact

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"unicode/utf8"
)

// Name is the name of a compact file.
const Name = "wordnet.compact"

const (
	magic   = "\x89WNC\r\n\x1a\n" // shows damage by a text transfer, as PNG's does
	version = 1
)

// Columns are the columns of a database and its release.
type Columns struct {
	Release string
	Raw     [N][]byte
	Glosses []string // of all synsets, for a file of their own; nil without
}

// Sum returns a checksum of the offsets of the synsets, which tells databases
// apart.
func (c *Columns) Sum() uint32 { return crc32.ChecksumIEEE(c.Raw[SynOff]) }

// A Sink is a file system that wants the columns of the database that
// wordnet.Open reads from it.
type Sink interface{ Columns(*Columns) }

// The columns. "v" stands for a uvarint, "z" for a zigzag varint, "b" for a
// byte.
const (
	Counts    = iota // v: synsets of each part, lemmas, words, ...
	LemPrefix        // b: bytes a lemma shares with the one before
	LemLen           // b: bytes that follow
	LemText          // the bytes
	SynOff           // v: from one record to the next
	SynLex           // b
	SynPOS           // b: of adjectives, whether a satellite
	SynWords         // b: number of words
	WordLo           // b: three bytes of each word's lemma
	WordMid          // b
	WordHi           // b
	WordCase         // b: how the spelling follows from the lemma
	Spelling         // texts: spellings that follow from no rule
	WordSense        // v
	WordLex          // b
	WordMark         // b
	Count            // v
	Missed           // v: from one to the next
	SemNum           // v: pointers of each synset
	SemRel           // b
	SemTo            // z: from the synset to the target
	LexNum           // v
	LexRel           // b
	LexWord          // b: source word
	LexTo            // z: from the synset to that of the target
	LexAt            // b: target word
	FrNum            // b
	Frame            // b: number, word
	Text             // texts: exceptions of each part, markers, names of files

	N // number of columns
)

// Names are the names of the columns, for errors.
var Names = [N]string{
	"counts", "lemma prefix", "lemma length", "lemma text", "offset", "file", "satellite", "words",
	"lemma low", "lemma mid", "lemma high", "case", "spelling", "sense", "lex_id", "marker", "count", "missed",
	"pointers", "relation", "target", "lexical", "lexical relation", "source word", "lexical target", "target word",
	"frames", "frame", "text",
}

// Pack writes a compact file. The same columns give the same file as long as
// the version of Go is the same, which decides how they are deflated.
func Pack(w io.Writer, c *Columns) error {
	header := AppendText(nil, c.Release)
	header = binary.AppendUvarint(header, N)
	var body bytes.Buffer
	for i, raw := range c.Raw {
		header = AppendText(header, Names[i])
		var err error
		if header, err = deflate(&body, header, raw); err != nil {
			return err
		}
	}
	return write(w, magic, header, &body)
}

// deflate packs bytes and appends to the header what is needed to unpack them.
func deflate(body *bytes.Buffer, header, raw []byte) ([]byte, error) {
	from := body.Len()
	z, err := flate.NewWriter(body, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(raw); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	header = binary.AppendUvarint(header, uint64(len(raw)))
	header = binary.AppendUvarint(header, uint64(body.Len()-from))
	return binary.AppendUvarint(header, uint64(crc32.ChecksumIEEE(raw))), nil
}

// write writes a file.
func write(w io.Writer, magic string, header []byte, body *bytes.Buffer) error {
	out := append([]byte(magic), version)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(header)))
	out = binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(header))
	out = append(out, header...)
	if _, err := w.Write(out); err != nil {
		return err
	}
	_, err := body.WriteTo(w)
	return err
}

// AppendText appends the length of a text and the text.
func AppendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// maxRaw bounds the unpacked columns of a file, all together.
const maxRaw = 1 << 28

// A File is a compact file whose header was read.
type File struct {
	Release string
	column  [N]packed
}

// packed are deflated bytes.
type packed struct {
	text     string
	raw, sum uint64
}

// open returns the header of a file, unread, and what follows it.
func open(text, magic, what string) (h Reader, rest string, err error) {
	if !strings.HasPrefix(text, magic) {
		return h, "", errors.New("no " + what)
	}
	rest = text[len(magic):]
	if len(rest) < 9 {
		return h, "", errors.New("ends within the header")
	}
	if rest[0] != version {
		return h, "", fmt.Errorf("format version %d; this package reads version %d", rest[0], version)
	}
	size := binary.LittleEndian.Uint32([]byte(rest[1:5]))
	sum := binary.LittleEndian.Uint32([]byte(rest[5:9]))
	if rest = rest[9:]; uint64(size) > uint64(len(rest)) {
		return h, "", errors.New("ends within the header")
	}
	h.B, rest = []byte(rest[:size]), rest[size:]
	if crc32.ChecksumIEEE(h.B) != sum {
		return h, "", errors.New("the checksum of the header is wrong")
	}
	return h, rest, nil
}

// next takes packed bytes off the text and adds to the total what they unpack
// to. what names them.
func (p *packed) next(h *Reader, text string, total *uint64, what string) (rest string, err error) {
	p.raw = h.V()
	n := h.V()
	p.sum = h.V()
	if h.Bad || n > uint64(len(text)) {
		return "", fmt.Errorf("ends within %s", what)
	}
	if *total += min(p.raw, maxRaw); *total > maxRaw {
		return "", fmt.Errorf("%s: more than %d bytes unpacked", what, maxRaw)
	}
	p.text = text[:n]
	return text[n:], nil
}

// Read reads the header of a compact file.
func Read(text string) (*File, error) {
	h, rest, err := open(text, magic, "compact WordNet file")
	if err != nil {
		return nil, err
	}
	f := &File{Release: h.Text()}
	if n := h.V(); n != N {
		return nil, fmt.Errorf("%d columns, want %d", n, N)
	}
	total := uint64(0)
	for i := range f.column {
		if name := h.Text(); !h.Bad && name != Names[i] {
			return nil, fmt.Errorf("column %d is %q, want %q", i, name, Names[i])
		}
		if rest, err = f.column[i].next(&h, rest, &total, fmt.Sprintf("column %q", Names[i])); err != nil {
			return nil, err
		}
	}
	if len(h.B) > 0 || len(rest) > 0 {
		return nil, errors.New("bytes left over at the end")
	}
	return f, nil
}

// Sum is [Columns.Sum].
func (f *File) Sum() uint32 { return uint32(f.column[SynOff].sum) }

// Column unpacks a column. What is wrong with it is found by [Done].
func (f *File) Column(i int) *Reader {
	r := &Reader{name: Names[i]}
	r.B, r.err = f.column[i].unpack()
	return r
}

func (p *packed) unpack() ([]byte, error) {
	// Deflate packs a thousand bytes into one at best.
	if p.raw > 1040*uint64(len(p.text))+64 {
		return nil, fmt.Errorf("cannot unpack to %d bytes", p.raw)
	}
	in := strings.NewReader(p.text)
	z := flate.NewReader(in)
	b := make([]byte, p.raw)
	if _, err := io.ReadFull(z, b); err != nil {
		return nil, err
	}
	if n, err := z.Read(make([]byte, 1)); n > 0 || err != io.EOF {
		return nil, fmt.Errorf("unpacks to more than %d bytes", p.raw)
	}
	if in.Len() > 0 {
		return nil, errors.New("bytes left over")
	}
	if uint64(crc32.ChecksumIEEE(b)) != p.sum {
		return nil, errors.New("wrong checksum")
	}
	return b, nil
}

// A Reader takes a column apart. After a failure, which Bad reports, all it
// returns is 0. Callers set Bad where a value is wrong.
type Reader struct {
	name string
	B    []byte
	Bad  bool
	err  error
}

// V returns a uvarint.
func (r *Reader) V() uint64 {
	v, n := binary.Uvarint(r.B)
	if n <= 0 {
		r.Bad, r.B = true, nil
		return 0
	}
	r.B = r.B[n:]
	return v
}

// U32 returns a number, which must be at most max.
func (r *Reader) U32(max uint32) uint32 {
	v := r.V()
	if v > uint64(max) {
		r.Bad = true
		return 0
	}
	return uint32(v)
}

// Z returns a zigzag varint.
func (r *Reader) Z() int64 {
	u := r.V()
	return int64(u>>1) ^ -int64(u&1)
}

// Text returns a length and as many bytes of UTF-8.
func (r *Reader) Text() string {
	n := r.V()
	if n > uint64(len(r.B)) {
		r.Bad, r.B = true, nil
		return ""
	}
	s := string(r.B[:n])
	r.B = r.B[n:]
	if !utf8.ValidString(s) {
		r.Bad = true
		return ""
	}
	return s
}

// Done returns the first failure of some columns, or what is left over.
func Done(columns ...*Reader) error {
	for _, r := range columns {
		switch {
		case r.err != nil:
			return fmt.Errorf("column %q: %w", r.name, r.err)
		case r.Bad:
			return fmt.Errorf("column %q: bad value", r.name)
		case len(r.B) > 0:
			return fmt.Errorf("column %q: %d bytes left over", r.name, len(r.B))
		}
	}
	return nil
}

// Bytes returns the column, which must have n bytes.
func (r *Reader) Bytes(n uint32) []byte {
	if uint64(len(r.B)) != uint64(n) {
		r.Bad = true
		if r.err == nil {
			r.err = fmt.Errorf("%d values, want %d", len(r.B), n)
		}
		return nil
	}
	b := r.B
	r.B = nil
	return b
}
