package vec

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestSelectTile(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	odd := []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), 0, float32(math.Copysign(0, -1)), math.MaxFloat32}
	small := func(n, off int) []float32 { // small integers, so that ties are common, and odd values
		x := guarded(r, n, off)
		for i := range x {
			x[i] = float32(r.IntN(7) - 3)
			if r.IntN(30) == 0 {
				x[i] = odd[r.IntN(len(odd))]
			}
		}
		return x
	}
	for _, l := range Levels() {
		hits := 0
		for round := range 200 {
			off := round % 8
			mr, nr := 1+round%40, []int{16, 32, 7}[round%3]
			c, rn, rl, cn, cl := small(mr*nr, off), small(mr, off), small(mr, off), small(nr, off), small(nr, off)
			row, col := make([]uint32, mr+1), make([]uint32, mr+1)
			row[mr], col[mr] = 77, 77
			selectTile(l, row[:mr], col[:mr], c, rn, rl, cn, cl)
			wantRow, wantCol := make([]uint32, mr+1), make([]uint32, mr+1)
			wantRow[mr], wantCol[mr] = 77, 77
			for i := range mr {
				for j := range nr {
					if c[i*nr+j]+cn[j] <= rl[i] {
						wantRow[i] |= 1 << j
						hits++
					}
					if c[i*nr+j]+rn[i] <= cl[j] {
						wantCol[i] |= 1 << j
					}
				}
			}
			if !slices.Equal(row, wantRow) || !slices.Equal(col, wantCol) {
				t.Fatalf("%v round %d: %x %x, want %x %x", l, round, row, col, wantRow, wantCol)
			}
		}
		if hits == 0 {
			t.Fatal("no value passed")
		}
	}
}

func TestSieveTiles(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, l := range Levels() {
		restore := Force(l)
		mr, nr := TileShape()
		for round := range 300 {
			count := round % 5
			c, rn, rl := guarded(r, count*mr*nr, round%8), guarded(r, count*mr, 1), guarded(r, count*mr, 2)
			cn, cl := guarded(r, nr, 3), guarded(r, nr, 4)
			for i := range rl {
				rl[i] -= 6
			}
			for i := range cl {
				cl[i] -= 6
			}
			if count > 0 && round%3 == 0 { // NaN passes nothing, +Inf all
				rl[r.IntN(len(rl))], cl[r.IntN(len(cl))] = nan, nan
				rl[r.IntN(len(rl))] = inf
			}
			var want []int32
			for p := range count {
				row, col := make([]uint32, mr), make([]uint32, mr)
				SelectTile(row, col, c[p*mr*nr:][:mr*nr], rn[p*mr:], rl[p*mr:], cn, cl)
				if slices.Max(row) != 0 || slices.Max(col) != 0 {
					want = append(want, int32(p))
				}
			}
			tiles := make([]int32, count+1)
			tiles[count] = 77
			if got := SieveTiles(tiles, c, rn, rl, cn, cl, count); !slices.Equal(got, want) || tiles[count] != 77 {
				t.Fatalf("%v round %d: %v of %d, want %v", l, round, got, count, want)
			}
		}
		restore()
	}
}
