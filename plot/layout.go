package plot

import (
	"fmt"
	"image/color"
	"math"
	"strconv"
	"strings"

	gplot "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/semamap/semamap/plot/internal/kit"
)

// The measures of a page, in points.
const (
	gapX       = 12 // between panels
	gapY       = 12
	gapTitle   = 8  // under the titles
	gapLegend  = 14 // between panels and legend
	gapInside  = 7  // between a frame and the legend in it
	leading    = 1.3
	minSide    = 24 // of a panel
	markSpace  = 13.5
	markRadius = 4
)

// layout is a figure with everything in its place. Coordinates are points
// from the top left corner; while things are being placed, they are in units of
// the scale of its text.
type layout struct {
	f      *Figure
	theme  *Theme
	st     *styles
	joint  *joint
	k      float64 // scale of text, and of the gaps that go with it
	w, h   float64
	fixed  bool // the height is given
	texts  []textItem
	panels []panelBox
	marks  []markBox
	legend box  // all of the legend; empty without one
	inside bool // the legend is over a panel
	bar    box  // of colors within the legend; empty without one
	paged  bool // the canvas has the page's color already
}

type panelBox struct {
	frame          box
	x0, x1, y0, y1 float64 // ranges of the axes
	xt, yt         []gplot.Tick
	labels         []textItem
	flat           bool // all points have one place, so that there is no map
	legend         box  // its corner, where the legend is in this panel
}

type markBox struct {
	x, y  float64
	entry entry
}

func (l *layout) text(s string, st style, c color.Color, x, y float64) {
	if s != "" {
		l.texts = append(l.texts, textItem{text: s, style: st, color: c, x: x, y: y})
	}
}

// layout places everything for a page of the given size; zeros mean defaults.
func (f *Figure) layout(width, height vg.Length) (*layout, error) {
	w, h := width.Points(), height.Points()
	if !(w >= 0 && h >= 0 && w < 1e5 && h < 1e5) {
		return nil, fmt.Errorf("plot: %w: %v × %v points", ErrSize, w, h)
	}
	th := f.Theme.orLight()
	j, err := f.join(th)
	if err != nil {
		return nil, err
	}
	if w == 0 {
		w = defaultWidth
		if len(f.Panels) == 1 {
			w = defaultWidthSingle
		}
	}
	k := f.textScale(w, h)
	if w/k > 1e5 || h/k > 1e5 {
		return nil, fmt.Errorf("plot: %w: %v × %v points for text of %v", ErrSize, w, h, f.FontSize)
	}
	empty := layout{f: f, theme: th, st: newStyles(f.Fonts), joint: j, k: k, w: w / k, h: h / k, fixed: h > 0}

	// Where the caller leaves the place open, a small figure has its legend
	// where the panels become larger.
	place, other := f.Place, Place(0)
	if len(j.entries) == 0 && j.bar == nil {
		place = PlaceNone
	} else if place == 0 {
		place, other = PlaceBelow, PlaceRight
		if len(f.Panels) == 1 {
			place, other = PlaceRight, PlaceBelow
		}
	}
	l, err := empty.arrange(place)
	if other != 0 && (l == nil || l.fixed || l.w < narrow) {
		if o, err2 := empty.arrange(other); err2 == nil && (err != nil || o.side() > 1.25*l.side()) {
			l, err = o, nil
		}
	}
	if err != nil {
		return nil, err
	}
	for i := range l.panels {
		if p := j.points[i]; p != nil && l.named() && !l.panels[i].flat {
			l.panels[i].labels = append(l.panels[i].labels, l.placeLabels(p, &l.panels[i])...)
		}
	}
	l.rescale()
	return l, nil
}

// narrow is the width of a page below which a legend beside the panels takes
// too much of it.
const narrow = 450

// textScale is the size of text relative to the usual one.
func (f *Figure) textScale(w, h float64) float64 {
	if f.FontSize > 0 {
		return f.FontSize.Points() / usualSize
	}
	k := min(1, w/400)
	if h > 0 {
		k = min(k, h/300)
	}
	return max(0.7, k)
}

