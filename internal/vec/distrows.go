package vec

// SqDistRows writes the distances, as [SqDist] defines them, of x to some rows
// of a table: dst[t] is that to row ids[t], which are the len(x) numbers from
// table[ids[t]*len(x)] on. It panics when there is no such row, or dst is
// shorter than ids.
func SqDistRows(dst []float64, x, table []float32, ids []int32) {
	sqDistRows(level, dst[:len(ids)], x, table, ids)
}

func sqDistRowsGo(dst []float64, x, table []float32, ids []int32) {
	d := len(x)
	for t, j := range ids {
		dst[t] = sqDistGo(x, table[int(j)*d:][:d])
	}
}
