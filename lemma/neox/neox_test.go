package neox_test

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/semamap/semamap/internal/golden"
	"github.com/semamap/semamap/lemma"
	"github.com/semamap/semamap/lemma/internal/hf"
	"github.com/semamap/semamap/lemma/neox"
)

func newTok(t testing.TB, set *lemma.Settings) lemma.Tokenizer {
	t.Helper()
	tok, err := neox.New(set)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// The ids of HF tokenizers for hard text, with and without a cache, and from
// many goroutines.
func TestVectors(t *testing.T) {
	for _, name := range []string{"", "hf_vectors", "hf_lemmas"} {
		t.Run(name, func(t *testing.T) {
			path := "testdata/vectors.jsonl.gz"
			if name != "" {
				path = golden.Shared(t, "golden/lemma/"+name+".jsonl.gz")
			}
			all := hf.Lines[hf.Vector](t, path)
			if quick() {
				all = all[:min(len(all), 1000)]
			}
			for _, entries := range []int{1 << 17, 4, -1} {
				tok := newTok(t, &lemma.Settings{CacheSize: entries})
				hf.Check(t, tok, all)
				hf.Check(t, tok, all) // warm
			}
			tok := newTok(t, nil)
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() { hf.Check(t, tok, all) })
			}
			wg.Wait()
		})
	}
}

// Every code point alone, between letters, after and before marks, and before
// a contraction; one sum for each 1024 of them.
func TestCodePoints(t *testing.T) {
	text, err := io.ReadAll(hf.Open(t, "testdata/codepoints.txt.gz"))
	if err != nil {
		t.Fatal(err)
	}
	tok := newTok(t, nil)
	var ids []int32
	var buf []byte
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) != (0x110000-0x800)/1024 {
		t.Fatalf("%d lines", len(lines))
	}
	for _, line := range lines {
		var lo rune
		var want uint32
		if _, err := fmt.Sscanf(line, "%x %x", &lo, &want); err != nil {
			t.Fatal(err)
		}
		if quick() && lo >= 0x3000 && lo%0x4000 != 0 {
			continue
		}
		var sum uint32
		for c := lo; c < lo+1024; c++ {
			if !utf8.ValidRune(c) {
				continue
			}
			ch := string(c)
			for _, s := range []string{ch, "a" + ch + "b", "e\u0301" + ch, "q\u0323" + ch + "\u0301", " " + ch + "'s"} {
				if ids, err = tok.Encode(ids[:0], s); err != nil {
					t.Fatalf("%q: %v", s, err)
				}
				buf, _ = binary.Append(buf[:0], binary.LittleEndian, append(ids, -1))
				sum = crc32.Update(sum, crc32.IEEETable, buf)
			}
		}
		if sum != want {
			t.Errorf("U+%04X to U+%04X: some tokens differ", lo, lo+1023)
		}
	}
}

// quick asks for a part of the long tests only.
func quick() bool { return testing.Short() || raceDetector }

// What is known of the vocabulary (see TestPacked), and the hash of all
// tokens by id.
func TestData(t *testing.T) {
	tok := newTok(t, nil)
	if tok.Len() != 50277 {
		t.Errorf("%d ids, want 50277", tok.Len())
	}
	h := sha256.New()
	longest, invalid := 0, 0
	produced := [256]bool{}
	ids := map[string]bool{}
	columns := map[string]int{} // ids by decoded name
	var buf []byte
	for id := range int32(tok.Len()) {
		var err error
		if buf, err = tok.Decode(buf[:0], id); err != nil {
			t.Fatal(err)
		}
		if !utf8.Valid(buf) {
			invalid++
		}
		longest = max(longest, len(buf))
		for _, b := range buf {
			produced[b] = true
		}
		if ids[tok.Token(id)] {
			t.Errorf("token %d, %q, is there twice", id, tok.Token(id))
		}
		ids[tok.Token(id)] = true
		fmt.Fprintf(h, "%d %q\n", id, buf)
		// One U+FFFD for each ill-formed sequence, as Python decodes.
		columns[pythonDecode(buf)]++
	}
	if longest != 512 || invalid != 484 {
		t.Errorf("longest token %d bytes, %d not UTF-8; want 512, 484", longest, invalid)
	}
	for b, got := range produced {
		if never := b == 0xC0 || b == 0xC1 || b >= 0xF5; got == never {
			t.Errorf("byte %#x: in a token: %t", b, got)
		}
	}
	if sum := fmt.Sprintf("%x", h.Sum(nil)); sum != "469e5b8ae6b5ef0f9cc20dfadb18ca5d516802a7e47a4a7a8ce01aa28b4f71ce" {
		t.Errorf("hash of the tokens: %s", sum)
	}
	shared, of := 0, 0
	byName := lemma.ByName(tok)
	for id := range int32(tok.Len()) {
		name := strings.Trim(tok.Token(id), "Ġ")
		if got := len(byName(id)); got != columns[name] {
			t.Errorf("%q: %d ids of this name, want %d", name, got, columns[name])
		}
	}
	for _, n := range columns {
		if n > 1 {
			shared, of = shared+1, of+n
		}
	}
	if shared != 26 || of != 513 {
		t.Errorf("%d names shared by %d ids, want 26, 513", shared, of)
	}
}

