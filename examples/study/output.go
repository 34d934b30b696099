package main

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/wordnet/wn30"
)

// writeCSV writes a row per synset, with its place in each layer's map.
func writeCSV(ctx context.Context, path string, w *words, maps []*layerMap) error {
	return cli.WriteFile(path, func(out io.Writer) error {
		c := csv.NewWriter(out)
		row := []string{"synset", "domain", "lemma", "pos", "n_tokens"}
		for _, m := range maps {
			row = append(row, fmt.Sprintf("x_layer%d", m.layer), fmt.Sprintf("y_layer%d", m.layer))
		}
		if err := c.Write(row); err != nil {
			return err
		}
		for i, r := range w.rows {
			if i%1024 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			row = append(row[:0], r.synset, r.domain, r.lemma, r.pos, strconv.Itoa(r.tokens))
			for _, m := range maps {
				row = append(row, cli.Float(m.Y[2*i]), cli.Float(m.Y[2*i+1]))
			}
			if err := c.Write(row); err != nil {
				return err
			}
		}
		c.Flush()
		return c.Error()
	})
}

// record is what run.json says of a run.
type record struct {
	start, last time.Time
	counted     bool // the map came with token counts

	Program  string            `json:"program"`
	Started  string            `json:"started"`
	Versions map[string]string `json:"versions"`
	Inputs   []input           `json:"inputs"`
	Settings map[string]any    `json:"settings"`
	Words    map[string]any    `json:"words"`
	Layers   []layerRecord     `json:"layers"`
	Phases   []phase           `json:"phases"`
	Seconds  float64           `json:"seconds"`
}

type input struct {
	Role   string `json:"role"`
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
}

type phase struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
}

type layerRecord struct {
	Layer             int       `json:"layer"`
	KL                float64   `json:"kl"`
	Perplexity        float64   `json:"perplexity"`
	DistinctVectors   int       `json:"distinct_vectors"`
	NeighbourSeconds  float64   `json:"neighbours_seconds"`
	GradientSeconds   float64   `json:"gradient_seconds"`
	Kernels           string    `json:"kernels"` // vector instructions in use
	DomainPurity      agreement `json:"domain_purity"`
	DomainPurityApart agreement `json:"domain_purity_no_shared_token"`
	POSPurity         agreement `json:"pos_purity"`
}

func newRecord(o *options) *record {
	now := time.Now()
	r := &record{
		start: now, last: now,
		Program:  "github.com/semamap/semamap/examples/study",
		Started:  now.UTC().Format(time.RFC3339),
		Versions: map[string]string{"go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH},
		Settings: map[string]any{
			"mode": o.mode, "layers": o.layers, "domains": o.domains, "first": o.first,
			"seed": o.seed, "perplexity": o.perplexity, "limit": o.limit, "gomaxprocs": runtime.GOMAXPROCS(0),
		},
	}
	if o.perplexity == 0 {
		r.Settings["perplexity"] = defaultPerplexity
	}
	if o.layers == nil {
		r.Settings["layers"] = "all"
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		r.Versions["semamap"] = info.Main.Version
		for _, d := range info.Deps {
			r.Versions[d.Path] = d.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				r.Versions["revision"] = s.Value
			}
		}
	}
	return r
}

// phase ends the phase that began when the last one ended.
func (r *record) phase(name string) {
	now := time.Now()
	r.Phases = append(r.Phases, phase{name, round(now.Sub(r.last))})
	r.last = now
}

func round(d time.Duration) float64 { return float64(d.Round(time.Millisecond)) / 1e9 }

// inputs hashes the files that the run reads.
func (r *record) inputs(ctx context.Context, o *options, src *source, w *words) error {
	r.counted = src.count != nil
	if src.sample != nil {
		r.Inputs = append(r.Inputs,
			input{Role: "activation map (embedded, made from)", Name: src.model, SHA256: src.sample.AmapSHA256},
			input{Role: "token counts (embedded, made from)", Name: src.model, SHA256: src.sample.CountsSHA256})
	}
	for _, f := range []struct{ role, path string }{{"activation map", o.amap}, {"token counts", o.counts}} {
		if f.path == "" {
			continue
		}
		if err := r.hash(ctx, f.role, f.path); err != nil {
			return err
		}
	}
	if o.wordnet == "" {
		r.Inputs = append(r.Inputs, input{Role: "wordnet", Name: w.version, SHA256: hashFS(wn30.FS)})
		return nil
	}
	files := []string{"."} // of the database: one file, or those of a folder
	dir := os.DirFS(o.wordnet)
	if info, err := os.Stat(o.wordnet); err != nil {
		return err
	} else if info.IsDir() {
		files = nil
		for _, name := range []string{"data.noun", "index.noun", "data.verb", "index.verb", "data.adj", "index.adj", "data.adv", "index.adv"} {
			found, _ := fs.Glob(dir, name) // the patterns are good ones
			below, _ := fs.Glob(dir, "*/"+name)
			if found = append(found, below...); len(found) > 0 {
				files = append(files, found[0])
			}
		}
	}
	for _, f := range files {
		if err := r.hash(ctx, "wordnet", filepath.Join(o.wordnet, f)); err != nil {
			return err
		}
	}
	return nil
}

