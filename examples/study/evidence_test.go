package main

import (
	"io"
	"math"
	"os"
	"testing"
)

// The sample map, by figures that others computed with NumPy (README.md of the
// map): shares of the ten nearest neighbors with the same domain, by layer.
func TestEvidenceAsNumPy(t *testing.T) {
	const dir = "../../../shared/data/sample/"
	const file = "amap-sample-neox-6l-128-dictionary-N310871-Wd15-1337_position_.pickle"
	if _, err := os.Stat(dir + file); err != nil {
		t.Skip(err)
	}
	o, err := parse([]string{"-amap", dir + file, "-counts", dir + "tokens-count-sample-neox-6l-128-dictionary-N310871-Wd15-1337_position_.pickle", "-draws", "1"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.src.Open(); err != nil {
		t.Fatal(err)
	}
	defer o.src.Close()
	w, err := readWords(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.tokenize(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	e, err := newEvidence(o, w)
	if err != nil {
		t.Fatal(err)
	}
	e.questions, e.sets = e.questions[:1], e.sets[:1]
	want := map[string][]float64{
		plain: {.493, .464, .482, .490, .483, .504},
		apart: {.341, .344, .358, .384, .367, .402},
	}
	for n := range 6 {
		rows, err := o.src.Layer(n)
		if err != nil {
			t.Fatal(err)
		}
		used, err := e.rows(t.Context(), w, rows)
		if err != nil {
			t.Fatal(err)
		}
		got, err := e.layer(t.Context(), n, used, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range got {
			if v, ok := want[m.Control]; ok && m.Space == "raw" && m.Metric == "euclidean" && m.Measure == "share" && math.Abs(m.Value-v[n]) > .003 {
				t.Errorf("layer %d, %s: %.4f, want %.3f", n, m.Control, m.Value, v[n])
			}
		}
	}
}
