package bpe

import (
	"compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A reference encodes slowly and in the most obvious way: it tries every
// added token at every place, normalizes with x/text, matches the patterns
// with a backtracking engine, and merges by looking at all pairs again after
// each merge.
type reference struct {
	Spec
	id    map[string]int32
	ranks map[[2]string]int
}

func newReference(s Spec) *reference {
	r := &reference{s, map[string]int32{}, map[[2]string]int{}}
	for id, tok := range s.Tokens {
		r.id[tok] = int32(id)
	}
	for rank, m := range s.Merges {
		r.ranks[[2]string{s.Tokens[m.Left], s.Tokens[m.Right]}] = rank
	}
	return r
}

// has reports whether there is a step of a kind.
func (s *Spec) has(kind StepKind) bool {
	return slices.ContainsFunc(s.Steps, func(st Step) bool { return st.Kind == kind })
}

// rule returns the rule of the only pattern.
func (s *Spec) rule() Split {
	for _, st := range s.Steps {
		if st.Kind == Pattern {
			return patterns[st.Pattern]
		}
	}
	return None
}

func (r *reference) encode(text string) (ids []int32) {
	r.cut(text, false, func(rest string) {
		if r.Form == NFC {
			rest = slowNFC(rest)
		}
		r.cut(rest, true, func(rest string) {
			if r.has(PrefixSpace) && rest[0] != ' ' {
				rest = " " + rest
			}
			for _, piece := range slowSplit(r.rule(), rest) {
				ids = append(ids, r.merge(piece)...)
			}
		}, func(id int32) { ids = append(ids, id) })
	}, func(id int32) { ids = append(ids, id) })
	return ids
}

func (r *reference) cut(s string, normalized bool, text func(string), token func(int32)) {
	from := 0
	for i := 0; i <= len(s); i++ {
		best, id := "", int32(0)
		for _, a := range r.Added {
			content := a.Content
			if normalized && r.Form == NFC {
				content = slowNFC(content)
			}
			if a.Normalized == normalized && strings.HasPrefix(s[i:], content) && len(content) > len(best) {
				best, id = content, a.ID
			}
		}
		if best == "" && i < len(s) {
			continue
		}
		if from < i {
			text(s[from:i])
		}
		if best == "" {
			return
		}
		token(id)
		from = i + len(best)
		i = from - 1
	}
}

func (r *reference) merge(piece string) (ids []int32) {
	if id, ok := r.id[ByteLevel(piece)]; ok && r.WholeFirst {
		return []int32{id}
	}
	var toks []string
	for i := range len(piece) {
		toks = append(toks, ByteLevel(piece[i:i+1]))
	}
	for {
		best, at := len(r.Merges), -1
		for i := 0; i+1 < len(toks); i++ {
			if rank, ok := r.ranks[[2]string{toks[i], toks[i+1]}]; ok && rank < best {
				best, at = rank, i
			}
		}
		if at < 0 {
			break
		}
		toks = slices.Replace(toks, at, at+2, toks[at]+toks[at+1])
	}
	for _, tok := range toks {
		ids = append(ids, r.id[tok])
	}
	return ids
}

func inRanges(list []int32, r rune) bool {
	for i := 0; i < len(list); i += 2 {
		if list[i] <= r && r <= list[i+1] {
			return true
		}
	}
	return false
}

// slowNFC puts a private character in the place of each that x/text knows and
// HF does not, and normalizes with x/text.
func slowNFC(s string) string {
	var hidden []rune
	const private = 0x10F000 // and on; no test has them
	s = strings.Map(func(r rune) rune {
		p := norm.NFD.PropertiesString(string(r))
		plain := p.CCC() == 0 && p.Decomposition() == nil && p.BoundaryBefore()
		if plain || inRanges(normRanges[:], r) || r >= 0x1100 && r < 0x1200 || r >= 0xAC00 && r < 0xD7A4 {
			return r
		}
		hidden = append(hidden, r)
		return private + rune(len(hidden)) - 1
	}, s)
	return strings.Map(func(r rune) rune {
		if r >= private {
			return hidden[r-private]
		}
		return r
	}, norm.NFC.String(s))
}

// comparable reports whether slowNFC can do s: x/text puts something into
// runs of more than 30 marks, and the private characters must be free.
func comparable(s string) bool {
	marks := 0
	for _, r := range norm.NFD.String(s) {
		if r >= 0x10F000 {
			return false
		}
		if marks++; norm.NFD.PropertiesString(string(r)).CCC() == 0 && !inRanges(normRanges[:], r) {
			marks = 0
		}
		if marks > 25 {
			return false
		}
	}
	return true
}

// ---- a backtracking matcher

// A matcher calls k with every end of a match of s from i on, best first,
// until k is content.
type matcher func(s []rune, i int, k func(int) bool) bool

func one(ok func(rune) bool) matcher {
	return func(s []rune, i int, k func(int) bool) bool { return i < len(s) && ok(s[i]) && k(i+1) }
}

func seq(ms ...matcher) matcher {
	if len(ms) == 0 {
		return func(_ []rune, i int, k func(int) bool) bool { return k(i) }
	}
	rest := seq(ms[1:]...)
	return func(s []rune, i int, k func(int) bool) bool {
		return ms[0](s, i, func(j int) bool { return rest(s, j, k) })
	}
}

func alt(ms ...matcher) matcher {
	return func(s []rune, i int, k func(int) bool) bool {
		for _, m := range ms {
			if m(s, i, k) {
				return true
			}
		}
		return false
	}
}

// repeat is m{lo,hi}, as many times as possible first.
func repeat(m matcher, lo, hi int) matcher {
	return func(s []rune, i int, k func(int) bool) bool {
		if hi > 0 && m(s, i, func(j int) bool { return j > i && repeat(m, max(0, lo-1), hi-1)(s, j, k) }) {
			return true
		}
		return lo == 0 && k(i)
	}
}

func lit(text string, fold bool) matcher {
	var ms []matcher
	for _, c := range text {
		ms = append(ms, one(func(r rune) bool { return r == c || fold && strings.EqualFold(string(r), string(c)) }))
	}
	return seq(ms...)
}

const many = 1 << 30

func slowSplit(k Split, text string) (pieces []string) {
	isL := func(r rune) bool { return inRanges(letterRanges[:], r) }
	isN := func(r rune) bool { return inRanges(numberRanges[:], r) }
	isS := func(r rune) bool { return inRanges(spaceRanges[:], r) }
	isEnd := func(r rune) bool { return r == '\r' || r == '\n' }
	isO := func(r rune) bool { return !isL(r) && !isN(r) && !isS(r) }
	L, N, S, O, end := one(isL), one(isN), one(isS), one(isO), one(isEnd)
	optSpace := repeat(lit(" ", false), 0, 1)
	short := func(fold bool) matcher {
		var ms []matcher
		for _, w := range strings.Fields("'s 't 're 've 'm 'll 'd") {
			ms = append(ms, lit(w, fold))
		}
		return alt(ms...)
	}
	notBeforeText := func(s []rune, i int, k func(int) bool) bool { return (i == len(s) || isS(s[i])) && k(i) }
	blank := alt(seq(repeat(S, 1, many), notBeforeText), repeat(S, 1, many))
	var m matcher
	switch k {
	case GPT2:
		m = alt(short(false), seq(optSpace, repeat(L, 1, many)), seq(optSpace, repeat(N, 1, many)), seq(optSpace, repeat(O, 1, many)), blank)
	case CL100K, Qwen2:
		digits := 3
		if k == Qwen2 {
			digits = 1
		}
		lead := one(func(r rune) bool { return !isEnd(r) && !isL(r) && !isN(r) })
		m = alt(short(true), seq(repeat(lead, 0, 1), repeat(L, 1, many)), repeat(N, 1, digits),
			seq(optSpace, repeat(O, 1, many), repeat(end, 0, many)), seq(repeat(S, 0, many), repeat(end, 1, many)), blank)
	case None:
		return []string{text}
	}
	for s := []rune(text); len(s) > 0; {
		n := 0
		m(s, 0, func(j int) bool { n = j; return true })
		pieces = append(pieces, string(s[:n]))
		s = s[n:]
	}
	return pieces
}

// ---- tests

var specFiles = []string{"gpt2", "opt", "prefix", "neox", "llama3", "qwen2", "shuffled"}

func readSpec(t testing.TB, name string) Spec {
	t.Helper()
	f, err := os.Open("../../testdata/" + name + ".json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ParseJSON(data)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func FuzzEncode(f *testing.F) {
	for _, s := range []string{
		"", "a", "hot dog", "don't I'LL 'ſ's", "  \n\n a\r\n  1234", "<|endoftext|><|eot_id|></s>",
		"e\u0301\u0323q\u0323\u0307", "\u1100\u1161\u11a8\u11a8 각", "\u05b4\u05bc\u0f71\u0f72", "\U00011938\U0001e08f a\u0300\u0300",
		"xyzzy qqqqqqq", strings.Repeat("aab", 60), strings.Repeat(" ", 30), "dog_dog\u0301", "\xff", "a\xc3", "\u3000\u2028'", "\u1c89's \u13460's",
	} {
		f.Add(s, uint8(0))
	}
	type pair struct {
		fast, none *BPE
		slow       *reference
	}
	var pairs []pair
	for _, name := range specFiles {
		s := readSpec(f, name)
		var p pair
		var err error
		if p.fast, err = New(s, 8, 0); err != nil {
			f.Fatal(err)
		}
		if p.none, err = New(s, -1, 0); err != nil {
			f.Fatal(err)
		}
		p.slow = newReference(s)
		pairs = append(pairs, p)
	}
	f.Fuzz(func(t *testing.T, text string, which uint8) {
		if len(text) > 400 {
			return
		}
		p := pairs[int(which)%len(pairs)]
		got, err := p.fast.Encode([]int32{-7}, text)
		if !utf8.ValidString(text) {
			if !errors.Is(err, ErrText) || !slices.Equal(got, []int32{-7}) {
				t.Fatalf("%q: %v, %v", text, got, err)
			}
			return
		}
		if err != nil || got[0] != -7 {
			t.Fatalf("%q: %v, %v", text, got, err)
		}
		again, err := p.none.Encode(nil, text)
		if err != nil || !slices.Equal(got[1:], again) {
			t.Fatalf("%q: %v with a cache, %v without (%v)", text, got[1:], again, err)
		}
		if !comparable(text) {
			return
		}
		if want := p.slow.encode(text); !slices.Equal(got[1:], want) {
			t.Fatalf("%q: got %v, want %v", text, got[1:], want)
		}
		// Decoding gives the normalized text back, where no added token
		// splits it.
		want := text
		if p.fast.form != nil {
			want = slowNFC(text)
		}
		back, err := p.fast.Decode(nil, again...)
		if err != nil {
			t.Fatal(err)
		}
		if !p.fast.prefixSpace && !slices.ContainsFunc(again, func(id int32) bool { _, ok := p.fast.added[id]; return ok }) && string(back) != want {
			t.Fatalf("%q became %q", text, back)
		}
	})
}

// The three ways to merge agree, on any vocabulary.
func TestMergeLong(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var tokens []*BPE
	for _, name := range []string{"gpt2", "llama3", "shuffled"} {
		tok, err := New(readSpec(t, name), 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, tok)
	}
	for range 20 {
		tok, err := New(randomSpec(r), 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, tok)
	}
	for _, tok := range tokens {
		for range 60 {
			n := 1 + r.IntN(1+r.IntN(1500))
			alphabet := []string{"a", "ab", "abc", "abcdef", "etaoinshrdlu", "語言模型"}[r.IntN(6)]
			b := make([]byte, n)
			for i := range b {
				b[i] = alphabet[r.IntN(len(alphabet))]
			}
			s := string(b)
			want := tok.mergeShort(nil, s)
			if got := tok.mergeLong([]int32{5}, s); got[0] != 5 || !slices.Equal(got[1:], want) {
				t.Fatalf("%q: window by window %v, at once %v", s, got[1:], want)
			}
		}
	}
}

// randomSpec has merges in an order that no training would give.
func randomSpec(r *rand.Rand) Spec {
	var s Spec
	seen := map[string]int32{}
	for b := range 256 {
		tok := ByteLevel(string([]byte{byte(b)}))
		seen[tok] = int32(b)
		s.Tokens = append(s.Tokens, tok)
	}
	pool := []int32{'a' - 0, 'b', 'c', 'd', 'e', 'f', 't', 'o', 'i', 'n', 0xE8, 0xAA, 0x9E}
	for range 20 + r.IntN(200) {
		m := Merge{Left: pool[r.IntN(len(pool))], Right: pool[r.IntN(len(pool))]}
		tok := s.Tokens[m.Left] + s.Tokens[m.Right]
		if len(tok) > 60 {
			continue
		}
		id, ok := seen[tok]
		if !ok {
			id = int32(len(s.Tokens))
			seen[tok] = id
			s.Tokens = append(s.Tokens, tok)
			pool = append(pool, id)
		}
		m.ID = id
		s.Merges = append(s.Merges, m)
	}
	r.Shuffle(len(s.Merges), func(i, j int) { s.Merges[i], s.Merges[j] = s.Merges[j], s.Merges[i] })
	return s
}
