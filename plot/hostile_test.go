package plot

import (
	"bytes"
	"fmt"
	"image/png"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/plot/plotter"

	"github.com/semamap/semamap/plot/internal/kit"
	"github.com/semamap/semamap/plot/internal/plottest"
)

// write writes a figure in all forms; none may fail.
func writeAll(t *testing.T, f *Figure) {
	t.Helper()
	g := *f
	g.DPI = 48
	writePNG(t, &g)
	for _, d := range []Dots{0, DotsTitled, DotsVector, DotsImage} {
		g.Dots = d
		writeSVG(t, &g)
		var b bytes.Buffer
		if err := g.WritePDF(&b, 0, 0); err != nil {
			t.Fatal(err)
		}
		checkPDF(t, b.Bytes())
	}
}

func hostileFigure(n int) *Figure {
	r := rand.New(rand.NewPCG(2, 2))
	var xys plotter.XYs
	var labels []string
	for i := range n {
		xys = append(xys, plotter.XY{X: r.NormFloat64(), Y: r.NormFloat64()})
		labels = append(labels, plottest.HostileLabels[i%len(plottest.HostileLabels)])
	}
	bad := strings.Join(plottest.HostileLabels[:6], " ")
	return &Figure{Title: bad, Subtitle: bad, XLabel: bad, YLabel: bad, Legend: bad, MaxNames: 99,
		Panels: []Panel{{Title: bad, Note: bad, XYs: xys, Labels: labels, Hover: labels}}}
}

func TestHostileLabels(t *testing.T) {
	f := hostileFigure(400)
	writeAll(t, f)
	checkLayout(t, f, 0, 0)
	f.Top = -1
	f.Panels = append(f.Panels, f.Panels[0], f.Panels[0])
	writeAll(t, f)
	checkLayout(t, f, 0, 0)
	for _, th := range []*Theme{Dark(), Plotly()} {
		f.Theme = th
		checkLayout(t, f, 0, 0)
	}
}

func TestTenThousandCategories(t *testing.T) {
	var xys plotter.XYs
	var labels []string
	for i := range 12000 {
		xys = append(xys, plotter.XY{X: float64(i % 100), Y: float64(i / 100)})
		labels = append(labels, fmt.Sprint("category ", i%10000))
	}
	p := Panel{XYs: xys, Labels: labels}
	for _, top := range []int{0, -1} {
		for _, n := range []int{1, 3} {
			f := &Figure{Top: top, Legend: "Many", Panels: []Panel{p, p, p}[:n], DPI: 24}
			if n == 1 {
				writePNG(t, f)
				writeSVG(t, f)
			}
			l := checkLayout(t, f, 0, 0)
			sum := 0
			for _, m := range l.texts {
				var v int
				if s := strings.ReplaceAll(m.text, ",", ""); m.color == light().muted {
					if _, err := fmt.Sscan(s, &v); err == nil {
						sum += v
					}
				}
			}
			if sum != len(xys) {
				t.Errorf("top %d, %d panels: the counts shown sum to %d", top, n, sum)
			}
		}
	}
}

func TestFewPoints(t *testing.T) {
	equal := make(plotter.XYs, 50)
	for i := range equal {
		equal[i] = plotter.XY{X: 7, Y: -3}
	}
	for name, xys := range map[string]plotter.XYs{
		"one": {{X: 1, Y: 2}}, "equal": equal, "huge": {{X: 1e300, Y: -1e300}, {X: -1e300, Y: 1e300}},
		"far": {{X: 1e17, Y: 1e17}, {X: 1e17, Y: 1e17}}, "tiny": {{X: 5e-324, Y: 0}, {X: 0, Y: 5e-324}}, "line": {{X: 0, Y: 1}, {X: 9, Y: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			f := &Figure{Title: name, Panels: []Panel{{XYs: xys}}, Align: true}
			writeAll(t, f)
			f.Panels = append(f.Panels, f.Panels[0])
			f.Theme = Plotly()
			writeAll(t, f)
			l := checkLayout(t, f, 0, 0)
			for _, pb := range l.panels {
				if !(pb.x0 < pb.x1 && pb.y0 < pb.y1) || math.IsInf(pb.x1-pb.x0, 0) {
					t.Errorf("ranges %+v", pb)
				}
				if len(xys) == 1 {
					continue
				}
				if w, h := (pb.x1-pb.x0)/pb.frame.w(), (pb.y1-pb.y0)/pb.frame.h(); math.Abs(w/h-1) > 1e-6 {
					t.Errorf("units differ: %v and %v", w, h)
				}
			}
		})
	}
	// No points, by hand: an empty frame.
	f := &Figure{Panels: []Panel{{}, {}}}
	writePNG(t, f)
	writeSVG(t, f)
}

