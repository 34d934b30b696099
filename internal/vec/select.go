package vec

// SelectTile marks the values of a tile of -2·A·Bᵀ that may enter a list of
// nearest neighbors. c holds as many rows as row has numbers and as many
// columns as colNorm, at most 32: as [GemmTile] or [MultiplySplit] leave them.
// norm and limit hold, for the rows and for the columns, squared lengths and
// the largest values still of interest. Bit j of row[r] is set when
//
//	c[r*nr+j] + colNorm[j] <= rowLimit[r]
//
// and bit j of col[r] when
//
//	c[r*nr+j] + rowNorm[r] <= colLimit[j].
//
// NaN never passes, so a NaN limit shuts out a padding row. Every level gives
// the same bits for the same tile.
func SelectTile(row, col []uint32, c, rowNorm, rowLimit, colNorm, colLimit []float32) {
	selectTile(level, row, col, c, rowNorm, rowLimit, colNorm, colLimit)
}

func selectTile(l Level, row, col []uint32, c, rowNorm, rowLimit, colNorm, colLimit []float32) {
	mr, nr := len(row), len(colNorm)
	if mr == 0 || nr == 0 {
		return
	}
	selectKernel(l, row, col[:mr], c[:mr*nr], rowNorm[:mr], rowLimit[:mr], colNorm, colLimit[:nr])
}

func selectGo(row, col []uint32, c, rowNorm, rowLimit, colNorm, colLimit []float32) {
	nr := len(colNorm)
	for r := range row {
		var p, q uint32
		n, lim := rowNorm[r], rowLimit[r]
		for j, v := range c[r*nr : (r+1)*nr] {
			if v+colNorm[j] <= lim {
				p |= 1 << j
			}
			if v+n <= colLimit[j] {
				q |= 1 << j
			}
		}
		row[r], col[r] = p, q
	}
}

// SieveTiles writes to the front of tiles the numbers of those among count
// tiles, as [GemmTile] leaves them, in which [SelectTile] would set a bit, and
// returns them. Every level gives the same.
func SieveTiles(tiles []int32, c, rowNorm, rowLimit, colNorm, colLimit []float32, count int) []int32 {
	mr, nr := TileShape()
	if count == 0 {
		return tiles[:0]
	}
	return sieveTiles(level, tiles[:count], c[:count*mr*nr], rowNorm[:count*mr], rowLimit[:count*mr], colNorm[:nr], colLimit[:nr])
}

// sieveBySelect is SieveTiles by the kernel of SelectTile.
func sieveBySelect(l Level, tiles []int32, c, rowNorm, rowLimit, colNorm, colLimit []float32) []int32 {
	s, found := tileShape[l], 0
	var row, col [12]uint32
	for p := range tiles {
		selectKernel(l, row[:s.mr], col[:s.mr], c[p*s.mr*s.nr:], rowNorm[p*s.mr:][:s.mr], rowLimit[p*s.mr:][:s.mr], colNorm, colLimit)
		for r := range s.mr {
			if row[r]|col[r] != 0 {
				tiles[found] = int32(p)
				found++
				break
			}
		}
	}
	return tiles[:found]
}
