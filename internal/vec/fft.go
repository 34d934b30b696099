package vec

import (
	"fmt"
	"math"
)

// Lanes is the number of transforms that an [FFT] does at once, and the number
// of lanes over which the other kernels of this package sum.
const Lanes = 16

// An FFT transforms 16 complex sequences of one length at once, unnormalized
// and with e^(−2πi…). Row k of its input, 32 numbers, holds the real parts of
// element k of the 16 sequences, then their imaginary parts. It is Stockham's
// autosort algorithm with radices 5, 3, 4 and 2. It keeps an error bound.
//
// The inverse transform needs no code of its own: swapping real and imaginary
// parts before and after gives it, times the length.
type FFT struct {
	n      int
	stages []fftStage
}

// An fftStage combines radix sequences. Element i of butterfly (p, q), with
// p < m and q < s, is read at row q + s(p + m·i) and written at row
// q + s(radix·p + i).
type fftStage struct {
	radix, m, s int
	twiddle     []float32 // m × (radix−1) × (re, im)
}

// In transforms longer than smallFFT, which leave the fastest cache, stages are
// done in pairs, for some butterflies at a time, with up to scratchRows rows
// between the two.
const (
	smallFFT    = 160
	scratchRows = 80
)

// FFTScratch is the length of the scratch memory of [FFT.Transform].
const FFTScratch = 32 * scratchRows

// NewFFT prepares transforms of length n, which must be a product of powers
// of 2, 3 and 5.
func NewFFT(n int) *FFT {
	f := &FFT{n: n}
	rest, s := n, 1
	for rest > 1 {
		radix := 0
		for _, r := range [...]int{5, 3, 4, 2} {
			if rest%r == 0 {
				radix = r
				break
			}
		}
		if radix == 0 {
			panic(fmt.Sprintf("vec: FFT of length %d", n))
		}
		m := rest / radix
		st := fftStage{radix: radix, m: m, s: s, twiddle: make([]float32, 0, 2*m*(radix-1))}
		for p := range m {
			for i := 1; i < radix; i++ {
				sin, cos := math.Sincos(-2 * math.Pi * float64(p*i) / float64(rest))
				st.twiddle = append(st.twiddle, float32(cos), float32(sin))
			}
		}
		f.stages = append(f.stages, st)
		rest, s = m, s*radix
	}
	return f
}

// Len returns the length of the transforms.
func (f *FFT) Len() int { return f.n }

// Transform transforms the 32·Len numbers of x. It uses tmp, as long, and
// scratch, of FFTScratch numbers, and returns the one of x and tmp that holds
// the result.
func (f *FFT) Transform(x, tmp, scratch []float32) []float32 {
	x, tmp = x[:32*f.n], tmp[:32*f.n]
	for i := 0; i < len(f.stages); i++ {
		st := &f.stages[i]
		if f.n > smallFFT && i+1 < len(f.stages) {
			i++
			runPair(st, &f.stages[i], tmp, x, scratch)
		} else {
			st.run(tmp, x, 0, st.m, st.s, st.s, st.radix*st.s, st.m*st.s, st.s)
		}
		x, tmp = tmp, x
	}
	return x
}

// runPair does the stages a and b for np×nq butterflies (p, q) of b's p and
// a's q at a time. A butterfly (p, q+i·s) of b combines the elements i of a's
// butterflies (p+j·m, q), j below b's radix, which stand in row
// ((j·np + p)·radix + i)·nq + q of the scratch memory.
func runPair(a, b *fftStage, y, x, scratch []float32) {
	s, m := a.s, b.m
	product := a.radix * b.radix
	wide, high := min(s, scratchRows/product), 1
	if wide == s {
		high = min(m, scratchRows/(product*s))
	}
	for p := 0; p < m; p += high {
		np := min(high, m-p)
		for q := 0; q < s; q += wide {
			nq := min(wide, s-q)
			n := a.radix * nq
			for j := range b.radix {
				a.run(scratch[32*j*np*n:], x[32*(q+s*(p+m*j)):], p+m*j, np, nq, nq, n, s*a.m, s)
			}
			if nq == s {
				b.run(y[32*s*product*p:], scratch, p, np, n, n, product*s, np*n, n)
				continue
			}
			for i := range a.radix { // np is 1
				b.run(y[32*(q+s*i+s*product*p):], scratch[32*i*nq:], p, 1, nq, a.radix*s, 0, n, 0)
			}
		}
	}
}

