package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strconv"

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
}

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
	if _, err := cli.Parse(f, args, 0, stderr); err != nil {
		return nil, err
	}
	if p := o.perplexity; p != 0 && !(p > 1 && p <= math.MaxFloat64) {
		return nil, fmt.Errorf("-perplexity %v: want a number above 1", p)
	}
	if o.out == "" {
		return nil, errors.New("-out is empty")
	}
	return o, nil
}

// settings are those that run.json tells.
func (o *options) settings() map[string]any {
	s := map[string]any{
		"mode": o.src.Mode, "layers": o.layers, "domains": o.domains, "first": o.first, "seed": o.seed,
		"perplexity": cmp.Or(o.perplexity, 30), "limit": o.limit, "gomaxprocs": runtime.GOMAXPROCS(0),
	}
	if o.layers == nil {
		s["layers"] = "all"
	}
	return s
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
