// Extract makes an activation map of a language model from text.
//
//	extract -model DIR -text FILE... -o amap.pickle -counts counts.pickle [flags]
//	extract merge -o amap.pickle -counts counts.pickle PART.sums...
//
// The model is a Hugging Face folder with config.json, model.safetensors and
// tokenizer.json. Texts are plain files or JSON lines, also packed by gzip or
// zstd.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/amap/extract"
	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/lemma"
)

func main() { cli.Main("extract", run) }

// options are the flags of the program.
type options struct {
	model, tokenizer string
	text             text
	out, counts      string
	window, stride   int
	start            string
	samples          int
	seed             uint64
	modes            string
	positions        bool
	skip             int
	layers           []int
	units            int
	tokens           string
	shard            string
	dtype            string
	moments          bool
	running16        int
	workers          int
	checkpoint       string
	resume           bool
	dryRun           bool
}

func (o *options) outputs(f *flag.FlagSet) {
	f.StringVar(&o.out, "o", "", "`FILE` for the map: .pickle (SYSIF) or .safetensors")
	f.StringVar(&o.counts, "counts", "", "`FILE` for the token counts, a pickle")
	f.StringVar(&o.dtype, "dtype", "fp16", "number `type` of the map: fp16 or fp32")
}

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("extract -text FILE... [FILE...]", flag.ContinueOnError)
	f.StringVar(&o.model, "model", "", "Hugging Face `DIR` of the model")
	f.StringVar(&o.tokenizer, "tokenizer", "", "the model's tokenizer.json, a `FILE` (default: that of the folder)")
	f.Func("text", "text `FILE`; may be repeated, and more files may follow the flags", func(s string) error {
		o.text.files = append(o.text.files, s)
		return nil
	})
	f.StringVar(&o.text.field, "field", "text", "`field` of JSON lines that holds the text")
	cut := cli.Choice(f, "documents", "what is a document of a plain text `file`", files, lines, paragraphs)
	o.outputs(f)
	f.IntVar(&o.window, "window", 15, "`tokens` that the model reads at once")
	f.IntVar(&o.stride, "stride", 15, "`tokens` from one window of a document to the next")
	f.StringVar(&o.start, "start", "random", "`place` of a document's first window: random, or a number below -window")
	f.IntVar(&o.samples, "samples", 0, "take only `N` documents, chosen by -seed (default: all)")
	f.Uint64Var(&o.seed, "seed", 1337, "seed of -start random, -samples and -units")
	f.StringVar(&o.modes, "modes", "input", "`modes`: input, output, or input,output, which takes about 2.4 times as long as input")
	f.BoolVar(&o.positions, "positions", false, "add a row for each position of the window")
	f.IntVar(&o.skip, "skip", 0, "leave out the first `N` positions of each window")
	f.Func("layers", "`layers`, such as 0,3-5 (default: all)", func(s string) (err error) {
		o.layers, err = parseLayers(s)
		return err
	})
	f.IntVar(&o.units, "units", 0, "only `N` units of each layer, chosen by -seed (default: all)")
	f.StringVar(&o.tokens, "tokens", "", "only rows of some tokens: a `FILE` of token ids or texts, one a line; or \"lemmas\", the tokens of WordNet's first lemmas; or \"prose\", of these as in running text")
	f.StringVar(&o.shard, "shard", "", "`i/n`: only the documents i, i+n, …; -o is then a file of sums for extract merge")
	f.BoolVar(&o.moments, "moments", false, "also compute the share of each unit's variance that the token explains")
	f.IntVar(&o.running16, "running16", 0, "compute means as SYSIF does, in fp16, updated after every `N` windows (SYSIF: 8)")
	f.IntVar(&o.workers, "workers", 0, "goroutines (default: GOMAXPROCS)")
	f.StringVar(&o.checkpoint, "checkpoint", "", "`FILE` to save the sums in now and then, and to go on from with -resume")
	f.BoolVar(&o.resume, "resume", false, "go on from the checkpoint, if it is there")
	f.BoolVar(&o.dryRun, "dry-run", false, "say what would be done, and write nothing")
	rest, err := cli.Parse(f, args, math.MaxInt, stderr)
	if err != nil {
		return nil, err
	}
	o.text.files = append(o.text.files, rest...)
	o.text.cut = *cut
	switch {
	case o.model == "":
		return nil, errors.New("-model: want the folder of a model")
	case len(o.text.files) == 0:
		return nil, errors.New("-text: want a file")
	case o.out == "" && !o.dryRun:
		return nil, errors.New("-o: want a file to write")
	case o.samples < 0:
		return nil, fmt.Errorf("-samples %d: want a number of documents", o.samples)
	case o.units < 0:
		return nil, fmt.Errorf("-units %d: want a number of units", o.units)
	}
	if o.tokenizer == "" {
		o.tokenizer = tokenizerPath(o.model)
	}
	if (o.shard != "") != isSums(o.out) && !o.dryRun {
		return nil, fmt.Errorf("-o %s: want a name that ends in .sums with -shard, and only then", o.out)
	}
	if isSums(o.out) {
		if o.checkpoint != "" {
			return nil, errors.New("-checkpoint: a shard is saved in -o")
		}
		o.checkpoint = o.out
	} else if _, err := o.number(); err != nil {
		return nil, err
	}
	if o.resume && o.checkpoint == "" {
		return nil, errors.New("-resume: want the -checkpoint")
	}
	return o, nil
}

