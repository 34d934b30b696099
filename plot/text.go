package plot

import (
	"image/color"
	"math"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"

	"github.com/semamap/semamap/plot/internal/kit"
)

// Text is set rune by rune without kerning: Liberation Sans kerns the dot of
// "law.n.01" under the n and squeezes "117", and every back end then needs the
// same widths. Runes stand from left to right, whatever their script.

// A style is a font in use: Liberation Sans, regular or bold, and the fonts for
// what it lacks.
type style struct {
	size float64 // in points
	bold bool
	more []*face
}

func (s style) scaled(f float64) style { s.size *= f; return s }

// styles are those of a figure's texts.
type styles struct {
	title, subtitle, panel, note, legend, legendHead, axis, tick, label style
}

// newStyles returns the styles.
func newStyles(fonts []*opentype.Font) *styles {
	var more []*face
	for _, f := range fonts {
		if f != nil {
			more = append(more, newFace(f))
		}
	}
	return &styles{
		title: style{15, true, more}, subtitle: style{10.5, false, more},
		panel: style{11, true, more}, note: style{9, false, more},
		legend: style{10, false, more}, legendHead: style{10, true, more},
		axis: style{9.5, false, more}, tick: style{8.5, false, more}, label: style{11, true, more},
	}
}

// Shares of the size that text reaches above and below its baseline.
const (
	ascent  = 0.74
	descent = 0.22
)

// A face is a parsed font with the advances of its glyphs, in units of the
// em square.
type face struct {
	font *sfnt.Font
	em   float64

	mu      sync.Mutex
	buf     sfnt.Buffer
	advance map[rune]float64 // below zero: the font lacks the rune
}

func parse(ttf []byte) func() *face {
	return sync.OnceValue(func() *face {
		f, err := opentype.Parse(ttf)
		if err != nil {
			panic(err) // an embedded font
		}
		return newFace(f)
	})
}

func newFace(f *sfnt.Font) *face {
	return &face{font: f, em: float64(f.UnitsPerEm()), advance: make(map[rune]float64)}
}

var (
	regularFace = parse(liberationsansregular.TTF)
	boldFace    = parse(liberationsansbold.TTF)
)

func (s style) face() *face {
	if s.bold {
		return boldFace()
	}
	return regularFace()
}

// width returns the advance of r in ems, and whether the font has r.
func (f *face) width(r rune) (w float64, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w, ok = f.advance[r]
	if !ok {
		w = -1
		if g, err := f.font.GlyphIndex(&f.buf, r); err == nil && g != 0 {
			_, err := f.font.LoadGlyph(&f.buf, g, fixed.Int26_6(f.em), nil)
			if a, err2 := f.font.GlyphAdvance(&f.buf, g, fixed.Int26_6(f.em), 0); err == nil && err2 == nil {
				w = float64(a) / f.em
			}
		}
		if len(f.advance) < 4096 { // hostile text must not fill the memory
			f.advance[r] = w
		}
	}
	return max(w, 0), w >= 0
}

// boxWidth is the advance of the box in place of a rune that no font has.
const boxWidth = 0.66

// find returns the font that has r, and the advance in ems. Without a font it
// is a box, or nothing for runes that show nothing by themselves.
func (s style) find(r rune) (f *face, w float64) {
	f = s.face()
	w, ok := f.width(r)
	if ok {
		return f, w
	}
	for _, f := range s.more {
		if w, ok := f.width(r); ok {
			return f, w
		}
	}
	if unicode.In(r, unicode.Cf, unicode.Variation_Selector) {
		return nil, 0
	}
	return nil, boxWidth
}

func (s style) advance(r rune) float64 {
	_, w := s.find(r)
	return w
}

// plain says whether Liberation Sans has all of a text.
func (s style) plain(text string) bool {
	for _, r := range text {
		if _, ok := s.face().width(r); !ok {
			return false
		}
	}
	return true
}

// width returns the width of a line of text, in points.
func (s style) width(text string) float64 {
	var w float64
	for _, r := range text {
		w += s.advance(r)
	}
	return w * s.size
}

// outline returns the outlines of a line of text whose baseline starts at a
// place and runs in the direction of angle, with the fonts and advances that
// find returns.
func outline(text string, size float64, at vg.Point, angle float64, find func(rune) (*face, float64)) vg.Path {
	sin, cos := math.Sincos(angle)
	var path vg.Path
	x := 0.0
	for _, r := range text {
		f, w := find(r)
		place := func(u, v float64) vg.Point { // in ems
			u, v = x+u*size, v*size
			return vg.Point{X: at.X + vg.Length(u*cos-v*sin), Y: at.Y + vg.Length(u*sin+v*cos)}
		}
		if f != nil {
			f.trace(&path, r, place)
		} else if w > 0 {
			const edge = 0.06
			for _, c := range [][4]float64{{edge, 0, w - edge, 0.7}, {w - 2*edge, edge, 2 * edge, 0.7 - edge}} { // the inside turns the other way
				path.Move(place(c[0], c[1]))
				path.Line(place(c[2], c[1]))
				path.Line(place(c[2], c[3]))
				path.Line(place(c[0], c[3]))
				path.Close()
			}
		}
		x += w * size
	}
	return path
}

