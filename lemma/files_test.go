package lemma_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/semamap/semamap/lemma"
	"github.com/semamap/semamap/lemma/internal/hf"
)

// vocabFiles returns the vocabulary and the merges of a style as files.
func vocabFiles(t testing.TB, style string) (vocab, merges string) {
	t.Helper()
	var d struct {
		Model struct {
			Vocab  map[string]int32
			Merges []string
		}
	}
	if err := json.NewDecoder(hf.Open(t, "testdata/"+style+".json.gz")).Decode(&d); err != nil {
		t.Fatal(err)
	}
	if style == "gpt2" { // GPT-2's has it in the vocabulary
		d.Model.Vocab["<|endoftext|>"] = int32(len(d.Model.Vocab))
	}
	text, err := json.Marshal(d.Model.Vocab)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), "#version: 0.2\n" + strings.Join(d.Model.Merges, "\n") + "\n"
}

// The files of GPT-2's kind give the ids of its tokenizer.json.
func TestLoadVocab(t *testing.T) {
	for style, set := range map[string]*lemma.Settings{
		"gpt2": nil,
		"opt":  {Special: map[string]int32{"</s>": 2, "<pad>": 1}},
	} {
		all := hf.Lines[hf.Vector](t, "testdata/"+style+".jsonl.gz")
		vocab, merges := vocabFiles(t, style)
		for name, m := range map[string]string{
			"as it is":    merges,
			"CRLF":        strings.ReplaceAll(merges, "\n", "\r\n"),
			"no version":  strings.TrimPrefix(merges, "#version: 0.2\n"),
			"end":         strings.TrimSuffix(merges, "\n"),
			"blank lines": merges + "\n\r\n",
		} {
			tok, err := lemma.LoadVocab(strings.NewReader(vocab), strings.NewReader(m), set)
			if err != nil {
				t.Errorf("%s, %s: %v", style, name, err)
				continue
			}
			hf.Check(t, tok, all)
		}
	}
	// Without special tokens their text is text.
	vocab, merges := vocabFiles(t, "gpt2")
	tok, err := lemma.LoadVocab(strings.NewReader(vocab), strings.NewReader(merges), &lemma.Settings{Special: map[string]int32{}})
	if err != nil {
		t.Fatal(err)
	}
	if ids, err := tok.Encode(nil, "<|endoftext|>"); err != nil || len(ids) < 2 {
		t.Error(ids, err)
	}
}

func TestLoadVocabErrors(t *testing.T) {
	vocab, merges := vocabFiles(t, "gpt2")
	lines := strings.Split(merges, "\n")
	for _, c := range []struct {
		vocab, merges string
		set           *lemma.Settings
		is            error
		want          string
	}{
		{"[]", merges, nil, lemma.ErrFormat, "vocab.json"},
		{"null", merges, nil, lemma.ErrFormat, "vocab.json"},
		{`{"a": "b"}`, merges, nil, lemma.ErrFormat, "vocab.json"},
		{`{"a": `, merges, nil, lemma.ErrFormat, "offset 6"},
		{`{"a": -1}`, merges, nil, lemma.ErrUnsupported, "vocab.json"},
		{`{"a": 1, "b": 1}`, merges, nil, lemma.ErrUnsupported, "vocab.json"},
		{string(edited(t, "gpt2", func(dict) {})), merges, nil, lemma.ErrUnsupported, "this is a tokenizer.json; give it to LoadJSON"},
		{vocab, lines[0] + "\n" + lines[1] + "\nab\n", nil, lemma.ErrFormat, "merges.txt: line 3"},
		{vocab, "a b c\n", nil, lemma.ErrFormat, "merges.txt: line 1"},
		{vocab, "a \u8a9e\n", nil, lemma.ErrFormat, "merges.txt: line 1"},
		{vocab, lines[1] + "\n\n" + lines[2] + "\n", nil, lemma.ErrFormat, "merges.txt: line 2: empty"},
		{vocab, "a \xff\n", nil, lemma.ErrFormat, "merges.txt: offset 2"},
		{vocab, merges, &lemma.Settings{Pattern: "(a"}, lemma.ErrUnsupported, "Settings.Pattern"},
		{vocab, merges, &lemma.Settings{Special: map[string]int32{"a": 5}}, lemma.ErrSettings, `"a"`},
		{vocab, merges, &lemma.Settings{Special: map[string]int32{"<x>": 5}}, lemma.ErrSettings, `"<x>"`},
		{vocab, merges, &lemma.Settings{Special: map[string]int32{"": 5000}}, lemma.ErrSettings, `""`},
		{vocab, merges, &lemma.Settings{Special: map[string]int32{"<x>": -1}}, lemma.ErrSettings, `"<x>"`},
		{vocab, merges, &lemma.Settings{Special: map[string]int32{"<x>": 1 << 30}}, lemma.ErrSettings, `"<x>"`},
	} {
		_, err := lemma.LoadVocab(strings.NewReader(c.vocab), strings.NewReader(c.merges), c.set)
		if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40s, %.20q: %v", c.vocab, c.merges, err)
		}
	}
}

