//go:build (!amd64 && !arm64) || noasm

package vec

func spread(grid []float32, m *Mesh, y, w []float32, order []int32) { spreadGo(grid, m, y, w, order) }
func gather(phi, force, grid []float32, m *Mesh, y []float32, half float32, lo, hi int) {
	gatherGo(phi, force, grid, m, y, half, lo, hi)
}
