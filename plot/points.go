package plot

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"math/rand/v2"
	"slices"

	gplot "gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/semamap/semamap/plot/internal/kit"
)

// points are a panel's dots, colored by category. They are a gonum Plotter,
// DataRanger and GlyphBoxer.
type points struct {
	f     *Figure
	theme *Theme

	xys    plotter.XYs
	cat    []int32 // an index into names a point
	names  []string
	values []float64     // one a point, instead of labels, or nil
	hover  []string      // one a point, or nil
	colors []color.Color // one a name
	rest   bool          // the last category is a remainder: drawn below, small and gray
}

// newPoints checks and copies the points of a panel; nil if it has none.
func newPoints(pn Panel) (*points, error) {
	p := &points{hover: pn.Hover, values: pn.Values}
	if pn.XYs != nil {
		var err error
		if p.xys, err = kit.Copy(pn.XYs); err != nil {
			return nil, err
		}
	}
	n := len(p.xys)
	if pn.Labels != nil && len(pn.Labels) != n {
		return nil, fmt.Errorf("%w: %d points, %d labels", ErrLength, n, len(pn.Labels))
	}
	if pn.Values != nil && len(pn.Values) != n {
		return nil, fmt.Errorf("%w: %d points, %d values", ErrLength, n, len(pn.Values))
	}
	if pn.Hover != nil && len(pn.Hover) != n {
		return nil, fmt.Errorf("%w: %d points, %d hover texts", ErrLength, n, len(pn.Hover))
	}
	if pn.XYs == nil {
		return nil, nil
	}
	return p, nil
}

// order returns the rows in the order in which they are drawn: in a seeded
// shuffle, so that no category hides the others, the remainder first.
func (p *points) order() []int32 {
	order := make([]int32, len(p.xys))
	for i := range order {
		order[i] = int32(i)
	}
	if p.theme.blocks {
		slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(p.cat[a], p.cat[b]) })
		return order
	}
	r := rand.New(rand.NewPCG(p.f.Seed, 0x706c6f74))
	r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	if p.rest {
		rest := int32(len(p.names) - 1)
		slices.SortStableFunc(order, func(a, b int32) int {
			return cmp.Compare(b2i(p.cat[a] != rest), b2i(p.cat[b] != rest))
		})
	}
	return order
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// The sizes below were chosen by eye on maps of 1,564, 5,000 and 117,659
// words, for a panel whose side is 600 points.
const (
	minRadius = 0.55
	maxRadius = 3.6
	restScale = 0.62 // radius of the remainder's dots
	edgeShare = 0.13 // width of the edge, in radii
	maxEdged  = 8000 // more dots get no edge
	minEdged  = 1    // nor do smaller ones, in points: it would only make them fainter
)

// radius is the radius of a dot, in points, in a panel of the given side.
func (p *points) radius(side vg.Length) float64 {
	if p.f.Radius > 0 {
		return p.f.Radius.Points()
	}
	n := float64(max(1, len(p.xys)))
	r := 2.7 * math.Pow(n/1500, -0.30) * side.Points() / 600
	lo := min(minRadius, max(0.3, side.Points()/400))
	return min(maxRadius, max(lo, r))
}

// alpha is the opacity of the dots of some categories, which have a radius.
func (p *points) alpha(d *dots, r float64, of func(cat int32) bool) float64 {
	if p.f.Alpha > 0 {
		return min(1, p.f.Alpha)
	}
	n := float64(max(1, len(p.xys)))
	usual := min(0.92, max(0.6, 0.92-0.1*math.Log10(n/1000)))
	if n < manyDots {
		return usual
	}
	// Half of the dots lie where this many or more cover each other.
	cover := d.density(of) * math.Pi * r * r
	return min(usual, max(minAlpha, 1-math.Pow(1-fullCover, 1/cover)))
}

// Many dots become fainter where they would merge into one blot, so that
// denser places still stand out.
const (
	manyDots  = 10000
	fullCover = 0.92 // opacity of the places where half of the points are
	minAlpha  = 0.015
)

// density is how many dots of some categories there are in a square point
// around the median one.
func (d *dots) density(of func(cat int32) bool) float64 {
	const cells = 96
	size := d.clip.Size()
	w, h := size.X.Points()/cells, size.Y.Points()/cells
	count, half := make([]int, cells*cells), 0
	for _, i := range d.order {
		if !of(d.cat[i]) {
			continue
		}
		half++
		x := int((float64(d.x[i]) - d.clip.Min.X.Points()) / w)
		y := int((float64(d.y[i]) - d.clip.Min.Y.Points()) / h)
		count[min(cells-1, max(0, y))*cells+min(cells-1, max(0, x))]++
	}
	slices.Sort(count)
	half /= 2
	k := len(count) - 1
	for ; k > 0 && half > count[k]; k-- {
		half -= count[k]
	}
	return float64(max(1, count[k])) / (w * h)
}

// flat says whether several points all have one place.
func (p *points) flat() bool {
	x0, x1, y0, y1 := kit.Bounds(p.xys)
	return len(p.xys) > 1 && x0 == x1 && y0 == y1
}

