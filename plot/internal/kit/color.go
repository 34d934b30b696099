package kit

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"
	"strings"
)

// RGB is an opaque color.
type RGB struct{ R, G, B uint8 }

// RGBA implements [color.Color].
func (c RGB) RGBA() (r, g, b, a uint32) {
	return uint32(c.R) * 0x101, uint32(c.G) * 0x101, uint32(c.B) * 0x101, 0xffff
}

// Hex is the color as in CSS.
func (c RGB) Hex() string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// ToRGB drops the opacity of a color; nil is black.
func ToRGB(c color.Color) RGB {
	if c == nil {
		return RGB{}
	}
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	return RGB{n.R, n.G, n.B}
}

// Hex reads six hexadecimal digits.
func Hex(s string) RGB {
	v, err := strconv.ParseUint(s, 16, 24)
	if err != nil {
		panic("plot: bad color " + s)
	}
	return RGB{uint8(v >> 16), uint8(v >> 8), uint8(v)}
}

func list(s string) []RGB {
	var p []RGB
	for _, f := range strings.Fields(s) {
		p = append(p, Hex(f))
	}
	return p
}

// The default list is [Okabe08] without black and yellow (1.3:1 on white),
// extended farthest-first in OKLab [Ottosson20] with the smallest distance of
// three views (normal, deuteranopia and protanopia by [Machado09]) as the
// measure. To 11 colors it is almost as distinct as Okabe and Ito's own, to
// 18 it serves with labels beside it; beyond that color alone serves nobody.
var (
	defaultColors = list("0072b2 d55e00 009e73 cc79a7 e69f00 56b4e9 820a78 644628 78e678 8c78fa " +
		"4632aa b41e46 fab4b4 006e00 825a82 00e6dc a0b48c fa8cfa 8c8c00 005a5a")
	// The same for a dark ground: the colors with less than 3:1 on it were
	// chosen anew among those within 60 degrees of their hue, again for the
	// largest of the smallest distances in three views.
	darkColors = list("0072b2 d55e00 009e73 cc79a7 e69f00 56b4e9 6e32fa fafabe 78e678 8c78fa " +
		"d200b4 b43c28 fab4b4 fafa3c 825a82 00e6dc a0b48c fa8cfa 8c8c00 c8fafa")
	// Okabe and Ito (2008), with black last.
	okabeItoColors = list("e69f00 56b4e9 009e73 f0e442 0072b2 d55e00 cc79a7 000000")
	// Petroff (2021), arXiv:2107.02270, ten colors.
	petroffColors = list("3f90da ffa90e bd1f01 94a4a2 832db6 a96b59 e76300 b9ac70 717581 92dadd")
	// Paul Tol, "bright".
	tolColors = list("4477aa ee6677 228833 ccbb44 66ccee aa3377 bbbbbb")
	// plotly.js, the default colorway.
	plotlyColors = list("636efa ef553b 00cc96 ab63fa ffa15a 19d3f3 ff6692 b6e880 ff97ff fecb52")
)

// Light returns n colors for a light ground. Light(m) begins with Light(n) for
// m > n. Beyond 20 colors hues are stepped by the golden angle, which tells
// neighbors apart but not all pairs.
func Light(n int) []color.Color { return extend(defaultColors, n, 0.42, 0.72) }

// Dark is Light for a dark ground: each color has a contrast of at least 3:1.
func Dark(n int) []color.Color {
	p := extend(darkColors, n, 0.62, 0.85)
	for i, c := range p {
		p[i] = Legible(ToRGB(c), DarkGround, 3)
	}
	return p
}

// Plotly returns n colors of plotly.js.
func Plotly(n int) []color.Color { return cycle(plotlyColors, n) }

// The colors of grounds, of text, and of points that have no color of their
// own.
var (
	LightGround, LightInk, LightRest = Hex("ffffff"), Hex("1c1f2b"), Hex("d5d8de")
	DarkGround, DarkInk, DarkRest    = Hex("0f1218"), Hex("eceef2"), Hex("3d434f")
)

