// Command knnrun finds exact nearest neighbors in a .npy file of rows and writes
// them as .npy; peers/knn.py holds it against NumPy. It prints one line: seconds
// and CPU seconds without reading and writing, and the peak memory.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/semamap/semamap/internal/npy"
	"github.com/semamap/semamap/internal/peers/usage"
	"github.com/semamap/semamap/internal/vec"
	"github.com/semamap/semamap/tsne/knn"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "knnrun:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout io.Writer) error {
	fs := flag.NewFlagSet("knnrun", flag.ContinueOnError)
	in := fs.String("in", "", "rows, n×d .npy of float32 or float64")
	out := fs.String("out", "", "neighbors to write, int32 n×k .npy")
	k := fs.Int("k", 90, "neighbors of a row")
	workers := fs.Int("workers", 0, "goroutines; 0 means GOMAXPROCS")
	method := fs.String("method", "exact", "exact or descent")
	if err := fs.Parse(args); err != nil {
		return err
	}
	x, err := usage.Points(*in)
	if err != nil {
		return err
	}
	m := knn.Exact
	if *method == "descent" {
		m = knn.Descent
	}
	start, cpu := time.Now(), usage.CPUSeconds()
	g, err := knn.Search(context.Background(), x, *k, &knn.Settings{Workers: *workers, Method: m})
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%.6f %.2f CPU-s %v rechecked %d recall %v MB %.0f\n", time.Since(start).Seconds(), usage.CPUSeconds()-cpu, vec.Best(), g.Stats.Rechecked, g.Recall, usage.PeakMB())
	if *out == "" {
		return nil
	}
	w, err := os.Create(*out)
	if err != nil {
		return err
	}
	return errors.Join(npy.Write(w, g.Index, g.N, g.K), w.Close())
}
