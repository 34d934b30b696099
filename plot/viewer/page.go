package viewer

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"math"
	"slices"
	"strings"
	"sync"

	"gonum.org/v1/plot/plotter"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/plot"
	"github.com/semamap/semamap/plot/internal/kit"
)

//go:embed viewer.html
var viewerHTML string

//go:embed viewer.css
var viewerCSS string

// The scripts are joined into one.
//
//go:embed *.js
var scripts embed.FS

var viewerJS = sync.OnceValue(func() string {
	var js strings.Builder
	for _, name := range []string{"data", "draw", "place", "move", "legend", "find", "pick", "main"} {
		b, err := scripts.ReadFile(name + ".js")
		if err != nil {
			panic(err) // an embedded file
		}
		js.Write(b)
	}
	return js.String()
})

// A Page is an interactive page. Only Views must be set.
type Page struct {
	// Views are one or more ways to color the same points, such as by topic
	// and by part of speech. Readers choose one by its Figure.Legend. Panels
	// become layers; each view must have the same number.
	//
	// Titles, positions, hover texts and seed are taken from the first view.
	// From the others, only Legend, Unlabeled, Colors, Palette, Top, MaxNames
	// and their panels' Labels, Values and Note are used. The search looks in
	// Panel.Hover.
	//
	// The legend lists all categories unless Top is positive. If there are
	// more than 20, the ten largest are in color and the others gray until the
	// reader asks for more; a negative Top colors all.
	//
	// If the panels of each view have equal labels and hover texts, they show
	// the same points, which move from layer to layer. Otherwise each layer
	// has its own points.
	//
	// A single view that has lines and no points becomes a page with its
	// drawing and a table of its values.
	Views []*plot.Figure

	// Titles are the titles of the page, one per layer, each shown with its
	// layer. Nil means the figure's title for all layers.
	Titles []string

	// Lang is the language of the texts. Empty means "en".
	Lang string
}

// WriteHTML writes the page. Errors wrap [plot.ErrEmpty] (no views, no panels,
// no points), [plot.ErrLength], [plot.ErrNotFinite] or [plot.ErrSize] (above
// 65,536 categories) and name the view, the layer and the point.
func (p *Page) WriteHTML(w io.Writer) error {
	if len(p.Views) == 0 || len(p.Views[0].Panels) == 0 {
		return fmt.Errorf("viewer: %w: no views, or no panels", plot.ErrEmpty)
	}
	if f := p.Views[0]; len(p.Views) == 1 && onlyLines(f) {
		return p.writeLines(w, f)
	}
	d, err := p.data()
	if err != nil {
		return fmt.Errorf("viewer: %w", err)
	}
	return d.write(w, p)
}

func onlyLines(f *plot.Figure) bool {
	return !slices.ContainsFunc(f.Panels, func(p plot.Panel) bool { return p.XYs != nil }) &&
		slices.ContainsFunc(f.Panels, func(p plot.Panel) bool { return len(p.Lines) > 0 })
}

// data are the points of a page.
type data struct {
	n         int // rows
	layers    []layer
	words     []string // one a row, or nil
	labelings []labeling
	align     bool
}

// A layer has the rows from ≤ row < to.
type layer struct {
	xys      plotter.XYs
	from, to int
}

// A labeling has the labels of all rows.
type labeling struct {
	figure *plot.Figure
	labels []string
	values []float64 // instead of labels; nil for none
}

// data checks the views and brings their panels into common rows.
func (p *Page) data() (*data, error) {
	first := p.Views[0]
	d := &data{align: first.Align && len(first.Panels) > 1}
	if p.Titles != nil && len(p.Titles) != len(first.Panels) {
		return nil, fmt.Errorf("%w: %d titles, %d layers", plot.ErrLength, len(p.Titles), len(first.Panels))
	}
	for i, pn := range first.Panels {
		xys, err := kit.Copy(pn.XYs)
		if err != nil {
			return nil, fmt.Errorf("layer %d: %w", i, err)
		}
		if d.align && i > 0 {
			before := d.layers[i-1].xys
			if len(before) != len(xys) {
				return nil, fmt.Errorf("layer %d: align: %w: %d and %d points", i, plot.ErrLength, len(before), len(xys))
			}
			xys = kit.Align(before, xys)
		}
		d.layers = append(d.layers, layer{xys: xys})
	}
	shared := true
	for v, f := range p.Views {
		if len(f.Panels) != len(d.layers) {
			return nil, fmt.Errorf("view %d: %w: %d panels, %d layers", v, plot.ErrLength, len(f.Panels), len(d.layers))
		}
		for i, pn := range f.Panels {
			n := len(d.layers[i].xys)
			if l := len(pn.Labels); pn.Labels != nil && l != n {
				return nil, fmt.Errorf("view %d, layer %d: %w: %d points, %d labels", v, i, plot.ErrLength, n, l)
			}
			if l := len(pn.Hover); pn.Hover != nil && l != n {
				return nil, fmt.Errorf("view %d, layer %d: %w: %d points, %d hover texts", v, i, plot.ErrLength, n, l)
			}
			if l := len(pn.Values); pn.Values != nil && l != n {
				return nil, fmt.Errorf("view %d, layer %d: %w: %d points, %d values", v, i, plot.ErrLength, n, l)
			}
			shared = shared && n == len(d.layers[0].xys) && slices.EqualFunc(pn.Values, f.Panels[0].Values, sameNumber) && slices.Equal(pn.Labels, f.Panels[0].Labels) &&
				(v > 0 || slices.Equal(pn.Hover, f.Panels[0].Hover))
		}
	}
	panels := len(d.layers) // of which the rows are
	if shared {
		panels = 1
	}
	for i := range d.layers {
		if l := &d.layers[i]; i < panels {
			l.from, l.to = d.n, d.n+len(l.xys)
			d.n = l.to
		} else {
			l.from, l.to = 0, d.n
		}
	}
	// rows joins texts of panels, where one is missing with empty ones; nil
	// when all are.
	rows := func(f *plot.Figure, of func(plot.Panel) []string) []string {
		if !slices.ContainsFunc(f.Panels, func(p plot.Panel) bool { return of(p) != nil }) {
			return nil
		}
		all := make([]string, 0, d.n)
		for i, pn := range f.Panels[:panels] {
			if s := of(pn); s != nil {
				all = append(all, s...)
			} else {
				all = append(all, make([]string, len(d.layers[i].xys))...)
			}
		}
		return all
	}
	d.words = rows(first, func(p plot.Panel) []string { return p.Hover })
	for _, f := range p.Views {
		labels := rows(f, func(p plot.Panel) []string { return p.Labels })
		if labels == nil {
			labels = make([]string, d.n)
		}
		l := labeling{figure: f, labels: labels}
		if slices.ContainsFunc(f.Panels, func(p plot.Panel) bool { return p.Values != nil }) {
			for i, pn := range f.Panels[:panels] {
				if pn.Values == nil {
					pn.Values = slices.Repeat([]float64{math.NaN()}, len(d.layers[i].xys))
				}
				l.values = append(l.values, pn.Values...)
			}
		}
		d.labelings = append(d.labelings, l)
	}
	return d, nil
}