// usualSize is the size of a legend's text.
const usualSize = 10

// margin is the space around everything: less in figures for a column.
func (l *layout) margin() float64 {
	m := 18 - 0.12*max(0, 440-l.w)
	if l.fixed {
		m = min(m, 18-0.3*max(0, 330-l.h))
	}
	return max(5, m)
}

// side is the shorter side of the panels.
func (l *layout) side() float64 {
	f := l.panels[0].frame
	return min(f.w(), f.h())
}

// Panels of a figure of given size are not square where square ones would leave
// much of it blank.
const (
	maxBlank = 0.15 // of the page's width or height
	maxWide  = 2.0  // width of a panel for its height
	maxHigh  = 1.35 // height of a panel for its width
)

// arrange places everything but the names on the maps, with the legend at a
// place.
func (l layout) arrange(place Place) (*layout, error) {
	f, th, w, h, margin := l.f, l.theme, l.w, l.h, l.margin()
	tooSmall := func(what string) error {
		return fmt.Errorf("plot: %w: %.0f × %.0f points %s", ErrSize, w*l.k, h*l.k, what)
	}
	y := margin
	titles := func(text string, st style, c color.Color, lines int) {
		for _, s := range st.wrap(text, w-2*margin, lines) {
			y += st.size * leading
			l.text(s, st, c, margin, y-st.size*(leading-1))
		}
	}
	titles(f.Title, l.st.title, th.ink, 3)
	titles(f.subtitle(), l.st.subtitle, th.muted, 4)
	if y > margin {
		y += gapTitle
	}
	n := len(f.Panels)
	cols := f.Cols
	if cols <= 0 {
		cols = min(n, 3)
		if n > 3 {
			cols = int(math.Ceil(math.Sqrt(float64(n))))
		}
	}
	cols = min(cols, n)
	rows := (n + cols - 1) / cols

	left, bottom := 0.0, 0.0 // for the titles of the axes
	if f.YLabel != "" {
		left = 15
	}
	if f.XLabel != "" {
		bottom = 16
	}
	tickW, tickH := l.tickSpace()

	var below *legendBlock
	if place == PlaceBelow {
		below = l.legendBelow(w - 2*margin)
		bottom += below.h + gapLegend
	}

	// A legend at the right takes more columns where the panels are too low
	// for it, and that makes the panels narrower still. Look for the first
	// number of columns that fits; failing that, show what fits.
	var right *legendBlock
	var fw, fh, hh float64
	columns, limit := 1, math.Inf(1)
	for range 100 {
		rw := 0.0
		if place == PlaceRight {
			right = l.legendRight(columns, limit)
			rw = right.w + gapLegend
		}
		fw = (w-2*margin-left-rw-float64(cols-1)*gapX)/float64(cols) - tickW
		hh = l.headerHeight(fw)
		if l.fixed {
			fh = (h-y-margin-bottom-float64(rows-1)*gapY)/float64(rows) - tickH - hh
		} else {
			fh = fw * l.shape()
		}
		if l.square() && !(f.Stretch && l.fixed) {
			freeW, freeH := fw, fh
			fw = min(fw, fh)
			fh = fw
			if nh := l.headerHeight(fw); nh > hh { // narrower panels may need more lines
				fh -= nh - hh
				fw, hh = fh, nh
				freeH = fh
			}
			if l.fixed && float64(cols)*(freeW-fw) > maxBlank*w {
				fw = min(freeW, maxWide*fh)
			} else if l.fixed && float64(rows)*(freeH-fh) > maxBlank*h {
				fh = min(freeH, maxHigh*fw)
			}
		}
		// The legend may be higher than the panels where the page allows it.
		block := max(float64(rows)*(fh+hh+tickH)+float64(rows-1)*gapY-hh, 22*rowHeight)
		if l.fixed {
			block = h - y - hh - margin
		}
		if place != PlaceRight || right.h <= block || len(right.marks) == 0 {
			break
		}
		if limit == math.Inf(1) && columns < 4 && l.legendRight(columns+1, limit).w <= 0.45*w {
			columns++
			continue
		}
		limit = min(limit, block)
		if limit < 2*rowHeight {
			break
		}
	}
	if fw < minSide || fh < minSide {
		return nil, tooSmall(fmt.Sprintf("leave panels of %.0f × %.0f", fw*l.k, fh*l.k))
	}

	var inside *legendBlock
	if place == PlaceInside {
		inside = l.legendRight(1, fh-2*gapInside)
		if inside.w+2*gapInside > fw || inside.h+2*gapInside > fh || len(inside.texts) == 0 {
			l.texts = nil
			return l.arrange(PlaceBelow)
		}
	}
	x0 := margin + left
	for i, pn := range f.Panels {
		cx := x0 + float64(i%cols)*(fw+tickW+gapX) + tickW
		cy := y + float64(i/cols)*(fh+hh+tickH+gapY)
		l.header(pn, cx, cy, fw, hh)
		l.panel(i, box{cx, cy + hh, cx + fw, cy + hh + fh}, inside)
		inside = nil
	}
	area := box{x0, y, x0 + float64(cols)*(fw+tickW) + float64(cols-1)*gapX,
		y + float64(rows)*(fh+hh+tickH) + float64(rows-1)*gapY}
	l.axisTitles(area, tickW, tickH, hh)
	end := area.y1
	if f.XLabel != "" {
		end += 16
	}
	switch place {
	case PlaceRight:
		l.place(right, area.x1+gapLegend, area.y0+hh)
		end = max(end, l.legend.y1)
	case PlaceBelow:
		l.place(below, margin, end+gapLegend)
		end = l.legend.y1
	}
	if l.h = h; !l.fixed {
		l.h = 3 * math.Ceil((end+margin)/3) // whole pixels at 96 and 192 dpi
	} else if end > h-margin/2 {
		return nil, tooSmall("are too low for the legend")
	}
	return &l, nil
}

