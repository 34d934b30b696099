package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/internal/golden"
)

const (
	testdata = "../../amap/testdata/"
	small    = testdata + "amap-small-fp16_position.pickle"
	counts   = testdata + "tokens-count-small_position.pickle"
)

func amapRun(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out, errs bytes.Buffer
	err := run(context.Background(), args, &out, &errs)
	return out.String(), err
}

// Output of the commands on a small map, as it is printed.
func TestCommands(t *testing.T) {
	vocab := filepath.Join(t.TempDir(), "vocab.json")
	var names []string
	for i := range 100 {
		names = append(names, `"Ġ`+strings.Repeat("x", i+1)+`"`)
	}
	names[7] = `"hat"`
	if err := os.WriteFile(vocab, []byte("["+strings.Join(names, ",")+"]"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"info":             {"info", small, "-window", "15", "-counts", counts},
		"info-alone":       {"info", small},
		"check":            {"check", small, "-window", "15", "-counts", counts},
		"top-tokens":       {"top-tokens", small, "-unit", "1_6", "-k", "5", "-window", "15", "-vocab", vocab},
		"top-tokens-least": {"top-tokens", "-unit", "1_6", "-k", "3", small, "-counts", counts, "-window", "15", "-min-count", "40", "-mode", "output"},
		"top-units":        {"top-units", small, "-token", "hat", "-k", "4", "-vocab", vocab},
		"top-units-ids":    {"top-units", small, "-ids", "5,6", "-k", "3", "-mode", "output"},
		"selectivity":      {"selectivity", small, "-counts", counts, "-ids", "2,5,11,17,23,29,42,64,81,99", "-k", "4", "-window", "15"},
		"stats":            {"stats", small, "-counts", counts, "-layers", "1", "-mode", "input", "-window", "15"},
		"rows":             {"rows", small, "-mode", "input", "-layer", "0", "-ids", "1,2,3"},
		"rows-header":      {"rows", small, "-mode", "output", "-layer", "2", "-ids", "115,0", "-header"},
		"dead":             {"dead", small, "-counts", counts, "-window", "15"},
		"dead-list":        {"dead", small, "-counts", counts, "-window", "15", "-list", "-variance", "0.006", "-layers", "2"},
		"table":            {"table", small, "-ids", "7,3,115", "-window", "15", "-vocab", vocab},
		"table-ids":        {"table", small, "-ids", "7,3"},
		"info-odd":         {"info", testdata + "outside/s-f8mix.safetensors"},
		"stats-odd":        {"rows", testdata + "outside/s-vec.safetensors", "-ids", "36"},
		"help":             {"help"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := amapRun(t, args...)
			if err != nil {
				t.Fatal(err)
			}
			golden.Check(t, "testdata/"+name+".txt", []byte(got))
		})
	}
}

func TestErrors(t *testing.T) {
	dir := t.TempDir()
	for want, args := range map[string][]string{
		"no command":             {},
		`unknown command "x"`:    {"x"},
		"info: no file":          {"info"},
		"unexpected argument":    {"info", "a", "b"},
		"no such file":           {"info", filepath.Join(dir, "none.pickle")},
		"offset 2: global":       {"info", testdata + "hostile/20-os-system"},
		"which unit?":            {"top-tokens", small},
		"unit 1_99":              {"top-tokens", small, "-unit", "1_99"},
		"want LAYER_UNIT":        {"top-tokens", small, "-unit", "x"},
		"which token?":           {"top-units", small},
		"vocabulary of this":     {"top-units", small, "-token", "hat"},
		`"x" is no token id`:     {"rows", small, "-ids", "1,x"},
		"no token id 116":        {"rows", small, "-ids", "116"},
		`no mode "sideways"`:     {"rows", small, "-mode", "sideways"},
		"layer 7: not found":     {"rows", small, "-layer", "7"},
		"is no .png":             {"histogram", small, "-o", "h.txt"},
		"is no .pickle":          {"convert", small, "-o", "m.txt"},
		"say -layer":             {"convert", small, "-o", filepath.Join(dir, "m.npy")},
		"no token counts":        {"merge", testdata + "torch/same-one.pickle", "-o", filepath.Join(dir, "m.pickle")},
		"token id 5000":          {"convert", small, "-ids", "5000", "-o", filepath.Join(dir, "m.pickle")},
		"is no layer":            {"stats", small, "-layers", "a"},
		"count of 9: token":      {"top-tokens", testdata + "torch/same-one.pickle", "-unit", "0_1", "-min-count", "9"},
		"flag provided but not":  {"info", small, "-nonsense"},
		"is no .csv":             {"table", small, "-o", filepath.Join(dir, "t.txt")},
		"name: give their ids":   {"table", testdata + "more/filtered.pt", "-o", filepath.Join(dir, "t.csv")},
		"token id 6":             {"rows", testdata + "more/filtered.pt", "-ids", "6"},
		`tensor "input/1": numb`: {"convert", testdata + "outside/s-f8mix.safetensors", "-o", filepath.Join(dir, "m.pickle")},
		"20 bins":                {"histogram", small, "-of", "max", "-bins", "20", "-min", "2", "-max", "1", "-o", filepath.Join(dir, "h.png")},
		"not one of values":      {"histogram", small, "-of", "least"},
		"is no number type":      {"merge", small, "-type", "int8", "-o", filepath.Join(dir, "m.pickle")},
	} {
		out, err := amapRun(t, args...)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q\n%s", args, err, want, out)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("failed commands left %v", left)
	}
	if _, err := amapRun(t, "info", "-help"); !errors.Is(err, flag.ErrHelp) {
		t.Error(err)
	}
}