func sameNumber(a, b float64) bool { return a == b || a != a && b != b }

// write writes the page.
func (d *data) write(w io.Writer, p *Page) error {
	f := p.Views[0]
	g := page{Title: kit.Display(f.Title), N: d.n, Seed: uint32(f.Seed ^ f.Seed>>32), Words: d.words != nil}
	shared := true
	for _, l := range d.layers {
		shared = shared && l.to-l.from == d.n
	}

	// Words in alphabetical order take a quarter less. Rows of which layers
	// hold different ranges stay as they are.
	perm := make([]int, d.n)
	for i := range perm {
		perm[i] = i
	}
	if d.words != nil && shared {
		slices.SortStableFunc(perm, func(a, b int) int { return cmp.Compare(d.words[a], d.words[b]) })
	}

	// The page's data: what is packed, in the order of the page.
	type part struct {
		id   string
		make func() []byte
	}
	var parts []part
	var text bytes.Buffer
	var cats []byte
	for i, l := range d.labelings {
		pl, category, err := l.page()
		if err != nil {
			return fmt.Errorf("viewer: view %d: %w", i, err)
		}
		pl.Spots = pl.spots(l.figure, d, category)
		g.Labelings = append(g.Labelings, pl)
		for _, r := range perm {
			cats = append(cats, byte(category[r]))
		}
		if pl.wide() {
			for _, r := range perm {
				cats = append(cats, byte(category[r]>>8))
			}
		}
		writeSummary(&text, pl)
	}
	parts = append(parts, part{"d-cats", func() []byte { return cats }})
	for i, l := range d.layers {
		pl := pageLayer{Name: panelName(f.Panels[i], i), From: l.from, To: l.to}
		s := l.square()
		pl.Middle, pl.Span, pl.Flat = [2]float64{s.midX, s.midY}, s.span, s.flat
		if p.Titles != nil {
			pl.Title = kit.Display(p.Titles[i])
		}
		for _, v := range p.Views {
			pl.Notes = append(pl.Notes, kit.Display(v.Panels[i].Note))
		}
		g.Layers = append(g.Layers, pl)
		parts = append(parts, part{fmt.Sprint("d-layer", i), func() []byte { return l.quantize(perm[l.from:l.to]) }})
	}
	if d.words != nil {
		parts = append(parts, part{"d-words", func() []byte {
			words := make([]string, d.n)
			for i, r := range perm {
				words[i] = kit.Display(d.words[r])
			}
			return []byte(strings.Join(words, "\n"))
		}})
	}
	packed := make([][]byte, len(parts))
	// The context is never canceled, so there is no error to look at.
	_ = par.Blocks(context.Background(), 0, len(parts), 1, func(_, i, _, _ int) {
		packed[i] = pack(parts[i].make())
	})
	var b bytes.Buffer
	for i, d := range packed {
		fmt.Fprintf(&b, "<script type=\"text/plain\" id=%q>%s</script>\n", parts[i].id, d)
	}
	meta, err := json.Marshal(g) // escapes <, > and &
	if err != nil {
		return err
	}
	subtitle := f.Subtitle
	if d.align {
		if subtitle != "" {
			subtitle += "; "
		}
		subtitle += "each layer turned or mirrored onto the one before"
	}
	// A Replacer looks at the template alone, never at what it has put in.
	_, err = strings.NewReplacer(
		"{{lang}}", html.EscapeString(cmp.Or(p.Lang, "en")),
		"{{title}}", html.EscapeString(cmp.Or(g.Layers[0].Title, g.Title)),
		"{{subtitle}}", html.EscapeString(kit.Display(subtitle)),
		"{{x}}", html.EscapeString(kit.Display(f.XLabel)),
		"{{y}}", html.EscapeString(kit.Display(f.YLabel)),
		"{{css}}", viewerCSS,
		"{{js}}", viewerJS(),
		"{{text}}", text.String(),
		"{{meta}}", string(meta),
		"{{data}}", b.String(),
	).WriteString(w, viewerHTML)
	return err
}

func panelName(pn plot.Panel, i int) string {
	return cmp.Or(kit.Display(pn.Title), fmt.Sprint("panel ", i+1))
}
