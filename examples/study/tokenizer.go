package main

import (
	"bufio"
	"fmt"
	"os"

	"github.com/semamap/semamap/examples/internal/sample"
	"github.com/semamap/semamap/lemma"
	"github.com/semamap/semamap/lemma/neox"
)

// openTokenizer reads a tokenizer.json; that of GPT-NeoX is embedded.
func openTokenizer(path string) (lemma.Tokenizer, error) {
	if path == "" {
		return neox.New(nil)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	tok, err := lemma.LoadJSON(bufio.NewReader(f), nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return tok, nil
}

const (
	padding   = 512  // rows by which models round up their vocabulary, at most
	positions = 2048 // rows of positions that a map may have without saying so
)

// fits reports an error if a map cannot be of a tokenizer's model: a token in
// use has no row, or the vocabulary is plainly of another size. Some rows at
// the end of a map are positions, and models round their vocabulary up.
func fits(src *sample.Source, layers []int, tok lemma.Tokenizer, path string, used []int32) error {
	name := "the tokenizer of GPT-NeoX, which is the default,"
	if path != "" {
		name = path
	}
	at, known := src.Positions()
	for _, n := range layers {
		l, err := src.Layer(n)
		if err != nil {
			return err
		}
		rows, _ := l.Dims()
		rows -= at
		for _, id := range used {
			if int(id) >= rows {
				return fmt.Errorf("%s: layer %d has rows for %d tokens, but %s gives token %d (%q); give the model's tokenizer.json with -tokenizer", src, n, rows, name, id, tok.Token(id))
			}
		}
		above := padding
		if !known {
			above += positions
		}
		if rows > tok.Len()+above || rows < tok.Len()-padding {
			return fmt.Errorf("%s: layer %d has rows for %d tokens, but %s knows %d; give the model's tokenizer.json with -tokenizer", src, n, rows, name, tok.Len())
		}
		if _, err := src.Layer(n, used...); err != nil { // the embedded sample has few rows
			return err
		}
	}
	return nil
}
