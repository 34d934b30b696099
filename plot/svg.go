package plot

import (
	"bytes"
	"cmp"
	"compress/flate"
	"encoding/base64"
	"encoding/xml"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"

	"github.com/semamap/semamap/plot/internal/kit"
)

// svgCanvas writes compact SVG. Text stays text, with its width pinned, so
// that it can be searched and never overlaps where another font is used. It
// applies transforms itself, so that documents hold plain coordinates.
type svgCanvas struct {
	w, h        vg.Length
	dpi         int
	title, desc string
	body        []byte

	cur   svgState
	stack []svgState
}

// svgState is what Push saves and Pop restores.
type svgState struct {
	color  color.NRGBA
	width  float64
	dash   []vg.Length
	offset vg.Length
	m      [6]float64 // x' = m0 x + m2 y + m4, y' = m1 x + m3 y + m5
}

func newSVGCanvas(w, h vg.Length, dpi int) *svgCanvas {
	return &svgCanvas{w: w, h: h, dpi: dpi, cur: svgState{
		color: color.NRGBA{A: 255}, width: 1, m: [6]float64{1, 0, 0, 1, 0, 0}}}
}

func (c *svgCanvas) Size() (w, h vg.Length)   { return c.w, c.h }
func (c *svgCanvas) SetLineWidth(w vg.Length) { c.cur.width = w.Points() }
func (c *svgCanvas) Push()                    { c.stack = append(c.stack, c.cur) }
func (c *svgCanvas) Rotate(a float64)         { s, k := math.Sincos(a); c.apply(k, s, -s, k, 0, 0) }
func (c *svgCanvas) Translate(p vg.Point)     { c.apply(1, 0, 0, 1, p.X.Points(), p.Y.Points()) }
func (c *svgCanvas) Scale(x, y float64)       { c.apply(x, 0, 0, y, 0, 0) }
func (c *svgCanvas) point(x, y float64) [2]float64 {
	m := &c.cur.m
	return [2]float64{m[0]*x + m[2]*y + m[4], m[1]*x + m[3]*y + m[5]}
}

func (c *svgCanvas) SetLineDash(pattern []vg.Length, offset vg.Length) {
	c.cur.dash, c.cur.offset = append([]vg.Length(nil), pattern...), offset
}

func (c *svgCanvas) SetColor(col color.Color) {
	if col == nil {
		col = color.Black
	}
	c.cur.color = color.NRGBAModel.Convert(col).(color.NRGBA)
}

func (c *svgCanvas) Pop() {
	c.cur = c.stack[len(c.stack)-1]
	c.stack = c.stack[:len(c.stack)-1]
}

func (c *svgCanvas) apply(a, b, d, e, x, y float64) {
	m := c.cur.m
	c.cur.m = [6]float64{
		m[0]*a + m[2]*b, m[1]*a + m[3]*b,
		m[0]*d + m[2]*e, m[1]*d + m[3]*e,
		m[0]*x + m[2]*y + m[4], m[1]*x + m[3]*y + m[5],
	}
}

// scale is the mean factor of the current transform.
func (c *svgCanvas) scale() float64 {
	m := &c.cur.m
	return math.Sqrt(math.Abs(m[0]*m[3] - m[1]*m[2]))
}

// moved says whether a transform is in force.
func (c *svgCanvas) moved() bool { return c.cur.m != [6]float64{1, 0, 0, 1, 0, 0} }

const svgFonts = "Liberation Sans,Arial,Helvetica,sans-serif"

