package lemma_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/semamap/semamap/lemma"
	"github.com/semamap/semamap/lemma/internal/hf"
)

// A variant is a line of variants.jsonl.gz: a file, or a text with its tokens.
type variant struct {
	File, Base string
	Change     dict
	Text       string
	IDs        []int32
	At         [][2]int
}

// changeFile returns the file with some fields set; those of the model one by
// one. A field "-" lists fields that are gone.
func changeFile(t testing.TB, base []byte, change dict) []byte {
	t.Helper()
	var d dict
	if err := json.Unmarshal(base, &d); err != nil {
		t.Fatal(err)
	}
	for k, v := range change {
		m, isModel := v.(dict)
		switch {
		case k == "drop":
			dropTokens(model(d), v.(string))
		case k == "-":
			for _, gone := range v.([]any) {
				delete(d, gone.(string))
			}
		case k == "model" && isModel:
			maps.Copy(model(d), m)
		default:
			d[k] = v
		}
	}
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// dropTokens removes the tokens and merges that have one of the characters, and
// numbers the other tokens anew.
func dropTokens(m dict, chars string) {
	v := m["vocab"].(dict)
	maps.DeleteFunc(v, func(tok string, _ any) bool { return strings.ContainsAny(tok, chars) })
	for id, tok := range slices.SortedFunc(maps.Keys(v), func(a, b string) int { return cmp.Compare(v[a].(float64), v[b].(float64)) }) {
		v[tok] = id
	}
	m["merges"] = slices.DeleteFunc(list(m, "merges"), func(pair any) bool {
		text, ok := pair.(string)
		if !ok {
			text = pair.([]any)[0].(string) + pair.([]any)[1].(string)
		}
		return strings.ContainsAny(text, chars)
	})
}

// The ids and offsets of HF tokenizers for files in the ways of many models,
// and for random ones.
func TestVariants(t *testing.T) {
	bases := map[string][]byte{}
	for _, style := range []string{"gpt2", "llama3"} {
		bases[style] = edited(t, style, func(dict) {})
	}
	path := "testdata/variants.jsonl.gz"
	if p := os.Getenv("LEMMA_VARIANTS"); p != "" {
		path = p
	}
	var tok lemma.Tokenizer
	var now variant
	normalized, bad, files, texts := false, 0, 0, 0 // or characters have no token, and HF's offsets are shifted
	for _, v := range hf.Lines[variant](t, path) {
		if v.Change != nil {
			var err error
			if tok, err = lemma.LoadJSON(bytes.NewReader(changeFile(t, bases[v.Base], v.Change)), &lemma.Settings{CacheSize: 256}); err != nil {
				t.Errorf("%s: %v", v.File, err)
			}
			now, normalized = v, v.Change["normalizer"] != nil || v.Change["drop"] != nil
			files++
			continue
		}
		if tok == nil {
			continue
		}
		texts++
		ids, at, err := lemma.Offsets(tok, v.Text)
		if plain, err2 := tok.Encode(nil, v.Text); err2 != nil || !slices.Equal(plain, ids) {
			t.Errorf("%s: %q: Encode %v, %v; Offsets %v, %v", v.File, v.Text, plain, err2, ids, err)
		}
		if err == nil && slices.Equal(ids, v.IDs) && (normalized || sameOffsets(v.Text, at, v.At)) {
			continue
		}
		if bad++; bad <= 10 {
			change, _ := json.Marshal(now.Change)
			t.Errorf("%s: %q:\n got %v, %v, %v\nwant %v, %v\n%s", v.File, v.Text, ids, widened(v.Text, at), err, v.IDs, v.At, change)
		}
	}
	if bad > 0 || files < 50 || texts < 2000 {
		t.Errorf("%d of %d texts of %d files", bad, texts, files)
	}
}

// sameOffsets compares offsets with HF's. For HF a space that was put in front
// of the text is its first character.
func sameOffsets(s string, got, want [][2]int) bool {
	return slices.EqualFunc(widened(s, got), want, func(a, b [2]int) bool { return a == b || a == [2]int{b[0], b[0]} })
}

// widened makes offsets reach whole characters, as HF's do.
func widened(s string, at [][2]int) [][2]int {
	var out [][2]int
	for _, a := range at {
		for a[0] < len(s) && a[0] > 0 && !utf8.RuneStart(s[a[0]]) {
			a[0]--
		}
		for a[1] < len(s) && !utf8.RuneStart(s[a[1]]) {
			a[1]++
		}
		out = append(out, a)
	}
	return out
}

// The official file of GPT-2, which has no model.type, and variants of it with
// the ids of HF tokenizers 0.23.3. Large test data.
func TestOutside(t *testing.T) {
	const dir = "../../shared/golden/outside/lemma/"
	if _, err := os.Stat(dir + "gpt2_untyped.json.gz"); err != nil {
		t.Skip(err)
	}
	base, err := io.ReadAll(hf.Open(t, dir+"gpt2_untyped.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	var parts struct {
		Model struct {
			Vocab  json.RawMessage
			Merges []string
		}
	}
	if err := json.Unmarshal(base, &parts); err != nil {
		t.Fatal(err)
	}
	two, err := lemma.LoadVocab(bytes.NewReader(parts.Model.Vocab), strings.NewReader(strings.Join(parts.Model.Merges, "\n")), nil)
	if err != nil {
		t.Fatal(err)
	}
	var tok lemma.Tokenizer
	bad, files := 0, map[string]bool{}
	for _, v := range hf.Lines[variant](t, dir+"hf_variants.jsonl.gz") {
		if v.Change != nil {
			if tok, err = lemma.LoadJSON(bytes.NewReader(changeFile(t, base, v.Change)), nil); err != nil {
				t.Fatalf("%s: %v", v.File, err)
			}
			continue
		}
		files[v.File] = true
		ids, err := tok.Encode(nil, v.Text)
		if err != nil || !slices.Equal(ids, v.IDs) {
			if bad++; bad <= 10 {
				t.Errorf("%s: %q: got %v, %v; want %v", v.File, v.Text, ids, err, v.IDs)
			}
		}
		if v.File == "gpt2_typed" {
			if ids, err := two.Encode(nil, v.Text); err != nil || !slices.Equal(ids, v.IDs) {
				t.Errorf("vocab.json and merges.txt: %q: got %v, %v; want %v", v.Text, ids, err, v.IDs)
			}
			if back, err := tok.Decode(nil, ids...); err != nil || string(back) != v.Text {
				t.Errorf("%q became %q, %v", v.Text, back, err)
			}
		}
	}
	if bad > 0 || len(files) < 12 {
		t.Errorf("%d texts of %d files", bad, len(files))
	}
}
