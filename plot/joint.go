package plot

import (
	"cmp"
	"fmt"
	"image/color"
	"slices"
)

// above this many categories a figure folds the small ones into a remainder.
const (
	manyCategories = 20
	autoTop        = 16
)

// join brings the panels' categories into one list, by falling total count (or
// in order of appearance, if the theme says so), folds what Top asks for, and
// gives each its colour.
func (f *Figure) join(th *Theme) (*joint, error) {
	j := &joint{points: make([]*Points, len(f.Panels)), lines: make([][]Line, len(f.Panels))}
	if len(f.Panels) == 0 {
		return nil, fmt.Errorf("plot: %w: the figure has no panels", ErrEmpty)
	}

	// All names, with their counts in each panel.
	type category struct {
		name   string
		counts []int
		total  int
		color  color.Color
	}
	var cats []category
	index := make(map[string]int)
	rest := category{counts: make([]int, len(f.Panels))}
	hasRest, folded := false, 0
	to := make([][]int, len(f.Panels)) // category of a panel -> joint; -1 is the remainder
	for i, pn := range f.Panels {
		p := pn.Points
		if p == nil {
			continue
		}
		p.check()
		j.dots += len(p.XYs)
		counts := p.Counts()
		to[i] = make([]int, len(p.Names))
		order := make([]int, len(p.Names))
		for k := range order {
			order[k] = k
		}
		if th.ByFirst {
			order = byFirst(p)
		}
		for _, k := range order {
			if p.Rest && k == len(p.Names)-1 {
				to[i][k] = -1
				if !hasRest || p.Folded > folded {
					rest.name, folded = p.Names[k], p.Folded
				}
				hasRest = true
				rest.counts[i] += counts[k]
				rest.total += counts[k]
				continue
			}
			at, ok := index[p.Names[k]]
			if !ok {
				at = len(cats)
				index[p.Names[k]] = at
				cats = append(cats, category{name: p.Names[k], counts: make([]int, len(f.Panels))})
			}
			to[i][k] = at
			cats[at].counts[i] += counts[k]
			cats[at].total += counts[k]
			if cats[at].color == nil && p.Colors != nil {
				cats[at].color = p.Colors[k]
			}
		}
	}
	j.cats = len(cats) + folded

	// Their order, and which are folded.
	order := make([]int, len(cats))
	for i := range order {
		order[i] = i
	}
	byCount := slices.Clone(order)
	slices.SortStableFunc(byCount, func(a, b int) int { return cmp.Compare(cats[b].total, cats[a].total) })
	if !th.ByFirst {
		order = byCount
	}
	top := f.Top
	if top == 0 {
		if top = len(cats); len(cats) > manyCategories {
			top = autoTop
		}
	}
	if top > 0 && len(cats) > top+b2i(!hasRest) {
		drop := make([]bool, len(cats))
		for _, k := range byCount[top:] {
			drop[k] = true
			folded++
			rest.total += cats[k].total
			for i, n := range cats[k].counts {
				rest.counts[i] += n
			}
		}
		order = slices.DeleteFunc(order, func(k int) bool { return drop[k] })
		hasRest = true
		rest.name = "other (" + group(folded) + " more)"
	}
	final := make([]int, len(cats))
	for i := range final {
		final[i] = len(order) // the remainder
	}
	palette := th.palette(len(order))
	var names []string
	for at, k := range order {
		final[k] = at
		c := palette[at]
		if cats[k].color != nil {
			c = cats[k].color
		}
		names = append(names, cats[k].name)
		j.colors = append(j.colors, c)
		if len(cats) > 1 || cats[k].name != "" {
			j.entries = append(j.entries, entry{name: legendName(cats[k].name), count: f.count(cats[k].counts, cats[k].total), color: c})
		}
	}
	if hasRest {
		names = append(names, rest.name)
		j.colors = append(j.colors, th.Rest)
		j.entries = append(j.entries, entry{name: legendName(rest.name), count: f.count(rest.counts, rest.total), color: th.Rest, rest: true})
	}

	for i, pn := range f.Panels {
		if p := pn.Points; p != nil {
			q := *p
			q.Names, q.Colors, q.Rest, q.Folded = names, j.colors, hasRest, folded
			q.Category = make([]int, len(p.Category))
			for r, k := range p.Category {
				if t := to[i][k]; t < 0 {
					q.Category[r] = len(order)
				} else {
					q.Category[r] = final[t]
				}
			}
			j.points[i] = &q
		}
	}
	f.joinLines(j, th)
	if f.Align {
		return j, j.align()
	}
	return j, nil
}

// joinLines gives lines their colours by name, after those of the points.
func (f *Figure) joinLines(j *joint, th *Theme) {
	index := make(map[string]int)
	for _, pn := range f.Panels {
		for _, l := range pn.Lines {
			if _, ok := index[l.Name]; !ok {
				index[l.Name] = len(index)
			}
		}
	}
	palette := th.palette(len(j.colors) + len(index))[len(j.colors):]
	seen := make([]bool, len(index))
	for i, pn := range f.Panels {
		for _, l := range pn.Lines {
			k := index[l.Name]
			q := *l
			if q.Color == nil {
				if q.Color = palette[k]; q.Dashed {
					q.Color = th.Muted
				}
			}
			j.lines[i] = append(j.lines[i], q)
			if !seen[k] && (l.Name != "" || len(index) > 1) {
				seen[k] = true
				j.entries = append(j.entries, entry{name: legendName(l.Name), count: -1, color: q.Color, line: &q})
			}
		}
	}
}

// count is the number beside a name: that of each panel when all panels with
// points agree, and else the total.
func (f *Figure) count(counts []int, total int) int {
	first := -1
	for i, n := range counts {
		if f.Panels[i].Points == nil {
			continue
		}
		if first >= 0 && n != first {
			return total
		}
		first = n
	}
	return max(first, 0)
}

// byFirst returns the categories in the order in which rows show them.
func byFirst(p *Points) []int {
	var order []int
	seen := make([]bool, len(p.Names))
	for _, k := range p.Category {
		if !seen[k] {
			seen[k] = true
			order = append(order, k)
		}
	}
	for k, s := range seen {
		if !s {
			order = append(order, k)
		}
	}
	return order
}

func legendName(s string) string {
	if s = display(s); s == "" {
		return "(no label)"
	}
	return s
}
