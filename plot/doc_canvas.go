package plot

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"strconv"

	"gonum.org/v1/plot/vg"
)

// docState is what Push saves and Pop restores on a document's canvas.
type docState struct {
	color  color.NRGBA
	width  float64
	dash   []vg.Length
	offset vg.Length
	m      [6]float64 // x' = m0 x + m2 y + m4, y' = m1 x + m3 y + m5
}

// docCanvas is what the canvases of SVG and PDF share. It applies transforms
// itself, so documents hold plain coordinates.
type docCanvas struct {
	w, h  vg.Length
	dpi   int
	cur   docState
	stack []docState
}

func newDocCanvas(w, h vg.Length, dpi int) docCanvas {
	if !(w > 0 && h > 0 && dpi > 0) {
		panic("plot: impossible document size")
	}
	return docCanvas{w: w, h: h, dpi: dpi, cur: docState{
		color: color.NRGBA{A: 255}, width: 1, m: [6]float64{1, 0, 0, 1, 0, 0}}}
}

func (c *docCanvas) Size() (w, h vg.Length)   { return c.w, c.h }
func (c *docCanvas) SetLineWidth(w vg.Length) { c.cur.width = w.Points() }
func (c *docCanvas) Push()                    { c.stack = append(c.stack, c.cur) }
func (c *docCanvas) Rotate(a float64)         { s, k := math.Sincos(a); c.apply(k, s, -s, k, 0, 0) }
func (c *docCanvas) Translate(p vg.Point)     { c.apply(1, 0, 0, 1, p.X.Points(), p.Y.Points()) }
func (c *docCanvas) Scale(x, y float64)       { c.apply(x, 0, 0, y, 0, 0) }
func (c *docCanvas) point(x, y float64) [2]float64 {
	m := &c.cur.m
	return [2]float64{m[0]*x + m[2]*y + m[4], m[1]*x + m[3]*y + m[5]}
}

func (c *docCanvas) SetLineDash(pattern []vg.Length, offset vg.Length) {
	c.cur.dash, c.cur.offset = append([]vg.Length(nil), pattern...), offset
}

func (c *docCanvas) SetColor(col color.Color) {
	if col == nil {
		col = color.Black
	}
	c.cur.color = color.NRGBAModel.Convert(col).(color.NRGBA)
}

func (c *docCanvas) Pop() {
	c.cur = c.stack[len(c.stack)-1]
	c.stack = c.stack[:len(c.stack)-1]
}

func (c *docCanvas) apply(a, b, d, e, x, y float64) {
	m := c.cur.m
	c.cur.m = [6]float64{
		m[0]*a + m[2]*b, m[1]*a + m[3]*b,
		m[0]*d + m[2]*e, m[1]*d + m[3]*e,
		m[0]*x + m[2]*y + m[4], m[1]*x + m[3]*y + m[5],
	}
}

// scale is the mean factor of the current transform.
func (c *docCanvas) scale() float64 {
	m := &c.cur.m
	return math.Sqrt(math.Abs(m[0]*m[3] - m[1]*m[2]))
}

// moved says whether a transform is in force.
func (c *docCanvas) moved() bool { return c.cur.m != [6]float64{1, 0, 0, 1, 0, 0} }

// A pen takes the parts of a path, in points with the origin at the lower
// left. Curves are cubic.
type pen interface {
	moveTo(p [2]float64)
	lineTo(p [2]float64)
	curveTo(p, q, r [2]float64)
	close()
}

// trace sends a path through the current transform to a pen.
func (c *docCanvas) trace(path vg.Path, to pen) {
	var at [2]float64 // before the transform
	open := false
	pt := func(p vg.Point) [2]float64 { return c.point(p.X.Points(), p.Y.Points()) }
	set := func(p vg.Point) { at = [2]float64{p.X.Points(), p.Y.Points()} }
	for _, e := range path {
		switch e.Type {
		case vg.MoveComp:
			to.moveTo(pt(e.Pos))
			set(e.Pos)
			open = true
		case vg.LineComp:
			to.lineTo(pt(e.Pos))
			set(e.Pos)
		case vg.ArcComp:
			x, y, r := e.Pos.X.Points(), e.Pos.Y.Points(), e.Radius.Points()
			s, k := math.Sincos(e.Start)
			from := [2]float64{x + r*k, y + r*s}
			if !open {
				to.moveTo(c.point(from[0], from[1]))
				open = true
			} else if math.Hypot(from[0]-at[0], from[1]-at[1]) > 1e-6 {
				to.lineTo(c.point(from[0], from[1]))
			}
			n := max(1, int(math.Ceil(math.Abs(e.Angle)/(math.Pi/2)-1e-9)))
			d := e.Angle / float64(n)
			t := 4.0 / 3 * math.Tan(d/4) // length of the handles, in radii
			a := e.Start
			for range n {
				s0, k0 := math.Sincos(a)
				s1, k1 := math.Sincos(a + d)
				to.curveTo(c.point(x+r*(k0-t*s0), y+r*(s0+t*k0)),
					c.point(x+r*(k1+t*s1), y+r*(s1-t*k1)), c.point(x+r*k1, y+r*s1))
				at = [2]float64{x + r*k1, y + r*s1}
				a += d
			}
		case vg.CurveComp:
			end := [2]float64{e.Pos.X.Points(), e.Pos.Y.Points()}
			var p, q [2]float64
			switch len(e.Control) {
			case 1:
				g := [2]float64{e.Control[0].X.Points(), e.Control[0].Y.Points()}
				p = [2]float64{at[0] + (g[0]-at[0])*2/3, at[1] + (g[1]-at[1])*2/3}
				q = [2]float64{end[0] + (g[0]-end[0])*2/3, end[1] + (g[1]-end[1])*2/3}
			case 2:
				p = [2]float64{e.Control[0].X.Points(), e.Control[0].Y.Points()}
				q = [2]float64{e.Control[1].X.Points(), e.Control[1].Y.Points()}
			default:
				panic("plot: a curve needs one or two control points")
			}
			to.curveTo(c.point(p[0], p[1]), c.point(q[0], q[1]), c.point(end[0], end[1]))
			at = end
		case vg.CloseComp:
			to.close()
		}
	}
}

// dotImage draws dots as an image of their clip rectangle, transparent where
// there are none.
func (c *docCanvas) dotImage(d *dots) *image.RGBA {
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

// posterize rounds the colours of dots to 64 levels a channel and leaves the
// ground as it is: no eye sees it, and a crowded image takes a fifth less.
func posterize(img *image.RGBA, ground rgb) {
	for i := 0; i+3 < len(img.Pix); i += 4 {
		p := img.Pix[i : i+4 : i+4]
		if p[0] == ground.r && p[1] == ground.g && p[2] == ground.b {
			continue
		}
		for k := range 3 {
			p[k] = uint8(min(255, (uint(p[k])+2)&^3))
		}
	}
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

// rounds is in how many rounds the shuffled order is cut so that dots of one
// colour can be joined: a path for each colour in each round keeps the order
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

func appendInt(b []byte, v int) []byte { return strconv.AppendInt(b, int64(v), 10) }
