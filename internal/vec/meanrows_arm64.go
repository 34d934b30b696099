//go:build arm64 && !noasm

package vec

// meanRows returns how many leading numbers it did.
func meanRows(l Level, dst, base []float32, rows []int32, w []float64, total float64) int {
	n := len(dst)
	m := n &^ 15
	switch {
	case l == Go || m == 0:
		return 0
	case w == nil:
		meanRowsNEON(&dst[0], &base[0], &rows[0], len(rows), n, total, m)
	default:
		wmeanRowsNEON(&dst[0], &base[0], &rows[0], &w[0], len(rows), n, total, m)
	}
	return m
}
