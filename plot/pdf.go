package plot

import (
	"bytes"
	"cmp"
	"compress/zlib"
	"fmt"
	"image"
	"image/color"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf16"

	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansregular"
	"golang.org/x/image/font/sfnt"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// WritePDF writes the figure as a PDF document of one page. For sizes and
// errors see [Figure.WritePNG].
func (f *Figure) WritePDF(w io.Writer, width, height vg.Length) error {
	l, err := f.layout(width, height)
	if err != nil {
		return err
	}
	c := newPDFCanvas(vg.Length(l.w), vg.Length(l.h), f.dpi())
	c.title = display(f.Title)
	l.draw(draw.New(c))
	_, err = c.WriteTo(w)
	return err
}

// pdfCanvas writes one page of PDF 1.7. Unlike gonum's it needs no temporary
// files, holds no date, embeds only the glyphs in use, sets any script its
// font has, and draws a dot as a line of no length with a round cap.
type pdfCanvas struct {
	docCanvas
	title  string
	body   []byte
	fonts  [2]pdfFont // regular, bold
	alphas map[uint8]bool
	images []*image.RGBA
	now    color.NRGBA // colour in force in the stream
	set    bool        // a colour has been set
}

// pdfFont collects the glyphs in use, each with a rune it stands for.
type pdfFont struct{ used map[sfnt.GlyphIndex]rune }

// NewPDF returns a canvas that writes a PDF document of one page. Text of
// gonum's own is drawn as outlines. Images of dots have the given dots per
// inch. Sizes that are not positive make it panic.
func NewPDF(width, height vg.Length, dpi int) vg.CanvasWriterTo {
	return newPDFCanvas(width, height, dpi)
}

func newPDFCanvas(w, h vg.Length, dpi int) *pdfCanvas {
	return &pdfCanvas{docCanvas: newDocCanvas(w, h, dpi), alphas: make(map[uint8]bool)}
}

func (c *pdfCanvas) op(format string, args ...any) { c.body = fmt.Appendf(c.body, format, args...) }

func (c *pdfCanvas) nums(op string, v ...float64) {
	for _, x := range v {
		c.body = append(appendNum(c.body, x), ' ')
	}
	c.body = append(append(c.body, op...), '\n')
}

// paint sets the colour for filling and drawing.
func (c *pdfCanvas) paint(col color.NRGBA) {
	if c.set && c.now == col {
		return
	}
	part := func(v uint8) float64 { return float64(v) / 255 }
	for _, op := range []string{"rg", "RG"} {
		for _, v := range []uint8{col.R, col.G, col.B} {
			c.body = append(appendFixed(c.body, part(v), 3), ' ')
		}
		c.body = append(append(c.body, op...), '\n')
	}
	c.alphas[col.A] = true
	c.op("/A%d gs\n", col.A)
	c.now, c.set = col, true
}

// pdfPen writes path operators.
type pdfPen struct{ c *pdfCanvas }

func (p pdfPen) moveTo(a [2]float64)        { p.c.nums("m", a[0], a[1]) }
func (p pdfPen) lineTo(a [2]float64)        { p.c.nums("l", a[0], a[1]) }
func (p pdfPen) curveTo(a, b, e [2]float64) { p.c.nums("c", a[0], a[1], b[0], b[1], e[0], e[1]) }
func (p pdfPen) close()                     { p.c.op("h\n") }

func (c *pdfCanvas) Fill(p vg.Path) {
	c.paint(c.cur.color)
	c.trace(p, pdfPen{c})
	c.op("f\n")
}

func (c *pdfCanvas) Stroke(p vg.Path) {
	if c.cur.width <= 0 {
		return
	}
	c.paint(c.cur.color)
	c.nums("w", c.cur.width*c.scale())
	if len(c.cur.dash) > 0 {
		c.op("[")
		for _, d := range c.cur.dash {
			c.body = append(appendNum(c.body, d.Points()*c.scale()), ' ')
		}
		c.op("] ")
		c.nums("d", c.cur.offset.Points()*c.scale())
	}
	c.trace(p, pdfPen{c})
	c.op("S\n")
	if len(c.cur.dash) > 0 {
		c.op("[] 0 d\n")
	}
}

// FillString draws text of gonum's as outlines.
func (c *pdfCanvas) FillString(f font.Face, pt vg.Point, s string) {
	if f.Face == nil || f.Font.Size == 0 {
		return
	}
	c.Fill(newFace(f.Face).outline(visual(display(s)), f.Font.Size.Points(), pt, 0))
}

func (c *pdfCanvas) drawText(t textItem) {
	at := c.point(t.x, t.y)
	m := c.cur.m
	if t.up {
		m[0], m[1], m[2], m[3] = m[2], m[3], -m[0], -m[1]
	}
	k := b2i(t.style.bold)
	if c.fonts[k].used == nil {
		c.fonts[k].used = make(map[sfnt.GlyphIndex]rune)
	}
	f := t.style.face()
	var glyphs []byte
	f.mu.Lock()
	for _, r := range visual(t.text) {
		g, err := f.font.GlyphIndex(&f.buf, r)
		if err != nil {
			g = 0
		}
		if _, ok := c.fonts[k].used[g]; !ok {
			c.fonts[k].used[g] = r
		}
		glyphs = fmt.Appendf(glyphs, "%04x", g)
	}
	f.mu.Unlock()
	if t.halo != nil { // as outlines, so that a search finds the text once
		angle := 0.0
		if t.up {
			angle = halfPi
		}
		c.Push()
		c.SetColor(t.halo)
		c.SetLineWidth(vg.Length(haloWidth(t.style.size)))
		c.SetLineDash(nil, 0)
		c.op("1 j\n")
		c.Stroke(t.style.outline(visual(t.text), vg.Point{X: vg.Length(t.x), Y: vg.Length(t.y)}, angle))
		c.op("0 j\n")
		c.Pop()
	}
	c.paint(color.NRGBAModel.Convert(t.color).(color.NRGBA))
	c.op("BT /F%d ", k)
	c.nums("Tf", t.style.size)
	for _, v := range m[:4] {
		c.body = append(appendFixed(c.body, v, 4), ' ')
	}
	c.nums("Tm", at[0], at[1])
	c.op("<%s> Tj ET\n", glyphs)
}

// DrawImage implements vg.Canvas.
func (c *pdfCanvas) DrawImage(rect vg.Rectangle, img image.Image) {
	p, ok := img.(*image.RGBA)
	if !ok || p.Rect.Min != (image.Point{}) || p.Stride != 4*p.Rect.Dx() {
		b := img.Bounds()
		p = image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
		for y := range b.Dy() {
			for x := range b.Dx() {
				p.Set(x, y, img.At(b.Min.X+x, b.Min.Y+y))
			}
		}
	}
	m, s := c.cur.m, rect.Size()
	at := c.point(rect.Min.X.Points(), rect.Min.Y.Points())
	w, h := s.X.Points(), s.Y.Points()
	c.alphas[255] = true
	c.op("q /A255 gs ")
	c.nums("cm", m[0]*w, m[1]*w, m[2]*h, m[3]*h, at[0], at[1])
	c.op("/I%d Do Q\n", len(c.images))
	c.images = append(c.images, p)
}

func (c *pdfCanvas) drawDots(d *dots) {
	switch {
	case c.moved():
		stampPaths(c, d)
		return
	case d.image:
		c.DrawImage(d.clip, c.dotImage(d))
		return
	}
	a := uint8(math.Round(d.alpha * 255))
	c.op("1 J\n")
	d.inRounds(func(k int, dots []int32) {
		path := func(col rgb, r float64) {
			c.paint(color.NRGBA{col.r, col.g, col.b, a})
			c.nums("w", 2*r)
			for _, i := range dots {
				x, y := float64(d.x[i]), float64(d.y[i])
				c.nums("m", x, y)
				c.nums("l", x, y)
			}
			c.op("S\n")
		}
		r := d.radius[k]
		if d.edge > 0 {
			path(d.ground, r*(1+d.edge))
		}
		path(d.colors[k], r)
	})
	c.op("0 J\n")
}

// pdfFile numbers objects and remembers where they begin.
type pdfFile struct {
	countWriter
	offsets []int64
}

func (f *pdfFile) object(body string) int {
	f.offsets = append(f.offsets, f.n)
	f.write(fmt.Appendf(nil, "%d 0 obj\n%s\nendobj\n", len(f.offsets), body))
	return len(f.offsets)
}

func (f *pdfFile) stream(dict string, raw []byte) int {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write(raw) // a Buffer does not fail
	_ = z.Close()
	return f.object(fmt.Sprintf("<< %s /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream", dict, b.Len(), b.Bytes()))
}

// WriteTo writes the document.
func (c *pdfCanvas) WriteTo(w io.Writer) (int64, error) {
	f := &pdfFile{countWriter: countWriter{w: w}}
	f.write([]byte("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"))
	var res strings.Builder
	res.WriteString("<< ")
	if len(c.alphas) > 0 {
		res.WriteString("/ExtGState << ")
		for _, a := range slices.Sorted(maps.Keys(c.alphas)) {
			v := string(appendFixed(nil, float64(a)/255, 3))
			fmt.Fprintf(&res, "/A%d << /ca %s /CA %s >> ", a, v, v)
		}
		res.WriteString(">> ")
	}
	res.WriteString("/Font << ")
	for k := range c.fonts {
		if c.fonts[k].used != nil {
			fmt.Fprintf(&res, "/F%d %d 0 R ", k, c.fonts[k].write(f, k == 1))
		}
	}
	res.WriteString(">> ")
	if len(c.images) > 0 {
		res.WriteString("/XObject << ")
		for i, img := range c.images {
			fmt.Fprintf(&res, "/I%d %d 0 R ", i, f.image(img))
		}
		res.WriteString(">> ")
	}
	res.WriteString(">>")
	content := f.stream("", c.body)
	page := len(f.offsets) + 1
	f.object(fmt.Sprintf("<< /Type /Page /Parent %d 0 R /MediaBox [0 0 %s %s] /Resources %s /Contents %d 0 R /Group << /S /Transparency /CS /DeviceRGB >> >>",
		page+1, appendNum(nil, c.w.Points()), appendNum(nil, c.h.Points()), res.String(), content))
	f.object(fmt.Sprintf("<< /Type /Pages /Kids [%d 0 R] /Count 1 >>", page))
	root := f.object(fmt.Sprintf("<< /Type /Catalog /Pages %d 0 R /ViewerPreferences << /DisplayDocTitle true >> >>", page+1))
	info := f.object(fmt.Sprintf("<< /Title <%s> >>", utf16hex("\uFEFF"+c.title)))
	xref := f.n
	f.write(fmt.Appendf(nil, "xref\n0 %d\n0000000000 65535 f \n", len(f.offsets)+1))
	for _, o := range f.offsets {
		f.write(fmt.Appendf(nil, "%010d 00000 n \n", o))
	}
	f.write(fmt.Appendf(nil, "trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(f.offsets)+1, root, info, xref))
	return f.n, f.err
}

func utf16hex(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	return b.String()
}

// image writes an image, with its transparency if it has any.
func (f *pdfFile) image(img *image.RGBA) int {
	n := img.Rect.Dx() * img.Rect.Dy()
	dict := fmt.Sprintf("/Type /XObject /Subtype /Image /Width %d /Height %d /BitsPerComponent 8", img.Rect.Dx(), img.Rect.Dy())
	raw := make([]byte, 0, 3*n)
	mask := make([]byte, 0, n)
	opaque := true
	for i := 0; i < 4*n; i += 4 {
		p := img.Pix[i : i+4]
		a := uint32(p[3])
		if mask = append(mask, p[3]); a == 255 || a == 0 {
			raw = append(raw, p[:3]...)
		} else { // undo the multiplication by alpha
			for _, v := range p[:3] {
				raw = append(raw, uint8(min(255, (uint32(v)*255+a/2)/a)))
			}
		}
		opaque = opaque && a == 255
	}
	dict3 := dict + " /ColorSpace /DeviceRGB"
	if !opaque {
		dict3 += fmt.Sprintf(" /SMask %d 0 R", f.stream(dict+" /ColorSpace /DeviceGray", mask))
	}
	return f.stream(dict3, raw)
}

// write writes the font with the glyphs in use and returns its object.
func (p *pdfFont) write(f *pdfFile, bold bool) int {
	name, ttf, s := "LiberationSans", liberationsansregular.TTF, style{1, false}
	if bold {
		name, ttf, s = "LiberationSans-Bold", liberationsansbold.TTF, style{1, true}
	}
	gids := slices.SortedFunc(maps.Keys(p.used), func(a, b sfnt.GlyphIndex) int { return cmp.Compare(a, b) })
	sub := subset(ttf, gids)
	file := f.stream(fmt.Sprintf("/Length1 %d", len(sub)), sub)
	name = "SEMMAP+" + name // any six letters mark a subset
	desc := f.object(fmt.Sprintf("<< /Type /FontDescriptor /FontName /%s /Flags 4 /FontBBox [-544 -303 1302 981] /ItalicAngle 0 /Ascent 905 /Descent -212 /CapHeight 729 /StemV %d /FontFile2 %d 0 R >>",
		name, 80+60*b2i(bold), file))
	var widths, unicode strings.Builder
	for _, g := range gids {
		fmt.Fprintf(&widths, "%d [%s] ", g, appendFixed(nil, s.face().width(p.used[g])*1000, 1))
		fmt.Fprintf(&unicode, "<%04X> <%s>\n", g, utf16hex(string(p.used[g])))
	}
	cid := f.object(fmt.Sprintf("<< /Type /Font /Subtype /CIDFontType2 /BaseFont /%s /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor %d 0 R /DW 500 /W [%s] /CIDToGIDMap /Identity >>",
		name, desc, widths.String()))
	var blocks strings.Builder // at most 100 entries each
	lines := strings.SplitAfter(strings.TrimSuffix(unicode.String(), "\n"), "\n")
	for part := range slices.Chunk(lines, 100) {
		fmt.Fprintf(&blocks, "%d beginbfchar\n%s\nendbfchar\n", len(part), strings.TrimSuffix(strings.Join(part, ""), "\n"))
	}
	cmap := f.stream("", []byte("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"+
		"/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"+
		"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"+blocks.String()+
		"endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"))
	return f.object(fmt.Sprintf("<< /Type /Font /Subtype /Type0 /BaseFont /%s /Encoding /Identity-H /DescendantFonts [%d 0 R] /ToUnicode %d 0 R >>", name, cid, cmap))
}
