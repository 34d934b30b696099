package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"image/color"
	"io"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/examples/internal/cli"
)

func histogramFlags(f *flag.FlagSet, o *options) {
	f.StringVar(&o.out, "o", "", "picture to write: .png, .svg or .pdf `file`")
	modeFlag(f, o)
	f.StringVar(&o.layers, "layers", "", "`layers`, such as 0,2,5 (default: all)")
	f.IntVar(&o.bins, "bins", 100, "bins")
	f.Float64Var(&o.least, "min", 0, "lower end of the range (default: the least value)")
	f.Float64Var(&o.most, "max", 0, "upper end of the range (default: the greatest value)")
	f.BoolVar(&o.linear, "linear", false, "a linear instead of a logarithmic scale for the counts")
	f.BoolVar(&o.unseen, "unseen", false, "take in tokens that never occurred")
	f.BoolVar(&o.positions, "positions", false, "take in the positions of the window")
}

func histogram(ctx context.Context, o *options, w io.Writer) error {
	format := extension(o.out)
	switch format {
	case ".png", ".svg", ".pdf":
	default:
		return fmt.Errorf("histogram: -o %q is no .png, .svg or .pdf file", o.out)
	}
	m, err := o.open(o.files[0])
	if err != nil {
		return err
	}
	defer m.Close()
	layers, err := layerNumbers(o.layers)
	if err != nil {
		return err
	}
	ho := amap.HistogramOptions{Layers: layers, Bins: o.bins, Min: o.least, Max: o.most, Unseen: o.unseen, Positions: o.positions}
	if o.mode != "" {
		mode, err := o.theMode(m)
		if err != nil {
			return err
		}
		ho.Modes = []amap.Mode{mode}
	}
	h, err := m.Histogram(ctx, &ho)
	if err != nil {
		return err
	}
	p, err := figure(h, lastElement(o.files[0]), o.linear)
	if err != nil {
		return err
	}
	to, err := p.WriterTo(7*vg.Inch, 4*vg.Inch, format[1:])
	if err != nil {
		return err
	}
	if err := cli.WriteFile(o.out, func(w io.Writer) error { _, err := to.WriteTo(w); return err }); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%d values from %.6g to %.6g, %d of them exactly 0, %d NaN, %d below and %d above the range\n", h.Total, h.Min, h.Max, h.Zero, h.NaN, h.Under, h.Over)
	return err
}

// figure draws the outline of a histogram.
func figure(h *amap.Histogram, title string, linear bool) (*plot.Plot, error) {
	p := plot.New()
	if len(title) > 70 {
		title = title[:67] + "..."
	}
	p.Title.Text = title
	p.X.Label.Text = fmt.Sprintf("activation (%d values, %.1f %% exactly 0)", h.Total, 100*float64(h.Zero)/float64(max(h.Total, 1)))
	p.Y.Label.Text = "values"
	floor := 0.0
	if !linear {
		floor = 0.5 // an empty bin, on a scale that has no 0
		p.Y.Scale = plot.LogScale{}
		p.Y.Tick.Marker = plot.LogTicks{Prec: -1}
	}
	xy := plotter.XYs{{X: h.Edges[0], Y: floor}}
	top := 1.0
	for i, n := range h.Counts {
		y := max(float64(n), floor)
		top = max(top, y)
		xy = append(xy, plotter.XY{X: h.Edges[i], Y: y}, plotter.XY{X: h.Edges[i+1], Y: y})
	}
	xy = append(xy, plotter.XY{X: h.Edges[len(h.Edges)-1], Y: floor})
	line, err := plotter.NewLine(xy)
	if err != nil {
		return nil, err
	}
	line.Color = color.RGBA{R: 0x1f, G: 0x5a, B: 0x96, A: 0xff}
	line.FillColor = color.RGBA{R: 0xb8, G: 0xd0, B: 0xe8, A: 0xff}
	p.Add(line)
	p.Y.Min, p.Y.Max = floor, top*1.1
	if !linear {
		p.Y.Max = top * 2
	}
	return p, nil
}

