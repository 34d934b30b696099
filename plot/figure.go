package plot

import (
	"fmt"
	"image/color"
	"io"

	"golang.org/x/image/font/opentype"
	gplot "gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/semamap/semamap/plot/internal/kit"
)

// A Figure is one or more panels under a title, with one legend for all. Zero
// values of its fields mean the defaults. The data are checked when the figure is
// written or drawn. The figure is never changed.
type Figure struct {
	Title    string
	Subtitle string
	XLabel   string // title of the horizontal axis, once for all panels
	YLabel   string // title of the vertical axis

	Panels []Panel
	Cols   int // panels per row; zero means one row of up to three, or a nearly square arrangement of more

	// Top is the number of categories that keep their names and colors: the
	// largest ones over all panels. The others are gray, as "other (n more)".
	// Zero means 16 if there are more than 20 categories, and all otherwise.
	// Negative means all.
	Top int

	// Unlabeled is the legend's name for points with an empty label. Empty
	// means "(no label)".
	Unlabeled string

	// MaxNames is the number of categories whose names are written on the map,
	// where they are concentrated. Categories without a concentration get no
	// name. Zero means all if there is a single panel with more than ten
	// categories, and none otherwise. Negative means none.
	MaxNames int

	// Align rotates or mirrors the points of each panel onto those of the
	// panel before, as the function Align does, and says so in the subtitle.
	// Panels must have the same number of points.
	Align bool

	Legend string // title of the legend
	Place  Place  // place of the legend; zero means right of a single panel and below several, or where small figures have room for it

	// FontSize is the size of the legend's text; all other text is in
	// proportion. Zero means 10, and down to 7 in small figures.
	FontSize vg.Length

	// Stretch lets the axes of maps have different units, so that the points
	// fill a panel that is not square.
	Stretch bool

	// Outliers is the largest share of a panel's points that may lie outside
	// the panel, such as 0.001, so that a few far ones do not make the others
	// small. The panel says how many points it leaves out. Zero means none.
	Outliers float64

	Theme   *Theme                 // nil means dark text and dots on white
	Palette []color.Color          // colors of categories and lines, repeated if too few; nil means the theme's
	Colors  map[string]color.Color // colors of named categories and lines, instead of the palette's
	Radius  vg.Length              // radius of dots; zero means chosen from their number and the panel's size
	Alpha   float64                // opacity of dots, in (0, 1]; zero means chosen from their number, fainter where they would cover the panel
	Seed    uint64                 // seed of the order in which dots are drawn

	// Fonts are searched in this order for runes that Liberation Sans lacks. A
	// rune that no font has is drawn as a box. In SVG, text with such runes is
	// drawn as outlines.
	Fonts []*opentype.Font

	// DPI is the resolution of PNG and of images within SVG and PDF. Zero
	// means 192, twice that of a standard screen.
	DPI int

	// Dots selects how SVG and PDF encode points. Zero depends on the number
	// of points in the figure: in SVG circles with hover titles up to 6,000,
	// plain shapes up to 30,000, and an image for more; in PDF plain shapes up
	// to 5,000 and an image for more.
	Dots Dots
}

// A Panel is one plot of a figure: a map of points, or lines over a common axis,
// and gonum plotters drawn over them.
type Panel struct {
	Title string
	Note  string // text at the right end of the title's line, such as a kNN purity

	// XYs are N ≥ 1 positions, such as a *tsne.Result. Nil means none.
	XYs plotter.XYer

	// Labels are the categories of the points, one per point. Points with an
	// empty label are drawn below the others, small and gray. Nil means no
	// categories.
	Labels []string

	// Values color the points by a number instead of by Labels, one per point;
	// NaN means that a point has none. The legend becomes a bar, the same for
	// all panels. A few numbers far beyond the others share the color of its
	// end. Nil means no numbers.
	Values []float64

	// Hover are texts shown under the pointer in SVG and in the viewer, one
	// per point. Nil means none.
	Hover []string

	// XLim and YLim are the ranges that the axes show. Equal numbers mean the
	// range of the data. In maps the smaller range grows to keep the units of
	// both axes equal, unless Figure.Stretch is set. What lies outside is not
	// drawn, and the panel says how many points that are.
	XLim, YLim [2]float64

	Lines []Line
	Over  []gplot.Plotter // drawn last, in the panel's coordinates
}

// A Line is a measure along an axis, such as kNN purity by layer.
type Line struct {
	Name   string       // name in the legend; lines with the same name have the same color
	XYs    plotter.XYer // N ≥ 1 points
	Lo, Hi []float64    // error band around the line, one interval per point; nil means none
	Dashed bool         // draw a gray dashed line, for a reference such as the level of chance
}

