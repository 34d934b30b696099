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
	"runtime"

	"github.com/semamap/semamap/examples/internal/cli"
)

func main() { cli.Main("study", run) }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	rec := &record{}
	if rec.Record, err = cli.NewRecord(ctx, o.settings()); err != nil {
		return err
	}
	// Everything that can be wrong with the input comes before the long work.
	src := &o.src
	if err := src.Open(); err != nil {
		return err
	}
	defer src.Close()
	layers, err := o.pick(src.Layers())
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
	for _, n := range layers {
		if err := src.Check(n, words.weights, func(i int) string { return words.rows[i].lemma }); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Join(o.out, "figures"), 0o755); err != nil {
		return err
	}
	rec.End("open, parse, tokenize")
	if err := rec.read(ctx, o, words); err != nil {
		return err
	}
	rec.End("hash inputs")
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
		if maps[i], err = embed(ctx, o, words, n, stderr); err != nil {
			return fmt.Errorf("layer %d: %w", n, err)
		}
		if err := kept.save(maps[i]); err != nil {
			return err
		}
		runtime.GC() // the next layer needs the memory of this one
		rec.End(fmt.Sprintf("embed layer %d", n))
	}
	views := newViews(o, words)
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"measure", func() error { return views.measure(ctx, maps, words, o.seed) }},
		{"write synsets.csv", func() error { return writeCSV(ctx, filepath.Join(o.out, "synsets.csv"), words, maps) }},
		{"draw", func() error { return draw(ctx, o, views, maps, stderr) }},
		{"write run.json", func() error { return rec.write(filepath.Join(o.out, "run.json"), src, words, maps) }},
		{"remove unfinished", func() error { return kept.remove(maps) }},
	} {
		if err := step.do(); err != nil {
			return err
		}
		rec.End(step.name)
	}
	summary(stdout, o, maps, rec.Seconds)
	return nil
}
