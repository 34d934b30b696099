package plot

import (
	"image/color"

	"github.com/semamap/semamap/plot/internal/kit"
)

// A Theme is how a figure looks, such as [Dark] or [Plotly].
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

// Dark has light dots on a dark ground. Colors of the default palette that are
// too dark there are replaced, so that each has a contrast of at least 3:1.
func Dark() *Theme {
	return &Theme{
		page: kit.DarkGround, ground: kit.DarkGround, frame: kit.Hex("343a46"),
		ink: kit.DarkInk, muted: kit.Hex("9aa1b0"), rest: kit.DarkRest,
		palette: kit.Dark, edge: true, counts: true,
	}
}

// Plotly imitates plotly's express figures, for comparison with published
// ones: bluish ground, white grid, ticks, its ten colors used again and again,
// categories in order of appearance and drawn one after another, so that the
// last ones hide the first.
func Plotly() *Theme {
	return &Theme{
		page: kit.Hex("ffffff"), ground: kit.Hex("e5ecf6"), grid: kit.Hex("ffffff"),
		ink: kit.Hex("2a3f5f"), muted: kit.Hex("2a3f5f"), rest: kit.Hex("bcc3cd"),
		palette: kit.Plotly, blocks: true, ticks: true, byFirst: true,
	}
}

// Palette returns n colors of a published palette for [Figure.Palette]:
// "default", "okabe-ito", "petroff", "plotly" or "tol". A palette that has
// fewer is used again from the start. "default" goes on without end, and its
// first colors are the same for every n, so that a new category never recolors
// the others. Errors wrap [ErrName].
func Palette(name string, n int) ([]color.Color, error) { return kit.Palette(name, n) }
