package amap

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Vocab holds the tokens of a byte-level BPE vocabulary by their ids. A token
// has two names: its raw form, as the vocabulary writes it ("Ġhat"), which is a
// key, and the text it stands for (" hat"), which several ids may share: in
// GPT-NeoX's vocabulary 513 ids share 26 texts, most of them bytes that are no
// character by themselves. "hat" and "Ġhat" are different tokens.
type Vocab struct {
	raw    []string // by id; holes are empty
	has    []bool
	ids    map[string]int32
	byText map[string][]int32
}

// maxVocabFile bounds the size of a vocabulary file.
const maxVocabFile = 1 << 28

// ReadVocab reads a vocabulary: a tokenizer.json of Hugging Face's tokenizers
// (model.vocab and added_tokens), a vocab.json (an object of raw token to id), a
// JSON array of raw tokens, or one raw token a line.
func ReadVocab(r io.Reader) (*Vocab, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxVocabFile+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxVocabFile {
		return nil, fmt.Errorf("amap: vocabulary: %w: more than %d bytes", ErrLimit, maxVocabFile)
	}
	ids := map[string]int32{}
	switch t := bytes.TrimLeft(b, " \t\r\n"); {
	case len(t) > 0 && t[0] == '{':
		err = vocabObject(t, ids)
	case len(t) > 1 && t[0] == '[' && bytes.ContainsRune([]byte("\" \t\r\n]"), rune(t[1])):
		var list []string
		if err = json.Unmarshal(t, &list); err == nil {
			err = vocabList(list, ids)
		}
	default:
		var list []string
		sc := bufio.NewScanner(bytes.NewReader(b))
		sc.Buffer(nil, 1<<20)
		for sc.Scan() {
			list = append(list, sc.Text())
		}
		if err = sc.Err(); err == nil {
			err = vocabList(list, ids)
		}
	}
	if err != nil {
		return nil, vocabError(b, err)
	}
	return newVocab(ids)
}

func vocabError(b []byte, err error) error {
	var off int64
	switch e := err.(type) {
	case *json.SyntaxError:
		off = e.Offset
	case *json.UnmarshalTypeError:
		off = e.Offset
	case *FormatError:
		return err
	default:
		return fmt.Errorf("amap: vocabulary: %w", err)
	}
	return errAt(off, ErrFormat, "vocabulary: %v", err)
}

func vocabObject(b []byte, ids map[string]int32) error {
	var file struct {
		Model *struct {
			Vocab json.RawMessage `json:"vocab"`
		} `json:"model"`
		Added []struct {
			ID      int32  `json:"id"`
			Content string `json:"content"`
		} `json:"added_tokens"`
	}
	// A token of a vocab.json may be "model" too: its value is a number then.
	if err := json.Unmarshal(b, &file); err != nil || file.Model == nil {
		return json.Unmarshal(b, &ids)
	}
	if err := json.Unmarshal(file.Model.Vocab, &ids); err != nil {
		return fmt.Errorf("%w: model.vocab is no object of token to id", ErrUnsupported)
	}
	for _, t := range file.Added {
		if old, ok := ids[t.Content]; ok && old != t.ID {
			return fmt.Errorf("%w: token %q has the ids %d and %d", ErrFormat, t.Content, old, t.ID)
		}
		ids[t.Content] = t.ID
	}
	return nil
}

func vocabList(list []string, ids map[string]int32) error {
	for i, t := range list {
		if old, ok := ids[t]; ok {
			return fmt.Errorf("%w: token %q has the ids %d and %d", ErrFormat, t, old, i)
		}
		ids[t] = int32(i)
	}
	return nil
}

