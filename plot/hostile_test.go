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
)

var hostileLabels = []string{
	"</script><script>alert(1)</script>", `"quoted" 'twice'`, "two\nlines\tand a tab", "שלום עולם", "مرحبا بالعالم", "law \u202egnisrever",
	"", "   ", "<b>&amp;]]></b>", "\x00\x01\x1b[31m", "broken \xff\xfe utf-8", "\ufeffbom \uffff", "汉字和假名", "🙂", strings.Repeat("long ", 300), strings.Repeat("W", 5000), "{{meta}}", "-->", "{{js}}",
}

// write writes a figure in all forms; none may fail.
func writeAll(t *testing.T, f *Figure) {
	t.Helper()
	g := *f
	g.DPI = 48
	writePNG(t, &g)
	for _, d := range []Dots{DotsAuto, DotsTitled, DotsVector, DotsImage} {
		g.Dots = d
		writeSVG(t, &g)
		var b bytes.Buffer
		if err := g.WritePDF(&b, 0, 0); err != nil {
			t.Fatal(err)
		}
		checkPDF(t, b.Bytes())
	}
	var b bytes.Buffer
	if err := g.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	checkHTML(t, b.Bytes(), len(f.Panels))
}

// checkHTML demands that no label has become markup.
func checkHTML(t *testing.T, page []byte, layers int) {
	t.Helper()
	low := bytes.ToLower(page)
	scripts := bytes.Count(low, []byte("<script"))
	if want := 3 + layers; scripts != want && scripts != want+1 { // meta, categories, the program, layers; words
		t.Errorf("%d script elements, want %d or one more", scripts, want)
	}
	if n := bytes.Count(low, []byte("</script")); n != scripts {
		t.Errorf("%d script elements end, %d begin", n, scripts)
	}
	if bytes.Contains(page, []byte("alert(1)</")) || bytes.Contains(page, []byte("<b>&amp;]]>")) {
		t.Error("a label is markup")
	}
}

func hostileFigure(n int) *Figure {
	r := rand.New(rand.NewPCG(2, 2))
	var xys plotter.XYs
	var labels []string
	for i := range n {
		xys = append(xys, plotter.XY{X: r.NormFloat64(), Y: r.NormFloat64()})
		labels = append(labels, hostileLabels[i%len(hostileLabels)])
	}
	p, err := NewPoints(xys, labels)
	if err != nil {
		panic(err)
	}
	p.Hover = labels
	bad := strings.Join(hostileLabels[:6], " ")
	return &Figure{Title: bad, Subtitle: bad, XLabel: bad, YLabel: bad, Legend: Legend{Title: bad}, Labels: LabelsOn,
		Panels: []Panel{{Title: bad, Note: bad, Points: p}}}
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
	p, err := NewPoints(xys, labels)
	if err != nil {
		t.Fatal(err)
	}
	for _, top := range []int{0, -1} {
		for _, n := range []int{1, 3} {
			f := &Figure{Top: top, Legend: Legend{Title: "Many"}, Panels: []Panel{{Points: p}, {Points: p}, {Points: p}}[:n], DPI: 24}
			if n == 1 {
				writePNG(t, f)
				writeSVG(t, f)
				var b bytes.Buffer
				if err := f.WriteHTML(&b); err != nil {
					t.Fatal(err)
				}
				checkHTML(t, b.Bytes(), n)
			}
			l := checkLayout(t, f, 0, 0)
			sum := 0
			for _, m := range l.texts {
				var v int
				if s := strings.ReplaceAll(m.text, ",", ""); m.color == Light().Muted {
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
			p, err := NewPoints(xys, nil)
			if err != nil {
				t.Fatal(err)
			}
			f := &Figure{Title: name, Panels: []Panel{{Points: p}}, Align: true}
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
	f := &Figure{Panels: []Panel{{Points: &Points{}}, {Points: nil}}}
	writePNG(t, f)
	writeSVG(t, f)
}

// FuzzFigure: no text and no coordinates make a figure fail that NewPoints has
// let through, and what is written can be read.
func FuzzFigure(f *testing.F) {
	for i, s := range hostileLabels {
		f.Add(s, hostileLabels[(i+3)%len(hostileLabels)], 1.5, -2.0, uint8(i), uint16(300+i))
	}
	f.Add("a", "b", 1e300, -1e300, uint8(3), uint16(500))
	f.Fuzz(func(t *testing.T, a, b string, x, y float64, n uint8, w uint16) {
		xys, labels := plotter.XYs{{X: x, Y: y}}, []string{a}
		for i := range int(n) % 40 {
			xys = append(xys, plotter.XY{X: x * float64(i), Y: y - float64(i)})
			labels = append(labels, []string{a, b, a + b, b + a}[i%4]+strings.Repeat("x", i%5))
		}
		p, err := NewPoints(xys, labels)
		if err != nil {
			return
		}
		p.Hover = labels
		fig := &Figure{Title: a, Subtitle: b, XLabel: b, YLabel: a, DPI: 24, Labels: LabelsOn, Legend: Legend{Title: b},
			Panels: []Panel{{Title: b, Note: a, Points: p}, {Title: a, Points: p}}}
		l, err := fig.layout(vgLength(float64(w%1200)), 0)
		if err != nil {
			return // too small
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
		if err := fig.WriteHTML(&page); err != nil {
			t.Fatal(err)
		}
	})
}

func TestDisplay(t *testing.T) {
	for in, want := range map[string]string{
		"law": "law", "a\nb": "a b", " a  b ": "a b", "   ": "", "a ": "a", "a\x00b": "ab", "x\xffy": "x\uFFFDy", "\u202eabc": "abc", "é": "é",
	} {
		if got := display(in); got != want {
			t.Errorf("%q shows as %q, want %q", in, got, want)
		}
	}
}

// TestVisual: right-to-left text stands as it is read, numbers in it too.
func TestVisual(t *testing.T) {
	for in, want := range map[string]string{
		"abc": "abc", "שלום": "םולש", "אב 12": "12 בא", "law שלום": "law םולש", "שלום law 7 (אב)": "(בא) law 7 םולש", "(אב)": "(בא)",
		"x אב 12, גד y": "x דג ,12 בא y", "12 אב": "בא 12",
	} {
		if got := visual(in); got != want {
			t.Errorf("%q stands as %q, want %q", in, got, want)
		}
	}
}

func TestFitAndWrap(t *testing.T) {
	st := style{10, false}
	for _, s := range append(hostileLabels, "a few words that need a line or two") {
		for _, w := range []float64{30, 100, 400} {
			if got := st.fit(display(s), w); st.width(got) > w+1e-9 {
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
