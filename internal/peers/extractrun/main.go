// Command extractrun times package extract for peers/extract.py:
//
//	extractrun -model DIR -ids IDS.npy
//
// extracts the input mode of all layers from the windows in a .npy file (int32,
// windows × tokens), one after another. The model is in memory when the clock
// starts, and the sums are not. It prints a line of JSON: the instruction set,
// seconds, CPU seconds, and the peak memory of the process in MB.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/semamap/semamap/amap/extract"
	"github.com/semamap/semamap/internal/npy"
	"github.com/semamap/semamap/internal/peers/usage"
	"github.com/semamap/semamap/internal/vec"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "extractrun:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	f := flag.NewFlagSet("extractrun", flag.ContinueOnError)
	dir := f.String("model", "", "`folder` of the model")
	in := f.String("ids", "", "`file` of the windows")
	if err := f.Parse(args); err != nil {
		return err
	}
	r, err := os.Open(*in)
	if err != nil {
		return err
	}
	defer r.Close()
	ids, shape, err := npy.Read[int32](r)
	if err != nil {
		return fmt.Errorf("%s: %w", *in, err)
	}
	if len(shape) != 2 {
		return errors.New("-ids: want windows × tokens")
	}
	window := shape[1]
	m, err := extract.Load(os.DirFS(*dir))
	if err != nil {
		return err
	}
	first := 0
	// The last tokens of a document are in no window: one window more.
	document := append(ids, ids[:window]...)
	documents := func(yield func([]int32, error) bool) { yield(document, nil) }
	start, cpu := time.Now(), usage.CPUSeconds()
	if _, err := extract.Extract(context.Background(), m, documents, &extract.Settings{Window: window, Stride: window, Start: &first}); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"level": vec.Best().String(), "seconds": time.Since(start).Seconds(), "cpu": usage.CPUSeconds() - cpu, "mb": usage.PeakMB(),
	})
}
