package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat/distuv"
)

// results gives access to the measures of all layers.
type results struct {
	o        *options
	layers   []int
	constant []int    // layers in which nothing can be measured
	names    []string // of the questions
	by       map[key]*measure
}

type key struct {
	layer                                      int
	labelling, space, metric, control, measure string
}

func newResults(o *options, e *evidence, maps []*layerMap) *results {
	r := &results{o: o, by: map[key]*measure{}}
	for _, q := range e.questions {
		r.names = append(r.names, q.name)
	}
	for _, m := range maps {
		if m.Constant {
			r.constant = append(r.constant, m.Layer)
			continue
		}
		r.layers = append(r.layers, m.Layer)
		for i := range m.measures {
			x := &m.measures[i]
			r.by[key{x.Layer, x.Labelling, x.Space, x.Metric, x.Control, x.Measure}] = x
		}
	}
	return r
}

// figures are those of the effects, where there are layers enough to draw them.
func (r *results) figures() (paths []string) {
	for i, name := range r.names {
		if len(r.layers) > 1 && r.get(r.layers[0], name, apart) != nil {
			paths = append(paths, "figures/"+effectNames[i]+".png")
		}
	}
	return paths
}

// chief is the measure that the findings on a labeling rest on: the mean over
// classes where one class makes most of the lemmas, as nouns do.
func chief(labelling string) string {
	if labelling == byPOS {
		return "mean over classes"
	}
	return "share"
}

// get returns a measure under the usual distance, or nil.
func (r *results) get(layer int, labelling, control string) *measure {
	return r.by[key{layer, labelling, "raw", "euclidean", control, chief(labelling)}]
}

// An effect is the difference of a share and its null maps, with the half width
// of an interval that holds for all layers and labelings at once.
type effect struct {
	layer       int
	share, null float64
	half        float64
	lo, hi      float64 // of the null maps
}

func (e effect) size() float64 { return e.share - e.null }
func (e effect) sure() bool    { return e.size() > e.half }

// effect compares a measure with a kind of null map. The map is one more draw
// of the null maps if they exchange what does not matter, so its distance from
// their mean follows Student's t. The level is 5 % in all, for all layers,
// labelings and kinds (Bonferroni).
func (r *results) effect(m *measure, kind int) effect {
	draws := m.Null[kind]
	mean, sd := meanSD(draws)
	n := float64(len(draws))
	tests := float64(len(r.layers) * len(r.names) * len(nullNames))
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: max(n-1, 1)}.Quantile(1 - 0.05/2/tests)
	return effect{layer: m.Layer, share: m.Value, null: mean, half: t * sd * math.Sqrt(1+1/n), lo: slices.Min(draws), hi: slices.Max(draws)}
}

func meanSD(x []float64) (mean, sd float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		sd += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(sd / float64(max(len(x)-1, 1)))
}

// sure reports whether a measure exceeds both kinds of null maps.
func (r *results) sure(m *measure) bool {
	return m != nil && r.effect(m, 0).sure() && r.effect(m, 1).sure()
}

