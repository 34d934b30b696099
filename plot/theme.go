package plot

import "image/color"

// A Theme is how a figure looks. Start from [Light], [Dark] or [Plotly] and
// change what should differ. Nil colours are those of Light, but for Frame and
// Grid, where nil means none.
type Theme struct {
	Page   color.Color // behind everything
	Ground color.Color // of a panel
	Frame  color.Color // around a panel
	Grid   color.Color // lines at the ticks
	Ink    color.Color // titles and names
	Muted  color.Color // subtitle, notes, counts and axis titles
	Rest   color.Color // the remainder of TopK

	Palette func(n int) []color.Color // must return n colours; nil means [Palette]
	Order   Order                     // of the dots
	Ticks   bool                      // numbers along the axes of maps
	Edge    bool                      // a thin edge of the ground's colour around dots
	ByFirst bool                      // legend by first appearance instead of by count
	Counts  bool                      // counts in the legend
}

// filled returns the theme with no nil where a colour is needed.
func (t *Theme) filled() *Theme {
	l := Light()
	if t == nil {
		return l
	}
	u := *t
	for _, c := range []struct{ to, from *color.Color }{{&u.Page, &l.Page}, {&u.Ground, &l.Ground}, {&u.Ink, &l.Ink}, {&u.Muted, &l.Muted}, {&u.Rest, &l.Rest}} {
		if *c.to == nil {
			*c.to = *c.from
		}
	}
	return &u
}

func (t *Theme) palette(n int) []color.Color {
	if t.Palette == nil {
		return Palette(n)
	}
	return t.Palette(n)
}

var restColor = hex("d5d8de")

// Light is the default: white ground, thin frame, no ticks, since the numbers
// along the axes of a t-SNE map mean nothing.
func Light() *Theme {
	return &Theme{
		Page: color.White, Ground: color.White, Frame: hex("dddfe3"),
		Ink: hex("1c1f2b"), Muted: hex("6b7080"), Rest: restColor,
		Edge: true, Counts: true,
	}
}

// Dark has light dots on a dark ground. Colours of the default palette that are
// too dark there are replaced, so that each has a contrast of at least 3:1.
func Dark() *Theme {
	return &Theme{
		Page: hex("0f1218"), Ground: hex("0f1218"), Frame: hex("343a46"),
		Ink: hex("eceef2"), Muted: hex("9aa1b0"), Rest: hex("3d434f"),
		Palette: darkPalette, Edge: true, Counts: true,
	}
}

// Plotly imitates plotly's express figures, for comparison with published
// ones: bluish ground, white grid, ticks, its ten colours used again and
// again, categories in order of appearance and drawn block after block.
func Plotly() *Theme {
	return &Theme{
		Page: color.White, Ground: hex("e5ecf6"), Grid: color.White,
		Ink: hex("2a3f5f"), Muted: hex("2a3f5f"), Rest: hex("bcc3cd"),
		Palette: func(n int) []color.Color { return cycle(plotlyColors, n) },
		Order:   Blocks, Ticks: true, ByFirst: true,
	}
}
