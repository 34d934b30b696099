package plot

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"testing"

	"gonum.org/v1/plot/plotter"

	"github.com/semamap/semamap/internal/golden"
)

// Golden files are what this package itself has drawn, looked at by somebody:
// go test ./plot -run Golden -update writes them anew.

// goldenFigures are small enough that their files can be read.
func goldenFigures() map[string]*Figure {
	few := func(n int) Panel {
		var xys plotter.XYs
		var labels, hover []string
		for i := range n {
			xys = append(xys, plotter.XY{X: float64(i*7%11) - 5, Y: float64(i*5%13) / 2})
			labels = append(labels, []string{"noun", "verb", "adjective satellite", "noun", "adverb"}[i%5])
			hover = append(hover, fmt.Sprintf("word %d <&>", i))
		}
		return Panel{XYs: xys, Labels: labels, Hover: hover}
	}
	single := &Figure{Title: "t-SNE visualization of layer 0 activations", Subtitle: "Twelve words", XLabel: "First t-SNE", YLabel: "Second t-SNE",
		Panels: []Panel{few(12)}, Legend: "Part of speech"}
	multiple := &Figure{Title: "By layer", XLabel: "First t-SNE", YLabel: "Second t-SNE", Legend: "Part of speech"}
	for l := range 4 {
		pn := few(6 + l)
		pn.Title, pn.Note = fmt.Sprint("Layer ", l), fmt.Sprintf("purity 0.%d", 46+l)
		multiple.Panels = append(multiple.Panels, pn)
	}
	top := &Figure{Title: "Top two", Panels: []Panel{few(20)}, Top: 2, Theme: Plotly(), MaxNames: 99}
	vector := *single
	vector.Dots, vector.Theme = DotsVector, Dark()
	return map[string]*Figure{"single": single, "multiple": multiple, "top": top, "vector": &vector, "lines": lineFigure(6)}
}

// TestGoldenLayout: every coordinate of the layout, exactly.
func TestGoldenLayout(t *testing.T) {
	for name, f := range goldenFigures() {
		golden.Check(t, "testdata/"+name+".svg", writeSVG(t, f))
	}
}

// goldenPictures have about 200 points on 300×225 pixels.
func goldenPictures() map[string]*Figure {
	small := func(theme *Theme) *Figure {
		f := study("domain", 1, true)
		f.Title, f.Subtitle, f.Theme, f.DPI, f.MaxNames = "Layer 0", "", theme, 48, 99
		f.Radius = 4
		return f
	}
	return map[string]*Figure{"light": small(nil), "dark": small(Dark()), "plotly": small(Plotly())}
}

// TestGoldenPictures compares within a tolerance, since other processors round
// otherwise: a mean difference of half a level, and one pixel in a thousand
// off by more than eight.
func TestGoldenPictures(t *testing.T) {
	for name, f := range goldenPictures() {
		file := "testdata/" + name + ".png"
		var b bytes.Buffer
		if err := f.WritePNG(&b, 450, 337.5); err != nil {
			t.Fatal(err)
		}
		if golden.Update() {
			golden.Check(t, file, b.Bytes())
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if mean, off := difference(t, bytes.NewReader(b.Bytes()), bytes.NewReader(data)); mean > 0.5 || off > 0.001 {
			t.Errorf("%s: mean difference %.3f, %.2f %% of pixels off", name, mean, 100*off)
			if err := os.WriteFile(filepath.Join(t.ArtifactDir(), name+"-got.png"), b.Bytes(), 0o644); err != nil {
				t.Error(err)
			}
		}
	}
}

// difference returns the mean difference of two pictures' channels and the
// share of pixels that differ by more than eight.
func difference(t *testing.T, a, b io.Reader) (mean, off float64) {
	t.Helper()
	p, err := png.Decode(a)
	if err != nil {
		t.Fatal(err)
	}
	q, err := png.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if p.Bounds() != q.Bounds() {
		t.Fatalf("sizes %v and %v", p.Bounds(), q.Bounds())
	}
	sum, far, n := 0, 0, 0
	at := func(m image.Image, x, y int) [3]int {
		r, g, b, _ := m.At(x, y).RGBA()
		return [3]int{int(r >> 8), int(g >> 8), int(b >> 8)}
	}
	for y := range p.Bounds().Dy() {
		for x := range p.Bounds().Dx() {
			c, d := at(p, x, y), at(q, x, y)
			worst := 0
			for k := range c {
				e := max(c[k]-d[k], d[k]-c[k])
				sum += e
				worst = max(worst, e)
			}
			far += b2i(worst > 8)
			n++
		}
	}
	return float64(sum) / float64(3*n), float64(far) / float64(n)
}

// TestDifferenceFails: the comparison above sees four moved dots of 77.
func TestDifferenceFails(t *testing.T) {
	draw := func(x float64) *bytes.Buffer {
		f := goldenPictures()["light"]
		xys := f.Panels[0].XYs.(plotter.XYs)
		for i := range 4 {
			xys[i].X += x
		}
		var b bytes.Buffer
		if err := f.WritePNG(&b, 450, 337.5); err != nil {
			t.Fatal(err)
		}
		return &b
	}
	if _, off := difference(t, draw(0), draw(12)); off <= 0.001 {
		t.Errorf("four dots moved by an eighth of the map change %.5f of the pixels", off)
	}
}
