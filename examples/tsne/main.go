// Command tsne makes a map of the rows of a table.
//
//	go run ./examples/tsne -in X.npy -out Y.csv -labels L.csv -png map.png
//
// The input is a NumPy array of rows and columns (.npy, or one of those in a
// .npz) or a table of numbers (.csv, .tsv) with or without a line of titles. What
// separates the columns of a table, and whether its first line holds titles, is
// found out; each such decision is a line on standard error, and -sep and
// -header change it. The output is a .csv or .npy of one position a row, in the
// order of the input. See -help for the rest.
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
	quality, keepStart               bool
	layout
}

func parse(args []string, stderr io.Writer) (*options, error) {
	var o options
	f := flag.NewFlagSet("tsne", flag.ContinueOnError)
	f.StringVar(&o.in, "in", "", "`file` of the data, .npy, .npz, .csv or .tsv, one row a point")
	f.StringVar(&o.labels, "labels", "", ".csv `file` whose first column labels the rows, for the picture, the .csv output and the quality")
	header := cli.Choice(f, "header", "does the first line of a table hold titles?", "auto", "yes", "no")
	sep := cli.Choice(f, "sep", "what separates the columns of a table", "auto", "comma", "semicolon", "tab", "spaces")
	f.Func("drop", "`columns` to leave out, by number from 1 or by title, separated by commas; =7 is the title 7", func(s string) error {
		o.drop = append(o.drop, s)
		return nil
	})
	f.StringVar(&o.label, "label-column", "", "`column` of the labels, by number from 1 or by title: of the table, or of the file of -labels")
	f.StringVar(&o.array, "array", "", "`name` of the array of a .npz archive; needed if it has several")
	f.StringVar(&o.out, "out", "", "`file` for the map, .csv or .npy")
	f.Float64Var(&o.perplexity, "perplexity", 0, "effective number of neighbors (default 30, less for few rows)")
	f.IntVar(&o.dims, "dims", 2, "dimensions of the map, 1 to 3")
	f.Uint64Var(&o.seed, "seed", 0, "seed; equal seeds give equal maps on one machine")
	f.IntVar(&o.iter, "iter", 750, "gradient steps; the first third of them, at most 250, with exaggeration 12")
	f.StringVar(&o.neighbors, "neighbors", "auto", "exact, or auto: exact up to a limit of work, then approximate")
	f.StringVar(&o.metric, "metric", "euclidean", "euclidean or cosine")
	f.StringVar(&o.start, "start", "", ".npy `file` of first positions instead of principal components; they are scaled down")
	f.BoolVar(&o.keepStart, "keep-start", false, "take the positions of -start as they are, and all steps without exaggeration, to go on from a finished map")
	f.StringVar(&o.png, "png", "", "`file` for a picture of the map")
	f.StringVar(&o.checkpoint, "checkpoint", "", "`file` to save the run in, every minute and when interrupted; if it exists, the run goes on from there")
	f.BoolVar(&o.quality, "quality", false, "print one line of JSON: kl, knn10, trust10, the vector instructions in use and the seconds of each phase")
	if _, err := cli.Parse(f, args, 0, stderr); err != nil {
		return nil, err
	}
	var errs []error
	bad := func(format string, a ...any) { errs = append(errs, fmt.Errorf(format, a...)) }
	for _, c := range []struct{ flag, name, kinds string }{
		{"in", o.in, ".npy or .csv or .npz or .tsv"}, {"out", o.out, ".npy or .csv"},
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
	if o.keepStart && o.start == "" {
		bad("-keep-start needs -start")
	}
	if o.neighbors != "exact" && o.neighbors != "auto" {
		bad("-neighbors %q is neither exact nor auto", o.neighbors)
	}
	if o.metric != "euclidean" && o.metric != "cosine" {
		bad("-metric %q is neither euclidean nor cosine", o.metric)
	}
	o.header = *header
	for _, s := range separators {
		if s.name == *sep {
			o.sep = s.sep
		}
	}
	return &o, errors.Join(errs...)
}

func extension(name string) string { return strings.ToLower(filepath.Ext(name)) }

func (o *options) settings() *tsne.Settings {
	early := min(250, o.iter/3)
	if o.keepStart {
		early = 0
	}
	s := &tsne.Settings{
		Dims:       o.dims,
		Perplexity: o.perplexity,
		Seed:       o.seed,
		KeepStart:  o.keepStart,
		Phases:     []tsne.Phase{{Steps: early, Exaggeration: 12}, {Steps: o.iter - early, Exaggeration: 1}},
	}
	if o.neighbors == "exact" {
		s.Search = &knn.Settings{Method: knn.Exact}
	}
	if o.metric == "cosine" {
		s.Metric = knn.Cosine
	}
	return s
}

// run is the program. Nothing is written before all inputs have been read.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	clock := clock{time.Now(), map[string]float64{}}
	x, labels, err := o.read(ctx)
	if err != nil {
		return err
	}
	for _, note := range x.notes {
		fmt.Fprintln(stderr, note)
	}
	if x.n == 0 && o.png != "" {
		return fmt.Errorf("%s: no rows to draw in %s", o.in, o.png)
	}
	s := o.settings()
	var y *table // first positions
	if o.start != "" {
		if y, err = readTable(ctx, o.start, layout{}); err != nil {
			return err
		}
		y.narrow()
		if y.n != x.n || y.d != o.dims {
			return fmt.Errorf("%s: %d×%d positions for %d rows in %d dimensions", o.start, y.n, y.d, x.n, o.dims)
		}
		s.Start = tsne.Positions(y.x)
	}

	clock.lap("read")
	fmt.Fprintf(stderr, "%d rows of %d numbers\n", x.n, x.d)
	r, resumed, err := o.prepare(ctx, x.points(), s)
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
	for _, c := range res.Stats.Rounded {
		fmt.Fprintf(stderr, "%s: %s: numbers so far apart and so close together that many become equal in float32; neighbors may be wrong\n", o.in, x.name(c))
	}
	notes(stderr, &res.Stats, x.n)

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

// notes says in words what one should know of a run.
func notes(w io.Writer, s *tsne.Stats, rows int) {
	if copies := rows - s.Distinct; copies > 0 {
		fmt.Fprintf(w, "%d of %d rows are copies of others and share their places\n", copies, rows)
	}
	if s.Unsolved > 0 {
		fmt.Fprintf(w, "warning: the perplexity cannot be reached for %d of %d different rows, which have too many neighbors at one distance; expect a poor map of them\n", s.Unsolved, s.Distinct)
	}
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
