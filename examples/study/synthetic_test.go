package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/lemma"
)

// A synthetic study: lemmas of made-up tokens with made-up labels, and maps of
// which we know what is in them.
type synthetic struct {
	tokens int
	units  int
	words  int
	shared bool // lemmas of one domain share endings: spelling tells the domain
	// plant adds meaning: the rows of the tokens of a domain's lemmas. It is nil
	// for noise.
	plant func(layer, domain int, row []float32)
}

type madeTokens int

func (madeTokens) Encode(dst []int32, s string) ([]int32, error) { return dst, nil }
func (madeTokens) Token(id int32) string                         { return madeText(id) }
func (t madeTokens) Len() int                                    { return int(t) }
func (madeTokens) Decode(dst []byte, ids ...int32) ([]byte, error) {
	for _, id := range ids {
		dst = append(dst, madeText(id)...)
	}
	return dst, nil
}

func madeText(id int32) string {
	if id == 0 {
		return "_"
	}
	if id%5 == 0 {
		return fmt.Sprintf("T%d", id)
	}
	return fmt.Sprintf("t%d", id)
}

const madeDomains = 4

// make makes the words and the map. Token 0 is the sign "_", which every fifth
// lemma has; token 1 to 12 are endings, three for each domain if they are shared
// there; the others are stems, each of which belongs to one domain, as far as
// its lemmas go.
func (s synthetic) make(t testing.TB, seed uint64, layers int) (*options, *words, *evidence) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	o := &options{domains: madeDomains, minCount: 5, draws: 20, seed: seed}
	w := &words{tok: madeTokens(s.tokens), weights: &lemma.CSR{Start: []int{0}}}
	for id := range s.tokens {
		w.weights.IDs = append(w.weights.IDs, int32(id))
	}
	var domains []string
	for i := range s.words {
		d := rng.IntN(madeDomains)
		ids := []int32{int32(13 + madeDomains*rng.IntN((s.tokens-13)/madeDomains) + d)}
		if s.shared {
			ids = append(ids, int32(1+3*d+rng.IntN(3)))
		} else {
			ids = append(ids, int32(1+rng.IntN(12)))
		}
		if i%5 == 0 {
			ids = append(ids, 0)
		}
		slices.Sort(ids)
		for _, id := range ids {
			w.weights.Index = append(w.weights.Index, id)
			w.weights.Weight = append(w.weights.Weight, 1/float32(len(ids)))
		}
		w.weights.Start = append(w.weights.Start, len(w.weights.Index))
		name := fmt.Sprintf("domain%d.n.01", d)
		domains = append(domains, name)
		w.rows = append(w.rows, word{synset: fmt.Sprint(i), domain: name, lemma: fmt.Sprint(i), tokens: len(ids), pos: []string{"n", "v", "a", "r"}[rng.IntN(4)]})
	}
	w.domains = cli.Tally(domains)
	rows := make([]amap.Rows, layers)
	counts := make([]int64, s.tokens)
	for id := range counts {
		counts[id] = int64(5 + rng.IntN(1000))
	}
	for l := range rows {
		m := make([][]float32, s.tokens)
		for id := range m {
			m[id] = make([]float32, s.units)
			for u := range m[id] {
				m[id][u] = max(0, float32(rng.NormFloat64()))
			}
			if id >= 13 && s.plant != nil {
				s.plant(l, (id-13)%madeDomains, m[id])
			}
		}
		rows[l] = lemma.FromSlices(m)
	}
	m, err := amap.NewMap(amap.Float32, map[amap.Mode][]amap.Rows{amap.Input: rows}, &amap.Options{Counts: amap.Counts{amap.Input: counts}})
	if err != nil {
		t.Fatal(err)
	}
	o.src.Map, o.src.Mode, o.src.Path = m, amap.Input, "made"
	e, err := newEvidence(o, w)
	if err != nil {
		t.Fatal(err)
	}
	return o, w, e
}

func (s synthetic) study(t testing.TB, seed uint64, layers int) (*results, []*layerMap) {
	t.Helper()
	o, w, e := s.make(t, seed, layers)
	var maps []*layerMap
	for n := range layers {
		m := &layerMap{Layer: n}
		if err := e.measure(context.Background(), o, w, m, io.Discard); err != nil {
			t.Fatal(err)
		}
		maps = append(maps, m)
	}
	return newResults(o, e, maps), maps
}

