package tsne

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
	"github.com/semamap/semamap/tsne/internal/share"
)

// startScale is the standard deviation of the first column of a start: see
// scaleStart.
const startScale = 1e-4

// maxPosition bounds coordinates, so that squares are finite.
const maxPosition = 1e15

// A Start gives the first positions of a map: [PCA], [Spectral], [Random] or
// [Positions]. Seeded normal noise of standard deviation 1e-6 separates equal
// positions.
type Start interface {
	needsPoints() bool
	// positions fills y (rows × dims).
	positions(ctx context.Context, y []float64, in *startInput) error
}

// A startInput is what a start may look at: distinct rows with their weights.
type startInput struct {
	x       Points // may be nil
	p       *joint
	w       []float64 // nil means 1 each
	n, dims int
	seed    uint64
	workers int
	of      []int32 // from the rows of the input to the distinct rows; nil: the same
	keep    bool    // given positions are not scaled
}

// PCA starts from the first principal components, scaled to a standard
// deviation of 1e-4. They are found by randomized subspace iteration (Halko,
// Martinsson and Tropp 2011, algorithm 4.4).
func PCA() Start { return pcaStart{} }

// Spectral starts from the leading eigenvectors of the normalized affinities
// D^−½PD^−½, without the trivial one. It does not need coordinates.
func Spectral() Start { return spectralStart{} }

// Random starts from normal random numbers of standard deviation 1e-4.
func Random() Start { return randomStart{} }

// Positions starts from given positions, rows × dims as in [Result.Y]. They are
// centered and scaled so that the first column has a standard deviation of
// 1e-4, as the other starts have: a wide start ends in a poor map.
// Settings.KeepStart takes them as they are. Rows that are merged start at the
// mean of their positions. If all others are different, no noise is added.
// Positions copies y.
func Positions(y []float32) Start { return givenStart{slices.Clone(y)} }

type (
	pcaStart      struct{}
	spectralStart struct{}
	randomStart   struct{}
	givenStart    struct{ y []float32 }
)

func isGiven(s Start) bool { _, ok := s.(givenStart); return ok }

func (pcaStart) needsPoints() bool      { return true }
func (spectralStart) needsPoints() bool { return false }
func (randomStart) needsPoints() bool   { return false }
func (givenStart) needsPoints() bool    { return false }

// jitter adds normal numbers of standard deviation 1e-6 times scale.
func jitter(y []float64, seed uint64) {
	for i := range y {
		y[i] += 1e-6 * normal(seed, streamJitter, i)
	}
}

// scaleStart gives the columns of y a mean of zero and the first a standard
// deviation of startScale; or the widest, if the first is far narrower.
func scaleStart(y []float64, in *startInput) {
	wt := total(in.w, in.n)
	var sd [3]float64
	for c := range in.dims {
		var sum, sq float64
		for i := range in.n {
			sum += weight(in.w, i) * y[i*in.dims+c]
		}
		mean := sum / wt
		for i := range in.n {
			y[i*in.dims+c] -= mean
			sq += weight(in.w, i) * y[i*in.dims+c] * y[i*in.dims+c]
		}
		sd[c] = math.Sqrt(sq / wt)
	}
	wide, factor := sd[0], 0.0
	if most := slices.Max(sd[:]); most > 100*wide {
		wide = most
	}
	if wide > 0 {
		factor = startScale / wide
	}
	for i := range y {
		y[i] *= factor
	}
}

func weight(w []float64, i int) float64 {
	if w == nil {
		return 1
	}
	return w[i]
}

func (randomStart) positions(ctx context.Context, y []float64, in *startInput) error {
	for i := range y {
		y[i] = startScale * normal(in.seed, streamStart, i)
	}
	return ctx.Err()
}

