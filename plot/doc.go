// Package plot draws maps of labeled points, such as t-SNE maps of words, as
// figures for print (PNG, SVG, PDF) and as one self-contained HTML page.
//
// It builds on gonum/plot: [Points] and [Line] are gonum Plotters and go into
// any of its plots; what has Len and XY(i) can be drawn. What it adds are
// categories with colors safe for color-blind readers, a seeded drawing
// order so that no category hides another, the largest categories in color
// and the rest in gray ([Points.TopK]), small multiples with one legend, equal
// units on both axes, and canvases that draw 100,000 dots in little time
// ([NewPNG], [NewSVG], [NewPDF]).
//
//	p, err := plot.NewPoints(xys, labels) // one label a point
//	…
//	f := &plot.Figure{
//		Title:  "t-SNE visualization of layer 0 activations",
//		XLabel: "First t-SNE",
//		YLabel: "Second t-SNE",
//		Panels: []plot.Panel{{Points: p}},
//		Legend: plot.Legend{Title: "Domain"},
//	}
//	err = f.WritePNG(w, 0, 0)
//
// Lengths are in points, 1/72 inch, as everywhere in gonum/plot.
//
// # Determinism
//
// The same figure, seed and build give the same bytes for every GOMAXPROCS on
// one machine. Between processors coordinates may round differently.
//
// # Errors and panics
//
// Data are checked where they enter: [NewPoints] and [NewLine] refuse NaN,
// infinities and lengths that disagree, with errors that name the row. Fields
// edited into nonsense afterwards make drawing panic.
//
// # Text
//
// Text is set in Liberation Sans, which has the Latin, Greek, Cyrillic and
// Hebrew scripts; runes it lacks show as boxes, in SVG and HTML as the
// reader's fonts have them.
//
// # References
//
//   - [Okabe08]: M. Okabe and K. Ito, Color Universal Design, 2008.
//   - [Ottosson20]: B. Ottosson, A perceptual color space for image
//     processing, 2020.
//   - [Machado09]: G. M. Machado, M. M. Oliveira and L. A. F. Fernandes, A
//     physiologically-based model for simulation of color vision deficiency,
//     IEEE TVCG 15(6), 2009, table of severity 1.
//   - [Schönemann66]: P. H. Schönemann, A generalized solution of the
//     orthogonal Procrustes problem, Psychometrika 31, 1966.
//
// [Okabe08]: https://jfly.uni-koeln.de/color/
// [Ottosson20]: https://bottosson.github.io/posts/oklab/
// [Machado09]: https://doi.org/10.1109/TVCG.2009.113
// [Schönemann66]: https://doi.org/10.1007/BF02289451
package plot
