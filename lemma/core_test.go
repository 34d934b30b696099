package lemma

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// Where tiktoken's rule gives the merges, tiktoken-go is the core.
func TestCore(t *testing.T) {
	for style, want := range map[string]bool{
		"gpt2": true, "prefix": true, "neox": true, "qwen2": true, "gpt4": true,
		"opt":      false, // ids in another order than the merges
		"llama3":   false, // several merges a token
		"shuffled": false,
	} {
		tok, err := New(readSpec(t, style))
		if err != nil {
			t.Fatal(err)
		}
		if got := tok.HasCore(); got != want {
			t.Errorf("%s: core of tiktoken-go: %t, want %t", style, got, want)
		}
		tok, err = New(readSpec(t, style), WithOwnMerge())
		if err != nil || tok.HasCore() {
			t.Errorf("%s: WithOwnMerge has a core (%v)", style, err)
		}
	}
}

// spec makes a tokenizer of all bytes and the given tokens, each made of the
// two that it is written as; one without a part is made by no merge.
func spec(tokens ...string) Spec {
	var s Spec
	ids := map[string]int32{}
	add := func(tok string) {
		ids[tok] = int32(len(s.Tokens))
		s.Tokens = append(s.Tokens, tok)
	}
	for b := range 256 {
		add(ByteLevel(string([]byte{byte(b)})))
	}
	for _, tok := range tokens {
		left, right, merged := strings.Cut(tok, "+")
		add(left + right)
		if merged {
			s.Merges = append(s.Merges, Merge{ids[left], ids[right], ids[left+right]})
		}
	}
	return s
}

// The smallest vocabularies that tell the two rules apart.
func TestCoreRule(t *testing.T) {
	for _, c := range []struct {
		name string
		spec Spec
		core bool
		text string
	}{
		{"no merges", spec(), true, "abc"},
		{"merges", spec("a+b", "ab+c", "c+d"), true, "abcd"},
		// Merging "abc" gives "ab c", which tiktoken would join.
		{"unreachable", spec("a+b", "b+c", "a+bc"), false, "abc"},
		// A core that knew "abc" would join "ab" and "c".
		{"token without a merge", spec("a+b", "abc"), true, "abc"},
	} {
		tok, err := New(c.spec, WithCache(0))
		if err != nil {
			t.Fatal(err)
		}
		if got := tok.HasCore(); got != c.core {
			t.Errorf("%s: core %t, want %t", c.name, got, c.core)
		}
		got, err := tok.Encode(nil, c.text)
		if want := newReference(c.spec).merge(c.text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v; want %v", c.name, got, err, want)
		}
	}
}

// With vocabularies that no training would give the core, where there is one,
// merges as this package does.
func TestCoreRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	cores := 0
	for range 400 {
		// Merges in the order of their ids, of few letters, and not many, so
		// that for part of the vocabularies all tokens can be reached.
		s := spec()
		seen := map[string]bool{}
		pool := []int32{'a', 'b', 'c'} // a byte is its id
		for range 2 + r.IntN(12) {
			m := Merge{pool[r.IntN(len(pool))], pool[r.IntN(len(pool))], int32(len(s.Tokens))}
			tok := s.Tokens[m.Left] + s.Tokens[m.Right]
			if !seen[tok] {
				seen[tok] = true
				s.Tokens, s.Merges, pool = append(s.Tokens, tok), append(s.Merges, m), append(pool, m.ID)
			}
		}
		tok, err := New(s)
		if err != nil {
			t.Fatal(err)
		}
		core := tok.core()
		if core == nil {
			continue
		}
		cores++
		for range 50 {
			b := make([]byte, 1+r.IntN(shortPiece))
			for i := range b {
				b[i] = 'a' + byte(r.IntN(3))
			}
			var got []int32
			for _, id := range core.EncodeOrdinary(string(b)) {
				got = append(got, int32(id))
			}
			if want := tok.mergeHeap(nil, string(b)); !slices.Equal(got, want) {
				t.Fatalf("%q with merges %v: tiktoken-go %v, want %v", b, s.Merges, got, want)
			}
		}
	}
	if cores < 20 || cores > 380 {
		t.Errorf("%d of 400 vocabularies have a core: too few of a kind", cores)
	}
}
