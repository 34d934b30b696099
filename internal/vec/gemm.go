package vec

// The matrix kernels work on packed panels. A row panel holds mr rows of A
// side by side: number k of row r is a[k*mr+r]. A column panel holds nr rows
// of B in the same way. [TileShape] tells mr and nr.

// Shapes of the register tiles, by level.
var tileShape = [...]struct{ mr, nr int }{Go: {4, 16}, AVX2: {6, 16}, AVX512: {12, 32}, NEON: {6, 16}}

// TileShape returns how many rows a row panel and a column panel hold.
//
//go:noinline
func TileShape() (mr, nr int) {
	s := tileShape[level]
	return s.mr, s.nr
}

// GemmTile computes one tile of A·Bᵀ: c[r*nr+j] = Σ_k a[k*mr+r]·b[k*nr+j] for
// k below d, or adds that to c when add is true. Each sum runs over k in
// ascending order and has a relative error of at most (d+1)·2⁻²⁴ of
// Σ|a|·|b|; operations may be fused. Equal rows give equal bits wherever they
// stand in their panels.
func GemmTile(c, a, b []float32, d int, add bool) { gemmTile(level, c, a, b, b, d, add) }

// GemmTileAhead is [GemmTile] that on its way fetches 4·d numbers from the
// beginning of next, which is not empty, to the second cache, at levels that
// can.
func GemmTileAhead(c, a, b, next []float32, d int, add bool) {
	gemmTile(level, c, a, b, next, d, add)
}

func gemmTile(l Level, c, a, b, next []float32, d int, add bool) {
	s := tileShape[l]
	c, a, b = c[:s.mr*s.nr], a[:s.mr*d], b[:s.nr*d]
	if d == 0 {
		if !add {
			clear(c)
		}
		return
	}
	gemmKernel(l, c, a, b, next, d, add)
}

// gemmGo is the specification, for any shape with mr a multiple of 2 and nr of
// 4: 2×4 sums at a time, which is what a compiler keeps in registers.
func gemmGo(c, a, b []float32, mr, nr, d int, add bool) {
	for r := 0; r < mr; r += 2 {
		for j := 0; j < nr; j += 4 {
			var s00, s01, s02, s03, s10, s11, s12, s13 float32
			c0, c1 := c[r*nr+j:][:4], c[(r+1)*nr+j:][:4]
			if add {
				s00, s01, s02, s03 = c0[0], c0[1], c0[2], c0[3]
				s10, s11, s12, s13 = c1[0], c1[1], c1[2], c1[3]
			}
			ap, bp := a[r:], b[j:]
			for k := 0; ; k++ {
				x, y := ap[:2:2], bp[:4:4]
				s00 += x[0] * y[0]
				s01 += x[0] * y[1]
				s02 += x[0] * y[2]
				s03 += x[0] * y[3]
				s10 += x[1] * y[0]
				s11 += x[1] * y[1]
				s12 += x[1] * y[2]
				s13 += x[1] * y[3]
				if k == d-1 {
					break
				}
				ap, bp = ap[mr:], bp[nr:]
			}
			c0[0], c0[1], c0[2], c0[3] = s00, s01, s02, s03
			c1[0], c1[1], c1[2], c1[3] = s10, s11, s12, s13
		}
	}
}
