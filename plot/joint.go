package plot

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/plotter"

	"github.com/semamap/semamap/plot/internal/kit"
)

// An entry is a line of the legend.
type entry struct {
	name  string
	count int // below zero: none is shown
	color color.Color
	rest  bool
	line  *line
}

// joint is what the panels of a figure have in common: one list of categories
// and each panel's points in its terms.
type joint struct {
	entries []entry
	colors  []color.Color // of the categories of points
	points  []*points     // one a panel, nil where it has none
	lines   [][]line      // with their colors
	dots    int           // points of all panels
	cats    int           // named categories before folding
	bar     *kit.Bar      // for points colored by a number; nil for categories
}

// above this many categories a figure folds the small ones into a remainder.
const (
	manyCategories = 20
	autoTop        = 16
)

// join checks the panels' data and brings their categories into one list, by
// falling total count (or in order of appearance, if the theme says so), folds
// what Top asks for, and gives each its color.
func (f *Figure) join(th *Theme) (*joint, error) {
	if len(f.Panels) == 0 {
		return nil, fmt.Errorf("plot: %w: the figure has no panels", ErrEmpty)
	}
	j := &joint{points: make([]*points, len(f.Panels)), lines: make([][]line, len(f.Panels))}
	var labels []string // of the points of all panels
	for i, pn := range f.Panels {
		for _, v := range append(pn.XLim[:], pn.YLim[:]...) {
			if !(math.Abs(v) <= kit.MaxCoord) {
				return nil, fmt.Errorf("plot: panel %d: limits: %w: %v", i, ErrNotFinite, v)
			}
		}
		p, err := newPoints(pn)
		if err != nil {
			return nil, fmt.Errorf("plot: panel %d: %w", i, err)
		}
		if p == nil {
			continue
		}
		p.f, p.theme = f, th
		j.points[i] = p
		if pn.Labels != nil {
			labels = append(labels, pn.Labels...)
		} else {
			labels = append(labels, make([]string, len(p.xys))...)
		}
	}
	j.dots = len(labels)
	if slices.ContainsFunc(j.points, func(p *points) bool { return p != nil && p.values != nil }) {
		if err := f.number(j, th); err != nil {
			return nil, err
		}
	} else {
		f.group(j, th, labels)
	}
	if err := f.joinLines(j, th); err != nil {
		return nil, err
	}
	if f.Align {
		return j, j.align()
	}
	return j, nil
}

// number colors the points of all panels by their values.
func (f *Figure) number(j *joint, th *Theme) error {
	for i, p := range j.points { // to name the panel
		if p != nil {
			if _, err := kit.NewBar(p.values); err != nil {
				return fmt.Errorf("plot: panel %d: %w", i, err)
			}
		}
	}
	var values []float64
	for _, p := range j.points {
		if p != nil && p.values == nil {
			p.values = slices.Repeat([]float64{math.NaN()}, len(p.xys))
		}
		if p != nil {
			values = append(values, p.values...)
		}
	}
	j.bar, _ = kit.NewBar(values) // checked above
	for _, c := range kit.Ramp(kit.Steps, th.dark) {
		j.colors = append(j.colors, c)
	}
	j.colors = append(j.colors, th.rest)
	for _, p := range j.points {
		if p == nil {
			continue
		}
		p.names, p.colors, p.rest = make([]string, len(j.colors)), j.colors, true
		p.cat = make([]int32, len(p.xys))
		for i, v := range p.values {
			p.cat[i] = j.bar.Step(v)
		}
	}
	if j.bar.Missing > 0 {
		j.entries = append(j.entries, entry{name: cmp.Or(kit.Display(f.Unlabeled), "(no number)"), count: j.bar.Missing, color: th.rest, rest: true})
	}
	return nil
}

