// Command lemma turns text into the tokens of a language model, and words into
// rows of an activation map.
//
//	lemma tokenize < texts.jsonl > tokens.jsonl
//	lemma average -lemmas words.txt -amap FILE -layer 3 -out words.npy
//
// tokenize reads a JSON string a line and writes an object a line:
//
//	{"input":"hot_dog","ids":[12022,64,21428],"tokens":["hot","_","dog"]}
//
// average reads a word a line and writes a matrix of words × units in NumPy's
// format. Without -amap it uses the small map embedded in the program. The
// tokenizer is that of GPT-NeoX-20B and the Pythia models, unless -tokenizer
// names a tokenizer.json. See -help after either word.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/lemma"
	"github.com/semamap/semamap/lemma/neox"
)

func main() {
	cli.Main("lemma", func(ctx context.Context, args []string, stdout, stderr io.Writer) error {
		return run(ctx, args, os.Stdin, stdout, stderr)
	})
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	if len(args) > 0 {
		switch args[0] {
		case "tokenize":
			return tokenize(ctx, args[1:], stdin, stdout, stderr)
		case "average":
			return average(ctx, args[1:], stdin, stderr)
		case "-h", "-help", "--help", "help":
			fmt.Fprintln(stderr, "usage: lemma tokenize|average [flags]; -help after either word lists its flags")
			return flag.ErrHelp
		}
	}
	return errors.New("give one of the words tokenize, average; -help after it lists its flags")
}

// flags begins a set of flags; nothing may be left over after them.
func flags(name string, stderr io.Writer) *flag.FlagSet {
	f := flag.NewFlagSet("lemma "+name, flag.ContinueOnError)
	f.SetOutput(stderr)
	return f
}

func parse(f *flag.FlagSet, args []string) error {
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	return nil
}

// openTokenizer loads a tokenizer.json, or takes the embedded one.
func openTokenizer(path string) (lemma.Tokenizer, error) {
	if path == "" {
		return neox.New(nil)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t, err := lemma.LoadJSON(f, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// openInput opens a file, or stdin for "-" and "".
func openInput(path string, stdin io.Reader) (r io.Reader, name string, closer func(), err error) {
	if path == "" || path == "-" {
		return stdin, "standard input", func() {}, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, "", nil, err
	}
	return f, path, func() { f.Close() }, nil
}
