package plot

import (
	"math"

	"gonum.org/v1/plot/plotter"

	"github.com/semamap/semamap/plot/internal/kit"
)

// legendBlock is a legend with its marks and texts relative to its top left
// corner.
type legendBlock struct {
	w, h  float64
	texts []textItem
	marks []markBox
	bar   box // of the colors of numbers; empty without one
}

const (
	rowHeight   = 16.5
	denseRow    = 13.5
	maxNameSize = 190 // of a name, in points
	gapCount    = 9   // between name and count
	gapColumn   = 18
)

// row is the height of an entry: many stand closer.
func row(n int) float64 {
	if n > 24 {
		return denseRow
	}
	return rowHeight
}

// columnWidths returns the widest name and the widest count.
func (l *layout) columnWidths(entries []entry) (name, count float64) {
	for _, e := range entries {
		name = max(name, l.st.legend.width(l.st.legend.fit(e.name, l.maxName())))
		count = max(count, l.st.legend.width(l.countText(e)))
	}
	return name, count
}

// maxName is the greatest width of a name: less on a narrow page, so that mark,
// name and count fit.
func (l *layout) maxName() float64 {
	return max(0, min(maxNameSize, l.w-2*l.margin()-markSpace-gapCount-l.st.legend.width(kit.Thousands(l.joint.dots))))
}

func (l *layout) countText(e entry) string {
	if e.count < 0 || !l.theme.counts {
		return ""
	}
	return kit.Thousands(e.count)
}

// gapBefore is the space before a count.
func gapBefore(count float64) float64 {
	if count > 0 {
		return gapCount
	}
	return 0
}

// cutEntries keeps n-1 entries and sums up the others in one more, so that the
// counts still add up.
func cutEntries(entries []entry, n int) []entry {
	if len(entries) <= n || n < 1 {
		return entries
	}
	out := append([]entry(nil), entries[:n-1]...)
	last := entry{name: "… and " + kit.Thousands(len(entries)-n+1) + " more", color: nil, rest: true, count: -1}
	for _, e := range entries[n-1:] {
		if e.count >= 0 {
			last.count = max(0, last.count) + e.count
		}
	}
	return append(out, last)
}

// add places an entry with its mark at x and its baseline at y.
func (b *legendBlock) add(l *layout, e entry, x, y, name, count float64) {
	if e.color != nil {
		b.marks = append(b.marks, markBox{x + markRadius, y - l.st.legend.size*0.35, e})
	}
	b.texts = append(b.texts, textItem{text: l.st.legend.fit(e.name, l.maxName()), style: l.st.legend, color: l.theme.ink, x: x + markSpace, y: y})
	if s := l.countText(e); s != "" {
		b.texts = append(b.texts, textItem{text: s, style: l.st.legend, color: l.theme.muted,
			x: x + markSpace + name + gapCount + count - l.st.legend.width(s), y: y})
	}
}

// legendGrid lays entries out in columns, read downwards, under the title.
func (l *layout) legendGrid(entries []entry, columns int) *legendBlock {
	b := &legendBlock{}
	y := 0.0
	if t := kit.Display(l.f.Legend); t != "" {
		t = l.st.legendHead.fit(t, l.maxName())
		b.texts = append(b.texts, textItem{text: t, style: l.st.legendHead, color: l.theme.ink, y: ascent * l.st.legendHead.size})
		y = rowHeight + 2
		b.w = l.st.legendHead.width(t)
	}
	if l.joint.bar != nil {
		y = l.legendBar(b, y)
	}
	rows := (len(entries) + columns - 1) / columns
	h := row(rows)
	x := 0.0
	for c := 0; c*rows < len(entries); c++ {
		part := entries[c*rows : min(len(entries), (c+1)*rows)]
		name, count := l.columnWidths(part)
		for i, e := range part {
			b.add(l, e, x, y+float64(i)*h+ascent*l.st.legend.size, name, count)
		}
		x += markSpace + name + gapBefore(count) + count
		b.w = max(b.w, x)
		x += gapColumn
	}
	b.h = y
	if rows > 0 {
		b.h += float64(rows-1)*h + (ascent+descent)*l.st.legend.size
	}
	return b
}

// legendBar adds a bar of colors at y, with numbers under it, and returns where
// it ends.
func (l *layout) legendBar(b *legendBlock, y float64) float64 {
	const width, height = 132, 10
	b.bar = box{0, y + 2, width, y + 2 + height}
	b.w = max(b.w, width)
	bar, st := l.joint.bar, l.st.tick
	base := b.bar.y1 + 3 + ascent*st.size
	for _, t := range niceTicks(bar.Lo, bar.Hi, 3) {
		w := st.width(t.Label)
		x := min(width-w, max(0, width*(t.Value-bar.Lo)/(bar.Hi-bar.Lo)-w/2))
		if n := len(b.texts); n > 0 && b.texts[n-1].style.size == st.size && x < b.texts[n-1].bounds().x1+4 {
			continue
		}
		b.texts = append(b.texts, textItem{text: t.Label, style: st, color: l.theme.muted, x: x, y: base})
	}
	return base + descent*st.size + 6
}

