// Command lemma turns text into the tokens of a language model, and words into
// rows of an activation map.
//
//	lemma tokenize < texts.jsonl > tokens.jsonl
//	lemma average -amap FILE -layer 3 -out words.npy < words.txt
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
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/semamap/semamap/examples/internal/cli"
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

func tokenizerFlag(f *flag.FlagSet, otherwise string) *string {
	return f.String("tokenizer", "", "tokenizer.json `file` (default: "+otherwise+")")
}

// eachLine calls f with every line, of any length, without its end.
func eachLine(r io.Reader, f func(line []byte) error) error {
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, math.MaxInt)
	n := 1
	for ; sc.Scan(); n++ {
		if err := f(sc.Bytes()); err != nil {
			return fmt.Errorf("standard input:%d: %w", n, err)
		}
	}
	if err := sc.Err(); err != nil {
		return fmt.Errorf("standard input:%d: %w", n, err)
	}
	return nil
}
