package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"runtime"
	"time"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/amap/extract"
	"github.com/semamap/semamap/examples/internal/cli"
)

// record begins what the JSON file says.
func (o *options) record(ctx context.Context, m *extract.Model, set *extract.Settings) (*cli.Record, error) {
	settings := map[string]any{
		"model": filepath.Base(filepath.Clean(o.model)), "window": o.window, "stride": o.stride, "start": o.start, "samples": o.samples, "seed": o.seed,
		"modes": set.Modes, "positions": o.positions, "skip": o.skip, "tokens": o.tokens, "vocabulary": set.Vocab, "shard": o.shard,
		"dtype": o.dtype, "running16": o.running16, "documents": o.text.cut,
	}
	if set.Units != nil {
		// In the map, layers and units have other numbers: their places here.
		units := make([][]int, len(o.layers))
		for i, l := range o.layers {
			units[i] = set.Units[l]
		}
		settings["layers"] = o.layers
		if o.units > 0 {
			settings["units"] = units
		}
	}
	if set.Tokens != nil {
		settings["token_rows"] = len(set.Tokens)
	}
	rec, err := cli.NewRecord(ctx, settings)
	if err != nil {
		return nil, err
	}
	inputs := []string{filepath.Join(o.model, "config.json"), o.tokenizer}
	weights, err := filepath.Glob(filepath.Join(o.model, "*.safetensors"))
	if err != nil {
		return nil, err
	}
	for _, path := range append(inputs, weights...) {
		if err := rec.Read(ctx, "model", path); err != nil {
			return nil, err
		}
	}
	for _, path := range o.text.files {
		if err := rec.Read(ctx, "text", path); err != nil {
			return nil, err
		}
	}
	rec.End("load, hash inputs")
	return rec, nil
}

// explained returns, by mode and layer, the share of the variance of each unit
// that the token explains; nothing if it was not computed.
func explained(sums *extract.Sums, modes []amap.Mode) map[amap.Mode]map[int][]float64 {
	const layers = 1 << 16 // no model has more
	all := map[amap.Mode]map[int][]float64{}
	for _, mode := range modes {
		for l := range layers {
			shares, err := sums.Explained(mode, l)
			if errors.Is(err, extract.ErrSettings) {
				return nil
			}
			if err != nil {
				continue // no such layer
			}
			if all[mode] == nil {
				all[mode] = map[int][]float64{}
			}
			all[mode][l] = shares
		}
	}
	return all
}

// plan says what a run would do.
func (o *options) plan(ctx context.Context, m *extract.Model, p *plan, set *extract.Settings, stdout io.Writer) error {
	var tokens, windows int64
	var some []int32 // for a trial
	trial := 4 * runtime.GOMAXPROCS(0) * 64 * o.window
	for ids, err := range p.documents(ctx) {
		if err != nil {
			return err
		}
		tokens += int64(len(ids))
		if o.start == "random" {
			// The mean over the starts.
			for s := range o.window {
				windows += int64(max(0, len(ids)-o.window-s+o.stride-1) / o.stride)
			}
		} else {
			windows += int64(max(0, len(ids)-o.window-*set.Start+o.stride-1) / o.stride * o.window)
		}
		if len(some) < trial {
			some = append(some, ids...)
		}
	}
	windows /= int64(o.window)
	if n := set.Shard[1]; n > 1 {
		tokens, windows = tokens/int64(n), windows/int64(n)
	}
	rows := set.Vocab
	if set.Tokens != nil {
		rows = len(set.Tokens)
	}
	if set.Positions {
		rows += o.window + 1
	}
	units := 0
	for l := range m.Layers() {
		list, ok := set.Units[l]
		switch {
		case set.Units == nil || ok && len(list) == 0:
			units += m.Units()
		default:
			units += len(list)
		}
	}
	sums := 8 * float64(rows) * float64(units) * float64(len(set.Modes))
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	fmt.Fprintf(stdout, "%s tokens, about %s windows of %d\n", cli.Thousands(int(tokens)), cli.Thousands(int(windows)), o.window)
	fmt.Fprintf(stdout, "%s rows of %s units in all: up to %.1f GB for sums, %.1f GB for weights and texts\n", cli.Thousands(rows), cli.Thousands(units), sums/1e9, float64(mem.HeapAlloc)/1e9)
	if windows == 0 {
		return nil
	}
	// A trial with hardly any sums.
	set.Tokens, set.Checkpoint, set.Shard, set.Start = []int32{0}, "", [2]int{}, new(int)
	some = some[:min(len(some), trial)]
	var done int64
	set.Progress = func(_, n int64) { done = n }
	began := time.Now()
	one := func(ids []int32) iter.Seq2[[]int32, error] {
		return func(yield func([]int32, error) bool) { yield(ids, nil) }
	}
	if _, err := extract.Extract(ctx, m, one(some), set); err != nil {
		return err
	}
	rate := float64(done) * float64(o.window) / time.Since(began).Seconds()
	left := time.Duration(float64(windows) * float64(o.window) / rate * float64(time.Second)).Round(time.Second)
	fmt.Fprintf(stdout, "about %s at %.0f tokens a second\n", left, rate)
	return nil
}