// Place selects where the legend is.
type Place int

const (
	PlaceRight  Place = iota + 1 // right of the panels
	PlaceBelow                   // below the panels
	PlaceNone                    // no legend
	PlaceInside                  // in a corner of the first panel, whose axes grow to make room; below where that is too small
)

// Dots selects how SVG and PDF encode points.
type Dots int

const (
	DotsTitled Dots = iota + 1 // circles with Hover as titles, which browsers show; in PDF the same as DotsVector
	DotsVector                 // plain shapes; in SVG a smaller file
	DotsImage                  // an embedded image; the smallest file for many points
)

const (
	maxTitled    = 6000
	maxVector    = 30000
	maxVectorPDF = 5000
)

// Default sizes, in points: a page of 1200 pixels on a plain screen for
// several panels, of 1040 for one.
const (
	defaultWidth       = 900
	defaultWidthSingle = 780
)

// WritePNG writes the figure as a PNG image. Lengths are in points, 1/72 inch. A
// zero width means the default. A zero height means the height that the content
// needs.
//
// Errors wrap [ErrEmpty] (no panels, no points), [ErrLength], [ErrNotFinite] or
// [ErrSize] (too small for the content, or above 150 megapixels) and name the
// panel and the point.
func (f *Figure) WritePNG(w io.Writer, width, height vg.Length) error {
	l, err := f.layout(width, height)
	if err != nil {
		return err
	}
	c, err := l.paint()
	if err != nil {
		return err
	}
	l.draw(draw.New(c), allParts)
	_, err = c.WriteTo(w)
	return err
}

// paint returns an image with the page's color.
func (l *layout) paint() (*imageCanvas, error) {
	dpi := l.f.dpi()
	if imagePixels(vg.Length(l.w), vg.Length(l.h), dpi) > maxPixels {
		return nil, fmt.Errorf("plot: %w: %.0f × %.0f points at %d dpi", ErrSize, l.w, l.h, dpi)
	}
	l.paged = true
	return newImageCanvas(vg.Length(l.w), vg.Length(l.h), dpi, l.theme.page), nil
}

// WriteSVG writes the figure as an SVG document. For sizes and errors see
// [Figure.WritePNG].
func (f *Figure) WriteSVG(w io.Writer, width, height vg.Length) error {
	l, err := f.layout(width, height)
	if err != nil {
		return err
	}
	c := newSVGCanvas(vg.Length(l.w), vg.Length(l.h), f.dpi())
	c.title, c.desc = kit.Display(f.Title), kit.Display(f.Subtitle)
	l.draw(draw.New(c), allParts)
	_, err = c.WriteTo(w)
	return err
}

// Draw draws the figure on a gonum canvas, filling its rectangle. For errors see
// [Figure.WritePNG].
func (f *Figure) Draw(c draw.Canvas) error {
	size := c.Size()
	l, err := f.layout(size.X, size.Y)
	if err != nil {
		return err
	}
	l.draw(c, allParts)
	return nil
}

func (f *Figure) dpi() int {
	if f.DPI <= 0 {
		return 192
	}
	return f.DPI
}

// Plot returns panel i as a gonum plot, with its points, lines, axis titles and
// legend. For errors see [Figure.WritePNG]. Plot panics if i is out of range.
func (f *Figure) Plot(i int) (*gplot.Plot, error) {
	g := *f
	g.Panels, g.Align = f.Panels[i:i+1:i+1], false
	j, err := g.join(f.Theme.orLight())
	if err != nil {
		return nil, err
	}
	pn := f.Panels[i]
	p := gplot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = pn.Title, f.XLabel, f.YLabel
	if p.Title.Text == "" {
		p.Title.Text = f.Title
	}
	for _, s := range []*draw.TextStyle{&p.Title.TextStyle, &p.X.Label.TextStyle, &p.Y.Label.TextStyle,
		&p.X.Tick.Label, &p.Y.Tick.Label, &p.Legend.TextStyle} {
		s.Font.Variant = "Sans"
	}
	if j.points[0] != nil {
		p.Add(j.points[0])
	}
	for k := range j.lines[0] {
		p.Add(&j.lines[0][k])
	}
	for _, e := range j.entries {
		if e.line != nil {
			p.Legend.Add(e.name, e.line)
		} else {
			p.Legend.Add(e.name+"  "+kit.Thousands(e.count), mark{e.color})
		}
	}
	p.Add(pn.Over...)
	if a, b, ok := limits(pn.XLim); ok {
		p.X.Min, p.X.Max = a, b
	}
	if a, b, ok := limits(pn.YLim); ok {
		p.Y.Min, p.Y.Max = a, b
	}
	return p, nil
}
