package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/examples/internal/sample"
	"github.com/semamap/semamap/lemma"
	"github.com/semamap/semamap/lemma/neox"
	"github.com/semamap/semamap/plot"
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
			if len(w.weights.IDs) != 11052 || tokens != 362414 {
				t.Errorf("%d distinct tokens, %d tokens; want 11052, 362414", len(w.weights.IDs), tokens)
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
	out := study(t, "-limit", "400", "-layers", "29,10", "-draws", "2", "-out", dir)
	for _, want := range []string{"embedded sample of SmolLM2", "-amap FILE -counts FILE", "400 first lemmas", "layer", "Wrote"} {
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
	for _, name := range []string{"layer10", "layer29", "unseen"} {
		want = append(want, "layers/"+rec.Key+"-"+name+".json")
	}
	for _, f := range []string{"first5000-domain-layer10", "top-domains-layer10", "top-domains-layer29", "pos-layer10", "pos-layer29", "top-domains-by-layer", "pos-by-layer", "effect-top-domains"} {
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
	if h := strings.Join(rows[0], ","); h != "synset,domain,lemma,pos,n_tokens,x_layer10,y_layer10,x_layer29,y_layer29" {
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
		study(t, "-limit", "300", "-layers", "0,16", "-draws", "2", "-seed", seed, "-out", dir)
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

// A filtered map is not read as if its rows were all tokens, and a row that holds
// no numbers is named by its lemma and token.
func TestFilteredMap(t *testing.T) {
	src := sample.Source{Mode: "input"}
	if err := src.Open(); err != nil {
		t.Fatal(err)
	}
	words, err := readWords(&options{limit: 60})
	if err != nil {
		t.Fatal(err)
	}
	if err := words.tokenize(t.Context(), &options{src: src}); err != nil {
		t.Fatal(err)
	}
	ids := words.weights.IDs
	few, err := src.Filter(ids)
	if err != nil {
		t.Fatal(err)
	}
	l, err := src.Map.Layer("input", 13)
	if err != nil {
		t.Fatal(err)
	}
	bad, err := amap.NewMap(amap.Float32, map[amap.Mode][]amap.Rows{"input": {notNumbers{l, int(ids[9])}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if bad, err = bad.Filter(ids); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, write := range map[string]func(w io.Writer) error{
		"few.pickle":      func(w io.Writer) error { return few.WriteSYSIF(t.Context(), w) },
		"few.safetensors": func(w io.Writer) error { return few.WriteSafetensors(t.Context(), w) },
		"nan.safetensors": func(w io.Writer) error { return bad.WriteSafetensors(t.Context(), w) },
		"ids.txt":         func(w io.Writer) error { _, err := fmt.Fprintln(w, strings.Trim(fmt.Sprint(ids), "[]")); return err },
	} {
		if err := cli.WriteFile(at(name), write); err != nil {
			t.Fatal(err)
		}
	}
	tok := at("tokenizer.json")
	if err := cli.WriteFile(tok, sample.WriteTokenizer); err != nil {
		t.Fatal(err)
	}
	args := []string{"-limit", "60", "-layers", "13", "-draws", "2", "-tokenizer", tok}
	read := func(more ...string) string {
		out := t.TempDir()
		study(t, slices.Concat(args, more, []string{"-out", out})...)
		b, err := os.ReadFile(filepath.Join(out, "synsets.csv"))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	want := read()
	if got := read("-amap", at("few.safetensors")); got != want {
		t.Error("the filtered map with its ids gives another study")
	}
	if got := read("-amap", at("few.pickle"), "-row-ids", at("ids.txt")); got != want {
		t.Error("the filtered map of SYSIF's form with given ids gives another study")
	}
	for want, more := range map[string][]string{
		"a filtered map, whose": {"-amap", at("few.pickle")},
		"a filtered map of":     {"-amap", at("few.safetensors"), "-limit", "900"},
		"is no token id":        {"-amap", at("few.pickle"), "-row-ids", at("few.pickle")},
		"needs -amap":           {"-row-ids", at("ids.txt")},
		"unit 5 is NaN in the row of token " + fmt.Sprint(ids[9]): {"-amap", at("nan.safetensors"), "-layers", "0"},
	} {
		err := run(t.Context(), slices.Concat(args, more, []string{"-out", t.TempDir()}), io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", more, err, want)
		}
		if strings.Contains(want, "NaN") {
			k := slices.IndexFunc(words.rows, func(w word) bool { return strings.Contains(err.Error(), fmt.Sprintf("of lemma %q", w.lemma)) })
			if w := words.weights; k < 0 || !slices.Contains(w.Index[w.Start[k]:w.Start[k+1]], 9) {
				t.Errorf("the lemma is not one with this token: %v", err)
			}
		}
	}
}

// notNumbers has a NaN in a row.
type notNumbers struct {
	*amap.Layer
	row int
}

func (x notNumbers) Row(dst []float32, i int) ([]float32, error) {
	dst, err := x.Layer.Row(dst, i)
	if i == x.row {
		dst[5] = float32(math.NaN())
	}
	return dst, err
}

func (x notNumbers) ReadRows(dst []float32, lo, hi int) error {
	_, n := x.Dims()
	for i := lo; i < hi; i++ {
		if _, err := x.Row(dst[(i-lo)*n:(i-lo+1)*n:(i-lo+1)*n], i); err != nil {
			return err
		}
	}
	return nil
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
	for _, at := range []string{"layer 0: neighbors and affinities: done", "layer 0: gradient: done", "layer 10: gradient: done"} {
		dir := t.TempDir()
		ctx, cancel := context.WithCancel(t.Context())
		err := run(ctx, []string{"-limit", "2000", "-layers", "0,10", "-draws", "2", "-out", dir}, io.Discard, stopper{at, cancel})
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
	args := []string{"-limit", "300", "-layers", "0,10", "-draws", "2"}
	whole, broken := t.TempDir(), t.TempDir()
	study(t, append(args, "-out", whole)...)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if err := run(ctx, append(args, "-out", broken), io.Discard, stopper{"layer 10: neighbors and affinities: done", cancel}); !errors.Is(err, context.Canceled) {
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
	for _, name := range []string{"oewn2023.zip", "WordNet-3.0/dict/data.noun"} {
		dir := t.TempDir()
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, nil, 0o644)); err != nil {
			t.Fatal(err)
		}
		if got := wordnetFiles(dir); !slices.Equal(got, []string{file}) {
			t.Errorf("%q", got)
		}
	}
}

// Tokens that the map never saw are no data: a lemma that has no others is not
// drawn, one that has some is marked, and the caption says so. A layer whose
// rows are all equal is no map.
func TestNoData(t *testing.T) {
	tok, err := neox.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	const rows, units = 50293, 3
	counts := make([]int64, rows)
	for i := range counts {
		counts[i] = 7
	}
	avg := lemma.Averager{Tok: tok}
	var unseen []int32
	for _, l := range []string{"able", "abaxial"} { // of one token and of two
		ids, err := avg.Tokens(nil, l)
		if err != nil {
			t.Fatal(err)
		}
		unseen = append(unseen, ids[0])
	}
	layers := make([]amap.Rows, 2)
	for n := range layers {
		x := make([][]float32, rows)
		for i := range x {
			x[i] = make([]float32, units)
			for u := range x[i] {
				if x[i][u] = 2; n == 0 { // layer 1 is constant where a token was seen
					x[i][u] = float32((i*(u+3)*7919)%1009) / 64
				}
			}
		}
		for _, id := range unseen {
			counts[id] = 0
			clear(x[id])
		}
		layers[n] = lemma.FromSlices(x)
	}
	m, err := amap.NewMap(amap.Float32, map[amap.Mode][]amap.Rows{amap.Input: layers}, &amap.Options{Counts: amap.Counts{amap.Input: counts}})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path, out := filepath.Join(dir, "map.safetensors"), filepath.Join(dir, "out")
	if err := cli.WriteFile(path, func(w io.Writer) error { return m.WriteSafetensors(t.Context(), w) }); err != nil {
		t.Fatal(err)
	}
	study(t, "-amap", path, "-limit", "300", "-draws", "2", "-out", out)
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(out, "figures", name+".svg"))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	svg := read("pos-layer0")
	for _, want := range []string{"unable (unable.a.01)", "abaxial (abaxial.a.01), 1 of 2 tokens never seen",
		"299 synsets by part of speech; 1 more, of tokens that the model never saw, are left out"} {
		if !strings.Contains(svg, want) {
			t.Errorf("the map of layer 0 lacks %q", want)
		}
	}
	if strings.Contains(svg, "<title>able (able.a.01)") || strings.Contains(svg, "lemmas") {
		t.Error("the map of layer 0 shows a lemma of no seen token, or calls synsets lemmas")
	}
	if svg := read("pos-layer1"); !strings.Contains(svg, "All 299 points lie at one place.") || strings.Contains(svg, "unable (unable") {
		t.Error("a constant layer is drawn as a map")
	}
}

// A domain has one color in all figures.
func TestSameColors(t *testing.T) {
	o, err := parse([]string{"-limit", "30000"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.src.Open(); err != nil {
		t.Fatal(err)
	}
	w, err := readWords(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.tokenize(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	v := newViews(o, w)
	m := &layerMap{y: make([]float32, 2*len(w.rows))}
	all := v.all.figure(0, m).Colors
	for _, f := range []*plot.Figure{v.first.figure(0, m), v.top.figure(0, m, m), v.top.byLayer(0, []*layerMap{m})} {
		for _, d := range f.Panels[0].Labels {
			if f.Colors[d] == nil || f.Colors[d] != all[d] {
				t.Fatalf("%s: %v, %v on the page", d, f.Colors[d], all[d])
			}
		}
	}
	if len(w.domains) < 50 || len(all) != len(w.domains) {
		t.Errorf("%d domains, %d colors", len(w.domains), len(all))
	}
}
