package neox_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/semamap/semamap/internal/golden"
	"github.com/semamap/semamap/lemma"
	"github.com/semamap/semamap/lemma/internal/hf"
	"github.com/semamap/semamap/lemma/neox"
)

func newTok(t testing.TB, opts ...lemma.Option) *lemma.BPE {
	t.Helper()
	tok, err := neox.New(opts...)
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
			for _, entries := range []int{1 << 17, 4, 0} {
				tok := newTok(t, lemma.WithCache(entries))
				hf.Check(t, tok, all)
				hf.Check(t, tok, all) // warm
			}
			tok := newTok(t)
			hf.Check(t, newTok(t, lemma.WithCache(0), lemma.WithCore(tiktokenCore(t, `[\s\S]+`))), all[:min(len(all), 5000)])
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
	tok := newTok(t)
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
		if quick() && lo >= 0x20000 && lo%0x10000 != 0 {
			continue // other planes hold few characters, and no two of their kinds
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

func quick() bool { return testing.Short() || raceDetector }

func TestData(t *testing.T) {
	tok := newTok(t)
	if tok.Len() != 50277 {
		t.Errorf("%d ids, want 50277", tok.Len())
	}
	h := sha256.New()
	longest, invalid := 0, 0
	var buf []byte
	for id := range int32(tok.Len()) {
		var err error
		if buf, err = tok.Decode(buf[:0], id); err != nil {
			t.Fatal(err)
		}
		if id < 50254 {
			longest = max(longest, len(buf))
			if !strings.Contains(string(buf), "\ufffd") && strings.ToValidUTF8(string(buf), "\ufffd") != string(buf) {
				invalid++
			}
		}
		fmt.Fprintf(h, "%d %q\n", id, buf)
	}
	if longest != 512 || invalid != 484 {
		t.Errorf("longest token %d bytes, %d not UTF-8; want 512, 484", longest, invalid)
	}
	t.Logf("%x", h.Sum(nil))
}
