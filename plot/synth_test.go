package plot

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// The synthetic data of the tests resemble the study's: words in clusters and
// in the spread between, categories of very unequal sizes, long names.

type words struct {
	xys    plotter.XYs
	labels []string
	texts  []string
}

var (
	domainNames = []string{"law", "military", "chemistry", "computer science", "greek mythology", "biology",
		"terrorism", "botany", "physics", "music", "mathematics", "statistics", "baseball", "genetics", "medicine",
		"anatomy", "Roman Catholic", "electrical engineering", "United States history", "theater"}
	domainCounts = []int{592, 365, 210, 205, 192, 162, 150, 146, 126, 124, 123, 99, 83, 66, 63, 63, 60, 58, 55, 54}
	posNames     = []string{"noun", "verb", "adjective satellite", "adjective", "adverb"}
	posCounts    = []int{82115, 13767, 10693, 7463, 3621}
)

// synth returns the given numbers of words by name. Each name has a few
// clusters; a share of its words is spread over the whole map.
func synth(names []string, counts []int, seed uint64) words {
	r := rand.New(rand.NewPCG(seed, 1))
	var w words
	for k, n := range counts {
		type cluster struct{ x, y, s float64 }
		cl := make([]cluster, 1+k%3)
		for i := range cl {
			a, d := r.Float64()*2*math.Pi, math.Sqrt(r.Float64())*32
			cl[i] = cluster{d * math.Cos(a), d * math.Sin(a), 2 + 5*r.Float64()}
		}
		spread := 0.25 + 0.6*float64((k*7)%10)/10
		for i := range n {
			var x, y float64
			if r.Float64() < spread {
				a, d := r.Float64()*2*math.Pi, math.Sqrt(r.Float64())*42
				x, y = d*math.Cos(a)+r.NormFloat64(), d*math.Sin(a)+r.NormFloat64()
			} else {
				c := cl[r.IntN(len(cl))]
				x, y = c.x+c.s*r.NormFloat64(), c.y+c.s*r.NormFloat64()
			}
			w.xys = append(w.xys, plotter.XY{X: x, Y: y})
			w.labels = append(w.labels, names[k])
			w.texts = append(w.texts, fmt.Sprintf("%s_%d", names[k], i))
		}
	}
	r.Shuffle(len(w.xys), func(i, j int) {
		w.xys[i], w.xys[j] = w.xys[j], w.xys[i]
		w.labels[i], w.labels[j] = w.labels[j], w.labels[i]
		w.texts[i], w.texts[j] = w.texts[j], w.texts[i]
	})
	return w
}

func (w words) points() *Points {
	p, err := NewPoints(w.xys, w.labels)
	if err != nil {
		panic(err)
	}
	p.Hover = w.texts
	return p
}

// manyDomains returns 344 categories, as the study's first 5,000 synsets have.
func manyDomains() words {
	names, counts := append([]string(nil), domainNames...), append([]int(nil), domainCounts...)
	for i := len(names); i < 344; i++ {
		names = append(names, fmt.Sprintf("small domain %d", i))
		counts = append(counts, max(1, 20-i/20))
	}
	return synth(names, counts, 3)
}

// study returns a figure as the study draws them: by "domain" or "pos", over
// the given number of layers.
func study(by string, layers int, small bool) *Figure {
	names, counts := domainNames[:5], append([]int(nil), domainCounts[:5]...)
	f := &Figure{XLabel: "First t-SNE", YLabel: "Second t-SNE", Legend: Legend{Title: "Domain"},
		Title: "t-SNE visualization of layer 0 activations", Subtitle: "Pythia-70M, 1,564 WordNet lemmas in five topic domains"}
	if by == "pos" {
		names, counts = posNames, append([]int(nil), posCounts...)
		f.Legend.Title = "Part of speech"
		f.Subtitle = "Pythia-70M, 117,659 WordNet lemmas by part of speech"
	}
	if small {
		for i := range counts {
			counts[i] = max(3, min(100, counts[i]/20))
		}
	}
	if layers > 1 {
		f.Title = "t-SNE visualization of activations by layer"
	}
	for l := range layers {
		pn := Panel{Points: synth(names, counts, uint64(l)).points()}
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
		Legend: Legend{Title: "Labels"}}
	var pn Panel
	for k, name := range []string{"topic domain", "part of speech"} {
		xys := make(plotter.XYs, layers)
		lo, hi := make([]float64, layers), make([]float64, layers)
		for i := range xys {
			v := 0.45 + 0.2*float64(k) + 0.05*math.Sin(float64(i)/2+float64(k))
			xys[i] = plotter.XY{X: float64(i), Y: v}
			lo[i], hi[i] = v-0.02, v+0.02
		}
		l, err := NewLine(name, xys, lo, hi)
		if err != nil {
			panic(err)
		}
		pn.Lines = append(pn.Lines, l)
	}
	chance, err := NewLine("chance", plotter.XYs{{X: 0, Y: 0.25}, {X: float64(layers - 1), Y: 0.25}}, nil, nil)
	if err != nil {
		panic(err)
	}
	chance.Dashed = true
	pn.Lines = append(pn.Lines, chance)
	f.Panels = []Panel{pn}
	return f
}

func vgLength(v float64) vg.Length { return vg.Length(v) }
