package viewer

import (
	"bytes"
	"cmp"
	"compress/flate"
	"context"
	"encoding/base64"
	"fmt"
	"html"
	"maps"
	"math"
	"slices"

	"gonum.org/v1/plot/plotter"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/plot"
	"github.com/semamap/semamap/plot/internal/kit"
)

// page is a viewer's content in the form that the page's script reads.
type page struct {
	Title     string         `json:"title"`
	N         int            `json:"n"`
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

	Middle [2]float64 `json:"middle"`         // of the square that coordinates are scaled to
	Span   float64    `json:"span"`           // its side
	Flat   bool       `json:"flat,omitempty"` // all points have one place
}

type pageLabeling struct {
	Name   string   `json:"name"`
	Names  []string `json:"names"`
	Counts []int    `json:"counts"`
	Light  []string `json:"light"`
	Dark   []string `json:"dark"`
	Rest   bool     `json:"rest"`
	Top    int      `json:"top"` // how many are in color at first

	Spots [][]spot `json:"spots,omitempty"` // of each layer
	Bar   *pageBar `json:"bar,omitempty"`   // for numbers instead of names
}

// A spot is where the name of a category stands: its index, x and y.
type spot [3]float64

type pageBar struct {
	Lo      float64    `json:"lo"`
	Hi      float64    `json:"hi"`
	Min     float64    `json:"min"`
	Max     float64    `json:"max"`
	Missing int        `json:"missing"`
	Light   []string   `json:"light"` // some of its colors
	Dark    []string   `json:"dark"`
	Table   []*float64 `json:"table,omitempty"` // all different numbers, null for none, where they are few
}

// writeSummary writes a labeling's counts as text for screen readers, the
// largest twenty by name.
func writeSummary(b *bytes.Buffer, l pageLabeling) {
	if l.Bar != nil {
		fmt.Fprintf(b, "<p>%s: %.6g to %.6g.</p>", html.EscapeString(cmp.Or(l.Name, "Numbers")), l.Bar.Min, l.Bar.Max)
	}
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
	if l.values != nil {
		return l.numbers()
	}
	g := kit.Group(l.labels, f.Top, f.Unlabeled, false)
	p := pageLabeling{Name: kit.Display(f.Legend), Counts: g.Counts, Rest: g.Rest}
	if len(g.Names) > math.MaxUint16+1 {
		return p, nil, fmt.Errorf("%w: %d categories, at most %d", plot.ErrSize, len(g.Names), math.MaxUint16+1)
	}
	light, dark := kit.Light(len(g.Names)), kit.Dark(len(g.Names))
	for k, name := range g.Names {
		if n := len(f.Palette); n > 0 {
			light[k] = f.Palette[k%n]
			dark[k] = kit.OnDark(light[k])
		}
		if c := f.Colors[name]; c != nil && g.Named > 0 {
			light[k], dark[k] = c, kit.OnDark(c)
		}
		if g.Rest && k == len(g.Names)-1 {
			light[k], dark[k] = kit.LightRest, kit.DarkRest
		}
		p.Names = append(p.Names, kit.Name(name))
		p.Light, p.Dark = append(p.Light, kit.ToRGB(light[k]).Hex()), append(p.Dark, kit.ToRGB(dark[k]).Hex())
	}
	p.Top = len(p.Names)
	if f.Top == 0 && g.Named > manyCategories {
		p.Top = autoTop
	}
	return p, g.Of, nil
}

// A page of more categories than many has some of them in color and the others
// in gray, until its reader asks for more.
const (
	manyCategories = 20
	autoTop        = 10
)

