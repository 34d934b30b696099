package lemma_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/semamap/semamap/lemma"
	"github.com/semamap/semamap/lemma/internal/hf"
)

var styles = []string{"gpt2", "opt", "prefix", "neox", "llama3", "qwen2", "gpt4", "shuffled"}

func load(t testing.TB, style string, set *lemma.Settings) lemma.Tokenizer {
	t.Helper()
	tok, err := lemma.LoadJSON(hf.Open(t, "testdata/"+style+".json.gz"), set)
	if err != nil {
		t.Fatalf("%s: %v", style, err)
	}
	return tok
}

// The ids of HF tokenizers for hard text, with files of several styles.
func TestStyles(t *testing.T) {
	for _, style := range styles {
		t.Run(style, func(t *testing.T) {
			all := hf.Lines[hf.Vector](t, "testdata/"+style+".jsonl.gz")
			for _, entries := range []int{1 << 10, 4, -1} {
				tok := load(t, style, &lemma.Settings{CacheSize: entries})
				hf.Check(t, tok, all)
				hf.Check(t, tok, all)
			}
			tok := load(t, style, &lemma.Settings{CacheSize: 64})
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() { hf.Check(t, tok, all) })
			}
			wg.Wait()
		})
	}
}

type dict = map[string]any

// edited returns the file of a style with the change that edit makes to it.
func edited(t testing.TB, style string, edit func(dict)) []byte {
	t.Helper()
	text, err := io.ReadAll(hf.Open(t, "testdata/"+style+".json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	var d dict
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	edit(d)
	if text, err = json.Marshal(d); err != nil {
		t.Fatal(err)
	}
	return text
}

func model(d dict) dict { return d["model"].(dict) }

func added(d dict, i int) dict { return d["added_tokens"].([]any)[i].(dict) }

func list(d dict, key string) []any { return d[key].([]any) }

// Each change asks for something that is not done, and the error names it.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		style string
		field string
		edit  func(dict)
	}{
		{"gpt2", "version", func(d dict) { d["version"] = "2.0" }},
		{"gpt2", "surprise", func(d dict) { d["surprise"] = 1 }},
		{"gpt2", "normalizer.type", func(d dict) { d["normalizer"] = dict{"type": "Nmt"} }},
		{"gpt2", "normalizer.strip", func(d dict) { d["normalizer"] = dict{"type": "NFC", "strip": true} }},
		{"gpt2", "normalizer.normalizers[1].type", func(d dict) {
			d["normalizer"] = dict{"type": "Sequence", "normalizers": []any{dict{"type": "NFC"}, dict{"type": "Lowercase"}}}
		}},
		{"gpt2", "pre_tokenizer", func(d dict) { d["pre_tokenizer"] = nil }},
		{"gpt2", "pre_tokenizer.type", func(d dict) { d["pre_tokenizer"] = dict{"type": "Whitespace"} }},
		{"gpt2", "pre_tokenizer.new", func(d dict) { d["pre_tokenizer"].(dict)["new"] = true }},
		{"llama3", "pre_tokenizer.pretokenizers", func(d dict) { d["pre_tokenizer"].(dict)["pretokenizers"] = []any{} }},
		{"llama3", "pre_tokenizer.pretokenizers[0].type", func(d dict) { list(d["pre_tokenizer"].(dict), "pretokenizers")[0].(dict)["type"] = "Metaspace" }},
		{"llama3", "pre_tokenizer.pretokenizers[0].pattern", func(d dict) {
			list(d["pre_tokenizer"].(dict), "pretokenizers")[0].(dict)["pattern"] = dict{"Regex": `(a)\1`}
		}},
		{"llama3", "pre_tokenizer.pretokenizers[0].pattern", func(d dict) {
			list(d["pre_tokenizer"].(dict), "pretokenizers")[0].(dict)["pattern"] = dict{"Other": " "}
		}},
		{"llama3", "pre_tokenizer.pretokenizers[0].behavior", func(d dict) {
			list(d["pre_tokenizer"].(dict), "pretokenizers")[0].(dict)["behavior"] = "Merged"
		}},
		{"llama3", "pre_tokenizer.pretokenizers[2].type", func(d dict) {
			p := d["pre_tokenizer"].(dict)
			p["pretokenizers"] = append(list(p, "pretokenizers"), dict{"type": "ByteLevel", "add_prefix_space": false})
		}},
		{"llama3", "pre_tokenizer.pretokenizers", func(d dict) {
			p := d["pre_tokenizer"].(dict)
			p["pretokenizers"] = list(p, "pretokenizers")[:1]
		}},
		{"gpt2", "model.type", func(d dict) { model(d)["type"] = "Unigram" }},
		{"gpt2", "model.dropout", func(d dict) { model(d)["dropout"] = 0.1 }},
		{"gpt2", "model.continuing_subword_prefix", func(d dict) { model(d)["continuing_subword_prefix"] = "##" }},
		{"gpt2", "model.end_of_word_suffix", func(d dict) { model(d)["end_of_word_suffix"] = "</w>" }},
		{"gpt2", "model.new", func(d dict) { model(d)["new"] = 1 }},
		{"gpt2", "model.vocab", func(d dict) { model(d)["vocab"].(dict)["b"] = model(d)["vocab"].(dict)["a"] }},
		{"gpt2", "model.vocab", func(d dict) { model(d)["vocab"].(dict)["zzzz"] = 2000000000 }},
		{"gpt2", "model.unk_token", func(d dict) {
			dropTokens(model(d), "z")
			model(d)["unk_token"] = "e"
		}},
		{"gpt2", "model.byte_fallback", func(d dict) {
			dropTokens(model(d), "z")
			model(d)["byte_fallback"], model(d)["vocab"].(dict)["<0x7A>"] = true, 3000
		}},
		{"gpt2", "added_tokens[0].new", func(d dict) { added(d, 0)["new"] = true }},
	} {
		_, err := lemma.LoadJSON(bytes.NewReader(edited(t, c.style, c.edit)), nil)
		if !errors.Is(err, lemma.ErrUnsupported) || !strings.Contains(err.Error(), c.field) {
			t.Errorf("%s: %v", c.field, err)
		}
	}
}