// rescale turns everything from units of the text's scale into points.
func (l *layout) rescale() {
	if l.k == 1 {
		return
	}
	scaled := func(b box) box { return box{b.x0 * l.k, b.y0 * l.k, b.x1 * l.k, b.y1 * l.k} }
	texts := func(list []textItem) {
		for i := range list {
			t := &list[i]
			t.x, t.y, t.style.size = t.x*l.k, t.y*l.k, t.style.size*l.k
		}
	}
	l.w, l.h, l.legend, l.bar = l.w*l.k, l.h*l.k, scaled(l.legend), scaled(l.bar)
	texts(l.texts)
	for i := range l.panels {
		l.panels[i].frame = scaled(l.panels[i].frame)
		texts(l.panels[i].labels)
	}
	for i := range l.marks {
		l.marks[i].x, l.marks[i].y = l.marks[i].x*l.k, l.marks[i].y*l.k
	}
}

func (f *Figure) subtitle() string {
	s := f.Subtitle
	if f.Align && len(f.Panels) > 1 {
		if s != "" {
			s += "; "
		}
		s += "each panel turned or mirrored onto the one before"
	}
	return s
}

// square says whether panels are maps, which are square.
func (l *layout) square() bool {
	for _, pn := range l.f.Panels {
		if pn.XYs != nil {
			return true
		}
	}
	return false
}

// shape is the height of a panel for its width.
func (l *layout) shape() float64 {
	if l.square() {
		return 1
	}
	if len(l.f.Panels) > 1 {
		return 0.75
	}
	return 0.62
}

// ticks says whether panel i has numbers along its axes.
func (l *layout) ticks(i int) bool {
	return l.theme.ticks || l.f.Panels[i].XYs == nil
}

// tickSpace returns the room that the numbers along the axes need.
func (l *layout) tickSpace() (w, h float64) {
	for i := range l.f.Panels {
		if !l.ticks(i) {
			continue
		}
		h = l.st.tick.size*leading + 4
		x0, x1, y0, y1 := l.ranges(i, 200, 200)
		_, yt := ticksOf(x0, x1, y0, y1, 200, 200)
		for _, t := range yt {
			wide := l.st.tick.width(t.Label) + 8
			if l.f.Panels[i].XYs != nil { // the range, and so the numbers, will depend on the size
				wide += l.st.tick.width("0")
			}
			w = max(w, wide)
		}
	}
	return w, h
}

