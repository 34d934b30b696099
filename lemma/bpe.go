package lemma

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/pkoukk/tiktoken-go"
)

// A Tokenizer turns text into token ids. It may be used from many goroutines
// at once.
type Tokenizer interface {
	// Encode appends the ids of the tokens of s to dst.
	Encode(dst []int32, s string) ([]int32, error)
	// Token returns the token in the form that the model's vocabulary gives
	// it, which is unique to the id, or "" for an id that is none.
	Token(id int32) string
	// Len is one more than the highest id.
	Len() int
}

// An AddedToken is taken out of the text as a whole, before anything else is
// done to what is around it.
type AddedToken struct {
	ID      int32
	Content string
	// Normalized tokens are looked for in the normalised text, after the
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
	NFC         bool         // text is normalised to NFC
	PrefixSpace bool         // a space goes before text that begins with none
	Split       Split
	// WholeFirst takes a piece that is a token as that token, whatever the
	// merges would give (ignore_merges in tokenizer.json).
	WholeFirst bool
}

// A BPE is a byte-level BPE tokenizer. But for a cache that never shows in a
// result it does not change, and it may be used from many goroutines at once.
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
	lead        [256]uint8

	core     func() *tiktoken.Tiktoken // nil, or gives nil: merge
	cache    *cache
	maxPiece int

	idOnce, nameOnce sync.Once
	ids              map[string]int32
	names            map[string][]int32
}

// Bits of BPE.lead: what a byte of the text may call for.
const (
	leadRaw    = 1 // may begin an added token that is not normalised
	leadNormal = 2 // may begin one that is
	leadWide   = 4 // is part of a code point beyond ASCII
)

// An Option changes how a BPE works, but none of its results.
type Option func(*BPE)

// WithCache sets for about how many pieces of text the tokens are remembered:
// 131,072 without this option, none for 0. An entry takes about 100 bytes.
func WithCache(entries int) Option { return func(t *BPE) { t.cache = newCache(entries) } }

// WithMaxPiece makes a piece of more than n bytes an error, ErrTooLong, where
// text may be hostile. Without it, or for 0, there is no limit: the time
// taken grows little faster than the length.
func WithMaxPiece(n int) Option { return func(t *BPE) { t.maxPiece = n } }

const defaultCache = 1 << 17

// New makes a tokenizer. It keeps none of the slices. The error wraps
// ErrUnsupported and says what is wrong with s.
func New(s Spec, opts ...Option) (*BPE, error) {
	t := &BPE{split: s.Split, nfc: s.NFC, prefixSpace: s.PrefixSpace, tokens: slices.Clone(s.Tokens)}
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
	for rank, m := range s.Merges {
		if max(m.Left, m.Right, m.ID) >= int32(len(s.Tokens)) || min(m.Left, m.Right, m.ID) < 0 {
			return nil, fmt.Errorf("%w: merge %d: id out of range", ErrUnsupported, rank)
		}
		l, r, whole := s.Tokens[m.Left], s.Tokens[m.Right], s.Tokens[m.ID]
		if l == "" || r == "" || len(l)+len(r) != len(whole) || whole[:len(l)] != l || whole[len(l):] != r {
			return nil, fmt.Errorf("%w: merge %d: %.40q and %.40q do not make %.40q", ErrUnsupported, rank, l, r, whole)
		}
	}
	t.pairs = newPairTable(s.Merges)
	if s.WholeFirst {
		t.whole = make(map[string]int32, len(s.Tokens))
		for id, tok := range s.Tokens {
			if b, ok := fromByteLevel(nil, tok); ok && tok != "" {
				t.whole[string(b)] = int32(id)
			}
		}
	}
	if err := t.add(s); err != nil {
		return nil, err
	}
	t.core = sync.OnceValue(t.newCore)
	t.cache = newCache(defaultCache)
	for _, o := range opts {
		o(t)
	}
	return t, nil
}

