package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/semamap/semamap/internal/golden"
)

// gunzip unpacks: other releases of Go may compress the same data differently.
func gunzip(t *testing.T, data []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The embedded data are what the generator makes of the file, and of AI2's
// copy of it; of others it makes nothing.
func TestPack(t *testing.T) {
	if testing.Short() {
		t.Skip("parses a large file many times")
	}
	path := golden.Shared(t, "data/neox_tokenizer.json")
	embedded, err := os.ReadFile("../neox.bin.gz")
	if err != nil {
		t.Fatal(err)
	}
	want := gunzip(t, embedded)
	out := filepath.Join(t.TempDir(), "out")
	if err := run([]string{"-in", path, "-out", out}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(out)
	if err != nil || !bytes.Equal(gunzip(t, got), want) {
		t.Errorf("%d bytes, not what is embedded (%v)", len(got), err)
	}

	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	type dict = map[string]any
	for name, c := range map[string]struct {
		edit func(d dict)
		says string // "" if it is accepted
	}{
		"AI2": {func(d dict) {
			for i, s := range dropped {
				d["added_tokens"] = append(d["added_tokens"].([]any), dict{"id": 50277 + i, "content": s, "normalized": true})
			}
		}, ""},
		"another added": {func(d dict) {
			d["added_tokens"] = append(d["added_tokens"].([]any), dict{"id": 50277, "content": "|||NAME|||", "normalized": true})
		}, "|||NAME|||"},
		"one too few": {func(d dict) { d["added_tokens"] = d["added_tokens"].([]any)[:24] }, "24 added tokens"},
		"no NFC":      {func(d dict) { d["normalizer"] = nil }, "normalizer"},
		"no regex":    {func(d dict) { d["pre_tokenizer"].(dict)["use_regex"] = false }, "pre_tokenizer"},
		"no merges":   {func(d dict) { d["model"].(dict)["merges"] = []any{} }, "0 merges"},
		"other order": {func(d dict) {
			m := d["model"].(dict)["merges"].([]any)
			m[5], m[6] = m[6], m[5]
		}, "merge 5"},
		"other ids": {func(d dict) {
			v := d["model"].(dict)["vocab"].(dict)
			v["a"], v["the"] = v["the"], v["a"]
		}, "token"},
	} {
		var d dict
		if err := json.Unmarshal(text, &d); err != nil {
			t.Fatal(err)
		}
		c.edit(d)
		edited, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		got, err := pack(edited)
		switch {
		case c.says == "" && (err != nil || !bytes.Equal(gunzip(t, got), want)):
			t.Errorf("%s: not what is embedded (%v)", name, err)
		case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%s: %v, want %s", name, err, c.says)
		}
	}
}
