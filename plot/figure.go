package plot

import (
	"fmt"
	"image/color"
	"io"
	"math"

	gplot "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A Figure is one or more panels under a title, with one legend for all. Its
// zero values are the defaults. It is drawn by [Figure.WritePNG] and its
// siblings, or by [Figure.Draw] on any canvas of gonum's.
type Figure struct {
	Title    string
	Subtitle string
	XLabel   string // title of the horizontal axis, once for all panels
	YLabel   string // title of the vertical axis

	Panels []Panel
	Cols   int // panels in a row; zero means as near a square as it goes

	// Top is how many categories keep their names and colours; the others
	// become one grey remainder, as by [Points.TopK], over all panels
	// together. Zero means 16 when there are more than 20, negative means all.
	Top int

	// Align turns or mirrors each panel's points onto those of the panel
	// before, as [Align] does, and says so in the subtitle. Panels need the
	// same number of points.
	Align bool

	Legend Legend
	Labels Labels
	Theme  *Theme // nil means Light()

	// DPI is the resolution of PNG and of images within SVG and PDF. Zero
	// means 192, twice that of a plain screen.
	DPI int

	// Dots says how SVG and PDF hold the dots.
	Dots Dots
}

// A Panel is one plot of a figure: a map of Points, or Lines over a common
// axis, with any plotters of gonum's over them.
type Panel struct {
	Title string
	Note  string // at the right end of the title's line, for a number such as kNN purity

	Points *Points
	Lines  []*Line
	Over   []gplot.Plotter // drawn last, in the panel's coordinates
}

// A Legend says what stands beside the panels and where. Legend and data never
// overlap.
type Legend struct {
	Title string
	Place Place
}

// A Place is where a legend stands.
type Place int

const (
	// PlaceAuto is right of a single panel and below several.
	PlaceAuto Place = iota
	PlaceRight
	PlaceBelow
	PlaceNone
)

// Labels says whether categories are named where they are concentrated.
// Categories that are spread all over get no name.
type Labels int

const (
	// LabelsAuto names categories in a single panel of more than ten.
	LabelsAuto Labels = iota
	LabelsOn
	LabelsOff
)

// Dots says how a document holds dots.
type Dots int

const (
	// DotsAuto means circles with a title for hovering to 6,000 points a
	// figure (SVG), vector dots to 30,000, and an embedded image above.
	DotsAuto Dots = iota
	DotsTitled
	DotsVector
	DotsImage
)

const (
	maxTitled = 6000
	maxVector = 30000
)

// Default sizes, in points: a page of 1200 pixels on a plain screen for
// several panels, of 1040 for one.
const (
	defaultWidth       = 900
	defaultWidthSingle = 780
)

// WritePNG writes the figure as a PNG image. A zero width means the default, a
// zero height means as high as the content needs at that width.
//
// Errors wrap ErrEmpty (no panels), ErrSize (too small for the content, or
// above 150 megapixels) and ErrLength (Align with panels that differ).
func (f *Figure) WritePNG(w io.Writer, width, height vg.Length) error {
	l, err := f.layout(width, height)
	if err != nil {
		return err
	}
	dpi := f.dpi()
	if imagePixels(vg.Length(l.w), vg.Length(l.h), dpi) > maxPixels {
		return fmt.Errorf("plot: %w: %.0f × %.0f points at %d dpi", ErrSize, l.w, l.h, dpi)
	}
	c := newImageCanvas(vg.Length(l.w), vg.Length(l.h), dpi, l.theme.Page)
	l.paged = true
	l.draw(draw.New(c))
	_, err = c.WriteTo(w)
	return err
}

// WriteSVG writes the figure as an SVG document. For sizes and errors see
// [Figure.WritePNG].
func (f *Figure) WriteSVG(w io.Writer, width, height vg.Length) error {
	l, err := f.layout(width, height)
	if err != nil {
		return err
	}
	c := newSVGCanvas(vg.Length(l.w), vg.Length(l.h), f.dpi())
	c.title, c.desc = display(f.Title), display(f.Subtitle)
	l.draw(draw.New(c))
	_, err = c.WriteTo(w)
	return err
}

// Draw draws the figure on a canvas of gonum's, filling its rectangle.
func (f *Figure) Draw(c draw.Canvas) error {
	size := c.Size()
	l, err := f.layout(size.X, size.Y)
	if err != nil {
		return err
	}
	l.draw(c)
	return nil
}

func (f *Figure) dpi() int {
	if f.DPI <= 0 {
		return 192
	}
	return f.DPI
}

// Plot returns panel i as a plot of gonum's, with the same points, lines,
// axis titles and legend, for use in gonum's own figures. Changing it does
// not change f. It panics when i is out of range.
func (f *Figure) Plot(i int) *gplot.Plot {
	pn := f.Panels[i]
	p := gplot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = pn.Title, f.XLabel, f.YLabel
	if p.Title.Text == "" {
		p.Title.Text = f.Title
	}
	for _, s := range []*vgTextStyle{&p.Title.TextStyle, &p.X.Label.TextStyle, &p.Y.Label.TextStyle,
		&p.X.Tick.Label, &p.Y.Tick.Label, &p.Legend.TextStyle} {
		s.Font.Variant = "Sans"
	}
	if pn.Points != nil {
		p.Add(pn.Points)
		names, marks := pn.Points.Thumbnailers()
		for i, n := range names {
			p.Legend.Add(n, marks[i])
		}
	}
	for _, l := range pn.Lines {
		p.Add(l)
		p.Legend.Add(l.Name, l)
	}
	p.Add(pn.Over...)
	return p
}

type vgTextStyle = draw.TextStyle

// An entry is a line of the legend.
type entry struct {
	name  string
	count int
	color color.Color
	rest  bool
	line  *Line
}

// joint is what the panels of a figure have in common: one list of categories
// and each panel's points in its terms.
type joint struct {
	entries []entry
	colors  []color.Color // of the categories of points
	points  []*Points     // one a panel, nil where it has none
	lines   [][]Line      // with their colours
	dots    int           // points of all panels
	cats    int           // categories before folding
}

// equalRange returns ranges of both axes that show the points in a frame of
// w×h points with equal units and the given inset.
func equalRange(xmin, xmax, ymin, ymax, w, h, inset float64) (x0, x1, y0, y1 float64) {
	mx, my := xmin/2+xmax/2, ymin/2+ymax/2
	inset = min(inset, w/4, h/4)
	unit := max((xmax-xmin)/(w-2*inset), (ymax-ymin)/(h-2*inset)) // a point on the page
	unit = max(unit, (math.Abs(mx)+math.Abs(my))*1e-12)
	if unit < 1e-300 {
		unit = 1
	}
	return mx - unit*w/2, mx + unit*w/2, my - unit*h/2, my + unit*h/2
}
