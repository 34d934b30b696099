// Command amap looks into activation maps of language models: SYSIF's pickles,
// files of torch.save, safetensors, .npy and .npz files.
//
//	amap info FILE                                   what the file holds
//	amap check FILE                                  signs that numbers are wrong
//	amap top-tokens FILE -unit 3_17                  what activates a unit
//	amap top-units FILE -token hat                   what a token activates
//	amap selectivity FILE -tokens "Paris,London"     units that tell tokens apart
//	amap stats FILE                                  statistics of units, CSV
//	amap dead FILE                                   dead and low-variance units
//	amap rows FILE -mode input -layer 0 -ids 1,2,3   values, CSV
//	amap table FILE -ids 1,2,3 -o t.csv              units × tokens, for pandas
//	amap histogram FILE -by-layer -o h.png           how values are spread
//	amap convert FILE -o OUT                         to .pickle, .safetensors, .npy
//	amap merge FILE... -o OUT                        maps of parts of a corpus
//
// Flags may stand before or after the file; amap COMMAND -help lists them. Token
// counts are read from the file that SYSIF puts beside a map (tokens-count-… for
// amap-…) or from -counts. Tokens are named by the vocabulary of GPT-NeoX, which
// is built in, where the map has its size, or by -vocab.
package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/examples/internal/cli"
)

func main() { cli.Main("amap", run) }

// A command does its work on the map of the first file.
type command struct {
	name, about string
	flags       string // of its own
	run         func(j *job) error
}

var commands = []command{
	{"info", "say what a file holds", "", info},
	{"check", "look for signs that numbers are wrong", "windows", check},
	{"top-tokens", "list the tokens that activate a unit most", "unit mode k min-count unseen positions", topTokens},
	{"top-units", "list the units that a token activates most", "token ids mode k", topUnits},
	{"selectivity", "list the units that tell some tokens from all others", "tokens ids layers mode k min-count", selectivity},
	{"stats", "print statistics of every unit as CSV", "mode layers unseen positions", stats},
	{"dead", "count dead and low-variance units by layer", "mode layers below variance list unseen positions", dead},
	{"rows", "print rows as CSV", "mode layer ids tokens header", rows},
	{"table", "write the table of SYSIF's get_df_amap as CSV", "o ids tokens", table},
	{"histogram", "draw how the values are spread", "o mode layers by-layer of bins min max linear unseen positions", histogram},
	{"convert", "write a map in another format", "o mode layer ids counts-out", convert},
	{"merge", "combine maps of parts of a corpus by their counts", "o mode layer type counts-out", merge},
}

// A job is one run of a command.
type job struct {
	ctx   context.Context
	w     io.Writer
	files []string
	m     *amap.Map // of the first file
	v     *vocabulary

	amap.Scope
	opts                           amap.Options
	counts, vocab, rowIDs          string
	window                         int
	mode, out, unit, token, tokens string
	ids                            []int32
	countsOut, dtype               string
	layer, k, bins                 int
	header, linear, byLayer, list  bool
	least, most, below, variance   float64
	of                             *string
}

// flags are those of all commands.
func (j *job) flags() *flag.FlagSet {
	f := flag.NewFlagSet("", flag.ContinueOnError)
	f.StringVar(&j.counts, "counts", "", "`file` of token counts (default: the one beside the map, if there is one)")
	f.StringVar(&j.vocab, "vocab", "", "`file` of the vocabulary: tokenizer.json, vocab.json, a JSON array or a token a line")
	f.StringVar(&j.rowIDs, "row-ids", "", "`file` of the token ids of a filtered map's rows, which SYSIF's files do not hold")
	f.IntVar(&j.window, "window", -1, "tokens of a window, where the file's name does not say; 0: the map has no positions")
	f.BoolFunc("transposed", "the file's matrices are units × tokens", func(s string) error {
		transposed, err := strconv.ParseBool(s)
		j.opts.Transposed = &transposed
		return err
	})
	f.BoolVar(&j.opts.NoMmap, "no-mmap", false, "read the file instead of mapping it")
	f.Int64Var(&j.opts.Windows, "windows", 0, "windows of text that went into the map, if known")
	f.StringVar(&j.mode, "mode", "", "`mode`: input or output (default: the file's first; stats and histogram: all)")
	cli.Ints(f, &j.Layers, "layers", "layer", "`layers`, such as 0,2,5 (default: all)")
	f.IntVar(&j.layer, "layer", -1, "layer (default: the first; in a .npy file: the only one)")
	f.StringVar(&j.unit, "unit", "", "`unit`, LAYER_UNIT, such as 3_17")
	f.StringVar(&j.token, "token", "", "`token`: its raw form (Ġhat) or its text (\" hat\"); hat and \" hat\" are two tokens")
	f.StringVar(&j.tokens, "tokens", "", "`tokens` by name, separated by commas")
	cli.Ints(f, &j.ids, "ids", "token id", "token `ids`, such as 700,7856")
	f.IntVar(&j.k, "k", 20, "how many")
	f.Int64Var(&j.MinCount, "min-count", 0, "leave out tokens that occurred less often")
	f.BoolVar(&j.Unseen, "unseen", false, "take in tokens that never occurred")
	f.BoolVar(&j.Positions, "positions", false, "take in the positions of the window")
	f.BoolVar(&j.header, "header", false, "write a line of titles, and the id of each row in front")
	f.StringVar(&j.out, "o", "", "`file` to write: .pickle (SYSIF), .safetensors or .npy (one layer); of histogram .png, .svg or .pdf; of table .csv (default: print)")
	f.StringVar(&j.countsOut, "counts-out", "", "`file` for the token counts too, as a pickle")
	f.StringVar(&j.dtype, "type", "", "number `type` to write: float16, bfloat16, float32 or float64 (default: the first file's)")
	f.IntVar(&j.bins, "bins", 100, "bins")
	f.Float64Var(&j.least, "min", 0, "lower end of the range (default: the least value)")
	f.Float64Var(&j.most, "max", 0, "upper end of the range (default: the greatest value)")
	f.BoolVar(&j.byLayer, "by-layer", false, "a panel for each mode and layer, all of one scale")
	j.of = cli.Choice(f, "of", "what to count: all values, or one number of each unit over the tokens", "values", "max", "mean", "variance", "nonzero")
	f.Float64Var(&j.below, "below", 0.1, "a unit is dead if its maximum is below this `number`")
	f.Float64Var(&j.variance, "variance", 1e-3, "a unit has low variance if it is below this `number`")
	f.BoolVar(&j.list, "list", false, "list these units as CSV instead")
	f.BoolVar(&j.linear, "linear", false, "a linear instead of a logarithmic scale for the counts")
	return f
}

