package neox_test

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/semamap/semamap/lemma"
)

// halves is a map of binary16 numbers, as amap's layers hold them.
type halves struct {
	x     []uint16
	units int
}

// wide holds the float32 of every binary16 number.
var wide = sync.OnceValue(func() *[1 << 16]float32 {
	t := new([1 << 16]float32)
	for h := range t {
		sign, exp, man := uint32(h>>15), h>>10&31, float64(h&1023)
		v := math.Ldexp(1024+man, exp-25)
		if exp == 0 {
			v = math.Ldexp(man, -24)
		}
		t[h] = math.Float32frombits(math.Float32bits(float32(v)) | sign<<31)
	}
	return t
})

func (m *halves) Dims() (rows, units int) { return len(m.x) / m.units, m.units }

func (m *halves) Row(dst []float32, row int) ([]float32, error) {
	dst = slices.Grow(dst[:0], m.units)[:m.units]
	return dst, m.Gather(dst, []int32{int32(row)})
}

func (m *halves) Gather(dst []float32, rows []int32) error {
	t := wide()
	for i, r := range rows {
		from := m.x[int(r)*m.units:][:m.units]
		to := dst[i*m.units:][:m.units]
		for k, h := range from {
			to[k] = t[h]
		}
	}
	return nil
}

// bandwidth returns how many bytes a second, read and written together, all
// processors move when they copy a large array.
func bandwidth(dst, src []float32) float64 {
	best := time.Duration(math.MaxInt64)
	n := runtime.GOMAXPROCS(0)
	for range 5 {
		start := time.Now()
		var wg sync.WaitGroup
		for w := range n {
			wg.Go(func() {
				lo, hi := len(src)*w/n, len(src)*(w+1)/n
				copy(dst[lo:hi], src[lo:hi])
			})
		}
		wg.Wait()
		best = min(best, time.Since(start))
	}
	return 8 * float64(len(src)) / best.Seconds()
}

// BenchmarkMatrix averages all distinct first lemmas of WordNet over a layer of
// 2,048 units. Besides the time it reports the bytes a second, of the rows read
// once for every token and of the result written; what copying moves a second
// on the same machine at the same time; and the former as a fraction of the
// latter. It can be above 1, as some rows are read from a cache.
func BenchmarkMatrix(b *testing.B) {
	const units = 2048
	first, _ := names(b)
	slices.Sort(first)
	lemmas := slices.Compact(first)
	tok := newTok(b, nil)
	src := &halves{make([]uint16, tok.Len()*units), units}
	for i := range src.x {
		src.x[i] = uint16(uint32(i)*2654435761>>16) & 0x3BFF // 0 to just below 1
	}
	dst := make([]float32, len(lemmas)*units)
	other := make([]float32, len(dst))
	for _, pool := range []lemma.Pool{lemma.PoolMean, lemma.PoolFirst, lemma.PoolMax} {
		b.Run(fmt.Sprintf("pool=%d/lemmas=%d/units=%d", pool, len(lemmas), units), func(b *testing.B) {
			a := lemma.Averager{Tok: tok, Pool: pool}
			for b.Loop() {
				if _, err := a.Matrix(context.Background(), dst, src, lemmas); err != nil {
					b.Fatal(err)
				}
			}
			t := b.Elapsed().Seconds() / float64(b.N)
			copied := bandwidth(other, dst)
			tokens := 0
			for _, l := range lemmas {
				ids, err := a.Tokens(nil, l)
				if err != nil {
					b.Fatal(err)
				}
				tokens += len(ids)
			}
			moved := 4 * float64(units*(len(lemmas)+tokens))
			b.ReportMetric(t*1e9/float64(len(lemmas)), "ns/lemma")
			b.ReportMetric(moved/t/1e9, "GB/s")
			b.ReportMetric(copied/1e9, "GB/s(copy)")
			b.ReportMetric(moved/t/copied, "of-copy")
		})
	}
}
