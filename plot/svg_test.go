package plot

import (
	"bytes"
	"encoding/xml"
	"image"
	"image/color"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"

	"github.com/semamap/semamap/plot/internal/plottest"
)

// TestTransforms: documents hold coordinates with all transforms applied, and
// Pop takes them back.
func TestTransforms(t *testing.T) {
	draw := func(c vg.Canvas) {
		line := vg.Path{{Type: vg.MoveComp, Pos: vg.Point{X: 10}}, {Type: vg.LineComp, Pos: vg.Point{X: 20, Y: 5}}}
		c.Push()
		c.Translate(vg.Point{X: 100, Y: 50})
		c.Rotate(math.Pi / 2)
		c.Scale(2, 2)
		c.SetLineWidth(1)
		c.Stroke(line) // (20, 0)-(40, 10), turned, moved: (100, 70)-(90, 90)
		c.Pop()
		c.Stroke(line)
	}
	svg := newSVGCanvas(200, 100, 96)
	draw(svg)
	body := string(svg.body)
	for _, want := range []string{`d="M100 30L90 10"`, `stroke-width="2"`, `d="M10 100L20 95"`, `stroke-width="1"`} {
		if !strings.Contains(body, want) {
			t.Errorf("SVG lacks %s:\n%s", want, body)
		}
	}
}

// TestArcsAndCurves: arcs end where they should, on the circle all the way.
func TestArcsAndCurves(t *testing.T) {
	const zoom = 1e8 // so that rounding to two decimals shows nothing
	c := newSVGCanvas(100*zoom, 100*zoom, 96)
	c.Scale(zoom, zoom)
	var p vg.Path
	p.Move(vg.Point{X: 60, Y: 50})
	p.Arc(vg.Point{X: 50, Y: 50}, 10, 0, 1.5*math.Pi)
	p.QuadTo(vg.Point{X: 50, Y: 30}, vg.Point{X: 40, Y: 30})
	p.CubeTo(vg.Point{X: 1, Y: 2}, vg.Point{X: 3, Y: 4}, vg.Point{X: 5, Y: 6})
	p.Close()
	c.trace(p)
	curves := curvesOf(t, string(c.body), 100, zoom)
	if closed := strings.Count(string(c.body), "Z"); len(curves) != 4 || closed != 1 || strings.Count(string(c.body), "Q") != 1 {
		t.Fatalf("%d curves, closed %d times", len(curves), closed)
	}
	at := [2]float64{60, 50}
	for _, b := range curves[:3] { // quarters of the circle
		for s := 0.0; s <= 1; s += 0.1 {
			u := 1 - s
			x := u*u*u*at[0] + 3*u*u*s*b[0][0] + 3*u*s*s*b[1][0] + s*s*s*b[2][0]
			y := u*u*u*at[1] + 3*u*u*s*b[0][1] + 3*u*s*s*b[1][1] + s*s*s*b[2][1]
			if d := math.Hypot(x-50, y-50); math.Abs(d-10) > 0.003 {
				t.Fatalf("the arc is %v from its center", d)
			}
		}
		at = b[2]
	}
	if math.Hypot(at[0]-50, at[1]-40) > 1e-9 {
		t.Errorf("the arc ends at %v", at)
	}
	quad := regexp.MustCompile(`Q(\S+) (\S+) ([-0-9.]+) ([-0-9.]+)`).FindStringSubmatch(string(c.body))
	for i, want := range []float64{50, 70, 40, 70} { // the page's height less y
		if v, err := strconv.ParseFloat(quad[i+1], 64); err != nil || math.Abs(v/zoom-want) > 1e-9 {
			t.Errorf("the curve's numbers are %v, %v", quad[1:], err)
		}
	}
}

// curvesOf reads the curves of path data, with the origin at the lower left of
// a page of the given height, made larger by zoom.
func curvesOf(t *testing.T, data string, height, zoom float64) (curves [][3][2]float64) {
	t.Helper()
	for _, m := range regexp.MustCompile(`C([-0-9. ]+)`).FindAllStringSubmatch(data, -1) {
		var v [6]float64
		for i, f := range strings.Fields(m[1]) {
			x, err := strconv.ParseFloat(f, 64)
			if err != nil {
				t.Fatal(err)
			}
			v[i] = x / zoom
		}
		curves = append(curves, [3][2]float64{{v[0], height - v[1]}, {v[2], height - v[3]}, {v[4], height - v[5]}})
	}
	return curves
}

