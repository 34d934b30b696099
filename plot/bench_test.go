package plot

import (
	"bytes"
	"fmt"
	"image/color"
	"io"
	"testing"

	gplot "gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/semamap/semamap/plot/internal/kit"
)

// benchFigure is the study's map of n points: n is 1,564 or 117,659.
func benchFigure(n int) *Figure {
	by := "domain"
	if n > 2000 {
		by = "pos"
	}
	f := study(by, 1, false)
	f.Radius = 2 // as gonum's below
	f.Alpha = 0.7
	return f
}

const benchWidth, benchHeight = 675, 675

// gonumPlot is the same map drawn with gonum's own means.
func gonumPlot(f *Figure) *gplot.Plot {
	p := gplot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = f.Title, f.XLabel, f.YLabel
	pn := f.Panels[0]
	for k, name := range kit.Group(pn.Labels, 0, "", false).Names {
		var xys plotter.XYs
		for i, l := range pn.Labels {
			if l == name {
				xys = append(xys, pn.XYs.(plotter.XYs)[i])
			}
		}
		s, err := plotter.NewScatter(xys)
		if err != nil {
			panic(err)
		}
		c := kit.ToRGB(kit.Light(k + 1)[k])
		s.GlyphStyle = draw.GlyphStyle{Color: color.NRGBA{c.R, c.G, c.B, 178}, Radius: 2, Shape: draw.CircleGlyph{}}
		p.Add(s)
		p.Legend.Add(name, s)
	}
	return p
}

func BenchmarkPNG(b *testing.B) {
	for _, n := range []int{1564, 117659} {
		f := benchFigure(n)
		for _, dpi := range []int{96, 192} {
			f.DPI = dpi
			b.Run(fmt.Sprintf("n=%d/dpi=%d/by=ours", n, dpi), func(b *testing.B) {
				b.ReportAllocs()
				var buf bytes.Buffer
				for b.Loop() {
					buf.Reset()
					if err := f.WritePNG(&buf, benchWidth, benchHeight); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/point")
				b.ReportMetric(float64(buf.Len()), "bytes")
			})
			b.Run(fmt.Sprintf("n=%d/dpi=%d/by=gonum", n, dpi), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					c := vgimg.NewWith(vgimg.UseWH(benchWidth, benchHeight), vgimg.UseDPI(dpi))
					gonumPlot(f).Draw(draw.New(c))
					if _, err := (vgimg.PngCanvas{Canvas: c}).WriteTo(io.Discard); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/point")
			})
		}
	}
}

func BenchmarkSVG(b *testing.B) {
	for _, n := range []int{1564, 117659} {
		f := benchFigure(n)
		run := func(name string, write func(io.Writer) error) {
			b.Run(fmt.Sprintf("n=%d/by=%s", n, name), func(b *testing.B) {
				var buf bytes.Buffer
				for b.Loop() {
					buf.Reset()
					if err := write(&buf); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(buf.Len()), "bytes")
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/point")
			})
		}
		for name, d := range map[string]Dots{"titled": DotsTitled, "vector": DotsVector, "image": DotsImage} {
			g := *f
			g.Dots = d
			run(name, func(w io.Writer) error { return g.WriteSVG(w, benchWidth, benchHeight) })
		}
		run("gonum", func(w io.Writer) error {
			c := vgsvg.New(benchWidth, benchHeight)
			gonumPlot(f).Draw(draw.New(c))
			_, err := c.WriteTo(w)
			return err
		})
	}
}

func BenchmarkPDF(b *testing.B) {
	for _, n := range []int{1564, 117659} {
		f := benchFigure(n)
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			var buf bytes.Buffer
			for b.Loop() {
				buf.Reset()
				if err := f.WritePDF(&buf, benchWidth, benchHeight); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(buf.Len()), "bytes")
		})
	}
}
