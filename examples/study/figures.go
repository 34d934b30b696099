package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"gonum.org/v1/plot/plotter"

	"github.com/semamap/semamap/examples/internal/cli"
	"github.com/semamap/semamap/plot"
)

const (
	xLabel = "First t-SNE"
	yLabel = "Second t-SNE"
)

// posNames are the parts of speech as legends name them.
var posNames = map[string]string{"n": "noun", "v": "verb", "a": "adjective", "s": "adjective satellite", "r": "adverb"}

func layerTitle(n int) string { return fmt.Sprintf("t-SNE visualization of layer %d activations", n) }

// studio draws the figures of a run.
type studio struct {
	o     *options
	src   *source
	w     *words
	maps  []*layerMap
	names map[string]string // domains as legends name them
	files int
}

// draw makes every figure and the page.
func draw(ctx context.Context, o *options, src *source, w *words, maps []*layerMap, stderr io.Writer) error {
	s := &studio{o: o, src: src, w: w, maps: maps}
	var all []string
	for _, c := range w.domains {
		all = append(all, c.name)
	}
	s.names = short(all)
	type figure struct {
		name string
		make func() (*plot.Figure, error)
	}
	todo := []figure{{fmt.Sprintf("first%d-domain-layer%d", o.first, maps[0].layer), func() (*plot.Figure, error) { return s.first(maps[0]) }}}
	for _, m := range maps {
		todo = append(todo,
			figure{fmt.Sprintf("top-domains-layer%d", m.layer), func() (*plot.Figure, error) { return s.topDomains(m) }},
			figure{fmt.Sprintf("pos-layer%d", m.layer), func() (*plot.Figure, error) { return s.pos(m) }})
	}
	todo = append(todo,
		figure{"top-domains-by-layer", func() (*plot.Figure, error) { return s.byLayer(s.topDomains, "by topic domain", "Domain", domainNote) }},
		figure{"pos-by-layer", func() (*plot.Figure, error) { return s.byLayer(s.pos, "by part of speech", "Part of speech", posNote) }})

	if len(maps) > 1 {
		todo = append(todo, figure{"purity-by-layer", s.purityByLayer})
	}

	bar := cli.NewProgress(stderr, "figures", 2*len(todo)+1)
	done := func() { s.files++; bar.Set(s.files, "") }
	for _, f := range todo {
		fig, err := f.make()
		if errors.Is(err, plot.ErrEmpty) { // with -limit there may be no domain at all
			fmt.Fprintf(stderr, "figures: no words for %s\n", f.name)
			continue
		}
		if err != nil {
			bar.Stop()
			return fmt.Errorf("%s: %w", f.name, err)
		}
		path := filepath.Join(o.out, "figures", f.name)
		for _, out := range []struct {
			ext   string
			write func(io.Writer) error
		}{
			{".png", func(w io.Writer) error { return fig.WritePNG(w, 0, 0) }},
			{".svg", func(w io.Writer) error { return fig.WriteSVG(w, 0, 0) }},
		} {
			if err := ctx.Err(); err != nil {
				bar.Stop()
				return err
			}
			if err := cli.WriteFile(path+out.ext, out.write); err != nil {
				bar.Stop()
				return err
			}
			done()
		}
	}
	if err := ctx.Err(); err != nil {
		bar.Stop()
		return err
	}
	if err := cli.WriteFile(filepath.Join(o.out, "index.html"), s.page().WriteHTML); err != nil {
		bar.Stop()
		return err
	}
	done()
	bar.Done()
	return nil
}

// points are the rows of a map that have a label.
func (s *studio) points(m *layerMap, label func(i int) string) (*plot.Points, error) {
	var xys plotter.XYs
	var labels, hover []string
	for i, r := range s.w.rows {
		if l := label(i); l != "" {
			x, y := m.xy(i)
			xys, labels = append(xys, plotter.XY{X: x, Y: y}), append(labels, l)
			hover = append(hover, fmt.Sprintf("%s (%s)", r.lemma, r.synset))
		}
	}
	p, err := plot.NewPoints(xys, labels)
	if err != nil {
		return nil, err
	}
	p.Hover, p.Seed = hover, s.o.seed
	return p, nil
}

func (s *studio) figure(m *layerMap, subtitle, legend, note string, label func(i int) string) (*plot.Figure, error) {
	p, err := s.points(m, label)
	if err != nil {
		return nil, err
	}
	return &plot.Figure{
		Title: layerTitle(m.layer), Subtitle: subtitle, XLabel: xLabel, YLabel: yLabel,
		Panels: []plot.Panel{{Points: p, Note: note}},
		Legend: plot.Legend{Title: legend},
	}, nil
}

// first shows all domains of the first synsets that have one.
func (s *studio) first(m *layerMap) (*plot.Figure, error) {
	left := s.o.first
	take := make([]bool, len(s.w.rows))
	n := 0
	for i, r := range s.w.rows {
		if r.domain != noDomain && left > 0 {
			take[i] = true
			left--
			n++
		}
	}
	sub := fmt.Sprintf("%s, the first %s synsets that have a topic domain", s.src.model, thousands(n))
	return s.figure(m, sub, "Domain", "", func(i int) string {
		if !take[i] {
			return ""
		}
		return s.names[s.w.rows[i].domain]
	})
}

