package viewer

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/plot/plotter"

	"github.com/semamap/semamap/plot/internal/kit"
)

// TestPeerFiles writes, for internal/peers/plot.py, the maps of the benchmarks
// (coordinates, categories and words) and our pages of them. It is skipped
// unless PLOT_PEERS names a folder.
func TestPeerFiles(t *testing.T) {
	dir := os.Getenv("PLOT_PEERS")
	if dir == "" {
		t.Skip("set PLOT_PEERS to a folder to write files there")
	}
	for _, n := range []int{1564, 117659} {
		page := benchPage(n)
		p := page.Views[0].Panels[0]
		category := kit.Group(p.Labels, 0, "", false).Of
		var xy, cat []byte
		for i, q := range p.XYs.(plotter.XYs) {
			var err error
			if xy, err = binary.Append(xy, binary.LittleEndian, [2]float64{q.X, q.Y}); err != nil {
				t.Fatal(err)
			}
			cat = append(cat, byte(category[i]))
		}
		base := filepath.Join(dir, fmt.Sprint(n))
		for ext, data := range map[string]string{".xy": string(xy), ".cat": string(cat), ".words": strings.Join(p.Hover, "\n")} {
			if err := os.WriteFile(base+ext, []byte(data), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		w, err := os.Create(base + ".html")
		if err != nil {
			t.Fatal(err)
		}
		if err := page.WriteHTML(w); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
