package plot_test

import (
	"bytes"
	"errors"
	"fmt"
	"image/color"
	"io"
	"log"
	"math"
	"strings"

	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	gplot "gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgeps"
	"gonum.org/v1/plot/vg/vgimg"

	"github.com/semamap/semamap/plot"
)

// A spiral is a map of points: anything with Len and XY will do, such as a
// result of package tsne.
type spiral int

func (n spiral) Len() int { return int(n) }
func (n spiral) XY(i int) (x, y float64) {
	r, a := math.Sqrt(float64(i)), float64(i)*2.4
	return r * math.Cos(a), r * math.Sin(a)
}

// partsOfSpeech labels n points.
func partsOfSpeech(n int) []string {
	labels := make([]string, n)
	for i := range labels {
		labels[i] = []string{"noun", "verb", "noun", "adverb", "noun"}[i%5]
	}
	return labels
}

// A map of points, colored by label, as an image and as a document.
func Example() {
	f := &plot.Figure{
		Title:  "t-SNE visualization of layer 0 activations",
		XLabel: "First t-SNE",
		YLabel: "Second t-SNE",
		Panels: []plot.Panel{{XYs: spiral(500), Labels: partsOfSpeech(500)}},
		Legend: "Part of speech",
	}
	var png, svg bytes.Buffer // any io.Writer
	if err := f.WritePNG(&png, 0, 0); err != nil {
		log.Fatal(err)
	}
	if err := f.WriteSVG(&svg, 0, 0); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%q %.4q\n", png.Bytes()[1:4], svg.String())
	// Output: "PNG" "<svg"
}

// Small multiples: one panel a layer, one legend for all, and a note a panel.
func ExampleFigure() {
	f := &plot.Figure{
		Title:  "t-SNE visualization of activations by layer",
		Legend: "Part of speech",
		Cols:   3,
		Align:  true, // each layer turned or mirrored onto the one before
		Theme:  plot.Dark(),
	}
	for layer := range 6 {
		f.Panels = append(f.Panels, plot.Panel{
			Title: fmt.Sprint("Layer ", layer), Note: "10-NN purity 0.46",
			XYs: spiral(100), Labels: partsOfSpeech(100),
		})
	}
	var pdf bytes.Buffer
	if err := f.WritePDF(&pdf, 0, 0); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.5s\n", pdf.String())
	// Output: %PDF-
}

// A measure over layers, with an error band, and the level of chance.
func ExampleLine() {
	f := &plot.Figure{XLabel: "Layer", YLabel: "10-NN purity", Panels: []plot.Panel{{Lines: []plot.Line{
		{
			Name: "topic domain",
			XYs:  plotter.XYs{{X: 0, Y: 0.47}, {X: 1, Y: 0.46}, {X: 2, Y: 0.46}},
			Lo:   []float64{0.45, 0.44, 0.45}, Hi: []float64{0.49, 0.48, 0.47},
		},
		{Name: "chance", XYs: plotter.XYs{{X: 0, Y: 0.25}, {X: 2, Y: 0.25}}, Dashed: true},
	}}}}
	var svg bytes.Buffer
	if err := f.WriteSVG(&svg, 0, 0); err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.Contains(svg.String(), "topic domain, 0: 0.47 (0.45 to 0.49)"))
	// Output: true
}

// Points without a label are gray and below the others, and gonum's plotters
// can be drawn over them.
func ExamplePanel() {
	n := 300
	labels, words := make([]string, n), make([]string, n)
	for i := range labels {
		words[i] = fmt.Sprint("word ", i)
		if i%3 == 0 {
			labels[i] = "law"
		}
	}
	ring, err := plotter.NewLine(plotter.XYs{{X: -5, Y: -5}, {X: 5, Y: -5}, {X: 5, Y: 5}, {X: -5, Y: 5}, {X: -5, Y: -5}})
	if err != nil {
		log.Fatal(err)
	}
	f := &plot.Figure{
		Panels: []plot.Panel{{
			XYs: spiral(n), Labels: labels,
			Hover: words, // shown under the pointer
			Over:  []gplot.Plotter{ring},
		}},
		Unlabeled: "no domain",
		MaxNames:  5, // name up to five categories where they are concentrated
	}
	var svg bytes.Buffer
	if err := f.WriteSVG(&svg, 0, 0); err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.Count(svg.String(), "<title>"), "words,", strings.Count(svg.String(), ">no domain</text>"), "entry")
	// Output: 300 words, 1 entry
}

// The largest categories keep their names and colors, the others become one
// gray remainder.
func ExampleFigure_top() {
	f := &plot.Figure{
		Panels: []plot.Panel{{XYs: spiral(6), Labels: []string{"law", "law", "law", "music", "baseball", "law"}}},
		Top:    1,
	}
	var svg bytes.Buffer
	if err := f.WriteSVG(&svg, 0, 0); err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.Contains(svg.String(), ">other (2 more)</text>"))
	// Output: true
}

// A narrow figure for print: no legend, or one below; dots of a given size.
func ExamplePlace() {
	f := &plot.Figure{
		Panels: []plot.Panel{{XYs: spiral(200), Labels: partsOfSpeech(200)}},
		Radius: 1.5, Alpha: 0.8, Seed: 1,
		DPI: 300,
	}
	for _, place := range []plot.Place{plot.PlaceNone, plot.PlaceBelow, plot.PlaceRight} {
		f.Place = place
		if err := f.WritePNG(io.Discard, 3.3*vg.Inch, 0); err != nil {
			log.Fatal(err)
		}
	}
	err := f.WritePNG(io.Discard, 20, 0)
	fmt.Println(errors.Is(err, plot.ErrSize))
	// Output: true
}