// findings are sentences on a labeling, each borne by its numbers.
func (r *results) findings(name string) []string {
	if len(r.layers) == 0 {
		return []string{"All layers are constant: there is nothing to measure."}
	}
	var with, without []effect // layers with evidence and without, against the stricter null map
	for _, n := range r.layers {
		m := r.get(n, name, apart)
		if m == nil {
			return []string{"Too few lemmas, or none without a shared token, to ask."}
		}
		if e := r.effect(m, 1); r.sure(m) {
			with = append(with, e)
		} else {
			without = append(without, e)
		}
	}
	say := func(format string, a ...any) string { return fmt.Sprintf(format, a...) }
	larger := func(a, b effect) int { return cmp.Compare(b.size(), a.size()) }
	what := "of one " + strings.SplitN(name, ",", 2)[0]
	measured := "share of the ten nearest neighbors"
	if chief(name) != "share" {
		measured += ", mean over the classes"
	}
	var out []string
	if len(with) == 0 {
		slices.SortFunc(without, larger)
		b := without[0]
		out = append(out, say("No evidence that lemmas %s are neighbors for another reason than the tokens they share, the frequency of their tokens and how these begin: in no layer is the %s without a shared token clearly above that of the null maps. The largest difference is %+.3f in layer %d (%.3f against %.3f; below %.3f it may be chance).",
			what, measured, b.size(), b.layer, b.share, b.null, b.half))
	} else {
		best := slices.SortedFunc(slices.Values(with), larger)[0]
		m := r.get(best.layer, name, apart)
		interval := ""
		if m.Low != nil {
			interval = say(", 95 %% interval %.3f to %.3f", *m.Low, *m.High)
		}
		out = append(out, say("In %s lemmas %s are neighbors more often than the frequency of their tokens and how these begin explain, even where they share no token. The difference is largest in layer %d: %.3f (%s%s) against %.3f in null maps (least to most of %d: %.3f to %.3f), %.2f times as often.",
			layersOf(with), what, best.layer, best.share, measured, interval, best.null, r.o.draws, best.lo, best.hi, best.share/best.null))
		if len(without) > 0 {
			out = append(out, say("No evidence for this in %s.", layersOf(without)))
		}
	}
	if s := r.trend(name); s != "" && len(with) > 0 {
		out = append(out, s)
	}
	if s := r.spelling(name); s != "" {
		out = append(out, s)
	}
	if s := r.classes(name, with); s != "" {
		out = append(out, s)
	}
	out = append(out, r.elsewhere(name))
	if m := r.get(r.layers[0], name, r.often()); m != nil && r.get(r.layers[0], name, r.often()+", "+apart) != nil {
		all := r.get(r.layers[0], name, plain)
		differ := 0.0
		for _, n := range r.layers {
			differ = max(differ, math.Abs(r.get(n, name, r.often()+", "+apart).Value-r.get(n, name, apart).Value))
		}
		out = append(out, say("Leaving out the %d of %d lemmas with a token seen fewer than %d times changes the share without shared tokens by at most %.3f.", all.N-m.N, all.N, r.o.minCount, differ))
	}
	return out
}

func layersOf(effects []effect) string {
	var n []string
	for _, e := range effects {
		n = append(n, fmt.Sprint(e.layer))
	}
	if len(n) == 1 {
		return "layer " + n[0]
	}
	return "layers " + strings.Join(n[:len(n)-1], ", ") + " and " + n[len(n)-1]
}

// trend tells whether the difference from the null maps changes with depth. The
// draws of the null maps are the same in all layers, and so are the lemmas, so
// each gives a slope over the layers.
func (r *results) trend(name string) string {
	if len(r.layers) < 3 {
		return ""
	}
	var mid float64
	for _, n := range r.layers {
		mid += float64(n) / float64(len(r.layers))
	}
	var square, slope float64
	null := make([]float64, r.o.draws)
	var each []float64
	for _, n := range r.layers {
		square += (float64(n) - mid) * (float64(n) - mid)
	}
	for _, n := range r.layers {
		c := (float64(n) - mid) / square
		m := r.get(n, name, apart)
		slope += c * m.Value
		for d, v := range m.Null[1] {
			null[d] += c * v
		}
		if len(m.Each) > 0 {
			if each == nil {
				each = make([]float64, len(m.Each))
			}
			for i := range min(len(each), len(m.Each)) {
				each[i] += c * float64(m.Each[i])
			}
		}
	}
	mean, sd := meanSD(null)
	_, lemmas := meanSD(each)
	n := float64(len(null))
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: max(n-1, 1)}.Quantile(0.975)
	half := t * math.Sqrt(sd*sd*(1+1/n)+lemmas*lemmas/float64(max(len(each), 1)))
	by := slope - mean
	numbers := fmt.Sprintf("%+.4f a layer, 95 %% interval %+.4f to %+.4f", by, by-half, by+half)
	switch {
	case by > half:
		return "On the whole the difference grows with depth (" + numbers + "); the table has each layer."
	case by < -half:
		return "On the whole the difference falls with depth (" + numbers + "); the table has each layer."
	}
	return "No evidence that the difference grows or falls with depth (" + numbers + ")."
}

