package bpe

import (
	"compress/gzip"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pkoukk/tiktoken-go"
)

// The pieces of hard text have the same ids by tiktoken-go where its rule gives
// the merges of the model.
func TestOracle(t *testing.T) {
	for style, want := range map[string]bool{
		"gpt2": true, "prefix": true, "neox": true, "qwen2": true, "gpt4": true,
		"opt":      false, // ids in another order than the merges
		"llama3":   false, // several merges a token
		"shuffled": false,
	} {
		s := readSpec(t, style)
		tok, err := New(s, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		core := oracle(t, tok)
		if got := core != nil; got != want {
			t.Errorf("%s: tiktoken's rule holds: %t, want %t", style, got, want)
		}
		if core == nil {
			continue
		}
		pieces := 0
		for _, text := range inputs(t, style) {
			for i := 0; i < len(text); {
				j := s.rule().next(text, i)
				piece := text[i:j]
				i = j
				if len(piece) > shortPiece {
					continue // tiktoken-go takes quadratic time
				}
				pieces++
				if got, want := tok.merge(nil, piece), encode(core, piece); !slices.Equal(got, want) {
					t.Fatalf("%s: %q: %v, by tiktoken-go %v", style, piece, got, want)
				}
			}
		}
		if pieces < 3000 {
			t.Errorf("%s: only %d pieces", style, pieces)
		}
	}
}

// inputs returns the texts of a style's test data.
func inputs(t *testing.T, style string) (all []string) {
	f, err := os.Open("../../testdata/" + style + ".jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(z); d.More(); {
		var v struct{ Input string }
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v.Input)
	}
	return all
}

func encode(core *tiktoken.Tiktoken, text string) (ids []int32) {
	for _, id := range core.EncodeOrdinary(text) {
		ids = append(ids, int32(id))
	}
	return ids
}

// oracle makes an encoding of tiktoken-go with the tokens of the model, or
// returns nil if it would not give the merges of the model.
//
// Tiktoken knows no merges. It joins those two neighbors whose joint text is
// the token of the lowest rank, here id, of equal ones the leftmost. That is
// the same as merging, for any text, if
//
//   - the ids of the products rise with the ranks of the merges, so that no
//     token is made by two merges and the order of both rules is one, and
//   - each product is the encoding, by merging, of its own text.
//
// For suppose tiktoken joins A and B to T where no merge does, and that this
// is the first time. All joins before it were merges, and those within the
// text of T went as they would have gone if that text had stood alone, since
// none crossed its ends. So merging, too, would come from the text of T to A
// and B, and could not go on to T. And a pair that has a merge is always one
// that tiktoken joins, in its turn.
//
// Tokens that no merge makes are left out. Nothing of text but whole pieces
// comes to it: its pattern takes each as one.
func oracle(tb testing.TB, t *BPE) *tiktoken.Tiktoken {
	merges := merges(&t.pairs)
	ranks := make(map[string]int, 256+len(merges))
	for b, id := range t.byteID {
		if id >= 0 {
			ranks[string([]byte{byte(b)})] = int(id)
		}
	}
	last := int32(-1)
	var text []byte
	var ids []int32
	for _, m := range merges {
		var ok bool
		if text, ok = Bytes(text[:0], t.tokens[m.ID]); !ok || m.ID <= last {
			return nil
		}
		last = m.ID
		s := string(text)
		if ids = t.merge(ids[:0], s); len(ids) != 1 || ids[0] != m.ID {
			return nil
		}
		ranks[s] = int(m.ID)
	}
	const whole = `[\s\S]+`
	core, err := tiktoken.NewCoreBPE(ranks, map[string]int{}, whole)
	if err != nil {
		tb.Fatal(err)
	}
	return tiktoken.NewTiktoken(core, &tiktoken.Encoding{PatStr: whole, MergeableRanks: ranks}, nil)
}

// merges returns the merges in use, by rank.
func merges(t *pairTable) (merges []Merge) {
	at := make([]uint64, len(t.product))
	for _, s := range t.slots {
		if s != freeSlot {
			at[s&noRank] = s>>rankBits + 1
		}
	}
	for rank, key := range at {
		if key--; key != math.MaxUint64 {
			merges = append(merges, Merge{int32(key >> idBits), int32(key & (1<<idBits - 1)), t.product[rank]})
		}
	}
	return merges
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
func TestOracleRule(t *testing.T) {
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
		tok, err := New(c.spec, -1, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := oracle(t, tok) != nil; got != c.core {
			t.Errorf("%s: tiktoken's rule holds: %t, want %t", c.name, got, c.core)
		}
		got, err := tok.Encode(nil, c.text)
		if want := newReference(c.spec).merge(c.text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v; want %v", c.name, got, err, want)
		}
	}
}

// With vocabularies that no training would give tiktoken-go, where its rule
// holds, merges as this package does.
func TestOracleRandom(t *testing.T) {
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
		tok, err := New(s, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		core := oracle(t, tok)
		if core == nil {
			continue
		}
		cores++
		for range 50 {
			b := make([]byte, 1+r.IntN(shortPiece))
			for i := range b {
				b[i] = 'a' + byte(r.IntN(3))
			}
			got := encode(core, string(b))
			if want := tok.mergeShort(nil, string(b)); !slices.Equal(got, want) {
				t.Fatalf("%q with merges %v: tiktoken-go %v, want %v", b, s.Merges, got, want)
			}
		}
	}
	if cores < 20 || cores > 380 {
		t.Errorf("%d of 400 vocabularies have a core: too few of a kind", cores)
	}
}
