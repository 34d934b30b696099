// Package viewer writes figures as one self-contained HTML page to explore: it
// shows the word under the pointer, finds words, hides and shows categories,
// and moves the points from layer to layer.
//
//	f := &plot.Figure{Title: "Layer 0", Panels: []plot.Panel{{XYs: res, Labels: domains, Hover: words}}}
//	page := &viewer.Page{Views: []*plot.Figure{f}}
//	err := page.WriteHTML(w)
//
// The page asks the network for nothing and follows the reader's light or dark
// setting. It needs a browser of 2023 or later. The same figures give the same
// bytes for every GOMAXPROCS.
package viewer