func (r *record) hash(ctx context.Context, role, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	size, err := io.CopyBuffer(h, cli.Reader(ctx, f), make([]byte, 1<<20))
	if err != nil {
		return err
	}
	r.Inputs = append(r.Inputs, input{role, filepath.Base(path), size, hex.EncodeToString(h.Sum(nil))})
	return nil
}

// write ends the record and writes it.
func (r *record) write(path string, w *words, maps []*layerMap) error {
	r.Words = map[string]any{
		"wordnet": w.version, "synsets": len(w.rows), "with_domain": w.withDomain(), "domains": len(w.domains),
		"distinct_tokens": len(w.weights.IDs), "mean_tokens": w.meanTokens(),
	}
	if r.counted {
		r.Words["tokens_never_seen"], r.Words["lemmas_with_such_tokens"], r.Words["lemmas_of_such_tokens_only"] = w.unseen()
	}
	for _, m := range maps {
		r.Layers = append(r.Layers, layerRecord{m.layer, m.KL, m.Perplexity, m.Distinct, round(m.Neighbours), round(m.Gradient), m.Kernels, m.domain, m.domainApart, m.pos})
	}
	r.Seconds = round(time.Since(r.start))
	return cli.WriteFile(path, func(out io.Writer) error {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(r)
	})
}

// describe says what is about to be studied.
func describe(out io.Writer, src *source, w *words) {
	fmt.Fprintf(out, "Map:    %s\n", src.about)
	if src.sample != nil {
		fmt.Fprintln(out, "        It shows how the study works and says nothing about large models.")
		fmt.Fprintln(out, "        For a real map, such as one of Pythia: -amap FILE -counts FILE")
	}
	fmt.Fprintf(out, "Words:  %d first lemmas of %s; %d with a topic domain, %d domains\n", len(w.rows), w.version, w.withDomain(), len(w.domains))
	fmt.Fprintf(out, "Tokens: %d different, %.3f a lemma\n", len(w.weights.IDs), w.meanTokens())
	if src.count != nil {
		unseen, _, all := w.unseen()
		fmt.Fprintf(out, "        %d of %d uses are of tokens that the map never saw (rows of zeros); %d lemmas have no others\n", unseen, w.tokens(), all)
	}
}

// summary ends the output with a table of the layers.
func summary(out io.Writer, o *options, maps []*layerMap, rec *record) {
	fmt.Fprintln(out)
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "layer\tKL\tdomain\tp\tapart\tp\tchance\tPOS\tp\tchance\tneighbours\tgradient\t")
	for _, m := range maps {
		fmt.Fprintf(t, "%d\t%.3f\t%s\t%s\t%s\t%s\t%s\t%.1f s\t%.1f s\t\n", m.layer, m.KL,
			m.domain.cells(), m.domainApart.cells(), m.domain.chance(), m.pos.cells(), m.pos.chance(), m.Neighbours.Seconds(), m.Gradient.Seconds())
	}
	t.Flush()
	fmt.Fprintf(out, `
domain  share of a word's %d nearest words on the map that have its topic domain,
        among the words of the %d most frequent domains
apart   the same, without neighbours that share a token with the word
POS     the same as domain for the part of speech, among all words
p       of a permutation test; chance: the share if categories were dealt at random

`, purityNeighbours, o.domains)
	fmt.Fprintf(out, "Wrote synsets.csv, run.json, index.html and figures/ to %s in %.0f s\n", o.out, rec.Seconds)
}

// hashFS hashes all files of a file system, in the order of their names.
func hashFS(fsys fs.FS) string {
	h := sha256.New()
	fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(fsys, path)
		h.Write(b)
		return err
	})
	return hex.EncodeToString(h.Sum(nil))
}
