//go:build arm64 && !noasm

package vec

func (m *Mesh) numbers() [5]float32 { return [5]float32{m.LoX, m.LoY, m.Inv, m.MaxX, m.MaxY} }

func spread(grid []float32, m *Mesh, y, w []float32, order []int32) {
	if level == Go {
		spreadGo(grid, m, y, w, order)
		return
	}
	a := m.numbers()
	spreadNEON(&grid[0], &a, m.Stride, &y[0], &w[0], &order[0], len(order), &splineCoef[0][0])
}

func gather(phi, force, grid []float32, m *Mesh, y []float32, half float32, lo, hi int) {
	if level == Go {
		gatherGo(phi, force, grid, m, y, half, lo, hi)
		return
	}
	a := m.numbers()
	gatherNEON(&phi[lo], &force[2*lo], &grid[0], &a, m.Stride, &y[2*lo], half, hi-lo, &splineCoef[0][0], &slopeCoef[0][0])
}
