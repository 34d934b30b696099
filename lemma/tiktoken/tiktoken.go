// Package tiktoken adapts the encodings of github.com/pkoukk/tiktoken-go, such
// as cl100k_base and o200k_base, to the interface lemma.Tokenizer.
//
//	enc, err := tiktoken.GetEncoding("o200k_base") // of tiktoken-go
//	tok := lemmatiktoken.New(enc)                  // of this package
//
// tiktoken-go downloads the vocabulary of an encoding on first use. To work
// offline, call tiktoken.SetBpeLoader first, for instance with the loader of
// github.com/pkoukk/tiktoken-go-loader. To read a .tiktoken file without
// tiktoken-go, use [lemma.LoadTiktoken]. Only programs that import this package
// contain tiktoken-go.
package tiktoken

import (
	"fmt"
	"sync"
	"unicode/utf8"

	"github.com/pkoukk/tiktoken-go"

	"github.com/semamap/semamap/lemma"
	"github.com/semamap/semamap/lemma/internal/bpe"
)

// New returns a tokenizer for an encoding. Its ids are those of EncodeOrdinary:
// the text of a special token is encoded like any other text. Encode fails with
// [lemma.ErrUnsupported] if the encoding cannot express the text.
//
// Nothing is cached. A piece of text, such as a word, takes time proportional
// to the square of its length. Len tries ids one after another and stops at a
// gap of more than 262,144 unused ones.
func New(enc *tiktoken.Tiktoken) lemma.Tokenizer {
	t := &tokenizer{enc: enc}
	t.length = sync.OnceValue(func() int {
		const gap = 1 << 18
		n := 0
		for id := 0; id <= n+gap; id++ {
			if t.text(id) != "" {
				n = id + 1
			}
		}
		return n
	})
	return t
}

type tokenizer struct {
	enc    *tiktoken.Tiktoken
	length func() int
}

// text returns the bytes of a token, "" if there is none.
func (t *tokenizer) text(id int) string { return t.enc.Decode([]int{id}) }

func (t *tokenizer) Encode(dst []int32, s string) ([]int32, error) {
	if !utf8.ValidString(s) {
		return dst, fmt.Errorf("%w: invalid UTF-8 at offset %d", lemma.ErrText, bpe.InvalidAt(s))
	}
	ids := t.enc.EncodeOrdinary(s)
	// tiktoken-go passes over text that the pattern does not match, and takes
	// the id 0 for a byte without a token.
	if t.enc.Decode(ids) != s {
		return dst, fmt.Errorf("%w: no tokens for a part of %.60q", lemma.ErrUnsupported, s)
	}
	for _, id := range ids {
		dst = append(dst, int32(id))
	}
	return dst, nil
}

func (t *tokenizer) Decode(dst []byte, ids ...int32) ([]byte, error) {
	n := len(dst)
	for i, id := range ids {
		text := t.text(int(id))
		if text == "" {
			return dst[:n], fmt.Errorf("%w: ids[%d] is %d", lemma.ErrToken, i, id)
		}
		dst = append(dst, text...)
	}
	return dst, nil
}

func (t *tokenizer) Token(id int32) string { return bpe.ByteLevel(t.text(int(id))) }

func (t *tokenizer) Len() int { return t.length() }
