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
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/semamap/semamap/internal/lemmawork"
	"github.com/semamap/semamap/internal/npy"
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
	write := f.String("write-lemma", "", "only write the rows of the lemma workload to this `file`")
	start := f.String("start", "", "`file` of first positions")
	out := f.String("out", "", "`file` for the map")
	method := f.String("method", "auto", "repulsion: auto, mesh, tree or exact")
	search := f.String("search", "auto", "neighbours: auto, exact or descent")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *write != "" {
		return writeLemma(*write)
	}
	var x tsne.Points
	switch {
	case *lemma:
		x = combination()
	case *groups > 0:
		x = tsne.Rows(lemmawork.Groups(*groups, 50), *groups, 50)
	default:
		d, shape, err := read(*in)
		if err != nil {
			return err
		}
		x = tsne.Rows(d, shape[0], shape[1])
	}
	s := &tsne.Settings{}
	switch *method {
	case "auto":
	case "mesh":
		s.Expert = &tsne.Expert{Method: tsne.Mesh}
	case "tree":
		s.Expert = &tsne.Expert{Method: tsne.Tree}
	case "exact":
		s.Expert = &tsne.Expert{Method: tsne.Exact}
	default:
		return fmt.Errorf("no method %q", *method)
	}
	switch *search {
	case "auto":
	case "exact":
		s.Search = &knn.Settings{Method: knn.Exact}
	case "descent":
		s.Search = &knn.Settings{Method: knn.Descent}
	default:
		return fmt.Errorf("no search %q", *search)
	}
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
	base, cpu := peakMB(), cpuSeconds()
	t0 := time.Now()
	r, err := tsne.New(ctx, x, s)
	if err != nil {
		return err
	}
	near, nearCPU := time.Since(t0).Seconds(), cpuSeconds()-cpu
	for range r.Steps(ctx) {
	}
	res, err := r.Result()
	if err != nil {
		return err
	}
	total, cpu := time.Since(t0).Seconds(), cpuSeconds()-cpu
	if *out != "" {
		w, err := os.Create(*out)
		if err != nil {
			return err
		}
		if err := errors.Join(npy.Write(w, res.Y, len(res.Y)/res.Dims, res.Dims), w.Close()); err != nil {
			return err
		}
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"near": near, "steps": total - near, "total": total, "steps_cpu": cpu - nearCPU, "cpu": cpu,
		"kl": res.KL, "mb": peakMB(), "mb_data": base, "stats": res.Stats,
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
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	b := bufio.NewWriterSize(f, 1<<20)
	if _, err := b.Write(npy.AppendHeader(nil, "<f4", []int{n, d})); err != nil {
		return err
	}
	row, bytes := make([]float32, d), make([]byte, 4*d)
	for i := range n {
		if row, err = x.Row(row, i); err != nil {
			return err
		}
		if _, err := b.Write(encode(bytes, row)); err != nil {
			return err
		}
	}
	return errors.Join(b.Flush(), f.Close())
}

// peakMB is the peak resident memory of this process, where the system tells.
func peakMB() float64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.ParseFloat(strings.Fields(v)[0], 64)
			return kb / 1024
		}
	}
	return 0
}

// cpuSeconds is the user and system time of this process, where the system
// tells, in hundredths.
func cpuSeconds() float64 {
	b, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), ") ") // the name of the program may hold spaces
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.ParseFloat(f[11], 64)
	system, _ := strconv.ParseFloat(f[12], 64)
	return (user + system) / 100
}

// encode writes row to b, little-endian.
func encode(b []byte, row []float32) []byte {
	for i, v := range row {
		binary.LittleEndian.PutUint32(b[4*i:], math.Float32bits(v))
	}
	return b
}