type row32 = [32]float32

func rowAt(x []float32, i int) *row32 { return (*row32)(x[32*i : 32*i+32]) }

// runGo does the butterflies (p, q) with p < np and q < nq. The elements of one
// are xstep and ystep rows apart; p advances by xp and yp rows, q by one, and
// the twiddles of p = 0 are those of the stage's butterflies at tw.
func (st *fftStage) runGo(y, x []float32, tw, np, nq, ystep, yp, xstep, xp int) {
	r := st.radix
	for p := range np {
		tw := st.twiddle[2*(tw+p)*(r-1) : 2*(tw+p+1)*(r-1)]
		for q := range nq {
			in, out := q+xp*p, q+yp*p
			switch r {
			case 2:
				butterfly2(rowAt(y, out), rowAt(y, out+ystep), rowAt(x, in), rowAt(x, in+xstep), tw)
			case 3:
				butterfly3(y, x, out, ystep, in, xstep, tw)
			case 4:
				butterfly4(y, x, out, ystep, in, xstep, tw)
			case 5:
				butterfly5(y, x, out, ystep, in, xstep, tw)
			}
		}
	}
}

func butterfly2(y0, y1, x0, x1 *row32, tw []float32) {
	wr, wi := tw[0], tw[1]
	for l := range Lanes {
		ar, ai, br, bi := x0[l], x0[l+16], x1[l], x1[l+16]
		y0[l], y0[l+16] = ar+br, ai+bi
		dr, di := ar-br, ai-bi
		y1[l], y1[l+16] = dr*wr-di*wi, dr*wi+di*wr
	}
}

func butterfly3(y, x []float32, out, ostep, in, istep int, tw []float32) {
	x0, x1, x2 := rowAt(x, in), rowAt(x, in+istep), rowAt(x, in+2*istep)
	y0, y1, y2 := rowAt(y, out), rowAt(y, out+ostep), rowAt(y, out+2*ostep)
	w1r, w1i, w2r, w2i := tw[0], tw[1], tw[2], tw[3]
	const h = float32(0.86602540378443864676)
	for l := range Lanes {
		sr, si := x1[l]+x2[l], x1[l+16]+x2[l+16]
		dr, di := h*(x1[l]-x2[l]), h*(x1[l+16]-x2[l+16])
		y0[l], y0[l+16] = x0[l]+sr, x0[l+16]+si
		tr, ti := x0[l]-0.5*sr, x0[l+16]-0.5*si
		br, bi := tr+di, ti-dr // t − i·d
		cr, ci := tr-di, ti+dr
		y1[l], y1[l+16] = br*w1r-bi*w1i, br*w1i+bi*w1r
		y2[l], y2[l+16] = cr*w2r-ci*w2i, cr*w2i+ci*w2r
	}
}

