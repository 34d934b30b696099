package plot

import (
	"cmp"
	"math"
	"slices"

	"github.com/semamap/semamap/plot/internal/kit"
)

// A category is named on the map when it is concentrated somewhere. Its spot
// is where it has the largest share of all points, both smoothed, times how
// much of it lies there. The limits keep away names of categories that are
// spread all over or only lead in a sparse corner.
const (
	labelCells  = 48   // of the grid, along a side
	labelNear   = 0.08 // radius of "near", in sides
	labelShare  = 0.25 // of the points near the spot
	labelOwn    = 0.2  // of the category's points, near the spot
	labelLift   = 2.5  // share near the spot over share of all points
	labelPoints = 6    // of the category near the spot
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
	// Positions in units of the frame's side.
	b := pb.frame
	side := max(b.w(), b.h())
	x, y := make([]float64, n), make([]float64, n)
	for i, xy := range p.xys {
		x[i] = (xy.X - pb.x0) / (pb.x1 - pb.x0) * b.w() / side
		y[i] = (pb.y1 - xy.Y) / (pb.y1 - pb.y0) * b.h() / side
	}
	cell := func(v float64) int { return min(labelCells-1, max(0, int(v*labelCells))) }
	grid := func() []float64 { return make([]float64, labelCells*labelCells) }
	all := grid()
	byCategory := make([][]int32, len(p.names))
	for i, c := range p.cat {
		all[cell(y[i])*labelCells+cell(x[i])]++
		byCategory[c] = append(byCategory[c], int32(i))
	}
	smoothAll := smooth(all)
	type spot struct {
		cat         int
		x, y, score float64
	}
	var spots []spot
	near := func(rows []int32, cx, cy float64) (m int, mx, my float64) {
		for _, i := range rows {
			if dx, dy := x[i]-cx, y[i]-cy; dx*dx+dy*dy <= labelNear*labelNear {
				m++
				mx += x[i]
				my += y[i]
			}
		}
		if m > 0 {
			mx, my = mx/float64(m), my/float64(m)
		}
		return m, mx, my
	}
	everyone := make([]int32, n)
	for i := range everyone {
		everyone[i] = int32(i)
	}
	for c := range k {
		rows := byCategory[c]
		if len(rows) < labelPoints {
			continue
		}
		own := grid()
		for _, i := range rows {
			own[cell(y[i])*labelCells+cell(x[i])]++
		}
		own = smooth(own)
		best, at := 0.0, 0
		for i, v := range own {
			// The share of all points there; the added mass keeps empty corners low.
			if s := v * v / (smoothAll[i] + 0.5); s > best {
				best, at = s, i
			}
		}
		cx, cy := (float64(at%labelCells)+0.5)/labelCells, (float64(at/labelCells)+0.5)/labelCells
		mine, mx, my := near(rows, cx, cy)
		if mine < labelPoints {
			continue
		}
		others, _, _ := near(everyone, cx, cy)
		share, total := float64(mine)/float64(others), float64(len(rows))
		if share < labelShare || float64(mine)/total < labelOwn || share/(total/float64(n)) < labelLift {
			continue
		}
		spots = append(spots, spot{c, mx, my, share * math.Sqrt(float64(mine))})
	}
	slices.SortStableFunc(spots, func(a, b spot) int { return cmp.Compare(b.score, a.score) })

	st := l.st.label.scaled(min(1, max(0.62, b.w()/480)))
	ground := l.theme.ground
	var out []textItem
	for _, s := range spots {
		if l.f.MaxNames > 0 && len(out) == l.f.MaxNames {
			break
		}
		name := st.fit(kit.Name(p.names[s.cat]), b.w()/2)
		w := st.width(name)
		t := textItem{text: name, style: st, halo: ground, color: kit.Legible(kit.ToRGB(p.colors[s.cat]), ground, 5.5)}
		for _, shift := range []float64{0, -1, 1, -2, 2} {
			t.x = min(b.x1-w-3, max(b.x0+3, b.x0+s.x*side-w/2))
			t.y = min(b.y1-st.size*0.4, max(b.y0+st.size, b.y0+s.y*side+st.size*(0.36+1.1*shift)))
			if !slices.ContainsFunc(out, func(o textItem) bool { return o.bounds().overlaps(t.bounds()) }) && b.contains(t.bounds()) {
				out = append(out, t)
				break
			}
		}
	}
	return out
}

// smooth blurs a grid with a binomial kernel of five, along both axes.
func smooth(g []float64) []float64 {
	kernel := [5]float64{1. / 16, 4. / 16, 6. / 16, 4. / 16, 1. / 16}
	for _, step := range []int{1, labelCells} {
		out := make([]float64, len(g))
		for i := range g {
			pos := i / step % labelCells
			for d, k := range kernel {
				if q := pos + d - 2; q >= 0 && q < labelCells {
					out[i] += k * g[i+(d-2)*step]
				}
			}
		}
		g = out
	}
	return g
}
