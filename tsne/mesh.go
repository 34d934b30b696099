package tsne

import (
	"math"
	"slices"

	"github.com/semamap/semamap/internal/vec"
)

const (
	meshBlock  = 512 // points a task gathers
	countBlock = 2048
	meshCells  = 64 // least number of cells along the longer side
	maxStrips  = 64
	minHeight  = 5 // rows of cells in a strip: a point touches 5 rows beyond its own
)

// A mesh sums the repulsion by one convolution of the weights, spread over a
// grid by B-splines of order 6, with the kernel. See [L19] for the idea of a
// grid; the single field and the splines, as in particle-mesh Ewald methods
// (Essmann et al. 1995), are departures.
//
// A constant is removed from the kernel, so that float32 can resolve the
// forces of a small map; it comes back in base.
type mesh struct {
	r      *repulsor
	m0, m1 int     // padded rows and columns
	h      float64 // spacing of the nodes
	n0, n1 int     // rows and columns that points touch
	stride int
	fft    [2]*vec.FFT
	plans  map[int]*vec.FFT
	c      float64 // the constant removed
	at     vec.Mesh

	room   []float32 // for what follows
	grid   []float32 // stride × m0/2: the weights, then the field
	re, im []float32 // its half spectrum along the rows
	khat   []float32 // transform of the kernel: strip of 16 rows, column, row
	spline []float64 // transform of the splines along the columns
	buf    [][]float32

	strips, height int
	stripOf        []uint8
	count          []int32 // block × strip, then places
	start          [maxStrips + 1]int32
	order          []int32
	parity         int

	stage func(m *mesh, worker, block int) // see do
	task  func(worker, block int)
}

func (m *mesh) init(r *repulsor) {
	m.r = r
	m.plans = make(map[int]*vec.FFT)
	m.buf = make([][]float32, r.pool.workers)
	m.task = func(worker, block int) { m.stage(m, worker, block) }
}

// do runs a stage on the pool; it allocates no function.
func (m *mesh) do(blocks int, stage func(m *mesh, worker, block int)) {
	m.stage = stage
	m.r.pool.do(blocks, m.task)
}

// ladder holds the lengths of transforms: even, products of 2, 3 and 5, and
// at least about 5 % apart.
var ladder = func() (l []int) {
	const most = 1 << 21
	var all []int
	for a := 2; a <= most; a *= 2 {
		for b := a; b <= most; b *= 3 {
			for c := b; c <= most; c *= 5 {
				all = append(all, c)
			}
		}
	}
	slices.Sort(all)
	for _, n := range all {
		if n >= 20 && (len(l) == 0 || float64(n) >= 1.045*float64(l[len(l)-1])) {
			l = append(l, n)
		}
	}
	return l
}()

// padded returns the least length of the ladder from n on, or 0.
func padded(n float64) int {
	if !(n <= float64(ladder[len(ladder)-1])) {
		return 0
	}
	i, _ := slices.BinarySearch(ladder, int(math.Ceil(n)))
	return ladder[i]
}

// layout returns the size of the padded grid and its spacing for a map in the
// box b; ok is false if it would be too large.
func (m *mesh) layout(b *box) (m0, m1 int, h float64, ok bool) {
	long := b.side()
	h = m.r.spacing
	if fine := long / meshCells; fine < h {
		// A power of 2^(1/8), so that the kernel is made anew rarely.
		e := math.Floor(8 * math.Log2(max(fine, 1e-12)))
		h = math.Exp2(e / 8)
	}
	m0 = padded(2 * (math.Ceil((float64(b.hi[1])-float64(b.lo[1]))/h) + 8))
	m1 = max(64, padded(2*(math.Ceil((float64(b.hi[0])-float64(b.lo[0]))/h)+8)))
	return m0, m1, h, m0 > 0 && m1 > 0 && m0*m1 <= maxNodes
}

// fit returns a slice of n numbers, of unspecified content, in the memory of s
// if that is large enough.
func fit[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/2)
	}
	return s[:n]
}