// On noise the p-values of all effects are uniform: no study is significant
// more often than it says. Each p is one of 1/21 … 21/21.
func TestNoiseIsUniform(t *testing.T) {
	seeds := 200
	if testing.Short() {
		seeds = 40
	}
	got := map[string][]float64{}
	var zs []float64
	for seed := range seeds {
		_, maps := synthetic{tokens: 93, units: 6, words: 70}.study(t, uint64(seed), 1)
		for _, m := range maps[0].measures {
			if m.P != nil {
				k := strings.Join([]string{m.Labelling, m.Space, m.Metric, m.Control, m.Measure}, " | ")
				got[k] = append(got[k], *m.P)
			}
		}
		zs = append(zs, maps[0].units.P...)
	}
	if len(got) < 100 {
		t.Fatalf("%d effects", len(got))
	}
	worst := 0.0
	for k, p := range got {
		if strings.Contains(k, "| "+shareOf) { // of few lemmas, with ties, which make p larger
			low := 0
			for _, v := range p {
				if v < 3.5/21 {
					low++
				}
			}
			if e := float64(len(p)) / 7; float64(low) > e+4.5*math.Sqrt(e*6/7) {
				t.Errorf("%s: %d of %d p-values below 1/7", k, low, len(p))
			}
			continue
		}
		// Seven bins of three values each.
		var bins [7]float64
		for _, v := range p {
			bins[min(6, int(math.Round(v*21)-1)/3)]++
		}
		chi := 0.0
		for _, n := range bins {
			e := float64(len(p)) / 7
			chi += (n - e) * (n - e) / e
		}
		worst = max(worst, chi)
		if chi > 33 { // 6 degrees of freedom: p = 1e-5, for some 200 correlated effects
			t.Errorf("%s: χ² = %.1f: %v", k, chi, bins)
		}
	}
	low := 0
	for _, p := range zs {
		if p < 0.05 {
			low++
		}
	}
	t.Logf("%d effects, worst χ² %.1f; %.3f of %d p-values of units below .05", len(got), worst, float64(low)/float64(len(zs)), len(zs))
	if share := float64(low) / float64(len(zs)); share > 0.07 || share < 0.03 {
		t.Errorf("%.3f of the p-values of units are below .05", share)
	}
}

// A map whose only structure is spelling shows no effect where shared tokens
// are left out, over the null maps, or in the probe.
func TestSpellingAlone(t *testing.T) {
	r, _ := synthetic{tokens: 413, units: 24, words: 400, shared: true}.study(t, 3, 3)
	name := r.names[0]
	for _, n := range r.layers {
		all, m := r.get(n, name, plain), r.get(n, name, apart)
		if all.Value < r.chance(name)+0.1 {
			t.Errorf("layer %d: a share of %.3f; spelling should have raised it above %.3f", n, all.Value, r.chance(name))
		}
		if r.sure(all) || r.sure(m) {
			t.Errorf("layer %d: an effect of spelling: %+v, %+v", n, r.effect(all, 0), r.effect(m, 0))
		}
		s := r.by[key{n, name, "standardized", "linear probe", apart, "selectivity"}]
		if s == nil || *s.Low > 0 {
			t.Errorf("layer %d: the probe reads spelling: %+v", n, s)
		}
	}
	text := strings.Join(r.findings(name), "\n")
	if !strings.Contains(text, "No evidence that lemmas") {
		t.Error(text)
	}
}

// Planted structure is found in its layer and units, and nowhere else.
func TestPlanted(t *testing.T) {
	r, maps := synthetic{tokens: 413, units: 24, words: 400, plant: func(layer, domain int, row []float32) {
		if layer == 1 {
			row[domain] += 2
			row[4+domain] += 2
		}
	}}.study(t, 5, 3)
	name := r.names[0]
	for _, n := range r.layers {
		if got := r.sure(r.get(n, name, apart)); got != (n == 1) {
			t.Errorf("layer %d: %v: %+v", n, got, r.effect(r.get(n, name, apart), 1))
		}
		if r.sure(r.get(n, byPOS, apart)) {
			t.Errorf("layer %d: an effect of parts of speech, which are random", n)
		}
		if s := r.by[key{n, name, "standardized", "linear probe", apart, "selectivity"}]; s == nil || (*s.Low > 0.1) != (n == 1) {
			t.Errorf("layer %d: probe %+v", n, s)
		}
	}
	found := map[int]bool{}
	for _, u := range discover(maps) {
		if u.Q > 0.05 || u.Z < 0 {
			continue
		}
		domain := int(u.Class[len("domain")] - '0')
		if u.Layer != 1 || u.Labelling != name || u.Unit%4 != domain || u.Unit >= 8 {
			t.Errorf("not planted: %+v", u)
		}
		found[u.Unit] = true
	}
	if len(found) != 8 {
		t.Errorf("units found: %v", found)
	}
	text := strings.Join(r.findings(name), "\n")
	if !strings.Contains(text, "In layer 1 lemmas of one domain") || !strings.Contains(text, "No evidence for this in layers 0 and 2.") {
		t.Error(text)
	}
}
