package plot

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"

	"github.com/semamap/semamap/plot/internal/kit"
)

// dots is a set of discs on a canvas.
type dots struct {
	x, y   []float32 // centers, in points, origin at the lower left
	cat    []int32   // category of each
	order  []int32   // in which they are drawn
	colors []kit.RGB // one a category
	radius []float64 // one a category, in points
	alpha  float64
	rest   float64 // opacity of the last category's dots; zero means alpha
	edge   float64 // width of the edge in radii; zero for none
	ground kit.RGB // color of the edge
	clip   vg.Rectangle
	titles []string // one a dot, or nil
	image  bool     // draw as an embedded image where the canvas is a document
	opaque bool     // nothing but the ground lies under them
}

// Our own canvases draw dots and text by better means than paths.
type (
	dotter interface{ drawDots(*dots) }
	texter interface{ drawText(textItem) }
	// A grouper names groups of marks for readers of the file.
	grouper interface {
		begin(name string)
		end()
	}
)

// opacity is that of a category's dots.
func (d *dots) opacity(k int) float64 {
	if d.rest > 0 && k == len(d.colors)-1 {
		return d.rest
	}
	return d.alpha
}

func drawDots(c vg.Canvas, d *dots) {
	if f, ok := c.(dotter); ok {
		f.drawDots(d)
		return
	}
	stampPaths(c, d)
}

// stampPaths draws dots on any canvas, one path each.
func stampPaths(c vg.Canvas, d *dots) {
	for _, i := range d.order {
		at := vg.Point{X: vg.Length(d.x[i]), Y: vg.Length(d.y[i])}
		k := d.cat[i]
		nrgba := func(c kit.RGB) color.Color {
			return color.NRGBA{c.R, c.G, c.B, uint8(d.opacity(int(k))*255 + 0.5)}
		}
		r := vg.Length(d.radius[k])
		if d.edge > 0 {
			c.SetColor(nrgba(d.ground))
			c.Fill(circle(at, r*vg.Length(1+d.edge)))
		}
		c.SetColor(nrgba(d.colors[k]))
		c.Fill(circle(at, r))
	}
}

// drawText draws a line of text; its place is that of the canvas, with the
// origin at the lower left.
func drawText(c vg.Canvas, t textItem) {
	if t.text == "" {
		return
	}
	if f, ok := c.(texter); ok {
		f.drawText(t)
		return
	}
	outlineText(c, t)
}

// outlineText draws text on any canvas, as filled outlines.
func outlineText(c vg.Canvas, t textItem) {
	p := t.outline()
	if t.halo != nil {
		c.SetColor(t.halo)
		c.SetLineWidth(vg.Length(haloWidth(t.style.size)))
		c.SetLineDash(nil, 0)
		c.Stroke(p)
	}
	c.SetColor(t.color)
	c.Fill(p)
}

// outline returns the outlines of a text that has its place on a canvas.
func (t textItem) outline() vg.Path {
	angle := 0.0
	if t.up {
		angle = math.Pi / 2
	}
	return outline(t.text, t.style.size, vg.Point{X: vg.Length(t.x), Y: vg.Length(t.y)}, angle, t.style.find)
}

// haloWidth is the width of the stroke behind a label.
func haloWidth(size float64) float64 { return size * 0.28 }

// rounds is in how many rounds the shuffled order is cut so that dots of one
// color can be joined: a path for each color in each round keeps the order
// nearly random in few elements.
const rounds = 24

// inRounds calls f with the dots of one category of one round, in drawing
// order of the rounds.
func (d *dots) inRounds(f func(cat int, dots []int32)) {
	n := len(d.order)
	groups := make([][]int32, len(d.colors))
	for r := range rounds {
		lo, hi := r*n/rounds, (r+1)*n/rounds
		if lo == hi {
			continue
		}
		used := make([]int, 0, 16)
		for _, i := range d.order[lo:hi] {
			k := int(d.cat[i])
			if len(groups[k]) == 0 {
				used = append(used, k)
			}
			groups[k] = append(groups[k], i)
		}
		for _, k := range used {
			f(k, groups[k])
			groups[k] = groups[k][:0]
		}
	}
}
