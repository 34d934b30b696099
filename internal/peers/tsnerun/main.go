// Command tsnerun embeds one data set with package tsne and prints where the
// time went, for comparison with other programs by ../tsne.py.
//
//	tsnerun -in X.npy [-start START.npy] -out Y.npy [-method …] [-search …]
//	tsnerun -groups N -out Y.npy
//	tsnerun -lemma [-start START.npy] -out Y.npy
//	tsnerun -write-lemma X.npy
//
// The data are in memory when the clock starts. The line of JSON has the
// seconds until the affinities are ready ("near"), of the gradient phase
// ("steps") and of everything ("total"), CPU seconds where the system tells, the
// KL of the result as the run knows it, and the peak resident memory of the
// process in MB with the data ("mb") and with the data alone ("mb_data").
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"time"

	"github.com/semamap/semamap/internal/lemmawork"
	"github.com/semamap/semamap/internal/npy"
	"github.com/semamap/semamap/internal/peers/usage"
	"github.com/semamap/semamap/tsne"
	"github.com/semamap/semamap/tsne/knn"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "tsnerun:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("tsnerun", flag.ContinueOnError)
	in := f.String("in", "", "`file` of the data")
	lemma := f.Bool("lemma", false, "embed the synthetic lemma workload")
	groups := f.Int("groups", 0, "embed this `number` of synthetic points of 50 numbers in groups")
	rows := f.String("write-lemma", "", "only write the rows of the lemma workload to this `file`")
	start := f.String("start", "", "`file` of first positions")
	out := f.String("out", "", "`file` for the map")
	method := f.String("method", "auto", "repulsion: auto, mesh, tree or exact")
	search := f.String("search", "auto", "neighbors: auto, exact or descent")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *rows != "" {
		return writeLemma(*rows)
	}
	var x tsne.Points
	switch {
	case *lemma:
		x = combination()
	case *groups > 0:
		x = tsne.Rows(lemmawork.Groups(*groups, 50), *groups, 50)
	default:
		var err error
		if x, err = usage.Points(*in); err != nil {
			return err
		}
	}
	repulsion, ok := map[string]tsne.Method{"auto": tsne.Auto, "mesh": tsne.Mesh, "tree": tsne.Tree, "exact": tsne.Exact}[*method]
	if !ok {
		return fmt.Errorf("no method %q", *method)
	}
	neighbors, ok := map[string]knn.Method{"auto": knn.Auto, "exact": knn.Exact, "descent": knn.Descent}[*search]
	if !ok {
		return fmt.Errorf("no search %q", *search)
	}
	s := &tsne.Settings{Expert: &tsne.Expert{Method: repulsion}, Search: &knn.Settings{Method: neighbors}}
	if *start != "" {
		y, _, err := read(*start)
		if err != nil {
			return err
		}
		s.Start = tsne.Positions(y)
	}
	debug.FreeOSMemory()
	// Forget the peak of the reading, where the system can.
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
	base, cpu := usage.PeakMB(), usage.CPUSeconds()
	t0 := time.Now()
	r, err := tsne.New(ctx, x, s)
	if err != nil {
		return err
	}
	near, nearCPU := time.Since(t0).Seconds(), usage.CPUSeconds()-cpu
	for range r.Steps(ctx) {
	}
	res, err := r.Result()
	if err != nil {
		return err
	}
	total, cpu := time.Since(t0).Seconds(), usage.CPUSeconds()-cpu
	if *out != "" {
		if err := write(*out, res.Y, len(res.Y)/res.Dims, res.Dims); err != nil {
			return err
		}
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"near": near, "steps": total - near, "total": total, "steps_cpu": cpu - nearCPU, "cpu": cpu,
		"kl": res.KL, "mb": usage.PeakMB(), "mb_data": base, "stats": res.Stats,
	})
}

func read(name string) ([]float32, []int, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	x, shape, err := npy.Read[float32](f)
	if err == nil && len(shape) != 2 {
		err = fmt.Errorf("%s: %d dimensions", name, len(shape))
	}
	return x, shape, err
}

func combination() tsne.Points {
	w := lemmawork.Make(lemmawork.Rows, lemmawork.Tokens, lemmawork.Units)
	return knn.Combine(knn.Rows(w.Base, w.Tokens, w.Units), w.Start, w.Index, nil)
}

func writeLemma(name string) error {
	x := combination()
	n, d := x.Dims()
	all := make([]float32, n*d)
	for i := range n {
		dst := all[i*d : (i+1)*d]
		row, err := x.Row(dst, i)
		if err != nil {
			return err
		}
		copy(dst, row)
	}
	return write(name, all, n, d)
}

func write(name string, x []float32, rows, cols int) error {
	w, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(npy.Write(w, x, rows, cols), w.Close())
}
