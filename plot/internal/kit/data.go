package kit

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"gonum.org/v1/plot/plotter"
)

// MaxCoord bounds coordinates so that differences of two stay finite.
const MaxCoord = 1e300

// Copy copies N ≥ 1 positions and checks them.
func Copy(xys plotter.XYer) (plotter.XYs, error) {
	if xys == nil || xys.Len() == 0 {
		return nil, fmt.Errorf("%w: no points", ErrEmpty)
	}
	pts := make(plotter.XYs, xys.Len())
	for i := range pts {
		x, y := xys.XY(i)
		if !(math.Abs(x) <= MaxCoord && math.Abs(y) <= MaxCoord) { // refuses NaN too
			return nil, fmt.Errorf("point %d: %w: (%v, %v)", i, ErrNotFinite, x, y)
		}
		pts[i] = plotter.XY{X: x, Y: y}
	}
	return pts, nil
}

// Bounds returns the ranges of positions: for none, +Inf to -Inf.
func Bounds(xys plotter.XYs) (xmin, xmax, ymin, ymax float64) {
	xmin, ymin = math.Inf(1), math.Inf(1)
	xmax, ymax = math.Inf(-1), math.Inf(-1)
	for _, xy := range xys {
		xmin, xmax = min(xmin, xy.X), max(xmax, xy.X)
		ymin, ymax = min(ymin, xy.Y), max(ymax, xy.Y)
	}
	return xmin, xmax, ymin, ymax
}

// Align turns b, mirrored where that helps, and moves it so that it lies as
// near to a as it can. Both have the same N ≥ 1 points.
func Align(a, b plotter.XYs) plotter.XYs {
	b = slices.Clone(b)
	ca, cb := center(a), center(b)
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
	return b
}

func center(p plotter.XYs) plotter.XY {
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

// Groups are the categories of some points.
type Groups struct {
	Of     []int32  // that of each point
	Names  []string // a remainder comes last
	Counts []int
	Named  int  // how many different labels there are
	Rest   bool // whether there is a remainder, beside others
}

// Group sorts points into categories by their labels: by falling count, then by
// name, or in the order of their first appearance. With top above 0 only the
// largest keep their names. The others and points with an empty label become
// one remainder.
func Group(labels []string, top int, unlabeled string, byFirst bool) Groups {
	g := Groups{Of: make([]int32, len(labels))}
	var names []string
	var counts []int
	var order []int32
	index := make(map[string]int32)
	rest := 0
	for i, l := range labels {
		if l == "" {
			g.Of[i] = -1
			rest++
			continue
		}
		k, ok := index[l]
		if !ok {
			k = int32(len(names))
			index[l] = k
			names, counts, order = append(names, l), append(counts, 0), append(order, k)
		}
		g.Of[i] = k
		counts[k]++
	}
	g.Named = len(names)
	slices.SortFunc(order, func(a, b int32) int {
		tie := cmp.Compare(names[a], names[b])
		if byFirst {
			tie = cmp.Compare(a, b)
		}
		return cmp.Or(cmp.Compare(counts[b], counts[a]), tie)
	})
	name := cmp.Or(unlabeled, NoLabel)
	if more := len(names) - top; top > 0 && (more > 1 || more == 1 && rest > 0) { // a remainder of one would only hide a name
		folded := "other (" + Thousands(more) + " more)"
		if rest > 0 {
			folded += ", " + name
		}
		name = folded
		for _, k := range order[top:] {
			rest += counts[k]
		}
		order = order[:top]
	}
	if byFirst {
		slices.Sort(order)
	}
	to := slices.Repeat([]int32{int32(len(order))}, len(names))
	for at, k := range order {
		to[k] = int32(at)
		g.Names, g.Counts = append(g.Names, names[k]), append(g.Counts, counts[k])
	}
	if rest > 0 {
		g.Rest = len(order) > 0
		g.Names, g.Counts = append(g.Names, name), append(g.Counts, rest)
	}
	for i, k := range g.Of {
		if g.Of[i] = int32(len(order)); k >= 0 {
			g.Of[i] = to[k]
		}
	}
	return g
}

// Thousands writes n with a comma between groups of three digits.
func Thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// NoLabel is the name of points without a label.
const NoLabel = "(no label)"

// Name is a category's name as it is shown.
func Name(s string) string { return cmp.Or(Display(s), NoLabel) }

// Display makes a string fit to be shown on one line: valid UTF-8, white
// space as single blanks, no control characters.
func Display(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), r == '\uFEFF', r == 0xfffe, r == 0xffff:
			return -1
		case '\u202a' <= r && r <= '\u202e', '\u2066' <= r && r <= '\u2069':
			return -1 // overrides of direction would turn the text after them
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}