// fillString fills the outlines of a text of gonum's, in its own font.
func fillString(c vg.Canvas, f font.Face, at vg.Point, text string) {
	if f.Face == nil {
		return
	}
	own := newFace(f.Face)
	c.Fill(outline(kit.Display(text), f.Font.Size.Points(), at, 0, func(r rune) (*face, float64) {
		if w, ok := own.width(r); ok {
			return own, w
		}
		return nil, boxWidth
	}))
}

// trace appends the outline of a rune that the font has.
func (f *face) trace(path *vg.Path, r rune, place func(u, v float64) vg.Point) {
	f.mu.Lock()
	defer f.mu.Unlock()
	g, err := f.font.GlyphIndex(&f.buf, r)
	if err != nil {
		return
	}
	segs, err := f.font.LoadGlyph(&f.buf, g, fixed.Int26_6(f.em), nil)
	if err != nil {
		return
	}
	pt := func(p fixed.Point26_6) vg.Point { return place(float64(p.X)/f.em, -float64(p.Y)/f.em) }
	open := false
	for _, sg := range segs {
		switch sg.Op {
		case sfnt.SegmentOpMoveTo:
			if open {
				path.Close()
			}
			path.Move(pt(sg.Args[0]))
			open = true
		case sfnt.SegmentOpLineTo:
			path.Line(pt(sg.Args[0]))
		case sfnt.SegmentOpQuadTo:
			path.QuadTo(pt(sg.Args[0]), pt(sg.Args[1]))
		case sfnt.SegmentOpCubeTo:
			path.CubeTo(pt(sg.Args[0]), pt(sg.Args[1]), pt(sg.Args[2]))
		}
	}
	if open {
		path.Close()
	}
}

// fit shortens a line to the width, with an ellipsis where something is lost.
func (s style) fit(text string, width float64) string {
	if len(text) < 1000 && s.width(text) <= width {
		return text
	}
	w := s.width("…")
	for i, r := range text {
		w += s.advance(r) * s.size
		if w > width {
			if s.width(text[i:]) <= s.width("…") { // the rest is no wider than its ellipsis
				break
			}
			return strings.TrimRight(text[:i], " ") + "…"
		}
	}
	return text
}

// wrap breaks text into at most lines lines of the given width, at blanks
// where it can; what is still too long ends in an ellipsis.
func (s style) wrap(text string, width float64, lines int) []string {
	var out []string
	text = kit.Display(text)
	for text != "" && len(out) < lines-1 && s.width(clip(text)) > width {
		w, cut, blank := 0.0, 0, 0
		for i, r := range text {
			w += s.advance(r) * s.size
			if w > width {
				break
			}
			cut = i + utf8.RuneLen(r)
			if r == ' ' {
				blank = i
			}
		}
		if blank > 0 {
			cut = blank
		}
		if cut == 0 {
			break
		}
		out = append(out, strings.TrimRight(text[:cut], " "))
		text = strings.TrimLeft(text[cut:], " ")
	}
	if text != "" {
		out = append(out, s.fit(text, width))
	}
	return out
}

// clip bounds the work on absurdly long text; no line of a figure holds as
// much.
func clip(s string) string {
	if len(s) > 4096 {
		return s[:4096]
	}
	return s
}

// A textItem is a line of text with its place on the page: the left end of
// its baseline, in points from the top left corner.
type textItem struct {
	text  string
	style style
	color color.Color
	x, y  float64
	up    bool        // runs upwards, as the title of a vertical axis
	halo  color.Color // behind it; nil for none
}

// bounds returns the rectangle a text fills: left, top, right, bottom.
func (t textItem) bounds() box {
	w := t.style.width(t.text)
	if t.up {
		return box{t.x - ascent*t.style.size, t.y - w, t.x + descent*t.style.size, t.y}
	}
	return box{t.x, t.y - ascent*t.style.size, t.x + w, t.y + descent*t.style.size}
}

// A box is a rectangle in points from the top left corner of the page.
type box struct{ x0, y0, x1, y1 float64 }

func (b box) w() float64 { return b.x1 - b.x0 }
func (b box) h() float64 { return b.y1 - b.y0 }

func (b box) overlaps(c box) bool {
	const eps = 1e-6
	return b.x0 < c.x1-eps && c.x0 < b.x1-eps && b.y0 < c.y1-eps && c.y0 < b.y1-eps
}

func (b box) contains(c box) bool {
	const eps = 1e-6
	return c.x0 >= b.x0-eps && c.y0 >= b.y0-eps && c.x1 <= b.x1+eps && c.y1 <= b.y1+eps
}
