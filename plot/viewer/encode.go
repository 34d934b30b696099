package viewer

import (
	"bytes"
	"cmp"
	"compress/flate"
	"encoding/base64"
	"fmt"
	"html"
	"image/color"
	"math"

	"gonum.org/v1/plot/plotter"

	"github.com/semamap/semamap/plot"
	"github.com/semamap/semamap/plot/internal/kit"
)

// page is a viewer's content in the form that the page's script reads.
type page struct {
	Title     string         `json:"title"`
	N         int            `json:"n"`
	Bits      int            `json:"bits"`
	Seed      uint32         `json:"seed"`
	Words     bool           `json:"words"`
	Layers    []pageLayer    `json:"layers"`
	Labelings []pageLabeling `json:"labelings"`
}

type pageLayer struct {
	Name  string   `json:"name"`
	Title string   `json:"title,omitempty"`
	Notes []string `json:"notes,omitempty"`
	From  int      `json:"from"` // rows that the layer has
	To    int      `json:"to"`
}

type pageLabeling struct {
	Name   string   `json:"name"`
	Names  []string `json:"names"`
	Counts []int    `json:"counts"`
	Light  []string `json:"light"`
	Dark   []string `json:"dark"`
	Rest   bool     `json:"rest"`
}

// writeSummary writes a labeling's counts as text for screen readers, the
// largest twenty by name.
func writeSummary(b *bytes.Buffer, l pageLabeling) {
	if len(l.Names) < 2 {
		return
	}
	fmt.Fprintf(b, "<p>%s: ", html.EscapeString(cmp.Or(l.Name, "Categories")))
	for i, n := range l.Names {
		if i == 20 && len(l.Names) > 21 {
			fmt.Fprintf(b, "; and %s more", kit.Thousands(len(l.Names)-i))
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(b, "%s %s", html.EscapeString(n), kit.Thousands(l.Counts[i]))
	}
	b.WriteString(".</p>")
}

// page sorts the labels into categories and gives them colors. The remainder,
// of points without a label and of what Top folds, comes last.
func (l labeling) page() (pageLabeling, []int32, error) {
	f := l.figure
	g := kit.Group(l.labels, f.Top, f.Unlabeled, false)
	p := pageLabeling{Name: kit.Display(f.Legend), Counts: g.Counts, Rest: g.Rest}
	if len(g.Names) > math.MaxUint16+1 {
		return p, nil, fmt.Errorf("%w: %d categories, at most %d", plot.ErrSize, len(g.Names), math.MaxUint16+1)
	}
	light, dark := kit.Light(len(g.Names)), kit.Dark(len(g.Names))
	for k, name := range g.Names {
		if n := len(f.Palette); n > 0 {
			light[k] = f.Palette[k%n]
			dark[k] = onDark(light[k])
		}
		if c := f.Colors[name]; c != nil && g.Named > 0 {
			light[k], dark[k] = c, onDark(c)
		}
		if g.Rest && k == len(g.Names)-1 {
			light[k], dark[k] = kit.LightRest, kit.DarkRest
		}
		p.Names = append(p.Names, kit.Name(name))
		p.Light, p.Dark = append(p.Light, kit.ToRGB(light[k]).Hex()), append(p.Dark, kit.ToRGB(dark[k]).Hex())
	}
	return p, g.Of, nil
}

// onDark makes a color visible on a dark ground.
func onDark(c color.Color) color.Color { return kit.Legible(kit.ToRGB(c), kit.DarkGround, 3) }

// quantize scales a layer to the unit square, with equal units and centerd,
// and returns bits bits of each x, then of each y: the high bytes apart from
// the rest, which compresses better.
func quantize(xys plotter.XYs, rows []int, from, bits int) []byte {
	n := len(rows)
	x0, x1, y0, y1 := kit.Bounds(xys)
	span := max(x1-x0, y1-y0)
	if !(span > 0) {
		span = 1
	}
	limit := float64(uint(1)<<bits - 1)
	out := make([]byte, 0, 2*n*bits/8+2)
	for axis := range 2 {
		mid := x0/2 + x1/2
		if axis == 1 {
			mid = y0/2 + y1/2
		}
		q := make([]int, n)
		for i, r := range rows {
			v := xys[r-from].X
			if axis == 1 {
				v = xys[r-from].Y
			}
			q[i] = int(math.Round(min(1, max(0, (v-mid)/span+0.5)) * limit))
			out = append(out, byte(q[i]>>(bits-8)))
		}
		if bits == 16 {
			for _, v := range q {
				out = append(out, byte(v))
			}
			continue
		}
		for i := 0; i < n; i += 2 {
			b := byte(q[i] & 15)
			if i+1 < n {
				b |= byte(q[i+1]&15) << 4
			}
			out = append(out, b)
		}
	}
	return out
}

// pack returns bytes as the page holds them: deflate within base64.
func pack(raw []byte) []byte {
	var b bytes.Buffer
	f, _ := flate.NewWriter(&b, flate.DefaultCompression) // the level is a good one
	_, _ = f.Write(raw)                                   // a Buffer does not fail
	_ = f.Close()
	return base64.StdEncoding.AppendEncode(nil, b.Bytes())
}