// Each change makes nonsense of the file.
func TestMalformed(t *testing.T) {
	for _, c := range []struct {
		field string
		edit  func(dict)
	}{
		{"model", func(d dict) { delete(d, "model") }},
		{"model", func(d dict) { d["model"] = 5 }},
		{"model.type", func(d dict) { model(d)["type"] = 5 }},
		{"model.vocab", func(d dict) { model(d)["vocab"] = []any{"a"} }},
		{"model.vocab", func(d dict) { model(d)["vocab"].(dict)["a"] = 1.5 }},
		{"model.merges", func(d dict) { model(d)["merges"] = 5 }},
		{"model.merges[0]", func(d dict) { list(model(d), "merges")[0] = "a b c" }},
		{"model.merges[0]", func(d dict) { list(model(d), "merges")[0] = "ab" }},
		{"model.merges[0]", func(d dict) { list(model(d), "merges")[0] = "a \u0100\u0100\u0100" }},
		{"model.merges[0]", func(d dict) { model(d)["merges"] = []any{[]any{"a"}} }},
		{"model.merges", func(d dict) { list(model(d), "merges")[1] = []any{"a", "b"} }},
		{"added_tokens", func(d dict) { d["added_tokens"] = 5 }},
		{"added_tokens[0]", func(d dict) { d["added_tokens"] = []any{5} }},
		{"added_tokens[0].id", func(d dict) { added(d, 0)["id"] = "x" }},
		{"pre_tokenizer.use_regex", func(d dict) { d["pre_tokenizer"].(dict)["use_regex"] = 5 }},
		{"normalizer", func(d dict) { d["normalizer"] = "NFC" }},
	} {
		_, err := lemma.LoadJSON(bytes.NewReader(edited(t, "gpt2", c.edit)), nil)
		if !errors.Is(err, lemma.ErrFormat) || !strings.Contains(err.Error(), c.field) {
			t.Errorf("%s: %v", c.field, err)
		}
	}
	for text, place := range map[string]string{
		"":                              "offset 0",
		"{":                             "offset 1",
		`{"version":}`:                  "offset 12",
		"{\"a\": \"\xff\"}":             "offset 7",
		`{"a": "\ud800"}`:               "offset 7",
		`{"a": "\\\ud83d\udc4d\udc4d"}`: "offset 21",
		`null`:                          "not an object",
		`[]`:                            "",
	} {
		_, err := lemma.LoadJSON(strings.NewReader(text), nil)
		if !errors.Is(err, lemma.ErrFormat) || !strings.Contains(err.Error(), place) {
			t.Errorf("%s: %v", text, err)
		}
	}
	boom := errors.New("boom")
	r := io.MultiReader(strings.NewReader(`{"version"`), iotest.ErrReader(boom))
	if _, err := lemma.LoadJSON(r, nil); !errors.Is(err, boom) {
		t.Errorf("a failing reader: %v", err)
	}
}

