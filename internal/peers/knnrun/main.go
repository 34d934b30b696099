// Command knnrun finds exact nearest neighbors in a .npy file of float32 rows
// and writes them as .npy; peers/knn.py and peers/ways.py hold it against
// others. It prints seconds and seconds of processors, without reading and
// writing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
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
	in := fs.String("in", "", "rows, float32 n×d .npy; with -csr the numbers, with -distances the matrix")
	csr := fs.String("csr", "", "columns,file,file: the rows are sparse, with the indices (int32) and starts (int64) in two more .npy")
	distances := fs.Bool("distances", false, "the rows are distances")
	metric := fs.Int("metric", 0, "number of the metric, as package knn counts them")
	out := fs.String("out", "", "neighbors to write, int32 n×k .npy")
	k := fs.Int("k", 90, "neighbors of a row")
	workers := fs.Int("workers", 0, "goroutines; 0 means GOMAXPROCS")
	method := fs.String("method", "exact", "exact or descent")
	if err := fs.Parse(args); err != nil {
		return err
	}
	points, err := read(*in, *csr, *distances)
	if err != nil {
		return err
	}
	m := knn.Exact
	if *method == "descent" {
		m = knn.Descent
	}
	start, used := time.Now(), cpu()
	g, err := knn.Search(context.Background(), points, *k, &knn.Settings{Workers: *workers, Method: m, Metric: knn.Metric(*metric)})
	if err != nil {
		return err
	}
	used = cpu() - used
	fmt.Fprintf(stdout, "%.6f %.6f CPU-s %v rechecked %d recall %v\n", time.Since(start).Seconds(), used, vec.Best(), g.Stats.Rechecked, g.Recall)
	if *out == "" {
		return nil
	}
	w, err := os.Create(*out)
	if err != nil {
		return err
	}
	return errors.Join(npy.Write(w, g.Index, g.N, g.K), w.Close())
}

func read(in, csr string, distances bool) (knn.Points, error) {
	x, shape, err := load[float32](in)
	if err != nil {
		return nil, err
	}
	if csr != "" {
		part := strings.Split(csr, ",")
		if len(part) != 3 {
			return nil, fmt.Errorf("-csr %s: want columns,file,file", csr)
		}
		cols, err := strconv.Atoi(part[0])
		if err != nil {
			return nil, err
		}
		index, _, err := load[float64](part[1])
		if err != nil {
			return nil, err
		}
		start, _, err := load[float64](part[2])
		if err != nil {
			return nil, err
		}
		return knn.CSR(cols, whole[int](start), whole[int32](index), x), nil
	}
	if len(shape) != 2 {
		return nil, fmt.Errorf("%s: %d axes, want 2", in, len(shape))
	}
	points := knn.Rows(x, shape[0], shape[1])
	if distances {
		points = knn.Distances(points)
	}
	return points, nil
}

func whole[T int | int32](x []float64) []T {
	y := make([]T, len(x))
	for i, v := range x {
		y[i] = T(v)
	}
	return y
}

func load[T float32 | float64](name string) ([]T, []int, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	return npy.Read[T](f)
}
