// Package plot draws maps of labeled points, such as t-SNE maps of words, and
// measures over layers, as figures for print: PNG, SVG and PDF. Package
// plot/viewer writes the same figures as an HTML page to explore.
//
// A figure is plain data. Positions are anything with Len and XY(i), such as a
// result of package tsne:
//
//	f := &plot.Figure{
//		Title:  "t-SNE visualization of layer 0 activations",
//		XLabel: "First t-SNE",
//		YLabel: "Second t-SNE",
//		Panels: []plot.Panel{{XYs: result, Labels: domains}},
//		Legend: "Domain",
//	}
//	err := f.WritePNG(w, 0, 0)
//
// The defaults are made for maps of hundreds to a hundred thousand points:
// dots in a seeded random order, so that no category hides another; colors safe
// for color-blind readers; the largest categories in color and the rest in
// gray; counts in the legend; small multiples under one legend; equal units on
// both axes.
//
// The package builds on gonum/plot: [Panel].Over takes its plotters,
// [Figure.Draw] its canvases, and [Figure.Plot] returns one of its plots.
// Lengths are in points, 1/72 inch, as everywhere there.
//
// # Determinism
//
// The same figure, seed and build give the same bytes for every GOMAXPROCS on
// one machine. Between processors coordinates may round differently.
//
// # Text
//
// Text is set in Liberation Sans, which has Latin, Greek, Cyrillic and Hebrew
// letters; [Figure].Fonts adds others. A rune that no font has is drawn as a
// box. PNG and PDF set runes from left to right, one glyph each: they neither
// reorder right-to-left scripts nor join letters. Browsers do, in SVG whose
// text Liberation Sans has, and in the viewer.
//
// # References
//
//   - [Okabe08] M. Okabe and K. Ito, Color Universal Design, 2008,
//     https://jfly.uni-koeln.de/color/
//   - [Ottosson20] B. Ottosson, A perceptual color space for image processing,
//     2020, https://bottosson.github.io/posts/oklab/
//   - [Machado09] G. M. Machado, M. M. Oliveira and L. A. F. Fernandes,
//     A physiologically-based model for simulation of color vision deficiency,
//     IEEE TVCG 15(6), 2009, table of severity 1,
//     https://doi.org/10.1109/TVCG.2009.113
//   - [Schönemann66] P. H. Schönemann, A generalized solution of the orthogonal
//     Procrustes problem, Psychometrika 31, 1966,
//     https://doi.org/10.1007/BF02289451
package plot
