package plot

import (
	"bytes"
	"image/color"
	"io"
	"regexp"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgpdf"
)

// WritePDF writes the figure as a PDF document of one page, with all text as
// outlines. For sizes and errors see [Figure.WritePNG].
func (f *Figure) WritePDF(w io.Writer, width, height vg.Length) error {
	l, err := f.layout(width, height)
	if err != nil {
		return err
	}
	c := &pdfCanvas{vgpdf.New(vg.Length(l.w), vg.Length(l.h))}
	page := draw.New(c)
	if f.Dots == DotsImage || f.Dots == 0 && l.joint.dots > maxVectorPDF {
		img, err := l.paint()
		if err != nil {
			return err
		}
		l.draw(draw.New(img), underlay)
		c.Push() // vgpdf draws images upside down
		c.Translate(vg.Point{Y: vg.Length(l.h)})
		c.Scale(1, -1)
		c.DrawImage(page.Rectangle, img.img)
		c.Pop()
		l.draw(page, overlay)
	} else {
		l.draw(page, allParts)
	}
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return err
	}
	_, err = w.Write(undated(b.Bytes()))
	return err
}

var pdfDate = regexp.MustCompile(`/(Creation|Mod)Date \(D:[0-9]*\)`)

// undated blanks out the dates in a document, so that a figure has the same
// bytes whenever it is written. Everything keeps its place.
func undated(b []byte) []byte {
	return pdfDate.ReplaceAllFunc(b, func(d []byte) []byte { return bytes.Repeat([]byte(" "), len(d)) })
}

// pdfCanvas is vgpdf's with half-transparent colors and text as outlines.
type pdfCanvas struct{ *vgpdf.Canvas }

// SetColor undoes the multiplication by alpha, which vgpdf takes for color.
func (c *pdfCanvas) SetColor(col color.Color) {
	if col == nil {
		col = color.Black
	}
	c.Canvas.SetColor(straight(color.NRGBAModel.Convert(col).(color.NRGBA)))
}

type straight color.NRGBA

func (c straight) RGBA() (r, g, b, a uint32) {
	return uint32(c.R) * 0x101, uint32(c.G) * 0x101, uint32(c.B) * 0x101, uint32(c.A) * 0x101
}

// FillString draws text of gonum's as outlines: vgpdf would write its font to a
// temporary file, and knows Western letters alone.
func (c *pdfCanvas) FillString(f font.Face, pt vg.Point, s string) { fillString(c, f, pt, s) }
