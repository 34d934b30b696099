package plot

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	gplot "gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Points draws one dot a row, coloured by category. It is a gonum Plotter,
// DataRanger and GlyphBoxer, so it also goes into any *plot.Plot of gonum;
// see [Points.Thumbnailers] for its legend there.
//
// The fields may be edited after [NewPoints]. Lengths that disagree, or a
// category without a name, then make drawing panic.
type Points struct {
	XYs      plotter.XYs   // N positions
	Category []int         // N indices into Names
	Names    []string      // by falling count, as NewPoints leaves them
	Hover    []string      // N texts for SVG titles and the viewer; nil for none
	Colors   []color.Color // one a name; nil means the theme's
	Rest     bool          // the last category is a remainder: drawn below, small and grey
	Folded   int           // how many categories TopK folded into the remainder

	Radius vg.Length // of a dot; zero means chosen from N and the size of the panel
	Alpha  float64   // opacity in (0, 1]; zero means chosen from N
	Order  Order     // zero means a seeded shuffle
	Seed   uint64    // of the shuffle
}

// An Order says in which order dots are drawn; later ones cover earlier ones.
type Order int

const (
	// Shuffled draws the dots in one seeded random order, so that no
	// category hides the others; the remainder of TopK comes first.
	Shuffled Order = iota
	// Blocks draws category after category, as most programs do. The last
	// ones hide the first.
	Blocks
)

// maxCoord bounds coordinates so that differences of two stay finite.
const maxCoord = 1e300

// NewPoints copies the N ≥ 1 positions of xys and sorts their labels into
// categories, by falling count and, among equals, by name. Nil labels put all
// points into one category without a name.
//
// The error wraps ErrEmpty, ErrLength or ErrNotFinite and names the row.
func NewPoints(xys plotter.XYer, labels []string) (*Points, error) {
	pts, err := copyXYs(xys)
	if err != nil {
		return nil, err
	}
	if labels != nil && len(labels) != len(pts) {
		return nil, fmt.Errorf("plot: %w: %d points, %d labels", ErrLength, len(pts), len(labels))
	}
	p := &Points{XYs: pts, Category: make([]int, len(pts)), Names: []string{""}}
	if labels != nil {
		p.Category, p.Names = categories(labels)
	}
	return p, nil
}

// copyXYs copies positions and checks them.
func copyXYs(xys plotter.XYer) (plotter.XYs, error) {
	if xys == nil || xys.Len() == 0 {
		return nil, fmt.Errorf("plot: %w: no points", ErrEmpty)
	}
	pts := make(plotter.XYs, xys.Len())
	for i := range pts {
		x, y := xys.XY(i)
		if !(math.Abs(x) <= maxCoord && math.Abs(y) <= maxCoord) { // refuses NaN too
			return nil, fmt.Errorf("plot: point %d: %w: (%v, %v)", i, ErrNotFinite, x, y)
		}
		pts[i] = plotter.XY{X: x, Y: y}
	}
	return pts, nil
}

// categories numbers the distinct labels by falling count, then by name.
func categories(labels []string) (category []int, names []string) {
	count := make(map[string]int)
	for _, l := range labels {
		if count[l] == 0 {
			names = append(names, l)
		}
		count[l]++
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b))
	})
	index := make(map[string]int, len(names))
	for i, n := range names {
		index[n] = i
	}
	category = make([]int, len(labels))
	for i, l := range labels {
		category[i] = index[l]
	}
	return category, names
}

// Counts returns how many points each category has.
func (p *Points) Counts() []int {
	counts := make([]int, len(p.Names))
	for _, c := range p.Category {
		counts[c]++
	}
	return counts
}

// TopK returns a copy in which the k largest categories keep their names and
// all others are one grey remainder, "other (n more)". Ties go to the lower
// index. The positions and hover texts are shared with p. Nothing is folded
// when p has at most k+1 categories: a remainder of one would only hide a name.
func (p *Points) TopK(k int) *Points {
	q := *p
	last := len(p.Names)
	if p.Rest {
		last-- // an earlier remainder stays one
	}
	if k < 0 || last <= k+1 {
		return &q
	}
	counts := p.Counts()
	order := make([]int, last)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(counts[b], counts[a]) })
	to := make([]int, len(p.Names))
	for i := range to {
		to[i] = k
	}
	q.Names = make([]string, 0, k+1)
	q.Colors = nil
	for i, c := range order[:k] {
		to[c] = i
		q.Names = append(q.Names, p.Names[c])
		if p.Colors != nil {
			q.Colors = append(q.Colors, p.Colors[c])
		}
	}
	if p.Colors != nil {
		q.Colors = append(q.Colors, restColor)
	}
	q.Folded = p.Folded + last - k
	q.Names = append(q.Names, "other ("+group(q.Folded)+" more)")
	q.Category = make([]int, len(p.Category))
	for i, c := range p.Category {
		q.Category[i] = to[c]
	}
	q.Rest = true
	return &q
}

// check panics when edited fields make no sense together.
func (p *Points) check() {
	switch {
	case len(p.Category) != len(p.XYs):
		panic("plot: len(Category) != len(XYs)")
	case p.Hover != nil && len(p.Hover) != len(p.XYs):
		panic("plot: len(Hover) != len(XYs)")
	case p.Colors != nil && len(p.Colors) != len(p.Names):
		panic("plot: len(Colors) != len(Names)")
	}
	for _, c := range p.Category {
		if uint(c) >= uint(len(p.Names)) {
			panic("plot: a Category is no index into Names")
		}
	}
}

