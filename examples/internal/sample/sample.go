// Package sample embeds a small activation map, so that the examples run
// without any download. It comes from a demonstration model: the GPT-NeoX
// architecture at a size of 6 layers of 128 units, trained for 17 million
// tokens on dictionaries, glosses and manuals (see README.md beside this
// file). Nothing seen in it is a claim about large models.
//
// Only the rows of tokens that first lemmas of WordNet 3.0 use are kept, and
// these bit for bit: the file holds fp16 values as the original does.
package sample

import (
	"bytes"
	"compress/flate"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/semamap/semamap/internal/vec"
)

//go:generate go run ./gen -amap $AMAP -counts $COUNTS -out sample.bin

//go:embed sample.bin
var packed []byte

// ErrToken is wrapped when the row of a token is asked for that was not kept.
var ErrToken = errors.New("sample: the row of this token was left out of the sample")

// Magic opens the file; a line of JSON with a Header follows, then a deflate
// stream: the ids as differences, the counts, both as varints; a bit per value
// (unit by unit, all layers), set where it is not +0; then of the values with
// a set bit the high bytes, then the low bytes.
const Magic = "semamap sample 1\n"

// A Header says what the file holds and what it was made from.
type Header struct {
	Model        string `json:"model"`
	Mode         string `json:"mode"`
	Rows         int    `json:"rows"` // of the original, position rows included
	Kept         int    `json:"kept"`
	Layers       int    `json:"layers"`
	Units        int    `json:"units"`
	AmapSHA256   string `json:"amap_sha256"`
	CountsSHA256 string `json:"counts_sha256"`
}

// Map is the decoded sample. It is safe for concurrent use.
type Map struct {
	Header
	IDs    []int32 // of the tokens kept, ascending
	Counts []int32 // how often each was seen
	Values []byte  // fp16, little-endian, in the order layer, row, unit
}

// Load decodes the sample once and returns the same Map from then on.
var Load = sync.OnceValues(func() (*Map, error) { return Decode(packed) })

// Decode reads a map that Encode wrote.
func Decode(b []byte) (*Map, error) {
	rest, ok := bytes.CutPrefix(b, []byte(Magic))
	line, rest, nl := bytes.Cut(rest, []byte("\n"))
	m := &Map{}
	if !ok || !nl || json.Unmarshal(line, &m.Header) != nil {
		return nil, errors.New("sample: no header")
	}
	size := int64(m.Kept) * int64(m.Layers) * int64(m.Units)
	if m.Kept < 0 || m.Layers < 0 || m.Units < 0 || size > 1<<28 {
		return nil, fmt.Errorf("sample: header %s", line)
	}
	raw, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(rest)), 3*size+10*int64(m.Kept)))
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
	bits := int(size+7) / 8
	if len(raw) < bits {
		return nil, io.ErrUnexpectedEOF
	}
	mask, vals := raw[:bits], raw[bits:]
	m.Values = make([]byte, 2*size)
	n := len(vals) / 2
	at := 0
	for i := range int(size) {
		if mask[i/8]>>(i%8)&1 == 0 {
			continue
		}
		if at >= n {
			return nil, io.ErrUnexpectedEOF
		}
		to := 2 * m.Index(i)
		m.Values[to], m.Values[to+1] = vals[n+at], vals[at]
		at++
	}
	if at != n || len(vals) != 2*n {
		return nil, fmt.Errorf("sample: %d bytes too many", len(vals)-2*at)
	}
	return m, nil
}

// Index turns a place in file order (layer, unit, row) into one in values
// (layer, row, unit).
func (m *Map) Index(i int) int {
	lu, row := i/m.Kept, i%m.Kept
	return (lu/m.Units*m.Kept+row)*m.Units + lu%m.Units
}

// Layer returns one layer, from 0.
func (m *Map) Layer(n int) *Layer { return &Layer{m, n} }

// Layer is one layer of the sample: rows are token ids, as in the original,
// though only those of Map.IDs are there.
type Layer struct {
	m *Map
	n int
}

// Dims returns the shape of the original layer.
func (l *Layer) Dims() (rows, units int) { return l.m.Rows, l.m.Units }

// Row puts the activations of one token into dst, which is grown when it is
// too short, and returns it.
func (l *Layer) Row(dst []float32, row int) ([]float32, error) {
	i, ok := slices.BinarySearch(l.m.IDs, int32(row))
	if !ok {
		return nil, fmt.Errorf("%w: token %d", ErrToken, row)
	}
	u := l.m.Units
	dst = slices.Grow(dst[:0], u)[:u]
	at := (l.n*l.m.Kept + i) * u
	vec.F16ToF32(dst, l.m.Values[2*at:2*(at+u)])
	return dst, nil
}
