package vec

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/semamap/semamap/internal/golden"
)

// Kernels of equal bits give them on every machine, not only at every level of
// one: the compilers of most other processors may fuse a product and a sum of
// the pure Go form unless a conversion forbids it. The hashes stand in a file.
func TestBits(t *testing.T) {
	number := func(seed uint64, i int) float32 {
		m := golden.Mix(seed, uint64(i))
		return float32(int(m%20001)-10000) / float32(1+m>>40%999)
	}
	numbers := func(seed uint64, n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = number(seed, i)
		}
		return x
	}
	doubles := func(seed uint64, n int) []float64 {
		x := make([]float64, n)
		for i := range x {
			x[i] = float64(number(seed, i)) / 7
		}
		return x
	}
	const rows, d = 40, 101
	ids := make([]int32, 30)
	for i := range ids {
		ids[i] = int32(golden.Mix(3, uint64(i)) % rows)
	}
	x := numbers(1, rows*d)
	row := func(i int) []float32 { return x[i*d:][:d] }
	positive := numbers(2, 4*rows)
	for i, v := range positive {
		positive[i] = float32(v*v) + 1 // not fused, either
	}
	var lines bytes.Buffer
	lines.WriteString("# sha256 of what kernels give in TestBits.\n")
	for _, kernel := range []struct {
		name string
		do   func() []any
	}{
		{"SqDist", func() []any { return []any{SqDist(row(0), row(1)), SqDist4(row(2), row(3), row(4), row(5), row(6))} }},
		{"SqDistRows", func() []any {
			dst := make([]float64, len(ids))
			SqDistRows(dst, row(7), x, ids)
			return []any{dst}
		}},
		{"CentreRow", func() []any {
			dst := make([]float32, d)
			CentreRow(dst, row(8), doubles(4, d), 0x1p-9, -2)
			return []any{dst}
		}},
		{"Exp", func() []any {
			y := doubles(5, 500)
			for i := range y {
				y[i] /= 3
			}
			ExpAll(y)
			return []any{y, Exp(-720.25), Exp(-744.5), Exp(709.5)}
		}},
		{"F16ToF32", func() []any {
			src := make([]byte, 2<<16)
			for i := range 1 << 16 {
				binary.LittleEndian.PutUint16(src[2*i:], uint16(i))
			}
			dst, past := make([]float32, 1<<16), make([]float32, 1<<16)
			F16ToF32(dst, src)
			F16Stream(past, src)
			return []any{dst, past}
		}},
		{"F64ToF16", func() []any {
			y := make([]uint16, 1000)
			for i := range y {
				y[i] = F64ToF16(float64(number(6, i)) * float64(number(7, i)) / 256)
			}
			return []any{y}
		}},
		{"AddF64", func() []any {
			acc := doubles(8, d)
			AddF64(acc, row(9))
			AxpyF64(acc, 1.0/3, row(10))
			return []any{acc}
		}},
		{"WeightedSum", func() []any {
			w := doubles(9, 3)
			a, zero := make([]float32, d), make([]float32, d)
			WeightedSum(a, [][]float32{row(11), row(12), row(13)}, w, 17)
			// What remains here with a fused operation is the rounding error of
			// a product, which is lost above when the sum becomes a float32.
			WeightedSum(zero, [][]float32{row(11), row(11)}, []float64{w[0], -w[0]}, 17)
			return []any{a, zero}
		}},
		{"MeanRows", func() []any {
			w := doubles(10, len(ids))
			a, b, zero := make([]float32, d), make([]float32, d), make([]float32, d)
			MeanRows(a, x, ids, nil, float64(len(ids)))
			MeanRows(b, x, ids, w, 33)
			MeanRows(zero, x, []int32{5, 5}, []float64{w[0], -w[0]}, 1) // as above
			return []any{a, b, zero}
		}},
		{"ColStats", func() []any {
			c := NewColStats(d)
			copy(c.Shift, doubles(11, d))
			c.Add(x, rows, 0)
			return []any{c.Sum, c.Sq, c.Min, c.Max, c.ArgMin, c.ArgMax, c.Nonzero}
		}},
		{"Row", func() []any { return []any{Row(row(14))} }},
		{"Norms", func() []any {
			a, b := make([]float32, d), make([]float32, d)
			LayerNorm(a, row(15), row(16), row(17), 1e-5)
			RMSNorm(b, row(15), row(16), 1e-5)
			return []any{a, b}
		}},
		{"AddFixed", func() []any {
			sum := make([]int64, d)
			return []any{AddFixed(sum, row(18)), AddFixed(sum, row(19)), sum}
		}},
		{"Move", func() []any {
			var out []any
			for d := 1; d <= 3; d++ {
				next, y, v, gain := make([]float32, d*rows), numbers(12, d*rows), numbers(13, d*rows), positive[:d*rows]
				gain = append([]float32(nil), gain...)
				m := &Motion{Rho: 1.7, InvZ: 0.003, Eta: 11, Momentum: 0.8, Most: 5, Limit: 1e6}
				s := Move(next, y, v, gain, numbers(14, d*rows), numbers(15, d*rows), positive[:rows], m, d, 0, rows)
				out = append(out, next, v, gain, s)
			}
			return out
		}},
		{"SelectTile", func() []any {
			mr, nr := 8, 16
			r, c := make([]uint32, mr), make([]uint32, mr)
			SelectTile(r, c, numbers(16, mr*nr), numbers(17, mr), numbers(18, mr), numbers(19, nr), numbers(20, nr))
			return []any{r, c}
		}},
		{"PackSplit", func() []any {
			panel := make([]uint32, 2*SplitBlock)
			PackSplit(panel, numbers(21, 32*2*SplitCols), 2*SplitCols, 2, true)
			return []any{panel}
		}},
	} {
		for at, l := range Levels() {
			restore := Force(l)
			h := sha256.New()
			for _, v := range kernel.do() {
				if err := binary.Write(h, binary.LittleEndian, v); err != nil {
					t.Fatal(err)
				}
			}
			restore()
			line := fmt.Sprintf("%s %x\n", kernel.name, h.Sum(nil))
			if at == 0 {
				lines.WriteString(line)
			} else if !bytes.HasSuffix(lines.Bytes(), []byte(line)) {
				t.Errorf("at %v: %s", l, line)
			}
		}
	}
	golden.Check(t, "testdata/bits.txt", lines.Bytes())
}
