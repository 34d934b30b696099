package plot

import (
	"slices"

	"github.com/semamap/semamap/plot/internal/kit"
)

// placeLabels returns the names to be shown on a map, strongest first placed;
// names that would overlap another are moved a little or left out.
func (l *layout) placeLabels(p *points, pb *panelBox) []textItem {
	n, k := len(p.xys), len(p.names)
	if p.rest {
		k--
	}
	if n == 0 || k < 2 || k > 1000 {
		return nil
	}
	// Positions in units of the frame's longer side.
	b := pb.frame
	side := max(b.w(), b.h())
	x, y := make([]float64, n), make([]float64, n)
	for i, xy := range p.xys {
		x[i] = (xy.X - pb.x0) / (pb.x1 - pb.x0) * b.w() / side
		y[i] = (pb.y1 - xy.Y) / (pb.y1 - pb.y0) * b.h() / side
	}
	st := l.st.label.scaled(min(1, max(0.62, b.w()/480)))
	ground := l.theme.ground
	out := slices.Clone(pb.labels)
	said := len(out)
	for _, s := range kit.Spots(x, y, p.cat, k) {
		if l.f.MaxNames > 0 && len(out)-said == l.f.MaxNames {
			break
		}
		name := st.fit(kit.Name(p.names[s.Category]), b.w()/2)
		w := st.width(name)
		t := textItem{text: name, style: st, halo: ground, color: kit.Legible(kit.ToRGB(p.colors[s.Category]), ground, 5.5)}
		for _, shift := range []float64{0, -1, 1, -2, 2} {
			t.x = min(b.x1-w-3, max(b.x0+3, b.x0+s.X*side-w/2))
			t.y = min(b.y1-st.size*0.4, max(b.y0+st.size, b.y0+s.Y*side+st.size*(0.36+1.1*shift)))
			if !slices.ContainsFunc(out, func(o textItem) bool { return o.bounds().overlaps(t.bounds()) }) && b.contains(t.bounds()) && !(l.inside && l.legend.overlaps(t.bounds())) {
				out = append(out, t)
				break
			}
		}
	}
	return out[said:]
}
