package plot

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/color"
	"image/png"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"

	gplot "gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"github.com/semamap/semamap/plot/internal/kit"
	"github.com/semamap/semamap/plot/internal/plottest"
)

func writePNG(t *testing.T, f *Figure) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := f.WritePNG(&b, 0, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := png.Decode(bytes.NewReader(b.Bytes())); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func writeSVG(t *testing.T, f *Figure) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := f.WriteSVG(&b, 0, 0); err != nil {
		t.Fatal(err)
	}
	checkXML(t, b.Bytes())
	return b.Bytes()
}

// writeSized writes a figure of 200 by 200 points.
func writeSized(t *testing.T, write func(io.Writer, vg.Length, vg.Length) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b, 200, 200); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func checkXML(t *testing.T, b []byte) {
	t.Helper()
	for d := xml.NewDecoder(bytes.NewReader(b)); ; {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// TestSameBytes: the same seed gives the same bytes for any GOMAXPROCS, and
// another seed gives others.
func TestSameBytes(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	f := study("domain", 2, true)
	f.DPI = 96
	write := func(procs int) [2]string {
		runtime.GOMAXPROCS(procs)
		return [2]string{string(writePNG(t, f)), string(writeSVG(t, f))}
	}
	one, many := write(1), write(8)
	if one != many {
		t.Error("bytes depend on GOMAXPROCS")
	}
	f.Seed = 7
	other := write(1)
	if other[0] == one[0] || other[1] == one[1] {
		t.Error("the seed has no effect")
	}
}

// checkLayout demands that no text overlaps another, a panel or a mark, and
// that all is on the page.
func checkLayout(t *testing.T, f *Figure, w, h float64) *layout {
	t.Helper()
	l, err := f.layout(vgLength(w), vgLength(h))
	if err != nil {
		t.Fatal(err)
	}
	page := box{0, 0, l.w, l.h}
	for i, a := range l.texts {
		if !page.contains(a.bounds()) {
			t.Errorf("%q is cut: %v on %v", a.text, a.bounds(), page)
		}
		for _, b := range l.texts[:i] {
			if a.bounds().overlaps(b.bounds()) {
				t.Errorf("%q and %q overlap", a.text, b.text)
			}
		}
		for _, p := range l.panels {
			if a.bounds().overlaps(p.frame) && !(l.inside && l.legend.contains(a.bounds())) {
				t.Errorf("%q overlaps a panel", a.text)
			}
		}
	}
	for i, p := range l.panels {
		if !page.contains(p.frame) {
			t.Errorf("panel %v is cut", p.frame)
		}
		if l.inside && i == 0 && !p.frame.contains(l.legend) {
			t.Errorf("legend %v leaves panel %v", l.legend, p.frame)
		}
		if l.legend.overlaps(p.frame) && !(l.inside && i == 0) {
			t.Errorf("legend %v overlaps panel %v", l.legend, p.frame)
		}
		for i, a := range p.labels {
			if !p.frame.contains(a.bounds()) {
				t.Errorf("label %q leaves its panel", a.text)
			}
			for _, b := range p.labels[:i] {
				if a.bounds().overlaps(b.bounds()) {
					t.Errorf("labels %q and %q overlap", a.text, b.text)
				}
			}
		}
	}
	return l
}

func TestLayoutOfStudy(t *testing.T) {
	for _, by := range []string{"domain", "pos"} {
		for _, n := range []int{1, 2, 4, 6, 12, 36} {
			for name, th := range map[string]*Theme{"light": nil, "dark": Dark(), "plotly": Plotly()} {
				t.Run(fmt.Sprintf("by=%s/panels=%d/theme=%s", by, n, name), func(t *testing.T) {
					f := study(by, n, true)
					f.Theme = th
					checkLayout(t, f, 0, 0)
					checkLayout(t, f, 720, 900)
					f.Place = PlaceRight
					checkLayout(t, f, 0, 0)
					f.Panels[0].Note = "a note that is much too long to stand beside the title"
					checkLayout(t, f, 0, 0)
				})
			}
		}
	}
}

func TestLegendCounts(t *testing.T) {
	w := manyDomains()
	for _, top := range []int{0, 3, 50, -1} {
		f := &Figure{Panels: []Panel{panel(w)}, Top: top}
		j, err := f.join(light())
		if err != nil {
			t.Fatal(err)
		}
		sum := 0
		for _, e := range j.entries {
			sum += e.count
		}
		if sum != len(w.XYs) {
			t.Errorf("top %d: counts sum to %d, not %d", top, sum, len(w.XYs))
		}
	}
}

func TestPanelErrors(t *testing.T) {
	ok := plotter.XYs{{X: 1, Y: 2}, {X: 3, Y: 4}}
	for _, tc := range []struct {
		xys    plotter.XYs
		labels []string
		want   error
		place  string
	}{
		{nil, nil, ErrEmpty, ""},
		{ok, []string{"a"}, ErrLength, "2 points, 1 labels"},
		{plotter.XYs{{X: 1, Y: 2}, {X: math.NaN(), Y: 4}}, nil, ErrNotFinite, "point 1"},
		{plotter.XYs{{X: 1, Y: math.Inf(-1)}}, nil, ErrNotFinite, "point 0"},
		{plotter.XYs{{X: 1e301, Y: 1}}, nil, ErrNotFinite, "point 0"},
	} {
		err := (&Figure{Panels: []Panel{{XYs: tc.xys, Labels: tc.labels}}}).WriteSVG(io.Discard, 0, 0)
		if !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.place) {
			t.Errorf("%v, %v: %v", tc.xys, tc.labels, err)
		}
	}
}

func TestFigureErrors(t *testing.T) {
	writers := map[string]func(*Figure, io.Writer) error{
		"png":  func(f *Figure, w io.Writer) error { return f.WritePNG(w, 0, 0) },
		"svg":  func(f *Figure, w io.Writer) error { return f.WriteSVG(w, 0, 0) },
		"pdf":  func(f *Figure, w io.Writer) error { return f.WritePDF(w, 0, 0) },
		"draw": func(f *Figure, w io.Writer) error { return f.Draw(draw.New(vgimg.New(300, 300))) },
	}
	for name, write := range writers {
		if err := write(&Figure{}, io.Discard); !errors.Is(err, ErrEmpty) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ok := study("domain", 1, true)
	for _, size := range [][2]float64{{-1, 0}, {math.NaN(), 0}, {math.Inf(1), 0}, {20, 0}, {400, 20}} {
		if err := ok.WriteSVG(io.Discard, vgLength(size[0]), vgLength(size[1])); !errors.Is(err, ErrSize) {
			t.Errorf("%v: %v", size, err)
		}
	}
	ok.DPI = 48
	for _, n := range []int{0, 10, 1000} {
		for name, write := range writers {
			if err := write(ok, &failing{n}); name != "draw" && !errors.Is(err, errDisk) {
				t.Errorf("%s after %d bytes: %v", name, n, err)
			}
		}
	}
	ok.DPI = 1 << 30
	if err := ok.WritePNG(io.Discard, 0, 0); !errors.Is(err, ErrSize) {
		t.Error(err)
	}
	ok.Dots = DotsImage
	if err := ok.WritePDF(io.Discard, 0, 0); !errors.Is(err, ErrSize) {
		t.Error(err)
	}
	if _, err := (&Figure{Panels: []Panel{{XYs: plotter.XYs{}}}}).Plot(0); !errors.Is(err, ErrEmpty) {
		t.Error(err)
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

// TestUnlabeled: points without a label are the remainder, under their own
// name; with small categories folded into it, under both.
func TestUnlabeled(t *testing.T) {
	w := plottest.Synth([]string{"a", "b", "c", ""}, []int{9, 8, 7, 6}, 1)
	for _, tc := range []struct {
		top       int
		unlabeled string
		names     string
		counts    string
	}{
		{0, "", "[a b c (no label)]", "[9 8 7 6]"},
		{0, "none", "[a b c none]", "[9 8 7 6]"},
		{2, "none", "[a b other (1 more), none]", "[9 8 13]"},
	} {
		f := &Figure{Panels: []Panel{panel(w)}, Top: tc.top, Unlabeled: tc.unlabeled}
		j, err := f.join(light())
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		var counts []int
		for _, e := range j.entries {
			names, counts = append(names, e.name), append(counts, e.count)
		}
		if fmt.Sprint(names) != tc.names || fmt.Sprint(counts) != tc.counts {
			t.Errorf("top %d: %v %v", tc.top, names, counts)
		}
		p := j.points[0]
		if !p.rest || len(p.names) != len(names) {
			t.Errorf("top %d: names %v, remainder %v", tc.top, p.names, p.rest)
		}
		for r, l := range w.Labels {
			rest := int(p.cat[r]) == len(p.names)-1
			if rest != (l == "" || tc.top == 2 && l == "c") {
				t.Fatalf("top %d: %q is in category %d", tc.top, l, p.cat[r])
			}
		}
		for i, r := range p.order()[:6] {
			if int(p.cat[r]) != len(p.names)-1 {
				t.Fatalf("dot %d is not of the remainder", i)
			}
		}
	}
	none := &Figure{Panels: []Panel{{XYs: w.XYs, Labels: make([]string, len(w.XYs))}}}
	j, err := none.join(light())
	if err != nil {
		t.Fatal(err)
	}
	if len(j.entries) != 0 || j.points[0].rest {
		t.Errorf("labels that are all empty: %v", j.entries)
	}
}

// TestColors: colors go by name first, then by the palette, then by the theme.
func TestColors(t *testing.T) {
	w := plottest.Synth([]string{"a", "b", "c", "d"}, []int{9, 8, 7, 6}, 1)
	f := &Figure{Panels: []Panel{panel(w)}, Palette: []color.Color{kit.RGB{R: 1}, kit.RGB{R: 2}}, Colors: map[string]color.Color{"c": kit.RGB{R: 3}}}
	j, err := f.join(light())
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(j.colors); got != "[{1 0 0} {2 0 0} {3 0 0} {2 0 0}]" {
		t.Error(got)
	}
}

func TestThemes(t *testing.T) {
	for name, th := range map[string]*Theme{"light": light(), "dark": Dark(), "plotly": Plotly()} {
		for what, c := range map[string]kit.RGB{"ink": th.ink, "muted": th.muted} {
			if r := kit.Contrast(c, th.page); r < 4.5 {
				t.Errorf("%s: %s has a contrast of %.1f", name, what, r)
			}
		}
	}
}

// TestOver: gonum's plotters, their text too, are drawn in every form.
func TestOver(t *testing.T) {
	labels, err := plotter.NewLabels(plotter.XYLabels{XYs: plotter.XYs{{X: 0, Y: 0}}, Labels: []string{"here ∪"}})
	if err != nil {
		t.Fatal(err)
	}
	labels.TextStyle[0].Rotation = 1
	bare := study("domain", 1, true)
	full := *bare
	full.Panels = []Panel{bare.Panels[0]}
	full.Panels[0].Over = []gplot.Plotter{labels}
	for name, write := range map[string]func(*Figure) func(io.Writer, vg.Length, vg.Length) error{
		"png": func(f *Figure) func(io.Writer, vg.Length, vg.Length) error { return f.WritePNG },
		"svg": func(f *Figure) func(io.Writer, vg.Length, vg.Length) error { return f.WriteSVG },
		"pdf": func(f *Figure) func(io.Writer, vg.Length, vg.Length) error { return f.WritePDF },
	} {
		a, b := writeSized(t, write(bare)), writeSized(t, write(&full))
		if len(b) <= len(a) {
			t.Errorf("%s: %d bytes, %d without the label", name, len(b), len(a))
		}
	}
}
