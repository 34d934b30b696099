package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/internal/golden"
)

// asProgram makes the test binary run the program instead of the tests.
const asProgram = "EXTRACT_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// tokenizer is a tokenizer.json of bytes, some pairs of letters and an end of
// text.
func tokenizer() []byte {
	vocab, n := map[string]int{"<|endoftext|>": 0}, 0
	for b := range 256 {
		r := rune(b)
		if b < '!' || b > '~' && b < 0xa1 || b == 0xad {
			r = rune(256 + n)
			n++
		}
		vocab[string(r)] = len(vocab)
	}
	var merges []string
	for _, m := range []string{"t h", "th e", "Ġ t", "Ġ a", "i n", "e r", "a n", "o n", "r e", "e n"} {
		vocab[strings.ReplaceAll(m, " ", "")] = len(vocab)
		merges = append(merges, m)
	}
	for len(vocab) < 290 {
		vocab[fmt.Sprint("unused", len(vocab))] = len(vocab)
	}
	b, err := json.Marshal(map[string]any{
		"version": "1.0", "normalizer": nil, "post_processor": nil,
		"added_tokens":  []any{map[string]any{"id": 0, "content": "<|endoftext|>", "special": true, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false}},
		"pre_tokenizer": map[string]any{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
		"decoder":       map[string]any{"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
		"model":         map[string]any{"type": "BPE", "vocab": vocab, "merges": merges},
	})
	if err != nil {
		panic(err)
	}
	return b
}

// folder is a model with its tokenizer, and a text.
func folder(t *testing.T) (model, text string) {
	t.Helper()
	dir := t.TempDir()
	model = filepath.Join(dir, "model")
	if err := os.CopyFS(model, golden.Model(1)); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(model, "tokenizer.json"), tokenizer())
	g := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("the cat and then another hat in rain on an old tree <|endoftext|> 17")
	var b bytes.Buffer
	for range 40 {
		var s []string
		for range g.IntN(30) {
			s = append(s, words[g.IntN(len(words))])
		}
		js, err := json.Marshal(map[string]string{"text": strings.Join(s, " ")})
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(js, '\n'))
	}
	text = filepath.Join(dir, "text.jsonl")
	put(t, text, b.Bytes())
	return model, text
}

