// Study looks at how the units of a language model respond to the meaning of
// words, layer by layer. It takes the first lemma of every synset of WordNet,
// tokenizes it as the model does, averages the rows of its tokens in an
// activation map, embeds the lemmas of each layer with t-SNE, and draws them
// by topic domain and by part of speech.
//
//	go run ./examples/study [flags]
//
// Without flags it uses a small embedded demonstration model. To run it on a
// real map, such as one of Pythia made by SYSIF, give the map and its counts:
//
//	go run ./examples/study -amap amap-X.pickle -counts tokens-count-X.pickle
//
// It writes synsets.csv, run.json, index.html and figures/ into -out. A run
// that was interrupted goes on after its last finished layer when it is started
// again with the same flags.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/semamap/semamap/examples/internal/cli"
)

func main() { cli.Main("study", run) }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	rec := newRecord(o)

	// Everything that can be wrong with the input comes before the long work.
	src, err := openSource(o)
	if err != nil {
		return err
	}
	defer src.close()
	layers, err := o.pick(src.layers())
	if err != nil {
		return err
	}
	words, err := readWords(o)
	if err != nil {
		return err
	}
	if err := words.tokenize(ctx, src); err != nil {
		return err
	}
	if err := src.check(layers, words.weights.IDs); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(o.out, "figures"), 0o755); err != nil {
		return err
	}
	rec.phase("open, parse, tokenize")
	if err := rec.inputs(ctx, o, src, words); err != nil {
		return err
	}
	rec.phase("hash inputs")
	describe(stdout, src, words)

	kept, err := newStore(o, rec)
	if err != nil {
		return err
	}
	maps := make([]*layerMap, len(layers))
	for i, n := range layers {
		if maps[i], err = kept.load(n, len(words.rows)); err != nil {
			return err
		}
		if maps[i] != nil {
			fmt.Fprintf(stderr, "layer %d: kept by an interrupted run\n", n)
			continue
		}
		if maps[i], err = embed(ctx, o, src, words, n, stderr); err != nil {
			return fmt.Errorf("layer %d: %w", n, err)
		}
		if err := kept.save(maps[i]); err != nil {
			return err
		}
		rec.phase(fmt.Sprintf("embed layer %d", n))
	}
	if err := measure(ctx, o, words, maps); err != nil {
		return err
	}
	rec.phase("measure")
	if err := writeCSV(ctx, filepath.Join(o.out, "synsets.csv"), words, maps); err != nil {
		return err
	}
	rec.phase("write synsets.csv")
	if err := draw(ctx, o, src, words, maps, stderr); err != nil {
		return err
	}
	rec.phase("draw")
	if err := rec.write(filepath.Join(o.out, "run.json"), words, maps); err != nil {
		return err
	}
	if err := kept.remove(maps); err != nil {
		return err
	}
	summary(stdout, o, maps, rec)
	return nil
}