// A figure for a column of 3.3 inches: the legend is in the panel, text is set
// in 7 points, the axes show a part of the map, and a point far away does not
// make the others small.
func ExampleFigure_column() {
	f := &plot.Figure{
		Panels: []plot.Panel{
			{Title: "a", XYs: spiral(2000), Labels: partsOfSpeech(2000), XLim: [2]float64{-10, 10}, YLim: [2]float64{-10, 10}},
			{Title: "b", XYs: append(plotter.XYs{{X: 1e6, Y: 0}}, plotter.XYs{{X: 1, Y: 1}, {X: 2, Y: 2}}...)},
		},
		Place:    plot.PlaceInside,
		FontSize: 7,
		Outliers: 0.4,  // at most this share of the points
		Stretch:  true, // the axes need not have the same scale
	}
	var svg strings.Builder
	if err := f.WriteSVG(&svg, 3.3*vg.Inch, 2*vg.Inch); err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.Contains(svg.String(), ">1 of 3 points outside</text>"))
	// Output: true
}

// Points colored by a number, with a bar instead of a list of categories.
func ExamplePanel_values() {
	n := 500
	distance := make([]float64, n)
	for i := range distance {
		distance[i] = math.Sqrt(float64(i))
	}
	f := &plot.Figure{
		Panels: []plot.Panel{{XYs: spiral(n), Values: distance}},
		Legend: "Distance",
	}
	var svg strings.Builder
	if err := f.WriteSVG(&svg, 0, 0); err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.Contains(svg.String(), ">Distance</text>"))
	// Output: true
}

// Colors by name stay the same in every figure, whatever else it shows.
func ExamplePalette() {
	colors, err := plot.Palette("okabe-ito", 8)
	if err != nil {
		log.Fatal(err)
	}
	f := &plot.Figure{
		Panels:  []plot.Panel{{XYs: spiral(200), Labels: partsOfSpeech(200)}},
		Palette: colors,
		Colors:  map[string]color.Color{"noun": color.Black},
	}
	if err := f.WritePNG(io.Discard, 0, 0); err != nil {
		log.Fatal(err)
	}
	_, err = plot.Palette("rainbow", 8)
	fmt.Println(errors.Is(err, plot.ErrName))
	// Output: true
}

// A figure that looks like those of plotly, for comparison.
func ExamplePlotly() {
	f := &plot.Figure{
		Panels: []plot.Panel{{XYs: spiral(200), Labels: partsOfSpeech(200)}},
		Theme:  plot.Plotly(),
	}
	if err := f.WritePNG(io.Discard, 0, 0); err != nil {
		log.Fatal(err)
	}
	fmt.Println("drawn")
	// Output: drawn
}

// A font for runes that Liberation Sans lacks, here the sign of a union.
func ExampleFigure_fonts() {
	font, err := opentype.Parse(goregular.TTF)
	if err != nil {
		log.Fatal(err)
	}
	f := &plot.Figure{
		Title:  "verb ∪ adverb",
		Panels: []plot.Panel{{XYs: spiral(50)}},
		Fonts:  []*opentype.Font{font},
	}
	if err := f.WritePNG(io.Discard, 0, 0); err != nil {
		log.Fatal(err)
	}
	fmt.Println("drawn")
	// Output: drawn
}

// The sizes of a document by what holds its dots.
func ExampleDots() {
	n := 2000
	f := &plot.Figure{Panels: []plot.Panel{{XYs: spiral(n), Hover: make([]string, n)}}, DPI: 72}
	size := func(d plot.Dots) int {
		f.Dots = d
		var b bytes.Buffer
		if err := f.WriteSVG(&b, 300, 300); err != nil {
			log.Fatal(err)
		}
		return b.Len()
	}
	titled, shapes, image := size(plot.DotsTitled), size(plot.DotsVector), size(plot.DotsImage)
	fmt.Println(titled > 3*shapes, image > 1000)
	// Output: true true
}

// A panel as a plot of gonum's.
func ExampleFigure_Plot() {
	f := &plot.Figure{Title: "In a plot of gonum's", Panels: []plot.Panel{{XYs: spiral(300), Labels: partsOfSpeech(300)}}}
	p, err := f.Plot(0)
	if err != nil {
		log.Fatal(err)
	}
	p.Add(plotter.NewGrid())
	p.Legend.Top = true
	c := vgimg.New(4*vg.Inch, 4*vg.Inch)
	p.Draw(draw.New(c))
	fmt.Println(c.Image().Bounds().Dx() > 300)
	// Output: true
}

// A figure on any canvas of gonum's, such as EPS.
func ExampleFigure_Draw() {
	f := &plot.Figure{Panels: []plot.Panel{{XYs: spiral(300)}}}
	c := vgeps.New(4*vg.Inch, 4*vg.Inch)
	if err := f.Draw(draw.New(c)); err != nil {
		log.Fatal(err)
	}
	f.Panels[0].XYs = plotter.XYs{{X: math.NaN()}}
	err := f.Draw(draw.New(c))
	fmt.Println(errors.Is(err, plot.ErrNotFinite), err)
	// Output: true plot: panel 0: point 0: not a finite coordinate: (NaN, 0)
}

// Align undoes a turn, which means nothing in a t-SNE map.
func ExampleAlign() {
	first := plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: 0}, {X: 0, Y: 2}}
	turned := plotter.XYs{{X: 5, Y: 5}, {X: 5, Y: 6}, {X: 3, Y: 5}}
	back, err := plot.Align(first, turned)
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range back {
		fmt.Printf("%.1f %.1f\n", math.Abs(p.X), p.Y)
	}
	// Output:
	// 0.0 0.0
	// 1.0 0.0
	// 0.0 2.0
}
