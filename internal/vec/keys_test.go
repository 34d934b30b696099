package vec

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestSelectKeys(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for _, l := range Levels() {
		for _, m := range []int{1, 2, 9, 16, 17, 18, 23, 24, 25, 31, 32, 33, 100, 147, 196, 500, 512, 513, 700} {
			for range 40 {
				// What lies around must stay as it is.
				whole := make([]uint64, m+16)
				seen := map[uint64]bool{}
				for i := range whole {
					for {
						v := r.Uint64() >> r.IntN(55)
						if !seen[v] {
							whole[i], seen[v] = v, true
							break
						}
					}
				}
				a := whole[8 : 8+m : 8+m]
				switch r.IntN(4) {
				case 0:
					slices.Sort(a)
				case 1:
					slices.SortFunc(a, func(x, y uint64) int { return -cmp.Compare(x, y) })
				}
				n := 1 + r.IntN(m)
				before, want := slices.Clone(whole), slices.Sorted(slices.Values(a))[:n]
				selectKeys(l, a, n)
				if got := slices.Sorted(slices.Values(a[:n])); a[n-1] != want[n-1] || !slices.Equal(got, want) {
					t.Fatalf("%v: %d of %d: not the smallest, or %d is last", l, n, m, a[n-1])
				}
				if !slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(before[8:8+m]))) {
					t.Fatalf("%v: %d of %d: keys are lost", l, n, m)
				}
				if !slices.Equal(before[:8], whole[:8]) || !slices.Equal(before[8+m:], whole[8+m:]) {
					t.Fatalf("%v: %d of %d: wrote outside", l, n, m)
				}
			}
			same := make([]uint64, m) // against the rules, but it must end
			selectKeys(l, same, (m+1)/2)
		}
	}
}

func BenchmarkSelectKeys(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	keys := make([]uint64, 1<<16)
	for i := range keys {
		keys[i] = r.Uint64()
	}
	for _, l := range Levels() {
		b.Run(fmt.Sprintf("level=%v/n=98/of=196", l), func(b *testing.B) {
			a := make([]uint64, 196)
			for i := 0; b.Loop(); i++ {
				copy(a, keys[i*64%(len(keys)-len(a)):])
				selectKeys(l, a, 98)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/196, "ns/key")
		})
	}
}
