package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/semamap/semamap/examples/internal/sample"
	"github.com/semamap/semamap/internal/golden"
)

// databases are the sources of WordNet that must give the same rows.
func databases(t *testing.T) map[string]string {
	dirs := map[string]string{"wn30": ""}
	if dir := "/usr/share/wordnet"; exists(filepath.Join(dir, "data.noun")) {
		dirs["debian"] = dir
	} else {
		t.Logf("%s is not here: only the embedded WordNet is tested", dir)
	}
	return dirs
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestWords(t *testing.T) {
	for name, dir := range databases(t) {
		t.Run(name, func(t *testing.T) {
			w, err := readWords(&options{wordnet: dir})
			if err != nil {
				t.Fatal(err)
			}
			var first []string
			pos := map[string]int{}
			for i, r := range w.rows {
				pos[r.pos]++
				if i < 5 {
					first = append(first, r.synset+"/"+r.domain)
				}
			}
			want := []string{"able.a.01/None", "unable.a.01/None", "abaxial.a.01/biology.n.01", "adaxial.a.01/biology.n.01", "acroscopic.a.01/botany.n.02"}
			if !slices.Equal(first, want) {
				t.Errorf("first rows %v, want %v", first, want)
			}
			if len(w.rows) != 117659 || pos["n"] != 82115 || pos["v"] != 13767 || pos["s"] != 10693 || pos["a"] != 7463 || pos["r"] != 3621 {
				t.Errorf("%d rows, by part of speech %v", len(w.rows), pos)
			}
			if w.withDomain != 6428 || len(w.domains) != 427 {
				t.Errorf("%d rows with a domain, %d domains; want 6428, 427", w.withDomain, len(w.domains))
			}
			const top = "[{law.n.01 592} {military.n.01 365} {chemistry.n.01 210} {computer_science.n.01 205} {greek_mythology.n.01 192}]"
			if got := fmt.Sprint(w.domains[:5]); got != top {
				t.Errorf("most frequent domains %s, want %s", got, top)
			}
			o := &options{src: sample.Source{Mode: "input"}}
			src := &o.src
			if err := src.Open(); err != nil {
				t.Fatal(err)
			}
			if err := w.tokenize(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			tokens := 0
			for _, r := range w.rows {
				tokens += r.tokens
			}
			if len(w.weights.IDs) != 10998 || tokens != 363460 { // 363,460 / 117,659 = 3.089
				t.Errorf("%d distinct tokens, %d tokens; want 10998, 363460", len(w.weights.IDs), tokens)
			}
			for _, n := range src.Layers() {
				if _, err := src.Layer(n, w.weights.IDs...); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// study runs the program and returns its standard output.
func study(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	if err := run(t.Context(), args, &out, io.Discard); err != nil {
		t.Fatalf("study %v: %v", args, err)
	}
	return out.String()
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	out := study(t, "-limit", "400", "-layers", "5,1", "-draws", "2", "-out", dir)
	for _, want := range []string{"small demonstration model", "-amap FILE -counts FILE", "400 first lemmas", "layer", "Wrote"} {
		if !strings.Contains(out, want) {
			t.Errorf("the output lacks %q:\n%s", want, out)
		}
	}
	b, err := os.ReadFile(filepath.Join(dir, "run.json"))
	if err != nil {
		t.Fatal(err)
	}
	var rec record
	if err := json.Unmarshal(b, &rec); err != nil {
		t.Fatal(err)
	}
	var files []string
	filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			t.Error(err)
		} else if !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			files = append(files, filepath.ToSlash(rel))
		}
		return nil
	})
	want := []string{"index.html", "metrics.csv", "report.html", "report.md", "run.json", "synsets.csv", "units.csv"}
	for _, n := range []string{"1", "5"} {
		want = append(want, "layers/"+rec.Key+"-layer"+n+".json")
	}
	for _, f := range []string{"first5000-domain-layer1", "top-domains-layer1", "top-domains-layer5", "pos-layer1", "pos-layer5", "top-domains-by-layer", "pos-by-layer", "effect-top-domains", "effect-pos"} {
		want = append(want, "figures/"+f+".png", "figures/"+f+".svg")
	}
	slices.Sort(files)
	slices.Sort(want)
	if !slices.Equal(files, want) {
		t.Errorf("files %v, want %v", files, want)
	}

	f, err := os.Open(filepath.Join(dir, "synsets.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if h := strings.Join(rows[0], ","); h != "synset,domain,lemma,pos,n_tokens,x_layer1,y_layer1,x_layer5,y_layer5" {
		t.Errorf("header %s", h)
	}
	if len(rows) != 401 || strings.Join(rows[3][:5], ",") != "abaxial.a.01,biology.n.01,abaxial,a,2" {
		t.Errorf("%d rows, third %v", len(rows)-1, rows[3])
	}

	if len(rec.Layers) != 2 || len(rec.Phases) < 5 || rec.Settings["seed"] != 0.0 || len(rec.Inputs) != 3 {
		t.Errorf("run.json: %s", b)
	}
	for _, in := range rec.Inputs {
		if len(in.SHA256) != 64 {
			t.Errorf("run.json: input %+v has no sha256", in)
		}
	}
}

// The layers of a map are embedded from their own units each, and the same
// seed gives the same file for every GOMAXPROCS.
func TestSameBytes(t *testing.T) {
	csvOf := func(procs int, seed string) []byte {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		dir := t.TempDir()
		study(t, "-limit", "300", "-layers", "0,3", "-draws", "2", "-seed", seed, "-out", dir)
		b, err := os.ReadFile(filepath.Join(dir, "synsets.csv"))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	one := csvOf(1, "7")
	if two := csvOf(2, "7"); !bytes.Equal(one, two) {
		t.Error("GOMAXPROCS 1 and 2 give different files")
	}
	if other := csvOf(2, "8"); bytes.Equal(one, other) {
		t.Error("seeds 7 and 8 give the same file")
	}
	same := 0
	lines := strings.Split(strings.TrimSpace(string(one)), "\n")[1:]
	for _, l := range lines {
		if f := strings.Split(l, ","); f[5] == f[7] {
			same++
		}
	}
	if same > len(lines)/10 {
		t.Errorf("%d of %d rows have the same x in both layers", same, len(lines))
	}
}

func TestFewRows(t *testing.T) {
	for _, n := range []string{"1", "2", "5"} {
		study(t, "-limit", n, "-layers", "0", "-draws", "2", "-out", t.TempDir())
	}
}

func TestBadInput(t *testing.T) {
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken.pickle")
	if err := os.WriteFile(broken, []byte("\x80\x05 nothing"), 0o644); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(dir, "missing.pickle")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-amap", missing}, missing},
		{[]string{"-amap", broken}, broken},
		{[]string{"-counts", missing}, "-amap"},
		{[]string{"-wordnet", dir}, dir},
		{[]string{"-wordnet", missing}, missing},
		{[]string{"-mode", "output"}, "output"},
		{[]string{"-mode", "sideways"}, "sideways"},
		{[]string{"-layers", "0,9"}, "9"},
		{[]string{"-layers", "0,0"}, "twice"},
		{[]string{"-layers", ""}, "layers"},
		{[]string{"-layers", "x"}, `"x"`},
		{[]string{"-tokenizer", missing}, missing},
		{[]string{"-tokenizer", broken}, broken},
		{[]string{"-form", "poem"}, "form"},
		{[]string{"-form", "prose"}, "-amap"}, // the sample has rows of bare lemmas only
		{[]string{"-baseline", missing}, missing},
		{[]string{"-baseline", broken}, broken},
		{[]string{"-baseline-counts", broken}, "-baseline"},
		{[]string{"-perplexity", "1"}, "perplexity"},
		{[]string{"-perplexity", "NaN"}, "perplexity"},
		{[]string{"-perplexity", "500", "-limit", "100"}, "erplexity"},
		{[]string{"-limit", "0"}, "limit"},
		{[]string{"-domains", "-1"}, "domains"},
		{[]string{"-out", broken}, broken},
		{[]string{"more"}, "more"},
		{[]string{"-nonsense"}, "nonsense"},
	} {
		out := filepath.Join(dir, "out")
		err := run(t.Context(), append([]string{"-out", out}, c.args...), io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("study %v: error %v, want one line with %q", c.args, err, c.want)
		}
		if exists(filepath.Join(out, "synsets.csv")) {
			t.Errorf("study %v wrote a result", c.args)
		}
	}
}

// stopper cancels a run at its first line on standard error that starts so.
type stopper struct {
	prefix string
	cancel func()
}

func (s stopper) Write(b []byte) (int, error) {
	if strings.HasPrefix(string(b), s.prefix) {
		s.cancel()
	}
	return len(b), nil
}

func TestInterrupt(t *testing.T) {
	for _, at := range []string{"layer 0: neighbors and affinities: done", "layer 0: gradient: done", "layer 1: gradient: done"} {
		dir := t.TempDir()
		ctx, cancel := context.WithCancel(t.Context())
		err := run(ctx, []string{"-limit", "2000", "-layers", "0,1", "-draws", "2", "-out", dir}, io.Discard, stopper{at, cancel})
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error %v", at, err)
		}
		left, _ := filepath.Glob(filepath.Join(dir, "*.*"))
		more, _ := filepath.Glob(filepath.Join(dir, "*", ".*"))
		if len(left)+len(more) > 0 {
			t.Errorf("%s: left %v %v", at, left, more)
		}
	}
}

// A run that was interrupted goes on after its last finished layer.
func TestResume(t *testing.T) {
	args := []string{"-limit", "300", "-layers", "0,1", "-draws", "2"}
	whole, broken := t.TempDir(), t.TempDir()
	study(t, append(args, "-out", whole)...)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if err := run(ctx, append(args, "-out", broken), io.Discard, stopper{"layer 1: neighbors and affinities: done", cancel}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	// Other settings do not take what was kept.
	var progress bytes.Buffer
	if err := run(t.Context(), append(args, "-seed", "3", "-out", broken), io.Discard, &progress); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(progress.String(), "kept by") {
		t.Errorf("a run of another seed took a kept layer:\n%s", progress.String())
	}
	progress.Reset()
	if err := run(t.Context(), append(args, "-out", broken), io.Discard, &progress); err != nil {
		t.Fatal(err)
	}
	if strings.Count(progress.String(), "kept by") != 1 {
		t.Errorf("the layer that was kept was not used:\n%s", progress.String())
	}
	a, _ := os.ReadFile(filepath.Join(whole, "synsets.csv"))
	b, _ := os.ReadFile(filepath.Join(broken, "synsets.csv"))
	if len(a) == 0 || !bytes.Equal(a, b) {
		t.Error("the continued run and the unbroken one differ")
	}
}

// The sample and the map it was made from give the same study.
func TestSampleIsTheMap(t *testing.T) {
	const dir = "data/sample/"
	const name = "sample-neox-6l-128-dictionary-N310871-Wd15-1337_position_.pickle"
	m, c := golden.Shared(t, dir+"amap-"+name), golden.Shared(t, dir+"tokens-count-"+name)
	read := func(args ...string) []byte {
		out := t.TempDir()
		study(t, append(args, "-limit", "500", "-layers", "2", "-draws", "2", "-out", out)...)
		b, err := os.ReadFile(filepath.Join(out, "synsets.csv"))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if !bytes.Equal(read(), read("-amap", m, "-counts", c)) {
		t.Error("the embedded sample and its original give different maps")
	}
}

// Every form of a database is among the inputs of a run.
func TestWordnetFiles(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "corpora", "wordnet.zip")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, filepath.Dir(file), file} {
		if got := wordnetFiles(path); !slices.Equal(got, []string{file}) {
			t.Errorf("%s: %q", path, got)
		}
	}
	for _, pos := range []string{"noun", "verb"} {
		if err := os.WriteFile(filepath.Join(dir, "data."+pos), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := wordnetFiles(dir); len(got) != 3 {
		t.Errorf("%q", got)
	}
}

func TestShort(t *testing.T) {
	got := short([]string{"law.n.01", "computer_science.n.01", "law.n.02"})
	if got["law.n.01"] != "law" || got["law.n.02"] != "law.n.02" || got["computer_science.n.01"] != "computer science" {
		t.Errorf("%v", got)
	}
}
