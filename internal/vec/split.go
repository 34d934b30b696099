package vec

import "math"

// A split number is a float32 x as two bfloat16: the nearest one, h, and the
// one nearest to the rest, l. What is lost is at most 2⁻¹⁶|x|. Three products
// of halves make one of split numbers but for 2⁻¹⁶ of it, and processors with
// matrix tiles (Intel AMX) take them several times faster than float32 ones.
//
// A split panel holds 32 rows in blocks of 32 columns. A block is four tiles
// of 16×16 words: h of rows 0-15 and of rows 16-31, then l of both. In a row
// panel word w of row r of a tile is that of columns 2w (its lower half) and
// 2w+1; a column panel has the tiles transposed.
const (
	SplitRows  = 32   // rows of a panel
	SplitCols  = 32   // columns of a block
	SplitBlock = 1024 // words of a block
)

// SplitError returns a bound of the error of [MultiplySplit] for rows of d
// numbers, as a multiple of the product of the lengths of the rows: what the
// halves lose (at most (1+2⁻⁸)²·2⁻¹⁶ for the product of both l and 2·2⁻¹⁶ for
// the rests), and the rounding of sums. The latter run over 17 numbers and then
// over three for each block, which is less than is allowed for here. Numbers
// are zero or have magnitudes in [2⁻⁶⁰, 2⁶⁰]; products of an l may underflow
// still, for which 2⁻¹²⁰ for each column is to be added.
func SplitError(d int) float64 { return 3.05*0x1p-16 + 1.02*0x1p-24*float64(d+64) }

// Splits reports whether this machine multiplies split panels faster than
// float32 ones. On Linux the first call asks the kernel to let this process
// use the tiles.
func Splits() bool {
	if splitForced != 0 {
		return splitForced > 0
	}
	return level == AVX512 && hasTiles()
}

var splitForced int

// ForceSplit makes [Splits] return on until the returned function is called.
// Only tests call it. Without tiles the pure Go form multiplies.
func ForceSplit(on bool) (restore func()) {
	old := splitForced
	splitForced = -1
	if on {
		splitForced = 1
	}
	return func() { splitForced = old }
}

// PackSplit splits 32 rows of x, which are stride numbers apart, in blocks of
// 32 columns, to a row panel or a column panel. x must hold 32 whole rows.
func PackSplit(panel []uint32, x []float32, stride, blocks int, columns bool) {
	if blocks == 0 {
		return
	}
	_, _ = x[:31*stride+blocks*SplitCols], panel[:blocks*SplitBlock]
	packSplit(level, panel, x, stride, blocks, columns)
}

func packSplitGo(panel []uint32, x []float32, stride, blocks int, columns bool) {
	for b := range blocks {
		for r := range SplitRows {
			tile := panel[b*SplitBlock+r/16*256:]
			for w := range 16 {
				h0, l0 := split(x[r*stride+b*SplitCols+2*w])
				h1, l1 := split(x[r*stride+b*SplitCols+2*w+1])
				at := r%16*16 + w
				if columns {
					at = w*16 + r%16
				}
				tile[at], tile[512+at] = h0>>16|h1, l0>>16|l1
			}
		}
	}
}

// split returns the bits of both halves of a number, as float32.
func split(x float32) (h, l uint32) {
	h = nearestBF16(x)
	return h, nearestBF16(x - math.Float32frombits(h))
}

// nearestBF16 rounds to even; x is not near overflow.
func nearestBF16(x float32) uint32 {
	b := math.Float32bits(x)
	return (b + 0x7fff + b>>16&1) &^ 0xffff
}

// MultiplySplit computes count tiles of A·Bᵀ, of 32×32 numbers each: those of
// count row panels, which are stride words apart, with the column panel b of
// as many blocks. The error is within [SplitError]. Equal rows give equal bits
// wherever they stand in their panels.
//
// For each block and each of l·h, h·h and h·l, even and odd columns are summed
// in float32 from zero; the sum of both is added to the number of the tile: as
// TDPBF16PS does (Intel 64 and IA-32 Architectures Software Developer's
// Manual), which takes subnormal numbers as zero besides.
func MultiplySplit(c []float32, a, b []uint32, blocks, count, stride int) {
	if count == 0 {
		return
	}
	c, b = c[:count*SplitRows*SplitRows], b[:blocks*SplitBlock]
	_ = a[:(count-1)*stride+blocks*SplitBlock]
	if blocks == 0 {
		clear(c)
		return
	}
	multiplySplit(level, c, a, b, blocks, count, stride)
}

func multiplySplitGo(c []float32, a, b []uint32, blocks, count, stride int) {
	clear(c)
	const even = 16 // the shift that makes a float32 of the lower half
	for p := range count {
		for r := range SplitRows {
			for j := range SplitRows {
				sum := &c[(p*SplitRows+r)*SplitRows+j]
				for k := range blocks {
					x := a[p*stride+k*SplitBlock+r/16*256+r%16*16:]
					y := b[k*SplitBlock+j/16*256+j%16:]
					for _, half := range [3][2]int{{512, 0}, {0, 0}, {0, 512}} {
						var s0, s1 float32
						for w := range 16 {
							u, v := x[half[0]+w], y[half[1]+w*16]
							s0 += math.Float32frombits(u<<even) * math.Float32frombits(v<<even)
							s1 += math.Float32frombits(u&^0xffff) * math.Float32frombits(v&^0xffff)
						}
						*sum += s0 + s1
					}
				}
			}
		}
	}
}
