package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/examples/internal/sample"
	"github.com/semamap/semamap/internal/npy"
	"github.com/semamap/semamap/lemma"
)

func average(ctx context.Context, args []string, stdin io.Reader, stderr io.Writer) error {
	var (
		a   lemma.Averager
		src sample.Source
	)
	f := flag.NewFlagSet("lemma average", flag.ContinueOnError)
	out := f.String("out", "", ".npy `file` to write")
	src.Flags(f)
	layer := f.Int("layer", 0, "number of the layer")
	pool := cli.Choice(f, "pool", "how tokens become a word", "mean", "first", "last", "max", "weighted")
	columns := cli.Choice(f, "columns", "how a token finds its row", "id", "name")
	underscore := cli.Choice(f, "underscore", "what becomes of '_'", "keep", "space", "skip")
	unseen := cli.Choice(f, "unseen", "what becomes of tokens with count 0", "keep", "skip", "error")
	lead := f.Bool("leading-space", false, "put a space before each word")
	f.IntVar(&a.Workers, "workers", 0, "goroutines (default: one a processor)")
	path := tokenizerFlag(f, "that of the embedded sample with it, and GPT-NeoX-20B, embedded, with -amap")
	if _, err := cli.Parse(f, args, 0, stderr); err != nil {
		return err
	}
	if *out == "" {
		return errors.New("-out is missing")
	}
	var words []string
	err := eachLine(stdin, func(line []byte) error {
		if len(line) == 0 {
			return errors.New("empty line")
		}
		words = append(words, string(line))
		return nil
	})
	if err != nil {
		return err
	}
	if err := src.Open(); err != nil {
		return err
	}
	defer src.Close()
	if a.Tok, err = src.Tokenizer(*path); err != nil {
		return err
	}
	rows, err := src.Layer(*layer)
	if err != nil {
		return err
	}
	if src.Counts() == nil && (*pool == "weighted" || *unseen != "keep") {
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
			return float64(src.Count(row))
		case *unseen == "keep" || src.Count(row) > 0:
			return 1
		case *unseen == "error":
			return -1
		}
		return 0
	}
	_, units := rows.Dims()
	x := make([]float32, len(words)*units)
	if _, err := a.Matrix(ctx, x, rows, words); err != nil {
		return err
	}
	tokens := 0
	for _, word := range words {
		ids, err := a.Tokens(nil, word)
		if err != nil {
			return err
		}
		tokens += len(ids)
	}
	fmt.Fprintf(stderr, "lemma: %d words of %d tokens, %d units\n", len(words), tokens, units)
	return cli.WriteFile(*out, func(w io.Writer) error { return npy.Write(w, x, len(words), units) })
}