// legendRight is a legend in columns, at most maxH high.
func (l *layout) legendRight(columns int, maxH float64) *legendBlock {
	entries := l.joint.entries
	if columns > 1 {
		columns = min(columns, len(entries))
	}
	b := l.legendGrid(entries, columns)
	for b.h > maxH {
		rows := (len(entries) + columns - 1) / columns
		fits := int(math.Floor(float64(rows) * maxH / b.h))
		if fits >= rows {
			fits = rows - 1
		}
		if fits < 1 {
			break
		}
		entries = cutEntries(l.joint.entries, fits*columns)
		b = l.legendGrid(entries, columns)
	}
	return b
}

// maxBelow is how many rows a legend below the panels may have.
const maxBelow = 12

// legendBelow is a legend at most w wide: in one or two lines when it fits
// there, else in columns.
func (l *layout) legendBelow(w float64) *legendBlock {
	if b := l.legendFlow(w); b != nil {
		return b
	}
	entries := l.joint.entries
	name, count := l.columnWidths(entries)
	cw := markSpace + name + gapBefore(count) + count + gapColumn
	columns := max(1, int((w+gapColumn)/cw))
	entries = cutEntries(entries, columns*maxBelow)
	b := l.legendGrid(entries, columns)
	for columns > 1 && b.w > w { // a summary entry may be wider
		columns--
		entries = cutEntries(l.joint.entries, columns*maxBelow)
		b = l.legendGrid(entries, columns)
	}
	return b
}

// legendFlow sets title and entries one after another; nil when that takes
// more than two lines.
func (l *layout) legendFlow(w float64) *legendBlock {
	if l.joint.bar != nil {
		return nil
	}
	b := &legendBlock{}
	x, start := 0.0, 0.0
	base := ascent * l.st.legend.size
	if t := kit.Display(l.f.Legend); t != "" {
		t = l.st.legendHead.fit(t, l.maxName())
		b.texts = append(b.texts, textItem{text: t, style: l.st.legendHead, color: l.theme.ink, y: base})
		x = l.st.legendHead.width(t) + gapColumn
		start = x
	}
	lines := 1
	for _, e := range l.joint.entries {
		name, count := l.columnWidths([]entry{e})
		// Beside its own name a count needs less space than in a column.
		ew := markSpace + name + gapBefore(count) + count
		if x+ew > w && x > start {
			if lines++; lines > 2 {
				return nil
			}
			x = start
			base += rowHeight
		}
		if x+ew > w {
			return nil
		}
		b.add(l, e, x, base, name, count)
		x += ew
		b.w = max(b.w, x)
		x += gapColumn
	}
	b.h = base + descent*l.st.legend.size
	return b
}

// placeInside puts the legend into the corner of a panel that has the least
// data. Where it would hide more than a few points, the axes grow to make room.
func (l *layout) placeInside(b *legendBlock, i int, pb *panelBox) {
	var data plotter.XYs
	p := l.joint.points[i]
	if p != nil {
		data = append(data, p.xys...)
	}
	for _, line := range l.joint.lines[i] {
		for k, q := range line.xys {
			const parts = 8 // of the way from the point before
			from := line.xys[max(0, k-1)]
			for part := range parts {
				t := float64(part+1) / parts
				data = append(data, plotter.XY{X: from.X + (q.X-from.X)*t, Y: from.Y + (q.Y-from.Y)*t})
			}
		}
	}
	growX, growY := 1.0, 1.0
	if p == nil {
		growX = 0
	}
	if _, _, fixed := limits(l.f.Panels[i].XLim); fixed {
		growX, growY = 0, 0
	}
	if _, _, fixed := limits(l.f.Panels[i].YLim); fixed {
		growX, growY = 0, 0
	}
	const near, step, most = 5, 0.05, 0.6
	best, fewest, few := *pb, math.MaxInt, len(data)/500
	for grow := 0.0; grow <= most && fewest > few; grow += step {
		for _, corner := range [][2]bool{{true, true}, {false, true}, {true, false}, {false, false}} { // right, top
			c := *pb
			dx, dy := growX*grow*(c.x1-c.x0), growY*grow*(c.y1-c.y0)
			if corner[0] {
				c.x1 += dx
				c.legend.x0 = c.frame.x1 - gapInside - b.w
			} else {
				c.x0 -= dx
				c.legend.x0 = c.frame.x0 + gapInside
			}
			if corner[1] {
				c.y1 += dy
				c.legend.y0 = c.frame.y0 + gapInside
			} else {
				c.y0 -= dy
				c.legend.y0 = c.frame.y1 - gapInside - b.h
			}
			n := 0
			for _, q := range data {
				x := c.frame.x0 + c.frame.w()*(q.X-c.x0)/(c.x1-c.x0) - c.legend.x0
				y := c.frame.y1 - c.frame.h()*(q.Y-c.y0)/(c.y1-c.y0) - c.legend.y0
				n += b2i(x > -near && x < b.w+near && y > -near && y < b.h+near)
			}
			if n < fewest {
				best, fewest = c, n
			}
		}
		if growX == 0 && growY == 0 {
			break
		}
	}
	*pb = best
	l.inside = true
	l.place(b, best.legend.x0, best.legend.y0)
}

// place puts the legend on the page.
func (l *layout) place(b *legendBlock, x, y float64) {
	for _, t := range b.texts {
		t.x += x
		t.y += y
		l.texts = append(l.texts, t)
	}
	for _, m := range b.marks {
		m.x += x
		m.y += y
		l.marks = append(l.marks, m)
	}
	l.legend = box{x, y, x + b.w, y + b.h}
	l.bar = box{b.bar.x0 + x, b.bar.y0 + y, b.bar.x1 + x, b.bar.y1 + y}
}
