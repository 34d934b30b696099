// Package plot draws maps of labeled points, such as t-SNE maps of words, and
// measures over layers, as figures for print: PNG, SVG and PDF. Package
// plot/viewer writes the same figures as an HTML page to explore.
//
// A figure is plain data. Positions are any type with the methods Len and XY(i),
// such as a *tsne.Result:
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
// The defaults suit maps of hundreds to a million points: dots in a seeded
// random order, so that no category hides another; fainter dots where there are
// many, so that dense places stand out; colors that color-blind readers can
// distinguish; the largest categories in color and the rest in gray; counts in
// the legend; small multiples with one legend; the same scale on both axes.
//
// Sizes suit the figure: one of 3.3 inches has its legend below and smaller text
// and margins. A panel whose points all have one place shows no map and says so.
//
// The package builds on gonum/plot: Panel.Over takes its plotters, [Figure.Draw]
// draws on its canvases, and [Figure.Plot] returns one of its plots. Lengths are
// in points, 1/72 inch, as in gonum/plot.
//
// # Colors
//
// The default palette begins with the colors of [Okabe08] that are legible on
// white. Further ones are as different as possible in the color space of
// [Ottosson20], for normal vision and as seen with two kinds of color blindness
// by the model of [Machado09]. Color alone distinguishes about 11 categories.
//
// # Determinism
//
// The same figure, seed and build give the same bytes for every GOMAXPROCS on
// one machine. On another processor, coordinates may be rounded differently.
//
// # Text
//
// Text is set in Liberation Sans, which has Latin, Greek, Cyrillic and Hebrew
// letters; Figure.Fonts adds other fonts. A rune that no font has is drawn as a
// box. PNG and PDF place runes from left to right, one glyph each: they do not
// reorder right-to-left scripts or join letters. Browsers do, in the viewer and
// in SVG if Liberation Sans has all runes of the text.
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
