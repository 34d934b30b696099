package vec

// Rows of 16-bit integers, products of which are exact, are multiplied faster
// than float32 ones. A panel of them holds as many rows as one of float32
// numbers, see [TileShape], two columns in a word: the lower half of word
// k*mr+r is number 2k of row r, the upper half number 2k+1.

// Ints reports whether this machine multiplies panels of integers faster than
// float32 ones.
func Ints() bool { return level == AVX2 || level == AVX512 }

// PackInts packs pairs of columns of width rows, which are stride numbers apart
// in x: whole numbers of at most 32767, times unit, whose inverse is inv. Both
// are powers of two.
func PackInts(panel []uint32, x []float32, stride, width, pairs int, inv float32) {
	if pairs == 0 {
		return
	}
	for r := range width {
		to, row := panel[r:], x[r*stride:][:2*pairs]
		for k := range pairs {
			lo, hi := int32(row[2*k]*inv), int32(row[2*k+1]*inv)
			to[k*width] = uint32(uint16(lo)) | uint32(hi)<<16
		}
	}
}

// MultiplyInts computes count tiles of scale·A·Bᵀ: those of count row panels,
// which are stride words apart, with the column panel b, over so many pairs of
// columns. Meanwhile it fetches what follows next, which is not empty, to the
// cache. When add is true, the products are added to c. Sums of products must stay
// below 2³¹. Each is rounded once to float32, and again when it is multiplied by
// scale and when it is added. Every level gives the same bits.
func MultiplyInts(c []float32, a, b, next []uint32, pairs, count, stride int, scale float32, add bool) {
	mr, nr := TileShape()
	if count == 0 {
		return
	}
	c, b = c[:count*mr*nr], b[:pairs*nr]
	_ = a[:(count-1)*stride+pairs*mr]
	if pairs == 0 {
		if !add {
			clear(c)
		}
		return
	}
	multiplyInts(level, c, a, b, next, pairs, count, stride, scale, add)
}

func multiplyIntsGo(c []float32, a, b []uint32, mr, nr, pairs, count, stride int, scale float32, add bool) {
	for p := range count {
		for r := range mr {
			for j := range nr {
				var s int32
				for k := range pairs {
					x, y := a[p*stride+k*mr+r], b[k*nr+j]
					s += int32(int16(x))*int32(int16(y)) + int32(x)>>16*(int32(y)>>16)
				}
				v := float32(float32(s) * scale)
				if add {
					v += c[(p*mr+r)*nr+j]
				}
				c[(p*mr+r)*nr+j] = v
			}
		}
	}
}
