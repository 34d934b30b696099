// Extract makes an activation map of a language model from text.
//
//	extract -model DIR -text FILE... -o amap.pickle -counts counts.pickle [flags]
//	extract merge -o amap.pickle -counts counts.pickle PART.sums...
//
// The model is a Hugging Face folder with config.json, model.safetensors (or its
// shards) and tokenizer.json. The map and the counts are SYSIF's pickles, which
// the programs amap and study read. Beside them a JSON file tells how they were
// made: amap.json for amap.pickle.
//
// # Text
//
// Texts are plain files or JSON lines, also packed by gzip or zstd; the content
// decides, not the name. A line of JSON is a string, or an object whose field
// "text" is the document (-field names another). A plain file is one document;
// -documents lines or paragraphs cuts it, and files above 16 MB are cut at the end
// of a line. Text must be UTF-8. The text of a special token, such as
// "<|endoftext|>", is encoded as other text is.
//
// # Long runs
//
// With -checkpoint FILE the sums are saved about every ten minutes and at an
// interrupt, and -resume goes on from there with the same bytes in the end. With
// -shard i/n a run takes every n-th document, and -o names a file of sums, which
// is its checkpoint as well; extract merge joins them to the bytes of a single
// run. -dry-run tells tokens, memory and time.
package main

import (
	"cmp"
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
	case o.samples < 0:
		return nil, fmt.Errorf("-samples %d: want a number of documents", o.samples)
	case o.units < 0:
		return nil, fmt.Errorf("-units %d: want a number of units", o.units)
	}
	if o.tokenizer == "" {
		o.tokenizer = tokenizerPath(o.model)
	}
	switch {
	case o.dryRun:
	case o.shard == "":
		if err := o.check(); err != nil {
			return nil, err
		}
	case !isSums(o.out):
		return nil, fmt.Errorf("-o %s: want a name that ends in .sums with -shard, for extract merge", o.out)
	case o.checkpoint != "" || o.counts != "":
		return nil, errors.New("-shard: -o is the checkpoint, and extract merge writes the counts")
	default:
		o.checkpoint = o.out
	}
	if o.resume && o.checkpoint == "" {
		return nil, errors.New("-resume: want the -checkpoint")
	}
	return o, nil
}

// check looks at the names and the type of the map.
func (o *options) check() error {
	switch filepath.Ext(o.out) {
	case ".pickle", ".pkl", ".safetensors":
	case "":
		if o.out == "" {
			return errors.New("-o: want a file to write")
		}
		fallthrough
	default:
		return fmt.Errorf("-o %s: want a name that ends in .pickle or .safetensors", o.out)
	}
	_, err := o.number()
	return err
}