// heads returns the styles of a panel's title and note for its width.
func (l *layout) heads(fw float64) (title, note style) {
	k := min(1, max(0.7, fw/230))
	return l.st.panel.scaled(k), l.st.note.scaled(k)
}

// headerLines breaks a panel's title and note into lines. They share a line
// when both fit.
func (l *layout) headerLines(pn Panel, fw float64) (title, note []string, shared bool) {
	ts, ns := l.heads(fw)
	title, note = ts.wrap(pn.Title, fw, 3), ns.wrap(pn.Note, fw, 3)
	shared = len(title) <= 1 && len(note) <= 1 &&
		ts.width(strings.Join(title, ""))+ns.width(strings.Join(note, ""))+6 <= fw
	return title, note, shared
}

// headerHeight is the height above the frames, the same for all panels.
func (l *layout) headerHeight(fw float64) float64 {
	if fw < minSide {
		return 0
	}
	ts, ns := l.heads(fw)
	h := 0.0
	for _, pn := range l.f.Panels {
		title, note, shared := l.headerLines(pn, fw)
		v := 0.0
		if shared && len(title)+len(note) > 0 {
			v = ts.size * leading
		} else {
			v = float64(len(title))*ts.size*leading + float64(len(note))*ns.size*leading
		}
		if v > 0 {
			h = max(h, v+2)
		}
	}
	return h
}

// header places a panel's title and note so that they end just above the frame.
func (l *layout) header(pn Panel, x, y, fw, hh float64) {
	ts, ns := l.heads(fw)
	title, note, shared := l.headerLines(pn, fw)
	base := y + hh - 2 - descent*ts.size
	if shared {
		l.text(strings.Join(title, ""), ts, l.theme.ink, x, base)
		n := strings.Join(note, "")
		l.text(n, ns, l.theme.muted, x+fw-ns.width(n), base)
		return
	}
	base = y + hh - 2 - descent*ns.size
	for i := len(note) - 1; i >= 0; i-- {
		l.text(note[i], ns, l.theme.muted, x, base)
		base -= ns.size * leading
	}
	if len(note) > 0 {
		base -= (ts.size - ns.size) * descent
	} else {
		base = y + hh - 2 - descent*ts.size
	}
	for i := len(title) - 1; i >= 0; i-- {
		l.text(title[i], ts, l.theme.ink, x, base)
		base -= ts.size * leading
	}
}

// ranges returns what the axes of a panel of w×h points show.
func (l *layout) ranges(i int, w, h float64) (x0, x1, y0, y1 float64) {
	x0, y0 = math.Inf(1), math.Inf(1)
	x1, y1 = math.Inf(-1), math.Inf(-1)
	grow := func(r gplot.DataRanger) {
		a, b, c, d := r.DataRange()
		x0, x1, y0, y1 = min(x0, a), max(x1, b), min(y0, c), max(y1, d)
	}
	p := l.joint.points[i]
	if p != nil {
		a, b, c, d := p.core(l.f.Outliers)
		x0, x1, y0, y1 = a, b, c, d
	}
	for k := range l.joint.lines[i] {
		grow(&l.joint.lines[i][k])
	}
	for _, o := range l.f.Panels[i].Over {
		if r, ok := o.(gplot.DataRanger); ok {
			grow(r)
		}
	}
	if !(x0 <= x1 && y0 <= y1) { // no data
		x0, x1, y0, y1 = 0, 1, 0, 1
	}
	xlo, xhi, xfix := limits(l.f.Panels[i].XLim)
	ylo, yhi, yfix := limits(l.f.Panels[i].YLim)
	if xfix {
		x0, x1 = xlo, xhi
	}
	if yfix {
		y0, y1 = ylo, yhi
	}
	if p != nil && !l.f.Stretch {
		side, inset := min(w, h), 0.0
		if !xfix && !yfix {
			inset = p.radius(vg.Length(side*l.k))/l.k*(1+edgeShare) + 0.025*side
		}
		return equalRange(x0, x1, y0, y1, w, h, inset)
	}
	pad := func(a, b float64, share float64) (float64, float64) {
		d := (b - a) * share
		if !(d > 0) {
			d = max(0.5, math.Abs(a)*0.05)
		}
		return a - d, b + d
	}
	if !xfix {
		x0, x1 = pad(x0, x1, 0.03)
	}
	if !yfix {
		y0, y1 = pad(y0, y1, 0.06)
	}
	return x0, x1, y0, y1
}