func (g givenStart) positions(ctx context.Context, y []float64, in *startInput) error {
	rows := in.n
	if in.of != nil {
		rows = len(in.of)
	}
	if len(g.y) != rows*in.dims {
		return badSetting("Start", fmt.Sprintf("Positions of %d numbers", len(g.y)), fmt.Sprintf("need %d×%d", rows, in.dims))
	}
	count := make([]float64, in.n)
	for i := range rows {
		u := i
		if in.of != nil {
			u = int(in.of[i])
		}
		count[u]++
		for c := range in.dims {
			v := float64(g.y[i*in.dims+c])
			if !(math.Abs(v) <= maxPosition) {
				return share.Errorf("start positions: %w", badValue(i, c, v))
			}
			y[u*in.dims+c] += v
		}
	}
	for u, k := range count {
		for c := range in.dims {
			y[u*in.dims+c] /= k
		}
	}
	if !in.keep {
		scaleStart(y, in)
	}
	// Equal positions exert no force on each other and would stay together.
	seen := make(map[[3]float32]struct{}, in.n)
	for u := range in.n {
		var k [3]float32
		for c := range in.dims {
			k[c] = float32(y[u*in.dims+c])
		}
		seen[k] = struct{}{}
	}
	if len(seen) < in.n {
		jitter(y, in.seed)
	}
	return ctx.Err()
}

const panelCols = 12 // columns of the iterated subspace, of vec.Lanes

func (pcaStart) positions(ctx context.Context, y []float64, in *startInput) error {
	m, err := newPanels(ctx, in)
	if err != nil {
		return err
	}
	d := m.Cols()
	cols := min(panelCols, d)
	omega := make([]float64, d*vec.Lanes)
	for c := range d {
		for l := range cols {
			omega[c*vec.Lanes+l] = normal(in.seed, streamProjection, c*panelCols+l)
		}
	}
	cols = orthonormalize(ctx, omega, d, cols)
	xo := make([]float32, in.n*vec.Lanes)
	for range 4 {
		if err := m.Forward(ctx, xo, omega); err != nil {
			return err
		}
		if err := m.Backward(ctx, omega, xo); err != nil {
			return err
		}
		cols = orthonormalize(ctx, omega, d, cols)
	}
	if err := m.Forward(ctx, xo, omega); err != nil {
		return err
	}
	// Rayleigh–Ritz: the principal axes within the subspace.
	var cov [vec.Lanes][vec.Lanes]float64
	for i := range in.n {
		if i%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		r := xo[i*vec.Lanes:]
		for a := range cols {
			wa := weight(in.w, i) * float64(r[a])
			for b := range a + 1 {
				cov[a][b] += wa * float64(r[b])
			}
		}
	}
	for a := range cols {
		for b := range a {
			cov[b][a] = cov[a][b]
		}
	}
	for c, v := range jacobi(&cov, cols, in.dims) {
		// The largest loading is positive.
		best := 0.0
		for j := range d {
			var s float64
			for l := range cols {
				s += omega[j*vec.Lanes+l] * v[l]
			}
			if math.Abs(s) > math.Abs(best) {
				best = s
			}
		}
		sign := 1.0
		if best < 0 {
			sign = -1
		}
		for i := range in.n {
			var s float64
			for l := range cols {
				s += float64(xo[i*vec.Lanes+l]) * v[l]
			}
			y[i*in.dims+c] = sign * s
		}
	}
	scaleStart(y, in)
	jitter(y, in.seed)
	return ctx.Err()
}

// A multiplier is the Panels of any points. Points that are a combination A·T of base rows T are never formed: their
// products are those with A and T in turn.
type multiplier struct {
	in     *startInput
	base   Points // T, or the points themselves
	start  []int  // A, as of knn.Combine; nil: there is none
	index  []int32
	weight []float32
	d      int
	nb     int
	scale  float32     // a power of two, against overflow of float32 products
	mean   []float32   // of the points, scaled
	buf    [][]float32 // of each worker
	tmp    []float32   // products of the base rows
	src    []float32   // weighted rows for the base rows
	part   [][]float32 // partial sums per block of rows
}

const (
	panelBlock = 64 // rows a task
	panelParts = 16 // partial sums, at most
)

