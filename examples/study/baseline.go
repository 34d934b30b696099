package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/examples/internal/sample"
)

// A baseline is another map, measured with the same lemmas, tokens and settings.
type baseline struct {
	src    sample.Source
	name   string
	prefix string // of its controls in metrics.csv
	e      *evidence
}

func baselinePrefix(i int) string {
	if i == 0 {
		return "baseline: "
	}
	return fmt.Sprintf("baseline %d: ", i+1)
}

// open opens baseline number i and checks that it can be compared.
func (b *baseline) open(o *options, w *words, layers []int, i int) error {
	b.name, b.prefix = filepath.Base(b.src.Path), baselinePrefix(i)
	if same := func(other *baseline) bool { return other.name == b.name }; b.name == o.about.Name || slices.ContainsFunc(o.baselines[:i], same) {
		b.name = filepath.Join(filepath.Base(filepath.Dir(b.src.Path)), b.name) // step0/amap.pickle
	}
	if err := b.src.Open(); err != nil {
		return fmt.Errorf("-baseline: %w", err)
	}
	var common []int
	for _, n := range b.src.Layers() {
		if slices.Contains(layers, n) {
			common = append(common, n)
		}
	}
	if common == nil {
		return fmt.Errorf("-baseline: %s has layers %v, none of %v", b.src.Path, b.src.Layers(), layers)
	}
	if err := fits(o, &b.src, common, w); err != nil {
		return fmt.Errorf("-baseline: %w", err)
	}
	return nil
}

// measure adds the measures of a layer, if the baseline has it. Its null maps
// are those of the main map, except where it has counts of its own.
func (b *baseline) measure(ctx context.Context, o *options, w *words, e *evidence, m *layerMap, stderr io.Writer) (err error) {
	if !slices.Contains(b.src.Layers(), m.Layer) {
		return nil
	}
	if b.e == nil {
		b.e = e
		if b.src.Counts() != nil {
			own := *o
			own.src = b.src
			if b.e, err = newEvidence(&own, w); err != nil {
				return err
			}
		}
	}
	rows, err := b.src.Layer(m.Layer)
	if err != nil {
		return err
	}
	used, err := b.e.rows(ctx, w, rows)
	if err != nil {
		return err
	}
	ids := make([]int32, len(b.e.columns))
	for i, c := range b.e.columns {
		ids[i] = w.weights.IDs[c]
	}
	if same, err := b.src.Constant(used, ids); err != nil || same { // nothing to measure
		return err
	}
	bar := cli.NewProgress(stderr, fmt.Sprintf("layer %d: baseline %s", m.Layer, b.name), len(spaces)*len(e.questions)*(1+2*o.draws))
	done := 0
	found, err := b.e.neighbors(ctx, m.Layer, used, func(question string) {
		done++
		bar.Set(done, question)
	})
	if err == nil {
		var probes []measure
		if probes, err = b.e.probes(ctx, o.seed, m.Layer, used); err == nil {
			found = append(found, probes...)
		}
	}
	if err != nil {
		bar.Stop()
		return err
	}
	bar.Done()
	for _, x := range found {
		x.Control = b.prefix + x.Control
		m.measures = append(m.measures, x)
	}
	return nil
}

// A contrast is the effect of a layer in the map, beside that in a baseline.
type contrast struct {
	layer       int
	found, base effect
	by, half    float64 // their difference, with the half width of its interval
}

// contrasts compares the effects without shared tokens, against the stricter
// null map, with baseline i. The intervals hold for all layers, labelings and
// baselines at once (Bonferroni, 5 %). Both maps have the same lemmas, so single
// lemmas are compared; draws of the null maps, too, are compared one by one.
func (r *results) contrasts(name string, i int) []contrast {
	var out []contrast
	tests := float64(len(r.layers) * len(r.names) * len(r.o.baselines))
	for _, n := range r.layers {
		m, b := r.get(n, name, apart), r.get(n, name, baselinePrefix(i)+apart)
		if m == nil || b == nil {
			continue
		}
		c := contrast{layer: n, found: r.effect(m, 1), base: r.effect(b, 1)}
		c.by = c.found.size() - c.base.size()
		null := make([]float64, min(len(m.Null[1]), len(b.Null[1])))
		for d := range null {
			null[d] = m.Null[1][d] - b.Null[1][d]
		}
		each := make([]float64, min(len(m.Each), len(b.Each)))
		for j := range each {
			each[j] = float64(m.Each[j]) - float64(b.Each[j])
		}
		_, sd := meanSD(null)
		_, lemmas := meanSD(each)
		k := float64(len(null))
		t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: max(k-1, 1)}.Quantile(1 - 0.05/2/tests)
		c.half = t * math.Sqrt(sd*sd*(1+1/k)+lemmas*lemmas/float64(max(len(each), 1)))
		out = append(out, c)
	}
	return out
}

// against are sentences on a labeling that compare the map with its baselines.
func (r *results) against(name string) []string {
	var out []string
	for i, b := range r.o.baselines {
		all := r.contrasts(name, i)
		if len(all) == 0 {
			continue
		}
		var above, below, open []string
		best := all[0]
		for _, c := range all {
			switch {
			case c.by > c.half:
				above = append(above, fmt.Sprint(c.layer))
			case c.by < -c.half:
				below = append(below, fmt.Sprint(c.layer))
			default:
				open = append(open, fmt.Sprint(c.layer))
			}
			if math.Abs(c.by) > math.Abs(best.by) {
				best = c
			}
		}
		var parts []string
		if above != nil {
			parts = append(parts, "larger than in the baseline in "+layerList(above))
		}
		if below != nil {
			parts = append(parts, "smaller in "+layerList(below))
		}
		if open != nil {
			parts = append(parts, "no evidence of a difference in "+layerList(open))
		}
		out = append(out, fmt.Sprintf("Against the baseline %s, what spelling and frequency do not explain is: %s. The two differ most in layer %d: %+.3f here and %+.3f there, a difference of %+.3f (95 %% interval for all layers at once %+.3f to %+.3f).",
			b.name, strings.Join(parts, "; "), best.layer, best.found.size(), best.base.size(), best.by, best.by-best.half, best.by+best.half))
	}
	return out
}

func layerList(n []string) string {
	if len(n) == 1 {
		return "layer " + n[0]
	}
	return "layers " + strings.Join(n[:len(n)-1], ", ") + " and " + n[len(n)-1]
}

// baselineTables compare layer by layer.
func (r *results) baselineTables(name string) []block {
	var out []block
	for i, b := range r.o.baselines {
		all := r.contrasts(name, i)
		if len(all) == 0 {
			continue
		}
		t := [][]string{{"layer", "without a shared token", "null", "effect", "baseline: without a shared token", "null", "effect", "difference of the effects (95 %)"}}
		for _, c := range all {
			t = append(t, []string{fmt.Sprint(c.layer), three(c.found.share), null(c.found), fmt.Sprintf("%+.3f", c.found.size()),
				three(c.base.share), null(c.base), fmt.Sprintf("%+.3f", c.base.size()), fmt.Sprintf("%+.3f (%+.3f to %+.3f)", c.by, c.by-c.half, c.by+c.half)})
		}
		out = append(out, block{text: []string{fmt.Sprintf("Beside the baseline %s, with the same lemmas and tokens. Effect: the share less the mean of null maps among tokens of similar count and kind. The intervals hold for all layers, labelings and baselines at once.", b.name)}, table: t})
	}
	return out
}
