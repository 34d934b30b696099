package main

import (
	"fmt"
	"image/color"
	"io"
	"math"
	"path/filepath"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/examples/internal/cli"
)

// bars are the counts of one panel.
type bars struct {
	title  string
	edges  []float64
	counts []int64
	total  int64
}

func histogram(j *job) error {
	format, err := j.format(".png", ".svg", ".pdf")
	if err != nil {
		return err
	}
	panels, err := j.panels()
	if err != nil {
		return err
	}
	if err := cli.WriteFile(j.out, func(w io.Writer) error { return j.drawBars(w, panels, format[1:]) }); err != nil {
		return err
	}
	for _, p := range panels {
		title := ""
		if j.byLayer {
			title = p.title + ": "
		}
		fmt.Fprintf(j.w, "%s%d values from %.6g to %.6g\n", title, p.total, p.edges[0], p.edges[len(p.counts)])
	}
	return nil
}

// panels counts what -of says, in all or by layer.
func (j *job) panels() ([]bars, error) {
	mode := amap.Mode(j.mode)
	if *j.of != "values" {
		return j.ofUnits(mode)
	}
	edges, counts, err := j.m.Histogram(j.ctx, mode, j.bins, j.least, j.most, &j.Scope)
	if err != nil {
		return nil, err
	}
	if !j.byLayer {
		return []bars{newBars("", edges, counts)}, nil
	}
	var out []bars
	err = j.eachLayer(mode, func(mode amap.Mode, n int) error {
		scope := j.Scope
		scope.Layers = []int{n}
		of, counts, err := j.m.Histogram(j.ctx, mode, len(counts), edges[0], edges[len(counts)], &scope)
		out = append(out, newBars(fmt.Sprintf("%s, layer %d", mode, n), of, counts))
		return err
	})
	return out, err
}

