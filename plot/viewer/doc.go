// Package viewer writes figures as one self-contained interactive HTML page.
//
// Its readers point at a place and see the texts of all points there, search
// these texts, color by category or by number, hide categories, move the points
// from layer to layer, and select points with a line to copy or save them as CSV.
// The view can be saved as PNG, and its address restores it. Every point can be
// reached with the keyboard.
//
//	f := &plot.Figure{Title: "Layer 0", Panels: []plot.Panel{{XYs: res, Labels: domains, Hover: words}}}
//	page := &viewer.Page{Views: []*plot.Figure{f}}
//	err := page.WriteHTML(w)
//
// The search looks in Panel.Hover, without regard to case and accents. Texts whose
// name is the query come first; the name is what stands before a bracket, such as
// "law" in "law (law.n.01)". The page loads nothing from the network and
// follows the reader's light or dark setting. It needs a browser of 2023 or later.
// The same figures give the same bytes for every GOMAXPROCS.
package viewer
