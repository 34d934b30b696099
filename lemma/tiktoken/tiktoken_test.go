package tiktoken_test

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/pkoukk/tiktoken-go"

	"github.com/semamap/semamap/internal/golden"
	"github.com/semamap/semamap/lemma"
	"github.com/semamap/semamap/lemma/internal/hf"
	"github.com/semamap/semamap/lemma/neox"
	lemmatiktoken "github.com/semamap/semamap/lemma/tiktoken"
)

// encoding makes an encoding of tiktoken-go.
func encoding(t testing.TB, ranks, special map[string]int, pattern string) *tiktoken.Tiktoken {
	t.Helper()
	core, err := tiktoken.NewCoreBPE(ranks, special, pattern)
	if err != nil {
		t.Fatal(err)
	}
	return tiktoken.NewTiktoken(core, &tiktoken.Encoding{PatStr: pattern, MergeableRanks: ranks}, nil)
}

// gpt2Pattern is that of GPT-2 and GPT-NeoX.
const gpt2Pattern = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`

// The vocabulary of GPT-NeoX by tiktoken-go gives the ids of lemma/neox for
// names of WordNet, which need neither normalization nor runs of spaces.
func TestNeoX(t *testing.T) {
	want, err := neox.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	const merged = 50254 // ids before the runs of spaces
	ranks := map[string]int{}
	for id := int32(2); id < merged; id++ {
		b, err := want.Decode(nil, id)
		if err != nil {
			t.Fatal(err)
		}
		ranks[string(b)] = int(id)
	}
	got := lemmatiktoken.New(encoding(t, ranks, map[string]int{"<|endoftext|>": 0, "<|far|>": 60000}, gpt2Pattern))
	if got.Len() != 60001 {
		t.Errorf("%d ids", got.Len())
	}
	for id := int32(2); id < merged; id++ {
		if g, w := got.Token(id), want.Token(id); g != w {
			t.Errorf("token %d is %q, want %q", id, g, w)
		}
	}
	if a, b := got.Token(0), got.Token(1); a != "<|endoftext|>" || b != "" {
		t.Errorf("tokens 0 and 1 are %q, %q", a, b)
	}
	names := hf.Lines[hf.Vector](t, golden.Shared(t, "golden/lemma/hf_lemmas.jsonl.gz"))
	if testing.Short() {
		names = names[:5000]
	}
	var wg sync.WaitGroup
	for part := range slices.Chunk(names, len(names)/2+1) {
		wg.Go(func() { hf.Check(t, got, part) })
	}
	wg.Wait()
}

func TestErrors(t *testing.T) {
	tok := lemmatiktoken.New(encoding(t, map[string]int{"a": 0, "b": 1, "ab": 2, " ": 5}, map[string]int{}, `[^c]+`))
	for s, want := range map[string]error{"aab b": nil, "": nil, "a\xff": lemma.ErrText, "abz": lemma.ErrUnsupported, "acb": lemma.ErrUnsupported} {
		ids, err := tok.Encode([]int32{9}, s)
		if !errors.Is(err, want) || ids[0] != 9 || err != nil && len(ids) != 1 {
			t.Errorf("%q: %v, %v; want %v", s, ids, err, want)
		}
		if text, err2 := tok.Decode(nil, ids[1:]...); err == nil && (err2 != nil || string(text) != s) {
			t.Errorf("%q became %q, %v", s, text, err2)
		}
	}
	for _, id := range []int32{-1, 3, 1 << 30} {
		if b, err := tok.Decode([]byte("x"), 1, id); !errors.Is(err, lemma.ErrToken) || string(b) != "x" || tok.Token(id) != "" {
			t.Errorf("id %d: %q, %v", id, b, err)
		}
	}
	if tok.Len() != 6 || tok.Token(5) != "Ġ" {
		t.Errorf("%d ids, token 5 is %q", tok.Len(), tok.Token(5))
	}
}