// prepare lays the grid under the box.
func (m *mesh) prepare(b *box) {
	m0, m1, h, _ := m.layout(b)
	rebuild := m0 != m.m0 || m1 != m.m1 || h != m.h
	if rebuild {
		m.m0, m.m1, m.h = m0, m1, h
		m.stride = (m1/2 + 31) / 32 * 32
		if m.stride%256 == 0 {
			m.stride += 32 // rows a power of two apart share few cache sets
		}
		for i, n := range [...]int{m0, m1} {
			if m.plans[n] == nil {
				m.plans[n] = vec.NewFFT(n)
			}
			m.fft[i] = m.plans[n]
		}
		rows := (m0/2 + 16) / 16 * 16
		grid, half, buf := (m0/2+1)*m.stride, rows*m.stride, 2*32*max(m0, m1)+vec.FFTScratch
		m.room = fit(m.room, grid+2*half+rows*(m1/2+1)+len(m.buf)*buf)
		rest := m.room
		take := func(n int) (s []float32) { s, rest = rest[:n:n], rest[n:]; return s }
		m.grid, m.re, m.im, m.khat = take(grid), take(half), take(half), take(rows*(m1/2+1))
		for w := range m.buf {
			m.buf[w] = take(buf)
		}
		side := h * float64(max(m0, m1)) / 2
		m.c, _ = m.r.kernel(side * side / 4)
		m.makeKernel()
	}
	m.r.base = m.c * m.r.sumW
	// Points lie at u in [0, side/h]; the splines reach nodes ⌊u⌋ … ⌊u⌋+5.
	cells0 := int((float64(b.hi[1])-float64(b.lo[1]))/h) + 1
	cells1 := int((float64(b.hi[0])-float64(b.lo[0]))/h) + 1
	m.n0, m.n1 = cells0+6, cells1+6
	m.at = vec.Mesh{
		LoX: b.lo[0], LoY: b.lo[1], Inv: float32(1 / h),
		MaxX: float32(cells1) - 0.001, MaxY: float32(cells0) - 0.001, Stride: m.stride,
	}
	m.height = max(minHeight, (cells0+maxStrips-1)/maxStrips)
	m.strips = (cells0 + m.height - 1) / m.height
}

func (m *mesh) run(b *box) {
	r := m.r
	m.prepare(b)
	if r.pool.ended() { // the stages of a large mesh take tens of milliseconds
		return
	}
	m.stripOf = fit(m.stripOf, r.n)
	m.order = fit(m.order, r.n)
	blocks := r.blocks(countBlock)
	m.count = fit(m.count, blocks*maxStrips)
	m.do(blocks, (*mesh).countTask)
	// Places: by strip, then block, so by strip and index.
	var at int32
	for s := range m.strips {
		m.start[s] = at
		for b := range blocks {
			c := &m.count[b*maxStrips+s]
			*c, at = at, at+*c
		}
	}
	m.start[m.strips] = at
	m.do(blocks, (*mesh).placeTask)
	// Strips of one parity do not meet.
	for m.parity = 0; m.parity < 2; m.parity++ {
		m.do((m.strips+1-m.parity)/2, (*mesh).spreadTask)
	}
	m.convolve()
	m.do(r.blocks(meshBlock), (*mesh).gatherTask)
}

func (m *mesh) convolve() {
	for _, s := range [...]struct {
		tasks int
		stage func(m *mesh, worker, block int)
	}{{(m.n1 + 31) / 32, (*mesh).rowsTask}, {(m.m0/2 + 16) / 16, (*mesh).colsTask}, {(m.n1 + 31) / 32, (*mesh).backTask}} {
		if m.r.pool.ended() {
			return
		}
		m.do(s.tasks, s.stage)
	}
}

func (m *mesh) countTask(_, b int) {
	lo, hi := b*countBlock, min(m.r.n, (b+1)*countBlock)
	count := m.count[b*maxStrips : (b+1)*maxStrips]
	clear(count)
	at := m.at
	inv := (1<<32 + uint64(m.height) - 1) / uint64(m.height) // row·inv>>32 = row/height for rows of a mesh
	for i := lo; i < hi; i++ {
		s := uint8(uint64(at.Row(m.r.y[2*i+1])) * inv >> 32)
		m.stripOf[i] = s
		count[s]++
	}
	// A share of the grid is cleared on the side.
	blocks := m.r.blocks(countBlock)
	rows := (m.n0 + blocks - 1) / blocks
	lo, hi = min(m.n0, b*rows), min(m.n0, (b+1)*rows)
	clear(m.grid[lo*m.stride : hi*m.stride])
}

func (m *mesh) placeTask(_, b int) {
	lo, hi := b*countBlock, min(m.r.n, (b+1)*countBlock)
	place := m.count[b*maxStrips : (b+1)*maxStrips]
	for i := lo; i < hi; i++ {
		s := m.stripOf[i]
		m.order[place[s]] = int32(i)
		place[s]++
	}
}

func (m *mesh) spreadTask(_, b int) {
	s := 2*b + m.parity
	vec.Spread(m.grid, &m.at, m.r.y, m.r.w, m.order[m.start[s]:m.start[s+1]])
}

// scratch returns two groups of n rows and the memory of a transform.
//
//go:noinline
func (m *mesh) scratch(worker, n int) (a, b, scratch []float32) {
	buf := m.buf[worker]
	return buf[vec.FFTScratch:][:32*n], buf[vec.FFTScratch+32*n:][:32*n], buf[:vec.FFTScratch]
}

// rowsTask transforms 32 columns of the grid along the rows, 16 as the real
// and 16 as the imaginary parts.
func (m *mesh) rowsTask(worker, s int) {
	z, tmp, scratch := m.scratch(worker, m.m0)
	for r := range m.n0 {
		copy(z[32*r:32*r+32], m.grid[r*m.stride+32*s:])
	}
	clear(z[32*m.n0:])
	z = m.fft[0].Transform(z, tmp, scratch)
	vec.Untangle(m.re[32*s:], m.im[32*s:], m.stride, z, m.m0)
}

