// Package hf reads the test data of package lemma: what HF tokenizers gave.
// Only tests import it.
package hf

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"slices"
	"testing"

	"github.com/semamap/semamap/lemma"
)

// A Vector is one line: an input and its tokens.
type Vector struct {
	Input  string   `json:"input"`
	IDs    []int32  `json:"ids"`
	Tokens []string `json:"tokens"` // not always there
}

// Open opens a gzip file; the test closes it.
func Open(t testing.TB, path string) io.Reader {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// Lines decodes every JSON value of a gzip file.
func Lines[T any](t testing.TB, path string) []T {
	t.Helper()
	var all []T
	d := json.NewDecoder(Open(t, path))
	for {
		var v T
		if err := d.Decode(&v); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatalf("%s: value %d: %v", path, len(all), err)
		}
		all = append(all, v)
	}
}

// Check compares the tokenizer with the vectors.
func Check(t *testing.T, tok lemma.Tokenizer, all []Vector) {
	t.Helper()
	if len(all) == 0 {
		t.Error("no vectors")
	}
	bad := 0
	var ids []int32
	for _, v := range all {
		var err error
		ids, err = tok.Encode(ids[:0], v.Input)
		if err != nil || !slices.Equal(ids, v.IDs) {
			if bad++; bad > 10 {
				t.Error("and more")
				return
			}
			t.Errorf("%.80q: got %v, %v; want %v", v.Input, ids, err, v.IDs)
			continue
		}
		for i, want := range v.Tokens {
			if got := tok.Token(ids[i]); got != want {
				t.Errorf("%.80q: token %d is %q, want %q", v.Input, i, got, want)
			}
		}
	}
}
