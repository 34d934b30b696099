package kit

import (
	"cmp"
	"math"
	"slices"
)

// A category is named on the map when it is concentrated somewhere. Its spot
// is where it has the largest share of all points, both smoothed, times how
// much of it lies there. The limits keep away names of categories that are
// spread all over or only lead in a sparse corner.
const (
	spotCells  = 48   // of the grid, along a side
	spotNear   = 0.08 // radius of "near", in sides
	spotOwn    = 0.2  // of the category's points, near the spot
	spotShare  = 0.25 // of the points with a category near the spot
	spotLift   = 2.5  // share of all points near the spot over that on the map
	weakShare  = 0.1  // less of them is enough
	strongLift = 5    // where the category is that much denser
	spotPoints = 6    // of the category near the spot
)

// A Spot is where a category is concentrated.
type Spot struct {
	Category int
	X, Y     float64
	score    float64
}

// Spots returns where categories are concentrated, the strongest first. The
// points lie in the unit square. Only categories below k are looked at; the
// others are points without one.
func Spots(x, y []float64, category []int32, k int) []Spot {
	cell := func(v float64) int { return min(spotCells-1, max(0, int(v*spotCells))) }
	cellOf := func(i int32) int { return cell(y[i])*spotCells + cell(x[i]) }
	all, start := make([]float64, spotCells*spotCells), make([]int, spotCells*spotCells+1)
	byCategory := make([][]int32, k)
	named := 0
	for i, c := range category {
		at := cellOf(int32(i))
		all[at]++
		start[at+1]++
		if int(c) < k {
			byCategory[c] = append(byCategory[c], int32(i))
			named++
		}
	}
	for i := range all {
		start[i+1] += start[i]
	}
	rows, next := make([]int32, len(category)), slices.Clone(start) // ordered by cell
	for i := range category {
		at := cellOf(int32(i))
		rows[next[at]] = int32(i)
		next[at]++
	}
	smoothAll := smooth(all)
	isNear := func(i int32, cx, cy float64) bool {
		dx, dy := x[i]-cx, y[i]-cy
		return dx*dx+dy*dy <= spotNear*spotNear
	}
	var spots []Spot
	for c, own := range byCategory {
		if len(own) < spotPoints {
			continue
		}
		grid := make([]float64, spotCells*spotCells)
		for _, i := range own {
			grid[cellOf(i)]++
		}
		best, at := 0.0, 0
		for i, v := range smooth(grid) {
			// The share of all points there; the added mass keeps empty corners low.
			if s := v * v / (smoothAll[i] + 0.5); s > best {
				best, at = s, i
			}
		}
		cx, cy := (float64(at%spotCells)+0.5)/spotCells, (float64(at/spotCells)+0.5)/spotCells
		mine, mx, my := 0.0, 0.0, 0.0
		for _, i := range own {
			if isNear(i, cx, cy) {
				mine++
				mx += x[i]
				my += y[i]
			}
		}
		total := float64(len(own))
		if mine < spotPoints || mine/total < spotOwn {
			continue
		}
		others, labeled := 0.0, 0.0 // of all near points
		for gy := cell(cy - spotNear); gy <= cell(cy+spotNear); gy++ {
			lo, hi := gy*spotCells+cell(cx-spotNear), gy*spotCells+cell(cx+spotNear)
			for _, i := range rows[start[lo]:start[hi+1]] {
				if isNear(i, cx, cy) {
					others++
					if int(category[i]) < k {
						labeled++
					}
				}
			}
		}
		share, lift := mine/labeled, mine/others/(total/float64(len(category)))
		if share >= spotShare && lift >= spotLift || share >= weakShare && lift >= strongLift {
			spots = append(spots, Spot{c, mx / mine, my / mine, share * math.Sqrt(mine)})
		}
	}
	slices.SortStableFunc(spots, func(a, b Spot) int { return cmp.Compare(b.score, a.score) })
	return spots
}

// smooth blurs a grid with a binomial kernel of five, along both axes.
func smooth(g []float64) []float64 {
	kernel := [5]float64{1. / 16, 4. / 16, 6. / 16, 4. / 16, 1. / 16}
	for _, step := range []int{1, spotCells} {
		out := make([]float64, len(g))
		for i := range g {
			pos := i / step % spotCells
			for d, k := range kernel {
				if q := pos + d - 2; q >= 0 && q < spotCells {
					out[i] += k * g[i+(d-2)*step]
				}
			}
		}
		g = out
	}
	return g
}