// numbers returns a labeling by numbers, and for each row an index into the
// table of different numbers. Where these are too many, it is the place
// between the smallest and the largest number in 65,535 steps.
func (l labeling) numbers() (pageLabeling, []int32, error) {
	bar, err := kit.NewBar(l.values)
	p := pageLabeling{Name: kit.Display(l.figure.Legend), Names: []string{}}
	if err != nil {
		return p, nil, err
	}
	p.Bar = &pageBar{Lo: bar.Lo, Hi: bar.Hi, Min: bar.Min, Max: bar.Max, Missing: bar.Missing}
	const stops = 9
	light, dark := kit.Ramp(stops, false), kit.Ramp(stops, true)
	for k := range stops {
		p.Bar.Light, p.Bar.Dark = append(p.Bar.Light, light[k].Hex()), append(p.Bar.Dark, dark[k].Hex())
	}
	index := make(map[float64]int32)
	for _, v := range l.values {
		if v == v && len(index) < 256 {
			index[v] = 0
		}
	}
	if len(index) < 256 { // one more is for none
		for k, v := range slices.Sorted(maps.Keys(index)) {
			index[v] = int32(k)
			p.Bar.Table = append(p.Bar.Table, &v)
		}
		p.Bar.Table = append(p.Bar.Table, nil)
	}
	code := make([]int32, len(l.values))
	for i, v := range l.values {
		switch {
		case p.Bar.Table != nil && v == v:
			code[i] = index[v]
		case p.Bar.Table != nil:
			code[i] = int32(len(index))
		case v != v:
			code[i] = math.MaxUint16
		default:
			code[i] = int32(math.Round((v - bar.Min) / (bar.Max - bar.Min) * (math.MaxUint16 - 1)))
		}
	}
	return p, code, nil
}

// wide says whether the rows' categories take two bytes each.
func (l pageLabeling) wide() bool {
	if l.Bar != nil {
		return l.Bar.Table == nil
	}
	return len(l.Names) > 256
}

// spots finds where categories are concentrated in each layer.
func (l pageLabeling) spots(f *plot.Figure, d *data, category []int32) [][]spot {
	k := len(l.Names)
	if l.Rest {
		k--
	}
	if l.Bar != nil || f.MaxNames < 0 || k < 2 || k > 1000 || f.MaxNames == 0 && k <= 10 {
		return nil
	}
	out := make([][]spot, len(d.layers))
	// The context is never canceled, so there is no error to look at.
	_ = par.Blocks(context.Background(), 0, len(d.layers), 1, func(_, i, _, _ int) {
		y := d.layers[i]
		s := y.square()
		u, v := make([]float64, len(y.xys)), make([]float64, len(y.xys))
		for j, p := range y.xys {
			u[j], v[j] = s.unit(p)
		}
		out[i] = []spot{}
		if s.flat {
			return
		}
		for _, at := range kit.Spots(u, v, category[y.from:y.to], k) {
			if f.MaxNames > 0 && len(out[i]) == f.MaxNames {
				break
			}
			round := func(v float64) float64 { return math.Round(v*1e4) / 1e4 }
			out[i] = append(out[i], spot{float64(at.Category), round(at.X), round(at.Y)})
		}
	})
	return out
}

// A square is what a layer's coordinates are scaled from, with equal units and
// its points in the middle.
type square struct {
	midX, midY, span float64
	flat             bool // several points, all at one place
}

func (l layer) square() square {
	x0, x1, y0, y1 := kit.Bounds(l.xys)
	s := square{x0/2 + x1/2, y0/2 + y1/2, max(x1-x0, y1-y0), false}
	if !(s.span > 0) {
		s.span, s.flat = 1, len(l.xys) > 1
	}
	return s
}

// unit scales a point to the unit square.
func (s square) unit(p plotter.XY) (x, y float64) {
	return min(1, max(0, (p.X-s.midX)/s.span+0.5)), min(1, max(0, (p.Y-s.midY)/s.span+0.5))
}

// quantize returns 16 bits of each x, then of each y, scaled to the unit
// square: the high bytes apart from the low ones, which compresses better.
func (l layer) quantize(rows []int) []byte {
	n := len(rows)
	out := make([]byte, 4*n)
	s := l.square()
	for i, r := range rows {
		x, y := s.unit(l.xys[r-l.from])
		for axis, v := range []float64{x, y} {
			q := int(math.Round(v * math.MaxUint16))
			out[2*n*axis+i], out[2*n*axis+n+i] = byte(q>>8), byte(q)
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
