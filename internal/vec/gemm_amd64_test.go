//go:build amd64 && !noasm

package vec

import (
	"fmt"
	"testing"
)

// The rate of fused multiply-adds alone, to hold the tiles against.
func BenchmarkPeak(b *testing.B) {
	for _, l := range Levels() {
		f, flop := fmaPeakAVX2, 12*8*2
		switch l {
		case Go:
			continue
		case AVX512:
			f, flop = fmaPeakAVX512, 24*16*2
		}
		b.Run(fmt.Sprintf("level=%v", l), func(b *testing.B) {
			const rounds = 100_000
			for b.Loop() {
				f(rounds)
			}
			b.ReportMetric(float64(rounds*flop)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}
