package viewer

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image/color"
	"io"
	"math"
	"math/rand/v2"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"gonum.org/v1/plot/plotter"

	"github.com/semamap/semamap/plot"
	"github.com/semamap/semamap/plot/internal/kit"
	"github.com/semamap/semamap/plot/internal/plottest"
)

// pageData returns the page's description and an element's bytes.
func pageData(t *testing.T, html []byte) (page, func(id string) []byte) {
	t.Helper()
	m := regexp.MustCompile(`(?s)id="meta">(.*?)</script>`).FindSubmatch(html)
	var p page
	if err := json.Unmarshal(m[1], &p); err != nil {
		t.Fatal(err)
	}
	return p, func(id string) []byte {
		m := regexp.MustCompile(`id="` + id + `">([^<]*)<`).FindSubmatch(html)
		if m == nil {
			t.Fatalf("no %s", id)
		}
		packed, err := base64.StdEncoding.DecodeString(string(m[1]))
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(flate.NewReader(bytes.NewReader(packed)))
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
}

// TestPageHoldsTheData: words, labels and, within half a step, coordinates can
// be read back from the page.
func TestPageHoldsTheData(t *testing.T) {
	for _, n := range []int{1, 2, 1001} {
		w := plottest.Synth(plottest.POSNames, []int{700, 130, 80, 50, 41}, 5)
		for i := range w.Texts {
			w.Texts[i] = fmt.Sprintf("%s#%d", w.Texts[i], i) // to find rows again
		}
		v := pageOf(w, n)
		w.Texts[0] = "solitary#0"
		hover := v.Views[0].Panels[0].Hover
		var b bytes.Buffer
		if err := v.WriteHTML(&b); err != nil {
			t.Fatal(err)
		}
		p, data := pageData(t, b.Bytes())
		words := strings.Split(string(data("d-words")), "\n")
		row := make([]int, n)
		for i, w := range words {
			fmt.Sscanf(w[strings.LastIndexByte(w, '#')+1:], "%d", &row[i])
			if hover[row[i]] != w {
				t.Fatalf("word %d is %q", i, w)
			}
		}
		cats := data("d-cats")
		for k, l := range p.Labelings {
			counts := make([]int, len(l.Names))
			for i := range n {
				c := int(cats[i])
				if len(l.Names) > 256 {
					c |= int(cats[n+i]) << 8
				}
				counts[c]++
				want := v.Views[k].Panels[0].Labels[row[i]]
				if want == "" {
					want = v.Views[k].Unlabeled
				}
				if l.Names[c] != want {
					t.Fatalf("%s of %q is %q, want %q", l.Name, words[i], l.Names[c], want)
				}
			}
			if fmt.Sprint(counts) != fmt.Sprint(l.Counts) {
				t.Errorf("counts %v, want %v", l.Counts, counts)
			}
			if cats = cats[n:]; len(l.Names) > 256 {
				cats = cats[n:]
			}
		}
		for k := range v.Views[0].Panels {
			xys := v.Views[0].Panels[k].XYs.(plotter.XYs)
			x0, x1, y0, y1 := kit.Bounds(xys)
			span := max(x1-x0, y1-y0)
			if span == 0 {
				span = 1
			}
			raw := data(fmt.Sprint("d-layer", k))
			for i := range n {
				gx := (float64(int(raw[i])<<8|int(raw[n+i]))/65535-0.5)*span + (x0+x1)/2
				gy := (float64(int(raw[2*n+i])<<8|int(raw[3*n+i]))/65535-0.5)*span + (y0+y1)/2
				if q := xys[row[i]]; math.Abs(gx-q.X) > 0.501*span/65535 || math.Abs(gy-q.Y) > 0.501*span/65535 {
					t.Fatalf("layer %d: %q is at %v, %v, want %v", k, words[i], gx, gy, q)
				}
			}
		}
	}
}

// TestSixteenBitsAtAnySize: the smallest step of 16 bits survives in a page of
// more than 1.57 million coordinates of points, above which it was once lost.
func TestSixteenBitsAtAnySize(t *testing.T) {
	const n, layers = 66000, 24
	xys := make(plotter.XYs, n)
	for i := range xys {
		xys[i] = plotter.XY{X: float64(min(i, 65535)), Y: float64(i * 7 % 65536)}
	}
	f := &plot.Figure{}
	for range layers {
		f.Panels = append(f.Panels, plot.Panel{XYs: xys})
	}
	_, data := pageData(t, write(t, single(f)))
	b := data(fmt.Sprint("d-layer", layers-1))
	for i, p := range xys {
		if x, y := int(b[i])<<8|int(b[n+i]), int(b[2*n+i])<<8|int(b[3*n+i]); x != int(p.X) || y != int(p.Y) {
			t.Fatalf("point %d is at %d, %d, want %v", i, x, y, p)
		}
	}
}

func TestPageErrors(t *testing.T) {
	for name, tc := range map[string]struct {
		edit func(*Page)
		want error
		says string
	}{
		"views":  {func(p *Page) { p.Views = nil }, plot.ErrEmpty, "no views"},
		"layers": {func(p *Page) { p.Views[0].Panels = nil }, plot.ErrEmpty, "no panels"},
		"points": {func(p *Page) { p.Views[0].Panels[0].XYs = plotter.XYs{} }, plot.ErrEmpty, "layer 0"},
		"none":   {func(p *Page) { p.Views[0].Panels[1].XYs = nil }, plot.ErrEmpty, "layer 1"},
		"nan":    {func(p *Page) { p.Views[0].Panels[2].XYs = plotter.XYs{{X: math.NaN()}} }, plot.ErrNotFinite, "layer 2"},
		"length": {func(p *Page) { p.Views[0].Panels[1].XYs = plotter.XYs{{X: 1}} }, plot.ErrLength, "layer 1"},
		"align": {func(p *Page) {
			p.Views[0].Align = true
			p.Views[0].Panels[1] = plot.Panel{XYs: plotter.XYs{{X: 1}}}
		}, plot.ErrLength, "layer 1"},
		"words":  {func(p *Page) { p.Views[0].Panels[0].Hover = make([]string, 3) }, plot.ErrLength, "3 hover texts"},
		"labels": {func(p *Page) { p.Views[1].Panels[2].Labels = []string{"a"} }, plot.ErrLength, "view 1, layer 2"},
		"panels": {func(p *Page) { p.Views[1].Panels = p.Views[1].Panels[1:] }, plot.ErrLength, "view 1"},
		"titles": {func(p *Page) { p.Titles = p.Titles[1:] }, plot.ErrLength, "2 titles"},
	} {
		p := testPage(40)
		tc.edit(p)
		if err := p.WriteHTML(io.Discard); !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := single(&plot.Figure{Panels: []plot.Panel{{}}}).WriteHTML(io.Discard); !errors.Is(err, plot.ErrEmpty) {
		t.Error(err)
	}
}

// TestFold: Top folds the small categories of a view, and what has no label
// joins them; counts sum to the number of points.
func TestFold(t *testing.T) {
	for _, tc := range []struct {
		top  int
		last string
	}{{0, "no domain"}, {-1, "no domain"}, {5, "other (338 more), no domain"}, {500, "no domain"}} {
		p := testPage(3000)
		p.Views[1].Top = tc.top
		g, _ := pageData(t, write(t, p))
		l := g.Labelings[1]
		sum := 0
		for _, n := range l.Counts {
			sum += n
		}
		if got := l.Names[len(l.Names)-1]; got != tc.last || !l.Rest || sum != g.N {
			t.Errorf("top %d: the last category is %q, counts sum to %d of %d", tc.top, got, sum, g.N)
		}
		if tc.top == 5 && len(l.Names) != 6 {
			t.Errorf("%d categories", len(l.Names))
		}
	}
}

// TestColors: a view's own colors are used, lightened where they are too dark
// for a dark ground.
func TestColors(t *testing.T) {
	f := study("domain", 1, true)
	f.Palette = []color.Color{color.Black, kit.RGB{R: 255}}
	f.Colors = map[string]color.Color{"military": kit.RGB{G: 255}}
	g, _ := pageData(t, write(t, single(f)))
	l := g.Labelings[0]
	if got := fmt.Sprint(l.Light); got != "[#000000 #00ff00 #000000 #ff0000 #000000]" {
		t.Error(got)
	}
	if l.Dark[1] != "#00ff00" || l.Dark[0] == "#000000" {
		t.Error(l.Dark)
	}
}

// TestLinePage: a figure of lines has its values in the page.
func TestLinePage(t *testing.T) {
	f := &plot.Figure{Title: "10-NN purity by layer", XLabel: "Layer", Panels: []plot.Panel{{Lines: []plot.Line{
		{Name: "topic domain", XYs: plotter.XYs{{X: 0, Y: 0.45}}, Lo: []float64{0.43}, Hi: []float64{0.47}}}}}}
	page := write(t, &Page{Views: []*plot.Figure{f}, Lang: "fr"})
	if !bytes.Equal(page, write(t, &Page{Views: []*plot.Figure{f}, Lang: "fr"})) || !bytes.Contains(page, []byte("<td>0.45</td><td>0.43</td><td>0.47</td>")) {
		t.Error("the page lacks the values")
	}
	if !bytes.Contains(page, []byte(`<html lang="fr">`)) || bytes.Count(page, []byte("<svg")) != 2 {
		t.Error("the page lacks its language or its drawings")
	}
	f.Panels[0].Lines[0].Lo = nil
	if err := single(f).WriteHTML(io.Discard); !errors.Is(err, plot.ErrLength) {
		t.Error(err)
	}
}

// TestPageSameBytes: the same page for any GOMAXPROCS.
func TestPageSameBytes(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	write := func(procs int) string {
		runtime.GOMAXPROCS(procs)
		var b bytes.Buffer
		if err := testPage(500).WriteHTML(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	if write(1) != write(8) {
		t.Error("bytes depend on GOMAXPROCS")
	}
}

// failing fails after n bytes.
type failing struct{ n int }

var errDisk = errors.New("disk full")

func (w *failing) Write(b []byte) (int, error) {
	if w.n -= len(b); w.n < 0 {
		return 0, errDisk
	}
	return len(b), nil
}

func TestFailingWriter(t *testing.T) {
	for _, n := range []int{0, 10, 1000} {
		if err := testPage(100).WriteHTML(&failing{n}); !errors.Is(err, errDisk) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
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

func hostileFigure(n int) *plot.Figure {
	r := rand.New(rand.NewPCG(2, 2))
	var xys plotter.XYs
	var labels []string
	for i := range n {
		xys = append(xys, plotter.XY{X: r.NormFloat64(), Y: r.NormFloat64()})
		labels = append(labels, plottest.HostileLabels[i%len(plottest.HostileLabels)])
	}
	bad := strings.Join(plottest.HostileLabels[:6], " ")
	return &plot.Figure{Title: bad, Subtitle: bad, XLabel: bad, YLabel: bad, Legend: bad, Unlabeled: bad,
		Panels: []plot.Panel{{Title: bad, Note: bad, XYs: xys, Labels: labels, Hover: labels}}}
}

func TestHostileLabels(t *testing.T) {
	f := hostileFigure(400)
	checkHTML(t, write(t, single(f)), 1)
	f.Panels = append(f.Panels, f.Panels[0], f.Panels[0])
	checkHTML(t, write(t, &Page{Views: []*plot.Figure{f, f}, Lang: `"><b>`, Titles: []string{f.Title, "", "</script>"}}), 3)
}

func TestTenThousandCategories(t *testing.T) {
	var xys plotter.XYs
	var labels []string
	for i := range 12000 {
		xys = append(xys, plotter.XY{X: float64(i % 100), Y: float64(i / 100)})
		labels = append(labels, fmt.Sprint("category ", i%10000))
	}
	f := &plot.Figure{Legend: "Many", Panels: []plot.Panel{{XYs: xys, Labels: labels}}}
	checkHTML(t, write(t, single(f)), 1)
}

// TestFewPoints: one point, equal points, and coordinates at the bounds.
func TestFewPoints(t *testing.T) {
	for name, xys := range map[string]plotter.XYs{
		"one": {{X: 1, Y: 2}}, "equal": {{X: 7, Y: -3}, {X: 7, Y: -3}}, "huge": {{X: 1e300, Y: -1e300}, {X: -1e300, Y: 1e300}},
		"far": {{X: 1e17, Y: 1e17}, {X: 1e17, Y: 1e17}}, "tiny": {{X: 5e-324, Y: 0}, {X: 0, Y: 5e-324}}, "line": {{X: 0, Y: 1}, {X: 9, Y: 1}},
	} {
		f := &plot.Figure{Title: name, Panels: []plot.Panel{{XYs: xys}, {XYs: xys}}, Align: true}
		checkHTML(t, write(t, single(f)), 2)
	}
}

// values are numbers for points, with some missing.
func values(xys plotter.XYs) []float64 {
	v := make([]float64, len(xys))
	for i, p := range xys {
		if v[i] = p.X; i%7 == 3 {
			v[i] = math.NaN()
		}
	}
	return v
}

// FuzzPage: no text and no coordinates make a page fail that the checks have
// let through, and none becomes markup.
func FuzzPage(f *testing.F) {
	for i, s := range plottest.HostileLabels {
		f.Add(s, plottest.HostileLabels[(i+3)%len(plottest.HostileLabels)], 1.5, -2.0, uint8(i))
	}
	f.Add("a", "b", 1e300, -1e300, uint8(3))
	f.Fuzz(func(t *testing.T, a, b string, x, y float64, n uint8) {
		xys, labels := plotter.XYs{{X: x, Y: y}}, []string{a}
		for i := range int(n) % 40 {
			xys = append(xys, plotter.XY{X: x * float64(i), Y: y - float64(i)})
			labels = append(labels, []string{a, b, a + b, b + a}[i%4]+strings.Repeat("x", i%5))
		}
		pn := plot.Panel{Title: b, Note: a, XYs: xys, Labels: labels, Hover: labels}
		fig := &plot.Figure{Title: a, Subtitle: b, XLabel: b, YLabel: a, Legend: b, Panels: []plot.Panel{pn, pn}}
		number := &plot.Figure{Legend: a, Panels: []plot.Panel{{Values: values(xys)}, {Values: values(xys)}}}
		var page bytes.Buffer
		if err := (&Page{Views: []*plot.Figure{fig, number}}).WriteHTML(&page); err != nil {
			if !errors.Is(err, plot.ErrNotFinite) {
				t.Fatal(err)
			}
			return
		}
		if scripts := bytes.Count(bytes.ToLower(page.Bytes()), []byte("<script")); scripts != 6 {
			t.Errorf("%d script elements", scripts)
		}
	})
}

func BenchmarkHTML(b *testing.B) {
	for _, n := range []int{1564, 117659} {
		p := benchPage(n)
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			var buf bytes.Buffer
			for b.Loop() {
				buf.Reset()
				if err := p.WriteHTML(&buf); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(buf.Len()), "bytes")
		})
	}
}

// benchPage is the study's map of n points: n is 1,564 or 117,659.
func benchPage(n int) *Page {
	if n > 2000 {
		return single(study("pos", 1, false))
	}
	return single(study("domain", 1, false))
}
