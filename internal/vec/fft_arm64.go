//go:build arm64 && !noasm

package vec

func (st *fftStage) run(y, x []float32, tw, np, nq, ystep, yp, xstep, xp int) {
	if level == Go {
		st.runGo(y, x, tw, np, nq, ystep, yp, xstep, xp)
		return
	}
	r := st.radix - 1
	_ = y[32*((np-1)*yp+r*ystep+nq)-1]
	_ = x[32*((np-1)*xp+r*xstep+nq)-1]
	_ = st.twiddle[2*r*(tw+np)-1]
	y0, x0, t := &y[0], &x[0], &st.twiddle[2*r*tw]
	switch st.radix {
	case 2:
		fft2NEON(y0, x0, t, np, nq, ystep, yp, xstep, xp)
	case 3:
		fft3NEON(y0, x0, t, np, nq, ystep, yp, xstep, xp)
	case 4:
		fft4NEON(y0, x0, t, np, nq, ystep, yp, xstep, xp)
	case 5:
		fft5NEON(y0, x0, t, np, nq, ystep, yp, xstep, xp)
	}
}

func untangle(re, im []float32, stride int, z []float32, n int) {
	if level == Go {
		untangleGo(re, im, stride, z, n)
		return
	}
	untangleNEON(&re[0], &im[0], stride, &z[0], n)
}

func tangle(z, re, im []float32, stride, n int) {
	if level == Go {
		tangleGo(z, re, im, stride, n)
		return
	}
	tangleNEON(&z[0], &re[0], &im[0], stride, n)
}

func mulEven(z, k []float32, n int) {
	if level == Go {
		mulEvenGo(z, k, n)
		return
	}
	mulEvenNEON(&z[0], &k[0], n)
}

func turnBlocks(dst []float32, dstStride int, src []float32, srcStride, blocks, dstStep, srcStep int) {
	if level == Go {
		turnBlocksGo(dst, dstStride, src, srcStride, blocks, dstStep, srcStep)
		return
	}
	if blocks > 0 {
		turnBlocksNEON(&dst[0], dstStride, &src[0], srcStride, blocks, dstStep, srcStep)
	}
}