// spelling tells how much of the plain share is spelling.
func (r *results) spelling(name string) string {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, n := range r.layers {
		m := r.get(n, name, plain)
		if m == nil {
			return ""
		}
		e := r.effect(m, 0)
		chance := r.chance(name)
		if m.Value <= chance {
			continue
		}
		part := (e.null - chance) / (m.Value - chance)
		lo, hi = min(lo, part), max(hi, part)
	}
	if hi < lo {
		return ""
	}
	clamp := func(v float64) float64 { return 100 * min(1, max(0, v)) }
	part := fmt.Sprintf("%.0f to %.0f %%", clamp(lo), clamp(hi))
	if fmt.Sprintf("%.0f", clamp(lo)) == fmt.Sprintf("%.0f", clamp(hi)) {
		part = fmt.Sprintf("%.0f %%", clamp(lo))
	}
	return fmt.Sprintf("Where neighbors may share tokens, null maps alone reach %s of the excess over chance (%.3f): that part needs no meaning.", part, r.chance(name))
}

// chance is the measure if labels were dealt at random.
func (r *results) chance(name string) float64 {
	sum, squares, classes := 0.0, 0.0, 0.0
	for k, m := range r.by {
		if k.layer == r.layers[0] && k.labelling == name && k.space == "raw" && k.metric == "euclidean" && k.control == plain && strings.HasPrefix(k.measure, shareOf) && !strings.Contains(k.measure, ", ") {
			n := float64(m.N)
			sum += n
			squares += n * (n - 1)
			classes++
		}
	}
	if chief(name) != "share" {
		return (sum - classes) / (sum - 1) / classes
	}
	return squares / (sum * (sum - 1))
}

// classes tells how uneven the classes are in the layer of the largest effect.
func (r *results) classes(name string, with []effect) string {
	if len(with) == 0 {
		return ""
	}
	best := slices.MaxFunc(with, func(a, b effect) int { return cmp.Compare(a.size(), b.size()) }).layer
	type class struct {
		name        string
		share, null float64
		n           int
	}
	var all []class
	for k, m := range r.by {
		if k.layer == best && k.labelling == name && k.space == "raw" && k.metric == "euclidean" && k.control == apart && strings.HasPrefix(k.measure, shareOf) && len(m.Null[1]) > 0 {
			mean, _ := meanSD(m.Null[1])
			all = append(all, class{strings.TrimPrefix(k.measure, shareOf), m.Value, mean, m.N})
		}
	}
	slices.SortFunc(all, func(a, b class) int {
		return cmp.Or(cmp.Compare(b.share-b.null, a.share-a.null), strings.Compare(a.name, b.name))
	})
	which := "By class"
	if len(all) > 6 {
		which = "The classes of the largest and smallest differences"
		all = append(all[:3:3], all[len(all)-3:]...)
	}
	var parts []string
	for _, c := range all {
		parts = append(parts, fmt.Sprintf("%s %.2f (null %.2f, %d lemmas)", c.name, c.share, c.null, c.n))
	}
	return fmt.Sprintf("%s, in layer %d: %s. Intervals are in metrics.csv.", which, best, strings.Join(parts, ", "))
}

// elsewhere tells what other distances say.
func (r *results) elsewhere(name string) string {
	var parts []string
	for _, space := range spaces {
		for _, m := range metrics {
			if space == "raw" && m.name == "euclidean" {
				continue
			}
			n, most, at := 0, math.Inf(-1), 0
			for _, l := range r.layers {
				x := r.by[key{l, name, space, m.name, apart, chief(name)}]
				if x == nil {
					continue
				}
				if r.sure(x) {
					n++
				}
				if e := r.effect(x, 1); e.size() > most {
					most, at = e.size(), l
				}
			}
			parts = append(parts, fmt.Sprintf("%s %s %d of %d, %+.3f (layer %d)", space, m.name, n, len(r.layers), most, at))
		}
	}
	return "With other distances, the number of layers in which the difference is clear, and the largest difference: " + strings.Join(parts, "; ") + "."
}

func (r *results) often() string { return seenOften(r.o.minCount) }
