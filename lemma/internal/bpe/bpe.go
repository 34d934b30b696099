// Package bpe is the tokenizer behind package lemma: byte-level byte-pair
// encoding as HF tokenizers does it.
package bpe

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// The sentinels of package lemma.
var (
	ErrText        = errors.New("lemma: text cannot be encoded")
	ErrToken       = errors.New("lemma: bad token")
	ErrFormat      = errors.New("lemma: malformed data")
	ErrUnsupported = errors.New("lemma: unsupported tokenizer")
	ErrSettings    = errors.New("lemma: impossible setting")
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
	// SingleWord tokens are found only where no word character is next to
	// them.
	SingleWord bool
	// StripLeft and StripRight tokens take the white space on that side with
	// them.
	StripLeft, StripRight bool
}

// A Spec describes a byte-level BPE tokenizer. Byte-level means that a piece
// of text is a sequence of bytes, each written as one printable character
// (Radford et al. 2019, section 2.2; the space is "Ġ").
type Spec struct {
	Tokens []string     // by id, in byte-level form; "" for an id that is no token of the model
	Merges []Merge      // by rank
	Added  []AddedToken // no content and no id twice
	Form   Form         // the normal form that text is brought into
	Steps  []Step       // how text is cut into pieces; one of them is ToBytes
	// WholeFirst takes a piece that is a token as that token, whatever the
	// merges would give (ignore_merges in tokenizer.json).
	WholeFirst bool
	// Ranked tokens are merged by tiktoken's rule, instead of Merges: of all
	// neighbors whose joint text is a token those are joined that make the
	// token of the lowest id. WholeFirst must be set.
	Ranked bool
	// Unknown, if it is not empty, is the token for bytes that have none, and
	// FuseUnknown makes it one for several that are neighbors. Without it such
	// bytes have no token, as in HF.
	Unknown                   string
	FuseUnknown, ByteFallback bool
}

// A BPE is a lemma.Tokenizer. It is immutable apart from an internal cache,
// and may be used from many goroutines at once.
type BPE struct {
	tokens  []string // by id, added tokens too
	byteID  [256]int32
	gaps    bool   // some bytes of UTF-8 have no token
	unknown int32  // the token for them, or -1: they are left out
	fuse    bool   // one for several
	missing string // the unknown token, if it has no id
	pairs   pairTable
	byBytes map[string]int32 // tokens, if WholeFirst
	added   map[int32]addedKind

	form        *form // nil: none
	prefixSpace bool  // a space goes before text that begins with none
	split       Split
	steps       []Step    // what follows split
	raw, normal *addedSet // nil if empty
	special     [256]bool // bytes beyond ASCII, and those that begin added tokens

	cache    *cache
	maxPiece int
}

// setGaps looks for bytes without a token.
func (t *BPE) setGaps(s Spec) error {
	t.unknown = -1
	for b, id := range t.byteID {
		if id >= 0 || !inUTF8(byte(b)) {
			continue
		}
		t.gaps = true
		if s.Ranked {
			return fmt.Errorf("%w: no token for the byte %#02x", ErrUnsupported, b)
		}
		fallback := s.ByteFallback
		for _, c := range []byte(string(byteChars[b])) {
			fallback = fallback && slices.Contains(s.Tokens, fmt.Sprintf("<0x%02X>", c))
		}
		if fallback {
			return fmt.Errorf("%w: model.byte_fallback is true, and there is no token for the byte %#02x", ErrUnsupported, b)
		}
	}
	if !t.gaps || s.Unknown == "" {
		return nil
	}
	t.unknown, t.fuse = int32(slices.Index(s.Tokens, s.Unknown)), s.FuseUnknown
	if t.unknown < 0 {
		t.missing = s.Unknown
	}
	for _, m := range s.Merges {
		if m.Left == t.unknown || m.Right == t.unknown {
			return fmt.Errorf("%w: model.unk_token is %q, which is a part of other tokens", ErrUnsupported, s.Unknown)
		}
	}
	return nil
}

// An addedKind says what an added token is.
type addedKind struct {
	special bool
	model   bool // it is a token of the model as well
	doubt   bool // and as that it is a part of a character
}

const defaultCache = 1 << 17