// Plot implements gonum's Plotter. Our own canvases draw the dots fast; others
// get one circle a dot.
func (p *points) Plot(c draw.Canvas, plt *gplot.Plot) { p.plot(c, plt, dotOptions{}) }

// dotOptions are a figure's wishes for its dots.
type dotOptions struct {
	titles bool // SVG: a title for each dot that has a hover text
	image  bool // SVG: draw the dots as an embedded image
	opaque bool // nothing but the theme's ground lies under the dots
}

func (p *points) plot(c draw.Canvas, plt *gplot.Plot, opt dotOptions) {
	x, y := plt.Transforms(&c)
	size := c.Size()
	d := &dots{
		x:      make([]float32, len(p.xys)),
		y:      make([]float32, len(p.xys)),
		cat:    p.cat,
		order:  p.order(),
		colors: make([]kit.RGB, len(p.names)),
		radius: make([]float64, len(p.names)),
		clip:   c.Rectangle,
		image:  opt.image,
		opaque: opt.opaque,
		ground: p.theme.ground,
	}
	side := min(size.X, size.Y)
	r := p.radius(side)
	for i := range p.names {
		d.colors[i], d.radius[i] = kit.ToRGB(p.colors[i]), r
	}
	if p.rest {
		d.radius[len(p.names)-1] = r * restScale
	}
	if p.theme.edge && len(p.xys) <= maxEdged && r >= minEdged {
		d.edge = edgeShare
	}
	for i, xy := range p.xys {
		d.x[i], d.y[i] = float32(x(xy.X)), float32(y(xy.Y))
	}
	d.order = slices.DeleteFunc(d.order, func(i int32) bool { return !inside(plt, p.xys[i]) })
	rest := int32(-1)
	if p.rest {
		rest = int32(len(p.names) - 1)
		d.rest = p.alpha(d, d.radius[rest], func(cat int32) bool { return cat == rest })
	}
	d.alpha = p.alpha(d, r, func(cat int32) bool { return cat != rest })
	if opt.titles {
		d.titles = p.hover
	}
	drawDots(c.Canvas, d)
}

// inside says whether a point lies within a plot's axes.
func inside(plt *gplot.Plot, p plotter.XY) bool {
	return p.X >= plt.X.Min && p.X <= plt.X.Max && p.Y >= plt.Y.Min && p.Y <= plt.Y.Max
}

// core returns the ranges of the points without a share of outliers, those
// farthest from the medians in units of the spread along each axis.
func (p *points) core(share float64) (xmin, xmax, ymin, ymax float64) {
	n := len(p.xys)
	cut := int(min(1, share) * float64(n))
	if cut < 1 || cut >= n {
		return kit.Bounds(p.xys)
	}
	x, y := make([]float64, n), make([]float64, n)
	for i, q := range p.xys {
		x[i], y[i] = q.X, q.Y
	}
	middle := func(v []float64) (median, spread float64) {
		slices.Sort(v)
		return v[n/2], max(v[n*3/4]-v[n/4], math.SmallestNonzeroFloat64)
	}
	mx, sx := middle(x)
	my, sy := middle(y)
	kept := slices.Clone(p.xys)
	far := func(q plotter.XY) float64 { return max(math.Abs(q.X-mx)/sx, math.Abs(q.Y-my)/sy) }
	slices.SortFunc(kept, func(a, b plotter.XY) int { return cmp.Compare(far(a), far(b)) })
	return kit.Bounds(kept[:n-cut])
}

// DataRange implements gonum's DataRanger.
func (p *points) DataRange() (xmin, xmax, ymin, ymax float64) { return kit.Bounds(p.xys) }

// GlyphBoxes implements gonum's GlyphBoxer. Since all dots are about alike, it
// returns those at the corners of their range alone.
func (p *points) GlyphBoxes(plt *gplot.Plot) (boxes []gplot.GlyphBox) {
	r := p.f.Radius
	if r <= 0 {
		r = maxRadius
	}
	xmin, xmax, ymin, ymax := p.DataRange()
	for _, at := range [][2]float64{{xmin, ymin}, {xmin, ymax}, {xmax, ymin}, {xmax, ymax}} {
		boxes = append(boxes, gplot.GlyphBox{X: plt.X.Norm(at[0]), Y: plt.Y.Norm(at[1]),
			Rectangle: vg.Rectangle{Min: vg.Point{X: -r, Y: -r}, Max: vg.Point{X: r, Y: r}}})
	}
	return boxes
}

// A mark is the dot of an entry in a legend of gonum's.
type mark struct{ color color.Color }

func (m mark) Thumbnail(c *draw.Canvas) {
	size := c.Size()
	r := min(size.X, size.Y) * 0.36
	c.SetColor(m.color)
	c.Fill(circle(c.Center(), r))
}

func circle(at vg.Point, r vg.Length) vg.Path {
	var p vg.Path
	p.Move(vg.Point{X: at.X + r, Y: at.Y})
	p.Arc(at, r, 0, 2*math.Pi)
	p.Close()
	return p
}