// panel places a frame and all in it, with the legend if it is not nil.
func (l *layout) panel(i int, frame box, legend *legendBlock) {
	pb := panelBox{frame: frame}
	pb.x0, pb.x1, pb.y0, pb.y1 = l.ranges(i, frame.w(), frame.h())
	if legend != nil {
		l.placeInside(legend, i, &pb)
	}
	if l.ticks(i) {
		pb.xt, pb.yt = ticksOf(pb.x0, pb.x1, pb.y0, pb.y1, frame.w(), frame.h())
		end := math.Inf(-1)
		for _, t := range pb.xt {
			w := l.st.tick.width(t.Label)
			x := frame.x0 + frame.w()*(t.Value-pb.x0)/(pb.x1-pb.x0) - w/2
			if x < end+4 || x+w > l.w-2 {
				continue // no room for this number
			}
			end = x + w
			l.text(t.Label, l.st.tick, l.theme.muted, x, frame.y1+4+l.st.tick.size)
		}
		last := math.Inf(1)
		for _, t := range pb.yt {
			y := frame.y1 - frame.h()*(t.Value-pb.y0)/(pb.y1-pb.y0)
			if y+l.st.tick.size*1.1 > last {
				continue
			}
			last = y
			l.text(t.Label, l.st.tick, l.theme.muted, frame.x0-6-l.st.tick.width(t.Label), y+l.st.tick.size*0.36)
		}
	}
	if p := l.joint.points[i]; p != nil {
		l.say(p, &pb)
	}
	l.panels = append(l.panels, pb)
}

// say writes into a panel what it does not show.
func (l *layout) say(p *points, pb *panelBox) {
	n, out := len(p.xys), 0
	write := func(s string, at func(w float64) (x, y float64)) {
		st := l.st.note
		s = st.fit(s, pb.frame.w()-8)
		t := textItem{text: s, style: st, color: l.theme.muted, halo: l.theme.ground}
		if t.x, t.y = at(st.width(s)); pb.frame.contains(t.bounds()) {
			pb.labels = append(pb.labels, t)
		}
	}
	if pb.flat = p.flat(); pb.flat {
		write("All "+kit.Thousands(n)+" points lie at one place.", func(w float64) (x, y float64) {
			return (pb.frame.x0 + pb.frame.x1 - w) / 2, (pb.frame.y0 + pb.frame.y1) / 2
		})
		return
	}
	for _, q := range p.xys {
		if q.X < pb.x0 || q.X > pb.x1 || q.Y < pb.y0 || q.Y > pb.y1 {
			out++
		}
	}
	if out > 0 {
		write(fmt.Sprintf("%s of %s points outside", kit.Thousands(out), kit.Thousands(n)), func(w float64) (x, y float64) {
			return pb.frame.x1 - w - 4, pb.frame.y1 - 4
		})
	}
}

// named says whether categories are named on the maps.
func (l *layout) named() bool {
	return l.joint.bar == nil && (l.f.MaxNames > 0 || l.f.MaxNames == 0 && len(l.f.Panels) == 1 && l.joint.cats > 10)
}

// ticksOf chooses the numbers along both axes.
func ticksOf(x0, x1, y0, y1, w, h float64) (xt, yt []gplot.Tick) {
	return niceTicks(x0, x1, max(5, int(w/70))), niceTicks(y0, y1, max(5, int(h/35)))
}

