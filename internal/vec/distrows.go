package vec

// SqDistRows writes the distances, as [SqDist] defines them, of x to some rows
// of a table: dst[t] is that to row ids[t], which are the len(x) numbers from
// table[ids[t]*len(x)] on. It panics when there is no such row, or dst is
// shorter than ids.
//
//go:noinline
func SqDistRows(dst []float64, x, table []float32, ids []int32) {
	sqDistRows(level, dst[:len(ids)], x, table, ids)
}

func sqDistRows(l Level, dst []float64, x, table []float32, ids []int32) {
	d, m := len(x), len(ids)&^3
	if l == Go || d == 0 {
		sqDistRowsGo(dst, x, table, ids)
		return
	}
	n := len(table) / d
	for _, j := range ids { // the kernels do not look
		if uint(j) >= uint(n) {
			panic("vec: SqDistRows: no such row")
		}
	}
	if m > 0 {
		sqDistRowsKernel(l, dst[:m], x, table, ids[:m])
	}
	if m < len(ids) {
		var last [4]int32
		var d4 [4]float64
		for r := range last {
			last[r] = ids[min(m+r, len(ids)-1)]
		}
		sqDistRowsKernel(l, d4[:], x, table, last[:])
		copy(dst[m:], d4[:])
	}
}

func sqDistRowsGo(dst []float64, x, table []float32, ids []int32) {
	d := len(x)
	for t, j := range ids {
		dst[t] = sqDistGo(x, table[int(j)*d:][:d])
	}
}
