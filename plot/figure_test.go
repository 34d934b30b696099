package plot

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

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
			if a.bounds().overlaps(p.frame) {
				t.Errorf("%q overlaps a panel", a.text)
			}
		}
	}
	for _, p := range l.panels {
		if !page.contains(p.frame) {
			t.Errorf("panel %v is cut", p.frame)
		}
		if l.legend.overlaps(p.frame) {
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
	w := plottest.ManyDomains()
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