// run is the program.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		usage(stderr)
		return errors.New("no command")
	}
	if a := strings.TrimLeft(args[0], "-"); a == "help" || a == "h" {
		usage(stdout)
		return nil
	}
	i := slices.IndexFunc(commands, func(c command) bool { return c.name == args[0] })
	if i < 0 {
		return fmt.Errorf("unknown command %q; amap help lists them", args[0])
	}
	w := bufio.NewWriter(stdout)
	return cmp.Or(commands[i].start(&job{ctx: ctx, w: w}, args[1:], stderr), w.Flush())
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "usage: amap COMMAND FILE [flags]")
	for _, c := range commands {
		fmt.Fprintf(w, "  %-12s %s\n", c.name, c.about)
	}
}

func (c command) start(j *job, args []string, stderr io.Writer) (err error) {
	all, f := j.flags(), flag.NewFlagSet("amap "+c.name, flag.ContinueOnError)
	for _, name := range strings.Fields("counts vocab row-ids window transposed no-mmap " + c.flags) {
		g := all.Lookup(name)
		f.Var(g.Value, g.Name, g.Usage)
	}
	most := 1 // files
	if c.name == "merge" {
		most = len(args)
	}
	if j.files, err = cli.Parse(f, args, most, stderr); err != nil {
		return err
	}
	switch {
	case len(j.files) == 0:
		return fmt.Errorf("%s: no file", c.name)
	case c.name == "merge" && j.counts != "":
		return errors.New("merge: each map needs counts of its own, beside it; -counts names one file")
	}
	if j.window >= 0 {
		j.opts.Positions = j.window + 1
		if j.window == 0 {
			j.opts.Positions = -1
		}
	}
	if j.rowIDs != "" {
		if j.opts.IDs, err = cli.ReadIDs(j.rowIDs); err != nil {
			return err
		}
	}
	if j.m, err = j.open(j.files[0]); err != nil {
		return err
	}
	defer j.m.Close()
	return c.run(j)
}

// open opens the map of a file with its counts, if there are any.
func (j *job) open(file string) (*amap.Map, error) {
	if j.counts == "" {
		m, err := amap.OpenPair(file, &j.opts)
		if !errors.Is(err, amap.ErrNotFound) {
			return m, err
		}
		return amap.Open(file, &j.opts)
	}
	c, err := amap.OpenCounts(j.counts)
	if err != nil {
		return nil, err
	}
	o := j.opts
	o.Counts = c
	return amap.Open(file, &o)
}

// theMode is -mode, or the map's first mode with a layer that can be read.
func (j *job) theMode() (amap.Mode, error) {
	modes := j.m.Modes()
	if j.mode == "" && len(modes) > 0 {
		for _, mode := range modes {
			for _, n := range j.m.Layers(mode) {
				if _, err := j.m.Layer(mode, n); err == nil {
					return mode, nil
				}
			}
		}
		return modes[0], nil
	}
	if mode := amap.Mode(j.mode); slices.Contains(modes, mode) {
		return mode, nil
	}
	return "", fmt.Errorf("%s: no mode %q; the file has %q", j.files[0], j.mode, modes)
}

// tokenIDs reads -ids, -tokens and -token. A name with a comma, or one that looks
// like a number, can be given by its id.
func (j *job) tokenIDs() (out []int32, err error) {
	out = slices.Clone(j.ids)
	var names []string
	if j.tokens != "" {
		names = strings.Split(j.tokens, ",")
	}
	if j.token != "" {
		names = append(names, j.token)
	}
	for _, s := range names {
		if j.v == nil {
			if j.v, err = openVocabulary(j.vocab, j.m); err != nil {
				return nil, err
			}
		}
		id, err := j.v.lookup(s)
		if err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, nil
}
