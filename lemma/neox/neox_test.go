package neox_test

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/semamap/semamap/internal/golden"
	"github.com/semamap/semamap/lemma"
	"github.com/semamap/semamap/lemma/neox"
)

// A vector is one line of a golden file: what HF tokenizers gave.
type vector struct {
	Input  string   `json:"input"`
	IDs    []int32  `json:"ids"`
	Tokens []string `json:"tokens"`
}

func vectors(t testing.TB, path string) []vector {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	for d := json.NewDecoder(bufio.NewReader(z)); d.More(); {
		var v vector
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

func check(t *testing.T, tok *lemma.BPE, all []vector) {
	t.Helper()
	bad := 0
	for _, v := range all {
		ids, err := tok.Encode(nil, v.Input)
		if err != nil {
			t.Errorf("%.60q: %v", v.Input, err)
		} else if !slices.Equal(ids, v.IDs) {
			t.Errorf("%.60q: got %v, want %v", v.Input, ids, v.IDs)
			bad++
		}
		for i, id := range ids {
			if v.Tokens != nil && i < len(v.Tokens) && tok.Token(id) != v.Tokens[i] {
				t.Errorf("%.60q: token %d is %q, want %q", v.Input, i, tok.Token(id), v.Tokens[i])
			}
		}
		if bad > 20 {
			t.Fatal("too many")
		}
	}
}

func TestGolden(t *testing.T) {
	for _, name := range []string{"hf_vectors", "hf_lemmas"} {
		t.Run(name, func(t *testing.T) {
			all := vectors(t, golden.Shared(t, "golden/lemma/"+name+".jsonl.gz"))
			for _, entries := range []int{1 << 17, 4, 0} {
				tok, err := neox.New(lemma.WithCache(entries))
				if err != nil {
					t.Fatal(err)
				}
				check(t, tok, all)
				check(t, tok, all) // warm
			}
			tok, err := neox.New()
			if err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() { check(t, tok, all) })
			}
			wg.Wait()
		})
	}
}

func TestData(t *testing.T) {
	tok, err := neox.New()
	if err != nil {
		t.Fatal(err)
	}
	if tok.Len() != 50277 {
		t.Errorf("%d ids, want 50277", tok.Len())
	}
	h := sha256.New()
	longest, invalid := 0, 0
	var buf []byte
	for id := range int32(tok.Len()) {
		buf, err = tok.Decode(buf[:0], id)
		if err != nil {
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