// These changes mean the same.
func TestAccepted(t *testing.T) {
	all := hf.Lines[hf.Vector](t, "testdata/gpt2.jsonl.gz")
	for name, edit := range map[string]func(dict){
		"nulls": func(d dict) { d["truncation"], d["padding"], d["normalizer"], model(d)["dropout"] = nil, nil, nil, nil },
		"defaults": func(d dict) {
			delete(d, "normalizer")
			delete(d, "version")
			delete(model(d), "fuse_unk")
			delete(added(d, 0), "lstrip")
		},
		"dropout 0": func(d dict) { model(d)["dropout"] = 0.0 },
		"sequence": func(d dict) {
			d["pre_tokenizer"] = dict{"type": "Sequence", "pretokenizers": []any{d["pre_tokenizer"]}}
			d["normalizer"] = dict{"type": "Sequence", "normalizers": []any{}}
			d["decoder"] = dict{"type": "Sequence", "decoders": []any{dict{"type": "ByteLevel"}}}
		},
		"split": func(d dict) {
			p := dict{"type": "Split", "pattern": dict{"Regex": `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`}, "behavior": "Isolated", "invert": false}
			b := maps.Clone(d["pre_tokenizer"].(dict))
			b["use_regex"] = false
			d["pre_tokenizer"] = dict{"type": "Sequence", "pretokenizers": []any{p, b}}
		},
		"pairs": func(d dict) {
			for i, m := range list(model(d), "merges") {
				l, r, _ := strings.Cut(m.(string), " ")
				list(model(d), "merges")[i] = []any{l, r}
			}
		},
		"version line": func(d dict) { model(d)["merges"] = slices.Insert(list(model(d), "merges"), 0, any("#version: 0.2")) },
		"no type":      func(d dict) { delete(model(d), "type") },
		"truncation":   func(d dict) { d["truncation"] = dict{"max_length": 1, "stride": 0} },
		"padding":      func(d dict) { d["padding"] = dict{"strategy": dict{"Fixed": 100}, "pad_id": 0} },
		"decoder":      func(d dict) { d["decoder"] = dict{"type": "WordPiece", "prefix": "##"} },
		"no decoder":   func(d dict) { d["decoder"] = nil },
		"no characters without a token": func(d dict) {
			m := model(d)
			m["unk_token"], m["fuse_unk"], m["byte_fallback"] = "a", true, true
		},
		"an empty token": func(d dict) {
			v := model(d)["vocab"].(dict)
			v[""], v["<|endoftext|>"] = 3000, 900
		},
		"unknown but empty": func(d dict) {
			d["a"], d["b"], d["c"], d["d"], d["e"], model(d)["a"] = nil, "", []any{}, dict{}, false, 0
			added(d, 0)["a"], d["pre_tokenizer"].(dict)["a"] = "", []any{}
		},
		"added twice": func(d dict) {
			again := maps.Clone(added(d, 0))
			again["id"] = 5000 // HF numbers them itself
			d["added_tokens"] = append(list(d, "added_tokens"), added(d, 0), again, dict{"id": 7, "content": ""})
		},
		"prefix and pattern of their own": func(d dict) {
			b := d["pre_tokenizer"].(dict)
			p := dict{"type": "Split", "pattern": dict{"Regex": `(?m:.+)`}, "behavior": "Removed", "invert": true}
			d["pre_tokenizer"] = dict{"type": "Sequence", "pretokenizers": []any{dict{"type": "Sequence", "pretokenizers": []any{p}}, b}}
		},
		"post-processor": func(d dict) { d["post_processor"] = dict{"type": "TemplateProcessing", "single": []any{}} },
	} {
		tok, err := lemma.LoadJSON(bytes.NewReader(edited(t, "gpt2", edit)), nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		t.Run(name, func(t *testing.T) { hf.Check(t, tok, all) })
	}
}

// A file of another kind is called by its name, and a pattern shown whole.
func TestRefusedMessages(t *testing.T) {
	long := strings.Repeat(`\p{L}+|`, 40) + `(a)\1`
	for _, c := range []struct{ text, want string }{
		{`{"a": 0, "b": 1, "<|endoftext|>": 2}`, "this is a vocabulary (vocab.json); give it to LoadVocab, with its merges.txt"},
		{`{"model": 0, "b": 1}`, "this is a vocabulary (vocab.json)"},
		{"#version: 0.2\na b\n", "this is a merges.txt"},
		{`{"tokenizer_class": "GPT2Tokenizer", "model_max_length": 1024}`, "this is a tokenizer_config.json"},
		{`{"added_tokens_decoder": {}, "bos_token": "<s>"}`, "this is a tokenizer_config.json"},
		{`{"bos_token": "<s>", "unk_token": {"content": "<unk>"}}`, "this is a special_tokens_map.json"},
		{`{"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2"}`, "this is the config.json of a model"},
		{string(edited(t, "llama3", func(d dict) {
			list(d["pre_tokenizer"].(dict), "pretokenizers")[0].(dict)["pattern"] = dict{"Regex": long}
		})), long},
	} {
		_, err := lemma.LoadJSON(strings.NewReader(c.text), nil)
		if !errors.Is(err, lemma.ErrUnsupported) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60s: %v", c.text, err)
		}
	}
	if _, err := lemma.LoadJSON(strings.NewReader(`{"a": 1}`), &lemma.Settings{Pattern: "a"}); !errors.Is(err, lemma.ErrSettings) {
		t.Error(err)
	}
}