// newPanels returns the Panels of the points, centered and scaled.
func newPanels(ctx context.Context, in *startInput) (share.Panels, error) {
	if x, ok := in.x.(interface {
		Panels(ctx context.Context, weight []float64, workers int) (share.Panels, error)
	}); ok {
		return x.Panels(ctx, in.w, in.workers)
	}
	_, d := in.x.Dims()
	m := &multiplier{in: in, base: in.x, d: d, nb: in.n, scale: 1}
	if base, start, index, weight := terms(in.x); base != nil {
		m.base, m.start, m.index, m.weight = base, start, index, weight
		m.nb, _ = base.Dims()
		m.tmp = make([]float32, m.nb*vec.Lanes)
	}
	m.src = make([]float32, m.nb*vec.Lanes)
	m.buf = make([][]float32, par.Workers(in.workers))
	for i := range m.buf {
		m.buf[i] = make([]float32, d)
	}
	// Largest magnitude and weighted column sums.
	bw := m.baseWeights()
	sums := make([][]float64, par.NumBlocks(m.nb, m.partSize()))
	tops := make([]float32, len(sums))
	for b := range sums {
		sums[b] = make([]float64, d)
	}
	err := eachRow(ctx, m.base, in.workers, m.nb, d, m.partSize(), func(_, b, i int, row []float32) {
		sum := sums[b]
		for j, v := range row {
			sum[j] += bw[i] * float64(v)
			tops[b] = max(tops[b], v, -v)
		}
	})
	if err != nil {
		return nil, err
	}
	if top := slices.Max(append(tops, 0)); top > 0 {
		_, e := math.Frexp(float64(top))
		m.scale = float32(math.Ldexp(1, max(-126, min(126, -e))))
	}
	m.mean = make([]float32, d)
	wt := total(in.w, in.n)
	for j := range d {
		var s float64
		for _, p := range sums {
			s += p[j]
		}
		m.mean[j] = float32(s / wt * float64(m.scale))
	}
	m.part = make([][]float32, len(sums))
	for i := range m.part {
		m.part[i] = make([]float32, d*vec.Lanes)
	}
	return m, nil
}

func (m *multiplier) Cols() int { return m.d }

func (m *multiplier) partSize() int {
	return max(panelBlock, (m.nb+panelParts-1)/panelParts)
}

// baseWeights returns the weight of each base row in the sum of all points.
func (m *multiplier) baseWeights() []float64 {
	bw := make([]float64, m.nb)
	if m.start == nil {
		for i := range bw {
			bw[i] = weight(m.in.w, i)
		}
		return bw
	}
	for i := range m.in.n {
		for e := m.start[i]; e < m.start[i+1]; e++ {
			bw[m.index[e]] += weight(m.in.w, i) * termWeight(m.weight, e, m.start[i+1]-m.start[i])
		}
	}
	return bw
}

func termWeight(w []float32, e, terms int) float64 {
	if w == nil {
		return 1 / float64(terms)
	}
	return float64(w[e])
}

func (m *multiplier) Forward(ctx context.Context, dst []float32, b []float64) error {
	b32 := make([]float32, len(b))
	for i, v := range b {
		b32[i] = float32(v)
	}
	out := dst
	if m.start != nil {
		out = m.tmp
	}
	err := eachRow(ctx, m.base, m.in.workers, m.nb, m.d, panelBlock, func(worker, _, i int, row []float32) {
		vec.Panel((*[vec.Lanes]float32)(out[i*vec.Lanes:]), m.scaled(worker, row), b32)
	})
	if err != nil || m.start == nil {
		return err
	}
	var mb [vec.Lanes]float32
	vec.Panel(&mb, m.mean, b32)
	return par.Blocks(ctx, m.in.workers, m.in.n, 512, func(_, _, lo, hi int) {
		for i := lo; i < hi; i++ {
			var s [vec.Lanes]float64
			for e := m.start[i]; e < m.start[i+1]; e++ {
				w := termWeight(m.weight, e, m.start[i+1]-m.start[i])
				t := (*[vec.Lanes]float32)(m.tmp[int(m.index[e])*vec.Lanes:])
				for l, v := range t {
					s[l] += w * float64(v)
				}
			}
			d := dst[i*vec.Lanes:]
			for l, v := range s {
				d[l] = float32(v) - mb[l]
			}
		}
	})
}

// scaled returns a row times scale, less the mean unless there is A.
func (m *multiplier) scaled(worker int, row []float32) []float32 {
	x := m.buf[worker]
	for j, v := range row {
		if m.start != nil {
			x[j] = v * m.scale
		} else {
			x[j] = v*m.scale - m.mean[j]
		}
	}
	return x
}

