package plot

import (
	"fmt"
	"math"

	"gonum.org/v1/plot/plotter"
)

// Align turns xys, mirrored where that helps, and moves it so that it lies as
// near to ref as it can: orthogonal Procrustes analysis in the plane, without
// scaling [Schönemann66]. Distances within xys do not change. Both need the
// same N ≥ 1 points, row for row.
func Align(ref, xys plotter.XYer) (plotter.XYs, error) {
	a, err := copyXYs(ref)
	if err != nil {
		return nil, err
	}
	b, err := copyXYs(xys)
	if err != nil {
		return nil, err
	}
	if len(a) != len(b) {
		return nil, fmt.Errorf("plot: align: %w: %d and %d points", ErrLength, len(a), len(b))
	}
	ca, cb := centre(a), centre(b)
	// Scaled to about 1, so that products of large coordinates stay finite.
	sa, sb := spread(a, ca), spread(b, cb)
	// The sum of products of b's and a's coordinates; the best turn and the
	// best turn of the mirror image have closed forms in the plane.
	var xx, xy, yx, yy float64
	for i := range a {
		ax, ay := (a[i].X-ca.X)/sa, (a[i].Y-ca.Y)/sa
		bx, by := (b[i].X-cb.X)/sb, (b[i].Y-cb.Y)/sb
		xx += bx * ax
		xy += bx * ay
		yx += by * ax
		yy += by * ay
	}
	turn := math.Hypot(xx+yy, xy-yx)
	flip := math.Hypot(xx-yy, xy+yx)
	cos, sin, sign := 1.0, 0.0, 1.0
	switch {
	case flip > turn && flip > 0:
		cos, sin, sign = (xx-yy)/flip, (xy+yx)/flip, -1
	case turn > 0:
		cos, sin = (xx+yy)/turn, (xy-yx)/turn
	}
	for i, p := range b {
		x, y := p.X-cb.X, sign*(p.Y-cb.Y)
		b[i].X = ca.X + cos*x - sin*y
		b[i].Y = ca.Y + sin*x + cos*y
	}
	return b, nil
}

func centre(p plotter.XYs) plotter.XY {
	var c plotter.XY
	n := float64(len(p))
	for _, q := range p {
		c.X += q.X / n
		c.Y += q.Y / n
	}
	return c
}

// spread is the largest distance from c along an axis, or 1.
func spread(p plotter.XYs, c plotter.XY) float64 {
	s := 0.0
	for _, q := range p {
		s = max(s, math.Abs(q.X-c.X), math.Abs(q.Y-c.Y))
	}
	if s == 0 {
		return 1
	}
	return s
}

// align turns each panel's points onto those of the panel before.
func (j *joint) align() error {
	var prev *Points
	for i, p := range j.points {
		if p == nil {
			continue
		}
		if prev != nil {
			xys, err := Align(prev.XYs, p.XYs)
			if err != nil {
				return fmt.Errorf("panel %d: %w", i, err)
			}
			p.XYs = xys
		}
		prev = p
	}
	return nil
}
