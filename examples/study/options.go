package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/examples/internal/sample"
)

// options are the flags of the program.
type options struct {
	src        sample.Source
	wordnet    string
	layers     []int // nil means all
	out        string
	domains    int
	first      int
	seed       uint64
	perplexity float64 // 0: tsne's default, which adapts to few rows
	limit      int     // 0: all
	minCount   int
	draws      int
	tokenizer  string // tokenizer.json; empty: embedded
	form       string // bare or prose
	baselines  []*baseline
	notebook   bool
	dryRun     bool

	about about // the map, once it is open
}

// An about is what the outputs say of the map.
type about struct {
	Name   string `json:"name"`
	Model  string `json:"model"`
	Counts bool   `json:"counts"` // of tokens are known
	Sample bool   `json:"sample"` // the embedded one

	Tokenizer string `json:"tokenizer"`
}

// aboutMap describes an open map. It names files without their folders, so that
// outputs do not depend on where a map lies.
func aboutMap(s *sample.Source, tokenizer string) about {
	a := about{Tokenizer: "GPT-NeoX (embedded)", Name: s.String(), Model: s.Model(), Counts: s.Counts() != nil, Sample: s.Sample != nil}
	if a.Sample {
		a.Tokenizer = s.Model() + " (embedded)"
	} else {
		a.Name = filepath.Base(s.Path)
	}
	if tokenizer != "" {
		a.Tokenizer = filepath.Base(tokenizer)
	}
	return a
}

// Forms of a lemma.
const (
	bare  = "bare"
	prose = "prose"
)

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{domains: 5, first: 5000, minCount: 5, draws: 20}
	f := flag.NewFlagSet("study", flag.ContinueOnError)
	positive := func(to *int, name, usage string) {
		f.Func(name, usage, func(s string) (err error) {
			if *to, err = strconv.Atoi(s); err != nil || *to < 1 {
				return errors.New("want a number from 1 on")
			}
			return nil
		})
	}
	o.src.Flags(f)
	f.StringVar(&o.wordnet, "wordnet", "", "WordNet database `DIR` (default: WordNet 3.0, embedded)")
	cli.Ints(f, &o.layers, "layers", "layer", "`layers` to embed, such as 0,2,5 (default: all)")
	f.StringVar(&o.out, "out", "study-out", "`DIR` to write to")
	positive(&o.domains, "domains", "`how many` most frequent domains to draw (default 5)")
	positive(&o.first, "first", "`how many` synsets with a domain to draw in the all-domains figure (default 5000)")
	f.Uint64Var(&o.seed, "seed", 0, "seed of the embedding and of the drawing order")
	f.Float64Var(&o.perplexity, "perplexity", 0, "effective number of neighbors (default 30, less for few rows)")
	positive(&o.minCount, "min-count", "how often all `tokens` of a lemma must have been seen for one of the controls (default 5)")
	positive(&o.draws, "draws", "`how many` null maps of each kind (default 20)")
	positive(&o.limit, "limit", "only the first `N` synsets (default: all)")
	f.StringVar(&o.tokenizer, "tokenizer", "", "the model's tokenizer.json, a `FILE` (default: the sample's for the sample, otherwise GPT-NeoX; both embedded)")
	form := cli.Choice(f, "form", "`form` of a lemma: as WordNet writes it, or as in running text (a blank before, blanks for \"_\")", bare, prose)
	f.Func("baseline", "another map, a `FILE`, to measure beside this one, such as of the untrained model; may be repeated", func(s string) error {
		o.baselines = append(o.baselines, &baseline{src: sample.Source{Path: s}})
		return nil
	})
	f.Func("baseline-counts", "`FILE` of token counts of the -baseline before it (default: those of -counts)", func(s string) error {
		if len(o.baselines) == 0 {
			return errors.New("no -baseline before it")
		}
		o.baselines[len(o.baselines)-1].src.CountsPath = s
		return nil
	})
	f.BoolVar(&o.notebook, "reproduce-notebook", false, "also draw what the original notebook showed: layer 0 for every layer")
	f.BoolVar(&o.dryRun, "dry-run", false, "say what would be done, with estimates of time and memory, and write nothing")
	if _, err := cli.Parse(f, args, 0, stderr); err != nil {
		return nil, err
	}
	if p := o.perplexity; p != 0 && !(p > 1 && p <= math.MaxFloat64) {
		return nil, fmt.Errorf("-perplexity %v: want a number above 1", p)
	}
	if o.out == "" {
		return nil, errors.New("-out is empty")
	}
	o.form = *form
	for _, b := range o.baselines {
		b.src.Mode = o.src.Mode
	}
	return o, nil
}

// settings are those that run.json tells.
func (o *options) settings(layers []int) map[string]any {
	names := []string{}
	for _, b := range o.baselines {
		names = append(names, b.name)
	}
	return map[string]any{
		"mode": o.src.Mode, "layers": layers, "domains": o.domains, "first": o.first, "seed": o.seed,
		"perplexity": cmp.Or(o.perplexity, 30), "limit": o.limit, "min_count": o.minCount, "draws": o.draws,
		"form": o.form, "baselines": names, "reproduce_notebook": o.notebook, "gomaxprocs": runtime.GOMAXPROCS(0),
	}
}

// restore takes the settings of a finished run that its outputs depend on.
func (o *options) restore(settings []byte) error {
	var s struct {
		Mode           amap.Mode
		Domains, First int
		Seed           uint64
		MinCount       int `json:"min_count"`
		Draws          int
		Form           string
		Baselines      []string
		Notebook       bool `json:"reproduce_notebook"`
	}
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	o.src.Mode, o.domains, o.first, o.seed = s.Mode, s.Domains, s.First, s.Seed
	o.minCount, o.draws, o.form, o.notebook = s.MinCount, s.Draws, s.Form, s.Notebook
	for i, name := range s.Baselines {
		o.baselines = append(o.baselines, &baseline{name: name, prefix: baselinePrefix(i)})
	}
	return nil
}

// pick returns the layers to embed, ascending, given those of the map.
func (o *options) pick(have []int) ([]int, error) {
	if o.layers == nil {
		return have, nil
	}
	layers := slices.Sorted(slices.Values(o.layers))
	for i, n := range layers {
		if !slices.Contains(have, n) {
			return nil, fmt.Errorf("-layers: the map has no layer %d (it has %v)", n, have)
		}
		if i > 0 && n == layers[i-1] {
			return nil, fmt.Errorf("-layers: layer %d is named twice", n)
		}
	}
	return layers, nil
}
