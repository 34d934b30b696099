package plot

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"github.com/semamap/semamap/plot/internal/kit"
	"github.com/semamap/semamap/plot/internal/plottest"
)

func dense(n int, seed uint64) plotter.XYs {
	r := rand.New(rand.NewPCG(seed, 7))
	xys := make(plotter.XYs, n)
	for i := range xys {
		xys[i] = plotter.XY{X: r.NormFloat64(), Y: r.NormFloat64()}
	}
	return xys
}

// TestSmallFigures: figures of a column and of a page's width are laid out
// well: their text can be read, and little of them is blank.
func TestSmallFigures(t *testing.T) {
	many := study("domain", 1, true)
	many.Panels[0] = panel(manyDomains())
	for name, tc := range map[string]struct {
		f     *Figure
		w, h  vg.Length
		place func(l *layout) bool // of the legend
	}{
		"column":       {study("domain", 1, true), 3.3 * vg.Inch, 0, (*layout).legendIsBelow},
		"column, high": {study("domain", 1, true), 3.3 * vg.Inch, 4 * vg.Inch, (*layout).legendIsBelow},
		"column, six":  {study("domain", 6, true), 3.3 * vg.Inch, 0, (*layout).legendIsBelow},
		"column, many": {many, 3.3 * vg.Inch, 0, (*layout).legendIsBelow},
		"wide":         {study("domain", 1, true), 7 * vg.Inch, 3 * vg.Inch, nil},
		"wide, three":  {study("domain", 3, true), 7 * vg.Inch, 3 * vg.Inch, nil},
		"wide, six":    {study("domain", 6, true), 7 * vg.Inch, 3 * vg.Inch, nil},
		"wide, many":   {many, 7 * vg.Inch, 3 * vg.Inch, nil},
		"wide, lines":  {lineFigure(24), 7 * vg.Inch, 3 * vg.Inch, nil},
	} {
		t.Run(name, func(t *testing.T) {
			l := checkLayout(t, tc.f, tc.w.Points(), tc.h.Points())
			for _, x := range append(l.texts, l.panels[0].labels...) {
				if x.style.size < 4.4 {
					t.Errorf("%q is set in %.1f points", x.text, x.style.size)
				}
			}
			content := l.panels[0].frame
			for _, p := range l.panels {
				content = join(content, p.frame)
			}
			if w := content.w() / l.w; tc.h == 0 && w < 0.85 {
				t.Errorf("the panels take %.2f of the width", w)
			}
			content = join(content, l.legend)
			for _, x := range l.texts {
				content = join(content, x.bounds())
			}
			if w, h := content.w()/l.w, content.h()/l.h; w < 0.8 || h < 0.8 {
				t.Errorf("%.2f of the width and %.2f of the height are in use", w, h)
			}
			if tc.place != nil && !tc.place(l) {
				t.Errorf("the legend is at %v", l.legend)
			}
		})
	}
}

func (l *layout) legendIsBelow() bool { return l.legend.y0 >= l.panels[len(l.panels)-1].frame.y1 }

func join(a, b box) box {
	return box{min(a.x0, b.x0), min(a.y0, b.y0), max(a.x1, b.x1), max(a.y1, b.y1)}
}

// TestInside: a legend in a panel hides next to nothing, and goes below where
// the panel is too small for it.
func TestInside(t *testing.T) {
	for _, n := range []int{1, 2} {
		f := study("domain", n, true)
		f.Place = PlaceInside
		l := checkLayout(t, f, 400, 300*float64(3-n))
		if !l.inside {
			t.Fatal("the legend is not inside")
		}
		pb, hidden := l.panels[0], 0
		for _, q := range f.Panels[0].XYs.(plotter.XYs) {
			x := pb.frame.x0 + pb.frame.w()*(q.X-pb.x0)/(pb.x1-pb.x0)
			y := pb.frame.y1 - pb.frame.h()*(q.Y-pb.y0)/(pb.y1-pb.y0)
			if (box{x, y, x + 1e-3, y + 1e-3}).overlaps(l.legend) {
				hidden++
			}
		}
		if hidden > 3 {
			t.Errorf("the legend hides %d points", hidden)
		}
		if w, h := (pb.x1-pb.x0)/pb.frame.w(), (pb.y1-pb.y0)/pb.frame.h(); math.Abs(w/h-1) > 1e-6 {
			t.Errorf("units differ: %v and %v", w, h)
		}
		writeAll(t, f)
	}
	f := study("domain", 6, true)
	f.Place = PlaceInside
	if l := checkLayout(t, f, 240, 240); l.inside || !l.legendIsBelow() {
		t.Error("a legend within a panel that is too small for it")
	}
	lines := lineFigure(12)
	lines.Place = PlaceInside
	if l := checkLayout(t, lines, 300, 200); !l.inside {
		t.Error("the legend of lines is not inside")
	}
}

