package plot

import (
	"bytes"
	"cmp"
	"compress/flate"
	"context"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"image/color"
	"io"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/plotter"

	"github.com/semamap/semamap/internal/par"
)

// A Viewer is one HTML page to explore N points by: it moves them from layer
// to layer, colours them by one labeling or another, shows the word under the
// pointer and finds words. The page is a single file, asks the network for
// nothing, and follows the reader's light or dark setting.
type Viewer struct {
	Title    string
	Subtitle string
	XLabel   string // title of the horizontal axis
	YLabel   string // title of the vertical axis
	Lang     string // language of the texts, such as "en", the default

	// Words are N texts, shown on hover and searched. Nil means none.
	Words []string

	// Layers are one or more arrangements of the same N points. Each is
	// scaled to fill the map, with equal units on both axes.
	Layers []Layer

	// Labelings are the ways to colour the points. None means one colour.
	Labelings []Labeling

	// Align turns or mirrors each layer onto the one before, as [Align]
	// does, so that points move no further than they must.
	Align bool

	Seed uint64 // of the order in which dots are drawn
}

// A Layer is one arrangement of a Viewer's points.
type Layer struct {
	Name  string       // beside the slider, such as "Layer 3"
	Title string       // replaces the Viewer's title while the layer is shown
	XYs   plotter.XYer // N positions
	Notes []string     // one a labeling, such as its kNN purity; nil for none
}

// A Labeling is one way to colour a Viewer's points.
type Labeling struct {
	Name   string   // such as "Domain": the legend's title
	Labels []string // N labels; a point with an empty one is grey and below the others

	// None names the points without a label in the legend. Empty means "none".
	None string

	// Colors of named categories; the others get the palette's.
	Colors map[string]color.Color

	// rest is a label whose points are drawn as if they had none.
	rest string
}

// page is a viewer's content in the form that the page's script reads.
type page struct {
	Title     string         `json:"title"`
	N         int            `json:"n"`
	Bits      int            `json:"bits"`
	Seed      uint32         `json:"seed"`
	Words     bool           `json:"words"`
	Layers    []pageLayer    `json:"layers"`
	Labelings []pageLabeling `json:"labelings"`
}

type pageLayer struct {
	Name  string   `json:"name"`
	Title string   `json:"title,omitempty"`
	Notes []string `json:"notes,omitempty"`
	From  int      `json:"from"` // rows that the layer has
	To    int      `json:"to"`
}

type pageLabeling struct {
	Name   string   `json:"name"`
	Names  []string `json:"names"`
	Counts []int    `json:"counts"`
	Light  []string `json:"light"`
	Dark   []string `json:"dark"`
	Rest   bool     `json:"rest"`
}

// Above this many coordinates of points the page holds 12 bits of each instead
// of 16: a quarter of a pixel on a large screen.
const maxFine = 3 << 19

//go:embed viewer.html
var viewerHTML string

//go:embed viewer.css
var viewerCSS string

//go:embed viewer.js
var viewerJS string

// WriteHTML writes the page. Errors wrap ErrEmpty (no layers, no points),
// ErrLength or ErrNotFinite and name the layer, labeling and row.
func (v *Viewer) WriteHTML(w io.Writer) error {
	if len(v.Layers) == 0 {
		return fmt.Errorf("plot: viewer: %w: no layers", ErrEmpty)
	}
	layers := make([]plotter.XYs, len(v.Layers))
	for i, l := range v.Layers {
		xys, err := copyXYs(l.XYs)
		if err != nil {
			return fmt.Errorf("viewer: layer %d: %w", i, err)
		}
		if len(xys) != len(layers[0]) && i > 0 {
			return fmt.Errorf("plot: viewer: layer %d: %w: %d points, %d in layer 0", i, ErrLength, len(xys), len(layers[0]))
		}
		if l.Notes != nil && len(l.Notes) != max(1, len(v.Labelings)) {
			return fmt.Errorf("plot: viewer: layer %d: %w: %d notes, %d labelings", i, ErrLength, len(l.Notes), len(v.Labelings))
		}
		if v.Align && i > 0 {
			if xys, err = Align(layers[i-1], xys); err != nil {
				return fmt.Errorf("viewer: layer %d: %w", i, err)
			}
		}
		layers[i] = xys
	}
	ranges := make([][2]int, len(layers))
	for i := range ranges {
		ranges[i] = [2]int{0, len(layers[0])}
	}
	return v.write(w, layers, ranges)
}