func put(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func program(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	if err := run(t.Context(), args, &out, io.Discard); err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	return out.String()
}

// The program writes a pair of files that amap opens, with the counts of the
// text, and shards that are merged have the same bytes.
func TestProgram(t *testing.T) {
	model, text := folder(t)
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	args := []string{"-model", model, "-text", text, "-modes", "input,output", "-positions", "-moments", "-seed", "5"}
	got := program(t, append(args, "-o", in("amap.pickle"), "-counts", in("counts.pickle"))...)
	if !strings.Contains(got, "40 documents") || !strings.Contains(got, "occurrences of") {
		t.Errorf("printed %q", got)
	}
	counts, err := amap.OpenCounts(in("counts.pickle"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := amap.Open(in("amap.pickle"), &amap.Options{Counts: counts, Positions: 16})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if l, err := m.Layer(amap.Output, 2); err != nil {
		t.Error(err)
	} else if rows, units := l.Dims(); rows != 290+16 || units != 16 {
		t.Errorf("%d × %d", rows, units)
	}
	if counts[amap.Input][0] != 0 {
		t.Errorf("%d ends of text", counts[amap.Input][0])
	}
	findings, err := m.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		// Random weights predict padding, which has no row, and their sums
		// cancel, so checks of totals say nothing.
		switch f.Code {
		case "shape", "rows", "finite", "unseen", "wPos":
			if f.Suspect {
				t.Error(f)
			}
		}
	}
	var rec struct {
		Settings struct {
			Windows   int64
			Explained map[string]map[int][]float64
		}
	}
	if err := json.Unmarshal(get(t, in("amap.json")), &rec); err != nil {
		t.Fatal(err)
	}
	if rec.Settings.Windows != counts[amap.Input][290] || len(rec.Settings.Explained["output"][1]) != 16 {
		t.Errorf("amap.json: %d windows, %d explained", rec.Settings.Windows, len(rec.Settings.Explained["output"][1]))
	}

	var parts []string
	for i := range 3 {
		parts = append(parts, in(fmt.Sprint("part", i, ".sums")))
		program(t, append(args, "-shard", fmt.Sprint(i, "/3"), "-o", parts[i])...)
	}
	program(t, append([]string{"merge", "-o", in("merged.pickle"), "-counts", in("mcounts.pickle")}, parts...)...)
	for a, b := range map[string]string{"amap.pickle": "merged.pickle", "counts.pickle": "mcounts.pickle"} {
		if !bytes.Equal(get(t, in(a)), get(t, in(b))) {
			t.Errorf("%s and %s differ", a, b)
		}
	}
	if err := run(t.Context(), append([]string{"merge", "-o", in("two.pickle")}, parts[:2]...), io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "shard 2 of 3 is missing") {
		t.Error(err)
	}

	// Some layers, units and tokens have the numbers of the whole.
	put(t, in("tokens"), []byte("the\n 12\n"))
	program(t, append(args, "-o", in("few.safetensors"), "-layers", "2", "-units", "4", "-tokens", in("tokens"), "-dtype", "fp32")...)
	few, err := amap.Open(in("few.safetensors"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer few.Close()
	if l, err := few.Layer(amap.Input, 2); err != nil || l.DType() != amap.Float32 {
		t.Error(err)
	} else if rows, units := l.Dims(); rows != 290+16 || units != 4 {
		t.Errorf("%d × %d", rows, units)
	}

	// A pickle of SYSIF has a list of layers, so they are numbered anew.
	if out := program(t, append(args, "-o", in("few.pickle"), "-layers", "2")...); !strings.Contains(out, "layers [2] have the numbers 0 to 0") {
		t.Error(out)
	}
	pickle, err := amap.Open(in("few.pickle"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer pickle.Close()
	if _, err := pickle.Layer(amap.Input, 0); err != nil {
		t.Error(err)
	}

	plan := program(t, append(args, "-dry-run", "-tokens", "lemmas")...)
	for _, want := range []string{"tokens", "windows of 15", "GB for sums", "tokens a second"} {
		if !strings.Contains(plan, want) {
			t.Errorf("no %q in %q", want, plan)
		}
	}
}

// What is wrong is said before the work, and nothing is written.
func TestRefused(t *testing.T) {
	model, text := folder(t)
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	put(t, in("empty"), nil)
	put(t, in("latin1"), []byte("first line\ncaf\xe9\n"))
	put(t, in("short"), []byte("too short"))
	put(t, in("bad.jsonl"), []byte("{\"text\": \"a\"}\n{\"text\": 3}\n"))
	put(t, in("field.jsonl"), []byte("{\"body\": \"a\"}\n"))
	put(t, in("there.sums"), []byte("x"))
	put(t, in("none"), nil)
	other := filepath.Join(dir, "other")
	if err := os.CopyFS(other, os.DirFS(model)); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(other, "tokenizer.json"), bytes.ReplaceAll(tokenizer(), []byte("unused"), []byte("x")))
	small := bytes.ReplaceAll(tokenizer(), []byte(`"unused289":289`), []byte(`"unused289":400`))
	put(t, filepath.Join(other, "tokenizer.json"), small)
	for args, want := range map[string]string{
		"":                                               "-model",
		"-model M":                                       "-text",
		"-model M T":                                     "-o: want",
		"-model M T -o a.npy":                            "-o a.npy",
		"-model M T -o O -dtype fp8":                     "-dtype fp8",
		"-model M T -o O -layers 0,9":                    "layer 9",
		"-model M T -o O -layers 2-1":                    "no layer",
		"-model M T -o O -layers 1,1":                    "named twice",
		"-model M T -o O -units 17":                      "-units 17",
		"-model M T -o O -modes both":                    `"both"`,
		"-model M T -o O -start 15":                      "Start is 15",
		"-model M T -o O -start x":                       "-start x",
		"-model M T -o O -window 65":                     "Window is 65",
		"-model M T -o O -window 0":                      "-window 0",
		"-model M T -o O -stride 0":                      "-stride 0",
		"-model M T -o O -skip 15":                       "Skip is 15",
		"-model M T -o O -shard 0/2":                     ".sums",
		"-model M T -o P.sums -shard 2/2":                "Shard is [2 2]",
		"-model M T -o P.sums -shard x":                  "-shard x",
		"-model M T -o O -samples -1":                    "-samples -1",
		"-model M T -o O -tokens none":                   "has no tokens",
		"-model M T -o O -resume":                        "-checkpoint",
		"-model M T -o O -checkpoint there.sums":         "there.sums is there",
		"-model M T -o O -checkpoint there.sums -resume": "malformed",
		"-model M empty -o O":                            "there is no text in",
		"-model M latin1 -o O":                           "latin1:1: the text is not UTF-8",
		"-model M short -o O":                            "no windows",
		"-model M bad.jsonl -o O":                        `bad.jsonl:2: the field "text" is no string`,
		"-model M field.jsonl -o O":                      `field.jsonl:1: no field "text"`,
		"-model M missing -o O":                          "missing",
		"-model nowhere T -o O":                          "nowhere",
		"-model other T -o O":                            "do not belong together",
		"merge":                                          "want files",
		"merge there.sums -o O":                          "there.sums",
	} {
		var list []string
		for _, a := range strings.Fields(args) {
			switch a {
			case "M":
				a = model
			case "T":
				a = text
			case "O":
				a = in("o.pickle")
			case "P.sums":
				a = in("p.sums")
			case "empty", "latin1", "short", "bad.jsonl", "field.jsonl", "missing", "there.sums", "none", "nowhere", "other":
				a = in(a)
			}
			list = append(list, a)
		}
		err := run(t.Context(), list, io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", args, err, want)
		}
	}
	for _, name := range []string{"o.pickle", "p.sums", "o.json"} {
		if _, err := os.Stat(in(name)); err == nil {
			t.Errorf("%s was written", name)
		}
	}
}

// A run that is killed or stopped at any time, again and again, ends with the
// bytes of one that was left alone.
func TestKilled(t *testing.T) {
	model, text := folder(t)
	one := get(t, text)
	put(t, text, bytes.Repeat(one, 40))
	dir := t.TempDir()
	start := func(name string) *exec.Cmd {
		cmd := exec.Command(os.Args[0], "-model", model, "-text", text, "-moments", "-resume", "-checkpoint", filepath.Join(dir, name+".sums"), "-o", filepath.Join(dir, name+".pickle"))
		cmd.Env = append(os.Environ(), asProgram+"=1")
		cmd.Stderr = new(bytes.Buffer)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	began := time.Now()
	if cmd := start("whole"); cmd.Wait() != nil {
		t.Fatal(cmd.Stderr)
	}
	takes := time.Since(began)
	kills := 40
	if testing.Short() {
		kills = 6
	}
	g := rand.New(rand.NewPCG(1, 2))
	ended, saved := 0, 0
	for i := 0; ended < kills; i++ {
		if i == 10*kills {
			t.Fatalf("ended only %d runs", ended)
		}
		name := fmt.Sprint("run", i)
		for {
			cmd := start(name)
			var timer *time.Timer
			if ended < kills {
				sig := []os.Signal{syscall.SIGTERM, syscall.SIGKILL}[g.IntN(2)]
				timer = time.AfterFunc(time.Duration(g.Float64()*float64(takes)), func() { cmd.Process.Signal(sig) })
			}
			err := cmd.Wait()
			if timer != nil {
				timer.Stop()
			}
			if err == nil {
				break
			}
			if cmd.ProcessState.Exited() && cmd.ProcessState.ExitCode() != 130 {
				t.Fatal(cmd.Stderr)
			}
			ended++
			if strings.Contains(fmt.Sprint(cmd.Stderr), "saved in") {
				saved++
			}
		}
		if !bytes.Equal(get(t, filepath.Join(dir, name+".pickle")), get(t, filepath.Join(dir, "whole.pickle"))) {
			t.Fatalf("%s has other bytes", name)
		}
	}
	t.Logf("%d ends, %d of them saved", ended, saved)
}

// Texts are the same in all forms.
func TestText(t *testing.T) {
	var gz, zs bytes.Buffer
	jsonl := "{\"text\": \"one\\ntwo\", \"n\": 1}\n\n\"three\"\n"
	w := gzip.NewWriter(&gz)
	w.Write([]byte(jsonl))
	w.Close()
	z, err := zstd.NewWriter(&zs)
	if err != nil {
		t.Fatal(err)
	}
	z.Write([]byte(jsonl))
	z.Close()
	for _, c := range []struct{ name, file, cut, want string }{
		{"JSON lines", jsonl, files, `["one\ntwo" "three"] [1 3]`},
		{"gzip", gz.String(), files, `["one\ntwo" "three"] [1 3]`},
		{"zstd", zs.String(), files, `["one\ntwo" "three"] [1 3]`},
		{"byte order mark", "\ufeff" + jsonl, files, `["one\ntwo" "three"] [1 3]`},
		{"file", "one\n\ntwo", files, `["one\n\ntwo"] [1]`},
		{"lines", "one\r\n\ntwo", lines, `["one" "two"] [1 3]`},
		{"paragraphs", "\none\ntwo\n \n\nthree\n", paragraphs, `["one\ntwo\n" "three\n"] [2 6]`},
		{"braces", "{not JSON}\n", files, `["{not JSON}\n"] [1]`},
		{"empty", "", files, `[] []`},
		{"blank", " \n\n", files, `[] []`},
	} {
		var got []string
		var at []int
		x := text{field: "text", cut: c.cut}
		err := x.read(strings.NewReader(c.file), func(d []byte, line int) error {
			got, at = append(got, string(d)), append(at, line)
			return nil
		})
		if s := fmt.Sprintf("%q %v", got, at); err != nil || s != c.want {
			t.Errorf("%s: %s, %v", c.name, s, err)
		}
	}
	for name, file := range map[string]string{"cut gzip": gz.String()[:gz.Len()-9], "cut zstd": zs.String()[:zs.Len()-5], "JSON": jsonl + "{\n"} {
		x := text{field: "text", cut: files}
		var at *lineError
		if err := x.read(strings.NewReader(file), func([]byte, int) error { return nil }); !errors.As(err, &at) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A long file is cut at the ends of lines.
	long := strings.Repeat(strings.Repeat("x", 1<<20)+"\n", 40)
	n, size := 0, 0
	x := text{cut: files}
	if err := x.read(strings.NewReader(long), func(d []byte, _ int) error {
		if n, size = n+1, size+len(d); d[len(d)-1] != '\n' {
			t.Error("cut within a line")
		}
		return nil
	}); err != nil || n != 3 || size != len(long) {
		t.Errorf("%d documents of %d bytes, %v", n, size, err)
	}
}

func FuzzText(f *testing.F) {
	f.Add([]byte("{\"text\": \"a\"}\n\"b\"\n"), byte(0))
	f.Add([]byte("a\n\nb\n"), byte(2))
	f.Add([]byte{0x1f, 0x8b, 8, 0}, byte(1))
	f.Add([]byte{0x28, 0xb5, 0x2f, 0xfd, 4}, byte(0))
	f.Fuzz(func(t *testing.T, b []byte, cut byte) {
		x := text{field: "text", cut: []string{files, lines, paragraphs}[cut%3]}
		line := 0
		err := x.read(bytes.NewReader(b), func(d []byte, at int) error {
			if at <= line {
				t.Errorf("line %d after %d", at, line)
			}
			line = at
			return nil
		})
		var at *lineError
		if err != nil && !errors.As(err, &at) {
			t.Error(err)
		}
	})
}

// A sample keeps the order of the text.
func TestSamples(t *testing.T) {
	_, file := folder(t)
	o := &options{text: text{files: []string{file}, field: "text", cut: files}, samples: 7, seed: 3}
	tok, _, err := openTokenizer(filepath.Join(filepath.Dir(file), "model", "tokenizer.json"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := o.look(context.Background(), tok, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for ids, err := range p.documents(t.Context()) {
		if n++; err != nil || ids == nil && n == 0 {
			t.Fatal(err)
		}
	}
	if n != 7 || len(p.bytes) != 7 {
		t.Errorf("%d documents, %d sizes", n, len(p.bytes))
	}
	for range p.documents(t.Context()) {
		break // the reader ends as well
	}
}