func tiktokenFile(t testing.TB) string {
	t.Helper()
	text, err := io.ReadAll(hf.Open(t, "testdata/small.tiktoken.gz"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The ids of tiktoken for hard text, with the patterns and the special tokens of
// its encodings.
func TestLoadTiktoken(t *testing.T) {
	text := tiktokenFile(t)
	byName := map[string][]hf.Vector{}
	for _, v := range hf.Lines[struct {
		Encoding string
		hf.Vector
	}](t, "testdata/tiktoken.jsonl.gz") {
		byName[v.Encoding] = append(byName[v.Encoding], v.Vector)
	}
	if len(byName) != 7 {
		t.Errorf("%d encodings", len(byName))
	}
	for name, all := range byName {
		for _, text := range []string{text, strings.ReplaceAll(text, "\n", "\r\n"), text + "\n\n"} {
			tok, err := lemma.LoadTiktoken(strings.NewReader(text), name, &lemma.Settings{CacheSize: 100})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			hf.Check(t, tok, all)
			for _, v := range all {
				if b, err := tok.Decode(nil, v.IDs...); err != nil || string(b) != v.Input {
					t.Fatalf("%s: %q became %q, %v", name, v.Input, b, err)
				}
			}
		}
	}
	// A pattern and special tokens of one's own.
	tok, err := lemma.LoadTiktoken(strings.NewReader(text), "", &lemma.Settings{Pattern: `\p{L}+|[^\p{L}]`, Special: map[string]int32{"<s>": 5000}})
	if err != nil {
		t.Fatal(err)
	}
	ids, err := tok.Encode(nil, "a b<s>")
	if want := []int32{64, 220, 65, 5000}; err != nil || !slices.Equal(ids, want) || tok.Len() != 5001 {
		t.Errorf("%v, %v, %d ids; want %v", ids, err, tok.Len(), want)
	}
	if s, err := lemma.Text(tok, ids); err != nil || s != "a b" {
		t.Errorf("%q, %v", s, err)
	}
}

func TestLoadTiktokenErrors(t *testing.T) {
	text := tiktokenFile(t)
	for _, c := range []struct {
		text, encoding string
		set            *lemma.Settings
		is             error
		want           string
	}{
		{text, "", nil, lemma.ErrSettings, "Settings.Pattern"},
		{text, "cl100k", nil, lemma.ErrSettings, "cl100k_base"},
		{text, "", &lemma.Settings{Pattern: `\K`}, lemma.ErrUnsupported, `\K`},
		{text, "gpt2", &lemma.Settings{Special: map[string]int32{"<x>": 3}}, lemma.ErrSettings, `"<x>"`},
		{"", "gpt2", nil, lemma.ErrUnsupported, "byte 0x00"},
		{"YQ== 0\nYg==\n", "gpt2", nil, lemma.ErrFormat, "line 2"},
		{"YQ== 0\n\nYg== 1 2\n", "gpt2", nil, lemma.ErrFormat, "line 3"},
		{"Y! 0\n", "gpt2", nil, lemma.ErrFormat, "line 1"},
		{"YQ== x\n", "gpt2", nil, lemma.ErrFormat, "line 1: the rank"},
		{"YQ== -1\n", "gpt2", nil, lemma.ErrFormat, "line 1: the rank"},
		{"YQ== 1000000\n", "gpt2", nil, lemma.ErrFormat, "line 1: the rank"},
		{"YQ== 0\nYQ== 1\n", "gpt2", nil, lemma.ErrFormat, "as in line 1"},
		{"YQ== 0\nYg== 0\n", "gpt2", nil, lemma.ErrFormat, "the rank 0 of line 1"},
		{strings.Repeat("YWFh", 400) + " 0\n", "gpt2", nil, lemma.ErrFormat, "1200 bytes"},
		{`{"model": {}}`, "gpt2", nil, lemma.ErrFormat, "line 1"},
	} {
		_, err := lemma.LoadTiktoken(strings.NewReader(c.text), c.encoding, c.set)
		if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40s, %s: %v", c.text, c.encoding, err)
		}
	}
}

// withAdded returns a tokenizer of the style gpt2 with other added tokens.
func withAdded(t testing.TB, normalizer any, tokens ...dict) lemma.Tokenizer {
	t.Helper()
	all := []any{}
	for _, a := range tokens {
		all = append(all, a)
	}
	tok, err := lemma.LoadJSON(bytes.NewReader(edited(t, "gpt2", func(d dict) { d["added_tokens"], d["normalizer"] = all, normalizer })), nil)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// An added token that is the token of a byte as well, or whose text looks like
// tokens, leaves other text whole. "é" is how GPT-2 writes the byte 0xE9.
func TestDecodeAdded(t *testing.T) {
	tok := withAdded(t, nil, dict{"content": "é"}, dict{"content": "Ġthing"}, dict{"content": "è", "special": true}, dict{"content": "a"})
	for _, s := range []string{
		"é", "語", "é語é", "語é", "ééé", "éa", "鈴\u9234é", "è", "Ġthing thing", " thing", "語è", "\u00e9\u00e8\u8a9e\u8a00", "a", "\u7d7a é",
	} {
		ids, err := tok.Encode(nil, s)
		if err != nil {
			t.Fatal(err)
		}
		b, err := tok.Decode([]byte("x"), ids...)
		if err != nil || string(b) != "x"+s {
			t.Errorf("%q became %q, %v", s, b, err)
		}
	}
}

func TestText(t *testing.T) {
	tok := withAdded(t, nil, dict{"content": "<s>", "special": true}, dict{"content": "<x>"}, dict{"content": "<mask>", "special": true, "lstrip": true})
	ids, err := tok.Encode(nil, "<s>hot <mask><x>dog語<s>")
	if err != nil {
		t.Fatal(err)
	}
	all := slices.Clone(ids)
	if s, err := lemma.Text(tok, ids); err != nil || s != "hot<x>dog語" {
		t.Errorf("%q, %v", s, err)
	}
	if !slices.Equal(ids, all) {
		t.Error("the ids were changed")
	}
	if s, err := lemma.Text(tok, []int32{ids[0], 164}); err != nil || s != "\ufffd" { // one byte of a character
		t.Errorf("%q, %v", s, err)
	}
	if _, err := lemma.Text(tok, []int32{1 << 19}); !errors.Is(err, lemma.ErrToken) {
		t.Error(err)
	}
}

// plainTokenizer hides what a tokenizer can do besides.
type plainTokenizer struct{ lemma.Tokenizer }

// Each token stands for its bytes in the text; changed text for all of it.
func TestOffsets(t *testing.T) {
	tok := load(t, "gpt2", nil)
	for _, v := range hf.Lines[hf.Vector](t, "testdata/gpt2.jsonl.gz") {
		s := v.Input
		for _, tok := range []lemma.Tokenizer{tok, plainTokenizer{tok}} {
			ids, at, err := lemma.Offsets(tok, s)
			if err != nil || !slices.Equal(ids, v.IDs) || len(at) != len(ids) {
				t.Fatalf("%q: %v, %v, %v", s, ids, at, err)
			}
			end := 0
			for i, a := range at {
				b, err := tok.Decode(nil, ids[i])
				if err != nil || a[0] != end || s[a[0]:a[1]] != string(b) {
					t.Fatalf("%q: token %d, %q, is at %v (%v)", s, i, b, a, err)
				}
				end = a[1]
			}
			if end != len(s) {
				t.Fatalf("%q: the tokens end at %d", s, end)
			}
		}
	}
	if _, _, err := lemma.Offsets(tok, "a\xff"); !errors.Is(err, lemma.ErrText) {
		t.Error(err)
	}
	if _, _, err := lemma.Offsets(plainTokenizer{withAdded(t, dict{"type": "NFKC"})}, "ﬁ"); !errors.Is(err, lemma.ErrUnsupported) {
		t.Error(err)
	}
	for _, c := range []struct {
		normalizer string
		text       string
		want       string // the parts that the tokens stand for
	}{
		{"NFC", "xe\u0301x", "x|e\u0301|e\u0301|x"},
		{"NFC", "x\u00e9x", "x|\xc3|\xa9|x"},
		{"NFC", "\u1100\u1161\u1100", "\u1100\u1161|\u1100\u1161|\u1100\u1161|\u1100"},
		{"NFD", "x\u00e9x\u00e9", "x|\u00e9|\u00e9|x|\u00e9|\u00e9"},
		{"NFD", "\u00e9\u00e8", "\u00e9|\u00e9|\u00e8|\u00e8|\u00e8"},
		{"NFKC", "x\ufb01x", "x|\ufb01|\ufb01|x"},
		{"NFKC", "\ufb01  <s> \ufb01", "\ufb01|\ufb01|  <s>| \ufb01|\ufb01"},
	} {
		tok := withAdded(t, dict{"type": c.normalizer}, dict{"content": "<s>", "lstrip": true, "normalized": false})
		_, at, err := lemma.Offsets(tok, c.text)
		var got []string
		for _, a := range at {
			got = append(got, c.text[a[0]:a[1]])
		}
		if strings.Join(got, "|") != c.want || err != nil {
			t.Errorf("%s %q: %q, %v; want %q", c.normalizer, c.text, got, err, c.want)
		}
	}
}

func FuzzLoadVocab(f *testing.F) {
	var few []string // the tokens of bytes, and one more
	vocab, _ := vocabFiles(f, "gpt2")
	var ids map[string]int32
	if err := json.Unmarshal([]byte(vocab), &ids); err != nil {
		f.Fatal(err)
	}
	for tok, id := range ids {
		if utf8.RuneCountInString(tok) == 1 || tok == "he" {
			few = append(few, fmt.Sprintf("%q:%d", tok, id))
		}
	}
	slices.Sort(few)
	small := "{" + strings.Join(few, ",") + "}"
	f.Add(small, "h e\n", "")
	f.Add(small, "h e\n\n", `\w+|\W`)
	f.Add(`{"a": 0}`, "#version\r\na a", "[a-z&&[^b]]++")
	f.Fuzz(func(t *testing.T, vocab, merges, pattern string) {
		tok, err := lemma.LoadVocab(strings.NewReader(vocab), strings.NewReader(merges), &lemma.Settings{Pattern: pattern})
		checkLoaded(t, tok, err)
	})
}

func FuzzLoadTiktoken(f *testing.F) {
	text := tiktokenFile(f)
	f.Add(text, "cl100k_base", "")
	f.Add("YQ== 0\nYg== 1\n", "", `a*?|(?i:b)`)
	f.Fuzz(func(t *testing.T, text, encoding, pattern string) {
		tok, err := lemma.LoadTiktoken(strings.NewReader(text), encoding, &lemma.Settings{Pattern: pattern})
		checkLoaded(t, tok, err)
	})
}

// checkLoaded checks what a loader returned for arbitrary input.
func checkLoaded(t *testing.T, tok lemma.Tokenizer, err error) {
	t.Helper()
	if err != nil {
		for _, is := range []error{lemma.ErrFormat, lemma.ErrUnsupported, lemma.ErrSettings} {
			if errors.Is(err, is) {
				return
			}
		}
		t.Fatalf("%T: %v", err, err)
	}
	s := "<|endoftext|> hot  dog's 語e\u0301\n12"
	ids, at, err := lemma.Offsets(tok, s)
	if err != nil {
		if !errors.Is(err, lemma.ErrText) { // a pattern that takes too long
			t.Fatal(err)
		}
		return
	}
	for i, a := range at {
		if a[0] > a[1] || a[0] < 0 || a[1] > len(s) {
			t.Fatalf("token %d is at %v", i, a)
		}
	}
	if s, err := lemma.Text(tok, ids); err != nil || !utf8.ValidString(s) {
		t.Fatal(fmt.Sprintf("%q", s), err)
	}
}
