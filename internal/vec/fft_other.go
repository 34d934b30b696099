//go:build (!amd64 && !arm64) || noasm

package vec

func (st *fftStage) run(y, x []float32, tw, np, nq, ystep, yp, xstep, xp int) {
	st.runGo(y, x, tw, np, nq, ystep, yp, xstep, xp)
}

func untangle(re, im []float32, stride int, z []float32, n int) { untangleGo(re, im, stride, z, n) }
func tangle(z, re, im []float32, stride, n int)                 { tangleGo(z, re, im, stride, n) }
func mulEven(z, k []float32, n int)                             { mulEvenGo(z, k, n) }
func turnBlocks(dst []float32, dstStride int, src []float32, srcStride, blocks, dstStep, srcStep int) {
	turnBlocksGo(dst, dstStride, src, srcStride, blocks, dstStep, srcStep)
}