func TestFontSize(t *testing.T) {
	for _, tc := range []struct{ size, w, want float64 }{{0, 0, 10}, {0, 238, 7}, {8, 0, 8}, {14, 900, 14}, {6, 238, 6}} {
		f := study("domain", 1, true)
		f.FontSize = vgLength(tc.size)
		l := checkLayout(t, f, tc.w, 0)
		for _, x := range l.texts {
			if x.text == "law" && math.Abs(x.style.size-tc.want) > 1e-9 {
				t.Errorf("%+v: the legend is set in %v", tc, x.style.size)
			}
		}
		if !strings.Contains(string(writeSVG(t, f)), `font-size="`) {
			t.Error("no text")
		}
	}
	f := study("domain", 1, true)
	for _, size := range []float64{1e-9, 300} {
		f.FontSize = vgLength(size)
		if err := f.WriteSVG(io.Discard, 0, 0); !errors.Is(err, ErrSize) {
			t.Errorf("text of %v points: %v", size, err)
		}
	}
}

// TestLimits: the axes show what is asked for, points outside are not drawn,
// and the panel says how many.
func TestLimits(t *testing.T) {
	xys := dense(1000, 1)
	hover := make([]string, len(xys))
	for i := range hover {
		hover[i] = "word"
	}
	f := &Figure{Panels: []Panel{{XYs: xys, Hover: hover, XLim: [2]float64{1, -0.5}, YLim: [2]float64{-1, 1}}}}
	for _, stretch := range []bool{false, true} {
		f.Stretch = stretch
		l := checkLayout(t, f, 400, 300)
		pb, shown := l.panels[0], 0
		for _, q := range xys {
			shown += b2i(q.X >= pb.x0 && q.X <= pb.x1 && q.Y >= pb.y0 && q.Y <= pb.y1)
		}
		if pb.x0 > -0.5 || pb.x1 < 1 || pb.y0 > -1 || pb.y1 < 1 || stretch && (pb.x0 != -0.5 || pb.x1 != 1 || pb.y1 != 1) {
			t.Errorf("stretch %v: axes %v to %v, %v to %v", stretch, pb.x0, pb.x1, pb.y0, pb.y1)
		}
		if w, h := (pb.x1-pb.x0)/pb.frame.w(), (pb.y1-pb.y0)/pb.frame.h(); math.Abs(w/h-1) < 1e-6 == stretch {
			t.Errorf("stretch %v: units %v and %v", stretch, w, h)
		}
		var b bytes.Buffer
		if err := f.WriteSVG(&b, 400, 300); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(b.String(), "<circle"); got != shown || shown > 800 {
			t.Errorf("%d dots, want %d", got, shown)
		}
		if want := kit.Thousands(1000-shown) + " of 1,000 points outside"; !strings.Contains(b.String(), want) {
			t.Errorf("the panel does not say %q", want)
		}
	}
	p, err := f.Plot(0)
	if err != nil || p.X.Min != -0.5 || p.X.Max != 1 || p.Y.Max != 1 {
		t.Errorf("a plot of gonum's shows %v to %v: %v", p.X.Min, p.X.Max, err)
	}
	f.Panels[0].XLim[0] = math.NaN()
	if err := f.WriteSVG(io.Discard, 0, 0); !errors.Is(err, ErrNotFinite) {
		t.Error(err)
	}
	lines := lineFigure(12)
	lines.Panels[0].YLim = [2]float64{0, 1}
	if pb := checkLayout(t, lines, 0, 0).panels[0]; pb.y0 != 0 || pb.y1 != 1 {
		t.Errorf("lines from %v to %v", pb.y0, pb.y1)
	}
}

