package main

import (
	"flag"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/semamap/semamap/amap"
)

// options are the flags of the program.
type options struct {
	amap, counts string
	mode         amap.Mode
	wordnet      string
	layers       []int // nil means all
	out          string
	domains      int
	first        int
	seed         uint64
	perplexity   float64 // 0: the default, adapted to few rows
	limit        int     // 0: all
}

// defaultPerplexity is what the help text shows; tsne's own default is the
// same, but adapts to few rows.
const defaultPerplexity = 30

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	fs := flag.NewFlagSet("study", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.StringVar(&o.amap, "amap", "", "activation map, a SYSIF pickle `FILE` (default: an embedded demonstration model)")
	fs.StringVar(&o.counts, "counts", "", "token counts of the map, a SYSIF pickle `FILE`")
	mode := fs.String("mode", string(amap.Input), "side of the model: input or output")
	fs.StringVar(&o.wordnet, "wordnet", "", "WordNet database `DIR` (default: WordNet 3.0, embedded)")
	layers := fs.String("layers", "", "layers to embed, such as 0,2,5 (default: all)")
	fs.StringVar(&o.out, "out", "study-out", "`DIR` to write to")
	fs.IntVar(&o.domains, "domains", 5, "how many most frequent domains to draw")
	fs.IntVar(&o.first, "first", 5000, "how many synsets with a domain to draw in the all-domains figure")
	fs.Uint64Var(&o.seed, "seed", 0, "seed of the embedding and of the drawing order")
	fs.Float64Var(&o.perplexity, "perplexity", defaultPerplexity, "effective number of neighbours")
	fs.IntVar(&o.limit, "limit", 0, "only the first `N` synsets (default: all)")
	if err := fs.Parse(args); err != nil {
		if err == flag.ErrHelp {
			fs.SetOutput(stderr)
			fmt.Fprintln(stderr, "Usage: study [flags]")
			fs.PrintDefaults()
		}
		return nil, err
	}
	if fs.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	given := map[string]bool{}
	fs.Visit(func(f *flag.Flag) { given[f.Name] = true })

	switch o.mode = amap.Mode(*mode); o.mode {
	case amap.Input, amap.Output:
	default:
		return nil, fmt.Errorf("-mode %q: want input or output", *mode)
	}
	if given["layers"] {
		for _, s := range strings.Split(*layers, ",") {
			n, err := strconv.Atoi(strings.TrimSpace(s))
			if err != nil || n < 0 {
				return nil, fmt.Errorf("-layers %q: %q is no layer number", *layers, s)
			}
			if slices.Contains(o.layers, n) {
				return nil, fmt.Errorf("-layers %q: layer %d is named twice", *layers, n)
			}
			o.layers = append(o.layers, n)
		}
	}
	for _, f := range []struct {
		name  string
		value int
	}{{"domains", o.domains}, {"first", o.first}, {"limit", o.limit}} {
		if f.value < 1 && (f.name != "limit" || given["limit"]) {
			return nil, fmt.Errorf("-%s %d: want at least 1", f.name, f.value)
		}
	}
	if !(o.perplexity > 1) || math.IsInf(o.perplexity, 0) {
		return nil, fmt.Errorf("-perplexity %v: want a number above 1", o.perplexity)
	}
	if !given["perplexity"] {
		o.perplexity = 0
	}
	if o.counts != "" && o.amap == "" {
		return nil, fmt.Errorf("-counts %s: needs -amap, the map that was counted", o.counts)
	}
	if o.out == "" {
		return nil, fmt.Errorf("-out is empty")
	}
	return o, nil
}

// pick returns the layers to embed, ascending, given those of the map.
func (o *options) pick(have []int) ([]int, error) {
	if o.layers == nil {
		if len(have) == 0 {
			return nil, fmt.Errorf("the map has no layers of mode %s", o.mode)
		}
		return have, nil
	}
	for _, n := range o.layers {
		if !slices.Contains(have, n) {
			return nil, fmt.Errorf("-layers: the map has no layer %d (it has %v)", n, have)
		}
	}
	return slices.Sorted(slices.Values(o.layers)), nil
}
