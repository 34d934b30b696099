package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"gonum.org/v1/plot/plotter"

	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/plot"
	"github.com/semamap/semamap/plot/viewer"
)

// posNames are the parts of speech as legends name them.
var posNames = map[string]string{"n": "noun", "v": "verb", "a": "adjective", "s": "adjective satellite", "r": "adverb"}

func layerTitle(n int) string { return fmt.Sprintf("t-SNE visualization of layer %d activations", n) }

// studio draws the figures of a run.
type studio struct {
	o     *options
	model string
	w     *words
	maps  []*layerMap
	hover []string // one a word
}

// A view is one way to label the words.
type view struct {
	legend, subtitle string
	labels           []string // one a word
	note             func(*layerMap) string
}

// draw makes every figure and the page.
func draw(ctx context.Context, o *options, src *source, w *words, maps []*layerMap, stderr io.Writer) error {
	s := &studio{o: o, model: src.model, w: w, maps: maps}
	for _, r := range w.rows {
		s.hover = append(s.hover, fmt.Sprintf("%s (%s)", r.lemma, r.synset))
	}
	all, first, top, pos := s.views()
	type figure struct {
		name string
		make func() *plot.Figure
	}
	todo := []figure{{fmt.Sprintf("first%d-domain-layer%d", o.first, maps[0].layer), func() *plot.Figure { return s.figure(first, maps[0]) }}}
	for _, m := range maps {
		todo = append(todo,
			figure{fmt.Sprintf("top-domains-layer%d", m.layer), func() *plot.Figure { return s.figure(top, m) }},
			figure{fmt.Sprintf("pos-layer%d", m.layer), func() *plot.Figure { return s.figure(pos, m) }})
	}
	todo = append(todo,
		figure{"top-domains-by-layer", func() *plot.Figure { return s.byLayer(top) }},
		figure{"pos-by-layer", func() *plot.Figure { return s.byLayer(pos) }})
	if len(maps) > 1 {
		todo = append(todo, figure{"purity-by-layer", s.purityByLayer})
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
	for _, t := range todo {
		f := t.make()
		if f == nil { // with -limit there may be no domain at all
			fmt.Fprintf(stderr, "figures: no words for %s\n", t.name)
			continue
		}
		if err := write("figures/"+t.name+".png", func(w io.Writer) error { return f.WritePNG(w, 0, 0) }); err != nil {
			return err
		}
		if err := write("figures/"+t.name+".svg", func(w io.Writer) error { return f.WriteSVG(w, 0, 0) }); err != nil {
			return err
		}
	}
	page := &viewer.Page{Views: []*plot.Figure{s.page(all), s.page(pos)}}
	page.Views[0].Subtitle = fmt.Sprintf("%s, the first lemmas of %s synsets", s.model, thousands(len(w.rows)))
	for _, m := range maps {
		page.Titles = append(page.Titles, layerTitle(m.layer))
	}
	if err := write("index.html", page.WriteHTML); err != nil {
		return err
	}
	bar.Done()
	return nil
}

// views returns the labels by all domains, by those of the first synsets that
// have one, by the most frequent ones, and by part of speech.
func (s *studio) views() (all, first, top, pos view) {
	var domains []string
	drawn, shown := 0, min(s.o.domains, len(s.w.domains))
	for i, c := range s.w.domains {
		domains = append(domains, c.name)
		if i < shown {
			drawn += c.n
		}
	}
	names := short(domains)
	of := s.w.domainOf(s.o.domains)
	n := 0
	for _, r := range s.w.rows {
		all.labels = append(all.labels, names[r.domain]) // "" where there is none
		top.labels = append(top.labels, names[of(r)])
		pos.labels = append(pos.labels, posNames[r.pos])
		if r.domain != noDomain && n < s.o.first {
			n++
			first.labels = append(first.labels, names[r.domain])
		} else {
			first.labels = append(first.labels, "")
		}
	}
	all.legend, first.legend, top.legend, pos.legend = "Domain", "Domain", "Domain", "Part of speech"
	first.subtitle = fmt.Sprintf("%s, the first %s synsets that have a topic domain", s.model, thousands(n))
	top.subtitle = fmt.Sprintf("%s, %s lemmas in the %d most frequent topic domains", s.model, thousands(drawn), shown)
	pos.subtitle = fmt.Sprintf("%s, %s lemmas by part of speech", s.model, thousands(len(s.w.rows)))
	first.note = func(*layerMap) string { return "" }
	top.note = func(m *layerMap) string { return m.domain.note() }
	pos.note = func(m *layerMap) string { return m.pos.note() }
	all.note = func(m *layerMap) string {
		if m.domain.Points == 0 {
			return ""
		}
		return fmt.Sprintf("%s among the %d most frequent domains", m.domain.note(), shown)
	}
	return all, first, top, pos
}

func (a agreement) note() string {
	if a.Points == 0 {
		return ""
	}
	return fmt.Sprintf("%d-NN purity %.2f (chance %.2f)", purityNeighbours, a.Share, a.Chance)
}

// figure shows the words that have a label; nil if none has.
func (s *studio) figure(v view, maps ...*layerMap) *plot.Figure {
	var rows []int
	var labels, hover []string
	for i, l := range v.labels {
		if l != "" {
			rows, labels, hover = append(rows, i), append(labels, l), append(hover, s.hover[i])
		}
	}
	if rows == nil {
		return nil
	}
	f := &plot.Figure{
		Title: layerTitle(maps[0].layer), Subtitle: v.subtitle, Legend: v.legend,
		XLabel: "First t-SNE", YLabel: "Second t-SNE", Align: len(maps) > 1, Seed: s.o.seed,
	}
	for _, m := range maps {
		xys := make(plotter.XYs, len(rows))
		for i, r := range rows {
			xys[i].X, xys[i].Y = m.xy(r)
		}
		f.Panels = append(f.Panels, plot.Panel{Note: v.note(m), XYs: xys, Labels: labels, Hover: hover})
	}
	return f
}

// byLayer shows all layers side by side, each turned or mirrored onto the one
// before.
func (s *studio) byLayer(v view) *plot.Figure {
	f := s.figure(v, s.maps...)
	if f == nil {
		return nil
	}
	f.Title = "t-SNE visualization of activations by layer"
	for i, m := range s.maps {
		f.Panels[i].Title = fmt.Sprintf("Layer %d", m.layer)
	}
	return f
}

// page is byLayer of all words.
func (s *studio) page(v view) *plot.Figure {
	labels := v.labels
	v.labels = s.hover // none is empty
	f := s.byLayer(v)
	f.Unlabeled = "no domain"
	for i := range f.Panels {
		f.Panels[i].Labels = labels
	}
	return f
}

// purityByLayer draws the purities over the layers, with bands of twice the
// standard deviation that they would have by chance around the levels of
// chance.
func (s *studio) purityByLayer() *plot.Figure {
	var lines []plot.Line
	for _, l := range []struct {
		name   string
		of     func(*layerMap) agreement
		chance bool
	}{
		{"domain", func(m *layerMap) agreement { return m.domain }, false},
		{"domain, no shared token", func(m *layerMap) agreement { return m.domainApart }, false},
		{"domain by chance", func(m *layerMap) agreement { return m.domain }, true},
		{"part of speech", func(m *layerMap) agreement { return m.pos }, false},
		{"part of speech by chance", func(m *layerMap) agreement { return m.pos }, true},
	} {
		line := plot.Line{Name: l.name, Dashed: l.chance}
		var xys plotter.XYs
		for _, m := range s.maps {
			a := l.of(m)
			if a.Points == 0 {
				continue
			}
			v := a.Share
			if l.chance {
				v = a.Chance
				line.Lo, line.Hi = append(line.Lo, v-2*a.SD), append(line.Hi, v+2*a.SD)
			}
			xys = append(xys, plotter.XY{X: float64(m.layer), Y: v})
		}
		if line.XYs = xys; len(xys) > 0 {
			lines = append(lines, line)
		}
	}
	if lines == nil {
		return nil
	}
	return &plot.Figure{
		Title:    "Neighbours on the map with the same category",
		Subtitle: s.model + "; dashed: by chance, with twice its standard deviation",
		XLabel:   "Layer", YLabel: fmt.Sprintf("%d-NN purity", purityNeighbours),
		Panels: []plot.Panel{{Lines: lines}},
	}
}

// thousands writes n with commas.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
