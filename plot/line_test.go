package plot

import (
	"bytes"
	"errors"
	"image/png"
	"io"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/plot/plotter"

	"github.com/semamap/semamap/plot/internal/kit"
)

func TestLineErrors(t *testing.T) {
	ok := plotter.XYs{{X: 0, Y: 1}, {X: 1, Y: 2}}
	for _, tc := range []struct {
		xys    plotter.XYs
		lo, hi []float64
		want   error
		place  string
	}{
		{nil, nil, nil, ErrEmpty, `"purity"`},
		{ok, []float64{1}, []float64{2}, ErrLength, "2 points, a band of 1 and 1"},
		{ok, []float64{1, 2}, nil, ErrLength, "a band of 2 and 0"},
		{ok, []float64{1, math.NaN()}, []float64{2, 3}, ErrNotFinite, "band at point 1"},
		{plotter.XYs{{X: 0, Y: math.Inf(1)}}, nil, nil, ErrNotFinite, "point 0"},
	} {
		f := &Figure{Panels: []Panel{{Lines: []Line{{Name: "purity", XYs: tc.xys, Lo: tc.lo, Hi: tc.hi}}}}}
		if err := f.WritePNG(io.Discard, 0, 0); !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.place) {
			t.Errorf("%v: %v", tc.xys, err)
		}
	}
}

// TestLines: figures of lines have their layout right, their band within the
// panel and their values in the page.
func TestLines(t *testing.T) {
	for _, layers := range []int{1, 2, 6, 24, 200} {
		for _, th := range []*Theme{nil, Dark(), Plotly()} {
			f := lineFigure(layers)
			f.Theme = th
			l := checkLayout(t, f, 0, 0)
			for k := range l.joint.lines[0] {
				_, _, y0, y1 := l.joint.lines[0][k].DataRange()
				if y0 < l.panels[0].y0 || y1 > l.panels[0].y1 {
					t.Errorf("%d layers: line %d leaves the panel", layers, k)
				}
			}
			f.Panels = append(f.Panels, f.Panels[0], f.Panels[0])
			checkLayout(t, f, 0, 0)
			f.DPI = 48
			writePNG(t, f)
		}
	}
	f := lineFigure(6)
	svg := string(writeSVG(t, f))
	if !strings.Contains(svg, "<title>topic domain, 0: 0.45 (0.43 to 0.47)</title>") {
		t.Error("no value on hover")
	}
}

// TestBandIsDrawn: the error band has its color, faded, between its bounds.
func TestBandIsDrawn(t *testing.T) {
	line := Line{Name: "x", XYs: plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: 0}}, Lo: []float64{-1, -1}, Hi: []float64{1, 1}}
	f := &Figure{Panels: []Panel{{Lines: []Line{line}}}, DPI: 72, Place: PlaceNone}
	l, err := f.layout(400, 300)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.WritePNG(&b, 400, 300); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	p := l.panels[0]
	at := func(y float64) kit.RGB {
		fy := p.frame.y1 - p.frame.h()*(y-p.y0)/(p.y1-p.y0)
		return kit.ToRGB(img.At(int(p.frame.x0+p.frame.w()/2), int(fy)))
	}
	if c := at(0.63); c == (kit.RGB{R: 255, G: 255, B: 255}) || c.B < c.R+20 {
		t.Errorf("within the band it is %v", c)
	}
	if c := at(1.06); c != (kit.RGB{R: 255, G: 255, B: 255}) {
		t.Errorf("above the band it is %v", c)
	}
}

func TestThemeFills(t *testing.T) {
	f := study("domain", 1, true)
	f.Theme, f.DPI = &Theme{}, 48
	writePNG(t, f)
	checkLayout(t, f, 0, 0)
}
