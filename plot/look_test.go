package plot

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// TestLook writes the pictures that somebody looks at once a change: set
// PLOT_LOOK to a folder. Without it the test is skipped.
func TestLook(t *testing.T) {
	dir := os.Getenv("PLOT_LOOK")
	if dir == "" {
		t.Skip("set PLOT_LOOK to a folder to write pictures there")
	}
	many := study("domain", 1, false)
	many.Panels[0] = panel(manyDomains())
	many.Subtitle = "5,000 WordNet lemmas; the 16 largest of 344 domains in color"
	all := *many
	all.Top = -1
	figures := map[string]*Figure{
		"domain1": study("domain", 1, false), "domain6": study("domain", 6, false),
		"domain12": study("domain", 12, false), "domain36": study("domain", 36, false),
		"pos1": study("pos", 1, false), "pos6": study("pos", 6, false),
		"pos36": study("pos", 36, false),
		"many1": many, "all1": &all, "lines": lineFigure(24),
	}
	// For a column of 3.3 inches, a page of 7 × 3 inches, and with numbers.
	sized := map[string][2]vg.Length{}
	small := func(name string, w, h vg.Length, edit func(*Figure)) {
		for _, kind := range []string{"domain1", "domain6", "many1", "lines"} {
			f := *figures[kind]
			f.Panels = slices.Clone(f.Panels)
			if edit != nil {
				edit(&f)
			}
			figures[name+"-"+kind], sized[name+"-"+kind] = &f, [2]vg.Length{w, h}
		}
	}
	small("column", 3.3*vg.Inch, 0, nil)
	small("wide", 7*vg.Inch, 3*vg.Inch, nil)
	small("inside", 3.3*vg.Inch, 3.3*vg.Inch, func(f *Figure) { f.Place = PlaceInside })
	small("stretch", 7*vg.Inch, 3*vg.Inch, func(f *Figure) { f.Stretch, f.FontSize = true, 8 })
	small("tall", 3.3*vg.Inch, 6*vg.Inch, nil)
	small("values", 0, 0, func(f *Figure) {
		f.Legend = "Distance from the middle"
		for i := range f.Panels {
			pn := &f.Panels[i]
			if pn.XYs == nil {
				continue
			}
			for k := range pn.XYs.Len() {
				x, y := pn.XYs.XY(k)
				pn.Values = append(pn.Values, math.Hypot(x, y))
			}
			pn.Values[0], pn.Values[1] = math.NaN(), math.NaN()
		}
	})
	small("outliers", 0, 0, func(f *Figure) {
		f.Outliers = 0.01
		for i := range f.Panels {
			if p, ok := f.Panels[i].XYs.(plotter.XYs); ok {
				p = slices.Clone(p)
				p[3], p[5] = plotter.XY{X: 4000, Y: 1}, plotter.XY{X: 3, Y: -9000}
				f.Panels[i].XYs = p
			}
		}
	})
	themes := map[string]*Theme{"light": nil, "dark": Dark(), "plotly": Plotly()}
	only := os.Getenv("PLOT_LOOK_ONLY")
	for name, f := range figures {
		for th, theme := range themes {
			file := name + "-" + th
			if ok, _ := filepath.Match(only, file); only != "" && !ok {
				continue
			}
			f := *f
			f.Theme = theme
			size := sized[name]
			for ext, write := range map[string]func(*os.File) error{
				"png": func(w *os.File) error { return f.WritePNG(w, size[0], size[1]) },
				"svg": func(w *os.File) error { return f.WriteSVG(w, size[0], size[1]) },
				"pdf": func(w *os.File) error { return f.WritePDF(w, size[0], size[1]) },
			} {
				w, err := os.Create(filepath.Join(dir, fmt.Sprintf("%s.%s", file, ext)))
				if err != nil {
					t.Fatal(err)
				}
				if err := write(w); err != nil {
					t.Error(file, err)
				}
				w.Close()
			}
		}
	}
}