// FuzzFigure: no text and no coordinates make a figure fail that NewPoints has
// let through, and what is written can be read.
func FuzzFigure(f *testing.F) {
	for i, s := range plottest.HostileLabels {
		f.Add(s, plottest.HostileLabels[(i+3)%len(plottest.HostileLabels)], 1.5, -2.0, uint8(i), uint16(300+i))
	}
	f.Add("a", "b", 1e300, -1e300, uint8(3), uint16(500))
	f.Fuzz(func(t *testing.T, a, b string, x, y float64, n uint8, w uint16) {
		xys, labels := plotter.XYs{{X: x, Y: y}}, []string{a}
		for i := range int(n) % 40 {
			xys = append(xys, plotter.XY{X: x * float64(i), Y: y - float64(i)})
			labels = append(labels, []string{a, b, a + b, b + a}[i%4]+strings.Repeat("x", i%5))
		}
		p := Panel{Title: a, XYs: xys, Labels: labels, Hover: labels}
		q := p
		q.Title, q.Note = b, a
		fig := &Figure{Title: a, Subtitle: b, XLabel: b, YLabel: a, DPI: 24, MaxNames: 99, Legend: b, Panels: []Panel{q, p}}
		fig.Stretch, fig.Outliers, fig.Place = n&64 != 0, float64(n&32)/100, []Place{0, PlaceInside}[n>>7]
		if n%5 == 1 {
			fig.Panels[0].XLim, fig.Panels[1].YLim = [2]float64{x, y}, [2]float64{y, x}
		}
		if n%5 == 2 {
			for _, q := range xys {
				fig.Panels[0].Values = append(fig.Panels[0].Values, q.X-q.Y)
			}
		}
		l, err := fig.layout(vgLength(float64(w%1200)), 0)
		if err != nil {
			return // too small, or not finite
		}
		checkLayout(t, fig, float64(w%1200), 0)
		_ = l
		var img, svg, page bytes.Buffer
		if err := fig.WritePNG(&img, 400, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := png.Decode(&img); err != nil {
			t.Fatal(err)
		}
		if err := fig.WriteSVG(&svg, 0, 0); err != nil {
			t.Fatal(err)
		}
		checkXML(t, svg.Bytes())
		if err := fig.WritePDF(&page, 0, 0); err != nil {
			t.Fatal(err)
		}
	})
}

func TestFitAndWrap(t *testing.T) {
	st := newStyles(nil).legend
	for _, s := range append(plottest.HostileLabels, "a few words that need a line or two") {
		for _, w := range []float64{30, 100, 400} {
			if got := st.fit(kit.Display(s), w); st.width(got) > w+1e-9 {
				t.Errorf("%.20q does not fit %v: %q", s, w, got)
			}
			lines := st.wrap(s, w, 3)
			if len(lines) > 3 {
				t.Errorf("%.20q takes %d lines", s, len(lines))
			}
			for _, l := range lines {
				if st.width(l) > w+1e-9 {
					t.Errorf("%.20q does not fit %v: %q", s, w, l)
				}
			}
		}
	}
	if got := strings.Join(st.wrap("one two three four", 60, 9), "|"); got != "one two|three four" {
		t.Errorf("wrapped as %s", got)
	}
}