func newVocab(ids map[string]int32) (*Vocab, error) {
	top := int32(-1)
	for t, id := range ids {
		if id < 0 || int(id) > 4*len(ids)+1<<16 {
			return nil, fmt.Errorf("amap: vocabulary: %w: token %q has the id %d", ErrFormat, t, id)
		}
		top = max(top, id)
	}
	v := &Vocab{raw: make([]string, top+1), has: make([]bool, top+1), ids: ids, byText: make(map[string][]int32, len(ids))}
	for t, id := range ids {
		if v.has[id] {
			return nil, fmt.Errorf("amap: vocabulary: %w: id %d has the tokens %q and %q", ErrFormat, id, v.raw[id], t)
		}
		v.raw[id], v.has[id] = t, true
	}
	for id, t := range v.raw {
		if v.has[id] {
			text := DecodeToken(t)
			v.byText[text] = append(v.byText[text], int32(id))
		}
	}
	return v, nil
}

// Len returns the number of ids: one more than the highest.
func (v *Vocab) Len() int { return len(v.raw) }

// Token returns the raw form of an id, such as "Ġhat", or "" when there is none.
func (v *Vocab) Token(id int32) string {
	if id < 0 || int(id) >= len(v.raw) {
		return ""
	}
	return v.raw[id]
}

// Text returns what an id stands for, such as " hat"; bytes that are no UTF-8
// become U+FFFD.
func (v *Vocab) Text(id int32) string { return DecodeToken(v.Token(id)) }

// ID returns the id of a raw token.
func (v *Vocab) ID(raw string) (int32, bool) {
	id, ok := v.ids[raw]
	return id, ok
}

// Named returns the ids that stand for a text, ascending; there may be several.
func (v *Vocab) Named(text string) []int32 { return slices.Clone(v.byText[text]) }

// Lookup finds a token by its raw form or else by its text. A text that several
// ids share gives [ErrAmbiguous].
func (v *Vocab) Lookup(name string) (int32, error) {
	if id, ok := v.ids[name]; ok {
		return id, nil
	}
	switch ids := v.byText[name]; len(ids) {
	case 0:
		return 0, fmt.Errorf("amap: token %q: %w in the vocabulary", name, ErrNotFound)
	case 1:
		return ids[0], nil
	default:
		return 0, fmt.Errorf("amap: token %q: %w: it is %d ids, %v first", name, ErrAmbiguous, len(ids), ids[:2])
	}
}

// byteOf is the inverse of GPT-2's bytes_to_unicode: printable characters of
// latin1 stand for themselves, the other bytes for U+0100 and on.
var byteOf = func() map[rune]byte {
	m := make(map[rune]byte, 256)
	n := rune(0)
	for b := range rune(256) {
		if b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae {
			m[b] = byte(b)
		} else {
			m[0x100+n] = byte(b)
			n++
		}
	}
	return m
}()

// DecodeToken returns the text of a raw byte-level token. A token with a
// character outside the byte alphabet, such as an added token with a space, is
// its own text. Invalid UTF-8 becomes U+FFFD, one for each maximal part of a
// character (Unicode 15, section 3.9), as in Python and Rust.
func DecodeToken(raw string) string {
	b := make([]byte, 0, len(raw))
	for _, r := range raw {
		c, ok := byteOf[r]
		if !ok {
			return raw
		}
		b = append(b, c)
	}
	if utf8.Valid(b) {
		return string(b)
	}
	var s strings.Builder
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			n = maximalPart(b)
		}
		s.WriteRune(r)
		b = b[n:]
	}
	return s.String()
}

// maximalPart returns the length of the longest start of b that begins a
// character, at least 1; b does not start with a whole character.
func maximalPart(b []byte) int {
	// The second byte's range depends on the first (table 3-7).
	lo, hi, n := byte(0x80), byte(0xbf), 0
	switch c := b[0]; {
	case c >= 0xc2 && c <= 0xdf:
		n = 2
	case c >= 0xe0 && c <= 0xef:
		n = 3
		if c == 0xe0 {
			lo = 0xa0
		} else if c == 0xed {
			hi = 0x9f
		}
	case c >= 0xf0 && c <= 0xf4:
		n = 4
		if c == 0xf0 {
			lo = 0x90
		} else if c == 0xf4 {
			hi = 0x8f
		}
	default:
		return 1
	}
	i := 1
	for i < n && i < len(b) && b[i] >= lo && b[i] <= hi {
		lo, hi = 0x80, 0xbf
		i++
	}
	return i
}
