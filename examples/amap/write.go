package main

import (
	"fmt"
	"image/color"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"github.com/semamap/semamap/amap"
	"github.com/semamap/semamap/examples/internal/cli"
)

// format is the extension of -o, which must be one of those given.
func (j *job) format(extensions ...string) (string, error) {
	ext := strings.ToLower(filepath.Ext(j.out))
	if !slices.Contains(extensions, ext) {
		return "", fmt.Errorf("-o %q is no %s file", j.out, strings.Join(extensions, ", "))
	}
	return ext, nil
}

func histogram(j *job) error {
	format, err := j.format(".png", ".svg", ".pdf")
	if err != nil {
		return err
	}
	edges, counts, err := j.m.Histogram(j.ctx, amap.Mode(j.mode), j.bins, j.least, j.most, &j.Scope)
	if err != nil {
		return err
	}
	p := plot.New()
	p.Title.Text = filepath.Base(j.files[0])
	if s := p.Title.Text; len(s) > 70 {
		p.Title.Text = s[:67] + "..."
	}
	p.X.Label.Text, p.Y.Label.Text = "activation", "values"
	floor := 0.0
	if !j.linear {
		floor = 0.5 // an empty bin, on a scale that has no 0
		p.Y.Scale = plot.LogScale{}
		p.Y.Tick.Marker = plot.LogTicks{Prec: -1}
	}
	xy := plotter.XYs{{X: edges[0], Y: floor}}
	top, total := 1.0, int64(0)
	for i, n := range counts {
		y := max(float64(n), floor)
		top, total = max(top, y), total+n
		xy = append(xy, plotter.XY{X: edges[i], Y: y}, plotter.XY{X: edges[i+1], Y: y})
	}
	xy = append(xy, plotter.XY{X: edges[len(counts)], Y: floor})
	line, err := plotter.NewLine(xy)
	if err != nil {
		return err
	}
	line.Color = color.RGBA{R: 0x1f, G: 0x5a, B: 0x96, A: 0xff}
	line.FillColor = color.RGBA{R: 0xb8, G: 0xd0, B: 0xe8, A: 0xff}
	p.Add(line)
	p.Y.Min, p.Y.Max = floor, top*1.5
	to, err := p.WriterTo(7*vg.Inch, 4*vg.Inch, format[1:])
	if err != nil {
		return err
	}
	if err := cli.WriteFile(j.out, func(w io.Writer) error { _, err := to.WriteTo(w); return err }); err != nil {
		return err
	}
	fmt.Fprintf(j.w, "%d values from %.6g to %.6g\n", total, edges[0], edges[len(counts)])
	return nil
}

func convert(j *job) error {
	if j.countsOut != "" && j.m.Counts() == nil {
		return fmt.Errorf("%s: token counts for -counts-out are not known", j.files[0])
	}
	ids, err := j.tokenIDs()
	if err != nil {
		return err
	}
	m := j.m
	if ids != nil {
		if m, err = m.Filter(ids); err != nil {
			return err
		}
	}
	return j.write(m)
}

// write writes a map in the format that the name of the file asks for, and its
// counts.
func (j *job) write(m *amap.Map) error {
	format, err := j.format(".pickle", ".pkl", ".safetensors", ".npy")
	if err != nil {
		return err
	}
	write := func(w io.Writer) error { return m.WriteSYSIF(j.ctx, w) }
	switch format {
	case ".safetensors":
		write = func(w io.Writer) error { return m.WriteSafetensors(j.ctx, w) }
	case ".npy":
		mode, err := j.theMode()
		if err != nil {
			return err
		}
		layers := m.Layers(mode)
		if j.layer < 0 && len(layers) == 1 {
			j.layer = layers[0]
		}
		if j.layer < 0 {
			return fmt.Errorf("a .npy file holds one matrix; say -layer N of %v, and -mode", layers)
		}
		l, err := m.Layer(mode, j.layer)
		if err != nil {
			return err
		}
		write = func(w io.Writer) error { return l.WriteNPY(j.ctx, w) }
	}
	if err := cli.WriteFile(j.out, write); err != nil || j.countsOut == "" {
		return err
	}
	return cli.WriteFile(j.countsOut, m.Counts().Write)
}

func merge(j *job) error {
	var d amap.DType
	for _, t := range []amap.DType{amap.Float16, amap.BFloat16, amap.Float32, amap.Float64} {
		if j.dtype == t.String() {
			d = t
		}
	}
	if j.dtype != "" && d == 0 {
		return fmt.Errorf("-type %q is no number type", j.dtype)
	}
	parts := []*amap.Map{j.m}
	for _, file := range j.files[1:] {
		m, err := j.open(file)
		if err != nil {
			return err
		}
		defer m.Close()
		parts = append(parts, m)
	}
	for i, m := range parts {
		if m.Counts() == nil {
			return fmt.Errorf("%s: no token counts beside it (tokens-count-… for amap-…)", j.files[i])
		}
	}
	whole, err := amap.Merge(d, parts...)
	if err != nil {
		return err
	}
	return j.write(whole)
}