func butterfly4(y, x []float32, out, ostep, in, istep int, tw []float32) {
	x0, x1, x2, x3 := rowAt(x, in), rowAt(x, in+istep), rowAt(x, in+2*istep), rowAt(x, in+3*istep)
	y0, y1, y2, y3 := rowAt(y, out), rowAt(y, out+ostep), rowAt(y, out+2*ostep), rowAt(y, out+3*ostep)
	w1r, w1i, w2r, w2i, w3r, w3i := tw[0], tw[1], tw[2], tw[3], tw[4], tw[5]
	for l := range Lanes {
		ar, ai := x0[l]+x2[l], x0[l+16]+x2[l+16]
		br, bi := x0[l]-x2[l], x0[l+16]-x2[l+16]
		cr, ci := x1[l]+x3[l], x1[l+16]+x3[l+16]
		dr, di := x1[l]-x3[l], x1[l+16]-x3[l+16]
		y0[l], y0[l+16] = ar+cr, ai+ci
		er, ei := ar-cr, ai-ci
		fr, fi := br+di, bi-dr // b − i·d
		gr, gi := br-di, bi+dr
		y1[l], y1[l+16] = fr*w1r-fi*w1i, fr*w1i+fi*w1r
		y2[l], y2[l+16] = er*w2r-ei*w2i, er*w2i+ei*w2r
		y3[l], y3[l+16] = gr*w3r-gi*w3i, gr*w3i+gi*w3r
	}
}

// Cosines and sines of 2π/5 and 4π/5.
const (
	fifthCos1 = float32(0.30901699437494742410)
	fifthCos2 = float32(-0.80901699437494742410)
	fifthSin1 = float32(0.95105651629515357212)
	fifthSin2 = float32(0.58778525229247312917)
)

func butterfly5(y, x []float32, out, ostep, in, istep int, tw []float32) {
	var a [5]*row32
	var b [5]*row32
	for i := range 5 {
		a[i], b[i] = rowAt(x, in+i*istep), rowAt(y, out+i*ostep)
	}
	tw = tw[:8]
	for l := range Lanes {
		x0r, x0i := a[0][l], a[0][l+16]
		s1r, s1i := a[1][l]+a[4][l], a[1][l+16]+a[4][l+16]
		d1r, d1i := a[1][l]-a[4][l], a[1][l+16]-a[4][l+16]
		s2r, s2i := a[2][l]+a[3][l], a[2][l+16]+a[3][l+16]
		d2r, d2i := a[2][l]-a[3][l], a[2][l+16]-a[3][l+16]
		b[0][l], b[0][l+16] = x0r+s1r+s2r, x0i+s1i+s2i
		m1r, m1i := x0r+fifthCos1*s1r+fifthCos2*s2r, x0i+fifthCos1*s1i+fifthCos2*s2i
		m2r, m2i := x0r+fifthCos2*s1r+fifthCos1*s2r, x0i+fifthCos2*s1i+fifthCos1*s2i
		n1r, n1i := fifthSin1*d1r+fifthSin2*d2r, fifthSin1*d1i+fifthSin2*d2i
		n2r, n2i := fifthSin2*d1r-fifthSin1*d2r, fifthSin2*d1i-fifthSin1*d2i
		// Elements 1 to 4: m1 − i·n1, m2 − i·n2, m2 + i·n2, m1 + i·n1.
		tr, ti := m1r+n1i, m1i-n1r
		b[1][l], b[1][l+16] = tr*tw[0]-ti*tw[1], tr*tw[1]+ti*tw[0]
		tr, ti = m2r+n2i, m2i-n2r
		b[2][l], b[2][l+16] = tr*tw[2]-ti*tw[3], tr*tw[3]+ti*tw[2]
		tr, ti = m2r-n2i, m2i+n2r
		b[3][l], b[3][l+16] = tr*tw[4]-ti*tw[5], tr*tw[5]+ti*tw[4]
		tr, ti = m1r-n1i, m1i+n1r
		b[4][l], b[4][l+16] = tr*tw[6]-ti*tw[7], tr*tw[7]+ti*tw[6]
	}
}

// Untangle separates the transforms of two groups of 16 real sequences that
// were transformed as the real and the imaginary parts of one group: from row
// k and row n−k of z (lengths as for [FFT]) it makes twice the spectra of the
// first group (16 numbers) and of the second (16 numbers), for k = 0 … n/2,
// and writes their real parts to re[k·stride:] and their imaginary parts to
// im[k·stride:].
func Untangle(re, im []float32, stride int, z []float32, n int) {
	if n == 0 {
		return
	}
	_, _ = re[(n/2)*stride+31], im[(n/2)*stride+31]
	_ = z[32*n-1]
	untangle(re, im, stride, z, n)
}