// TestHoverTitles: each dot has its title up to 6,000 points, none above, and
// an image takes their place above 30,000.
func TestHoverTitles(t *testing.T) {
	for _, tc := range []struct {
		n                     int
		dots                  Dots
		titles, circles, imgs bool
	}{
		{500, 0, true, true, false},
		{500, DotsVector, false, false, false},
		{500, DotsImage, false, false, true},
		{7000, 0, false, false, false},
		{7000, DotsTitled, true, true, false},
		{31000, 0, false, false, true},
		{31000, DotsVector, false, false, false},
	} {
		f := &Figure{Panels: []Panel{panel(plottest.Synth([]string{"a"}, []int{tc.n}, 1))}, Dots: tc.dots, DPI: 72}
		svg := writeSVG(t, f)
		titles := bytes.Count(svg, []byte("<title>")) // the figure has none
		if want := b2i(tc.titles) * tc.n; titles != want {
			t.Errorf("%+v: %d titles", tc, titles)
		}
		if n := bytes.Count(svg, []byte("<circle")); (n >= tc.n) != tc.circles {
			t.Errorf("%+v: %d circles", tc, n)
		}
		if n := bytes.Count(svg, []byte("<image")); (n == 1) != tc.imgs {
			t.Errorf("%+v: %d images", tc, n)
		}
		if !tc.titles && !tc.imgs {
			if n := bytes.Count(svg, []byte("h0")); n < tc.n {
				t.Errorf("%+v: %d dots", tc, n)
			}
		}
	}
}

// TestSVGText: each text keeps its measured width, and its content.
func TestSVGText(t *testing.T) {
	f := study("domain", 1, true)
	l, err := f.layout(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	d := xml.NewDecoder(bytes.NewReader(writeSVG(t, f)))
	var got []string
	for {
		tok, err := d.Token()
		if err != nil {
			break
		}
		if e, ok := tok.(xml.StartElement); ok && e.Name.Local == "text" {
			var s string
			if err := d.DecodeElement(&s, &e); err != nil {
				t.Fatal(err)
			}
			got = append(got, s)
			found := false
			for _, a := range e.Attr {
				found = found || a.Name.Local == "textLength"
			}
			if !found {
				t.Errorf("%q has no textLength", s)
			}
		}
	}
	if len(got) != len(l.texts) {
		t.Errorf("%d texts, want %d", len(got), len(l.texts))
	}
	for i := range min(len(got), len(l.texts)) {
		if got[i] != l.texts[i].text {
			t.Errorf("text %d is %q, want %q", i, got[i], l.texts[i].text)
		}
	}
}

// TestImageLayer: the image within a document shows what the picture shows.
func TestImageLayer(t *testing.T) {
	d, _, _ := someDots(300, 0)
	d.clip = vg.Rectangle{Min: vg.Point{X: 10, Y: 20}, Max: vg.Point{X: 110, Y: 95}}
	d.x, d.y = make([]float32, 300), make([]float32, 300)
	for i := range d.x {
		d.x[i], d.y[i] = float32(i*37%130), float32(i*53%120)
	}
	c := newSVGCanvas(150, 130, 144)
	clear := c.dotImage(d)
	d.opaque = true
	white := c.dotImage(d)
	if clear.Rect != image.Rect(0, 0, 200, 150) {
		t.Fatal(clear.Rect)
	}
	full := newImageCanvas(150, 130, 144, color.White)
	full.drawDots(d)
	worst := 0
	for y := range 150 {
		for x := range 200 {
			a, b := clear.RGBAAt(x, y), white.RGBAAt(x, y)
			e := full.img.RGBAAt(x+20, y+70)
			for _, p := range [][2]int{
				{int(a.R) + 255 - int(a.A), int(e.R)}, {int(a.G) + 255 - int(a.A), int(e.G)},
				{int(b.R), int(e.R)}, {int(b.B), int(e.B)},
			} {
				worst = max(worst, p[0]-p[1], p[1]-p[0])
			}
		}
	}
	if worst > 5 { // rounding of 64 levels, and of the blending
		t.Errorf("a pixel differs by %d", worst)
	}
}