// A map goes through every format and comes back.
func TestConvert(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	want, err := amapRun(t, "rows", small, "-mode", "output", "-layer", "1")
	if err != nil {
		t.Fatal(err)
	}
	file := small
	for _, next := range []string{"a.safetensors", "b.pickle", "c.safetensors", "d.npy"} {
		args := []string{"convert", file, "-o", at(next)}
		if next == "d.npy" {
			args = append(args, "-mode", "output", "-layer", "1")
		}
		if _, err := amapRun(t, args...); err != nil {
			t.Fatal(next, err)
		}
		file = at(next)
		args = []string{"rows", file, "-mode", "output", "-layer", "1"}
		if next == "d.npy" {
			args = []string{"rows", file}
		}
		if got, err := amapRun(t, args...); err != nil || got != want {
			t.Errorf("%s: rows differ, %v", next, err)
		}
	}
	if _, err := amapRun(t, "convert", small, "-counts", counts, "-ids", "9,3", "-o", at("f.pickle"), "-counts-out", at("k.pickle")); err != nil {
		t.Fatal(err)
	}
	a, err := amapRun(t, "rows", at("f.pickle"))
	b, err2 := amapRun(t, "rows", small, "-ids", "9,3")
	if err != nil || err2 != nil || a != b {
		t.Errorf("filtered rows %q, want %q, %v %v", a, b, err, err2)
	}
	k, err := amap.OpenCounts(at("k.pickle"))
	if err != nil || len(k[amap.Input]) != 116 {
		t.Error(err)
	}
}

func TestHistogram(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"h.png", "h.svg", "h.pdf"} {
		for _, linear := range []string{"-linear=false", "-linear"} {
			out, err := amapRun(t, "histogram", small, "-o", filepath.Join(dir, name), linear)
			if err != nil || !strings.HasPrefix(out, "5568 values from ") {
				t.Errorf("%s: %q, %v", name, out, err)
			}
		}
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || len(b) < 1000 {
			t.Errorf("%s: %d bytes, %v", name, len(b), err)
		}
	}
}

// Histograms by layer count each layer by itself, on one scale.
func TestHistogramByLayer(t *testing.T) {
	dir := t.TempDir()
	for of, want := range map[string]string{"values": "928", "max": "8", "mean": "8", "variance": "8", "nonzero": "8"} {
		file := filepath.Join(dir, of+".svg")
		out, err := amapRun(t, "histogram", small, "-by-layer", "-of", of, "-bins", "12", "-o", file)
		lines := strings.Split(strings.TrimSpace(out), "\n")
		if err != nil || len(lines) != 6 || !strings.HasPrefix(lines[0], "input, layer 0: "+want+" values from ") || !strings.HasPrefix(lines[5], "output, layer 2: "+want+" values from ") {
			t.Errorf("%s: %q, %v", of, out, err)
		}
		_, scale, _ := strings.Cut(lines[0], ": ")
		for _, line := range lines {
			if !strings.HasSuffix(line, scale) {
				t.Errorf("%s: %q, want %q", of, line, scale)
			}
		}
		b, err := os.ReadFile(file)
		if err != nil || strings.Count(string(b), "layer") < 6 {
			t.Errorf("%s: %d bytes, %v", file, len(b), err)
		}
	}
}

// A filtered map keeps its token ids in a safetensors file; a pickle needs them.
func TestFiltered(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(at("ids"), []byte("9\n3, 40\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"f.safetensors", "f.pickle"} {
		if _, err := amapRun(t, "convert", small, "-ids", "9,3,40", "-o", at(name)); err != nil {
			t.Fatal(err)
		}
	}
	want, err := amapRun(t, "rows", small, "-ids", "3,40", "-header", "-layer", "1")
	if err != nil {
		t.Fatal(err)
	}
	table, err := amapRun(t, "table", small, "-ids", "9,3,40")
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{at("f.safetensors")}, {at("f.pickle"), "-row-ids", at("ids")}} {
		if got, err := amapRun(t, append([]string{"rows", "-ids", "3,40", "-header", "-layer", "1"}, args...)...); err != nil || got != want {
			t.Errorf("%v: %q, want %q, %v", args, got, want, err)
		}
		if got, err := amapRun(t, append([]string{"table"}, args...)...); err != nil || got != table {
			t.Errorf("%v: the table differs: %v", args, err)
		}
	}
	if _, err := amapRun(t, "top-tokens", at("f.pickle"), "-unit", "0_1", "-vocab", at("ids")); err == nil || !strings.Contains(err.Error(), "-row-ids") {
		t.Error(err)
	}
	file := at("t.csv")
	if _, err := amapRun(t, "table", small, "-ids", "9,3,40", "-o", file); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != table {
		t.Error(err)
	}
}

