//go:build amd64 && !noasm

package vec

//go:generate sh -c "cd _gen && go run ./distrows -out ../distrows_amd64.s -stubs ../distrows_stubs_amd64.go -pkg vec"

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
	run := func(dst []float64, ids []int32) {
		if l == AVX512 {
			sqDistRowsAVX512(&dst[0], &x[0], &table[0], d, &ids[0], len(ids))
		} else {
			sqDistRowsAVX2(&dst[0], &x[0], &table[0], d, &ids[0], len(ids))
		}
	}
	if m > 0 {
		run(dst[:m], ids[:m])
	}
	if m < len(ids) {
		var last [4]int32
		var d4 [4]float64
		for r := range last {
			last[r] = ids[min(m+r, len(ids)-1)]
		}
		run(d4[:], last[:])
		copy(dst[m:], d4[:])
	}
}
