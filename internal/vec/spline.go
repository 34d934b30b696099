package vec

// splineOrder is the order of the cardinal B-spline that spreads points to a
// mesh and gathers a field from it.
const splineOrder = 6

// splineCoef[d][k] is the coefficient of t^d in the weight of node k of the 6
// nodes around a point at t of its cell, and slopeCoef that of its derivative;
// lanes 6 and 7 are zero. Node k takes piece 5−k of the spline; a test derives
// the numbers.
var splineCoef = [splineOrder][8]float32{
	{1. / 120, 26. / 120, 66. / 120, 26. / 120, 1. / 120, 0},
	{-5. / 120, -50. / 120, 0, 50. / 120, 5. / 120, 0},
	{10. / 120, 20. / 120, -60. / 120, 20. / 120, 10. / 120, 0},
	{-10. / 120, 20. / 120, 0, -20. / 120, 10. / 120, 0},
	{5. / 120, -20. / 120, 30. / 120, -20. / 120, 5. / 120, 0},
	{-1. / 120, 5. / 120, -10. / 120, 10. / 120, -5. / 120, 1. / 120},
}

var slopeCoef = [splineOrder][8]float32{
	{-5. / 120, -50. / 120, 0, 50. / 120, 5. / 120, 0},
	{20. / 120, 40. / 120, -120. / 120, 40. / 120, 20. / 120, 0},
	{-30. / 120, 60. / 120, 0, -60. / 120, 30. / 120, 0},
	{20. / 120, -80. / 120, 120. / 120, -80. / 120, 20. / 120, 0},
	{-5. / 120, 25. / 120, -50. / 120, 50. / 120, -25. / 120, 5. / 120},
}

// SplineNodes returns M_6 at 1 … 5, the spline's values at the nodes.
func SplineNodes() [5]float64 {
	return [5]float64{1. / 120, 26. / 120, 66. / 120, 26. / 120, 1. / 120}
}

// A Mesh says where the nodes of a grid of float32 lie. Node (r, c) of the
// grid is at index r·Stride + c; a point (x, y) has the mesh coordinates
// ((x−LoX)·Inv, (y−LoY)·Inv) = (column, row), which are cut to [0, MaxX] and
// [0, MaxY], and touches the 6×6 nodes from the integer part of those on.
type Mesh struct {
	LoX, LoY, Inv, MaxX, MaxY float32
	Stride                    int
}

// cell returns the cell of a coordinate and the place in it.
func (m *Mesh) cell(v, lo, maxU float32) (int, float32) {
	u := float32(v-lo) * m.Inv
	if !(u > 0) { // NaN too
		u = 0
	}
	if u > maxU {
		u = maxU
	}
	c := int(u)
	return c, u - float32(c)
}

// Row returns the first row of nodes that a point with that y touches.
func (m *Mesh) Row(y float32) int {
	c, _ := m.cell(y, m.LoY, m.MaxY)
	return c
}

func spline(coef *[splineOrder][8]float32, degree int, t float32) (b [8]float32) {
	b = coef[degree]
	for d := degree - 1; d >= 0; d-- {
		c := &coef[d]
		for k := range b {
			b[k] = b[k]*t + c[k]
		}
	}
	return b
}

// Spread adds the weight of each listed point, times the spline, to the nodes
// around it. Point i is (y[2i], y[2i+1]) with weight w[i]. The grid must reach
// two numbers beyond the last node touched. It keeps an error bound.
func Spread(grid []float32, m *Mesh, y, w []float32, order []int32) {
	if len(order) == 0 {
		return
	}
	_ = grid[(int(m.MaxY)+5)*m.Stride+int(m.MaxX)+7]
	spread(grid, m, y, w, order)
}

func spreadGo(grid []float32, m *Mesh, y, w []float32, order []int32) {
	for _, i := range order {
		cx, tx := m.cell(y[2*i], m.LoX, m.MaxX)
		cy, ty := m.cell(y[2*i+1], m.LoY, m.MaxY)
		bx, by := spline(&splineCoef, 5, tx), spline(&splineCoef, 5, ty)
		for k := range bx {
			bx[k] *= w[i]
		}
		for r := range splineOrder {
			g := (*[8]float32)(grid[(cy+r)*m.Stride+cx:])
			for k := range g {
				g[k] += bx[k] * by[r]
			}
		}
	}
}

// Gather interpolates a field and −½ of its gradient at the points lo to hi:
// phi[i], and force[2i], force[2i+1] along x and y, where the derivative by a
// mesh coordinate is scaled by half. (The caller's half is −Inv/2.) The grid
// must reach two numbers beyond the last node touched. It keeps an error bound.
func Gather(phi, force []float32, grid []float32, m *Mesh, y []float32, half float32, lo, hi int) {
	if lo >= hi {
		return
	}
	_ = grid[(int(m.MaxY)+5)*m.Stride+int(m.MaxX)+7]
	_, _, _, _ = phi[hi-1], force[2*hi-1], y[2*hi-1], phi[lo]
	gather(phi, force, grid, m, y, half, lo, hi)
}

func gatherGo(phi, force []float32, grid []float32, m *Mesh, y []float32, half float32, lo, hi int) {
	for i := lo; i < hi; i++ {
		cx, tx := m.cell(y[2*i], m.LoX, m.MaxX)
		cy, ty := m.cell(y[2*i+1], m.LoY, m.MaxY)
		bx, by := spline(&splineCoef, 5, tx), spline(&splineCoef, 5, ty)
		dx, dy := spline(&slopeCoef, 4, tx), spline(&slopeCoef, 4, ty)
		var s, t [8]float32
		for r := range splineOrder {
			g := (*[8]float32)(grid[(cy+r)*m.Stride+cx:])
			for k := range g {
				s[k] += by[r] * g[k]
				t[k] += dy[r] * g[k]
			}
		}
		var f, fx, fy [8]float32
		for k := range s {
			f[k], fx[k], fy[k] = s[k]*bx[k], s[k]*dx[k], t[k]*bx[k]
		}
		phi[i] = sum8(&f)
		force[2*i], force[2*i+1] = half*sum8(&fx), half*sum8(&fy)
	}
}

func sum8(a *[8]float32) float32 {
	return ((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7]))
}
