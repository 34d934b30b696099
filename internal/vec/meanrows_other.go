package vec

func meanRows(dst, base []float32, rows []int32, w []float64, total float64) {
	meanRowsGo(dst, base, rows, w, total, 0)
}
