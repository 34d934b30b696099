// Command knnrun finds exact nearest neighbors in a .npy file of rows and writes
// them as .npy; peers/knn.py, peers/ways.py and peers/ugly.py hold it against
// others. It prints one line: seconds and CPU seconds without reading and
// writing, and the peak memory.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
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
	in := fs.String("in", "", "rows, n×d .npy of float32 or float64; with -csr the numbers, with -distances the matrix")
	csr := fs.String("csr", "", "columns,file,file: the rows are sparse, with the indices (int32) and starts (int64) in two more .npy")
	distances := fs.Bool("distances", false, "the rows are distances")
	metric := fs.Int("metric", 0, "number of the metric, as package knn counts them")
	byFunc := fs.Bool("func", false, "Manhattan distances by Settings.Func")
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
	set := &knn.Settings{Workers: *workers, Method: m, Metric: knn.Metric(*metric)}
	if *byFunc {
		set.Func = manhattan
	}
	start, cpu := time.Now(), usage.CPUSeconds()
	g, err := knn.Search(context.Background(), points, *k, set)
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

func manhattan(a, b []float32) (sum float64) {
	for c, v := range a {
		sum += math.Abs(float64(v) - float64(b[c]))
	}
	return sum
}

func read(in, csr string, distances bool) (knn.Points, error) {
	if csr == "" {
		points, err := usage.Points(in)
		if err == nil && distances {
			points = knn.Distances(points)
		}
		return points, err
	}
	part := strings.Split(csr, ",")
	if len(part) != 3 {
		return nil, fmt.Errorf("-csr %s: want columns,file,file", csr)
	}
	cols, err := strconv.Atoi(part[0])
	if err != nil {
		return nil, err
	}
	x, err := load[float32](in)
	if err != nil {
		return nil, err
	}
	index, err := load[float64](part[1])
	if err != nil {
		return nil, err
	}
	start, err := load[float64](part[2])
	if err != nil {
		return nil, err
	}
	return knn.CSR(cols, whole[int](start), whole[int32](index), x), nil
}

func whole[T int | int32](x []float64) []T {
	y := make([]T, len(x))
	for i, v := range x {
		y[i] = T(v)
	}
	return y
}

func load[T float32 | float64](name string) ([]T, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	x, _, err := npy.Read[T](f)
	return x, err
}
