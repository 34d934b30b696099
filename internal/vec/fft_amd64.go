//go:build amd64 && !noasm

package vec

//go:generate sh -c "cd _gen && go run ./fft -out ../fft_amd64.s -stubs ../fft_stubs_amd64.go -pkg vec"

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
	wide := level == AVX512
	switch st.radix {
	case 2:
		if wide {
			fft2AVX512(y0, x0, t, np, nq, ystep, yp, xstep, xp)
		} else {
			fft2AVX2(y0, x0, t, np, nq, ystep, yp, xstep, xp)
		}
	case 3:
		if wide {
			fft3AVX512(y0, x0, t, np, nq, ystep, yp, xstep, xp)
		} else {
			fft3AVX2(y0, x0, t, np, nq, ystep, yp, xstep, xp)
		}
	case 4:
		if wide {
			fft4AVX512(y0, x0, t, np, nq, ystep, yp, xstep, xp)
		} else {
			fft4AVX2(y0, x0, t, np, nq, ystep, yp, xstep, xp)
		}
	case 5:
		if wide {
			fft5AVX512(y0, x0, t, np, nq, ystep, yp, xstep, xp)
		} else {
			fft5AVX2(y0, x0, t, np, nq, ystep, yp, xstep, xp)
		}
	}
}

func untangle(re, im []float32, stride int, z []float32, n int) {
	switch level {
	case AVX512:
		untangleAVX512(&re[0], &im[0], stride, &z[0], n)
	case AVX2:
		untangleAVX2(&re[0], &im[0], stride, &z[0], n)
	default:
		untangleGo(re, im, stride, z, n)
	}
}

func tangle(z, re, im []float32, stride, n int) {
	switch level {
	case AVX512:
		tangleAVX512(&z[0], &re[0], &im[0], stride, n)
	case AVX2:
		tangleAVX2(&z[0], &re[0], &im[0], stride, n)
	default:
		tangleGo(z, re, im, stride, n)
	}
}

func mulEven(z, k []float32, n int) {
	switch level {
	case AVX512:
		mulEvenAVX512(&z[0], &k[0], n)
	case AVX2:
		mulEvenAVX2(&z[0], &k[0], n)
	default:
		mulEvenGo(z, k, n)
	}
}

func turnBlocks(dst []float32, dstStride int, src []float32, srcStride, blocks, dstStep, srcStep int) {
	if level == Go {
		turnBlocksGo(dst, dstStride, src, srcStride, blocks, dstStep, srcStep)
		return
	}
	if blocks > 0 {
		turnBlocksAVX2(&dst[0], dstStride, &src[0], srcStride, blocks, dstStep, srcStep)
	}
}
