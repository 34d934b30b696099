package vec

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestCombineRows(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 5))
	for _, l := range Levels() {
		for n := 0; n <= 96; n += 16 {
			for terms := range 6 {
				const rows = 7
				stride := n + r.IntN(4)
				g := guarded(r, rows*stride+n, terms)
				index, weight := make([]int32, terms), guarded(r, terms, 1)
				for k := range index {
					index[k] = int32(r.IntN(rows))
				}
				dst := guarded(r, n, terms)
				combineRows(l, dst, g, stride, index, weight)
				for c := range dst {
					var want, size float64
					for k, i := range index {
						p := float64(weight[k]) * float64(g[int(i)*stride+c])
						want += p
						size += math.Abs(p)
					}
					if !(math.Abs(float64(dst[c])-want) <= float64(terms+1)*0x1p-24*size) {
						t.Fatalf("%v n=%d terms=%d: dst[%d] = %v, want %v", l, n, terms, c, dst[c], want)
					}
				}
				if !math.IsNaN(float64(dst[:n+1][n])) {
					t.Fatalf("%v wrote behind dst", l)
				}
			}
		}
	}
}

func TestWeightedSum(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 5))
	for _, l := range Levels() {
		for n := range 70 {
			for terms := range 6 {
				rows, weight := make([][]float32, terms), make([]float64, terms)
				for k := range rows {
					rows[k], weight[k] = guarded(r, n, k), r.NormFloat64()
				}
				div := float64(1 + r.IntN(9))
				dst := guarded(r, n, terms)
				weightedSum(l, dst, rows, weight, div)
				for c := range dst {
					var sum float64
					for k, x := range rows {
						p := weight[k] * float64(x[c])
						sum += float64(p)
					}
					if want := float32(sum / div); math.Float32bits(dst[c]) != math.Float32bits(want) {
						t.Fatalf("%v n=%d terms=%d: dst[%d] = %v, want %v", l, n, terms, c, dst[c], want)
					}
				}
				if !math.IsNaN(float64(dst[:n+1][n])) {
					t.Fatalf("%v wrote behind dst", l)
				}
			}
		}
	}
}

func TestTranspose16(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 5))
	for _, l := range Levels() {
		for n := 8; n <= 64; n += 8 {
			stride := n + n%3
			src, dst := guarded(r, 15*stride+n, 3), guarded(r, 16*n, 1)
			transposeKernel(l, dst, src, stride, n)
			for c := range n {
				for i := range 16 {
					if math.Float32bits(dst[c*16+i]) != math.Float32bits(src[i*stride+c]) {
						t.Fatalf("%v n=%d: wrong at %d, %d", l, n, c, i)
					}
				}
			}
			if !math.IsNaN(float64(dst[:16*n+1][16*n])) {
				t.Fatalf("%v wrote behind dst", l)
			}
		}
	}
}

func TestScanCombinations(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	for _, l := range Levels() {
		found := 0
		for round := range 300 {
			n, base := 1+r.IntN(40), 1+r.IntN(9)
			s := &Scan{Table: guarded(r, 16*base, round%8), Start: []int32{0}, Norm: guarded(r, n, 0)}
			for range n {
				for range r.IntN(5) {
					s.Index = append(s.Index, int32(r.IntN(base)))
					s.Weight = append(s.Weight, float32(r.IntN(5)-2))
				}
				s.Start = append(s.Start, int32(len(s.Index)))
			}
			for i := range s.Table { // small integers: sums are exact at every level
				s.Table[i] = float32(r.IntN(9) - 4)
			}
			for i := range s.Norm {
				s.Norm[i] = float32(r.IntN(9))
			}
			var norm, limit [16]float32
			for i := range norm {
				norm[i], limit[i] = float32(r.IntN(9)), float32(r.IntN(20)-20)
				if r.IntN(9) == 0 {
					limit[i] = float32(math.NaN())
				}
			}
			from := r.IntN(n)
			to := from + r.IntN(n-from+1)
			col := guarded(r, to-from, 0)
			for i := range col {
				col[i] = float32(r.IntN(20) - 20)
			}
			m := to - from
			value, point, mask := guarded(r, 16*m, 0), make([]int32, m+1), make([]uint32, m+1)
			wantValue, wantPoint, wantMask := guarded(r, 16*m, 0), make([]int32, m+1), make([]uint32, m+1)
			got := scanCombinations(l, value, point, mask, s, from, to, &norm, &limit, col)
			want := 0
			if m > 0 {
				want = scanGo(wantValue, wantPoint, wantMask, s, from, to, &norm, &limit, col)
			}
			if got != want {
				t.Fatalf("%v: %d points, want %d", l, got, want)
			}
			found += got
			for k := range got {
				if point[k] != wantPoint[k] || mask[k] != wantMask[k] {
					t.Fatalf("%v: point %d mask %x, want %d %x", l, point[k], mask[k], wantPoint[k], wantMask[k])
				}
				for i := range 16 {
					if value[16*k+i] != wantValue[16*k+i] {
						t.Fatalf("%v: value %v, want %v", l, value[16*k+i], wantValue[16*k+i])
					}
				}
			}
		}
		if found == 0 {
			t.Fatal("nothing was found")
		}
	}
}
