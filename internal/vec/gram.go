package vec

// The kernels of searching linear combinations of base rows through the inner
// products G of the base rows: for 16 points at a time, [CombineRows] and
// [Transpose16] make a table with the inner product of every base row with
// every one of the points, and [ScanCombinations] runs over all points.

// CombineRows sets dst[c] to the sum over t of weight[t]·g[index[t]*stride+c].
// The length of dst is a multiple of 16. Terms are added in their order, with
// or without fused operations.
func CombineRows(dst, g []float32, stride int, index []int32, weight []float32) {
	combineRows(level, dst, g, stride, index, weight)
}

func combineRows(l Level, dst, g []float32, stride int, index []int32, weight []float32) {
	weight = weight[:len(index)]
	dst = dst[:len(dst)&^15]
	for _, i := range index { // the kernels do not look
		_ = g[int(i)*stride:][:len(dst)]
	}
	if len(dst) == 0 || len(index) == 0 {
		clear(dst)
		return
	}
	combineKernel(l, dst, g, stride, index, weight)
}

func combineGo(dst, g []float32, stride int, index []int32, weight []float32) {
	clear(dst)
	for t, i := range index {
		w := weight[t]
		for c, v := range g[int(i)*stride:][:len(dst)] {
			dst[c] += w * v
		}
	}
}

// WeightedSum sets dst[c] to the sum over t of weight[t]·rows[t][c], divided by
// div: every product, sum and quotient is rounded to float64 and the result
// once to float32, in the order of the terms. It gives equal bits at every
// level. Rows are as long as dst.
func WeightedSum(dst []float32, rows [][]float32, weight []float64, div float64) {
	weightedSum(level, dst, rows, weight, div)
}

func weightedSum(l Level, dst []float32, rows [][]float32, weight []float64, div float64) {
	weight = weight[:len(rows)]
	done := 0
	if len(dst) >= 8 && len(rows) > 0 {
		for _, r := range rows {
			_ = r[:len(dst)]
		}
		done = weightedKernel(l, dst, rows, weight, div)
	}
	const strip = 64
	var sum [strip]float64
	for done < len(dst) {
		n := min(strip, len(dst)-done)
		s := sum[:n]
		clear(s)
		for t, r := range rows {
			w := weight[t]
			for c, v := range r[done:][:n] {
				s[c] += float64(w * float64(v)) // no fused multiply-add
			}
		}
		for c, v := range s {
			dst[done+c] = float32(v / div)
		}
		done += n
	}
}

// Transpose16 sets dst[c*16+r] to src[r*stride+c] for r below 16 and c below
// n, a multiple of 8.
func Transpose16(dst, src []float32, stride, n int) {
	n &^= 7
	if n == 0 {
		return
	}
	transposeKernel(level, dst[:n*16], src[:15*stride+n], stride, n)
}

func transposeGo(dst, src []float32, stride, n int) {
	for r := range 16 {
		for c, v := range src[r*stride:][:n] {
			dst[c*16+r] = v
		}
	}
}

// A Scan is the input of [ScanCombinations] that stays the same for a block of
// 16 points.
type Scan struct {
	Table  []float32 // 16 inner products for each base row
	Start  []int32   // terms of point j are Start[j]:Start[j+1]
	Index  []int32   // base row of each term
	Weight []float32 // -2 times its weight
	Norm   []float32 // squared length of each point
}

// ScanCombinations compares points [from, to) with 16 others. The value of
// point j and lane r is s = Σ Weight·Table[16·Index+r] over the terms of j. It
// is of interest when
//
//	s + Norm[j] <= limit[r]   (bit r of the mask), or
//	s + norm[r] <= colLimit[j-from]   (bit 16+r).
//
// For every point with a bit set, its 16 values, its number and its mask are
// appended to value, point and mask, which must have room for to-from points.
// The number of points found is returned. NaN never passes.
func ScanCombinations(value []float32, point []int32, mask []uint32, s *Scan, from, to int, norm, limit *[16]float32, colLimit []float32) int {
	return scanCombinations(level, value, point, mask, s, from, to, norm, limit, colLimit)
}

func scanCombinations(l Level, value []float32, point []int32, mask []uint32, s *Scan, from, to int, norm, limit *[16]float32, colLimit []float32) int {
	if to <= from {
		return 0
	}
	n := to - from
	_, _, _, _ = value[:16*n], point[:n], mask[:n], colLimit[:n]
	_, _ = s.Start[from:to+1], s.Norm[from:to]
	return scanKernel(l, value, point, mask, s, from, to, norm, limit, colLimit)
}

func scanGo(value []float32, point []int32, mask []uint32, s *Scan, from, to int, norm, limit *[16]float32, colLimit []float32) int {
	count := 0
	for j := from; j < to; j++ {
		var sum [16]float32
		for t := s.Start[j]; t < s.Start[j+1]; t++ {
			w := s.Weight[t]
			line := (*[16]float32)(s.Table[16*int(s.Index[t]):])
			for r, v := range line {
				sum[r] += w * v
			}
		}
		var m uint32
		n, lim := s.Norm[j], colLimit[j-from]
		for r, v := range sum {
			if v+n <= limit[r] {
				m |= 1 << r
			}
			if v+norm[r] <= lim {
				m |= 1 << (16 + r)
			}
		}
		if m != 0 {
			copy(value[16*count:], sum[:])
			point[count], mask[count] = int32(j), m
			count++
		}
	}
	return count
}
