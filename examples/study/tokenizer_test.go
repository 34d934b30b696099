package main

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/examples/internal/sample"
	"github.com/semamap/semamap/lemma"
)

// made are rows of a map in which every token has its own.
type made struct{ rows, units int }

func (m made) Dims() (rows, cols int) { return m.rows, m.units }

func (m made) Row(dst []float32, i int) ([]float32, error) {
	dst = append(dst[:0], make([]float32, m.units)...)
	for u := range dst {
		dst[u] = float32((i*(2*u+1))%97) / 97
	}
	return dst, nil
}

func TestFits(t *testing.T) {
	tok, err := sample.OpenTokenizer("") // 50,277 ids
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		rows, positions int
		used            int32
		want            string
	}{
		{50277, -1, 50276, ""},
		{50304, -1, 50276, ""}, // rounded up, as Pythia's
		{50293, 16, 50276, ""},
		{50293, 0, 50276, ""}, // positions, though the map does not say so
		{50277, 16, 50270, "has rows for 50261 tokens, but the tokenizer of GPT-NeoX, which is the default, gives token 50270"},
		{50272, -1, 50271, ""}, // OPT's: too near to tell
		{50265, -1, 50276, "gives token 50276"},
		{50293, 16, 50280, "gives token 50280"}, // the row of a position
		{49152, -1, 100, "has rows for 49152 tokens, but the tokenizer of GPT-NeoX, which is the default, knows 50277; give the model's tokenizer.json with -tokenizer"},
		{128256, -1, 100, "has rows for 128256 tokens"},
	} {
		m, err := amap.NewMap(amap.Float16, map[amap.Mode][]amap.Rows{amap.Input: {made{c.rows, 2}}}, &amap.Options{Positions: c.positions})
		if err != nil {
			t.Fatal(err)
		}
		src := &sample.Source{Path: "map", Mode: amap.Input, Map: m}
		w := &words{tok: tok, weights: &lemma.CSR{IDs: []int32{0, c.used}}}
		err = fits(&options{}, src, []int{0}, w)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%d rows, %d positions: %v, want %q", c.rows, c.positions, err, c.want)
		}
	}
}

// A map of another model, with its tokenizer.
func TestTokenizer(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, write func(io.Writer) error) string {
		path := filepath.Join(dir, name)
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(write(f), f.Close()); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tokenizer := write("opt.json", func(w io.Writer) error {
		f, err := os.Open("../../lemma/testdata/opt.json.gz")
		if err != nil {
			return err
		}
		defer f.Close()
		z, err := gzip.NewReader(f)
		if err != nil {
			return err
		}
		_, err = io.Copy(w, z)
		return err
	})
	path := write("map.safetensors", func(w io.Writer) error {
		m, err := amap.NewMap(amap.Float16, map[amap.Mode][]amap.Rows{amap.Input: {made{912, 4}}}, nil)
		if err != nil {
			return err
		}
		return m.WriteSafetensors(t.Context(), w)
	})
	tokens := map[string]any{}
	for _, form := range []string{bare, prose} {
		out := filepath.Join(dir, form)
		study(t, "-amap", path, "-tokenizer", tokenizer, "-form", form, "-limit", "300", "-draws", "2", "-out", out)
		b, err := os.ReadFile(filepath.Join(out, "run.json"))
		if err != nil {
			t.Fatal(err)
		}
		var rec record
		if err := json.Unmarshal(b, &rec); err != nil {
			t.Fatal(err)
		}
		if len(rec.Inputs) != 3 || rec.Inputs[1].Role != "tokenizer" || rec.Inputs[1].Name != "opt.json" || rec.Settings["form"] != form {
			t.Errorf("%s: inputs %+v, settings %v", form, rec.Inputs, rec.Settings)
		}
		tokens[form] = rec.Words["distinct_tokens"]
		text, err := os.ReadFile(filepath.Join(out, "report.md"))
		if err != nil || !strings.Contains(string(text), formText(form)+"; tokenizer opt.json") {
			t.Errorf("%s: the report does not tell the form (%v)", form, err)
		}
	}
	if tokens[bare] == tokens[prose] {
		t.Errorf("both forms have %v tokens", tokens[bare])
	}
	keys, _ := filepath.Glob(filepath.Join(dir, "*", finished, "*layer*"))
	if len(keys) != 2 || filepath.Base(keys[0]) == filepath.Base(keys[1]) {
		t.Errorf("both forms have one key: %v", keys)
	}
}
