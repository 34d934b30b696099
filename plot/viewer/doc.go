// Package viewer writes figures as one self-contained interactive HTML page. The
// page shows the text of the point under the pointer, searches these texts, hides
// and shows categories, and moves the points from layer to layer.
//
//	f := &plot.Figure{Title: "Layer 0", Panels: []plot.Panel{{XYs: res, Labels: domains, Hover: words}}}
//	page := &viewer.Page{Views: []*plot.Figure{f}}
//	err := page.WriteHTML(w)
//
// The search looks in Panel.Hover. The page loads nothing from the network and
// follows the reader's light or dark setting. It needs a browser of 2023 or later.
// The same figures give the same bytes for every GOMAXPROCS.
package viewer