func convertFlags(f *flag.FlagSet, o *options) {
	f.StringVar(&o.out, "o", "", "`file` to write: .pickle (SYSIF), .safetensors, or .npy (one layer)")
	modeFlag(f, o)
	f.IntVar(&o.layer, "layer", -1, "layer, for .npy (default: the only one)")
	f.StringVar(&o.ids, "ids", "", "keep only these token `ids`, in this order")
	f.StringVar(&o.countsOut, "counts-out", "", "`file` for the token counts too, as a pickle")
}

func convert(ctx context.Context, o *options, w io.Writer) error {
	if err := outFormat(o.out); err != nil {
		return fmt.Errorf("convert: %w", err)
	}
	m, err := o.open(o.files[0])
	if err != nil {
		return err
	}
	defer m.Close()
	if o.countsOut != "" && m.Counts() == nil {
		return fmt.Errorf("%s: token counts for -counts-out are not known", o.files[0])
	}
	if o.ids != "" {
		ids, err := tokenIDs(o.ids, "", nil)
		if err != nil {
			return err
		}
		if m, err = m.Filter(ids); err != nil {
			return err
		}
	}
	if err := o.write(ctx, m); err != nil {
		return err
	}
	return o.writeCounts(m.Counts())
}

func outFormat(file string) error {
	switch extension(file) {
	case ".pickle", ".pkl", ".safetensors", ".npy":
		return nil
	}
	return fmt.Errorf("-o %q is no .pickle, .safetensors or .npy file", file)
}

// write writes a map in the format that the name of the file asks for.
func (o *options) write(ctx context.Context, m *amap.Map) error {
	write := func(w io.Writer) error { return amap.WriteSYSIF(ctx, w, m) }
	switch extension(o.out) {
	case ".safetensors":
		write = func(w io.Writer) error { return amap.WriteSafetensors(ctx, w, m) }
	case ".npy":
		l, err := o.oneLayer(m)
		if err != nil {
			return err
		}
		write = func(w io.Writer) error { return amap.WriteNPY(ctx, w, l) }
	}
	return cli.WriteFile(o.out, write)
}

func (o *options) oneLayer(m *amap.Map) (*amap.Layer, error) {
	mode, err := o.theMode(m)
	if err != nil {
		return nil, err
	}
	layers := m.Layers(mode)
	switch {
	case o.layer >= 0:
		return m.Layer(mode, o.layer)
	case len(layers) == 1:
		return m.Layer(mode, layers[0])
	}
	return nil, fmt.Errorf("a .npy file holds one matrix; say -layer N of %v, and -mode", layers)
}

func (o *options) writeCounts(c *amap.Counts) error {
	if o.countsOut == "" {
		return nil
	}
	return cli.WriteFile(o.countsOut, func(w io.Writer) error { return amap.WriteCounts(w, c) })
}

func mergeFlags(f *flag.FlagSet, o *options) {
	f.StringVar(&o.out, "o", "", "`file` to write: .pickle (SYSIF), .safetensors, or .npy (one layer)")
	f.StringVar(&o.countsOut, "counts-out", "", "`file` for the counts of the whole, as a pickle")
	modeFlag(f, o)
	f.IntVar(&o.layer, "layer", -1, "layer, for .npy (default: the only one)")
}

func merge(ctx context.Context, o *options, w io.Writer) error {
	if err := outFormat(o.out); err != nil {
		return fmt.Errorf("merge: %w", err)
	}
	if o.counts != "" {
		return errors.New("merge: each map needs counts of its own, beside it; -counts names one file")
	}
	var parts []amap.Part
	for _, file := range o.files {
		m, err := o.open(file)
		if err != nil {
			return err
		}
		defer m.Close()
		if m.Counts() == nil {
			return fmt.Errorf("%s: no token counts beside it (tokens-count-… for amap-…)", file)
		}
		parts = append(parts, amap.Part{Map: m})
	}
	whole, counts, err := amap.Merge(0, parts...)
	if err != nil {
		return err
	}
	if err := o.write(ctx, whole); err != nil {
		return err
	}
	return o.writeCounts(counts)
}
