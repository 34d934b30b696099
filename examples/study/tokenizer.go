package main

import (
	"fmt"

	"github.com/semamap/semamap/examples/internal/sample"
)

const (
	padding   = 512  // rows by which models round up their vocabulary, at most
	positions = 2048 // rows of positions that a map may have without saying so
)

// fits reports an error if a map cannot be of a tokenizer's model: a token in
// use has no row, or the vocabulary is plainly of another size. Some rows at
// the end of a map are positions, and models round their vocabulary up. The rows
// in use must be numbers.
func fits(o *options, src *sample.Source, layers []int, w *words) error {
	name := o.tokenizer
	switch {
	case name != "":
	case src.Sample != nil:
		name = "the embedded tokenizer of the sample"
	default:
		name = "the tokenizer of GPT-NeoX, which is the default,"
	}
	at, known := src.Positions()
	for _, n := range layers {
		l, err := src.Map.Layer(src.Mode, n)
		if err != nil {
			return fmt.Errorf("%s: %w", src, err)
		}
		if ids, whole := l.TokenIDs(); whole && ids == nil {
			rows, _ := l.Dims()
			rows -= at
			above := padding
			if !known {
				above += positions
			}
			if rows > w.tok.Len()+above || rows < w.tok.Len()-padding {
				return fmt.Errorf("%s: layer %d has rows for %d tokens, but %s knows %d; give the model's tokenizer.json with -tokenizer", src, n, rows, name, w.tok.Len())
			}
			for _, id := range w.weights.IDs {
				if int(id) >= rows {
					return fmt.Errorf("%s: layer %d has rows for %d tokens, but %s gives token %d (%q); give the model's tokenizer.json with -tokenizer", src, n, rows, name, id, w.tok.Token(id))
				}
			}
		}
		if err := src.Check(n, w.tok, w.weights, func(i int) string { return w.rows[i].lemma }); err != nil {
			return err
		}
	}
	return nil
}
