package vec

import "math"

// An Entry is a number of a sparse row. A row is its entries by ascending
// column and one of column LastColumn, with the number 0, behind them.
type Entry struct {
	V   float64
	Col int32
	_   int32
}

// LastColumn stands behind the columns of a row, which are below it.
const LastColumn = math.MaxInt32

// MergeSquares returns the squared Euclidean distances of a sparse row and two
// others, as [SqDist] has them for dense rows: column c is added to lane c mod
// 8. The numbers are those of float32. It gives equal bits at every level. It
// panics if a row does not end with LastColumn.
func MergeSquares(x, y, z []Entry) (xy, xz float64) {
	if x[len(x)-1].Col != LastColumn || y[len(y)-1].Col != LastColumn || z[len(z)-1].Col != LastColumn {
		panic("vec: MergeSquares: a row without an end")
	}
	var sum [16]float64
	mergeSquaresAt(level, &sum, x, y, z)
	a := &sum
	return ((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7])),
		((a[8] + a[12]) + (a[10] + a[14])) + ((a[9] + a[13]) + (a[11] + a[15]))
}

func mergeSquaresGo(sum *[16]float64, x, y, z []Entry) {
	mergeGo((*[8]float64)(sum[:8]), x, y)
	mergeGo((*[8]float64)(sum[8:]), x, z)
}

func mergeGo(sum *[8]float64, x, y []Entry) {
	for a, b := 0, 0; ; {
		p, q := &x[a], &y[b]
		var v float64
		j := min(p.Col, q.Col)
		if j == LastColumn {
			return
		}
		if p.Col == j {
			v = p.V
			a++
		}
		if q.Col == j {
			v -= q.V
			b++
		}
		sum[j&7] += float64(v * v)
	}
}