// niceTicks returns at most about n round numbers between lo and hi.
func niceTicks(lo, hi float64, n int) []gplot.Tick {
	if !(hi > lo) {
		return nil
	}
	raw := (hi - lo) / float64(n)
	mag := math.Pow(10, math.Floor(math.Log10(raw)))
	step := 10 * mag
	for _, m := range []float64{1, 2, 5} {
		if m*mag >= raw*0.999 {
			step = m * mag
			break
		}
	}
	digits := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	format := func(v float64) string {
		if digits > 6 || math.Abs(v) >= 1e7 {
			return strconv.FormatFloat(v, 'g', 4, 64)
		}
		return strings.Replace(strconv.FormatFloat(v, 'f', digits, 64), "-", "−", 1)
	}
	var ticks []gplot.Tick
	for k := math.Ceil(lo/step - 1e-9); k*step <= hi+step*1e-9 && len(ticks) < 100; k++ {
		v := k * step
		if k == 0 {
			v = 0
		}
		ticks = append(ticks, gplot.Tick{Value: v, Label: format(v)})
	}
	return ticks
}

// axisTitles places the axes' titles once for all panels.
func (l *layout) axisTitles(area box, tickW, tickH, hh float64) {
	if s := l.f.XLabel; s != "" {
		s = l.st.axis.fit(kit.Display(s), area.w()-tickW)
		w := l.st.axis.width(s)
		x := (area.x0+tickW+area.x1)/2 - w/2
		l.text(s, l.st.axis, l.theme.muted, max(l.margin(), x), area.y1+4+l.st.axis.size)
	}
	if s := l.f.YLabel; s != "" {
		s = l.st.axis.fit(kit.Display(s), area.h()-hh-tickH)
		w := l.st.axis.width(s)
		l.texts = append(l.texts, textItem{text: s, style: l.st.axis, color: l.theme.muted, up: true,
			x: l.margin() + ascent*l.st.axis.size, y: (area.y0+hh+area.y1-tickH)/2 + w/2})
	}
}

// parts are those of a figure that are drawn.
type parts int

const (
	underlay parts = 1 << iota // page, grounds, grids and dots
	overlay                    // all else
	allParts = underlay | overlay
)

