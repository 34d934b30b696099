package main

import (
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/semamap/semamap/examples/internal/cli"
)

// plan says what a run would do and what it would take. The rates are seconds
// of one core of a Zen 4 with AVX2, fitted to whole studies of 20,000 and 117,659
// lemmas over maps of 128 and 2,048 units.
func plan(out io.Writer, o *options, w *words, layers []int) error {
	l, err := o.src.Layer(layers[0])
	if err != nil {
		return err
	}
	rows, units := l.Dims()
	var (
		d        = float64(units)
		tokens   = float64(w.distinct)
		distinct = float64(len(w.firsts()))
		draws    = float64(o.draws)
		squares  float64 // of the lemmas of the questions
		numbers  []string
	)
	for _, q := range w.questions(o) {
		squares += float64(len(q.rows)) * float64(len(q.rows))
		numbers = append(numbers, fmt.Sprintf("%s: %s lemmas, %d classes", q.name, cli.Thousands(len(q.rows)), len(q.classes)))
	}
	evidence := float64(len(spaces)) * (1 + 2*draws) * 3.7e-8 * squares
	phases := []struct {
		name    string
		seconds float64 // of one core, a layer
	}{
		{"neighbors and affinities", 2.5e-11*tokens*tokens*d + 1.3e-9*distinct*distinct},
		{"gradient", 1.3e-4 * distinct},
		{"faithfulness of the map", comparedPlaces / 16 * distinct * (1e-6 + 2.5e-9*d)},
		{"neighbors in activation space, null maps", evidence},
		{"probes and units", 5e-3*d + 2e-4*d*(1+draws)},
		{"baselines", float64(len(o.baselines)) * (evidence + 5e-3*d)},
		{"figures, report", 1.5e-5 * float64(len(w.rows))},
	}
	fmt.Fprintf(out, "\nPlan (-dry-run; nothing is written)\n")
	fmt.Fprintf(out, "Layers: %s of %d rows × %d units\n", strings.Trim(fmt.Sprint(layers), "[]"), rows, units)
	fmt.Fprintf(out, "Asked:  %s\n", strings.Join(numbers, "; "))
	fmt.Fprintf(out, "Nulls:  %d of each of %d kinds of null maps, for each question, layer and space (%s)\n", o.draws, len(nullNames), strings.Join(spaces, ", "))
	fmt.Fprintf(out, "Map:    t-SNE of %s lemmas of different tokens, a layer\n\nEstimated seconds of one core, all layers:\n", cli.Thousands(int(distinct)))
	var all float64
	for _, p := range phases {
		if p.seconds > 0 {
			s := p.seconds * float64(len(layers))
			all += s
			fmt.Fprintf(out, "  %-42s %7.0f\n", p.name, s)
		}
	}
	cores := runtime.GOMAXPROCS(0)
	fmt.Fprintf(out, "  %-42s %7.0f, that is about %s on %d cores\n", "all", all, duration(1.15*all/float64(cores)), cores)
	memory := 100e6 + 4*tokens*tokens + 3500*distinct + 12*tokens*d
	fmt.Fprintf(out, "Estimated memory: %.1f GB", memory/1e9)
	if !o.about.Sample {
		fmt.Fprint(out, ", and what the system keeps of the map's file, which it can drop")
	}
	fmt.Fprintln(out, "\nThese are estimates, from rates on another machine: take twice as much as possible. Layers that -out already has are counted.")
	return nil
}

func duration(seconds float64) string {
	if seconds < 90 {
		return fmt.Sprintf("%.0f s", seconds)
	}
	return fmt.Sprintf("%.0f minutes", seconds/60)
}