// write writes layers that hold the given ranges of the rows each.
func (v *Viewer) write(w io.Writer, layers []plotter.XYs, ranges [][2]int) error {
	n := 0
	for _, r := range ranges {
		n = max(n, r[1])
	}
	if v.Words != nil && len(v.Words) != n {
		return fmt.Errorf("plot: viewer: %w: %d points, %d words", ErrLength, n, len(v.Words))
	}
	p := page{Title: display(v.Title), N: n, Seed: uint32(v.Seed ^ v.Seed>>32), Bits: 16, Words: v.Words != nil}
	total := 0
	for _, r := range ranges {
		total += r[1] - r[0]
	}
	if total > maxFine {
		p.Bits = 12
	}

	// Words in alphabetical order take a quarter less. Rows of which layers
	// hold different ranges stay as they are.
	perm := make([]int, n)
	for i := range perm {
		perm[i] = i
	}
	same := true
	for _, r := range ranges {
		same = same && r == [2]int{0, n}
	}
	if v.Words != nil && same {
		slices.SortStableFunc(perm, func(a, b int) int { return cmp.Compare(v.Words[a], v.Words[b]) })
	}

	// The page's data: what is packed, in the order of the page.
	type part struct {
		id   string
		make func() []byte
	}
	var parts []part
	var text bytes.Buffer
	labelings := v.Labelings
	if len(labelings) == 0 {
		labelings = []Labeling{{Labels: make([]string, n), None: "all"}}
	}
	var cats []byte
	for i, l := range labelings {
		if len(l.Labels) != n {
			return fmt.Errorf("plot: viewer: labeling %d (%q): %w: %d points, %d labels", i, l.Name, ErrLength, n, len(l.Labels))
		}
		pl, category, err := l.page()
		if err != nil {
			return fmt.Errorf("plot: viewer: labeling %d (%q): %w", i, l.Name, err)
		}
		p.Labelings = append(p.Labelings, pl)
		for _, r := range perm {
			cats = append(cats, byte(category[r]))
		}
		if len(pl.Names) > 256 {
			for _, r := range perm {
				cats = append(cats, byte(category[r]>>8))
			}
		}
		writeSummary(&text, pl)
	}
	parts = append(parts, part{"d-cats", func() []byte { return cats }})
	for i, l := range v.Layers {
		from, to := ranges[i][0], ranges[i][1]
		p.Layers = append(p.Layers, pageLayer{Name: display(l.Name), Title: display(l.Title), Notes: displayAll(l.Notes), From: from, To: to})
		parts = append(parts, part{fmt.Sprint("d-layer", i), func() []byte { return quantize(layers[i], perm[from:to], from, p.Bits) }})
	}
	if v.Words != nil {
		parts = append(parts, part{"d-words", func() []byte {
			words := make([]string, n)
			for i, r := range perm {
				words[i] = display(v.Words[r])
			}
			return []byte(strings.Join(words, "\n"))
		}})
	}
	packed := make([][]byte, len(parts))
	// The context is never cancelled, so there is no error to look at.
	_ = par.Blocks(context.Background(), 0, len(parts), 1, func(_, i, _, _ int) {
		packed[i] = pack(parts[i].make())
	})
	var data bytes.Buffer
	for i, d := range packed {
		fmt.Fprintf(&data, "<script type=\"text/plain\" id=%q>%s</script>\n", parts[i].id, d)
	}
	meta, err := json.Marshal(p) // escapes <, > and &
	if err != nil {
		return err
	}
	title := display(v.Title)
	if t := v.Layers[0].Title; t != "" {
		title = display(t)
	}
	lang := v.Lang
	if lang == "" {
		lang = "en"
	}
	// A Replacer looks at the template alone, never at what it has put in.
	_, err = strings.NewReplacer(
		"{{lang}}", html.EscapeString(lang),
		"{{title}}", html.EscapeString(title),
		"{{subtitle}}", html.EscapeString(display(v.Subtitle)),
		"{{x}}", html.EscapeString(display(v.XLabel)),
		"{{y}}", html.EscapeString(display(v.YLabel)),
		"{{css}}", viewerCSS,
		"{{js}}", viewerJS,
		"{{text}}", text.String(),
		"{{meta}}", string(meta),
		"{{data}}", data.String(),
	).WriteString(w, viewerHTML)
	return err
}

func displayAll(s []string) []string {
	var out []string
	for _, v := range s {
		out = append(out, display(v))
	}
	return out
}

