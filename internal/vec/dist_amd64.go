//go:build amd64 && !noasm

package vec

//go:generate sh -c "cd _gen && go run ./dist -out ../dist_amd64.s -stubs ../dist_stubs_amd64.go -pkg vec"

func sqDist4(l Level, x, y0, y1, y2, y3 []float32) (d [4]float64) {
	n := len(x)
	y0, y1, y2, y3 = y0[:n], y1[:n], y2[:n], y3[:n]
	m := n &^ 7
	if l == Go || m == 0 {
		return [4]float64{sqDistGo(x, y0), sqDistGo(x, y1), sqDistGo(x, y2), sqDistGo(x, y3)}
	}
	var sum [32]float64
	if l == AVX512 {
		sqDist4AVX512(&sum, &x[0], &y0[0], &y1[0], &y2[0], &y3[0], m)
	} else {
		sqDist4AVX2(&sum, &x[0], &y0[0], &y1[0], &y2[0], &y3[0], m)
	}
	x = x[m:]
	for r, y := range [...][]float32{y0, y1, y2, y3} {
		d[r] = sqDistTail((*[8]float64)(sum[8*r:]), x, y[m:])
	}
	return d
}