// eachLayer calls f for the layers of the scope; an empty mode stands for all.
func (j *job) eachLayer(mode amap.Mode, f func(mode amap.Mode, n int) error) error {
	modes := []amap.Mode{mode}
	if mode == "" {
		modes = j.m.Modes()
	}
	for _, mode := range modes {
		for _, n := range j.m.Layers(mode) {
			if len(j.Layers) > 0 && !slices.Contains(j.Layers, n) {
				continue
			}
			if err := f(mode, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// ofUnits counts one number of each unit.
func (j *job) ofUnits(mode amap.Mode) ([]bars, error) {
	all, err := j.m.Stats(j.ctx, mode, &j.Scope)
	if err != nil {
		return nil, err
	}
	number := map[string]func(u amap.UnitStats) float64{
		"max":      func(u amap.UnitStats) float64 { return float64(u.Max) },
		"mean":     func(u amap.UnitStats) float64 { return u.Mean },
		"variance": sampleVariance,
		"nonzero":  func(u amap.UnitStats) float64 { return float64(u.Nonzero) / float64(max(u.Rows, 1)) },
	}[*j.of]
	least, most := j.least, j.most
	if least == 0 && most == 0 {
		least, most = math.Inf(1), math.Inf(-1)
		for _, u := range all {
			if v := number(u); v-v == 0 {
				least, most = min(least, v), max(most, v)
			}
		}
		if !(least < most) {
			least, most = least-0.5, least+0.5
		}
	}
	if !(least < most && most-least < math.Inf(1)) || j.bins < 1 {
		return nil, fmt.Errorf("%d bins from %v to %v", j.bins, least, most)
	}
	var out []bars
	for _, u := range all {
		title := ""
		if j.byLayer {
			title = fmt.Sprintf("%s, layer %d", u.Mode, u.Unit.Layer)
		}
		if len(out) == 0 || out[len(out)-1].title != title {
			b := bars{title: title, edges: make([]float64, j.bins+1), counts: make([]int64, j.bins)}
			for i := range b.edges {
				b.edges[i] = least + (most-least)*float64(i)/float64(j.bins)
			}
			out = append(out, b)
		}
		b := &out[len(out)-1]
		if v := number(u); v >= least && v <= most {
			b.counts[min(int((v-least)/(most-least)*float64(j.bins)), j.bins-1)]++
			b.total++
		}
	}
	return out, nil
}

func newBars(title string, edges []float64, counts []int64) bars {
	b := bars{title: title, edges: edges, counts: counts}
	for _, n := range counts {
		b.total += n
	}
	return b
}

// drawBars draws a panel for each histogram, three in a row, with the same axes.
func (j *job) drawBars(w io.Writer, panels []bars, format string) error {
	floor, top := 0.0, 1.0
	if !j.linear {
		floor = 0.5 // an empty bin, on a scale that has no 0
	}
	for _, b := range panels {
		top = max(top, float64(slices.Max(b.counts)))
	}
	cols := min(len(panels), 3)
	lines := (len(panels) + cols - 1) / cols
	width, height := 7*vg.Inch, 4*vg.Inch
	if len(panels) > 1 {
		width, height = vg.Length(cols)*3*vg.Inch, vg.Length(lines)*2.2*vg.Inch
	}
	plots := make([][]*plot.Plot, lines)
	for i := range plots {
		plots[i] = make([]*plot.Plot, cols)
	}
	for i, b := range panels {
		p, err := j.bars(b, floor, top)
		if err != nil {
			return err
		}
		plots[i/cols][i%cols] = p
	}
	if len(panels) == 1 {
		to, err := plots[0][0].WriterTo(width, height, format)
		if err == nil {
			_, err = to.WriteTo(w)
		}
		return err
	}
	c, err := draw.NewFormattedCanvas(width, height, format)
	if err != nil {
		return err
	}
	dc := draw.New(c)
	dc.FillPolygon(color.White, []vg.Point{{X: 0, Y: 0}, {X: width, Y: 0}, {X: width, Y: height}, {X: 0, Y: height}})
	tiles := draw.Tiles{Rows: lines, Cols: cols, PadX: 4 * vg.Millimeter, PadY: 4 * vg.Millimeter, PadTop: 2 * vg.Millimeter, PadBottom: 2 * vg.Millimeter, PadLeft: 2 * vg.Millimeter, PadRight: 2 * vg.Millimeter}
	canvases := plot.Align(plots, tiles, dc)
	for i := range panels {
		plots[i/cols][i%cols].Draw(canvases[i/cols][i%cols])
	}
	_, err = c.WriteTo(w)
	return err
}

// bars makes the plot of one panel.
func (j *job) bars(b bars, floor, top float64) (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text = b.title
	if b.title == "" {
		if p.Title.Text = filepath.Base(j.files[0]); len(p.Title.Text) > 70 {
			p.Title.Text = p.Title.Text[:67] + "..."
		}
	}
	p.X.Label.Text, p.Y.Label.Text = "activation", "values"
	if *j.of != "values" {
		p.X.Label.Text, p.Y.Label.Text = *j.of+" of a unit", "units"
	}
	if !j.linear {
		p.Y.Scale = plot.LogScale{}
		p.Y.Tick.Marker = plot.LogTicks{Prec: -1}
	}
	xy := plotter.XYs{{X: b.edges[0], Y: floor}}
	for i, n := range b.counts {
		y := max(float64(n), floor)
		xy = append(xy, plotter.XY{X: b.edges[i], Y: y}, plotter.XY{X: b.edges[i+1], Y: y})
	}
	xy = append(xy, plotter.XY{X: b.edges[len(b.counts)], Y: floor})
	line, err := plotter.NewLine(xy)
	if err != nil {
		return nil, err
	}
	line.Color = color.RGBA{R: 0x1f, G: 0x5a, B: 0x96, A: 0xff}
	line.FillColor = color.RGBA{R: 0xb8, G: 0xd0, B: 0xe8, A: 0xff}
	p.Add(line)
	p.Y.Min, p.Y.Max = floor, top*1.5
	return p, nil
}
