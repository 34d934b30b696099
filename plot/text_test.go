package plot

import (
	"bytes"
	"image"
	"image/png"
	"math"
	"strings"
	"testing"

	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"github.com/semamap/semamap/plot/internal/kit"
)

// goFont has the union sign, which Liberation Sans lacks.
func goFont(t *testing.T) *opentype.Font {
	t.Helper()
	f, err := opentype.Parse(goregular.TTF)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestBox: a rune that no font has is a visible box, hollow, in PNG, SVG and
// PDF, upright and turned; a font that has it draws it instead.
func TestBox(t *testing.T) {
	for _, fonts := range [][]*opentype.Font{nil, {nil, goFont(t)}} {
		f := &Figure{Title: "∪", YLabel: "∪ ∪", Panels: []Panel{{}}, Fonts: fonts, FontSize: 10, DPI: 288}
		l, err := f.layout(200, 200)
		if err != nil {
			t.Fatal(err)
		}
		box := len(fonts) == 0
		var title, up textItem
		for _, x := range l.texts {
			switch {
			case x.up:
				up = x
			case x.text == f.Title:
				title = x
			}
		}
		// Middle of the left edge, of the top edge, and of the rune, as shares
		// of its width and of the size. The union sign is open at the top.
		w := title.style.width(title.text)
		shares := [][2]float64{{0.09 * 15 / w, 0.35}, {0.5, 0.67}, {0.5, 0.35}}
		want := []bool{true, true, false}
		if !box {
			shares, want = [][2]float64{{0.5, 0.67}, {0.5, 0.4}, {0.5, 0.01}}, []bool{false, false, true}
		}

		var b bytes.Buffer
		if err := f.WritePNG(&b, 200, 200); err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(&b)
		if err != nil {
			t.Fatal(err)
		}
		dark := func(img image.Image, x, y float64) bool {
			return kit.ToRGB(img.At(int(x*4), int(y*4))).R < 0x90
		}
		for i, s := range shares {
			if got := dark(img, title.x+s[0]*w, title.y-s[1]*15); got != want[i] {
				t.Errorf("box %v: PNG at %v is inked: %v", box, s, got)
			}
			u := up.style.advance('∪') * up.style.size
			if got := dark(img, up.x-s[1]*up.style.size, up.y-s[0]*u); got != want[i] {
				t.Errorf("box %v: turned, at %v is inked: %v", box, s, got)
			}
		}

		// The same outline in all of them.
		outline := textItem{text: title.text, style: title.style, x: title.x, y: l.h - title.y}.outline()
		contours := 0
		for _, e := range outline {
			if e.Type == vg.MoveComp {
				contours++
			}
		}
		if box && contours != 2 || !box && contours != 1 {
			t.Errorf("box %v: %d contours", box, contours)
		}
		c := newSVGCanvas(vg.Length(l.w), vg.Length(l.h), 96)
		c.trace(outline)
		svg := string(writeSized(t, f.WriteSVG))
		if !strings.Contains(svg, string(c.body)) || !strings.Contains(svg, `<g role="img" aria-label="∪">`) {
			t.Errorf("box %v: SVG lacks %s", box, c.body)
		}
		checkXML(t, []byte(svg))
		content := checkPDF(t, writeSized(t, f.WritePDF))[0]
		start := outline[0].Pos
		if want := pdfPoint(start.X, 200-start.Y) + " m\n"; !bytes.Contains(content, []byte(want)) {
			t.Errorf("box %v: PDF lacks %q", box, want)
		}
	}
}

func pdfPoint(x, y vg.Length) string {
	two := func(v vg.Length) string {
		s := string(appendNum(nil, math.Round(v.Points()*100)/100))
		if !strings.Contains(s, ".") {
			s += "."
		}
		for len(s)-strings.IndexByte(s, '.') < 3 {
			s += "0"
		}
		return s
	}
	return two(x) + " " + two(y)
}

// TestFallbackWidths: text of several fonts takes the sum of its parts, and
// what shows nothing by itself takes no room.
func TestFallbackWidths(t *testing.T) {
	none, some := newStyles(nil).legend, newStyles([]*opentype.Font{goFont(t)}).legend
	if a, b := none.width("A∪B"), none.width("AB")+boxWidth*none.size; math.Abs(a-b) > 1e-9 {
		t.Errorf("with a box: %v, want %v", a, b)
	}
	g, ok := newFace(goFont(t)).width('∪')
	if a, b := some.width("A∪B"), some.width("AB")+g*some.size; !ok || math.Abs(a-b) > 1e-9 {
		t.Errorf("with a font: %v, want %v", a, b)
	}
	if a, b := none.width("A\u200d\ufe0fB"), none.width("AB"); a != b {
		t.Errorf("joiner and variation selector: %v, want %v", a, b)
	}
	if !none.plain("law é Ωд") || none.plain("∪") {
		t.Error("what Liberation Sans has")
	}
}

// TestFontsOnGonumCanvas: Draw has the box and the caller's fonts as well.
func TestFontsOnGonumCanvas(t *testing.T) {
	ink := func(fonts ...*opentype.Font) int {
		f := &Figure{Title: "∪∪∪∪", Panels: []Panel{{}}, Fonts: fonts}
		c := vgimg.New(200, 200)
		if err := f.Draw(draw.New(c)); err != nil {
			t.Fatal(err)
		}
		n := 0
		img := c.Image()
		for y := range img.Bounds().Dy() / 5 {
			for x := range img.Bounds().Dx() {
				n += b2i(kit.ToRGB(img.At(x, y)).R < 0x80)
			}
		}
		return n
	}
	if a, b := ink(), ink(goFont(t)); a < 40 || b < 20 || a == b {
		t.Errorf("%d dark pixels of boxes, %d of letters", a, b)
	}
}
