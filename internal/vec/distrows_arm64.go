//go:build arm64 && !noasm

package vec

func sqDistRows(l Level, dst []float64, x, table []float32, ids []int32) {
	d, m := len(x), len(ids)&^3
	if l == Go || d == 0 {
		sqDistRowsGo(dst, x, table, ids)
		return
	}
	n := len(table) / d
	for _, j := range ids {
		if uint(j) >= uint(n) {
			panic("vec: SqDistRows: no such row")
		}
	}
	if m > 0 {
		sqDistRowsNEON(&dst[0], &x[0], &table[0], d, &ids[0], m)
	}
	if m < len(ids) {
		var last [4]int32
		var d4 [4]float64
		for r := range last {
			last[r] = ids[min(m+r, len(ids)-1)]
		}
		sqDistRowsNEON(&d4[0], &x[0], &table[0], d, &last[0], 4)
		copy(dst[m:], d4[:])
	}
}