// add takes the added tokens in.
func (t *BPE) add(s Spec) error {
	t.added = make(map[int32]bool, len(s.Added))
	seen := make(map[string]bool, len(s.Added))
	highest := len(s.Tokens) - 1
	for i, a := range s.Added {
		switch {
		case a.Content == "" || !utf8.ValidString(a.Content):
			return fmt.Errorf("%w: added token %d: content %.40q", ErrUnsupported, i, a.Content)
		case seen[a.Content]:
			return fmt.Errorf("%w: added token %d: %.40q is there twice", ErrUnsupported, i, a.Content)
		case a.ID < 0 || int(a.ID) > len(s.Tokens)+len(s.Added):
			return fmt.Errorf("%w: added token %d: id %d is far from those of the vocabulary", ErrUnsupported, i, a.ID)
		case t.added[a.ID]:
			return fmt.Errorf("%w: added token %d: id %d is there twice", ErrUnsupported, i, a.ID)
		}
		seen[a.Content], t.added[a.ID] = true, true
		highest = max(highest, int(a.ID))
	}
	if highest >= len(t.tokens) {
		t.tokens = append(t.tokens, make([]string, highest+1-len(t.tokens))...)
	}
	var raw, normal []AddedToken
	for i, a := range s.Added {
		if old := t.tokens[a.ID]; old != a.Content && int(a.ID) < len(s.Tokens) && old != "" {
			return fmt.Errorf("%w: added token %d: %.40q has the id %d of %.40q", ErrUnsupported, i, a.Content, a.ID, old)
		}
		t.tokens[a.ID] = a.Content
		if !a.Normalized {
			raw = append(raw, a)
			t.lead[a.Content[0]] |= leadRaw
			continue
		}
		if s.NFC {
			a.Content = nfc(a.Content)
		}
		normal = append(normal, a)
		t.lead[a.Content[0]] |= leadNormal
	}
	t.raw, t.normal = newAddedSet(raw), newAddedSet(normal)
	for b := utf8.RuneSelf; b < 256; b++ {
		t.lead[b] |= leadWide
	}
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

// ID returns the id of a token in the form that Token gives.
func (t *BPE) ID(token string) (int32, bool) {
	t.idOnce.Do(func() {
		t.ids = make(map[string]int32, len(t.tokens))
		for id, tok := range t.tokens {
			if tok != "" {
				t.ids[tok] = int32(id)
			}
		}
	})
	id, ok := t.ids[token]
	return id, ok
}

// Named returns, in ascending order, every id whose decoded form is name, as
// the columns of a table of activations are named. Bytes that are no UTF-8
// count as U+FFFD, one for each ill-formed sequence, so that many tokens
// share such names. The slice must not be changed.
func (t *BPE) Named(name string) []int32 {
	t.nameOnce.Do(func() {
		t.names = make(map[string][]int32, len(t.tokens))
		var buf []byte
		for id, tok := range t.tokens {
			if tok == "" {
				continue
			}
			buf = t.decode(buf[:0], int32(id))
			n := lossy(buf)
			t.names[n] = append(t.names[n], int32(id))
		}
	})
	return t.names[name]
}

// Decode appends the bytes of the tokens to dst. They need not be valid
// UTF-8. The error wraps ErrRange.
func (t *BPE) Decode(dst []byte, ids ...int32) ([]byte, error) {
	for i, id := range ids {
		if t.Token(id) == "" {
			return dst, fmt.Errorf("%w: ids[%d] = %d, of %d tokens", ErrRange, i, id, len(t.tokens))
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
		if b, ok := fromByteLevel(dst, tok); ok {
			return b
		}
	}
	return append(dst, tok...)
}

// Encode appends the ids of the tokens of s to dst, as HF tokenizers gives
// them without special tokens of its own accord. The text of an added token
// in s becomes that token. If s is not valid UTF-8 the error wraps ErrUTF8
// and names the offset; a limit set by [WithMaxPiece] is the only other
// reason for one. With an error dst is returned as it was.
func (t *BPE) Encode(dst []int32, s string) ([]int32, error) {
	var lead uint8
	for i := range len(s) {
		lead |= t.lead[s[i]]
	}
	n := len(dst)
	var err error
	if lead == 0 {
		dst, err = t.text(dst, s)
	} else {
		if lead&leadWide != 0 && !utf8.ValidString(s) {
			return dst, fmt.Errorf("%w: offset %d", ErrUTF8, invalidAt(s))
		}
		dst, err = t.encodeRaw(dst, s)
	}
	if err != nil {
		return dst[:n], err
	}
	return dst, nil
}

func invalidAt(s string) int {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(s)
}

// encodeRaw takes added tokens out of the text as given.
func (t *BPE) encodeRaw(dst []int32, s string) (_ []int32, err error) {
	if t.raw == nil {
		return t.encodeNormal(dst, s)
	}
	for i := 0; i < len(s); {
		at, end, id := t.raw.find(s, i)
		if at > i {
			if dst, err = t.encodeNormal(dst, s[i:at]); err != nil {
				return dst, err
			}
		}
		if end > at {
			dst = append(dst, id)
		}
		i = end
	}
	return dst, nil
}

// encodeNormal normalises a stretch of text and takes added tokens out of
// the result.
func (t *BPE) encodeNormal(dst []int32, s string) (_ []int32, err error) {
	if t.nfc {
		s = nfc(s)
	}
	if t.normal == nil {
		return t.text(dst, s)
	}
	for i := 0; i < len(s); {
		at, end, id := t.normal.find(s, i)
		if at > i {
			if dst, err = t.text(dst, s[i:at]); err != nil {
				return dst, err
			}
		}
		if end > at {
			dst = append(dst, id)
		}
		i = end
	}
	return dst, nil
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
		return dst, fmt.Errorf("%w: %d bytes, more than %d, beginning with %.32q", ErrTooLong, len(p), t.maxPiece, p)
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
	if t.core != nil && len(p) <= shortPiece {
		if core := t.core(); core != nil {
			for _, id := range core.EncodeOrdinary(p) {
				dst = append(dst, int32(id))
			}
			return dst
		}
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

// fromByteLevel appends the bytes of a token in byte-level form, or reports
// that it has other characters.
func fromByteLevel(dst []byte, token string) ([]byte, bool) {
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

// lossy returns b with each ill-formed sequence (The Unicode Standard, table
// 3-8: the maximal part of a well-formed one, or a single byte) replaced by
// U+FFFD, as Rust and Python do it.
func lossy(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var out []byte
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			for i+n < len(b) && !utf8.FullRune(b[i:i+n+1]) {
				n++
			}
		}
		out = utf8.AppendRune(out, r)
		i += n
	}
	return string(out)
}
