//go:build !amd64 || noasm

package vec

func absDist8(_ Level, dst *[8]float64, x, rows []float64) { absDist8Go(dst, x, rows) }
func dot8(_ Level, dst *[8]float64, x, rows []float64)     { dot8Go(dst, x, rows) }
func maxDist8(_ Level, dst *[8]float64, x, rows []float64) { maxDist8Go(dst, x, rows) }
func unequal8(_ Level, dst *[8]float64, x, rows []float64) { unequal8Go(dst, x, rows) }
