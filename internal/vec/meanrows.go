package vec

// MeanRows sets dst[i] to the sum over k of w[k]·base[rows[k]·n+i], divided by
// total, where n = len(dst). Sums are made in float64, in the order of rows,
// each product rounded before it is added, and the quotient is rounded to
// float32. Weights are all 1 if w is nil. It panics when a row does not lie
// in base. All levels give equal bits.
func MeanRows(dst, base []float32, rows []int32, w []float64, total float64) {
	n := len(dst)
	for _, r := range rows {
		_ = base[int(r)*n : (int(r)+1)*n]
	}
	if w != nil {
		w = w[:len(rows)]
	}
	done := 0
	if len(rows) > 0 {
		done = meanRows(level, dst, base, rows, w, total)
	}
	meanRowsGo(dst, base, rows, w, total, done)
}

// meanRowsGo is MeanRows from dst[from] on.
func meanRowsGo(dst, base []float32, rows []int32, w []float64, total float64, from int) {
	n := len(dst)
	for i := from; i < n; i++ {
		var sum float64
		for k, r := range rows {
			v := float64(base[int(r)*n+i])
			if w != nil {
				v = float64(v * w[k])
			}
			sum += v
		}
		dst[i] = float32(sum / total)
	}
}
