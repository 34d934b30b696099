package plot

import (
	"image/color"

	"github.com/semamap/semamap/plot/internal/kit"
)

// A Theme is the look of a figure; [Dark] and [Plotly] return one. A nil *Theme is
// the default, dark dots and text on white.
type Theme struct {
	page   kit.RGB     // behind everything
	ground kit.RGB     // of a panel
	ink    kit.RGB     // titles and names
	muted  kit.RGB     // subtitle, notes, counts and axis titles
	rest   kit.RGB     // points without a color of their own
	frame  color.Color // around a panel; nil for none
	grid   color.Color // lines at the ticks; nil for none

	palette func(n int) []color.Color // of n categories
	blocks  bool                      // dots category after category, not shuffled
	ticks   bool                      // numbers along the axes of maps
	edge    bool                      // a thin edge of the ground's color around dots
	byFirst bool                      // legend by first appearance instead of by count
	counts  bool                      // counts in the legend
	dark    bool                      // a dark ground
}

// light is the default: white ground, thin frame, no ticks, since the numbers
// along the axes of a t-SNE map mean nothing.
func light() *Theme {
	return &Theme{
		page: kit.LightGround, ground: kit.LightGround, frame: kit.Hex("dddfe3"),
		ink: kit.LightInk, muted: kit.Hex("6b7080"), rest: kit.LightRest,
		palette: kit.Light, edge: true, counts: true,
	}
}

// orLight returns the theme, or the default for nil.
func (t *Theme) orLight() *Theme {
	if t == nil || t.palette == nil {
		return light()
	}
	return t
}

// Dark returns a theme with light dots and text on a dark background. Its palette
// is the default one with the dark colors replaced, so that each has a contrast of
// at least 3:1.
func Dark() *Theme {
	return &Theme{
		page: kit.DarkGround, ground: kit.DarkGround, frame: kit.Hex("343a46"),
		ink: kit.DarkInk, muted: kit.Hex("9aa1b0"), rest: kit.DarkRest,
		palette: kit.Dark, edge: true, counts: true, dark: true,
	}
}

// Plotly returns a theme that imitates figures of plotly express, for comparison
// with published ones: bluish background, white grid, ticks, and plotly's ten
// colors, which repeat. Categories are listed in order of appearance and drawn one
// after another, so later ones hide earlier ones.
func Plotly() *Theme {
	return &Theme{
		page: kit.Hex("ffffff"), ground: kit.Hex("e5ecf6"), grid: kit.Hex("ffffff"),
		ink: kit.Hex("2a3f5f"), muted: kit.Hex("2a3f5f"), rest: kit.Hex("bcc3cd"),
		palette: kit.Plotly, blocks: true, ticks: true, byFirst: true,
	}
}

// Palette returns n colors of a named palette, for the field Palette of a
// [Figure]: "default", "okabe-ito", "petroff", "plotly" or "tol". If a palette has
// fewer than n colors, it repeats; "default" continues with new colors. The first
// colors are the same for every n, so a new category never recolors the others. If
// there is no such palette, the error wraps [ErrName].
func Palette(name string, n int) ([]color.Color, error) { return kit.Palette(name, n) }
