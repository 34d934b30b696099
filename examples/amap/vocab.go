package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/lemma/neox"
)

// A vocabulary holds the raw tokens of a byte-level BPE tokenizer by their ids:
// "Ġhat" for " hat". It is empty when it is not known.
type vocabulary struct{ raw []string }

// openVocabulary reads a file, or takes the vocabulary that is built in when the
// map has its size.
func openVocabulary(file string, m *amap.Map) (*vocabulary, error) {
	v := new(vocabulary)
	if file != "" {
		if l := firstLayer(m); l != nil {
			if _, known := l.TokenIDs(); !known {
				return nil, errors.New("a filtered map, whose tokens its file does not name: give their ids with -row-ids")
			}
		}
		b, err := os.ReadFile(file)
		if err == nil {
			err = v.parse(b)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		return v, nil
	}
	l := firstLayer(m)
	if l == nil {
		return v, nil
	}
	rows, _ := l.Dims()
	pos, _ := m.Positions()
	// GPT-NeoX has 50,277 tokens; models pad them to 50,304 or 50,432.
	if rows -= pos; rows < 50277 || rows > 50432 {
		return v, nil
	}
	t, err := neox.New(nil)
	if err != nil {
		return nil, err
	}
	for id := range int32(t.Len()) {
		v.raw = append(v.raw, t.Token(id))
	}
	return v, nil
}

// firstLayer returns the first layer that can be read, or nil.
func firstLayer(m *amap.Map) *amap.Layer {
	for _, mode := range m.Modes() {
		for _, n := range m.Layers(mode) {
			if l, err := m.Layer(mode, n); err == nil {
				return l
			}
		}
	}
	return nil
}

// parse reads a tokenizer.json, a vocab.json (raw token to id), a JSON array, or
// one raw token a line.
func (v *vocabulary) parse(b []byte) error {
	if json.Unmarshal(b, &v.raw) == nil {
		return nil
	}
	if t := bytes.TrimSpace(b); len(t) == 0 || t[0] != '{' {
		v.raw = strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
		return nil
	}
	var file struct {
		Model struct{ Vocab map[string]int }
		Added []struct {
			ID      int
			Content string
		} `json:"added_tokens"`
	}
	ids := map[string]int{}
	if json.Unmarshal(b, &file) == nil && file.Model.Vocab != nil {
		ids = file.Model.Vocab
		for _, t := range file.Added {
			ids[t.Content] = t.ID
		}
	} else if err := json.Unmarshal(b, &ids); err != nil {
		return err
	}
	for t, id := range ids {
		if id < 0 || id > 4*len(ids)+1<<16 {
			return fmt.Errorf("token %q has the id %d", t, id)
		}
		for len(v.raw) <= id {
			v.raw = append(v.raw, "")
		}
		if v.raw[id] != "" {
			return fmt.Errorf("id %d has the tokens %q and %q", id, v.raw[id], t)
		}
		v.raw[id] = t
	}
	return nil
}

// lookup finds a token by its raw form, or else by its text.
func (v *vocabulary) lookup(name string) (int32, error) {
	if len(v.raw) == 0 {
		return 0, fmt.Errorf("token %q: the vocabulary of this map is not known; give -vocab FILE, or token ids", name)
	}
	var found []int32
	for id, t := range v.raw {
		if t == name {
			return int32(id), nil
		}
		if t != "" && text(t) == name {
			found = append(found, int32(id))
		}
	}
	if len(found) != 1 {
		return 0, fmt.Errorf("token %q: %d tokens have this text %v", name, len(found), found)
	}
	return found[0], nil
}

// name quotes the text of a token.
func (v *vocabulary) name(id int32) string {
	if int(id) >= len(v.raw) {
		return "-"
	}
	return strconv.Quote(text(v.raw[id]))
}

// byteOf is the inverse of GPT-2's bytes_to_unicode: printable characters of
// latin1 stand for themselves, the other bytes for U+0100 and on.
var byteOf = func() map[rune]byte {
	m, n := make(map[rune]byte, 256), rune(0x100)
	for b := range rune(256) {
		if b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae {
			m[b] = byte(b)
		} else {
			m[n] = byte(b)
			n++
		}
	}
	return m
}()

// text returns the bytes of a raw token. One with a character that is no byte,
// such as an added token with a space, is its own text.
func text(raw string) string {
	b := make([]byte, 0, len(raw))
	for _, r := range raw {
		c, ok := byteOf[r]
		if !ok {
			return raw
		}
		b = append(b, c)
	}
	return string(b)
}

// valid replaces what is not UTF-8 by U+FFFD, as Python does: once for the
// beginning of a character, or else for each byte.
func valid(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		for r == utf8.RuneError && n < len(s) && n < 3 && !utf8.FullRuneInString(s[:n+1]) {
			n++
		}
		b.WriteRune(r)
		s = s[n:]
	}
	return b.String()
}
