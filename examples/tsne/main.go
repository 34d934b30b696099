// Command tsne makes a map of the rows of a table.
//
//	go run ./examples/tsne -in X.npy -out Y.csv -labels L.csv -png map.png
//
// The input is a .npy array of rows and columns, or a .csv of numbers with or
// without a line of titles. The output is a .csv or .npy of one position a
// row, in the order of the input. See -help for the rest.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/tsne"
	"github.com/semamap/semamap/tsne/knn"
)

func main() { cli.Main("tsne", run) }

// options are the flags.
type options struct {
	in, labels, out, png, checkpoint string
	start                            string
	perplexity                       float64
	dims, iter                       int
	seed                             uint64
	neighbors, metric                string
	quality                          bool
}

func parse(args []string, stderr io.Writer) (*options, error) {
	var o options
	f := flag.NewFlagSet("tsne", flag.ContinueOnError)
	f.StringVar(&o.in, "in", "", "`file` of the data, .npy or .csv, one row a point")
	f.StringVar(&o.labels, "labels", "", ".csv `file` whose first column labels the rows, for the picture, the .csv output and the quality")
	f.StringVar(&o.out, "out", "", "`file` for the map, .csv or .npy")
	f.Float64Var(&o.perplexity, "perplexity", 0, "effective number of neighbors (default 30, less for few rows)")
	f.IntVar(&o.dims, "dims", 2, "dimensions of the map, 1 to 3")
	f.Uint64Var(&o.seed, "seed", 0, "seed; equal seeds give equal maps on one machine")
	f.IntVar(&o.iter, "iter", 750, "gradient steps; the first third of them, at most 250, with exaggeration 12")
	f.StringVar(&o.neighbors, "neighbors", "auto", "exact, or auto: exact up to a limit of work, then approximate")
	f.StringVar(&o.metric, "metric", "euclidean", "distance of rows: "+metricNames)
	f.StringVar(&o.start, "start", "", ".npy `file` of first positions instead of principal components")
	f.StringVar(&o.png, "png", "", "`file` for a picture of the map")
	f.StringVar(&o.checkpoint, "checkpoint", "", "`file` to save the run in, every minute and when interrupted; if it exists, the run goes on from there")
	f.BoolVar(&o.quality, "quality", false, "print one line of JSON: kl, knn10, trust10, the vector instructions in use and the seconds of each phase")
	if _, err := cli.Parse(f, args, 0, stderr); err != nil {
		return nil, err
	}
	var errs []error
	bad := func(format string, a ...any) { errs = append(errs, fmt.Errorf(format, a...)) }
	for _, c := range []struct{ flag, name, kinds string }{
		{"in", o.in, ".npy or .csv"}, {"out", o.out, ".npy or .csv"},
		{"labels", o.labels, ".csv"}, {"png", o.png, ".png"}, {"start", o.start, ".npy"},
	} {
		optional := c.name == "" && c.flag != "in" && c.flag != "out"
		if !optional && !slices.Contains(strings.Fields(c.kinds), extension(c.name)) {
			bad("-%s %q is not a %s file", c.flag, c.name, c.kinds)
		}
	}
	if o.iter < 0 {
		bad("-iter %d is negative", o.iter)
	}
	if o.neighbors != "exact" && o.neighbors != "auto" {
		bad("-neighbors %q is neither exact nor auto", o.neighbors)
	}
	if _, ok := metrics[o.metric]; !ok {
		bad("-metric %q is none of %s", o.metric, metricNames)
	}
	return &o, errors.Join(errs...)
}

// metrics are the values of -metric.
var metrics = map[string]knn.Metric{
	"euclidean": knn.Euclidean, "cosine": knn.Cosine, "correlation": knn.Correlation, "manhattan": knn.Manhattan,
	"chebyshev": knn.Chebyshev, "hamming": knn.Hamming, "jaccard": knn.Jaccard,
}

const metricNames = "euclidean, cosine, correlation, manhattan, chebyshev, hamming or jaccard"

func extension(name string) string { return strings.ToLower(filepath.Ext(name)) }

func (o *options) settings() *tsne.Settings {
	early := min(250, o.iter/3)
	s := &tsne.Settings{
		Dims:       o.dims,
		Perplexity: o.perplexity,
		Seed:       o.seed,
		Phases:     []tsne.Phase{{Steps: early, Exaggeration: 12}, {Steps: o.iter - early, Exaggeration: 1}},
	}
	if o.neighbors == "exact" {
		s.Search = &knn.Settings{Method: knn.Exact}
	}
	s.Metric = metrics[o.metric]
	return s
}

// run is the program. Nothing is written before all inputs have been read.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	clock := clock{time.Now(), map[string]float64{}}
	x, err := readTable(ctx, o.in)
	if err != nil {
		return err
	}
	if x.n == 0 && o.png != "" {
		return fmt.Errorf("%s: no rows to draw in %s", o.in, o.png)
	}
	labels, err := readLabels(o.labels, x.n)
	if err != nil {
		return err
	}
	s := o.settings()
	var y *table // first positions
	if o.start != "" {
		if y, err = readTable(ctx, o.start); err != nil {
			return err
		}
		if y.n != x.n || y.d != o.dims {
			return fmt.Errorf("%s: %d×%d positions for %d rows in %d dimensions", o.start, y.n, y.d, x.n, o.dims)
		}
		s.Start = tsne.Positions(y.x)
	}
	points := tsne.Rows(x.x, x.n, x.d)

	clock.lap("read")
	fmt.Fprintf(stderr, "%d rows of %d numbers\n", x.n, x.d)
	r, resumed, err := o.prepare(ctx, points, s)
	if err != nil {
		return err
	}
	if resumed {
		fmt.Fprintf(stderr, "going on from %s\n", o.checkpoint)
	}
	clock.lap("prepare")

	if err := o.steps(ctx, r, stderr); err != nil {
		return err
	}
	res, err := r.Result()
	if err != nil {
		return err
	}
	clock.lap("steps")

	if err := writeMap(ctx, o.out, res, labels); err != nil {
		return err
	}
	if o.png != "" {
		if err := writePNG(o.png, res, labels); err != nil {
			return err
		}
	}
	clock.lap("write")
	if !o.quality {
		return nil
	}
	if st := res.Stats; !resumed { // the parts of the preparation
		delete(clock.seconds, "prepare")
		clock.seconds["merge"], clock.seconds["neighbors"] = st.Merging.Seconds(), st.Searching.Seconds()
		clock.seconds["affinities"], clock.seconds["start"] = st.Calibrating.Seconds(), st.Starting.Seconds()
	}
	return o.report(ctx, stdout, &clock, x, res, labels)
}

// A clock keeps the seconds of the phases.
type clock struct {
	last    time.Time
	seconds map[string]float64
}

// lap ends a phase.
func (c *clock) lap(name string) {
	now := time.Now()
	c.seconds[name] = now.Sub(c.last).Seconds()
	c.last = now
}
