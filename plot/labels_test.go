package plot

import (
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/plot/plotter"
)

// labelsOf returns the names that a map of the points shows.
func labelsOf(t *testing.T, xys plotter.XYs, labels []string, max int) []string {
	t.Helper()
	l := checkLayout(t, &Figure{Panels: []Panel{{XYs: xys, Labels: labels}}, MaxNames: max}, 0, 0)
	var names []string
	for _, x := range l.panels[0].labels {
		names = append(names, x.text)
	}
	slices.Sort(names)
	return names
}

// TestLabels: a category that lies together is named, one that is spread over
// the map is not, nor is one that leads in a sparse corner alone.
func TestLabels(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	var xys plotter.XYs
	var labels []string
	add := func(name string, n int, x, y, s float64) {
		for range n {
			xys = append(xys, plotter.XY{X: x + s*r.NormFloat64(), Y: y + s*r.NormFloat64()})
			labels = append(labels, name)
		}
	}
	add("law", 400, 0, 0, 10)
	add("military", 300, 0, 0, 10)
	add("biology", 300, 0, 0, 10)
	add("music", 60, 0, 0, 10)
	add("music", 5, 24, 24, 0.4) // alone in a corner
	add("greek mythology", 120, -14, 6, 1.2)
	add("chemistry", 90, 8, -12, 1.4)
	if got, want := labelsOf(t, xys, labels, 99), []string{"chemistry", "greek mythology"}; !slices.Equal(got, want) {
		t.Errorf("named %v, want %v", got, want)
	}
	if got, want := labelsOf(t, xys, labels, 1), []string{"greek mythology"}; !slices.Equal(got, want) {
		t.Errorf("at most one name: %v, want %v", got, want)
	}
	if got := labelsOf(t, xys, labels, -1); len(got) != 0 {
		t.Errorf("names switched off: %v", got)
	}
	// The same map under labels dealt at random.
	r.Shuffle(len(labels), func(i, j int) { labels[i], labels[j] = labels[j], labels[i] })
	if got := labelsOf(t, xys, labels, 99); len(got) != 0 {
		t.Errorf("named %v on a map without order", got)
	}
}
