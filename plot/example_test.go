package plot_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"

	gplot "gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/semamap/semamap/plot"
)

// spiral returns n points on a spiral, in three categories.
func spiral(n int) (plotter.XYs, []string) {
	xys, labels := make(plotter.XYs, n), make([]string, n)
	for i := range xys {
		r, a := math.Sqrt(float64(i)), float64(i)*2.4
		xys[i] = plotter.XY{X: r * math.Cos(a), Y: r * math.Sin(a)}
		labels[i] = []string{"noun", "verb", "noun", "adverb", "noun"}[i%5]
	}
	return xys, labels
}

// A map of points in three categories, as an image and as a document.
func Example() {
	xys, labels := spiral(500)
	p, err := plot.NewPoints(xys, labels)
	if err != nil {
		fmt.Println(err)
		return
	}
	f := &plot.Figure{
		Title:  "t-SNE visualization of layer 0 activations",
		XLabel: "First t-SNE",
		YLabel: "Second t-SNE",
		Panels: []plot.Panel{{Points: p}},
		Legend: plot.Legend{Title: "Part of speech"},
	}
	var png, svg bytes.Buffer // any io.Writer
	if err := f.WritePNG(&png, 0, 0); err != nil {
		fmt.Println(err)
	}
	if err := f.WriteSVG(&svg, 0, 0); err != nil {
		fmt.Println(err)
	}
	fmt.Printf("%q %.4q\n", png.Bytes()[1:4], svg.String())
	// Output: "PNG" "<svg"
}

// A page to explore two layers of the same words by, coloured in two ways.
func ExampleViewer() {
	xys, pos := spiral(200)
	other := make(plotter.XYs, len(xys))
	words, domains := make([]string, len(xys)), make([]string, len(xys))
	for i, p := range xys {
		other[i] = plotter.XY{X: p.Y, Y: -p.X}
		words[i] = fmt.Sprint("word ", i)
		if i%10 == 0 {
			domains[i] = "law"
		}
	}
	v := &plot.Viewer{
		Title: "t-SNE visualization of activations",
		Words: words,
		Layers: []plot.Layer{
			{Name: "Layer 0", XYs: xys, Notes: []string{"10-NN purity 0.70", "10-NN purity 0.46"}},
			{Name: "Layer 1", XYs: other, Notes: []string{"10-NN purity 0.71", "10-NN purity 0.47"}},
		},
		Labelings: []plot.Labeling{
			{Name: "Part of speech", Labels: pos},
			{Name: "Domain", Labels: domains, None: "no domain"},
		},
		Align: true,
	}
	var page strings.Builder
	if err := v.WriteHTML(&page); err != nil {
		fmt.Println(err)
	}
	fmt.Println(page.String()[:15])
	// Output: <!DOCTYPE html>
}

// Small multiples: one panel a layer, one legend for all, and a note a panel.
func ExampleFigure() {
	f := &plot.Figure{
		Title:  "t-SNE visualization of activations by layer",
		Legend: plot.Legend{Title: "Part of speech"},
		Theme:  plot.Dark(),
	}
	for layer := range 6 {
		xys, labels := spiral(100 + layer)
		p, err := plot.NewPoints(xys, labels)
		if err != nil {
			fmt.Println(err)
			return
		}
		f.Panels = append(f.Panels, plot.Panel{Title: fmt.Sprint("Layer ", layer), Note: "10-NN purity 0.46", Points: p})
	}
	var pdf bytes.Buffer
	if err := f.WritePDF(&pdf, 0, 0); err != nil {
		fmt.Println(err)
	}
	fmt.Printf("%.8s\n", pdf.String())
	// Output: %PDF-1.7
}

// A measure over layers, with the interval of several seeds.
func ExampleNewLine() {
	purity := plotter.XYs{{X: 0, Y: 0.47}, {X: 1, Y: 0.46}, {X: 2, Y: 0.46}}
	lo, hi := []float64{0.45, 0.44, 0.45}, []float64{0.49, 0.48, 0.47}
	line, err := plot.NewLine("topic domain", purity, lo, hi)
	if err != nil {
		fmt.Println(err)
		return
	}
	f := &plot.Figure{XLabel: "Layer", YLabel: "10-NN purity", Panels: []plot.Panel{{Lines: []*plot.Line{line}}}}
	var svg bytes.Buffer
	if err := f.WriteSVG(&svg, 0, 0); err != nil {
		fmt.Println(err)
	}
	fmt.Println(strings.Contains(svg.String(), "topic domain, 0: 0.47 (0.45 to 0.49)"))
	// Output: true
}

// Points within a plot of gonum's, on a canvas that draws them fast.
func ExamplePoints_Plot() {
	xys, labels := spiral(300)
	p, err := plot.NewPoints(xys, labels)
	if err != nil {
		fmt.Println(err)
		return
	}
	g := gplot.New()
	g.Title.Text = "In a plot of gonum's"
	g.Add(plotter.NewGrid(), p)
	names, marks := p.Thumbnailers()
	for i, n := range names {
		g.Legend.Add(n, marks[i])
	}
	c := plot.NewPNG(4*vg.Inch, 4*vg.Inch, 96)
	g.Draw(draw.New(c))
	var png bytes.Buffer
	if _, err := c.WriteTo(&png); err != nil {
		fmt.Println(err)
	}
	fmt.Println(names)
	// Output: [noun  180 adverb  60 verb  60]
}

// TopK keeps the largest categories and makes the others one remainder.
func ExamplePoints_TopK() {
	xys, _ := spiral(6)
	p, err := plot.NewPoints(xys, []string{"law", "law", "law", "music", "baseball", "law"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Names, p.Counts())
	q := p.TopK(1)
	fmt.Println(q.Names, q.Counts())
	// Output:
	// [law baseball music] [4 1 1]
	// [law other (2 more)] [4 2]
}

// Align undoes a turn, which means nothing in a t-SNE map.
func ExampleAlign() {
	first := plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: 0}, {X: 0, Y: 2}}
	turned := plotter.XYs{{X: 5, Y: 5}, {X: 5, Y: 6}, {X: 3, Y: 5}}
	back, err := plot.Align(first, turned)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range back {
		fmt.Printf("%.1f %.1f\n", math.Abs(p.X), p.Y)
	}
	// Output:
	// 0.0 0.0
	// 1.0 0.0
	// 0.0 2.0
}
