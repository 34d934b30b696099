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
}

// above this many categories a figure folds the small ones into a remainder.
const (
	manyCategories = 20
	autoTop        = 16
)

// A category has its points counted in each panel.
type category struct {
	name   string
	counts []int
	total  int
}

func (c *category) add(panel, n int) {
	c.counts[panel] += n
	c.total += n
}

// join checks the panels' data and brings their categories into one list, by
// falling total count (or in order of appearance, if the theme says so), folds
// what Top asks for, and gives each its color.
func (f *Figure) join(th *Theme) (*joint, error) {
	if len(f.Panels) == 0 {
		return nil, fmt.Errorf("plot: %w: the figure has no panels", ErrEmpty)
	}
	j := &joint{points: make([]*points, len(f.Panels)), lines: make([][]line, len(f.Panels))}
	var cats []category
	index := make(map[string]int32)
	rest := category{counts: make([]int, len(f.Panels))} // without a label, and what is folded
	for i, pn := range f.Panels {
		p, err := newPoints(pn)
		if err != nil {
			return nil, fmt.Errorf("plot: panel %d: %w", i, err)
		}
		if p == nil {
			continue
		}
		p.f, p.theme = f, th
		j.points[i] = p
		j.dots += len(p.xys)
		for r := range p.cat {
			if pn.Labels == nil || pn.Labels[r] == "" {
				p.cat[r] = -1
				continue
			}
			k, ok := index[pn.Labels[r]]
			if !ok {
				k = int32(len(cats))
				index[pn.Labels[r]] = k
				cats = append(cats, category{name: pn.Labels[r], counts: make([]int, len(f.Panels))})
			}
			p.cat[r] = k
			cats[k].counts[i]++
		}
		labeled := 0
		for k := range cats {
			cats[k].total += cats[k].counts[i]
			labeled += cats[k].counts[i]
		}
		rest.add(i, len(p.xys)-labeled)
	}
	j.cats = len(cats)

	// Their order, and which are folded.
	order := make([]int32, len(cats))
	for k := range order {
		order[k] = int32(k)
	}
	byCount := slices.Clone(order)
	slices.SortFunc(byCount, func(a, b int32) int {
		tie := cmp.Compare(cats[a].name, cats[b].name)
		if th.byFirst {
			tie = cmp.Compare(a, b)
		}
		return cmp.Or(cmp.Compare(cats[b].total, cats[a].total), tie)
	})
	if !th.byFirst {
		order = byCount
	}
	top := f.Top
	if top == 0 {
		if top = len(cats); len(cats) > manyCategories {
			top = autoTop
		}
	}
	hasRest := rest.total > 0
	rest.name = cmp.Or(f.Unlabeled, kit.NoLabel)
	if top > 0 && len(cats) > top+b2i(!hasRest) { // a remainder of one would only hide a name
		drop := make([]bool, len(cats))
		for _, k := range byCount[top:] {
			drop[k] = true
			for i, n := range cats[k].counts {
				rest.add(i, n)
			}
		}
		order = slices.DeleteFunc(slices.Clone(order), func(k int32) bool { return drop[k] })
		folded := "other (" + kit.Thousands(len(cats)-top) + " more)"
		if hasRest {
			folded += ", " + rest.name
		}
		rest.name, hasRest = folded, true
	}
	if len(cats) == 0 && hasRest { // no labels at all: a category without a name
		cats, order, rest.name, hasRest = []category{rest}, []int32{0}, "", false
		cats[0].name = ""
	}

	final := make([]int32, len(cats))
	for k := range final {
		final[k] = int32(len(order)) // the remainder
	}
	palette := f.palette(th, len(order))
	var names []string
	add := func(c *category, col color.Color, isRest bool) {
		names = append(names, c.name)
		j.colors = append(j.colors, col)
		if c.name != "" {
			j.entries = append(j.entries, entry{name: kit.Name(c.name), count: f.count(c), color: col, rest: isRest})
		}
	}
	for at, k := range order {
		final[k] = int32(at)
		add(&cats[k], f.color(cats[k].name, palette[at]), false)
	}
	if hasRest {
		add(&rest, th.rest, true)
	}
	for _, p := range j.points {
		if p == nil {
			continue
		}
		p.names, p.colors, p.rest = names, j.colors, hasRest
		for r, k := range p.cat {
			if k >= 0 {
				p.cat[r] = final[k]
			} else if hasRest {
				p.cat[r] = int32(len(order))
			} else {
				p.cat[r] = 0
			}
		}
	}
	if err := f.joinLines(j, th); err != nil {
		return nil, err
	}
	if f.Align {
		return j, j.align()
	}
	return j, nil
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

// count is the number beside a name: that of each panel when all panels with
// points agree, and else the total.
func (f *Figure) count(c *category) int {
	first := -1
	for i, n := range c.counts {
		if f.Panels[i].XYs == nil {
			continue
		}
		if first >= 0 && n != first {
			return c.total
		}
		first = n
	}
	return max(first, 0)
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