// draw draws the figure, or parts of it, into a canvas of its size.
func (l *layout) draw(c draw.Canvas, which parts) {
	th := l.theme
	x := func(v float64) vg.Length { return c.Min.X + vg.Length(v) }
	y := func(v float64) vg.Length { return c.Max.Y - vg.Length(v) }
	rect := func(b box) vg.Rectangle {
		return vg.Rectangle{Min: vg.Point{X: x(b.x0), Y: y(b.y1)}, Max: vg.Point{X: x(b.x1), Y: y(b.y0)}}
	}
	fill := func(b box, col color.Color) {
		c.SetColor(col)
		c.Fill(rect(b).Path())
	}
	text := func(t textItem) {
		t.x, t.y = float64(x(t.x)), float64(y(t.y))
		drawText(c.Canvas, t)
	}
	line := func(col color.Color, width, x0, y0, x1, y1 float64) {
		c.SetColor(col)
		c.SetLineWidth(vg.Length(width))
		c.SetLineDash(nil, 0)
		c.Stroke(vg.Path{{Type: vg.MoveComp, Pos: vg.Point{X: x(x0), Y: y(y0)}},
			{Type: vg.LineComp, Pos: vg.Point{X: x(x1), Y: y(y1)}}})
	}
	group := func(name string, draw func()) {
		g, ok := c.Canvas.(grouper)
		if ok {
			g.begin(name)
		}
		draw()
		if ok {
			g.end()
		}
	}

	if !l.paged {
		fill(box{0, 0, l.w, l.h}, th.page)
	}
	opt := dotOptions{}
	switch d := l.f.Dots; {
	case d == DotsImage, d == 0 && l.joint.dots > maxVector:
		opt.image = true
	case d == DotsTitled, d == 0 && l.joint.dots <= maxTitled:
		opt.titles = true
	}
	for i := range l.panels {
		pb, pn := &l.panels[i], l.f.Panels[i]
		group(panelName(pn, i), func() {
			plt := gplot.New()
			plt.X.Min, plt.X.Max, plt.Y.Min, plt.Y.Max = pb.x0, pb.x1, pb.y0, pb.y1
			dc := draw.Canvas{Canvas: c.Canvas, Rectangle: rect(pb.frame)}
			if which&underlay != 0 {
				if th.ground != th.page {
					fill(pb.frame, th.ground)
				}
				b, grid := pb.frame, l.grid(i)
				if grid != nil {
					for _, t := range pb.xt {
						v := b.x0 + b.w()*(t.Value-pb.x0)/(pb.x1-pb.x0)
						if th.grid != nil {
							line(grid, 0.75, v, b.y0, v, b.y1)
						}
					}
					for _, t := range pb.yt {
						v := b.y1 - b.h()*(t.Value-pb.y0)/(pb.y1-pb.y0)
						line(grid, 0.75, b.x0, v, b.x1, v)
					}
				}
				if p := l.joint.points[i]; p != nil && !pb.flat {
					opt.opaque = grid == nil
					p.plot(dc, plt, opt)
				}
			}
			if which&overlay == 0 {
				return
			}
			for k := range l.joint.lines[i] {
				l.joint.lines[i][k].plot(dc, plt, opt.titles || l.f.Dots == 0)
			}
			for _, o := range pn.Over {
				o.Plot(dc, plt)
			}
			for _, t := range pb.labels {
				text(t)
			}
			if b := pb.frame; th.frame != nil {
				line(th.frame, 0.75, b.x0, b.y0, b.x1, b.y0)
				line(th.frame, 0.75, b.x0, b.y1, b.x1, b.y1)
				line(th.frame, 0.75, b.x0, b.y0, b.x0, b.y1)
				line(th.frame, 0.75, b.x1, b.y0, b.x1, b.y1)
			}
		})
	}
	if which&overlay == 0 {
		return
	}
	group("legend", func() {
		if l.inside {
			g, b, pad := th.ground, l.legend, 4*l.k
			fill(box{b.x0 - pad, b.y0 - pad, b.x1 + pad, b.y1 + pad}, color.NRGBA{g.R, g.G, g.B, 216})
		}
		if l.bar.w() > 0 {
			colors := kit.Ramp(kit.Steps, th.dark)
			for i, col := range colors { // each a little wider, so that no gap shines through
				at := func(i int) float64 { return l.bar.x0 + l.bar.w()*float64(i)/float64(len(colors)) }
				fill(box{at(i), l.bar.y0, min(l.bar.x1, at(i+1)+0.3), l.bar.y1}, col)
			}
		}
		for _, m := range l.marks {
			if m.entry.line != nil {
				dx, dy := 5.5*l.k, 4*l.k
				dc := draw.Canvas{Canvas: c.Canvas, Rectangle: rect(box{m.x - dx, m.y - dy, m.x + dx, m.y + dy})}
				m.entry.line.Thumbnail(&dc)
				continue
			}
			r := markRadius
			if m.entry.rest {
				r = 3
			}
			c.SetColor(m.entry.color)
			c.Fill(circle(vg.Point{X: x(m.x), Y: y(m.y)}, vg.Length(float64(r)*l.k)))
		}
	})
	for _, t := range l.texts {
		text(t)
	}
}

// grid is the color of the lines at the ticks of a panel, nil for none.
func (l *layout) grid(i int) color.Color {
	if l.theme.grid != nil {
		return l.theme.grid
	}
	if l.f.Panels[i].XYs == nil && l.theme.frame != nil {
		return mix(kit.ToRGB(l.theme.frame), l.theme.ground, 0.4)
	}
	return nil
}

func panelName(pn Panel, i int) string {
	if pn.Title != "" {
		return kit.Display(pn.Title)
	}
	return "panel " + strconv.Itoa(i+1)
}

// mix returns a, faded by a share towards b.
func mix(a, b kit.RGB, share float64) kit.RGB {
	m := func(x, y uint8) uint8 { return uint8(float64(x) + (float64(y)-float64(x))*share + 0.5) }
	return kit.RGB{R: m(a.R, b.R), G: m(a.G, b.G), B: m(a.B, b.B)}
}
