//go:build amd64 && !noasm

package vec

//go:generate sh -c "cd _gen && go run ./meanrows -out ../meanrows_amd64.s -stubs ../meanrows_stubs_amd64.go -pkg vec"

// meanRows returns how many leading numbers it did.
func meanRows(l Level, dst, base []float32, rows []int32, w []float64, total float64) int {
	n := len(dst)
	switch m := n; l {
	case AVX512:
		if m &^= 31; m == 0 {
			return 0
		} else if w == nil {
			meanRowsAVX512(&dst[0], &base[0], &rows[0], len(rows), n, total, m)
		} else {
			wmeanRowsAVX512(&dst[0], &base[0], &rows[0], &w[0], len(rows), n, total, m)
		}
		return m
	case AVX2:
		if m &^= 15; m == 0 {
			return 0
		} else if w == nil {
			meanRowsAVX2(&dst[0], &base[0], &rows[0], len(rows), n, total, m)
		} else {
			wmeanRowsAVX2(&dst[0], &base[0], &rows[0], &w[0], len(rows), n, total, m)
		}
		return m
	}
	return 0
}
