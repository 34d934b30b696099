// Command amap looks into activation maps of language models: SYSIF's pickles,
// safetensors files and .npy matrices.
//
//	amap info FILE                                   what the file holds
//	amap check FILE                                  signs that numbers are wrong
//	amap top-tokens FILE -unit 3_17                  what activates a unit
//	amap top-units FILE -token hat                   what a token activates
//	amap selectivity FILE -tokens "Paris,London"     units that tell tokens apart
//	amap stats FILE                                  statistics of units, CSV
//	amap rows FILE -mode input -layer 0 -ids 1,2,3   values, CSV
//	amap histogram FILE -o h.png                     how values are spread
//	amap convert FILE -o OUT                         to .pickle, .safetensors, .npy
//	amap merge FILE... -o OUT                        maps of parts of a corpus
//
// Flags may stand before or after the file; amap COMMAND -help lists them. Token
// counts are read from the file that SYSIF puts beside a map (tokens-count-… for
// amap-…) or from -counts. Tokens are named by the vocabulary of GPT-NeoX, which
// is built in, where the map has its size, or by -vocab.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/semamap/semamap/examples/internal/cli"
)

func main() { cli.Main("amap", run) }

// A command has its flags set up, gets the files, and does its work.
type command struct {
	name, about string
	files       int // how many it takes; -1: one or more
	setup       func(f *flag.FlagSet, o *options)
	run         func(ctx context.Context, o *options, w io.Writer) error
}

var commands = []command{
	{"info", "say what a file holds", 1, nil, info},
	{"check", "look for signs that numbers are wrong", 1, checkFlags, check},
	{"top-tokens", "list the tokens that activate a unit most", 1, topTokensFlags, topTokens},
	{"top-units", "list the units that a token activates most", 1, topUnitsFlags, topUnits},
	{"selectivity", "list the units that tell some tokens from all others", 1, selectivityFlags, selectivity},
	{"stats", "print statistics of every unit as CSV", 1, statsFlags, stats},
	{"rows", "print rows as CSV", 1, rowsFlags, rows},
	{"histogram", "draw how the values are spread", 1, histogramFlags, histogram},
	{"convert", "write a map in another format", 1, convertFlags, convert},
	{"merge", "combine maps of parts of a corpus by their counts", -1, mergeFlags, merge},
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
	for _, c := range commands {
		if c.name == args[0] {
			return plain(c.start(ctx, args[1:], stdout, stderr))
		}
	}
	return fmt.Errorf("unknown command %q; amap help lists them", args[0])
}

// plain drops the package's name from the front of an error: the program's own,
// which comes before it, is the same.
func plain(err error) error {
	if err == nil || !strings.HasPrefix(err.Error(), "amap: ") {
		return err
	}
	return plainError{err}
}

type plainError struct{ error }

func (e plainError) Error() string { return strings.TrimPrefix(e.error.Error(), "amap: ") }
func (e plainError) Unwrap() error { return e.error }

func usage(w io.Writer) {
	fmt.Fprintln(w, "usage: amap COMMAND FILE [flags]")
	for _, c := range commands {
		fmt.Fprintf(w, "  %-12s %s\n", c.name, c.about)
	}
}

func (c command) start(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var o options
	f := flag.NewFlagSet("amap "+c.name, flag.ContinueOnError)
	f.SetOutput(io.Discard) // an error is one line; only -help lists the flags
	f.StringVar(&o.counts, "counts", "", "`file` of token counts (default: the one beside the map, if there is one)")
	f.StringVar(&o.vocab, "vocab", "", "`file` of the vocabulary: tokenizer.json, vocab.json, a JSON array or a token a line")
	f.IntVar(&o.window, "window", -1, "tokens of a window, where the file's name does not say; 0: the map has no positions")
	f.BoolVar(&o.transposed, "transposed", false, "the file's matrices are units × tokens")
	f.BoolVar(&o.readAt, "no-mmap", false, "read the file instead of mapping it")
	if c.setup != nil {
		c.setup(f, &o)
	}
	// The flag package stops at the first argument; files may come anywhere.
	for {
		if err := f.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				f.SetOutput(stderr)
				f.Usage()
			}
			return err
		}
		args = f.Args()
		if len(args) == 0 {
			break
		}
		o.files = append(o.files, args[0])
		args = args[1:]
	}
	f.Visit(func(g *flag.Flag) {
		if g.Name == "transposed" {
			o.oriented = true
		}
	})
	switch {
	case len(o.files) == 0:
		return fmt.Errorf("%s: no file", c.name)
	case c.files > 0 && len(o.files) > c.files:
		return fmt.Errorf("%s: unexpected argument %q", c.name, o.files[c.files])
	}
	return c.run(ctx, &o, stdout)
}
