package main

import (
	"context"
	"errors"
	"fmt"
	"image/color"
	"io"
	"path/filepath"
	"slices"

	"gonum.org/v1/plot/plotter"

	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/plot"
	"github.com/semamap/semamap/plot/viewer"
)

// posNames are the parts of speech as legends name them.
var posNames = map[string]string{"n": "noun", "v": "verb", "a": "adjective", "s": "adjective satellite", "r": "adverb"}

func layerTitle(n int) string { return fmt.Sprintf("t-SNE visualization of layer %d activations", n) }

// A view is a choice of words and one way to label them.
type view struct {
	legend, subtitle string
	note             func(*layerMap) string
	rows             []int // of the words
	labels, hover    []string
	values           []float64              // instead of labels
	colors           map[string]color.Color // the same in all views
}

func (v *view) add(row int, label, hover string) {
	v.rows, v.labels, v.hover = append(v.rows, row), append(v.labels, label), append(v.hover, hover)
}

// views are all words by domain, the first synsets that have one, the most
// frequent ones, all words by part of speech, and by their number of tokens.
// Words of which the map saw no token are in none of them.
type views struct{ all, first, top, pos, tokens view }

func newViews(o *options, w *words) *views {
	var domains []string
	top := map[string]bool{}
	for i, d := range w.domains {
		domains, top[d.Name] = append(domains, d.Name), i < o.domains
	}
	v, names, model := &views{}, cli.ShortNames(domains), o.about.Model
	palette, _ := plot.Palette("default", len(domains)) // there is one of this name
	colors := map[string]color.Color{}
	for i, d := range domains {
		colors[names[d]] = palette[i]
	}
	for i, r := range w.rows {
		hover := fmt.Sprintf("%s (%s)", r.lemma, r.synset)
		if r.unseen == r.tokens {
			continue
		} else if r.unseen > 0 {
			hover += fmt.Sprintf(", %d of %d tokens never seen", r.unseen, r.tokens)
		}
		v.all.add(i, names[r.domain], hover) // "" where there is none
		v.pos.add(i, posNames[r.pos], hover)
		v.tokens.add(i, "", hover)
		v.tokens.values = append(v.tokens.values, float64(r.tokens))
		if r.domain != noDomain && len(v.first.rows) < o.first {
			v.first.add(i, names[r.domain], hover)
		}
		if top[r.domain] {
			v.top.add(i, names[r.domain], hover)
		}
	}
	left := ""
	if n := len(w.rows) - len(v.all.rows); n > 0 {
		left = fmt.Sprintf("; %s more, of tokens that the model never saw, are left out", cli.Thousands(n))
	}
	v.all.legend, v.first.legend, v.top.legend, v.pos.legend, v.tokens.legend = "Domain", "Domain", "Domain", "Part of speech", "Tokens"
	v.all.colors, v.first.colors, v.top.colors = colors, colors, colors
	v.all.subtitle = fmt.Sprintf("%s, the first lemmas of %s synsets%s", model, cli.Thousands(len(v.all.rows)), left)
	v.first.subtitle = fmt.Sprintf("%s, the first %s synsets that have a topic domain", model, cli.Thousands(len(v.first.rows)))
	v.top.subtitle = fmt.Sprintf("%s, %s synsets in the %d most frequent topic domains", model, cli.Thousands(len(v.top.rows)), min(o.domains, len(domains)))
	v.pos.subtitle = fmt.Sprintf("%s, %s synsets by part of speech%s", model, cli.Thousands(len(v.pos.rows)), left)
	among := fmt.Sprintf(" among the %d most frequent domains", min(o.domains, len(domains)))
	v.all.note = func(m *layerMap) string { return m.Domain.note(among) }
	v.first.note = func(*layerMap) string { return "" }
	v.top.note = func(m *layerMap) string { return m.Domain.note("") }
	v.pos.note = func(m *layerMap) string { return m.POS.note("") }
	v.tokens.note = v.first.note
	return v
}

// effectNames are the figures of the questions.
var effectNames = [3]string{"effect-top-domains", "effect-domains", "effect-pos"}