func isSums(path string) bool { return strings.HasSuffix(path, ".sums") }

// number returns the number type of the map.
func (o *options) number() (amap.DType, error) {
	switch o.dtype {
	case "fp16":
		return amap.Float16, nil
	case "fp32":
		return amap.Float32, nil
	}
	return 0, fmt.Errorf("-dtype %s: want fp16 or fp32", o.dtype)
}

// parseLayers parses numbers and ranges.
func parseLayers(s string) ([]int, error) {
	var layers []int
	for _, word := range strings.Split(s, ",") {
		a, b, isRange := strings.Cut(strings.TrimSpace(word), "-")
		lo, err := strconv.ParseUint(a, 10, 16)
		hi := lo
		if isRange && err == nil {
			hi, err = strconv.ParseUint(b, 10, 16)
		}
		if err != nil || hi < lo {
			return nil, fmt.Errorf("%q is no layer", word)
		}
		for n := lo; n <= hi; n++ {
			if slices.Contains(layers, int(n)) {
				return nil, fmt.Errorf("layer %d is named twice", n)
			}
			layers = append(layers, int(n))
		}
	}
	return layers, nil
}

// settings makes those of the library.
func (o *options) settings(m *extract.Model, tok lemma.Tokenizer) (*extract.Settings, error) {
	set := &extract.Settings{
		Window: o.window, Stride: o.stride, Seed: o.seed, Positions: o.positions, Skip: o.skip,
		Vocab: tok.Len(), Moments: o.moments, Running16: o.running16, Workers: o.workers, Checkpoint: o.checkpoint,
	}
	if o.window < 1 {
		return nil, fmt.Errorf("-window %d: want a positive number", o.window)
	}
	if o.stride < 1 {
		return nil, fmt.Errorf("-stride %d: want a positive number", o.stride)
	}
	if o.start != "random" {
		n, err := strconv.Atoi(o.start)
		if err != nil {
			return nil, fmt.Errorf("-start %s: want random or a number", o.start)
		}
		set.Start = &n
	}
	for _, mode := range strings.Split(o.modes, ",") {
		set.Modes = append(set.Modes, amap.Mode(mode))
	}
	if o.shard != "" {
		a, b, _ := strings.Cut(o.shard, "/")
		i, err := strconv.Atoi(a)
		n, nerr := strconv.Atoi(b)
		if err != nil || nerr != nil || n < 1 {
			return nil, fmt.Errorf("-shard %s: want i/n, such as 0/4", o.shard)
		}
		set.Shard = [2]int{i, n}
	}
	var err error
	if set.Tokens, err = pickTokens(o.tokens, tok); err != nil {
		return nil, err
	}
	if o.layers != nil || o.units > 0 {
		if o.layers == nil {
			for l := range m.Layers() {
				o.layers = append(o.layers, l)
			}
		}
		if o.units > m.Units() {
			return nil, fmt.Errorf("-units %d: a layer has %d", o.units, m.Units())
		}
		set.Units = map[int][]int{}
		for _, l := range o.layers {
			units := rand.New(rand.NewPCG(o.seed, uint64(l))).Perm(m.Units())[:o.units]
			slices.Sort(units)
			set.Units[l] = units
		}
	}
	return set, nil
}

// A plan is the text of a run.
type plan struct {
	text  *text
	tok   lemma.Tokenizer
	take  []bool  // by number of a document: whether it is in the sample; nil: all
	bytes []int64 // of the documents in the sample, up to each
}

// look reads the text once, so that what is wrong with it shows before the
// work, and draws the sample.
func (o *options) look(ctx context.Context, tok lemma.Tokenizer, stderr io.Writer) (*plan, error) {
	p := &plan{text: &o.text, tok: tok}
	wait := cli.NewWait(stderr, "read text")
	defer wait.Stop()
	var size []int64
	if err := o.text.each(ctx, func(d []byte, _ string) error {
		size = append(size, int64(len(d)))
		return nil
	}); err != nil {
		return nil, err
	}
	if len(size) == 0 {
		return nil, fmt.Errorf("-text: there is no text in %s", strings.Join(o.text.files, ", "))
	}
	if o.samples > 0 && o.samples < len(size) {
		p.take = make([]bool, len(size))
		for _, i := range rand.New(rand.NewPCG(o.seed, 0)).Perm(len(size))[:o.samples] {
			p.take[i] = true
		}
	}
	var sum int64
	for i, n := range size {
		if p.take == nil || p.take[i] {
			sum += n
			p.bytes = append(p.bytes, sum)
		}
	}
	return p, nil
}

