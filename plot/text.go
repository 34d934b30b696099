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
	"gonum.org/v1/plot/vg"
)

// Text is set rune by rune without kerning: Liberation Sans kerns the dot of
// "law.n.01" under the n and squeezes "117", and every back end then needs the
// same widths.

// A style is a font in use: Liberation Sans, regular or bold.
type style struct {
	size float64 // in points
	bold bool
}

func (s style) scaled(f float64) style { return style{s.size * f, s.bold} }

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
	advance map[rune]float64
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

// width returns the advance of r in ems.
func (f *face) width(r rune) float64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	if w, ok := f.advance[r]; ok {
		return w
	}
	var w float64
	if g, err := f.font.GlyphIndex(&f.buf, r); err == nil {
		if a, err := f.font.GlyphAdvance(&f.buf, g, fixed.Int26_6(f.em), 0); err == nil {
			w = float64(a) / f.em
		}
	}
	if len(f.advance) < 4096 { // hostile text must not fill the memory
		f.advance[r] = w
	}
	return w
}

// width returns the width of a line of text, in points.
func (s style) width(text string) float64 {
	f := s.face()
	var w float64
	for _, r := range text {
		w += f.width(r)
	}
	return w * s.size
}

// outline returns the outlines of a line of text whose baseline starts at the
// origin and runs in the direction of angle.
func (s style) outline(text string, at vg.Point, angle float64) vg.Path {
	return s.face().outline(text, s.size, at, angle)
}

func (f *face) outline(text string, size float64, at vg.Point, angle float64) vg.Path {
	sin, cos := math.Sincos(angle)
	var path vg.Path
	x := 0.0
	for _, r := range text {
		f.mu.Lock()
		g, err := f.font.GlyphIndex(&f.buf, r)
		var segs sfnt.Segments
		if err == nil {
			segs, err = f.font.LoadGlyph(&f.buf, g, fixed.Int26_6(f.em), nil)
		}
		if err == nil {
			pt := func(p fixed.Point26_6) vg.Point {
				u, v := x+float64(p.X)*size/f.em, -float64(p.Y)*size/f.em
				return vg.Point{X: at.X + vg.Length(u*cos-v*sin), Y: at.Y + vg.Length(u*sin+v*cos)}
			}
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
		f.mu.Unlock()
		x += f.width(r) * size
	}
	return path
}

// display makes a string fit to be shown on one line: valid UTF-8, white
// space as single blanks, no control characters.
func display(s string) string {
	plain := true
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= 0x7f || c == ' ' && (i == 0 || i == len(s)-1 || s[i-1] == ' ') {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), r == '\uFEFF', r == 0xfffe, r == 0xffff:
			return -1
		case '\u202a' <= r && r <= '\u202e', '\u2066' <= r && r <= '\u2069':
			return -1 // overrides of direction would turn the text after them
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// fit shortens a line to the width, with an ellipsis where something is lost.
func (s style) fit(text string, width float64) string {
	if len(text) < 1000 && s.width(text) <= width {
		return text
	}
	f := s.face()
	w := f.width('…') * s.size
	for i, r := range text {
		w += f.width(r) * s.size
		if w > width {
			if s.width(text[i:]) <= f.width('…')*s.size { // the rest is no wider than its ellipsis
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
	text = display(text)
	for text != "" && len(out) < lines-1 && s.width(clip(text)) > width {
		w, cut, blank := 0.0, 0, 0
		f := s.face()
		for i, r := range text {
			w += f.width(r) * s.size
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