// New makes a tokenizer; see lemma.Settings for the two numbers. It keeps none
// of the slices. It relies on what ParseJSON has checked: ids are in range, the
// parts of a merge make its product, added tokens have different contents and
// are not empty. The error wraps ErrUnsupported.
func New(s Spec, cacheSize, maxPiece int) (*BPE, error) {
	t := &BPE{form: forms[s.Form], tokens: slices.Clone(s.Tokens), maxPiece: maxPiece}
	if err := t.setSteps(s.Steps); err != nil {
		return nil, err
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
	if err := t.setGaps(s); err != nil {
		return nil, err
	}
	if s.WholeFirst {
		t.byBytes = make(map[string]int32, len(s.Tokens))
		for id, tok := range s.Tokens {
			if b, ok := Bytes(nil, tok); ok && tok != "" {
				t.byBytes[string(b)] = int32(id)
			}
		}
	}
	if s.Ranked {
		t.pairs = rankedPairs(t.byBytes, len(s.Tokens))
	} else {
		t.pairs = newPairTable(s.Merges)
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
	t.added = make(map[int32]addedKind, len(s.Added))
	highest := len(s.Tokens) - 1
	for _, a := range s.Added {
		k := addedKind{special: a.Special, model: int(a.ID) < len(s.Tokens) && s.Tokens[a.ID] != ""}
		if b, ok := Bytes(nil, a.Content); ok && k.model {
			k.doubt = !utf8.Valid(b)
		}
		t.added[a.ID] = k
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
		if t.form != nil {
			a.Content = t.form.normalize(a.Content, nil)
			t.special[a.Content[0]] = true
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

// Special reports whether id is the id of a special token.
func (t *BPE) Special(id int32) bool { return t.added[id].special }

// Decode appends the bytes of the tokens to dst.
func (t *BPE) Decode(dst []byte, ids ...int32) ([]byte, error) {
	for i, id := range ids {
		if t.Token(id) == "" {
			return dst, fmt.Errorf("%w: ids[%d] is %d", ErrToken, i, id)
		}
	}
	start := len(dst)
	type doubt struct {
		at int
		id int32
	}
	var doubts []doubt
	for _, id := range ids {
		a, added := t.added[id]
		if !added || a.model {
			if a.doubt {
				doubts = append(doubts, doubt{len(dst), id})
			}
			if b, ok := Bytes(dst, t.tokens[id]); ok {
				dst = b
				continue
			}
		}
		dst = append(dst, t.tokens[id]...)
	}
	if doubts == nil {
		return dst, nil
	}
	// An added token such as "é" that is also the token of a byte, here 0xE9,
	// is that byte where it completes a character, else the text.
	all := slices.Clone(dst[start:])
	dst = dst[:start]
	done := 0
	for _, d := range doubts {
		from := d.at - start
		to := from + t.size(d.id)
		if !inside(all, from, to) {
			dst = append(append(dst, all[done:from]...), t.tokens[d.id]...)
			done = to
		}
	}
	return append(dst, all[done:]...), nil
}

// inside reports whether b[from:to] has only bytes of well-formed UTF-8.
func inside(b []byte, from, to int) bool {
	i := from
	for back := 0; back < utf8.UTFMax-1 && i > 0 && !utf8.RuneStart(b[i]); back++ {
		i--
	}
	for i < to {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n <= 1 {
			return false
		}
		i += n
	}
	return true
}

// Encode appends the ids of the tokens of s to dst. With an error dst is
// returned as it was.
func (t *BPE) Encode(dst []int32, s string) ([]int32, error) {
	o := sink{ids: dst}
	if err := t.encode(&o, s); err != nil {
		return dst, err
	}
	return o.ids, nil
}

// Locate is Encode that also returns the bytes of s, from and to, from which
// each token comes.
func (t *BPE) Locate(s string) ([]int32, [][2]int, error) {
	o := sink{locate: true}
	if err := t.encode(&o, s); err != nil {
		return nil, nil, err
	}
	return o.ids, o.at, nil
}

func (t *BPE) encode(o *sink, s string) error {
	if t.plain(s) {
		return t.text(o, stretch{s: s})
	}
	return t.encodeRaw(o, s)
}

// A sink takes the tokens of a text in.
type sink struct {
	ids    []int32
	locate bool
	at     [][2]int // if locate is set
	base   int      // where in the text the stretch begins that was normalized
	edits  []edit   // how it was changed
}

// An edit is a part of a text that normalization changed, in the text and in
// the result.
type edit struct{ from, to, newFrom, newTo int }

// place notes the bytes of a token: from and to in the normalized stretch. A
// token of changed text has all of that change.
func (o *sink) place(from, to int) {
	before := func(p int) edit { // the last change that begins before p
		k := sort.Search(len(o.edits), func(k int) bool { return o.edits[k].newFrom >= p })
		if k == 0 {
			return edit{}
		}
		return o.edits[k-1]
	}
	e := before(from + 1)
	start := from + e.to - e.newTo
	if from < e.newTo {
		start = e.from
	}
	end := start
	if to > from {
		e = before(to)
		end = max(to, e.newTo) + e.to - e.newTo
	}
	o.at = append(o.at, [2]int{o.base + start, o.base + end})
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
func (t *BPE) encodeRaw(o *sink, s string) error {
	if !utf8.ValidString(s) {
		return fmt.Errorf("%w: invalid UTF-8 at offset %d", ErrText, InvalidAt(s))
	}
	if t.raw == nil {
		return t.encodeNormal(o, s)
	}
	return t.raw.cut(s, func(from, to int, tok *AddedToken) error {
		o.base, o.edits = from, o.edits[:0]
		if tok != nil {
			o.added(tok, 0, to-from)
			return nil
		}
		return t.encodeNormal(o, s[from:to])
	})
}

// encodeNormal normalizes a stretch of text and takes added tokens out of
// the result.
func (t *BPE) encodeNormal(o *sink, s string) error {
	if t.form != nil {
		var edits *[]edit
		if o.locate {
			edits = &o.edits
		}
		s = t.form.normalize(s, edits)
	}
	if t.normal == nil {
		return t.text(o, stretch{s: s})
	}
	return t.normal.cut(s, func(from, to int, tok *AddedToken) error {
		if tok != nil {
			o.added(tok, from, to)
			return nil
		}
		return t.text(o, stretch{s[from:to], from, from})
	})
}

func (o *sink) added(tok *AddedToken, from, to int) {
	o.ids = append(o.ids, tok.ID)
	if o.locate {
		o.place(from, to)
	}
}

// text encodes text without added tokens.
func (t *BPE) text(o *sink, w stretch) (err error) {
	if t.prefixSpace {
		w = w.prefixed()
	}
	if len(t.steps) == 0 && !o.locate { // the usual case
		ids := o.ids
		for s, i := w.s, 0; i < len(s); {
			j := t.split.next(s, i)
			if ids, err = t.piece(ids, s[i:j]); err != nil {
				return err
			}
			i = j
		}
		o.ids = ids
		return nil
	}
	for i := 0; i < len(w.s); {
		j := t.split.next(w.s, i)
		if err := t.cut(o, w.sub(i, j), 0); err != nil {
			return err
		}
		i = j
	}
	return nil
}

// whole encodes a stretch that is one piece.
func (t *BPE) whole(o *sink, w stretch) (err error) {
	n := len(o.ids)
	if o.ids, err = t.piece(o.ids, w.s); err != nil || !o.locate {
		return err
	}
	if _, ok := t.byBytes[w.s]; !ok && t.gap(w.s) {
		var spans [][2]int
		t.gapped(nil, w.s, &spans)
		for _, a := range spans {
			o.place(max(w.from, w.at+a[0]), max(w.from, w.at+a[1]))
		}
		return nil
	}
	at := w.at
	for _, id := range o.ids[n:] {
		end := at + t.size(id)
		o.place(max(w.from, at), max(w.from, end))
		at = end
	}
	return nil
}

// piece encodes one piece.
func (t *BPE) piece(dst []int32, p string) ([]int32, error) {
	if t.missing != "" && t.gap(p) {
		return dst, fmt.Errorf("%w: no tokens for a part of %.60q, and the unknown token %q is not in the vocabulary", ErrText, p, t.missing)
	}
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
	if id, ok := t.byBytes[p]; ok {
		return append(dst, id)
	}
	if t.gap(p) {
		return t.gapped(dst, p, nil)
	}
	return t.merge(dst, p)
}

// gap reports whether a byte of the piece has no token.
func (t *BPE) gap(p string) bool {
	if t.gaps {
		for i := range len(p) {
			if t.byteID[p[i]] < 0 {
				return true
			}
		}
	}
	return false
}

// gapped encodes a piece that has bytes without a token, and appends to at,
// unless it is nil, the bytes of each token. If there is a token for such bytes,
// it stands between the others, and no merge crosses it; else the bytes are left
// out before the others are merged.
func (t *BPE) gapped(dst []int32, p string, at *[][2]int) []int32 {
	var kept []byte
	var from []int // where they are in p
	flush := func() {
		n := len(dst)
		dst = t.merge(dst, string(kept))
		if at != nil {
			k := 0
			for _, id := range dst[n:] {
				size := t.size(id)
				*at = append(*at, [2]int{from[k], from[k+size-1] + 1})
				k += size
			}
		}
		kept, from = kept[:0], from[:0]
	}
	for i := 0; i < len(p); i++ {
		if t.byteID[p[i]] >= 0 {
			kept, from = append(kept, p[i]), append(from, i)
			continue
		}
		if t.unknown < 0 {
			continue
		}
		flush()
		start := i
		for t.fuse && i+1 < len(p) && t.byteID[p[i+1]] < 0 {
			i++
		}
		dst = append(dst, t.unknown)
		if at != nil {
			*at = append(*at, [2]int{start, i + 1})
		}
	}
	flush()
	return dst
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