// pythonDecode is bytes.decode("utf-8", "replace").
func pythonDecode(b []byte) string {
	var s strings.Builder
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			// The longest beginning of something well-formed.
			for ; n < len(b) && n < 4; n++ {
				if utf8.FullRune(b[:n+1]) {
					break
				}
			}
		}
		s.WriteRune(r)
		b = b[n:]
	}
	return s.String()
}

func TestErrors(t *testing.T) {
	tok := newTok(t, &lemma.Settings{MaxPiece: 100})
	dst := []int32{1, 2}
	for s, at := range map[string]string{
		"\xff": "offset 0", "abc\x80": "offset 3", "é\xc3": "offset 2", "a \xed\xa0\x80": "offset 2", "<|endoftext|>\xf5": "offset 13", "\xc0\x80": "offset 0",
	} {
		got, err := tok.Encode(dst, s)
		if !errors.Is(err, lemma.ErrText) || !strings.HasSuffix(err.Error(), at) || len(got) != 2 {
			t.Errorf("%q: %v, %v; want %s", s, got, err, at)
		}
	}
	got, err := tok.Encode(dst, "a "+strings.Repeat("b", 101))
	if !errors.Is(err, lemma.ErrText) || !strings.Contains(err.Error(), "102 bytes") || len(got) != 2 {
		t.Errorf("a long piece: %v, %v", got, err)
	}
	if got, err = tok.Encode(dst, strings.Repeat("b ", 101)); err != nil || len(got) != 2+101+1 {
		t.Errorf("many short pieces: %d ids, %v", len(got), err)
	}
	for _, id := range []int32{-1, 50277, 1 << 30} {
		if b, err := tok.Decode([]byte("x"), 12022, id); !errors.Is(err, lemma.ErrToken) || string(b) != "x" {
			t.Errorf("Decode(%d): %q, %v", id, b, err)
		}
		if s := tok.Token(id); s != "" {
			t.Errorf("Token(%d) is %q", id, s)
		}
	}
}

// Text that was met before is encoded without allocation.
func TestAllocs(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	tok := newTok(t, nil)
	ids := make([]int32, 0, 100)
	for _, s := range []string{"hot_dog", "a domesticated  carnivorous mammal's <|endoftext|> tail", "語言 modèle"} {
		if n := testing.AllocsPerRun(100, func() { ids, _ = tok.Encode(ids[:0], s) }); n != 0 {
			t.Errorf("%q: %v allocations", s, n)
		}
	}
}

// One word of a megabyte takes a moment, and has the ids that the same word
// has in parts that end where no merge goes across.
func TestLongWord(t *testing.T) {
	tok := newTok(t, nil)
	part := "supercalifragilistic\u00e9"
	once, err := tok.Encode(nil, part+part)
	if err != nil {
		t.Fatal(err)
	}
	n := 1 << 20 / len(part)
	got, err := tok.Encode(nil, strings.Repeat(part, n))
	if err != nil {
		t.Fatal(err)
	}
	text, err := tok.Decode(nil, got...)
	if err != nil || string(text) != strings.Repeat(part, n) {
		t.Error("the text does not come back")
	}
	period := len(got) / n
	if len(got) != period*n || !slices.Equal(got[len(got)-len(once)/2:], once[len(once)/2:]) {
		t.Errorf("%d ids for %d parts; of two parts %v", len(got), n, once)
	}
	for i := 2 * period; i < len(got); i++ {
		if got[i] != got[i-period] {
			t.Fatalf("id %d is %d, one part before it was %d", i, got[i], got[i-period])
		}
	}
}