// writeSummary writes a labeling's counts as text for screen readers, the
// largest twenty by name.
func writeSummary(b *bytes.Buffer, l pageLabeling) {
	if len(l.Names) < 2 {
		return
	}
	fmt.Fprintf(b, "<p>%s: ", html.EscapeString(cmp.Or(l.Name, "Categories")))
	for i, n := range l.Names {
		if i == 20 && len(l.Names) > 21 {
			fmt.Fprintf(b, "; and %s more", group(len(l.Names)-i))
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(b, "%s %s", html.EscapeString(n), group(l.Counts[i]))
	}
	b.WriteString(".</p>")
}

// page sorts the labels into categories and gives them colours.
func (l Labeling) page() (pageLabeling, []int, error) {
	p := pageLabeling{Name: display(l.Name)}
	category, names := categories(l.Labels)
	rest := -1
	for k, n := range names {
		if n == l.rest { // "" for most
			rest = k
		}
	}
	to := make([]int, len(names))
	light, dark := Palette(len(names)), darkPalette(len(names))
	add := func(k int, name string, lc, dc color.Color) {
		to[k] = len(p.Names)
		if c := l.Colors[names[k]]; c != nil && k != rest {
			lc, dc = c, legible(toRGB(c), toRGB(Dark().Ground), 3)
		}
		p.Names = append(p.Names, legendName(name))
		p.Light = append(p.Light, toRGB(lc).hex())
		p.Dark = append(p.Dark, toRGB(dc).hex())
	}
	for k, n := range names {
		if k != rest {
			at := len(p.Names)
			add(k, n, light[at], dark[at])
		}
	}
	if rest >= 0 {
		name := names[rest]
		if name == "" {
			name = cmp.Or(l.None, "none")
		}
		lc, dc := Light().Rest, Dark().Rest
		if len(names) == 1 { // nothing but points without a label: show them well
			lc, dc = light[0], dark[0]
		}
		p.Rest = len(names) > 1
		add(rest, name, lc, dc)
	}
	if len(p.Names) > math.MaxUint16+1 {
		return p, nil, fmt.Errorf("%w: %d categories, at most %d", ErrSize, len(p.Names), math.MaxUint16+1)
	}
	p.Counts = make([]int, len(p.Names))
	for i, k := range category {
		category[i] = to[k]
		p.Counts[to[k]]++
	}
	return p, category, nil
}

// quantize scales a layer to the unit square, with equal units and centred,
// and returns bits bits of each x, then of each y: the high bytes apart from
// the rest, which compresses better.
func quantize(xys plotter.XYs, rows []int, from, bits int) []byte {
	n := len(rows)
	x0, x1, y0, y1 := (&Points{XYs: xys}).DataRange()
	span := max(x1-x0, y1-y0)
	if !(span > 0) {
		span = 1
	}
	limit := float64(uint(1)<<bits - 1)
	out := make([]byte, 0, 2*n*bits/8+2)
	for axis := range 2 {
		mid := x0/2 + x1/2
		if axis == 1 {
			mid = y0/2 + y1/2
		}
		q := make([]int, n)
		for i, r := range rows {
			v := xys[r-from].X
			if axis == 1 {
				v = xys[r-from].Y
			}
			q[i] = int(math.Round(min(1, max(0, (v-mid)/span+0.5)) * limit))
			out = append(out, byte(q[i]>>(bits-8)))
		}
		if bits == 16 {
			for _, v := range q {
				out = append(out, byte(v))
			}
			continue
		}
		for i := 0; i < n; i += 2 {
			b := byte(q[i] & 15)
			if i+1 < n {
				b |= byte(q[i+1]&15) << 4
			}
			out = append(out, b)
		}
	}
	return out
}

// pack returns bytes as the page holds them: deflate within base64.
func pack(raw []byte) []byte {
	var b bytes.Buffer
	f, _ := flate.NewWriter(&b, flate.DefaultCompression) // the level is a good one
	_, _ = f.Write(raw)                                   // a Buffer does not fail
	_ = f.Close()
	return base64.StdEncoding.AppendEncode(nil, b.Bytes())
}

// WriteHTML writes the figure as a page to explore, with a layer a panel; a
// figure of lines alone becomes a page with its drawing and a table of its
// values. Else all panels need points. Panels that hold the same points (equal labels and hover
// texts) share them and move from layer to layer; else each layer has its own.
// The legend lists all categories unless f.Top is positive. For errors see
// [Viewer.WriteHTML].
func (f *Figure) WriteHTML(w io.Writer) error {
	if len(f.Panels) == 0 {
		return fmt.Errorf("plot: %w: the figure has no panels", ErrEmpty)
	}
	if !slices.ContainsFunc(f.Panels, func(p Panel) bool { return p.Points != nil }) &&
		slices.ContainsFunc(f.Panels, func(p Panel) bool { return len(p.Lines) > 0 }) {
		return f.writeLinePage(w)
	}
	g := *f
	if g.Top == 0 {
		g.Top = -1
	}
	j, err := g.join(Light())
	if err != nil {
		return err
	}
	same := true
	for i, p := range j.points {
		if p == nil || len(p.XYs) == 0 {
			return fmt.Errorf("plot: panel %d: %w: no points", i, ErrEmpty)
		}
		q := j.points[0]
		same = same && slices.Equal(p.Category, q.Category) && slices.Equal(p.Hover, q.Hover)
	}
	v := &Viewer{Title: f.Title, Subtitle: f.subtitle(), XLabel: f.XLabel, YLabel: f.YLabel, Seed: j.points[0].Seed}
	l := Labeling{Name: f.Legend.Title, None: "(no label)", Colors: make(map[string]color.Color)}
	for i, n := range j.points[0].Names {
		l.Colors[n] = j.colors[i]
	}
	var layers []plotter.XYs
	var ranges [][2]int
	n, hover := 0, false
	for _, p := range j.points {
		hover = hover || p.Hover != nil
	}
	for i, p := range j.points {
		if same && i > 0 {
			n = 0
		}
		ranges = append(ranges, [2]int{n, n + len(p.XYs)})
		layers = append(layers, p.XYs)
		n += len(p.XYs)
		v.Layers = append(v.Layers, Layer{Name: panelName(f.Panels[i], i), Notes: []string{f.Panels[i].Note}})
		if same && i > 0 {
			continue
		}
		for r, c := range p.Category {
			l.Labels = append(l.Labels, p.Names[c])
			if hover && p.Hover != nil {
				v.Words = append(v.Words, p.Hover[r])
			} else if hover {
				v.Words = append(v.Words, "")
			}
		}
		if p.Rest {
			l.rest = p.Names[len(p.Names)-1]
		}
	}
	v.Labelings = []Labeling{l}
	return v.write(w, layers, ranges)
}

// writeLinePage writes a figure of lines: the drawing, in light and in dark,
// and its values for those who cannot see it or want to copy them.
func (f *Figure) writeLinePage(w io.Writer) error {
	var b bytes.Buffer
	title := html.EscapeString(display(f.Title))
	fmt.Fprintf(&b, `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>%s</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; }
body { margin: 0; font: 14px/1.4 "Liberation Sans", Arial, Helvetica, sans-serif; background: %s; color: %s; }
svg { display: block; width: 100%%; height: auto; max-height: 100vh; }
.dark { display: none; }
details { margin: 0 18px 18px; }
table { border-collapse: collapse; }
td, th { padding: 2px 12px 2px 0; text-align: left; font-variant-numeric: tabular-nums; }
@media (prefers-color-scheme: dark) { body { background: %s; color: %s; } .light { display: none; } .dark { display: block; } }
</style>
</head>
<body>
`, title, toRGB(Light().Page).hex(), toRGB(Light().Ink).hex(), toRGB(Dark().Page).hex(), toRGB(Dark().Ink).hex())
	for _, v := range []struct {
		class string
		theme *Theme
	}{{"light", f.Theme}, {"dark", Dark()}} {
		g := *f
		g.Theme = v.theme
		fmt.Fprintf(&b, "<div class=%q>\n", v.class)
		if err := g.WriteSVG(&b, 0, 0); err != nil {
			return err
		}
		b.WriteString("</div>\n")
	}
	b.WriteString("<details><summary>Values</summary>\n")
	for i, pn := range f.Panels {
		for _, l := range pn.Lines {
			fmt.Fprintf(&b, "<table><caption>%s</caption>\n<tr><th>%s</th><th>%s</th><th>from</th><th>to</th></tr>\n",
				html.EscapeString(display(strings.TrimSpace(panelName(pn, i)+" "+l.Name))), html.EscapeString(cmp.Or(display(f.XLabel), "x")), html.EscapeString(cmp.Or(display(f.YLabel), "y")))
			for r, p := range l.XYs {
				fmt.Fprintf(&b, "<tr><td>%.6g</td><td>%.6g</td>", p.X, p.Y)
				if len(l.Lo) == len(l.XYs) && len(l.Hi) == len(l.XYs) {
					fmt.Fprintf(&b, "<td>%.6g</td><td>%.6g</td>", l.Lo[r], l.Hi[r])
				}
				b.WriteString("</tr>\n")
			}
			b.WriteString("</table>\n")
		}
	}
	b.WriteString("</details>\n</body>\n</html>\n")
	_, err := w.Write(b.Bytes())
	return err
}