func (m *multiplier) Backward(ctx context.Context, b []float64, u []float32) error {
	// Weighted rows of u, and their sum for the mean's part.
	in := m.in
	src := m.src
	clear(src)
	var sum [vec.Lanes]float64
	for i := range in.n {
		if i%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		w := weight(in.w, i)
		r := (*[vec.Lanes]float32)(u[i*vec.Lanes:])
		if m.start == nil {
			d := (*[vec.Lanes]float32)(src[i*vec.Lanes:])
			for l, v := range r {
				d[l] = float32(w * float64(v))
			}
			continue // the rows are centered as they are read
		}
		for l, v := range r {
			sum[l] += w * float64(v)
		}
		for e := m.start[i]; e < m.start[i+1]; e++ {
			t := float32(w * termWeight(m.weight, e, m.start[i+1]-m.start[i]))
			d := (*[vec.Lanes]float32)(src[int(m.index[e])*vec.Lanes:])
			for l, v := range r {
				d[l] += t * v
			}
		}
	}
	for _, p := range m.part {
		clear(p)
	}
	err := eachRow(ctx, m.base, in.workers, m.nb, m.d, m.partSize(), func(worker, blk, i int, row []float32) {
		vec.PanelAdd(m.part[blk], m.scaled(worker, row), (*[vec.Lanes]float32)(src[i*vec.Lanes:]))
	})
	if err != nil {
		return err
	}
	for k := range b {
		var s float64
		for _, p := range m.part {
			s += float64(p[k])
		}
		if m.start != nil {
			s -= float64(m.mean[k/vec.Lanes]) * sum[k%vec.Lanes]
		}
		b[k] = s
	}
	return nil
}

// orthonormalize makes the first cols columns of the n×16 matrix b
// orthonormal by Gram–Schmidt, twice, and returns how many were independent.
// It ends early with the context.
func orthonormalize(ctx context.Context, b []float64, n, cols int) int {
	kept := 0
	for c := range cols {
		if ctx.Err() != nil {
			return kept
		}
		var before float64
		for i := range n {
			v := b[i*vec.Lanes+c]
			b[i*vec.Lanes+c] = 0
			b[i*vec.Lanes+kept] = v
			before += v * v
		}
		var norm float64
		for range 2 {
			for k := range kept {
				if ctx.Err() != nil {
					return kept
				}
				var dot float64
				for i := range n {
					dot += b[i*vec.Lanes+k] * b[i*vec.Lanes+kept]
				}
				for i := range n {
					b[i*vec.Lanes+kept] -= dot * b[i*vec.Lanes+k]
				}
			}
		}
		for i := range n {
			norm += b[i*vec.Lanes+kept] * b[i*vec.Lanes+kept]
		}
		if !(norm > 1e-24*before) || math.IsInf(norm, 0) {
			for i := range n {
				b[i*vec.Lanes+kept] = 0
			}
			continue
		}
		norm = 1 / math.Sqrt(norm)
		for i := range n {
			b[i*vec.Lanes+kept] *= norm
		}
		kept++
	}
	return kept
}

// jacobi returns the eigenvectors of the m largest eigenvalues of the symmetric
// leading n×n part of a, or all n, by descending eigenvalue (cyclic Jacobi
// rotations).
func jacobi(a *[vec.Lanes][vec.Lanes]float64, n, m int) [][vec.Lanes]float64 {
	var v [vec.Lanes][vec.Lanes]float64 // columns are the vectors
	var taken [vec.Lanes]bool
	for i := range n {
		v[i][i] = 1
	}
	for range 50 {
		var off, diag float64
		for i := range n {
			diag += a[i][i] * a[i][i]
			for j := range i {
				off += a[i][j] * a[i][j]
			}
		}
		if off <= 1e-30*diag {
			break
		}
		for p := range n {
			for q := p + 1; q < n; q++ {
				if a[p][q] == 0 {
					continue
				}
				theta := (a[q][q] - a[p][p]) / (2 * a[p][q])
				t := 1 / (math.Abs(theta) + math.Sqrt(theta*theta+1))
				if theta < 0 {
					t = -t
				}
				c := 1 / math.Sqrt(t*t+1)
				s := t * c
				for k := range n {
					x, y := a[k][p], a[k][q]
					a[k][p], a[k][q] = c*x-s*y, s*x+c*y
				}
				for k := range n {
					x, y := a[p][k], a[q][k]
					a[p][k], a[q][k] = c*x-s*y, s*x+c*y
					x, y = v[k][p], v[k][q]
					v[k][p], v[k][q] = c*x-s*y, s*x+c*y
				}
			}
		}
	}
	out := make([][vec.Lanes]float64, min(m, n))
	for k := range out {
		top := -1
		for i := range n {
			if !taken[i] && (top < 0 || a[i][i] > a[top][top]) {
				top = i
			}
		}
		taken[top] = true
		for r := range n {
			out[k][r] = v[r][top]
		}
	}
	return out
}
