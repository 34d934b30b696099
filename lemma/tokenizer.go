package lemma

import (
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/semamap/semamap/lemma/internal/bpe"
)

// Errors about text, tokens, files and settings wrap one of these. They name
// the byte offset, the field of a file, the word, the token or the row.
var (
	// ErrText: the text is not valid UTF-8, or it has a piece that is longer
	// than Settings.MaxPiece.
	ErrText = bpe.ErrText
	// ErrToken: an id is not the id of a token, a token has no row or a bad
	// weight, or a word has no tokens.
	ErrToken = bpe.ErrToken
	// ErrFormat: a tokenizer file or a row of a map is malformed.
	ErrFormat = bpe.ErrFormat
	// ErrUnsupported: the tokenizer needs a feature that is not implemented.
	ErrUnsupported = bpe.ErrUnsupported
	// ErrSettings: a field of an Averager has an impossible value.
	ErrSettings = errors.New("lemma: impossible setting")
)

// A Tokenizer turns text into token ids and back. It must be safe for
// concurrent use.
//
// The tokenizers of this module write tokens in the byte-level form of GPT-2's
// vocabulary: one printable character for each byte, "Ġ" for a space. Added
// tokens, such as "<|endoftext|>" and GPT-NeoX's runs of spaces, are written as
// they are.
type Tokenizer interface {
	// Encode appends the token ids of s to dst. It fails with ErrText if s is
	// not valid UTF-8. If it fails, it returns dst unchanged.
	Encode(dst []int32, s string) ([]int32, error)
	// Decode appends the bytes of the tokens to dst. They need not be valid
	// UTF-8. It fails with ErrToken if an id has no token.
	Decode(dst []byte, ids ...int32) ([]byte, error)
	// Token returns the token as the vocabulary writes it, such as "Ġdog", or
	// "" if the id has no token.
	Token(id int32) string
	// Len returns the highest id plus one.
	Len() int
}

// Settings configures a tokenizer. Nil and the zero value mean the defaults.
type Settings struct {
	// CacheSize is the number of pieces of text, roughly words, whose tokens
	// are cached, at about 100 bytes each. Zero means 131,072; a negative
	// number means no cache. It never changes a result.
	CacheSize int
	// MaxPiece limits the length of a piece in bytes. If a piece is longer,
	// Encode fails with ErrText. Zero means no limit.
	MaxPiece int
}

// LoadJSON reads a tokenizer.json of HF tokenizers that describes a byte-level
// BPE model, such as those of GPT-2, GPT-NeoX, OPT, Llama 3 and Qwen2. Files
// that need unsupported features are rejected with ErrUnsupported, malformed
// ones with ErrFormat; the error names the field. The post-processor is
// ignored.
//
// Encode returns the ids of HF's encode with add_special_tokens=False. Where
// the text of an added token, such as "<|endoftext|>", occurs, it is encoded as
// that token.
func LoadJSON(r io.Reader, set *Settings) (Tokenizer, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	s, err := bpe.ParseJSON(data)
	if err != nil {
		return nil, err
	}
	if set == nil {
		set = new(Settings)
	}
	t, err := bpe.New(s, set.CacheSize, set.MaxPiece)
	if err != nil {
		return nil, err
	}
	return t, nil
}

// ByName returns a function for Averager.RowsOf that selects rows by decoded
// token text, as pandas selects columns by name. The name looked up is the
// token as the vocabulary writes it, without "Ġ" at either end. It selects the
// rows of all tokens that decode to this name; there may be none. Ill-formed
// UTF-8 in a decoded token becomes U+FFFD. The function is safe for concurrent
// use. The slices it returns must not be changed.
func ByName(tok Tokenizer) func(id int32) []int32 {
	names := names(tok)
	return func(id int32) []int32 { return names[strings.Trim(tok.Token(id), "Ġ")] }
}

// names returns, for each decoded text, the ids of its tokens, ascending.
func names(tok Tokenizer) map[string][]int32 {
	all := make(map[string][]int32, tok.Len())
	var buf []byte
	for id := range int32(tok.Len()) {
		var err error
		if buf, err = tok.Decode(buf[:0], id); err == nil { // ids without a token have no name
			n := lossy(buf)
			all[n] = append(all[n], id)
		}
	}
	return all
}

// lossy returns b with each ill-formed sequence (The Unicode Standard, table
// 3-8: the maximal part of a well-formed one, or a single byte) replaced by
// U+FFFD, as Rust and Python do it.
func lossy(b []byte) string {
	var out []byte
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			for n < len(b) && !utf8.FullRune(b[:n+1]) {
				n++
			}
		}
		out = utf8.AppendRune(out, r)
		b = b[n:]
	}
	return string(out)
}
