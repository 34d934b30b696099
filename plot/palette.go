package plot

import (
	"fmt"
	"image/color"
	"math"
	"strconv"
	"strings"
)

// rgb is an opaque colour.
type rgb struct{ r, g, b uint8 }

func (c rgb) RGBA() (r, g, b, a uint32) {
	return uint32(c.r) * 0x101, uint32(c.g) * 0x101, uint32(c.b) * 0x101, 0xffff
}

func (c rgb) hex() string { return fmt.Sprintf("#%02x%02x%02x", c.r, c.g, c.b) }

func toRGB(c color.Color) rgb {
	if c == nil {
		return rgb{}
	}
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	return rgb{n.R, n.G, n.B}
}

func hex(s string) rgb {
	v, err := strconv.ParseUint(s, 16, 24)
	if err != nil {
		panic("plot: bad colour " + s)
	}
	return rgb{uint8(v >> 16), uint8(v >> 8), uint8(v)}
}

func list(s string) []rgb {
	var p []rgb
	for _, f := range strings.Fields(s) {
		p = append(p, hex(f))
	}
	return p
}

// The default list is [Okabe08] without black and yellow (1.3:1 on white),
// extended farthest-first in OKLab [Ottosson20] with the smallest distance of
// three views (normal, deuteranopia and protanopia by [Machado09]) as the
// measure. To 11 colours it is almost as distinct as Okabe and Ito's own, to
// 18 it serves with labels beside it; beyond that colour alone serves nobody.
var (
	defaultColors = list("0072b2 d55e00 009e73 cc79a7 e69f00 56b4e9 820a78 644628 78e678 8c78fa " +
		"4632aa b41e46 fab4b4 006e00 825a82 00e6dc a0b48c fa8cfa 8c8c00 005a5a")
	// The same for a dark ground: the colours with less than 3:1 on it were
	// chosen anew among those within 60 degrees of their hue, again for the
	// largest of the smallest distances in three views.
	darkColors = list("0072b2 d55e00 009e73 cc79a7 e69f00 56b4e9 6e32fa fafabe 78e678 8c78fa " +
		"d200b4 b43c28 fab4b4 fafa3c 825a82 00e6dc a0b48c fa8cfa 8c8c00 c8fafa")
	// Okabe and Ito (2008), with black last.
	okabeItoColors = list("e69f00 56b4e9 009e73 f0e442 0072b2 d55e00 cc79a7 000000")
	// Petroff (2021), arXiv:2107.02270, ten colours.
	petroffColors = list("3f90da ffa90e bd1f01 94a4a2 832db6 a96b59 e76300 b9ac70 717581 92dadd")
	// Paul Tol, "bright".
	tolColors = list("4477aa ee6677 228833 ccbb44 66ccee aa3377 bbbbbb")
	// plotly.js, the default colorway.
	plotlyColors = list("636efa ef553b 00cc96 ab63fa ffa15a 19d3f3 ff6692 b6e880 ff97ff fecb52")
)

// Palette returns n colours for a light ground, safe for colour-blind readers
// as far as n allows. Palette(m) begins with Palette(n) for m > n, so a new
// category never recolours the others. Beyond 20 colours hues are stepped by
// the golden angle, which tells neighbours apart but not all pairs.
func Palette(n int) []color.Color { return extend(defaultColors, n, 0.42, 0.72) }

func darkPalette(n int) []color.Color {
	p := extend(darkColors, n, 0.62, 0.85)
	ground := hex("0f1218")
	for i, c := range p {
		p[i] = legible(toRGB(c), ground, 3)
	}
	return p
}

// PaletteNames lists what NamedPalette knows.
func PaletteNames() []string { return []string{"default", "okabe-ito", "petroff", "plotly", "tol"} }

// NamedPalette returns n colours of a published palette, used again from the
// start when it has fewer. Unknown names are an error.
func NamedPalette(name string, n int) ([]color.Color, error) {
	switch name {
	case "default":
		return Palette(n), nil
	case "okabe-ito":
		return cycle(okabeItoColors, n), nil
	case "petroff":
		return cycle(petroffColors, n), nil
	case "plotly":
		return cycle(plotlyColors, n), nil
	case "tol":
		return cycle(tolColors, n), nil
	}
	return nil, fmt.Errorf("plot: no palette named %q; there are %s", name, strings.Join(PaletteNames(), ", "))
}

func cycle(p []rgb, n int) []color.Color {
	out := make([]color.Color, max(0, n))
	for i := range out {
		out[i] = p[i%len(p)]
	}
	return out
}

// extend continues a table with hues a golden angle apart, on three levels of
// lightness between lo and hi.
func extend(p []rgb, n int, lo, hi float64) []color.Color {
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
		out[i] = oklab{l, chroma * math.Cos(h), chroma * math.Sin(h)}.rgb()
	}
	return out
}

// oklab is a colour in the space of [Ottosson20].
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

func (c rgb) oklab() oklab { return linearToOKLab(linear(c.r), linear(c.g), linear(c.b)) }

func (c oklab) rgb() rgb {
	l := c.l + 0.3963377774*c.a + 0.2158037573*c.b
	m := c.l - 0.1055613458*c.a - 0.0638541728*c.b
	s := c.l - 0.0894841775*c.a - 1.2914855480*c.b
	l, m, s = l*l*l, m*m*m, s*s*s
	return rgb{
		gamma(4.0767416621*l - 3.3077115913*m + 0.2309699292*s),
		gamma(-1.2684380046*l + 2.6097574011*m - 0.3413193965*s),
		gamma(-0.0041960863*l - 0.7034186147*m + 1.7076147010*s),
	}
}

// luminance is WCAG's relative luminance.
func (c rgb) luminance() float64 {
	return 0.2126*linear(c.r) + 0.7152*linear(c.g) + 0.0722*linear(c.b)
}

// contrast is WCAG's contrast ratio of two colours.
func contrast(a, b rgb) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// legible moves a colour's lightness away from the ground's until their
// contrast reaches want, keeping hue and chroma.
func legible(c, ground rgb, want float64) rgb {
	step := 0.01
	if ground.luminance() > 0.18 {
		step = -step
	}
	for o := c.oklab(); contrast(c, ground) < want && o.l > 0 && o.l < 1; c = o.rgb() {
		o.l += step
	}
	return c
}
