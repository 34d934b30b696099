//go:build (!amd64 && !arm64) || noasm

package vec

// The functions return how many leading elements they did.

func f16Fast(dst []float32, src []byte) int                 { return 0 }
func f16StreamFast(dst []float32, src []byte) int           { return 0 }
func addF64Fast(acc []float64, x []float32) int             { return 0 }
func axpyF64Fast(acc []float64, w float64, x []float32) int { return 0 }

func colStatsFast(c *ColStats, x []float32, n, row int) int { return 0 }
func rowStatsFast(l *rowLanes, x []float32) int             { return 0 }