// documents tokenizes the documents of the sample, on a goroutine of its own so
// that the model need not wait.
func (p *plan) documents(ctx context.Context) iter.Seq2[[]int32, error] {
	return func(yield func([]int32, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		type item struct {
			ids []int32
			err error
		}
		ch := make(chan item, 16)
		go func() {
			defer close(ch)
			send := func(i item) error {
				select {
				case ch <- i:
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			n := 0
			if err := p.text.each(ctx, func(d []byte, where string) error {
				if n++; p.take != nil && !p.take[n-1] {
					return nil
				}
				ids, err := p.tok.Encode(nil, string(d))
				if err != nil {
					return fmt.Errorf("%s: %w", where, err)
				}
				return send(item{ids: ids})
			}); err != nil {
				send(item{err: err})
			}
		}()
		for i := range ch {
			if !yield(i.ids, i.err) {
				stop()
				for range ch {
				}
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(nil, err)
		}
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) > 0 && args[0] == "merge" {
		return merge(ctx, args[1:], stdout, stderr)
	}
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if o.checkpoint != "" && !o.resume {
		if _, err := os.Stat(o.checkpoint); err == nil {
			return fmt.Errorf("%s is there; -resume goes on from it", o.checkpoint)
		}
	}
	m, err := extract.Load(os.DirFS(o.model))
	if err != nil {
		return fmt.Errorf("%s: %w", o.model, err)
	}
	tok, err := openTokenizer(o.tokenizer)
	if err != nil {
		return err
	}
	if tok.Len() > m.Vocab() {
		return fmt.Errorf("%s has %d tokens, but the model in %s only %d: it is of another model", o.tokenizer, tok.Len(), o.model, m.Vocab())
	}
	set, err := o.settings(m, tok)
	if err != nil {
		return err
	}
	p, err := o.look(ctx, tok, stderr)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s: %d layers of %d units, %s documents\n", o.model, m.Layers(), m.Units(), cli.Thousands(len(p.bytes)))
	total := p.bytes[len(p.bytes)-1]
	bar := cli.NewProgress(stderr, "extract", int(total>>10)+1)
	began, first := time.Time{}, int64(0)
	var firstBytes int64
	set.Progress = func(documents, windows int64) {
		var bytes int64
		if documents > 0 {
			bytes = p.bytes[min(int(documents), len(p.bytes))-1]
		}
		if began.IsZero() {
			began, first, firstBytes = time.Now(), windows, bytes
			return
		}
		seconds := time.Since(began).Seconds()
		rate := float64(windows-first) * float64(o.window) / seconds
		note := fmt.Sprintf("%.0f tokens/s", rate)
		if done := bytes - firstBytes; done > 0 && seconds > 10 {
			note += ", " + (time.Duration(seconds*float64(total-bytes)/float64(done)) * time.Second).String() + " left"
		}
		bar.Set(int(bytes>>10), note)
	}
	sums, err := extract.Extract(ctx, m, p.documents(ctx), set)
	if err != nil {
		bar.Stop()
		if ctx.Err() != nil && o.checkpoint != "" {
			err = fmt.Errorf("stopped, saved in %s: %w", o.checkpoint, err)
		}
		return err
	}
	bar.Done()
	if isSums(o.out) {
		return nil
	}
	return o.write(ctx, sums, stdout)
}

// write writes the map and the counts.
func (o *options) write(ctx context.Context, sums *extract.Sums, stdout io.Writer) error {
	d, err := o.number()
	if err != nil {
		return err
	}
	m, err := sums.Map(d)
	if err != nil {
		return err
	}
	write := m.WriteSYSIF
	switch filepath.Ext(o.out) {
	case ".safetensors":
		write = m.WriteSafetensors
	}
	if err := cli.WriteFile(o.out, func(w io.Writer) error { return write(ctx, w) }); err != nil {
		return err
	}
	if o.counts != "" {
		if err := cli.WriteFile(o.counts, m.Counts().Write); err != nil {
			return err
		}
	}
	for _, mode := range m.Modes() {
		var n int64
		seen := 0
		counts := m.Counts()[mode]
		at, _ := m.Positions()
		for _, c := range counts[:len(counts)-at] {
			n += c
			if c > 0 {
				seen++
			}
		}
		fmt.Fprintf(stdout, "%s: %s occurrences of %s tokens\n", mode, cli.Thousands(int(n)), cli.Thousands(seen))
	}
	return nil
}

// merge joins shards.
func merge(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o := &options{}
	f := flag.NewFlagSet("extract merge PART.sums...", flag.ContinueOnError)
	o.outputs(f)
	paths, err := cli.Parse(f, args, math.MaxInt, stderr)
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		return errors.New("merge: want files of sums")
	}
	if o.out == "" {
		return errors.New("-o: want a file to write")
	}
	parts := make([]*extract.Sums, len(paths))
	for i, path := range paths {
		if parts[i], err = extract.ReadSums(path); err != nil {
			return err
		}
	}
	sums, err := extract.Merge(parts...)
	if err != nil {
		return err
	}
	runtime.GC()
	return o.write(ctx, sums, stdout)
}
