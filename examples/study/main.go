// Study looks at how the units of a language model respond to the meaning of
// words, layer by layer. It takes the first lemma of every synset of WordNet,
// tokenizes it as the model does, averages the rows of its tokens in an
// activation map, and asks whether topic domain and part of speech organize the
// activations: among exact neighbors, against null maps in which spelling and
// frequency stay and meaning goes, by a linear probe, and unit by unit. It also
// embeds the lemmas of each layer with t-SNE and draws them.
//
//	go run ./examples/study [flags]
//	go run ./examples/study merge [-out DIR] DIR...
//
// Without flags it uses an embedded part of a map of SmolLM2-135M-Instruct. For
// another map, made by examples/extract or by SYSIF, give the map and its counts,
// and for a model that is not of the GPT-NeoX family its tokenizer:
//
//	go run ./examples/study -amap amap-X.pickle -counts tokens-count-X.pickle
//	go run ./examples/study -amap amap-Y.pickle -counts tokens-count-Y.pickle -tokenizer tokenizer.json
//
// -baseline FILE measures another map beside it, such as that of the untrained
// model or of another checkpoint. -dry-run says what a run would do and take.
//
// It writes into -out: report.html and report.md (what was found), metrics.csv
// (every number), units.csv, synsets.csv, index.html (a page to explore),
// figures/, run.json (inputs with hashes, settings, versions, times), and
// layers/, the results of each layer. A run that was interrupted or killed goes
// on after its last finished layer when it is started again with the same
// flags, and ends with the same bytes.
//
// Layers may be spread over machines, each run with its own -layers and -out.
// study merge joins their folders into one, as if one run had done them all. See
// README.md for a scheduler.
package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/semamap/semamap/examples/internal/cli"
)

func main() { cli.Main("study", run) }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) > 0 && args[0] == "merge" {
		return merge(ctx, args[1:], stdout, stderr)
	}
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	rec := &record{}
	if rec.Record, err = cli.NewRecord(ctx, nil); err != nil {
		return err
	}
	// Everything that can be wrong with the input comes before the long work.
	src := &o.src
	if err := src.Open(); err != nil {
		return err
	}
	defer src.Close()
	o.about = aboutMap(src, o.tokenizer)
	layers, err := o.pick(src.Layers())
	if err != nil {
		return err
	}
	words, err := readWords(o)
	if err != nil {
		return err
	}
	if err := words.tokenize(ctx, o); err != nil {
		return err
	}
	if err := fits(o, src, layers, words); err != nil {
		return err
	}
	for i, b := range o.baselines {
		if err := b.open(o, words, layers, i); err != nil {
			return err
		}
		defer b.src.Close()
	}
	rec.Settings = o.settings(layers)
	describe(stdout, o, words)
	if o.dryRun {
		return plan(stdout, o, words, layers)
	}
	if err := os.MkdirAll(filepath.Join(o.out, "figures"), 0o755); err != nil {
		return err
	}
	rec.End("open, parse, tokenize")
	if err := rec.read(ctx, o, words); err != nil {
		return err
	}
	rec.End("hash inputs")
	kept, err := newStore(o, rec)
	if err != nil {
		return err
	}
	if err := kept.saveUnseen(words); err != nil {
		return err
	}
	e, err := newEvidence(o, words)
	if err != nil {
		return err
	}
	maps := make([]*layerMap, len(layers))
	for i, n := range layers {
		if maps[i], err = layer(ctx, o, words, e, kept, rec, n, stderr); err != nil {
			return err
		}
		runtime.GC() // the next layer needs the memory of this one
	}
	return finish(ctx, o, words, rec, maps, stdout, stderr)
}