// order returns the rows in the order in which they are drawn.
func (p *Points) order() []int32 {
	order := make([]int32, len(p.XYs))
	for i := range order {
		order[i] = int32(i)
	}
	if p.Order == Blocks {
		slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(p.Category[a], p.Category[b]) })
		return order
	}
	r := rand.New(rand.NewPCG(p.Seed, 0x706c6f74))
	r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	if p.Rest {
		rest := len(p.Names) - 1
		slices.SortStableFunc(order, func(a, b int32) int {
			return cmp.Compare(b2i(p.Category[a] != rest), b2i(p.Category[b] != rest))
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
func (p *Points) radius(side vg.Length) float64 {
	if p.Radius > 0 {
		return p.Radius.Points()
	}
	n := float64(max(1, len(p.XYs)))
	r := 2.7 * math.Pow(n/1500, -0.30) * side.Points() / 600
	lo := min(minRadius, max(0.3, side.Points()/400))
	return min(maxRadius, max(lo, r))
}

func (p *Points) alpha() float64 {
	if p.Alpha > 0 {
		return min(1, p.Alpha)
	}
	n := float64(max(1, len(p.XYs)))
	return min(0.92, max(0.6, 0.92-0.1*math.Log10(n/1000)))
}

// Plot draws the points: it implements gonum's Plotter. The canvases of
// [NewPNG], [NewSVG] and [NewPDF] draw them fast; others get one circle a dot.
func (p *Points) Plot(c draw.Canvas, plt *gplot.Plot) {
	p.plot(c, plt, Light(), p.colors(Light()), dotOptions{})
}

// dotOptions are a figure's wishes for its dots.
type dotOptions struct {
	titles bool // SVG: a title for each dot that has a hover text
	order  Order
	image  bool // SVG and PDF: draw the dots as an embedded image
	opaque bool // nothing but the theme's ground lies under the dots
}

func (p *Points) plot(c draw.Canvas, plt *gplot.Plot, th *Theme, colors []color.Color, opt dotOptions) {
	p.check()
	if len(p.XYs) == 0 {
		return
	}
	x, y := plt.Transforms(&c)
	size := c.Size()
	q := *p
	if opt.order != 0 {
		q.Order = opt.order
	}
	d := &dots{
		x:      make([]float32, len(p.XYs)),
		y:      make([]float32, len(p.XYs)),
		cat:    make([]int32, len(p.XYs)),
		order:  q.order(),
		colors: make([]rgb, len(p.Names)),
		radius: make([]float64, len(p.Names)),
		alpha:  p.alpha(),
		clip:   c.Rectangle,
		image:  opt.image,
		opaque: opt.opaque,
		ground: toRGB(th.Ground),
	}
	r := p.radius(min(size.X, size.Y))
	for i := range p.Names {
		d.colors[i], d.radius[i] = toRGB(colors[i]), r
	}
	if p.Rest {
		d.radius[len(p.Names)-1] = r * restScale
	}
	if th.Edge && len(p.XYs) <= maxEdged && r >= minEdged {
		d.edge = edgeShare
	}
	for i, xy := range p.XYs {
		d.x[i], d.y[i] = float32(x(xy.X)), float32(y(xy.Y))
		d.cat[i] = int32(p.Category[i])
	}
	if opt.titles {
		d.titles = p.Hover
	}
	drawDots(c.Canvas, d)
}

// colors returns one colour a category.
func (p *Points) colors(th *Theme) []color.Color {
	if p.Colors != nil {
		return p.Colors
	}
	n := len(p.Names)
	if p.Rest {
		return append(th.palette(n-1), th.Rest)
	}
	return th.palette(n)
}

// DataRange implements gonum's DataRanger.
func (p *Points) DataRange() (xmin, xmax, ymin, ymax float64) {
	xmin, ymin = math.Inf(1), math.Inf(1)
	xmax, ymax = math.Inf(-1), math.Inf(-1)
	for _, xy := range p.XYs {
		xmin, xmax = min(xmin, xy.X), max(xmax, xy.X)
		ymin, ymax = min(ymin, xy.Y), max(ymax, xy.Y)
	}
	return xmin, xmax, ymin, ymax
}

// GlyphBoxes implements gonum's GlyphBoxer. Since all dots are about alike, it
// returns those of the outermost four alone.
func (p *Points) GlyphBoxes(plt *gplot.Plot) []gplot.GlyphBox {
	if len(p.XYs) == 0 {
		return nil
	}
	r := p.Radius
	if r <= 0 {
		r = maxRadius
	}
	var left, right, low, high int
	for i, xy := range p.XYs {
		if xy.X < p.XYs[left].X {
			left = i
		}
		if xy.X > p.XYs[right].X {
			right = i
		}
		if xy.Y < p.XYs[low].Y {
			low = i
		}
		if xy.Y > p.XYs[high].Y {
			high = i
		}
	}
	boxes := make([]gplot.GlyphBox, 0, 4)
	for _, i := range []int{left, right, low, high} {
		boxes = append(boxes, gplot.GlyphBox{
			X: plt.X.Norm(p.XYs[i].X), Y: plt.Y.Norm(p.XYs[i].Y),
			Rectangle: vg.Rectangle{Min: vg.Point{X: -r, Y: -r}, Max: vg.Point{X: r, Y: r}},
		})
	}
	return boxes
}

// Thumbnailers returns the names of the categories, each with its count, and
// their marks, ready for a gonum legend: l.Add(names[i], marks[i]).
func (p *Points) Thumbnailers() (names []string, marks []gplot.Thumbnailer) {
	counts, colors := p.Counts(), p.colors(Light())
	for i, n := range p.Names {
		names = append(names, display(n)+"  "+group(counts[i]))
		marks = append(marks, mark{colors[i]})
	}
	return names, marks
}

// A mark is the dot of a legend's entry.
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

// group writes n with a comma between groups of three digits.
func group(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
