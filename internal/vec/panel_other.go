//go:build (!amd64 && !arm64) || noasm

package vec

func panel(dst *[Lanes]float32, x, b []float32)  { panelGo(dst, x, b) }
func panelAdd(b, x []float32, u *[Lanes]float32) { panelAddGo(b, x, u) }
