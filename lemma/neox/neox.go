// Package neox embeds the tokenizer of GPT-NeoX-20B, which the Pythia models
// also use. It needs no files and no network.
//
//	tok, err := neox.New(nil)
//	ids, err := tok.Encode(nil, "hot dog") // 12022 4370
//
// The tokenizer has 50,277 ids.
//
// The vocabulary is EleutherAI's, under the Apache License 2.0. It takes 161 kB
// in a program, compressed; the command in the folder gen makes the data.
package neox

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/semamap/semamap/lemma"
	"github.com/semamap/semamap/lemma/internal/bpe"
)

// TestPacked makes the data from tokenizer.json.
//go:generate go test -run TestPacked -update .

//go:embed neox.bin.gz
var packed []byte

// New returns a new tokenizer, in a few milliseconds. A program needs only one.
// The ids are the same as HF tokenizers gives with the model's tokenizer.json
// and add_special_tokens=False; see [lemma.LoadJSON].
func New(set *lemma.Settings) (lemma.Tokenizer, error) {
	if set == nil {
		set = new(lemma.Settings)
	}
	if set.Pattern != "" || set.Special != nil {
		return nil, fmt.Errorf("%w: Pattern and Special are GPT-NeoX's", lemma.ErrSettings)
	}
	s, err := unpack(packed)
	if err != nil {
		return nil, err
	}
	t, err := bpe.New(s, set.CacheSize, set.MaxPiece)
	if err != nil {
		return nil, err
	}
	return t, nil
}

var errData = errors.New("neox: embedded data are damaged")

func unpack(gz []byte) (s bpe.Spec, err error) {
	z, err := gzip.NewReader(bytes.NewReader(gz))
	if err != nil {
		return s, err
	}
	b, err := io.ReadAll(io.LimitReader(z, 1<<20))
	if err != nil {
		return s, err
	}
	r := &reader{b: b}
	if string(r.take(7)) != "neox 1\n" {
		return s, errData
	}
	special, singles := r.uint(), r.uint()
	bytes := r.take(singles)
	merges := r.uint()
	col := r.take(4 * merges)
	if r.bad || special > 1<<8 {
		return s, errData
	}
	// All tokens lie in one string. A product is made of two earlier tokens.
	s.Tokens = make([]string, special+singles+merges)
	for i, c := range bytes {
		s.Tokens[special+i] = bpe.ByteLevel(string([]byte{c}))
	}
	s.Merges = make([]bpe.Merge, merges)
	var text strings.Builder
	text.Grow(360 << 10) // enough for all tokens
	for i := range s.Merges {
		id := special + singles + i
		left, right := int(col[i])|int(col[merges+i])<<8, int(col[2*merges+i])|int(col[3*merges+i])<<8
		if left >= id || right >= id {
			return s, errData
		}
		s.Merges[i] = bpe.Merge{Left: int32(left), Right: int32(right), ID: int32(id)}
		from := text.Len()
		text.WriteString(s.Tokens[left])
		text.WriteString(s.Tokens[right])
		s.Tokens[id] = text.String()[from:]
	}
	for range r.uint() {
		a := bpe.AddedToken{ID: int32(r.uint())}
		flags := r.take(1)
		content := r.take(r.uint())
		if r.bad {
			return s, errData
		}
		a.Content, a.Normalized, a.Special = string(content), flags[0]&1 != 0, flags[0]&2 != 0
		if int(a.ID) < special {
			s.Tokens[a.ID] = a.Content
		}
		s.Added = append(s.Added, a)
	}
	if r.bad || len(r.b) != 0 {
		return s, errData
	}
	s.Form, s.Steps = bpe.NFC, []bpe.Step{{Pattern: bpe.GPT2Pattern}, {Kind: bpe.ToBytes}}
	return s, nil
}

// A reader takes parts off the front of b.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.bad = true
		return nil
	}
	p := r.b[:n]
	r.b = r.b[n:]
	return p
}

func (r *reader) uint() int {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > 1<<20 {
		r.bad = true
		return 0
	}
	r.b = r.b[n:]
	return int(v)
}
