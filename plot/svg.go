package plot

import (
	"bytes"
	"cmp"
	"compress/flate"
	"encoding/base64"
	"encoding/xml"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"slices"
	"strings"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// svgCanvas writes compact SVG. Text stays text, with its width pinned, so
// that it can be searched and never overlaps where another font is used.
type svgCanvas struct {
	docCanvas
	title, desc string
	body        []byte
}

// NewSVG returns a canvas that writes an SVG document. It draws [Points] as
// one short path step a dot, and images as PNG of the given dots per inch.
// Sizes that are not positive make it panic.
func NewSVG(width, height vg.Length, dpi int) vg.CanvasWriterTo {
	return newSVGCanvas(width, height, dpi)
}

func newSVGCanvas(w, h vg.Length, dpi int) *svgCanvas {
	return &svgCanvas{docCanvas: newDocCanvas(w, h, dpi)}
}

const svgFonts = "Liberation Sans,Arial,Helvetica,sans-serif"

// WriteTo writes the document.
func (c *svgCanvas) WriteTo(w io.Writer) (int64, error) {
	cw := &countWriter{w: w}
	b := []byte(`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="`)
	b = appendNum(b, c.w.Points())
	b = append(b, `pt" height="`...)
	b = appendNum(b, c.h.Points())
	b = append(b, `pt" viewBox="0 0 `...)
	b = appendNum(b, c.w.Points())
	b = append(b, ' ')
	b = appendNum(b, c.h.Points())
	b = append(b, `" role="img" font-family="`+svgFonts+`" style="font-kerning:none">`+"\n"...)
	if c.title != "" {
		b = append(append(append(b, "<title>"...), escapeXML(c.title)...), "</title>\n"...)
	}
	if c.desc != "" {
		b = append(append(append(b, "<desc>"...), escapeXML(c.desc)...), "</desc>\n"...)
	}
	cw.write(b)
	cw.write(c.body)
	cw.write([]byte("</svg>\n"))
	return cw.n, cw.err
}

func escapeXML(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder does not fail
	return b.String()
}

func (c *svgCanvas) str(s ...string) {
	for _, v := range s {
		c.body = append(c.body, v...)
	}
}

func (c *svgCanvas) num(v float64)       { c.body = appendNum(c.body, v) }
func (c *svgCanvas) begin(s string)      { c.str(`<g aria-label="`, escapeXML(s), "\">\n") }
func (c *svgCanvas) end()                { c.str("</g>\n") }
func (c *svgCanvas) y(v float64) float64 { return c.h.Points() - v }

func (c *svgCanvas) attr(name string, v float64) {
	c.str(" ", name, `="`)
	c.num(v)
	c.str(`"`)
}

// paint writes a colour as the named attribute.
func (c *svgCanvas) paint(name string, col color.NRGBA) {
	c.str(" ", name, `="`, rgb{col.R, col.G, col.B}.hex(), `"`)
	if col.A != 255 {
		c.attr(name+"-opacity", float64(col.A)/255)
	}
}

// svgPen writes path data.
type svgPen struct{ c *svgCanvas }

func (p svgPen) pair(op string, at [2]float64) {
	p.c.str(op)
	p.c.num(at[0])
	p.c.str(" ")
	p.c.num(p.c.y(at[1]))
}
func (p svgPen) moveTo(a [2]float64) { p.pair("M", a) }
func (p svgPen) lineTo(a [2]float64) { p.pair("L", a) }
func (p svgPen) curveTo(a, b, e [2]float64) {
	p.pair("C", a)
	p.pair(" ", b)
	p.pair(" ", e)
}
func (p svgPen) close() { p.c.str("Z") }

func (c *svgCanvas) Fill(p vg.Path) {
	if len(p) == 3 && p[1].Type == vg.ArcComp && p[1].Angle == 2*math.Pi && !c.moved() {
		c.str(`<circle`)
		c.attr("cx", p[1].Pos.X.Points())
		c.attr("cy", c.y(p[1].Pos.Y.Points()))
		c.attr("r", p[1].Radius.Points())
	} else {
		c.str(`<path d="`)
		c.trace(p, svgPen{c})
		c.str(`"`)
	}
	c.paint("fill", c.cur.color)
	c.str("/>\n")
}

func (c *svgCanvas) Stroke(p vg.Path) {
	if c.cur.width <= 0 {
		return
	}
	c.str(`<path d="`)
	c.trace(p, svgPen{c})
	c.str(`" fill="none"`)
	c.paint("stroke", c.cur.color)
	c.attr("stroke-width", c.cur.width*c.scale())
	if len(c.cur.dash) > 0 {
		c.str(` stroke-dasharray="`)
		for i, d := range c.cur.dash {
			if i > 0 {
				c.str(" ")
			}
			c.num(d.Points() * c.scale())
		}
		c.str(`"`)
		if c.cur.offset != 0 {
			c.attr("stroke-dashoffset", c.cur.offset.Points()*c.scale())
		}
	}
	c.str("/>\n")
}

// FillString draws text of gonum's.
func (c *svgCanvas) FillString(f font.Face, pt vg.Point, s string) {
	if s = display(s); f.Font.Size == 0 || s == "" {
		return
	}
	at := c.point(pt.X.Points(), pt.Y.Points())
	m := &c.cur.m
	c.str(`<text transform="matrix(`)
	for i, v := range []float64{m[0], -m[1], -m[2], m[3], at[0], c.y(at[1])} {
		if i > 0 {
			c.str(" ")
		}
		c.body = appendFixed(c.body, v, 4)
	}
	c.str(`)"`)
	c.attr("font-size", f.Font.Size.Points())
	switch strings.ToLower(string(f.Font.Variant)) {
	case "", "serif":
		c.str(` font-family="Liberation Serif,Times New Roman,serif"`)
	case "mono", "monospace":
		c.str(` font-family="Liberation Mono,Courier New,monospace"`)
	}
	if f.Font.Weight >= xfont.WeightSemiBold {
		c.str(` font-weight="bold"`)
	}
	if f.Font.Style != xfont.StyleNormal {
		c.str(` font-style="italic"`)
	}
	if f.Face != nil {
		c.attr("textLength", f.Width(s).Points())
	}
	c.paint("fill", c.cur.color)
	c.str(">", escapeXML(s), "</text>\n")
}

func (c *svgCanvas) drawText(t textItem) {
	at := c.point(t.x, t.y)
	c.str(`<text`)
	if t.up || c.moved() {
		m := &c.cur.m
		if !c.moved() {
			c.str(` transform="translate(`)
			c.num(at[0])
			c.str(" ")
			c.num(c.y(at[1]))
			c.str(`)rotate(-90)"`)
		} else {
			a, b, d, e := m[0], m[1], m[2], m[3]
			if t.up {
				a, b, d, e = d, e, -a, -b
			}
			c.str(` transform="matrix(`)
			for i, v := range []float64{a, -b, -d, e, at[0], c.y(at[1])} {
				if i > 0 {
					c.str(" ")
				}
				c.body = appendFixed(c.body, v, 4)
			}
			c.str(`)"`)
		}
	} else {
		c.attr("x", at[0])
		c.attr("y", c.y(at[1]))
	}
	c.attr("font-size", t.style.size)
	if t.style.bold {
		c.str(` font-weight="bold"`)
	}
	c.attr("textLength", t.style.width(t.text))
	col := color.NRGBAModel.Convert(t.color).(color.NRGBA)
	c.paint("fill", col)
	if t.halo != nil {
		c.paint("stroke", color.NRGBAModel.Convert(t.halo).(color.NRGBA))
		c.attr("stroke-width", haloWidth(t.style.size))
		c.str(` stroke-linejoin="round" paint-order="stroke"`)
	}
	c.str(` lengthAdjust="spacingAndGlyphs">`, escapeXML(t.text), "</text>\n")
}

// DrawImage implements vg.Canvas.
func (c *svgCanvas) DrawImage(rect vg.Rectangle, img image.Image) {
	var buf bytes.Buffer
	if p, ok := img.(*image.RGBA); ok && p.Opaque() && p.Rect.Min == (image.Point{}) {
		_, _ = encodePNG(&buf, p, 0, flate.DefaultCompression)
	} else {
		_ = (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&buf, img)
	}
	m := &c.cur.m
	c.str(`<image`)
	if c.moved() {
		at := c.point(rect.Min.X.Points(), rect.Max.Y.Points())
		c.str(` transform="matrix(`)
		for i, v := range []float64{m[0], -m[1], -m[2], m[3], at[0], c.y(at[1])} {
			if i > 0 {
				c.str(" ")
			}
			c.body = appendFixed(c.body, v, 4)
		}
		c.str(`)"`)
	} else {
		c.attr("x", rect.Min.X.Points())
		c.attr("y", c.y(rect.Max.Y.Points()))
	}
	c.attr("width", rect.Size().X.Points())
	c.attr("height", rect.Size().Y.Points())
	c.str(` preserveAspectRatio="none" xlink:href="data:image/png;base64,`)
	c.body = base64.StdEncoding.AppendEncode(c.body, buf.Bytes())
	c.str("\"/>\n")
}

func (c *svgCanvas) drawDots(d *dots) {
	switch {
	case c.moved():
		stampPaths(c, d)
	case d.image:
		c.DrawImage(d.clip, c.dotImage(d))
	case d.titles != nil:
		c.titledDots(d)
	default:
		c.plainDots(d)
	}
}

// titledDots draws a circle a dot, with a title that browsers show on hover.
func (c *svgCanvas) titledDots(d *dots) {
	c.str(`<g fill-opacity="`)
	c.num(d.alpha)
	c.str(`"`)
	if d.edge > 0 {
		c.str(` stroke="`, d.ground.hex(), `"`)
	}
	c.str(">\n")
	for _, i := range d.order {
		k := d.cat[i]
		r := d.radius[k]
		c.str(`<circle cx="`)
		c.body = appendFixed(c.body, float64(d.x[i]), 1)
		c.str(`" cy="`)
		c.body = appendFixed(c.body, c.y(float64(d.y[i])), 1)
		c.str(`"`)
		c.attr("r", r*(1+d.edge/2))
		if d.edge > 0 {
			c.attr("stroke-width", r*d.edge)
		}
		c.str(` fill="`, d.colors[k].hex(), `"`)
		if t := display(d.titles[i]); t != "" {
			c.str("><title>", escapeXML(t), "</title></circle>\n")
		} else {
			c.str("/>\n")
		}
	}
	c.str("</g>\n")
}

// plainDots draws each dot as a line of no length with a round cap. Steps are
// whole tenths of a point from one dot to the next, which within a path of one
// colour may come in any order: sorting them keeps the steps short.
func (c *svgCanvas) plainDots(d *dots) {
	c.str(`<g transform="scale(.1)" fill="none" stroke-linecap="round" stroke-opacity="`)
	c.num(d.alpha)
	c.str("\">\n")
	tenth := func(v float64) int { return int(math.Round(min(1e7, max(-1e7, v*10)))) }
	d.inRounds(func(k int, dots []int32) {
		pts := make([][2]int, len(dots))
		for i, j := range dots {
			pts[i] = [2]int{tenth(float64(d.x[j])), tenth(c.y(float64(d.y[j])))}
		}
		// Strips of 20 points, walked left to right.
		slices.SortFunc(pts, func(a, b [2]int) int {
			return cmp.Or(cmp.Compare(a[1]/200, b[1]/200), cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
		})
		start := len(c.body)
		x, y := 0, 0
		for _, p := range pts {
			c.body = append(c.body, 'm')
			c.body = appendInt(c.body, p[0]-x)
			if p[1]-y >= 0 {
				c.body = append(c.body, ' ')
			}
			c.body = appendInt(c.body, p[1]-y)
			c.body = append(c.body, 'h', '0')
			x, y = p[0], p[1]
		}
		data := string(c.body[start:])
		c.body = c.body[:start]
		path := func(col rgb, r float64) {
			c.str(`<path stroke="`, col.hex(), `"`)
			c.attr("stroke-width", 20*r)
			c.str(` d="`, data, "\"/>\n")
		}
		r := d.radius[k]
		if d.edge > 0 {
			path(d.ground, r*(1+d.edge))
		}
		path(d.colors[k], r)
	})
	c.str("</g>\n")
}