// colsTask transforms 16 rows of the half spectrum along the columns,
// multiplies them by the kernel's transform and transforms them back.
func (m *mesh) colsTask(worker, t int) {
	z, tmp, scratch := m.scratch(worker, m.m1)
	at := 16 * t * m.stride
	n := (m.n1 + 31) / 32 * 32
	vec.Columns(z, m.re[at:], m.im[at:], m.stride, n)
	clear(z[32*n:])
	y := m.fft[1].Transform(z, tmp, scratch)
	vec.MulEven(y, m.khat[16*t*(m.m1/2+1):], m.m1)
	if &y[0] == &tmp[0] {
		z, tmp = tmp, z
	}
	y = m.fft[1].Transform(z, tmp, scratch)
	vec.FromColumns(m.re[at:], m.im[at:], m.stride, y, n)
}

// backTask undoes rowsTask.
func (m *mesh) backTask(worker, s int) {
	z, tmp, scratch := m.scratch(worker, m.m0)
	vec.Tangle(z, m.re[32*s:], m.im[32*s:], m.stride, m.m0)
	z = m.fft[0].Transform(z, tmp, scratch)
	for r := range m.n0 {
		copy(m.grid[r*m.stride+32*s:], z[32*r:32*r+32])
	}
}

func (m *mesh) gatherTask(_, b int) {
	r := m.r
	lo, hi := b*meshBlock, min(r.n, (b+1)*meshBlock)
	vec.Gather(r.phi, r.force, m.grid, &m.at, r.y, float32(-0.5/m.h), lo, hi)
	var s float64
	for i := lo; i < hi; i++ {
		s += float64(r.w[i]) * float64(r.phi[i])
	}
	r.part[b] = s
}

// makeKernel fills khat with the transform of the kernel at the circular
// distances of the grid, divided by that of the splines (twice: spread and
// gather) and by the factors that the transforms leave.
func (m *mesh) makeKernel() {
	half := m.m1/2 + 1
	m.spline = fit(m.spline, half)
	for j := range m.spline {
		m.spline[j] = splineTransform(j, m.m1)
	}
	m.do((half+31)/32, (*mesh).kernelRowsTask)
	m.do((m.m0/2+16)/16, (*mesh).kernelColsTask)
}

// kernelRowsTask transforms 32 columns of the kernel. They are real and even,
// so their transforms are real, and two share a complex one.
func (m *mesh) kernelRowsTask(worker, s int) {
	z, tmp, scratch := m.scratch(worker, m.m0)
	h2 := m.h * m.h
	a := m.r.freedom
	// K − c at r²: exact for small maps in the usual case, where
	// 1/(1+r²) − 1/(1+R²) = (R² − r²)/((1+r²)(1+R²)).
	side := m.h * float64(max(m.m0, m.m1)) / 2
	far := side * side / 4
	for i := 0; i <= m.m0/2; i++ {
		row := z[32*i : 32*i+32]
		for l := range row {
			j := 32*s + l
			j = min(j, m.m1-j)
			r2 := h2 * (float64(i)*float64(i) + float64(j)*float64(j))
			if a == 1 {
				row[l] = float32((far - r2) / ((1 + r2) * (1 + far)))
			} else {
				row[l] = float32(math.Expm1(a*(math.Log1p(far/a)-math.Log1p(r2/a))) * m.c)
			}
		}
		if i > 0 {
			copy(z[32*(m.m0-i):32*(m.m0-i)+32], row)
		}
	}
	z = m.fft[0].Transform(z, tmp, scratch)
	half := m.m1/2 + 1
	for k := 0; k <= m.m0/2; k++ {
		for l := range 32 {
			if j := 32*s + l; j < half {
				m.khat[(k/16*half+j)*16+k%16] = z[32*k+l]
			}
		}
	}
}

func (m *mesh) kernelColsTask(worker, t int) {
	z, tmp, scratch := m.scratch(worker, m.m1)
	half := m.m1/2 + 1
	k := m.khat[16*t*half : 16*(t+1)*half]
	for j := range m.m1 {
		copy(z[32*j:32*j+16], k[16*min(j, m.m1-j):])
		clear(z[32*j+16 : 32*j+32])
	}
	z = m.fft[1].Transform(z, tmp, scratch)
	norm := 0.5 / (float64(m.m0) * float64(m.m1))
	var b0 [16]float64
	for l := range b0 {
		b0[l] = splineTransform(16*t+l, m.m0)
	}
	for j := range half {
		b1 := m.spline[j]
		for l, b0 := range b0 {
			k[16*j+l] = 0
			if 16*t+l <= m.m0/2 {
				k[16*j+l] = float32(float64(z[32*j+l]) * norm / (b0 * b0 * b1 * b1))
			}
		}
	}
}

// splineTransform returns |b(k)|, the transform of the spline at the nodes.
func splineTransform(k, n int) float64 {
	theta := 2 * math.Pi * float64(k) / float64(n)
	v := vec.SplineNodes()
	return v[2] + 2*v[1]*math.Cos(theta) + 2*v[0]*math.Cos(2*theta)
}
