package plot

import (
	"fmt"
	"math"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"github.com/semamap/semamap/plot/internal/plottest"
)

// panel shows words.
func panel(w plottest.Words) Panel { return Panel{XYs: w.XYs, Labels: w.Labels, Hover: w.Texts} }

// study returns a figure as the study draws them: by "domain" or "pos", over
// the given number of layers.
func study(by string, layers int, small bool) *Figure {
	f := &Figure{XLabel: "First t-SNE", YLabel: "Second t-SNE", Legend: "Domain",
		Title: "t-SNE visualization of layer 0 activations", Subtitle: "Pythia-70M, 1,564 WordNet lemmas in five topic domains"}
	if by == "pos" {
		f.Legend = "Part of speech"
		f.Subtitle = "Pythia-70M, 117,659 WordNet lemmas by part of speech"
	}
	if layers > 1 {
		f.Title = "t-SNE visualization of activations by layer"
	}
	for l, w := range plottest.Study(by, layers, small) {
		pn := panel(w)
		if layers > 1 {
			pn.Title = fmt.Sprintf("Layer %d", l)
			pn.Note = fmt.Sprintf("10-NN purity 0.%d (chance 0.25)", 46+l%3)
		}
		f.Panels = append(f.Panels, pn)
	}
	return f
}

// lines returns a figure of a measure over layers.
func lineFigure(layers int) *Figure {
	f := &Figure{Title: "10-NN purity by layer", Subtitle: "Mean and 95 % interval of five seeds", XLabel: "Layer", YLabel: "10-NN purity",
		Legend: "Labels"}
	var pn Panel
	for k, name := range []string{"topic domain", "part of speech"} {
		xys := make(plotter.XYs, layers)
		lo, hi := make([]float64, layers), make([]float64, layers)
		for i := range xys {
			v := 0.45 + 0.2*float64(k) + 0.05*math.Sin(float64(i)/2+float64(k))
			xys[i] = plotter.XY{X: float64(i), Y: v}
			lo[i], hi[i] = v-0.02, v+0.02
		}
		pn.Lines = append(pn.Lines, Line{Name: name, XYs: xys, Lo: lo, Hi: hi})
	}
	pn.Lines = append(pn.Lines, Line{Name: "chance", XYs: plotter.XYs{{X: 0, Y: 0.25}, {X: float64(layers - 1), Y: 0.25}}, Dashed: true})
	f.Panels = []Panel{pn}
	return f
}

// manyDomains returns 344 categories, as the study's first 5,000 synsets have.
func manyDomains() plottest.Words {
	names, counts := append([]string(nil), plottest.DomainNames...), append([]int(nil), plottest.DomainCounts...)
	names = append(names, "biology", "terrorism", "botany", "physics", "music", "mathematics", "statistics", "baseball", "genetics", "medicine",
		"anatomy", "Roman Catholic", "electrical engineering", "United States history", "theater")
	counts = append(counts, 162, 150, 146, 126, 124, 123, 99, 83, 66, 63, 63, 60, 58, 55, 54)
	for i := len(names); i < 344; i++ {
		names = append(names, fmt.Sprintf("small domain %d", i))
		counts = append(counts, max(1, 20-i/20))
	}
	return plottest.Synth(names, counts, 3)
}

func vgLength(v float64) vg.Length { return vg.Length(v) }
