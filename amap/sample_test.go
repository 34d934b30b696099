package amap

import (
	"fmt"
	"slices"
	"testing"

	"github.com/semamap/semamap/internal/golden"
)

const (
	sampleMap    = "data/sample/amap-sample-neox-6l-128-dictionary-N310871-Wd15-1337_position_.pickle"
	sampleCounts = "data/sample/tokens-count-sample-neox-6l-128-dictionary-N310871-Wd15-1337_position_.pickle"
)

func TestSample(t *testing.T) {
	openBoth(t, golden.Shared(t, sampleMap), func(t *testing.T, m *Map) {
		if got := fmt.Sprint(m.Modes(), m.Layers(Input)); got != "[input] [0 1 2 3 4 5]" {
			t.Error(got)
		}
		if n, ok := m.Positions(); n != 16 || !ok {
			t.Error("positions", n, ok)
		}
		// torch: l = m['input'][5].double(); l[[700, 7856, 700]].mean(0)[:4].float(), l[50291, 3]
		l := layer(t, m, Input, 5)
		if r, u := l.Dims(); r != 50293 || u != 128 {
			t.Error(r, u)
		}
		mean, err := l.Mean(nil, []int32{700, 7856, 700})
		want := []float32{0.45961347222328186, 0.01610819436609745, 0.4622395932674408, 0.1656290739774704}
		if err != nil || !slices.Equal(mean[:4], want) || l.At(50291, 3) != 0.24853515625 || l.At(50292, 3) != 0 {
			t.Error(mean[:4], err, l.At(50291, 3), l.At(50292, 3))
		}
	})
	c, err := OpenCounts(golden.Shared(t, sampleCounts))
	if err != nil {
		t.Fatal(err)
	}
	if len(c[Input]) != 50293 || total(c[Input][:50277]) != 12000135 || total(c[Output]) != 0 {
		t.Error(len(c[Input]), total(c[Input][:50277]), total(c[Output]))
	}
}