func untangleGo(re, im []float32, stride int, z []float32, n int) {
	for k := 0; k <= n/2; k++ {
		a := rowAt(z, k)
		b := rowAt(z, (n-k)%n)
		r, i := (*row32)(re[k*stride:]), (*row32)(im[k*stride:])
		for l := range Lanes {
			r[l], i[l] = a[l]+b[l], a[l+16]-b[l+16]
			r[l+16], i[l+16] = a[l+16]+b[l+16], b[l]-a[l]
		}
	}
}

// Tangle undoes [Untangle] for the inverse transform: from the spectra of two
// groups of 16 real sequences it makes the rows of z whose transform has the
// first group, times n, in its real parts and the second in its imaginary ones.
func Tangle(z []float32, re, im []float32, stride, n int) {
	if n == 0 {
		return
	}
	_, _ = re[(n/2)*stride+31], im[(n/2)*stride+31]
	_ = z[32*n-1]
	tangle(z, re, im, stride, n)
}

func tangleGo(z []float32, re, im []float32, stride, n int) {
	// The spectrum of B + iA, with real and imaginary parts swapped.
	for k := n / 2; k >= 0; k-- {
		r, i := (*row32)(re[k*stride:]), (*row32)(im[k*stride:])
		a := rowAt(z, k)
		b := rowAt(z, (n-k)%n)
		for l := range Lanes {
			b[l], b[l+16] = r[l]-i[l+16], r[l+16]+i[l]
			a[l], a[l+16] = r[l]+i[l+16], r[l+16]-i[l]
		}
	}
}

// MulEven multiplies row c of z by the 16 real numbers at row min(c, n−c) of
// k, and swaps real and imaginary parts.
func MulEven(z, k []float32, n int) {
	if n == 0 {
		return
	}
	_, _ = z[32*n-1], k[16*(n/2)+15]
	mulEven(z, k, n)
}

func mulEvenGo(z, k []float32, n int) {
	for c := range n {
		a := rowAt(z, c)
		f := (*[16]float32)(k[16*min(c, n-c):])
		for l := range Lanes {
			a[l], a[l+16] = a[l+16]*f[l], a[l]*f[l]
		}
	}
}

// Columns gathers 16 rows as the lanes of a group: row c of z gets
// re[l·stride+c] and im[l·stride+c] for l = 0 … 15. The number of columns, n,
// is a multiple of 16.
func Columns(z []float32, re, im []float32, stride, n int) {
	if n == 0 {
		return
	}
	_, _, _ = z[32*n-1], re[15*stride+n-1], im[15*stride+n-1]
	turnBlocks(z, 32, re, stride, n/16, 16*32, 16)
	turnBlocks(z[16:], 32, im, stride, n/16, 16*32, 16)
}

// FromColumns undoes [Columns], with real and imaginary parts swapped.
func FromColumns(re, im []float32, stride int, z []float32, n int) {
	if n == 0 {
		return
	}
	_, _, _ = z[32*n-1], re[15*stride+n-1], im[15*stride+n-1]
	turnBlocks(im, stride, z, 32, n/16, 16, 16*32)
	turnBlocks(re, stride, z[16:], 32, n/16, 16, 16*32)
}

// turnBlocksGo transposes blocks of 16×16 numbers; row strides and the steps
// from block to block count numbers.
func turnBlocksGo(dst []float32, dstStride int, src []float32, srcStride, blocks, dstStep, srcStep int) {
	for b := range blocks {
		d, s := dst[b*dstStep:], src[b*srcStep:]
		for i := range 16 {
			for j := range 16 {
				d[i*dstStride+j] = s[j*srcStride+i]
			}
		}
	}
}
