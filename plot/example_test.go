package plot_test

import (
	"bytes"
	"fmt"
	"math"

	"gonum.org/v1/plot/plotter"

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
