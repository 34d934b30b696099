package viewer_test

import (
	"fmt"
	"log"
	"strings"

	"gonum.org/v1/plot/plotter"

	"github.com/semamap/semamap/plot"
	"github.com/semamap/semamap/plot/viewer"
)

// A page to explore two layers of the same words by, colored in two ways.
func ExamplePage() {
	words := []string{"court", "lawyer", "run", "sue"}
	pos := &plot.Figure{Title: "t-SNE visualization of activations", Legend: "Part of speech", Align: true}
	domain := &plot.Figure{Legend: "Domain", Unlabeled: "no domain"}
	for layer, xys := range []plotter.XYs{
		{{X: 0, Y: 0}, {X: 1, Y: 0}, {X: 3, Y: 3}, {X: 2, Y: 1}},
		{{X: 0, Y: 0}, {X: 0, Y: 1}, {X: 3, Y: 3}, {X: 1, Y: 2}},
	} {
		pos.Panels = append(pos.Panels, plot.Panel{
			Title: fmt.Sprint("Layer ", layer), Note: "10-NN purity 0.70",
			XYs: xys, Hover: words, Labels: []string{"noun", "noun", "verb", "verb"},
		})
		domain.Panels = append(domain.Panels, plot.Panel{Note: "10-NN purity 0.46", Labels: []string{"law", "law", "", "law"}})
	}
	page := &viewer.Page{
		Views:  []*plot.Figure{pos, domain},
		Titles: []string{"Layer 0 of the model", "Layer 1 of the model"},
		Lang:   "en",
	}
	var html strings.Builder
	if err := page.WriteHTML(&html); err != nil {
		log.Fatal(err)
	}
	fmt.Println(html.String()[:15])
	// Output: <!DOCTYPE html>
}
