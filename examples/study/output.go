package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/wordnet/wn30"
)

// writeCSV writes a row per synset, with its place in each layer's map.
func writeCSV(ctx context.Context, path string, w *words, maps []*layerMap) error {
	head := []string{"synset", "domain", "lemma", "pos", "n_tokens"}
	for _, m := range maps {
		head = append(head, fmt.Sprintf("x_layer%d", m.Layer), fmt.Sprintf("y_layer%d", m.Layer))
	}
	record := func(i int) ([]string, error) {
		r := w.rows[i]
		rec := []string{r.synset, r.domain, r.lemma, r.pos, strconv.Itoa(r.tokens)}
		for _, m := range maps {
			rec = append(rec, cli.Float(m.y[2*i]), cli.Float(m.y[2*i+1]))
		}
		return rec, nil
	}
	return cli.WriteFile(path, func(out io.Writer) error { return cli.WriteCSV(ctx, out, head, len(w.rows), record) })
}

// record is run.json.
type record struct {
	*cli.Record
	Key    string         `json:"key"` // of the files in the folder layers
	Map    about          `json:"map"`
	Words  map[string]any `json:"words"`
	Layers []*layerMap    `json:"layers"`
}

// write writes the record of a run that is done.
func (r *record) write(path string, o *options, w *words, maps []*layerMap) error {
	r.Map, r.Layers = o.about, maps
	r.Seconds = 0
	for _, p := range r.Phases { // of a merged run, those of its parts too
		r.Seconds += p.Seconds
	}
	r.Seconds = math.Round(1000*r.Seconds) / 1000
	r.Words = map[string]any{
		"wordnet": w.version, "synsets": len(w.rows), "with_domain": w.withDomain, "domains": len(w.domains),
		"distinct_tokens": w.distinct, "mean_tokens": w.meanTokens(),
	}
	if o.about.Counts {
		r.Words["tokens_never_seen"], r.Words["lemmas_with_such_tokens"], r.Words["lemmas_of_such_tokens_only"] = w.unseen, w.some, w.only
	}
	return cli.WriteJSON(path, r)
}

// read hashes the inputs of the run.
func (r *record) read(ctx context.Context, o *options, w *words) error {
	if err := o.src.Record(ctx, r.Record); err != nil {
		return err
	}
	if o.tokenizer != "" {
		if err := r.Read(ctx, "tokenizer", o.tokenizer); err != nil {
			return err
		}
	}
	for _, b := range o.baselines {
		from := len(r.Inputs)
		if err := b.src.Record(ctx, r.Record); err != nil {
			return err
		}
		for i := from; i < len(r.Inputs); i++ {
			r.Inputs[i].Role = "baseline " + r.Inputs[i].Role
		}
	}
	if o.wordnet == "" {
		b, err := fs.ReadFile(wn30.FS, "wordnet.compact")
		r.Inputs = append(r.Inputs, cli.Input{Role: "wordnet", Name: w.version, SHA256: fmt.Sprintf("%x", sha256.Sum256(b))})
		return err
	}
	for _, path := range wordnetFiles(o.wordnet) {
		if err := r.Read(ctx, "wordnet", path); err != nil {
			return err
		}
	}
	return nil
}

// wordnetFiles returns what a database may consist of: the archive itself, or
// the files and archives in a folder where package wordnet looks for one.
func wordnetFiles(path string) []string {
	var files []string
	find := func(dirs, names []string) {
		for _, dir := range dirs {
			for _, name := range names {
				found, _ := fs.Glob(os.DirFS(path), dir+name)
				for _, f := range found {
					files = append(files, filepath.Join(path, f))
				}
			}
		}
	}
	find([]string{"", "dict/", "wordnet/", "corpora/", "corpora/wordnet/", "nltk_data/corpora/", "nltk_data/corpora/wordnet/"},
		[]string{"data.*", "index.*", "wordnet.compact", "wordnet.zip", "corpora.zip"})
	for _, names := range [][]string{{"data.*", "index.*"}, {"*.zip"}} {
		if files == nil { // folders and archives of other names
			find([]string{"", "*/", "*/*/", "*/*/*/", "*/*/*/*/"}, names)
		}
	}
	if files == nil {
		return []string{path}
	}
	return files
}

// describe says what is about to be studied.
func describe(out io.Writer, o *options, w *words) {
	src := &o.src
	if h := src.Sample; h != nil {
		fmt.Fprintf(out, "Map:    embedded sample of %s: %d of its layers, %d units each\n", h.Model, len(h.Layers), h.Width())
		fmt.Fprintln(out, "        For a map of your own: -amap FILE -counts FILE")
	} else {
		fmt.Fprintf(out, "Map:    activation map %s\n", src.Path)
	}
	for _, b := range o.baselines {
		fmt.Fprintf(out, "        baseline %s\n", b.src.Path)
	}
	fmt.Fprintf(out, "Words:  %d first lemmas of %s; %d with a topic domain, %d domains\n", len(w.rows), w.version, w.withDomain, len(w.domains))
	fmt.Fprintf(out, "Tokens: %d different, %.3f a lemma, %s\n", w.distinct, w.meanTokens(), formText(o.form))
	if src.Counts() != nil {
		fmt.Fprintf(out, "        %d of %d uses are of tokens that the map never saw (rows of zeros); %d lemmas have no others\n", w.unseen, w.tokens, w.only)
	}
}

func formText(form string) string {
	if form == prose {
		return "lemmas as in running text (a blank before, blanks for \"_\")"
	}
	return "lemmas as WordNet writes them"
}

// summary ends the output with what was found.
func summary(out io.Writer, o *options, r *results, maps []*layerMap, seconds float64) {
	for _, m := range maps {
		if m.Unsolved > 0 {
			fmt.Fprintf(out, "Layer %d: %d of %d vectors have too many neighbors at one distance for the perplexity; expect a poor map of them\n", m.Layer, m.Unsolved, m.Distinct)
		}
	}
	for _, name := range r.names {
		fmt.Fprintf(out, "\n%s\n", upper(name))
		for _, s := range append(r.findings(name), r.against(name)...) {
			fmt.Fprintf(out, "- %s\n", s)
		}
	}
	if s := r.leading(); s != "" {
		fmt.Fprintf(out, "\n%s\n", s)
	}
	fmt.Fprintf(out, "\nWrote report.html, report.md, metrics.csv, units.csv, synsets.csv, run.json, index.html and figures/ to %s in %.0f s\n", o.out, seconds)
}