func TestValid(t *testing.T) {
	for s, want := range map[string]string{"a": "a", "\xe2\x80": "\ufffd", "\xe2\x80\xe2": "\ufffd\ufffd", "\xc3x": "\ufffdx", "\x80\x80": "\ufffd\ufffd", "é\xf0\x9f\x98": "é\ufffd", "\xe2\x28\xa1": "\ufffd(\ufffd", "\xf0\x9f\x98\x80": "\U0001f600"} {
		if got := valid(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

// Two equal halves make the same map with twice the counts.
func TestMerge(t *testing.T) {
	dir := t.TempDir()
	cp := func(from, to string) {
		b, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, to), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, x := range []string{"1", "2"} {
		cp(small, "amap-"+x+".pickle")
		cp(counts, "tokens-count-"+x+".pickle")
	}
	out, sum := filepath.Join(dir, "amap-w.pickle"), filepath.Join(dir, "tokens-count-w.pickle")
	if _, err := amapRun(t, "merge", filepath.Join(dir, "amap-1.pickle"), filepath.Join(dir, "amap-2.pickle"), "-o", out, "-counts-out", sum); err != nil {
		t.Fatal(err)
	}
	a, err := amapRun(t, "rows", out, "-layer", "2", "-ids", "1,2,3,4,5,6,115")
	b, err2 := amapRun(t, "rows", small, "-layer", "2", "-ids", "1,2,3,4,5,6,115")
	if err != nil || err2 != nil || a != b {
		t.Error("the mean of a map with itself differs", err, err2)
	}
	one, _ := amap.OpenCounts(counts)
	two, err := amap.OpenCounts(sum)
	if err != nil || len(two[amap.Input]) != 116 || two[amap.Input][5] != 2*one[amap.Input][5] || one[amap.Input][5] == 0 {
		t.Error(err)
	}
}

func TestSampleByName(t *testing.T) {
	file := golden.Shared(t, "data/sample/amap-sample-neox-6l-128-dictionary-N310871-Wd15-1337_position_.pickle")
	hat, err := amapRun(t, "top-units", file, "-token", "hat", "-k", "1")
	if err != nil || !strings.Contains(hat, `token 700 "hat"`) {
		t.Error(hat, err)
	}
	spaced, err := amapRun(t, "top-units", file, "-token", " hat", "-k", "1")
	if err != nil || !strings.Contains(spaced, `token 7856 " hat"`) {
		t.Error(spaced, err)
	}
}

func TestVocabulary(t *testing.T) {
	for name, file := range map[string]string{
		"tokenizer.json": `{"version":"1.0","model":{"type":"BPE","vocab":{"hat":0,"Ġhat":1,"Ã":2,"Â":3,"ĠĠ":4}},"added_tokens":[{"id":5,"content":"  "},{"id":6,"content":"    "}]}`,
		"vocab.json":     `{"hat":0,"Ġhat":1,"Ã":2,"Â":3,"ĠĠ":4,"  ":5,"    ":6}`,
		"array":          `["hat","Ġhat","Ã","Â","ĠĠ","  ","    "]`,
		"lines":          "hat\nĠhat\nÃ\nÂ\nĠĠ\n  \n    \n",
	} {
		var v vocabulary
		if err := v.parse([]byte(file)); err != nil || len(v.raw) != 7 {
			t.Errorf("%s: %q, %v", name, v.raw, err)
			continue
		}
		for id, want := range []string{`"hat"`, `" hat"`, `"\xc3"`, `"\xc2"`, `"  "`, `"  "`, `"    "`, "-"} {
			if got := v.name(int32(id)); got != want {
				t.Errorf("%s: token %d is %s, want %s", name, id, got, want)
			}
		}
		for token, id := range map[string]int32{"hat": 0, " hat": 1, "Ġhat": 1, "  ": 5, "ĠĠ": 4} {
			if got, err := v.lookup(token); got != id || err != nil {
				t.Errorf("%s: %q is %d, %v", name, token, got, err)
			}
		}
		if _, err := v.lookup("cat"); err == nil {
			t.Errorf("%s: there is a cat", name)
		}
	}
	two := vocabulary{raw: []string{"Ġ", "ĠĠ", "ĠĠ"}}
	if id, err := two.lookup("  "); err == nil {
		t.Errorf("two spaces are %d", id)
	}
	for _, bad := range []string{`{"a":0,"b":0}`, `{"a":-1}`, `{"a":2000000000}`, `{"a":"b"}`, `{"a":0`, `{"model":{"vocab":[["a",-1.5]]}}`} {
		var v vocabulary
		if err := v.parse([]byte(bad)); err == nil {
			t.Errorf("%q: read as %q", bad, v.raw)
		}
	}
}
