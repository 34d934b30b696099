package main

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/lemma"
)

// A map that has something planted in layer 1 beside the same map without it.
// The baseline lacks layer 2.
func TestBaseline(t *testing.T) {
	planted := synthetic{tokens: 213, units: 16, words: 200, plant: func(layer, domain int, row []float32) {
		if layer == 1 {
			row[domain] += 3
		}
	}}
	noise := planted
	noise.plant = nil
	o, w, e := planted.make(t, 5, 3)
	other, _, _ := noise.make(t, 5, 2)
	o.baselines = []*baseline{{src: other.src, name: "other.npy", prefix: baselinePrefix(0)}}
	var maps []*layerMap
	for n := range 3 {
		m := &layerMap{Layer: n}
		if err := e.measure(t.Context(), o, w, m, io.Discard); err != nil {
			t.Fatal(err)
		}
		maps = append(maps, m)
	}
	for _, want := range []string{
		"larger than in the baseline in layer 1; no evidence of a difference in layer 0. The two differ most in layer 1: +",
		"smaller in layer 1; no evidence of a difference in layer 0. The two differ most in layer 1: ",
	} {
		r := newResults(o, e, maps)
		all := r.contrasts(r.names[0], 0)
		if len(all) != 2 || all[0].by != 0 || all[0].half != 0 { // layer 0 is the same in both
			t.Errorf("%+v", all)
		}
		if got := strings.Join(r.against(r.names[0]), "\n"); !strings.Contains(got, "other.npy") || !strings.Contains(got, want) {
			t.Errorf("%s\nwant %s", got, want)
		}
		if got := strings.Join(r.against(byPOS), "\n"); !strings.Contains(got, "no evidence of a difference in layers 0 and 1.") {
			t.Errorf("parts of speech, which are random: %s", got)
		}
		if r.by[key{1, r.names[0], "standardized", "linear probe", baselinePrefix(0) + apart, "selectivity"}] == nil {
			t.Error("no probe of the baseline")
		}
		if tables := r.baselineTables(r.names[0]); len(tables) != 1 || len(tables[0].table) != 3 {
			t.Errorf("%v", tables)
		}
		// The other way round.
		for _, m := range maps {
			for i := range m.measures {
				x := &m.measures[i]
				if c, ok := strings.CutPrefix(x.Control, baselinePrefix(0)); ok {
					x.Control = c
				} else {
					x.Control = baselinePrefix(0) + c
				}
			}
		}
		maps = maps[:2]
	}
}

// Where all lemmas share a token, no neighbor is left without one: the measures
// are missing, not made up.
func TestAllShareAToken(t *testing.T) {
	o, w, _ := synthetic{tokens: 113, units: 8, words: 90}.make(t, 5, 1)
	o.draws = 2
	all := &lemma.CSR{IDs: w.weights.IDs, Start: []int{0}}
	for i := range w.rows {
		ids := w.weights.Index[w.weights.Start[i]:w.weights.Start[i+1]]
		if ids[0] != 0 { // "_"
			ids = slices.Concat([]int32{0}, ids)
		}
		all.Index = append(all.Index, ids...)
		all.Start = append(all.Start, len(all.Index))
		all.Weight = append(all.Weight, slices.Repeat([]float32{1 / float32(len(ids))}, len(ids))...)
	}
	w.weights = all
	e, err := newEvidence(o, w)
	if err != nil {
		t.Fatal(err)
	}
	o.out = t.TempDir()
	m := &layerMap{y: make([]float32, 2*len(w.rows))}
	if err := e.measure(t.Context(), o, w, m, io.Discard); err != nil {
		t.Fatal(err)
	}
	if _, err := newStore(o, &record{Record: &cli.Record{}}); err != nil {
		t.Fatal(err)
	}
	if err := openStore(o.out, "key").save(m); err != nil { // JSON has no NaN
		t.Error(err)
	}
	r := newResults(o, e, []*layerMap{m})
	for _, name := range r.names[:1] {
		if r.get(0, name, plain) == nil || r.get(0, name, apart) != nil {
			t.Errorf("%s: %+v, %+v", name, r.get(0, name, plain), r.get(0, name, apart))
		}
		if got := r.findings(name); len(got) != 1 || got[0] != "Too few lemmas, or none without a shared token, to ask." {
			t.Errorf("%q", got)
		}
		r.table(name)
	}
}
