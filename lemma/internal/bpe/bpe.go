// Package bpe is the tokenizer behind package lemma: byte-level byte-pair
// encoding as HF tokenizers does it.
package bpe

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// The sentinels of package lemma.
var (
	ErrText        = errors.New("lemma: text cannot be encoded")
	ErrToken       = errors.New("lemma: bad token")
	ErrFormat      = errors.New("lemma: malformed data")
	ErrUnsupported = errors.New("lemma: unsupported tokenizer")
)

// An AddedToken is taken out of the text as a whole, before the text around
// it is processed.
type AddedToken struct {
	ID      int32
	Content string
	// Normalized tokens are looked for in the normalized text, after the
	// others have been taken out of the text as it was given.
	Normalized bool
	// Special marks tokens such as the end of a text. It makes no difference
	// to the encoding.
	Special bool
}

// A Spec describes a byte-level BPE tokenizer. Byte-level means that a piece
// of text is a sequence of bytes, each written as one printable character
// (Radford et al. 2019, section 2.2; the space is "Ġ").
type Spec struct {
	Tokens      []string     // by id, in byte-level form; "" for an id that is no token of the model
	Merges      []Merge      // by rank
	Added       []AddedToken // no content and no id twice
	NFC         bool         // text is normalized to NFC
	PrefixSpace bool         // a space goes before text that begins with none
	Split       Split
	// WholeFirst takes a piece that is a token as that token, whatever the
	// merges would give (ignore_merges in tokenizer.json).
	WholeFirst bool
}

// A BPE is a lemma.Tokenizer. It is immutable apart from an internal cache,
// and may be used from many goroutines at once.
type BPE struct {
	tokens []string // by id, added tokens too
	byteID [256]int32
	pairs  pairTable
	whole  map[string]int32 // tokens by their bytes, if WholeFirst
	added  map[int32]bool

	split       Split
	nfc         bool
	prefixSpace bool
	raw, normal *addedSet // nil if empty
	special     [256]bool // bytes beyond ASCII, and those that begin added tokens

	cache    *cache
	maxPiece int
}

const defaultCache = 1 << 17

// New makes a tokenizer; see lemma.Settings for the two numbers. It keeps none
// of the slices. It relies on what ParseJSON has checked: ids are in range, the
// parts of a merge make its product, added tokens have different contents and
// are not empty. The error wraps ErrUnsupported.
func New(s Spec, cacheSize, maxPiece int) (*BPE, error) {
	t := &BPE{split: s.Split, nfc: s.NFC, prefixSpace: s.PrefixSpace, tokens: slices.Clone(s.Tokens), maxPiece: maxPiece}
	if s.Split >= splits {
		return nil, fmt.Errorf("%w: Split %d", ErrUnsupported, s.Split)
	}
	if len(s.Tokens) >= 1<<idBits || len(s.Merges) >= noRank {
		return nil, fmt.Errorf("%w: %d tokens and %d merges", ErrUnsupported, len(s.Tokens), len(s.Merges))
	}
	for b := range t.byteID {
		t.byteID[b] = -1
	}
	for id, tok := range s.Tokens {
		if len(tok) <= 2 && tok != "" {
			if r, n := utf8.DecodeRuneInString(tok); n == len(tok) {
				if b, ok := byteOf(r); ok {
					t.byteID[b] = int32(id)
				}
			}
		}
	}
	for b, id := range t.byteID {
		if id < 0 && inUTF8(byte(b)) {
			return nil, fmt.Errorf("%w: no token for the byte %#02x", ErrUnsupported, b)
		}
	}
	t.pairs = newPairTable(s.Merges)
	if s.WholeFirst {
		t.whole = make(map[string]int32, len(s.Tokens))
		for id, tok := range s.Tokens {
			if b, ok := Bytes(nil, tok); ok && tok != "" {
				t.whole[string(b)] = int32(id)
			}
		}
	}
	if err := t.add(s); err != nil {
		return nil, err
	}
	if cacheSize == 0 {
		cacheSize = defaultCache
	}
	t.cache = newCache(cacheSize)
	return t, nil
}

// add takes the added tokens in.
func (t *BPE) add(s Spec) error {
	t.added = make(map[int32]bool, len(s.Added))
	highest := len(s.Tokens) - 1
	for _, a := range s.Added {
		t.added[a.ID] = true
		highest = max(highest, int(a.ID))
	}
	if highest >= len(t.tokens) {
		t.tokens = append(t.tokens, make([]string, highest+1-len(t.tokens))...)
	}
	var raw, normal []AddedToken
	for b := utf8.RuneSelf; b < 256; b++ {
		t.special[b] = true
	}
	for i, a := range s.Added {
		if old := t.tokens[a.ID]; old != a.Content && int(a.ID) < len(s.Tokens) && old != "" {
			return fmt.Errorf("%w: added token %d: %.40q has the id %d of %.40q", ErrUnsupported, i, a.Content, a.ID, old)
		}
		t.tokens[a.ID] = a.Content
		t.special[a.Content[0]] = true
		if !a.Normalized {
			raw = append(raw, a)
			continue
		}
		if s.NFC {
			a.Content = nfc(a.Content)
		}
		normal = append(normal, a)
	}
	t.raw, t.normal = newAddedSet(raw), newAddedSet(normal)
	return nil
}

// Len is one more than the highest id.
func (t *BPE) Len() int { return len(t.tokens) }

