package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/internal/npy"
	"github.com/semamap/semamap/lemma"
)

func average(ctx context.Context, args []string, stdin io.Reader, stderr io.Writer) error {
	var (
		a   lemma.Averager
		src source
	)
	f := flag.NewFlagSet("lemma average", flag.ContinueOnError)
	out := f.String("out", "", ".npy `file` to write")
	f.StringVar(&src.path, "amap", "", "activation map: `file` of SYSIF, safetensors or .npy (default: the embedded sample)")
	f.StringVar(&src.mode, "mode", "input", "input or output: which token an activation is attributed to")
	f.IntVar(&src.layer, "layer", 0, "number of the layer")
	f.StringVar(&src.countsPath, "counts", "", "`file` of the map's token counts, for -pool weighted and -unseen")
	pool := choice(f, "pool", "how tokens become a word", "mean", "first", "last", "max", "weighted")
	columns := choice(f, "columns", "how a token finds its row", "id", "name")
	underscore := choice(f, "underscore", "what becomes of '_'", "keep", "space", "skip")
	unseen := choice(f, "unseen", "what becomes of tokens with count 0", "keep", "skip", "error")
	lead := f.Bool("leading-space", false, "put a space before each word")
	f.IntVar(&a.Workers, "workers", 0, "goroutines (default: one a processor)")
	var err error
	if a.Tok, err = parse(f, args, stderr); err != nil {
		return err
	}
	if *out == "" {
		return errors.New("-out is missing")
	}
	var words []string
	err = eachLine(stdin, func(line []byte) error {
		if len(line) == 0 {
			return errors.New("empty line")
		}
		words = append(words, string(line))
		return nil
	})
	if err != nil {
		return err
	}
	defer src.close()
	if err := src.open(); err != nil {
		return err
	}
	if src.count == nil && (*pool == "weighted" || *unseen != "keep") {
		return errors.New("-pool weighted and -unseen need -counts")
	}

	a.Pool = map[string]lemma.Pool{"mean": lemma.PoolMean, "first": lemma.PoolFirst, "last": lemma.PoolLast, "max": lemma.PoolMax}[*pool]
	a.Text = func(word string) string {
		if *underscore == "space" {
			word = strings.ReplaceAll(word, "_", " ")
		}
		if *lead {
			word = " " + word
		}
		return word
	}
	if *columns == "name" {
		a.RowsOf = lemma.ByName(a.Tok)
	}
	a.Weight = func(row int32) float64 {
		switch {
		case *underscore == "skip" && a.Tok.Token(row) == "_":
			return 0
		case *pool == "weighted":
			return float64(src.count(row))
		case *unseen == "keep" || src.count(row) > 0:
			return 1
		case *unseen == "error":
			return -1
		}
		return 0
	}
	_, units := src.rows.Dims()
	x := make([]float32, len(words)*units)
	if _, err := a.Matrix(ctx, x, src.rows, words); err != nil {
		return err
	}
	tokens := 0
	for _, word := range words {
		rows, err := a.Tokens(nil, word)
		if err != nil {
			return err
		}
		tokens += len(rows)
	}
	fmt.Fprintf(stderr, "lemma: %d words of %d tokens, %d units\n", len(words), tokens, units)
	return cli.WriteFile(*out, func(w io.Writer) error { return npy.Write(w, x, len(words), units) })
}

// choice defines a flag that takes one of the values, the first by default.
func choice(f *flag.FlagSet, name, usage string, values ...string) *string {
	list := strings.Join(values, ", ")
	v := values[0]
	f.Func(name, fmt.Sprintf("%s: %s (default %s)", usage, list, v), func(s string) error {
		if !slices.Contains(values, s) {
			return fmt.Errorf("not one of %s", list)
		}
		v = s
		return nil
	})
	return &v
}