// Characters without a token are an error where the unknown token has no id.
func TestUnknownToken(t *testing.T) {
	tok, err := lemma.LoadJSON(bytes.NewReader(edited(t, "gpt2", func(d dict) {
		dropTokens(model(d), "z")
		model(d)["unk_token"] = "<unk>"
	})), nil)
	if err != nil {
		t.Fatal(err)
	}
	if ids, err := tok.Encode(nil, "a dog"); err != nil || len(ids) == 0 {
		t.Error(ids, err)
	}
	if _, err := tok.Encode(nil, "a zoo"); !errors.Is(err, lemma.ErrText) || !strings.Contains(err.Error(), `"<unk>"`) {
		t.Error(err)
	}
	// With an id it stands for each of them or for all that are neighbors;
	// without one they are left out.
	for _, c := range []struct {
		unknown any
		fuse    bool
		want    string // the parts of the text that the tokens stand for
	}{
		{nil, false, "azzb"}, {"<unk>", false, "a|z|z|b|z"}, {"<unk>", true, "a|zz|b|z"},
	} {
		tok, err := lemma.LoadJSON(bytes.NewReader(edited(t, "gpt2", func(d dict) {
			dropTokens(model(d), "z")
			model(d)["vocab"].(dict)["<unk>"] = 2000
			model(d)["unk_token"], model(d)["fuse_unk"] = c.unknown, c.fuse
		})), nil)
		if err != nil {
			t.Fatal(err)
		}
		const text = "azzbz"
		ids, at, err := lemma.Offsets(tok, text)
		var got []string
		for i, a := range at {
			got = append(got, text[a[0]:a[1]])
			if unknown := ids[i] == 2000; unknown != (got[i][0] == 'z') {
				t.Errorf("%v: %q is %d", c.unknown, got[i], ids[i])
			}
		}
		if err != nil || strings.Join(got, "|") != c.want {
			t.Errorf("%v, %t: %q, %v; want %q", c.unknown, c.fuse, got, err, c.want)
		}
	}
}

func FuzzLoadJSON(f *testing.F) {
	for _, style := range []string{"gpt2", "llama3", "neox"} {
		f.Add(edited(f, style, func(d dict) {
			model(d)["merges"] = list(model(d), "merges")[:3]
			clear(model(d)["vocab"].(dict))
		}))
	}
	f.Add(edited(f, "opt", func(dict) {}))
	f.Add([]byte(`{"model":{"type":"BPE","vocab":{"a":0},"merges":["a a"]},"pre_tokenizer":{"type":"ByteLevel"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		tok, err := lemma.LoadJSON(bytes.NewReader(text), nil)
		if err != nil {
			if !errors.Is(err, lemma.ErrFormat) && !errors.Is(err, lemma.ErrUnsupported) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		s := "<|endoftext|> hot  dog's"
		ids, err := tok.Encode(nil, s)
		if errors.Is(err, lemma.ErrText) {
			return // it has no token, or a pattern takes too long
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tok.Decode(nil, ids...); err != nil {
			t.Fatal(err)
		}
	})
}