// Token returns the token in byte-level form, or the text of an added token;
// "" if id is not the id of a token.
func (t *BPE) Token(id int32) string {
	if id < 0 || int(id) >= len(t.tokens) {
		return ""
	}
	return t.tokens[id]
}

// Decode appends the bytes of the tokens to dst.
func (t *BPE) Decode(dst []byte, ids ...int32) ([]byte, error) {
	for i, id := range ids {
		if t.Token(id) == "" {
			return dst, fmt.Errorf("%w: ids[%d] is %d", ErrToken, i, id)
		}
	}
	for _, id := range ids {
		dst = t.decode(dst, id)
	}
	return dst, nil
}

func (t *BPE) decode(dst []byte, id int32) []byte {
	tok := t.tokens[id]
	if !t.added[id] {
		if b, ok := Bytes(dst, tok); ok {
			return b
		}
	}
	return append(dst, tok...)
}

// Encode appends the ids of the tokens of s to dst. With an error dst is
// returned as it was.
func (t *BPE) Encode(dst []int32, s string) ([]int32, error) {
	n := len(dst)
	var err error
	if t.plain(s) {
		dst, err = t.text(dst, s)
	} else {
		dst, err = t.encodeRaw(dst, s)
	}
	if err != nil {
		return dst[:n], err
	}
	return dst, nil
}

// plain reports whether no added token can be in s, and nothing be normalized.
func (t *BPE) plain(s string) bool {
	for i := range len(s) {
		if t.special[s[i]] {
			return false
		}
	}
	return true
}

// InvalidAt returns the offset of the first byte that is not UTF-8, or len(s).
func InvalidAt(s string) int {
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\ufffd") {
			return i
		}
	}
	return len(s)
}

// encodeRaw takes added tokens out of the text as given.
func (t *BPE) encodeRaw(dst []int32, s string) ([]int32, error) {
	if !utf8.ValidString(s) {
		return dst, fmt.Errorf("%w: invalid UTF-8 at offset %d", ErrText, InvalidAt(s))
	}
	return t.raw.cut(dst, s, t.encodeNormal)
}

// encodeNormal normalizes a stretch of text and takes added tokens out of
// the result.
func (t *BPE) encodeNormal(dst []int32, s string) ([]int32, error) {
	if t.nfc {
		s = nfc(s)
	}
	return t.normal.cut(dst, s, t.text)
}

// text encodes text without added tokens.
func (t *BPE) text(dst []int32, s string) (_ []int32, err error) {
	if t.prefixSpace && s != "" && s[0] != ' ' {
		s = " " + s
	}
	for i := 0; i < len(s); {
		j := t.split.next(s, i)
		if dst, err = t.piece(dst, s[i:j]); err != nil {
			return dst, err
		}
		i = j
	}
	return dst, nil
}

// piece encodes one piece.
func (t *BPE) piece(dst []int32, p string) ([]int32, error) {
	if t.maxPiece > 0 && len(p) > t.maxPiece {
		return dst, fmt.Errorf("%w: a piece of %d bytes, more than %d, beginning with %.32q", ErrText, len(p), t.maxPiece, p)
	}
	if t.cache == nil || len(p) > maxCached {
		return t.tokensOf(dst, p), nil
	}
	h := t.cache.hash(p)
	if ids := t.cache.get(h, p); ids != nil {
		return append(dst, ids...), nil
	}
	n := len(dst)
	dst = t.tokensOf(dst, p)
	t.cache.put(h, p, dst[n:])
	return dst, nil
}

func (t *BPE) tokensOf(dst []int32, p string) []int32 {
	if id, ok := t.whole[p]; ok {
		return append(dst, id)
	}
	return t.merge(dst, p)
}

// inUTF8 reports whether the byte occurs in valid UTF-8.
func inUTF8(b byte) bool { return b < 0xC0 || b > 0xC1 && b < 0xF5 }

// The byte-level alphabet of GPT-2's encoder: printable bytes of Latin-1
// stand for themselves, the others, in order, for U+0100 and on.
func printable(b byte) bool { return '!' <= b && b <= '~' || '¡' <= b && b <= '¬' || '®' <= b }

var byteChars, charBytes = func() (chars [256]rune, bytes [0x144]int16) {
	for i := range bytes {
		bytes[i] = -1
	}
	n := rune(0x100)
	for b := range chars {
		if printable(byte(b)) {
			chars[b] = rune(b)
		} else {
			chars[b] = n
			n++
		}
		bytes[chars[b]] = int16(b)
	}
	return
}()

// byteOf returns the byte that a character stands for.
func byteOf(r rune) (byte, bool) {
	if r < 0 || int(r) >= len(charBytes) || charBytes[r] < 0 {
		return 0, false
	}
	return byte(charBytes[r]), true
}

// Bytes appends the bytes of a token in byte-level form, or reports that it
// has other characters.
func Bytes(dst []byte, token string) ([]byte, bool) {
	n := len(dst)
	for _, r := range token {
		b, ok := byteOf(r)
		if !ok {
			return dst[:n], false
		}
		dst = append(dst, b)
	}
	return dst, true
}

// ByteLevel returns bytes in byte-level form, one character a byte.
func ByteLevel(b string) string {
	var s strings.Builder
	for i := range len(b) {
		s.WriteRune(byteChars[b[i]])
	}
	return s.String()
}