// TestOutliers: a few far points do not make the others small.
func TestOutliers(t *testing.T) {
	xys := dense(2000, 2)
	xys[7], xys[900] = plotter.XY{X: 5000, Y: 1}, plotter.XY{X: 1, Y: -3e7}
	f := &Figure{Panels: []Panel{{XYs: xys}}}
	if pb := checkLayout(t, f, 0, 0).panels[0]; pb.x1-pb.x0 < 1e7 {
		t.Error("without a share of outliers a point is missing")
	}
	f.Outliers = 0.001
	l := checkLayout(t, f, 0, 0)
	if pb := l.panels[0]; pb.x1-pb.x0 > 12 || pb.y1-pb.y0 > 12 || pb.labels[0].text != "2 of 2,000 points outside" {
		t.Errorf("axes %v to %v, %v to %v; %q", pb.x0, pb.x1, pb.y0, pb.y1, pb.labels[0].text)
	}
	for _, share := range []float64{1, 5, -1, math.NaN()} {
		f.Outliers = share
		checkLayout(t, f, 0, 0)
	}
}

// TestFlat: points that all have one place are no map, and the panel says so.
func TestFlat(t *testing.T) {
	same := make(plotter.XYs, 1200)
	for i := range same {
		same[i] = plotter.XY{X: 2, Y: 3}
	}
	hover := strings.Split(strings.Repeat("word ", 1199)+"word", " ")
	f := &Figure{Panels: []Panel{{Title: "Layer 0", XYs: dense(1200, 3), Hover: hover}, {Title: "Layer 1", XYs: same, Hover: hover}}, Align: true}
	svg := string(writeSVG(t, f))
	if n := strings.Count(svg, "<circle"); n != 1200 {
		t.Errorf("%d dots, want those of one panel", n)
	}
	if !strings.Contains(svg, "All 1,200 points lie at one place.") {
		t.Error("the panel does not say why it is empty")
	}
	writeAll(t, f)
	if f.Panels = []Panel{{XYs: same[:1], Hover: hover[:1]}}; strings.Count(string(writeSVG(t, f)), "<circle") != 1 {
		t.Error("a single point is not drawn")
	}
}

// TestDensity: a million points do not merge into one blot: denser places are
// darker.
func TestDensity(t *testing.T) {
	if testing.Short() {
		t.Skip("draws a million points")
	}
	for _, side := range []float64{300, 600} {
		var b bytes.Buffer
		f := &Figure{Panels: []Panel{{XYs: dense(1e6, 4)}}, DPI: 72}
		if err := f.WritePNG(&b, vgLength(side), vgLength(side)); err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(&b)
		if err != nil {
			t.Fatal(err)
		}
		pb := checkLayout(t, f, side, side).panels[0]
		var last float64
		for k, sd := range []float64{0, 1, 2, 2.6} { // distances from the middle
			x := pb.frame.x0 + pb.frame.w()*(sd-pb.x0)/(pb.x1-pb.x0)
			y := pb.frame.y1 - pb.frame.h()*(0-pb.y0)/(pb.y1-pb.y0)
			mean := brightness(img, int(x), int(y), 4)
			if k > 0 && mean < last+4 {
				t.Errorf("side %v: at %v standard deviations brightness %.0f after %.0f", side, sd, mean, last)
			}
			last = mean
		}
	}
}

// brightness is the mean of the red channel around a pixel.
func brightness(img image.Image, x, y, r int) float64 {
	sum, n := 0.0, 0.0
	for j := -r; j <= r; j++ {
		for i := -r; i <= r; i++ {
			sum += float64(kit.ToRGB(img.At(x+i, y+j)).R)
			n++
		}
	}
	return sum / n
}

// TestValues: points are colored by their numbers, on one scale for all
// panels, and the legend is a bar.
func TestValues(t *testing.T) {
	xys := plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: 1}, {X: 2, Y: 0}}
	f := &Figure{Legend: "Frequency", Panels: []Panel{
		{XYs: xys, Values: []float64{0, 50, math.NaN()}},
		{XYs: xys, Values: []float64{100, 50, 0}},
		{XYs: xys},
	}}
	j, err := f.join(light())
	if err != nil {
		t.Fatal(err)
	}
	p, q := j.points[0], j.points[1]
	if p.cat[0] != 0 || p.cat[1] != q.cat[1] || p.cat[2] != kit.Steps || q.cat[0] != kit.Steps-1 || j.points[2].cat[0] != kit.Steps {
		t.Errorf("colors %v, %v, %v", p.cat, q.cat, j.points[2].cat)
	}
	if j.bar.Lo != 0 || j.bar.Hi != 100 || j.bar.Missing != 4 {
		t.Errorf("bar %+v", j.bar)
	}
	for _, th := range []*Theme{nil, Dark(), Plotly()} {
		for _, place := range []Place{0, PlaceRight, PlaceBelow, PlaceInside, PlaceNone} {
			f.Theme, f.Place = th, place
			l := checkLayout(t, f, 0, 0)
			if (l.bar.w() > 0) == (place == PlaceNone) {
				t.Errorf("place %d: bar at %v", place, l.bar)
			}
			checkLayout(t, f, 260, 0)
		}
	}
	f.Place = 0
	svg := string(writeSVG(t, f))
	for _, want := range []string{">Frequency</text>", ">100</text>", ">(no number)</text>"} {
		if !strings.Contains(svg, want) {
			t.Errorf("the legend lacks %s", want)
		}
	}
	writeAll(t, f)
	for name, bad := range map[string]struct {
		values []float64
		want   error
	}{"length": {[]float64{1}, ErrLength}, "infinite": {[]float64{1, math.Inf(1), 2}, ErrNotFinite}} {
		f.Panels[1].Values = bad.values
		if err := f.WriteSVG(io.Discard, 0, 0); !errors.Is(err, bad.want) || !strings.Contains(err.Error(), "panel 1") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, v := range [][]float64{{1, 1, 1}, {math.NaN(), math.NaN(), math.NaN()}, {1e300, -1e300, 0}} {
		f.Panels = []Panel{{XYs: xys, Values: v}}
		writeAll(t, f)
	}
}

