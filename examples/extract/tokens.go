package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/semamap/semamap/lemma"
	"github.com/semamap/semamap/wordnet"
	"github.com/semamap/semamap/wordnet/wn30"
)

// openTokenizer reads a tokenizer.json. Special tokens, such as the end of a
// text, are left out of those that are found in texts: a text that has
// "<|endoftext|>" in it only speaks of it.
func openTokenizer(path string) (lemma.Tokenizer, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	plain, err := withoutSpecial(b)
	if err == nil {
		b = plain
	}
	tok, err := lemma.LoadJSON(bytes.NewReader(b), nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return tok, nil
}

func withoutSpecial(b []byte) ([]byte, error) {
	var file map[string]json.RawMessage
	if err := json.Unmarshal(b, &file); err != nil {
		return nil, err
	}
	var added []json.RawMessage
	if err := json.Unmarshal(file["added_tokens"], &added); err != nil {
		return nil, err
	}
	added = slices.DeleteFunc(added, func(m json.RawMessage) bool {
		var t struct{ Special bool }
		return json.Unmarshal(m, &t) == nil && t.Special
	})
	var err error
	if file["added_tokens"], err = json.Marshal(added); err != nil {
		return nil, err
	}
	return json.Marshal(file)
}

// Sets of tokens that are not files.
const (
	bareLemmas  = "lemmas"
	proseLemmas = "prose"
)

// pickTokens returns the ids that -tokens names.
func pickTokens(name string, tok lemma.Tokenizer) ([]int32, error) {
	if name == "" {
		return nil, nil
	}
	ids := map[int32]bool{}
	var buf []int32
	add := func(s string) (err error) {
		buf, err = tok.Encode(buf[:0], s)
		for _, id := range buf {
			ids[id] = true
		}
		return err
	}
	switch name {
	case bareLemmas, proseLemmas:
		db, err := wordnet.Open(wn30.FS, nil)
		if err != nil {
			return nil, err
		}
		for s := range db.All() {
			for l := range s.Lemmas() {
				word := l.Name()
				if name == proseLemmas {
					word = " " + strings.ReplaceAll(word, "_", " ")
				}
				if err := add(word); err != nil {
					return nil, err
				}
				break
			}
		}
	default:
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		for i, line := range strings.Split(string(b), "\n") {
			if line = strings.TrimRight(line, "\r"); line == "" {
				continue
			}
			if n, err := strconv.ParseUint(strings.TrimSpace(line), 10, 31); err == nil {
				ids[int32(n)] = true
			} else if err := add(line); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", name, i+1, err)
			}
		}
		if len(ids) == 0 {
			return nil, fmt.Errorf("-tokens %s: the file has no tokens", name)
		}
	}
	list := make([]int32, 0, len(ids))
	for id := range ids {
		list = append(list, id)
	}
	slices.Sort(list)
	return list, nil
}

func tokenizerPath(model string) string { return filepath.Join(model, "tokenizer.json") }