// group colors the points of all panels by category.
func (f *Figure) group(j *joint, th *Theme, labels []string) {
	g := kit.Group(labels, f.Top, f.Unlabeled, th.byFirst)
	if f.Top == 0 && g.Named > manyCategories {
		g = kit.Group(labels, autoTop, f.Unlabeled, th.byFirst)
	}
	j.cats = g.Named
	if g.Named == 0 && len(g.Names) > 0 {
		g.Names[0] = "" // no labels at all: a category without a name
	}
	rest := g.Of
	for _, p := range j.points {
		if p != nil {
			p.cat, rest = rest[:len(p.xys)], rest[len(p.xys):]
		}
	}
	palette := f.palette(th, len(g.Names)-b2i(g.Rest))
	counts := j.counts(g)
	for k, name := range g.Names {
		isRest := g.Rest && k == len(g.Names)-1
		var col color.Color = th.rest
		if !isRest {
			col = f.color(name, palette[k])
		}
		j.colors = append(j.colors, col)
		if name != "" {
			j.entries = append(j.entries, entry{name: kit.Name(name), count: counts[k], color: col, rest: isRest})
		}
	}
	for _, p := range j.points {
		if p != nil {
			p.names, p.colors, p.rest = g.Names, j.colors, g.Rest
		}
	}
}

// palette returns n colors.
func (f *Figure) palette(th *Theme, n int) []color.Color {
	if len(f.Palette) == 0 {
		return th.palette(n)
	}
	out := make([]color.Color, n)
	for i := range out {
		out[i] = f.Palette[i%len(f.Palette)]
	}
	return out
}

// color is the color of a category or line.
func (f *Figure) color(name string, palette color.Color) color.Color {
	if c := f.Colors[name]; c != nil {
		return c
	}
	return palette
}

// joinLines gives lines their colors by name, after those of the points.
func (f *Figure) joinLines(j *joint, th *Theme) error {
	index := make(map[string]int)
	for _, pn := range f.Panels {
		for _, l := range pn.Lines {
			if _, ok := index[l.Name]; !ok {
				index[l.Name] = len(index)
			}
		}
	}
	palette := f.palette(th, len(j.colors)+len(index))[len(j.colors):]
	seen := make([]bool, len(index))
	for i, pn := range f.Panels {
		for _, l := range pn.Lines {
			k := index[l.Name]
			c := palette[k]
			if l.Dashed {
				c = th.muted
			}
			q, err := newLine(l, f.color(l.Name, c))
			if err != nil {
				return fmt.Errorf("plot: panel %d: line %q: %w", i, l.Name, err)
			}
			j.lines[i] = append(j.lines[i], *q)
			if !seen[k] && (l.Name != "" || len(index) > 1) {
				seen[k] = true
				j.entries = append(j.entries, entry{name: kit.Name(l.Name), count: -1, color: q.color, line: q})
			}
		}
	}
	return nil
}

// align turns each panel's points onto those of the panel before.
func (j *joint) align() error {
	var prev plotter.XYs
	for i, p := range j.points {
		if p == nil {
			continue
		}
		if prev != nil {
			if len(prev) != len(p.xys) {
				return fmt.Errorf("plot: panel %d: align: %w: %d and %d points", i, ErrLength, len(prev), len(p.xys))
			}
			p.xys = kit.Align(prev, p.xys)
		}
		prev = p.xys
	}
	return nil
}

// counts are the numbers beside the names: those of each panel when all panels
// with points agree, and else the totals.
func (j *joint) counts(g kit.Groups) []int {
	var first []int
	agree := make([]bool, len(g.Names))
	for _, p := range j.points {
		if p == nil {
			continue
		}
		own := make([]int, len(g.Names))
		for _, k := range p.cat {
			own[k]++
		}
		for k := range own {
			agree[k] = first == nil || agree[k] && own[k] == first[k]
		}
		if first == nil {
			first = own
		}
	}
	counts := slices.Clone(g.Counts)
	for k := range counts {
		if agree[k] {
			counts[k] = first[k]
		}
	}
	return counts
}

// limits returns the ends of a range that a panel asks for, in order.
func limits(r [2]float64) (lo, hi float64, ok bool) {
	return min(r[0], r[1]), max(r[0], r[1]), r[0] != r[1]
}

// equalRange returns ranges of both axes that show the points in a frame of
// w×h points with equal units and the given inset.
func equalRange(xmin, xmax, ymin, ymax, w, h, inset float64) (x0, x1, y0, y1 float64) {
	mx, my := xmin/2+xmax/2, ymin/2+ymax/2
	inset = min(inset, w/4, h/4)
	unit := max((xmax-xmin)/(w-2*inset), (ymax-ymin)/(h-2*inset)) // a point on the page
	unit = max(unit, (math.Abs(mx)+math.Abs(my))*1e-12)
	if unit < 1e-300 {
		unit = 1
	}
	return mx - unit*w/2, mx + unit*w/2, my - unit*h/2, my + unit*h/2
}
