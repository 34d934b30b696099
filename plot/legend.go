package plot

import (
	"math"

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
		name = max(name, l.st.legend.width(l.st.legend.fit(e.name, maxNameSize)))
		count = max(count, l.st.legend.width(l.countText(e)))
	}
	return name, count
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
	b.texts = append(b.texts, textItem{text: l.st.legend.fit(e.name, maxNameSize), style: l.st.legend, color: l.theme.ink, x: x + markSpace, y: y})
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
		t = l.st.legendHead.fit(t, maxNameSize)
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
		t = l.st.legendHead.fit(t, maxNameSize)
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

// placeInside puts the legend into the corner of the first panel that has the
// least data.
func (l *layout) placeInside(b *legendBlock) {
	pb := l.panels[0]
	var at [][2]float64 // of the data, on the page
	add := func(x, y float64) {
		at = append(at, [2]float64{pb.frame.x0 + pb.frame.w()*(x-pb.x0)/(pb.x1-pb.x0), pb.frame.y1 - pb.frame.h()*(y-pb.y0)/(pb.y1-pb.y0)})
	}
	if p := l.joint.points[0]; p != nil {
		for _, q := range p.xys {
			add(q.X, q.Y)
		}
	}
	for _, line := range l.joint.lines[0] {
		for i, q := range line.xys {
			const parts = 8 // of the way from the point before
			from := line.xys[max(0, i-1)]
			for k := range parts {
				t := float64(k+1) / parts
				add(from.X+(q.X-from.X)*t, from.Y+(q.Y-from.Y)*t)
			}
		}
	}
	left, top := pb.frame.x0+gapInside, pb.frame.y0+gapInside
	right, bottom := pb.frame.x1-gapInside-b.w, pb.frame.y1-gapInside-b.h
	best, fewest := [2]float64{}, math.MaxInt
	for _, c := range [][2]float64{{right, top}, {left, top}, {right, bottom}, {left, bottom}} {
		n := 0
		for _, q := range at {
			n += b2i(q[0] > c[0]-4 && q[0] < c[0]+b.w+4 && q[1] > c[1]-4 && q[1] < c[1]+b.h+4)
		}
		if n < fewest {
			best, fewest = c, n
		}
	}
	l.inside = true
	l.place(b, best[0], best[1])
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