func (s *studio) topDomains(m *layerMap) (*plot.Figure, error) {
	of := s.w.domainOf(s.o.domains)
	n := 0
	for _, c := range s.w.domains[:min(s.o.domains, len(s.w.domains))] {
		n += c.n
	}
	sub := fmt.Sprintf("%s, %s lemmas in the %d most frequent topic domains", s.src.model, thousands(n), min(s.o.domains, len(s.w.domains)))
	return s.figure(m, sub, "Domain", domainNote(m), func(i int) string { return s.names[of(s.w.rows[i])] })
}

func (s *studio) pos(m *layerMap) (*plot.Figure, error) {
	sub := fmt.Sprintf("%s, %s lemmas by part of speech", s.src.model, thousands(len(s.w.rows)))
	return s.figure(m, sub, "Part of speech", posNote(m), func(i int) string { return posNames[s.w.rows[i].pos] })
}

func domainNote(m *layerMap) string { return m.domain.note() }
func posNote(m *layerMap) string    { return m.pos.note() }

func (a agreement) note() string {
	if a.Points == 0 {
		return ""
	}
	return fmt.Sprintf("10-NN purity %.2f (chance %.2f)", a.Share, a.Chance)
}

// byLayer puts the figures of all layers side by side, each turned or
// mirrored onto the one before.
func (s *studio) byLayer(one func(*layerMap) (*plot.Figure, error), by, legend string, note func(*layerMap) string) (*plot.Figure, error) {
	all := &plot.Figure{
		Title:  "t-SNE visualization of activations by layer",
		XLabel: xLabel, YLabel: yLabel, Legend: plot.Legend{Title: legend}, Align: len(s.maps) > 1,
	}
	for _, m := range s.maps {
		f, err := one(m)
		if err != nil {
			return nil, err
		}
		all.Subtitle = f.Subtitle
		p := f.Panels[0]
		p.Title, p.Note = fmt.Sprintf("Layer %d", m.layer), note(m)
		all.Panels = append(all.Panels, p)
	}
	return all, nil
}

// purityByLayer draws the purities over the layers, with bands of twice the
// standard deviation that they would have by chance around the levels of
// chance.
func (s *studio) purityByLayer() (*plot.Figure, error) {
	f := &plot.Figure{
		Title:    "Neighbours on the map with the same category",
		Subtitle: fmt.Sprintf("%s; dashed: by chance, with twice its standard deviation", s.src.model),
		XLabel:   "Layer", YLabel: fmt.Sprintf("%d-NN purity", purityNeighbours),
		Panels: []plot.Panel{{}},
	}
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
		var xys plotter.XYs
		var lo, hi []float64
		for _, m := range s.maps {
			a := l.of(m)
			if a.Points == 0 {
				continue
			}
			v := a.Share
			if l.chance {
				v = a.Chance
				lo, hi = append(lo, v-2*a.SD), append(hi, v+2*a.SD)
			}
			xys = append(xys, plotter.XY{X: float64(m.layer), Y: v})
		}
		if len(xys) == 0 {
			continue
		}
		line, err := plot.NewLine(l.name, xys, lo, hi)
		if err != nil {
			return nil, err
		}
		line.Dashed = l.chance
		f.Panels[0].Lines = append(f.Panels[0].Lines, line)
	}
	if len(f.Panels[0].Lines) == 0 {
		return nil, plot.ErrEmpty
	}
	return f, nil
}

// page is the viewer of all layers.
func (s *studio) page() *plot.Viewer {
	v := &plot.Viewer{
		Title:    "t-SNE visualization of activations by layer",
		Subtitle: fmt.Sprintf("%s, the first lemmas of %s synsets", s.src.model, thousands(len(s.w.rows))),
		XLabel:   xLabel, YLabel: yLabel,
		Align: len(s.maps) > 1, Seed: s.o.seed,
		Labelings: []plot.Labeling{
			{Name: "Domain", None: "no domain", Labels: make([]string, len(s.w.rows))},
			{Name: "Part of speech", Labels: make([]string, len(s.w.rows))},
		},
	}
	for i, r := range s.w.rows {
		v.Words = append(v.Words, fmt.Sprintf("%s (%s)", r.lemma, r.synset))
		v.Labelings[0].Labels[i] = s.names[r.domain] // "" where there is none
		v.Labelings[1].Labels[i] = posNames[r.pos]
	}
	for _, m := range s.maps {
		xys := make(plotter.XYs, len(s.w.rows))
		for i := range xys {
			xys[i].X, xys[i].Y = m.xy(i)
		}
		v.Layers = append(v.Layers, plot.Layer{
			Name: fmt.Sprintf("Layer %d", m.layer), Title: layerTitle(m.layer), XYs: xys,
			Notes: []string{s.pageNote(domainNote(m)), posNote(m)},
		})
	}
	return v
}

// pageNote says which domains a purity is of, where all are coloured.
func (s *studio) pageNote(note string) string {
	if note == "" {
		return ""
	}
	return fmt.Sprintf("%s among the %d most frequent domains", note, min(s.o.domains, len(s.w.domains)))
}

// thousands writes n with commas.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
