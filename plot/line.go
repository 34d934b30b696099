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

	"github.com/semamap/semamap/plot/internal/kit"
)

// A line is a Line with its color: a gonum Plotter, DataRanger and
// Thumbnailer.
type line struct {
	name   string
	xys    plotter.XYs
	lo, hi []float64 // one a point, or nil
	dashed bool
	color  color.Color
}

// newLine checks and copies a line.
func newLine(l Line, c color.Color) (*line, error) {
	pts, err := kit.Copy(l.XYs)
	if err != nil {
		return nil, err
	}
	if len(l.Lo) != len(l.Hi) || len(l.Lo) > 0 && len(l.Lo) != len(pts) {
		return nil, fmt.Errorf("%w: %d points, a band of %d and %d", ErrLength, len(pts), len(l.Lo), len(l.Hi))
	}
	for i := range l.Lo {
		if !(math.Abs(l.Lo[i]) <= kit.MaxCoord && math.Abs(l.Hi[i]) <= kit.MaxCoord) {
			return nil, fmt.Errorf("band at point %d: %w: [%v, %v]", i, ErrNotFinite, l.Lo[i], l.Hi[i])
		}
	}
	return &line{name: l.Name, xys: pts, lo: l.Lo, hi: l.Hi, dashed: l.Dashed, color: c}, nil
}

// Plot implements gonum's Plotter.
func (l *line) Plot(c draw.Canvas, plt *gplot.Plot) { l.plot(c, plt, false) }

// plot draws the line; with titles its points say their values on hover.
func (l *line) plot(c draw.Canvas, plt *gplot.Plot, titles bool) {
	x, y := plt.Transforms(&c)
	n := len(l.xys)
	col := kit.ToRGB(l.color)
	if len(l.lo) > 0 {
		band := make([]vg.Point, 0, 2*n)
		for i, p := range l.xys {
			band = append(band, vg.Point{X: x(p.X), Y: y(l.hi[i])})
		}
		for i := n - 1; i >= 0; i-- {
			band = append(band, vg.Point{X: x(l.xys[i].X), Y: y(l.lo[i])})
		}
		if n > 1 {
			c.FillPolygon(color.NRGBA{col.R, col.G, col.B, 48}, c.ClipPolygonXY(band))
		} else {
			c.StrokeLines(draw.LineStyle{Color: color.NRGBA{col.R, col.G, col.B, 96}, Width: 4}, band)
		}
	}
	pts := make([]vg.Point, n)
	for i, p := range l.xys {
		pts[i] = vg.Point{X: x(p.X), Y: y(p.Y)}
	}
	c.StrokeLines(l.style(), c.ClipLinesXY(pts)...)
	if l.dashed || n > 60 {
		return
	}
	d := &dots{colors: []kit.RGB{col}, radius: []float64{2.4}, alpha: 1, clip: c.Rectangle}
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

func (l *line) style() draw.LineStyle {
	if l.dashed {
		return draw.LineStyle{Color: kit.ToRGB(l.color), Width: 1, Dashes: []vg.Length{4, 3}}
	}
	return draw.LineStyle{Color: kit.ToRGB(l.color), Width: 1.6}
}

// value describes point i.
func (l *line) value(i int) string {
	num := func(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }
	s := num(l.xys[i].X) + ": " + num(l.xys[i].Y)
	if l.name != "" {
		s = l.name + ", " + s
	}
	if len(l.lo) > 0 {
		s += " (" + num(l.lo[i]) + " to " + num(l.hi[i]) + ")"
	}
	return s
}

// DataRange implements gonum's DataRanger; the band counts.
func (l *line) DataRange() (xmin, xmax, ymin, ymax float64) {
	xmin, xmax, ymin, ymax = kit.Bounds(l.xys)
	for _, b := range [][]float64{l.lo, l.hi} {
		for _, v := range b {
			ymin, ymax = min(ymin, v), max(ymax, v)
		}
	}
	return xmin, xmax, ymin, ymax
}

// Thumbnail implements gonum's Thumbnailer.
func (l *line) Thumbnail(c *draw.Canvas) {
	col := kit.ToRGB(l.color)
	mid := c.Center().Y
	if len(l.lo) > 0 {
		c.SetColor(color.NRGBA{col.R, col.G, col.B, 48})
		c.Fill(c.Rectangle.Path())
	}
	c.StrokeLine2(l.style(), c.Min.X, mid, c.Max.X, mid)
	if !l.dashed {
		c.SetColor(col)
		c.Fill(circle(vg.Point{X: c.Center().X, Y: mid}, 2.2))
	}
}
