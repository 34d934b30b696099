package plot

import (
	"fmt"
	"image/color"
	"math"
	"strconv"

	gplot "gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A Line is a measure over an axis, such as kNN purity over layers, with a
// band for its error. It is a gonum Plotter, DataRanger and Thumbnailer.
type Line struct {
	Name   string
	XYs    plotter.XYs
	Lo, Hi []float64   // bounds of the band, one a point; nil for none
	Color  color.Color // nil means the figure's palette, or grey when dashed
	Dashed bool        // for a reference, such as the level of chance
}

// NewLine copies N ≥ 1 points and the bounds lo and hi of an error band, both
// nil or of length N. The error wraps ErrEmpty, ErrLength or ErrNotFinite.
func NewLine(name string, xys plotter.XYer, lo, hi []float64) (*Line, error) {
	pts, err := copyXYs(xys)
	if err != nil {
		return nil, fmt.Errorf("line %q: %w", name, err)
	}
	if len(lo) != len(hi) || lo != nil && len(lo) != len(pts) {
		return nil, fmt.Errorf("plot: line %q: %w: %d points, a band of %d and %d", name, ErrLength, len(pts), len(lo), len(hi))
	}
	l := &Line{Name: name, XYs: pts}
	if lo != nil {
		for i := range lo {
			if !(math.Abs(lo[i]) <= maxCoord && math.Abs(hi[i]) <= maxCoord) {
				return nil, fmt.Errorf("plot: line %q: band at point %d: %w: [%v, %v]", name, i, ErrNotFinite, lo[i], hi[i])
			}
		}
		l.Lo, l.Hi = append([]float64(nil), lo...), append([]float64(nil), hi...)
	}
	return l, nil
}

// Plot implements gonum's Plotter.
func (l *Line) Plot(c draw.Canvas, plt *gplot.Plot) { l.plot(c, plt, false) }

// plot draws the line; with titles its points say their values on hover.
func (l *Line) plot(c draw.Canvas, plt *gplot.Plot, titles bool) {
	x, y := plt.Transforms(&c)
	n := len(l.XYs)
	if n == 0 {
		return
	}
	col := toRGB(l.Color)
	if len(l.Lo) == n && len(l.Hi) == n {
		band := make([]vg.Point, 0, 2*n)
		for i, p := range l.XYs {
			band = append(band, vg.Point{X: x(p.X), Y: y(l.Hi[i])})
		}
		for i := n - 1; i >= 0; i-- {
			band = append(band, vg.Point{X: x(l.XYs[i].X), Y: y(l.Lo[i])})
		}
		if n > 1 {
			c.FillPolygon(color.NRGBA{col.r, col.g, col.b, 48}, c.ClipPolygonXY(band))
		} else {
			c.StrokeLines(draw.LineStyle{Color: color.NRGBA{col.r, col.g, col.b, 96}, Width: 4}, band)
		}
	}
	pts := make([]vg.Point, n)
	for i, p := range l.XYs {
		pts[i] = vg.Point{X: x(p.X), Y: y(p.Y)}
	}
	st := draw.LineStyle{Color: col, Width: 1.6}
	if l.Dashed {
		st.Width = 1
		st.Dashes = []vg.Length{4, 3}
	}
	c.StrokeLines(st, c.ClipLinesXY(pts)...)
	if l.Dashed || n > 60 {
		return
	}
	d := &dots{colors: []rgb{col}, radius: []float64{2.4}, alpha: 1, clip: c.Rectangle}
	for i, p := range pts {
		if !c.Contains(p) {
			continue
		}
		d.order = append(d.order, int32(len(d.x)))
		d.x, d.y, d.cat = append(d.x, float32(p.X)), append(d.y, float32(p.Y)), append(d.cat, 0)
		if titles {
			d.titles = append(d.titles, l.value(i))
		}
	}
	drawDots(c.Canvas, d)
}

// value describes point i.
func (l *Line) value(i int) string {
	num := func(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }
	s := num(l.XYs[i].X) + ": " + num(l.XYs[i].Y)
	if l.Name != "" {
		s = l.Name + ", " + s
	}
	if len(l.Lo) == len(l.XYs) && len(l.Hi) == len(l.XYs) {
		s += " (" + num(l.Lo[i]) + " to " + num(l.Hi[i]) + ")"
	}
	return s
}

// DataRange implements gonum's DataRanger; the band counts.
func (l *Line) DataRange() (xmin, xmax, ymin, ymax float64) {
	xmin, xmax, ymin, ymax = (&Points{XYs: l.XYs}).DataRange()
	for _, b := range [][]float64{l.Lo, l.Hi} {
		for _, v := range b {
			ymin, ymax = min(ymin, v), max(ymax, v)
		}
	}
	return xmin, xmax, ymin, ymax
}

// Thumbnail implements gonum's Thumbnailer.
func (l *Line) Thumbnail(c *draw.Canvas) {
	col := toRGB(l.Color)
	mid := c.Center().Y
	if l.Lo != nil {
		c.SetColor(color.NRGBA{col.r, col.g, col.b, 48})
		c.Fill(c.Rectangle.Path())
	}
	st := draw.LineStyle{Color: col, Width: 1.6}
	if l.Dashed {
		st.Width = 1
		st.Dashes = []vg.Length{4, 3}
	}
	c.StrokeLine2(st, c.Min.X, mid, c.Max.X, mid)
	if !l.Dashed {
		c.SetColor(col)
		c.Fill(circle(vg.Point{X: c.Center().X, Y: mid}, 2.2))
	}
}
