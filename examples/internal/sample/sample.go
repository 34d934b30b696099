// Package sample embeds a small activation map of a real language model with its
// tokenizer, so that the examples run without any download: some layers and
// units of SmolLM2-135M-Instruct (see README.md beside this file). Only the rows
// of tokens that first lemmas of WordNet 3.0 use are kept, with 8 bits a number.
package sample

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"

	"github.com/semamap/semamap/lemma"
)

//go:generate go run ./gen -amap $AMAP -counts $COUNTS -tokenizer $TOKENIZER

//go:embed sample.bin
var packed []byte

//go:embed tokenizer.json.gz
var tokenizer []byte

// Limits say what the sample cannot show.
var Limits = []string{
	"The embedded sample is of one model: SmolLM2-135M-Instruct, tuned to follow instructions, its weights rounded to 4 bits. Other models, the base model among them, may differ.",
	"The sample has 128 of the 1,536 units of each of six layers (of 30), at 8 bits a number. Lengths and distances over all units differ; examples/study/smollm2 has the study of the whole map.",
	"Classes are uneven. Names, as of the figures of Greek mythology, are easier to tell by their tokens than other words; look at the shares by class before you speak of a topic.",
}

// ErrToken is wrapped when the row of a token is asked for that was not kept.
var ErrToken = errors.New("sample: the row of this token was left out of the sample")

// Magic opens the file; a line of JSON with a Header follows, then a deflate
// stream: the ids as differences and the counts, both as varints; the scales as
// little-endian float32 and the values, both in the order layer, unit, row.
const Magic = "semamap sample 2\n"

// A Header says what the file holds and what it was made from.
type Header struct {
	Model        string  `json:"model"`
	Mode         string  `json:"mode"`
	Rows         int     `json:"rows"`   // of the original
	Kept         int     `json:"kept"`   // tokens
	Layers       []int   `json:"layers"` // their numbers in the model
	Units        [][]int `json:"units"`  // of each layer, the same number
	AmapSHA256   string  `json:"amap_sha256"`
	CountsSHA256 string  `json:"counts_sha256"`
}

// Width returns the number of units of a layer.
func (h *Header) Width() int {
	if len(h.Units) == 0 {
		return 0
	}
	return len(h.Units[0])
}

// Map is the decoded sample. It is safe for concurrent use.
type Map struct {
	Header
	IDs    []int32   // of the tokens kept, ascending
	Counts []int32   // how often each was seen
	Scale  []float32 // what a step of a unit's values is, in the order layer, unit
	Values []int8    // in the order layer, row, unit
}

// Load decodes the sample once and returns the same Map from then on.
var Load = sync.OnceValues(func() (*Map, error) { return Decode(packed) })

// Tokenizer returns the model's tokenizer.
var Tokenizer = sync.OnceValues(func() (lemma.Tokenizer, error) {
	var b bytes.Buffer
	if err := WriteTokenizer(&b); err != nil {
		return nil, err
	}
	return lemma.LoadJSON(&b, nil)
})

// WriteTokenizer writes the model's tokenizer.json.
func WriteTokenizer(w io.Writer) error {
	z, err := gzip.NewReader(bytes.NewReader(tokenizer))
	if err != nil {
		return err
	}
	_, err = io.Copy(w, z)
	return err
}

// Decode reads a map that Encode wrote.
func Decode(b []byte) (*Map, error) {
	rest, ok := bytes.CutPrefix(b, []byte(Magic))
	line, rest, nl := bytes.Cut(rest, []byte("\n"))
	m := &Map{}
	if !ok || !nl || json.Unmarshal(line, &m.Header) != nil {
		return nil, errors.New("sample: no header")
	}
	columns, units := 0, m.Width()
	for _, u := range m.Units {
		if len(u) != units {
			return nil, fmt.Errorf("sample: header %s", line)
		}
		columns += units
	}
	size := int64(m.Kept) * int64(columns)
	if m.Kept < 0 || len(m.Layers) != len(m.Units) || size > 1<<28 {
		return nil, fmt.Errorf("sample: header %s", line)
	}
	raw, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(rest)), size+4*int64(columns)+10*int64(m.Kept)+1))
	if err != nil {
		return nil, fmt.Errorf("sample: %w", err)
	}
	varint := func() int32 {
		v, n := binary.Uvarint(raw)
		raw = raw[max(n, 0):]
		return int32(v)
	}
	m.IDs, m.Counts = make([]int32, m.Kept), make([]int32, m.Kept)
	last := int32(-1)
	for i := range m.IDs {
		last += varint()
		m.IDs[i] = last
	}
	for i := range m.Counts {
		m.Counts[i] = varint()
	}
	if int64(len(raw)) != 4*int64(columns)+size {
		return nil, fmt.Errorf("sample: %d bytes of values, want %d", len(raw), 4*int64(columns)+size)
	}
	m.Scale = make([]float32, columns)
	for i := range m.Scale {
		m.Scale[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	raw = raw[4*columns:]
	m.Values = make([]int8, size)
	for i := range m.Values {
		m.Values[m.Index(i)] = int8(raw[i])
	}
	return m, nil
}

// Index turns a place in file order (layer, unit, row) into one in Values
// (layer, row, unit).
func (m *Map) Index(i int) int {
	lu, row := i/m.Kept, i%m.Kept
	w := m.Width()
	return (lu/w*m.Kept+row)*w + lu%w
}

// Layer returns element n of Layers.
func (m *Map) Layer(n int) *Layer { return &Layer{m, n} }

// Layer is one layer of the sample: rows are token ids, as in the original,
// though only those of Map.IDs are there.
type Layer struct {
	m *Map
	n int
}

// Dims returns the number of rows of the original, and of the units kept.
func (l *Layer) Dims() (rows, units int) { return l.m.Rows, l.m.Width() }

// Row puts the activations of one token into dst, which is grown when it is
// too short, and returns it.
func (l *Layer) Row(dst []float32, row int) ([]float32, error) {
	i, ok := slices.BinarySearch(l.m.IDs, int32(row))
	if !ok {
		return nil, fmt.Errorf("%w: token %d", ErrToken, row)
	}
	w := l.m.Width()
	dst = slices.Grow(dst[:0], w)[:w]
	scale := l.m.Scale[l.n*w:][:w]
	for u, v := range l.m.Values[(l.n*l.m.Kept+i)*w:][:w] {
		dst[u] = float32(v) * scale[u]
	}
	return dst, nil
}