// Palette returns n colors of a published palette, used again from the start
// when it has fewer.
func Palette(name string, n int) ([]color.Color, error) {
	switch name {
	case "default":
		return Light(n), nil
	case "okabe-ito":
		return cycle(okabeItoColors, n), nil
	case "petroff":
		return cycle(petroffColors, n), nil
	case "plotly":
		return Plotly(n), nil
	case "tol":
		return cycle(tolColors, n), nil
	}
	return nil, fmt.Errorf("plot: %w: there is no palette %q, only default, okabe-ito, petroff, plotly and tol", ErrName, name)
}

func cycle(p []RGB, n int) []color.Color {
	out := make([]color.Color, max(0, n))
	for i := range out {
		out[i] = p[i%len(p)]
	}
	return out
}

// extend continues a table with hues a golden angle apart, on three levels of
// lightness between lo and hi.
func extend(p []RGB, n int, lo, hi float64) []color.Color {
	out := make([]color.Color, max(0, n))
	for i := range out {
		if i < len(p) {
			out[i] = p[i]
			continue
		}
		k := i - len(p)
		l := lo + (hi-lo)*float64(k%3)/2
		chroma := 0.09 + 0.05*float64(k/3%2)
		h := math.Mod(float64(k)*137.50776405, 360) * math.Pi / 180
		out[i] = oklab{l, chroma * math.Cos(h), chroma * math.Sin(h)}.RGB()
	}
	return out
}

// oklab is a color in the space of [Ottosson20].
type oklab struct{ l, a, b float64 }

func linear(v uint8) float64 {
	x := float64(v) / 255
	if x <= 0.04045 {
		return x / 12.92
	}
	return math.Pow((x+0.055)/1.055, 2.4)
}

func gamma(x float64) uint8 {
	x = min(1, max(0, x))
	if x <= 0.0031308 {
		x *= 12.92
	} else {
		x = 1.055*math.Pow(x, 1/2.4) - 0.055
	}
	return uint8(math.Round(x * 255))
}

func linearToOKLab(r, g, b float64) oklab {
	l := math.Cbrt(0.4122214708*r + 0.5363325363*g + 0.0514459929*b)
	m := math.Cbrt(0.2119034982*r + 0.6806995451*g + 0.1073969566*b)
	s := math.Cbrt(0.0883024619*r + 0.2817188376*g + 0.6299787005*b)
	return oklab{
		0.2104542553*l + 0.7936177850*m - 0.0040720468*s,
		1.9779984951*l - 2.4285922050*m + 0.4505937099*s,
		0.0259040371*l + 0.7827717662*m - 0.8086757660*s,
	}
}

func (c RGB) oklab() oklab { return linearToOKLab(linear(c.R), linear(c.G), linear(c.B)) }

func (c oklab) RGB() RGB {
	l := c.l + 0.3963377774*c.a + 0.2158037573*c.b
	m := c.l - 0.1055613458*c.a - 0.0638541728*c.b
	s := c.l - 0.0894841775*c.a - 1.2914855480*c.b
	l, m, s = l*l*l, m*m*m, s*s*s
	return RGB{
		gamma(4.0767416621*l - 3.3077115913*m + 0.2309699292*s),
		gamma(-1.2684380046*l + 2.6097574011*m - 0.3413193965*s),
		gamma(-0.0041960863*l - 0.7034186147*m + 1.7076147010*s),
	}
}

// luminance is WCAG's relative luminance.
func (c RGB) luminance() float64 {
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

// Contrast is WCAG's contrast ratio of two colors.
func Contrast(a, b RGB) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// OnDark is a color for a dark ground. Those of the default list have theirs;
// others are lightened until they have a contrast of 3:1.
func OnDark(c color.Color) RGB {
	rgb := ToRGB(c)
	if k := slices.Index(defaultColors, rgb); k >= 0 {
		rgb = darkColors[k]
	}
	return Legible(rgb, DarkGround, 3)
}

// Legible moves a color's lightness away from the ground's until their
// contrast reaches want, keeping hue and chroma.
func Legible(c, ground RGB, want float64) RGB {
	step := 0.01
	if ground.luminance() > 0.18 {
		step = -step
	}
	for o := c.oklab(); Contrast(c, ground) < want && o.l > -0.01 && o.l < 1.01; c = o.RGB() {
		o.l += step
	}
	return c
}
