package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/internal/npy"
	"github.com/semamap/semamap/lemma"
)

func average(ctx context.Context, args []string, stdin io.Reader, stderr io.Writer) error {
	var (
		a   lemma.Averager
		src mapFlags
	)
	f := flags("average", stderr)
	words := f.String("lemmas", "-", "`file` of words, one a line; - is standard input")
	out := f.String("out", "", ".npy `file` to write")
	tokenizer := f.String("tokenizer", "", "tokenizer.json `file` (default: GPT-NeoX-20B, embedded)")
	f.StringVar(&src.path, "amap", "", "activation map: `file` of SYSIF, safetensors or .npy (default: the embedded sample)")
	f.StringVar(&src.mode, "mode", "input", "input or output: which token an activation belongs to")
	f.IntVar(&src.layer, "layer", 0, "number of the layer")
	f.StringVar(&src.counts, "counts", "", "`file` of the map's token counts, for -pool weighted and -unseen")
	f.Var(choice(&a.Pool, "mean", "first", "last", "max", "weighted"), "pool", "how tokens become a word: mean, first, last, max, or weighted by counts (default mean)")
	f.Var(choice(&a.Columns, "id", "name", "name-all"), "columns", "how a token finds its row: by id, by decoded name, or by all rows of the name (default id)")
	f.Var(choice(&a.Underscore, "keep", "space", "skip"), "underscore", "what becomes of '_': keep, space or skip (default keep)")
	f.Var(choice(&a.Unseen, "keep", "skip", "error"), "unseen", "what becomes of tokens with count 0: keep, skip or error (default keep)")
	f.BoolVar(&a.LeadingSpace, "leading-space", false, "put a space before each word")
	f.IntVar(&a.Workers, "workers", 0, "goroutines (default: one a processor)")
	if err := parse(f, args); err != nil {
		return err
	}
	if *out == "" {
		return errors.New("-out is missing")
	}
	tok, err := openTokenizer(*tokenizer)
	if err != nil {
		return err
	}
	a.Tok = tok
	lemmas, err := readWords(*words, stdin)
	if err != nil {
		return err
	}
	rows, counts, done, err := src.openRows()
	if err != nil {
		return err
	}
	defer done()
	a.Counts = counts
	_, units := rows.Dims()
	x := make([]float32, len(lemmas)*units)
	rep, err := a.Matrix(ctx, x, rows, lemmas)
	if err != nil {
		return err
	}
	fmt.Fprintf(stderr, "lemma: %d words of %d tokens, %d units\n", rep.Lemmas, rep.Tokens, units)
	if rep.Unseen > 0 {
		fmt.Fprintf(stderr, "lemma: %d tokens never seen by the map, in %d words; %d words of no other tokens\n", rep.Unseen, rep.SomeUnseen, rep.AllUnseen)
	}
	return cli.WriteFile(*out, func(w io.Writer) error { return npy.Write(w, x, len(lemmas), units) })
}

func readWords(path string, stdin io.Reader) (lemmas []string, err error) {
	r, name, done, err := openInput(path, stdin)
	if err != nil {
		return nil, err
	}
	defer done()
	err = eachLine(r, name, func(n int, line []byte) error {
		if len(line) == 0 {
			return fmt.Errorf("%s:%d: empty line", name, n)
		}
		lemmas = append(lemmas, string(line))
		return nil
	})
	return lemmas, err
}

// choice is a flag whose value is one of the names, stored as its number.
func choice[T ~uint8](v *T, names ...string) *choiceFlag[T] { return &choiceFlag[T]{v, names} }

type choiceFlag[T ~uint8] struct {
	v     *T
	names []string
}

func (c *choiceFlag[T]) String() string {
	if c.v == nil { // as the flag package asks for the zero value
		return ""
	}
	return c.names[*c.v]
}

func (c *choiceFlag[T]) Set(s string) error {
	for i, name := range c.names {
		if s == name {
			*c.v = T(i)
			return nil
		}
	}
	return fmt.Errorf("not one of %s", strings.Join(c.names, ", "))
}