// draw makes every figure and the page.
func draw(ctx context.Context, o *options, v *views, maps []*layerMap, res *results, stderr io.Writer) error {
	type figure struct {
		name string
		*plot.Figure
	}
	todo := []figure{{fmt.Sprintf("first%d-domain-layer%d", o.first, maps[0].Layer), v.first.figure(o.seed, maps[0])}}
	for _, m := range maps {
		todo = append(todo,
			figure{fmt.Sprintf("top-domains-layer%d", m.Layer), v.top.figure(o.seed, m)},
			figure{fmt.Sprintf("pos-layer%d", m.Layer), v.pos.figure(o.seed, m)})
	}
	todo = append(todo,
		figure{"top-domains-by-layer", v.top.byLayer(o.seed, maps)},
		figure{"pos-by-layer", v.pos.byLayer(o.seed, maps)})
	if o.notebook && maps[0].Layer == 0 {
		todo = append(todo, figure{notebookName, v.top.notebook(o.seed, maps)})
	}
	if len(maps) > 1 {
		for i, name := range res.names {
			if f := res.effects(o.about.Model, name); f != nil {
				todo = append(todo, figure{effectNames[i], f})
			}
		}
	}

	bar := cli.NewProgress(stderr, "figures", 2*len(todo)+1)
	defer bar.Stop()
	files := 0
	write := func(path string, write func(io.Writer) error) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		files++
		defer func() { bar.Set(files, "") }()
		return cli.WriteFile(filepath.Join(o.out, path), write)
	}
	for _, f := range todo {
		err := write("figures/"+f.name+".png", func(w io.Writer) error { return f.WritePNG(w, 0, 0) })
		if errors.Is(err, plot.ErrEmpty) { // with -limit there may be no domain at all
			fmt.Fprintf(stderr, "figures: no words for %s\n", f.name)
			continue
		}
		if err == nil {
			err = write("figures/"+f.name+".svg", func(w io.Writer) error { return f.WriteSVG(w, 0, 0) })
		}
		if err != nil {
			return err
		}
	}
	page := &viewer.Page{Views: []*plot.Figure{v.all.byLayer(o.seed, maps), v.pos.byLayer(o.seed, maps), v.tokens.byLayer(o.seed, maps)}}
	for _, m := range maps {
		page.Titles = append(page.Titles, layerTitle(m.Layer))
	}
	if err := write("index.html", page.WriteHTML); err != nil && !errors.Is(err, plot.ErrEmpty) {
		return err
	}
	bar.Done()
	return nil
}

// figure shows the words of a view, in a panel for each map.
func (v *view) figure(seed uint64, maps ...*layerMap) *plot.Figure {
	f := &plot.Figure{
		Title: layerTitle(maps[0].Layer), Subtitle: v.subtitle, Legend: v.legend, Unlabeled: "no domain",
		XLabel: "First t-SNE", YLabel: "Second t-SNE", Align: len(maps) > 1, Seed: seed, Colors: v.colors,
	}
	for _, m := range maps {
		xys := make(plotter.XYs, len(v.rows))
		for i, r := range v.rows {
			xys[i] = plotter.XY{X: float64(m.y[2*r]), Y: float64(m.y[2*r+1])}
		}
		f.Panels = append(f.Panels, plot.Panel{Note: v.note(m), XYs: xys, Labels: v.labels, Values: v.values, Hover: v.hover})
	}
	return f
}

// byLayer shows all layers side by side, each turned or mirrored onto the one
// before.
func (v *view) byLayer(seed uint64, maps []*layerMap) *plot.Figure {
	f := v.figure(seed, maps...)
	f.Title = "t-SNE visualization of activations by layer"
	for i, m := range maps {
		f.Panels[i].Title = fmt.Sprintf("Layer %d", m.Layer)
	}
	return f
}

// effects draws what spelling and frequency do not explain, over the layers: a
// labeling's share without shared tokens, and what null maps give.
func (r *results) effects(model, name string) *plot.Figure {
	share := plot.Line{Name: "without a shared token"}
	null := plot.Line{Name: "null maps: " + nullNames[1], Dashed: true}
	chance := plot.Line{Name: "labels at random"}
	var shares, nulls, chances plotter.XYs
	for _, n := range r.layers {
		m := r.get(n, name, apart)
		if m == nil {
			return nil
		}
		mean, _ := meanSD(m.Null[1])
		shares, nulls = append(shares, plotter.XY{X: float64(n), Y: m.Value}), append(nulls, plotter.XY{X: float64(n), Y: mean})
		if m.Low != nil {
			share.Lo, share.Hi = append(share.Lo, *m.Low), append(share.Hi, *m.High)
		}
		null.Lo, null.Hi = append(null.Lo, slices.Min(m.Null[1])), append(null.Hi, slices.Max(m.Null[1]))
		chances = append(chances, plotter.XY{X: float64(n), Y: r.chance(name)})
	}
	share.XYs, null.XYs, chance.XYs = shares, nulls, chances
	y := "Share of the ten nearest"
	if chief(name) != "share" {
		y += ", mean over classes"
	}
	return &plot.Figure{
		Title:    upper(name) + ": neighbors in activation space with the same label",
		Subtitle: model + "; bands: 95 % interval of the mean, least to most of the null maps",
		XLabel:   "Layer", YLabel: y,
		Panels: []plot.Panel{{Lines: []plot.Line{share, null, chance}}},
	}
}
