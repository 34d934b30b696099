//go:build amd64 && !noasm

package vec

//go:generate sh -c "cd _gen && go run ./centre -out ../centre_amd64.s -stubs ../centre_stubs_amd64.go -pkg vec"

// centreRow does as much of a row as fills vectors.
func centreRow(l Level, dst, x []float32, mean []float64, scale float64, by float32) int {
	lanes, f := 8, centreRowAVX512
	switch l {
	case Go:
		return 0
	case AVX2:
		lanes, f = 4, centreRowAVX2
	}
	n := len(x) &^ (lanes - 1)
	if n > 0 {
		f(&dst[0], &x[0], &mean[0], scale, by, n)
	}
	return n
}