// WriteTo writes the document.
func (c *svgCanvas) WriteTo(w io.Writer) (int64, error) {
	head := &svgCanvas{}
	head.str(`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="`)
	head.num(c.w.Points())
	head.str(`pt" height="`)
	head.num(c.h.Points())
	head.str(`pt" viewBox="0 0 `)
	head.num(c.w.Points())
	head.str(" ")
	head.num(c.h.Points())
	head.str(`" role="img" font-family="` + svgFonts + `" style="font-kerning:none">` + "\n")
	if c.title != "" {
		head.str("<title>", escapeXML(c.title), "</title>\n")
	}
	if c.desc != "" {
		head.str("<desc>", escapeXML(c.desc), "</desc>\n")
	}
	c.str("</svg>\n")
	n, err := w.Write(append(head.body, c.body...))
	return int64(n), err
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

// paint writes a color as the named attribute.
func (c *svgCanvas) paint(name string, col color.NRGBA) {
	c.str(" ", name, `="`, kit.RGB{R: col.R, G: col.G, B: col.B}.Hex(), `"`)
	if col.A != 255 {
		c.attr(name+"-opacity", float64(col.A)/255)
	}
}

// steps writes a step of a path with its points.
func (c *svgCanvas) steps(op string, pts ...[2]float64) {
	c.str(op)
	for i, p := range pts {
		if i > 0 {
			c.str(" ")
		}
		c.num(p[0])
		c.str(" ")
		c.num(c.y(p[1]))
	}
}

// trace writes a path through the current transform.
func (c *svgCanvas) trace(path vg.Path) {
	var at [2]float64 // before the transform
	open := false
	pt := func(p vg.Point) [2]float64 { return c.point(p.X.Points(), p.Y.Points()) }
	set := func(p vg.Point) { at = [2]float64{p.X.Points(), p.Y.Points()} }
	for _, e := range path {
		switch e.Type {
		case vg.MoveComp:
			c.steps("M", pt(e.Pos))
			set(e.Pos)
			open = true
		case vg.LineComp:
			c.steps("L", pt(e.Pos))
			set(e.Pos)
		case vg.ArcComp:
			x, y, r := e.Pos.X.Points(), e.Pos.Y.Points(), e.Radius.Points()
			s, k := math.Sincos(e.Start)
			from := [2]float64{x + r*k, y + r*s}
			if !open {
				c.steps("M", c.point(from[0], from[1]))
				open = true
			} else if math.Hypot(from[0]-at[0], from[1]-at[1]) > 1e-6 {
				c.steps("L", c.point(from[0], from[1]))
			}
			n := max(1, int(math.Ceil(math.Abs(e.Angle)/(math.Pi/2)-1e-9)))
			d := e.Angle / float64(n)
			t := 4.0 / 3 * math.Tan(d/4) // length of the handles, in radii
			a := e.Start
			for range n {
				s0, k0 := math.Sincos(a)
				s1, k1 := math.Sincos(a + d)
				c.steps("C", c.point(x+r*(k0-t*s0), y+r*(s0+t*k0)),
					c.point(x+r*(k1+t*s1), y+r*(s1-t*k1)), c.point(x+r*k1, y+r*s1))
				at = [2]float64{x + r*k1, y + r*s1}
				a += d
			}
		case vg.CurveComp:
			op, pts := "Q", make([][2]float64, 0, 3)
			if len(e.Control) == 2 {
				op = "C"
			}
			for _, p := range e.Control {
				pts = append(pts, pt(p))
			}
			c.steps(op, append(pts, pt(e.Pos))...)
			set(e.Pos)
		case vg.CloseComp:
			c.str("Z")
		}
	}
}

func (c *svgCanvas) Fill(p vg.Path) {
	if len(p) == 3 && p[1].Type == vg.ArcComp && p[1].Angle == 2*math.Pi && !c.moved() {
		c.str(`<circle`)
		c.attr("cx", p[1].Pos.X.Points())
		c.attr("cy", c.y(p[1].Pos.Y.Points()))
		c.attr("r", p[1].Radius.Points())
	} else {
		c.str(`<path d="`)
		c.trace(p)
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
	c.trace(p)
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

// FillString draws text of gonum's as outlines, which need no font at the
// reader's.
func (c *svgCanvas) FillString(f font.Face, pt vg.Point, s string) { fillString(c, f, pt, s) }

func (c *svgCanvas) drawText(t textItem) {
	if !t.style.plain(t.text) { // the reader's fonts may lack it as well
		c.str(`<g role="img" aria-label="`, escapeXML(t.text), "\">\n")
		outlineText(c, t)
		c.str("</g>\n")
		return
	}
	c.str(`<text`)
	if t.up {
		c.str(` transform="translate(`)
		c.num(t.x)
		c.str(" ")
		c.num(c.y(t.y))
		c.str(`)rotate(-90)"`)
	} else {
		c.attr("x", t.x)
		c.attr("y", c.y(t.y))
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
		buf.Write(encodePNG(p, 0, flate.DefaultCompression))
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
	case d.image:
		c.DrawImage(d.clip, c.dotImage(d))
	case d.titles != nil:
		c.titledDots(d)
	default:
		c.plainDots(d)
	}
}

// dotImage draws dots as an image of their clip rectangle, transparent where
// there are none.
func (c *svgCanvas) dotImage(d *dots) *image.RGBA {
	px := float64(c.dpi) / 72
	size := d.clip.Size()
	for imagePixels(size.X, size.Y, int(px*72+0.5)) > maxPixels {
		px /= 2
	}
	img := image.NewRGBA(image.Rect(0, 0,
		max(1, int(size.X.Points()*px+0.5)), max(1, int(size.Y.Points()*px+0.5))))
	if d.opaque {
		draw.Draw(img, img.Rect, image.NewUniform(d.ground), image.Point{}, draw.Src)
	}
	x, y := make([]int32, len(d.x)), make([]int32, len(d.x))
	for i := range d.x {
		x[i] = subpixel((float64(d.x[i]) - d.clip.Min.X.Points()) * px)
		y[i] = subpixel((d.clip.Max.Y.Points() - float64(d.y[i])) * px)
	}
	stamp(img, img.Rect, d, x, y, px)
	if d.opaque {
		posterize(img, d.ground)
	}
	return img
}

// posterize rounds the colors of dots to 64 levels a channel and leaves the
// ground as it is: no eye sees it, and an image takes a quarter less.
func posterize(img *image.RGBA, ground kit.RGB) {
	for i := 0; i+3 < len(img.Pix); i += 4 {
		p := img.Pix[i : i+4 : i+4]
		if p[0] == ground.R && p[1] == ground.G && p[2] == ground.B {
			continue
		}
		for k := range 3 {
			p[k] = uint8(min(255, (uint(p[k])+2)&^3))
		}
	}
}

// titledDots draws a circle a dot, with a title that browsers show on hover.
func (c *svgCanvas) titledDots(d *dots) {
	c.str(`<g fill-opacity="`)
	c.num(d.alpha)
	c.str(`"`)
	if d.edge > 0 {
		c.str(` stroke="`, d.ground.Hex(), `"`)
	}
	c.str(">\n")
	titles := d.titlesByPlace()
	for n, i := range d.order {
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
		c.str(` fill="`, d.colors[k].Hex(), `"`)
		if a := d.opacity(int(k)); a != d.alpha {
			c.attr("fill-opacity", a)
		}
		if t := titles[n]; t != "" {
			c.str("><title>", escapeXML(t), "</title></circle>\n")
		} else {
			c.str("/>\n")
		}
	}
	c.str("</g>\n")
}

// titlesByPlace returns a title for each dot in drawing order. The last one
// drawn at a place covers the others, so it has the texts of all of them.
func (d *dots) titlesByPlace() []string {
	type place [2]float32
	at := make(map[place][]int32)
	for _, i := range d.order {
		p := place{d.x[i], d.y[i]}
		at[p] = append(at[p], i)
	}
	out := make([]string, len(d.order))
	for n, i := range d.order {
		out[n] = kit.Display(d.titles[i])
		rows := at[place{d.x[i], d.y[i]}]
		if len(rows) == 1 || rows[len(rows)-1] != i {
			continue
		}
		var all []string
		for _, row := range slices.Sorted(slices.Values(rows)) {
			if t := kit.Display(d.titles[row]); t != "" && !slices.Contains(all, t) {
				all = append(all, t)
			}
		}
		out[n] = strings.Join(all, "\n")
	}
	return out
}

// plainDots draws each dot as a line of no length with a round cap. Steps are
// whole tenths of a point from one dot to the next, which within a path of one
// color may come in any order: sorting them keeps the steps short.
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
			c.body = strconv.AppendInt(c.body, int64(p[0]-x), 10)
			if p[1]-y >= 0 {
				c.body = append(c.body, ' ')
			}
			c.body = strconv.AppendInt(c.body, int64(p[1]-y), 10)
			c.body = append(c.body, 'h', '0')
			x, y = p[0], p[1]
		}
		data := string(c.body[start:])
		c.body = c.body[:start]
		path := func(col kit.RGB, r float64) {
			c.str(`<path stroke="`, col.Hex(), `"`)
			c.attr("stroke-width", 20*r)
			if a := d.opacity(k); a != d.alpha {
				c.attr("stroke-opacity", a)
			}
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

// appendNum appends v with at most two decimals and no more characters than
// it needs.
func appendNum(b []byte, v float64) []byte { return appendFixed(b, v, 2) }

func appendFixed(b []byte, v float64, decimals int) []byte {
	start := len(b)
	b = strconv.AppendFloat(b, v, 'f', decimals, 64)
	if decimals > 0 {
		for b[len(b)-1] == '0' {
			b = b[:len(b)-1]
		}
		if b[len(b)-1] == '.' {
			b = b[:len(b)-1]
		}
	}
	if s := string(b[start:]); s == "-0" {
		b = append(b[:start], '0')
	}
	return b
}
