// Command knnrun finds exact nearest neighbors in a .npy file of float32 rows
// and writes them as .npy; peers/knn.py holds it against NumPy. It prints one
// line for each repetition: seconds, without reading and writing.
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
	in := fs.String("in", "", "rows, float32 n×d .npy")
	out := fs.String("out", "", "neighbors to write, int32 n×k .npy")
	k := fs.Int("k", 90, "neighbors of a row")
	workers := fs.Int("workers", 0, "goroutines; 0 means GOMAXPROCS")
	method := fs.String("method", "exact", "exact or descent")
	if err := fs.Parse(args); err != nil {
		return err
	}
	f, err := os.Open(*in)
	if err != nil {
		return err
	}
	defer f.Close()
	x, shape, err := npy.Read[float32](f)
	if err != nil {
		return err
	}
	if len(shape) != 2 {
		return fmt.Errorf("%s: %d axes, want 2", *in, len(shape))
	}
	m := knn.Exact
	if *method == "descent" {
		m = knn.Descent
	}
	start := time.Now()
	g, err := knn.Search(context.Background(), knn.Rows(x, shape[0], shape[1]), *k, &knn.Settings{Workers: *workers, Method: m})
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%.6f %v rechecked %d recall %v\n", time.Since(start).Seconds(), vec.Best(), g.Stats.Rechecked, g.Recall)
	if *out == "" {
		return nil
	}
	w, err := os.Create(*out)
	if err != nil {
		return err
	}
	return errors.Join(npy.Write(w, g.Index, g.N, g.K), w.Close())
}