// recordPath is the JSON file beside the map.
func (o *options) recordPath() string {
	return strings.TrimSuffix(o.out, filepath.Ext(o.out)) + ".json"
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
func (o *options) settings(m *extract.Model, tok lemma.Tokenizer, vocab int) (*extract.Settings, error) {
	set := &extract.Settings{
		Window: o.window, Stride: o.stride, Seed: o.seed, Positions: o.positions, Skip: o.skip,
		Vocab: vocab, Moments: o.moments, Running16: o.running16, Workers: o.workers, Checkpoint: o.checkpoint,
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

// total returns the bytes of the sample.
func (p *plan) total() int64 { return p.bytes[len(p.bytes)-1] }

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
	tok, vocab, err := openTokenizer(o.tokenizer)
	if err != nil {
		return err
	}
	// Models pad their vocabulary, hardly any by more than 2 %.
	if n := m.Vocab(); vocab > n || vocab < n-max(n/50, 512) {
		return fmt.Errorf("%s has %d tokens, but the token embedding in %s has %d rows: they do not belong together", o.tokenizer, vocab, o.model, n)
	}
	set, err := o.settings(m, tok, vocab)
	if err != nil {
		return err
	}
	p, err := o.look(ctx, tok, stderr)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s: %d layers of %s units; %s documents, %s bytes of text\n", o.model, m.Layers(), cli.Thousands(m.Units()), cli.Thousands(len(p.bytes)), cli.Thousands(int(p.total())))
	if o.dryRun {
		return o.plan(ctx, m, p, set, stdout)
	}
	rec, err := o.record(ctx, m, set)
	if err != nil {
		return err
	}
	sums, windows, err := o.extract(ctx, m, p, set, stderr)
	if err != nil {
		return err
	}
	rec.Settings["windows"], rec.Settings["window_tokens"] = windows, windows*int64(o.window)
	rec.End("extract")
	if isSums(o.out) {
		return cli.WriteJSON(o.recordPath(), rec)
	}
	return o.write(ctx, sums, rec, stdout)
}

// extract shows how far the extraction is.
func (o *options) extract(ctx context.Context, m *extract.Model, p *plan, set *extract.Settings, stderr io.Writer) (sums *extract.Sums, windows int64, err error) {
	total := p.total()
	bar := cli.NewProgress(stderr, "extract, kB of text", int(total>>10)+1)
	var began time.Time
	var first, firstBytes int64 // of what a checkpoint holds
	set.Progress = func(documents, n int64) {
		var bytes int64
		if documents > 0 {
			bytes = p.bytes[min(int(documents), len(p.bytes))-1]
		}
		if windows = n; began.IsZero() {
			began, first, firstBytes = time.Now(), n, bytes
			return
		}
		seconds := time.Since(began).Seconds()
		note := fmt.Sprintf("%.0f tokens/s", float64(n-first)*float64(o.window)/seconds)
		if done := bytes - firstBytes; done > 0 && seconds > 10 {
			left := seconds * float64(total-bytes) / float64(done)
			note += ", " + time.Duration(left*float64(time.Second)).Round(time.Second).String() + " left"
		}
		bar.Set(int(bytes>>10), note)
	}
	if sums, err = extract.Extract(ctx, m, p.documents(ctx), set); err != nil {
		bar.Stop()
		if ctx.Err() != nil && o.checkpoint != "" {
			err = fmt.Errorf("stopped, saved in %s: %w", o.checkpoint, err)
		}
		return nil, 0, err
	}
	bar.Done()
	return sums, windows, nil
}

// write writes the map and the counts.
func (o *options) write(ctx context.Context, sums *extract.Sums, rec *cli.Record, stdout io.Writer) error {
	d, err := o.number()
	if err != nil {
		return err
	}
	m, err := sums.Map(d)
	if err != nil {
		return err
	}
	write := m.WriteSafetensors
	if filepath.Ext(o.out) != ".safetensors" {
		if m, err = numbered(m, d, stdout); err != nil {
			return err
		}
		write = m.WriteSYSIF
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
		counts := m.Counts()[mode]
		at, _ := m.Positions()
		n, seen := int64(0), 0
		for _, c := range counts[:len(counts)-at] {
			if n += c; c > 0 {
				seen++
			}
		}
		fmt.Fprintf(stdout, "%s: %s occurrences of %s tokens\n", mode, cli.Thousands(int(n)), cli.Thousands(seen))
	}
	if shares := explained(sums, m.Modes()); len(shares) > 0 {
		rec.Settings["explained"] = shares
	}
	rec.End("write")
	return cli.WriteJSON(o.recordPath(), rec)
}

// numbered numbers the layers from 0, as the lists of SYSIF's pickles do.
func numbered(m *amap.Map, d amap.DType, stdout io.Writer) (*amap.Map, error) {
	numbers := m.Layers(m.Modes()[0])
	if numbers[len(numbers)-1] == len(numbers)-1 {
		return m, nil
	}
	layers := map[amap.Mode][]amap.Rows{}
	for _, mode := range m.Modes() {
		for _, n := range numbers {
			l, err := m.Layer(mode, n)
			if err != nil {
				return nil, err
			}
			layers[mode] = append(layers[mode], l)
		}
	}
	fmt.Fprintf(stdout, "layers %d have the numbers 0 to %d in the pickle; .safetensors keeps their own\n", numbers, len(numbers)-1)
	positions, _ := m.Positions()
	return amap.NewMap(d, layers, &amap.Options{Counts: m.Counts(), Positions: cmp.Or(positions, -1)})
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
	if err := o.check(); err != nil {
		return err
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
	rec, err := cli.NewRecord(ctx, map[string]any{"dtype": o.dtype})
	if err != nil {
		return err
	}
	for _, path := range paths {
		rec.Inputs = append(rec.Inputs, cli.Input{Role: "sums", Name: filepath.Base(path)})
	}
	return o.write(ctx, sums, rec, stdout)
}
