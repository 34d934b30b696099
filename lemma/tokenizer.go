package lemma

import (
	"fmt"
	"io"
	"slices"
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
	// ErrSettings: a field of an Averager or of Settings, or an argument, has
	// an impossible value.
	ErrSettings = bpe.ErrSettings
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

	// Pattern and Special are for LoadVocab and LoadTiktoken, whose files do
	// not hold them. The other functions fail with ErrSettings if they are set.

	// Pattern is the regular expression that cuts text into pieces, as tiktoken
	// writes it. Empty means the pattern of GPT-2 or of the named encoding.
	Pattern string
	// Special holds the special tokens and their ids. Nil means those of the
	// vocabulary or of the named encoding.
	Special map[string]int32
}

// LoadJSON reads a tokenizer.json of HF tokenizers that describes a byte-level
// BPE model, such as those of GPT-2, GPT-NeoX, RoBERTa, Llama 3, Qwen2, SmolLM,
// StarCoder, Falcon, DeepSeek and gpt-oss. Files that need unsupported features
// are rejected with ErrUnsupported, malformed ones with ErrFormat; the error
// names the field.
//
// Encode returns the ids of HF's encode with add_special_tokens=False, without
// truncation and padding. Where the text of an added token, such as
// "<|endoftext|>", occurs, it is encoded as that token. The post-processor and
// the decoder are ignored.
func LoadJSON(r io.Reader, set *Settings) (Tokenizer, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	set, opt := set.options()
	if opt.Pattern != "" || opt.Special != nil {
		return nil, fmt.Errorf("%w: Pattern and Special come from the file", ErrSettings)
	}
	s, err := bpe.ParseJSON(data)
	return newTokenizer(s, err, set)
}

// LoadVocab reads the files vocab.json and merges.txt of a byte-level BPE model
// such as GPT-2. They say nothing of normalization, for which a tokenizer.json
// is needed. Errors are those of LoadJSON.
//
// Unless Settings.Special says otherwise, the special tokens are those tokens
// of the form <…> or […] that no merge makes, such as "<|endoftext|>". None of
// them takes white space with it, as "<mask>" does in a tokenizer.json.
func LoadVocab(vocab, merges io.Reader, set *Settings) (Tokenizer, error) {
	v, err := io.ReadAll(vocab)
	if err != nil {
		return nil, err
	}
	m, err := io.ReadAll(merges)
	if err != nil {
		return nil, err
	}
	set, opt := set.options()
	s, err := bpe.ParseVocab(v, m, opt)
	return newTokenizer(s, err, set)
}

// LoadTiktoken reads a .tiktoken file, which has one token in base64 and its
// rank on each line. The encoding gives the pattern and the special tokens:
// "gpt2", "r50k_base", "p50k_base", "p50k_edit", "cl100k_base", "o200k_base" or
// "o200k_harmony". For files of other models it is empty, and Settings.Pattern
// and Settings.Special are set.
//
// Encode returns the ids of tiktoken's encode with allowed_special="all".
func LoadTiktoken(r io.Reader, encoding string, set *Settings) (Tokenizer, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	set, opt := set.options()
	s, err := bpe.ParseTiktoken(data, encoding, opt)
	return newTokenizer(s, err, set)
}

func (set *Settings) options() (*Settings, bpe.Options) {
	if set == nil {
		set = new(Settings)
	}
	return set, bpe.Options{Pattern: set.Pattern, Special: set.Special}
}

func newTokenizer(s bpe.Spec, err error, set *Settings) (Tokenizer, error) {
	if err != nil {
		return nil, err
	}
	t, err := bpe.New(s, set.CacheSize, set.MaxPiece)
	if err != nil {
		return nil, err
	}
	return t, nil
}

// Offsets encodes s and returns with the ids the bytes of s that each token
// stands for: s[at[i][0]:at[i][1]]. A token may be a part of a character, and a
// space that the tokenizer puts in front of the text is no part of s. Where
// normalization changed some characters, each of their tokens stands for all of
// them. HF's offsets are the same in other units, widened to whole characters.
//
// It fails with ErrUnsupported for a Tokenizer of another kind whose tokens are
// not the bytes of the text.
func Offsets(tok Tokenizer, s string) (ids []int32, at [][2]int, err error) {
	if t, ok := tok.(interface {
		Locate(s string) ([]int32, [][2]int, error)
	}); ok {
		return t.Locate(s)
	}
	if ids, err = tok.Encode(nil, s); err != nil {
		return nil, nil, err
	}
	var text []byte
	for _, id := range ids {
		from := len(text)
		if text, err = tok.Decode(text, id); err != nil {
			return nil, nil, err
		}
		at = append(at, [2]int{from, len(text)})
	}
	if string(text) != s {
		return nil, nil, fmt.Errorf("%w: its tokens are not the bytes of %.60q", ErrUnsupported, s)
	}
	return ids, at, nil
}

// Text decodes ids without the special tokens, as HF's decode does with
// skip_special_tokens=True. Ill-formed UTF-8 becomes U+FFFD.
func Text(tok Tokenizer, ids []int32) (string, error) {
	if t, ok := tok.(interface{ Special(id int32) bool }); ok {
		ids = slices.DeleteFunc(slices.Clone(ids), t.Special)
	}
	b, err := tok.Decode(nil, ids...)
	if err != nil {
		return "", err
	}
	return lossy(b), nil
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