// TestTitlesOfOnePlace: where several points have one place, the one on top
// tells the words of all.
func TestTitlesOfOnePlace(t *testing.T) {
	f := &Figure{Panels: []Panel{{
		XYs:   plotter.XYs{{X: 1, Y: 1}, {X: 5, Y: 5}, {X: 1, Y: 1}, {X: 1, Y: 1}},
		Hover: []string{"law", "music", "jurisprudence <&>", "law"},
	}}}
	for seed := range uint64(8) { // whatever the order of drawing
		f.Seed = seed
		titles := strings.Split(string(writeSVG(t, f)), "<title>")[1:]
		top := ""
		for _, s := range titles {
			if s = s[:strings.Index(s, "<")]; s != "music" {
				top = s
			}
		}
		if top != "law&#xA;jurisprudence &lt;&amp;&gt;" {
			t.Errorf("seed %d: the topmost title is %q", seed, top)
		}
	}
}

// TestAnyFigure lays out figures of random settings, sizes and hostile texts:
// nothing overlaps or is cut, or the size is refused.
func TestAnyFigure(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	of := func(s ...float64) float64 { return s[r.IntN(len(s))] }
	word := func() string { return plottest.HostileLabels[r.IntN(len(plottest.HostileLabels))] }
	done := 0
	for i := range 150 {
		f := &Figure{Title: word(), Legend: word(), XLabel: "x", YLabel: "y", Place: Place(r.IntN(5)), Stretch: r.IntN(3) == 0,
			Outliers: of(0, 0.1, 0.9), FontSize: vgLength(of(0, 0, 6, 9, 14)), MaxNames: int(of(0, 99, -1)), DPI: 36,
			Theme: []*Theme{nil, Dark(), Plotly()}[r.IntN(3)]}
		for range 1 + r.IntN(6) {
			scale := of(1, 1e-9, 1e300)
			number := func() float64 { return scale * (r.Float64() - 0.5) }
			pn := Panel{Title: "Layer", Note: word()}
			var xys plotter.XYs
			for range 1 + r.IntN(50) {
				xys = append(xys, plotter.XY{X: number(), Y: number()})
				pn.Labels, pn.Values = append(pn.Labels, word()), append(pn.Values, number())
			}
			if r.IntN(4) > 0 {
				pn.Values = nil
			}
			if r.IntN(4) == 0 {
				pn.XLim = [2]float64{number(), number()}
			}
			if pn.XYs = xys; r.IntN(6) == 0 {
				pn = Panel{Lines: []Line{{Name: word(), XYs: xys}, {Name: "b", XYs: xys[:1], Dashed: true}}}
			}
			f.Panels = append(f.Panels, pn)
		}
		w, h := of(0, 120, 238, 300, 504, 900), of(0, 0, 100, 216, 238, 500)
		if _, err := f.layout(vgLength(w), vgLength(h)); err != nil {
			if !errors.Is(err, ErrSize) {
				t.Fatal(err)
			}
			continue
		}
		done++
		if checkLayout(t, f, w, h); t.Failed() {
			t.Fatalf("figure %d of %v × %v points, legend at %d, text of %v", i, w, h, f.Place, f.FontSize)
		}
		if i%10 == 0 {
			writeAll(t, f)
		}
	}
	if done < 60 {
		t.Errorf("only %d figures were not refused", done)
	}
}
