package plot

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
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
			for ext, write := range map[string]func(*os.File) error{
				"png": func(w *os.File) error { return f.WritePNG(w, 0, 0) },
				"svg": func(w *os.File) error { return f.WriteSVG(w, 0, 0) },
				"pdf": func(w *os.File) error { return f.WritePDF(w, 0, 0) },
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
