package tsne

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/semamap/semamap/internal/par"
	"github.com/semamap/semamap/internal/vec"
	"github.com/semamap/semamap/tsne/internal/share"
	"github.com/semamap/semamap/tsne/knn"
)

// TransformSettings configures [Result.Transform]. Nil and the zero value mean
// the defaults.
type TransformSettings struct {
	// Perplexity is the effective number of neighbors of a new point among
	// the reference rows. Zero means 5, or less for fewer than 15 distinct
	// reference rows. An explicit value must be above 1 and below their number.
	Perplexity float64

	// Iterations is the number of steps. Zero means 250. −1 means none: each
	// new point stays at its start, the median position of the 25 nearest
	// reference rows.
	Iterations int

	// Workers limits the number of goroutines. Zero means GOMAXPROCS. It never
	// changes a result.
	Workers int
}

// fill replaces zeros by defaults for n distinct reference rows.
func (s *TransformSettings) fill(n int) error {
	if s.Perplexity == 0 {
		s.Perplexity = max(1, min(5, float64(n)/3))
	} else if n > 1 && !(s.Perplexity > 1 && s.Perplexity < float64(n)) {
		return badSetting("Perplexity", s.Perplexity, fmt.Sprintf("must be above 1 and below %d, the reference rows that are distinct", n))
	}
	if s.Iterations = cmp.Or(s.Iterations, 250); s.Iterations < -1 {
		return badSetting("Iterations", s.Iterations, "must not be below −1")
	}
	return nil
}

// How new points move.
const (
	transformExaggeration = 1.5
	transformRate         = float32(0.1)
	transformMomentum     = float32(0.8)
	transformGrad         = 0.25 // longest gradient
)

// startNeighbors is the number of neighbors whose median is the first
// position of a new point.
const startNeighbors = 25

// Transform places new points x on a finished map and returns their positions,
// rows × Dims. ref holds the points that the map was made of, in the same
// order. If only distances are known, x is [Distances] with a row for each new
// point and a column for each point of the map, and ref is nil. s may be nil.
//
// Each new point is attracted by its neighbors among the reference rows, found
// by the metric of the map, and repelled by the whole map, which does not
// change. Equal reference rows at one place count once, or with the sum of their
// Settings.Weights if the map was made with weights. New points do not influence
// each other. They stay within the bounding box of the map plus 10 %. An exact
// copy of a reference row is placed on it.
func (r *Result) Transform(ctx context.Context, ref, x Points, s *TransformSettings) ([]float32, error) {
	if ctx == nil {
		return nil, errNoContext
	}
	m, dx, err := checkShape(x)
	if err != nil {
		return nil, share.Errorf("tsne: new rows: %w", err)
	}
	n, d := dx, dx // of a matrix of distances
	byDistance := share.Nil(ref) && areDistances(x)
	if !byDistance {
		if n, d, err = checkShape(ref); err != nil {
			return nil, share.Errorf("tsne: reference rows: %w", err)
		}
	}
	switch {
	case n != r.Len():
		return nil, badSetting("ref", n, fmt.Sprintf("the map has %d rows", r.Len()))
	case d != dx:
		return nil, badSetting("x", dx, fmt.Sprintf("columns; the reference rows have %d", d))
	case m == 0:
		return []float32{}, ctx.Err()
	case n == 0:
		return nil, badSetting("ref", 0, "no reference rows")
	}
	var set TransformSettings
	if s != nil {
		set = *s
	}
	ks := knn.Settings{Metric: r.metric, Func: r.distance, Workers: set.Workers}
	res := r
	if !byDistance {
		if res, ref, err = r.distinct(ctx, ref, set.Workers); err != nil {
			return nil, err
		}
	}
	n = res.Len()
	if err := set.fill(n); err != nil {
		return nil, err
	}
	k := min(n, max(startNeighbors, int(math.Ceil(3*set.Perplexity))))
	g, err := knn.Query(ctx, ref, x, k, &ks)
	if err != nil {
		return nil, err
	}
	for i := range m {
		if g.Index[i*k] < 0 {
			return nil, badSetting("x", i, "the row has no distance to any reference row")
		}
	}
	t := &transformer{res: res, set: set, dims: max(2, r.Dims), m: m, graph: g, pool: newPool(set.Workers)}
	t.field()
	return t.run(ctx)
}

// distinct returns the map without all but the first of equal reference rows at
// one place, and the rows that it has. Equal rows that were kept or fixed have
// places of their own.
func (r *Result) distinct(ctx context.Context, ref Points, workers int) (*Result, Points, error) {
	of, first, err := knn.Distinct(ctx, ref, workers)
	if err != nil {
		return nil, nil, share.Errorf("reference: %w", err)
	}
	if len(first) < len(of) {
		place := make([][3]float32, len(of))
		for i := range place {
			copy(place[i][:], r.Y[i*r.Dims:][:r.Dims])
		}
		of, first = merge(of, first, place)
	}
	if len(first) == len(of) {
		return r, ref, nil
	}
	d := &Result{Dims: r.Dims, freedom: r.freedom}
	for _, i := range first {
		d.Y = append(d.Y, r.Y[int(i)*r.Dims:][:r.Dims]...)
	}
	if r.weights != nil {
		d.weights = make([]float64, len(first))
		for i, u := range of {
			d.weights[u] += r.weights[i]
		}
	}
	return d, knn.Select(ref, first), nil
}

// A transformer places new points.
type transformer struct {
	res   *Result
	set   TransformSettings
	dims  int // 2 for maps of one dimension
	m     int
	graph *knn.Graph
	pool  *pool
	rep   *repulsor
	used  Method
	ref   []float32 // positions of the reference, dims each
	box   box       // plus 10 %
	half  float32
}

// field prepares the repulsion of the reference.
func (t *transformer) field() {
	n, rd := t.res.Len(), t.res.Dims
	t.ref = make([]float32, n*t.dims)
	for i := range n {
		copy(t.ref[i*t.dims:i*t.dims+rd], t.res.Y[i*rd:])
	}
	for c := range t.dims {
		lo, hi := float32(math.Inf(1)), float32(math.Inf(-1))
		for i := c; i < len(t.ref); i += t.dims {
			lo, hi = min(lo, t.ref[i]), max(hi, t.ref[i])
		}
		t.box.lo[c], t.box.hi[c] = lo, hi
	}
	grow := float32(0.1 * t.box.side())
	for c := range rd {
		t.box.lo[c] -= grow
		t.box.hi[c] += grow
	}
	w := make([]float32, n)
	for i := range w {
		w[i] = float32(weight(t.res.weights, i))
	}
	s := Settings{Freedom: t.res.freedom, Expert: &Expert{Theta: 0.7}}
	if s.Freedom == 0 {
		s.Freedom = 1
	}
	t.rep = newRepulsor(n, t.dims, w, &s, t.pool)
	t.used = t.rep.choose(&t.box)
	t.rep.y, t.rep.base = t.ref, 0
	switch t.used {
	case Mesh:
		t.rep.mesh.run(&t.box)
		t.half = float32(-0.5 / t.rep.mesh.h)
	case Exact:
		if t.rep.freedom != 1 || t.dims != 2 { // a tree is as good and faster
			t.used = Tree
			t.rep.tree.run(&t.box)
		}
	case Tree:
		t.rep.tree.run(&t.box)
	}
}

// transformBlock is the number of new points a task moves.
const transformBlock = vec.Lanes

func (t *transformer) run(ctx context.Context) ([]float32, error) {
	out := make([]float32, t.m*t.res.Dims)
	err := par.Blocks(ctx, t.set.Workers, t.m, transformBlock, func(_, _, lo, hi int) {
		t.block(ctx, out, lo, hi)
	})
	if err != nil {
		return nil, share.Errorf("tsne: transform: %w", err)
	}
	return out, nil
}

// block moves the new points lo to hi, which are few enough for the stack.
func (t *transformer) block(ctx context.Context, out []float32, lo, hi int) {
	d, n, k := t.dims, hi-lo, t.graph.K
	nb := min(k, int(math.Ceil(3*t.set.Perplexity)))
	p := make([]float64, n*nb)
	var w []float64 // of a point's neighbors
	if t.res.weights != nil {
		w = make([]float64, nb)
	}
	var y, v, gain, force [3 * transformBlock]float32
	var phi [transformBlock]float32
	var placed [transformBlock]bool
	var near [transformBlock]int // neighbors of each point
	median := make([]float32, 0, startNeighbors)
	for i := range n {
		row := (lo + i) * k
		index, d2 := t.graph.Index[row:row+k], t.graph.Dist2[row:row+k]
		for len(index) > 0 && index[len(index)-1] < 0 { // distances that are not known
			index = index[:len(index)-1]
		}
		near[i] = min(nb, len(index))
		if placed[i] = d2[0] == 0; placed[i] {
			copy(y[i*d:i*d+d], t.ref[int(index[0])*d:])
			continue
		}
		for e := range min(len(w), near[i]) {
			w[e] = t.res.weights[index[e]]
		}
		gaussian(t.set.Perplexity).row(p[i*nb:][:near[i]], d2[:near[i]], w[:min(len(w), near[i])], nil)
		for c := range d {
			median = median[:0]
			for _, j := range index[:min(len(index), startNeighbors)] {
				median = append(median, t.ref[int(j)*d+c])
			}
			slices.Sort(median)
			h := len(median) / 2
			y[i*d+c] = median[h]
			if len(median)%2 == 0 {
				y[i*d+c] = (median[h-1] + median[h]) / 2
			}
			gain[i*d+c] = 1
		}
	}
	inv := 1 / t.rep.freedom
	for step := range max(0, t.set.Iterations) {
		if step%16 == 0 && ctx.Err() != nil {
			return
		}
		t.repel(phi[:n], force[:n*d], y[:n*d])
		for i := range n {
			if placed[i] {
				continue
			}
			var g [3]float64
			for e, pj := range p[i*nb:][:near[i]] {
				at := t.ref[int(t.graph.Index[(lo+i)*k+e])*d:]
				var diff [3]float64
				var r2 float64
				for c := range d {
					diff[c] = float64(y[i*d+c] - at[c])
					r2 += diff[c] * diff[c]
				}
				q := transformExaggeration * pj / (1 + r2*inv)
				for c := range d {
					g[c] += q * diff[c]
				}
			}
			all := max(float64(phi[i])+t.rep.base, 1e-30)
			var len2 float64
			for c := range t.res.Dims {
				g[c] -= float64(force[i*d+c]) / all
				len2 += g[c] * g[c]
			}
			cut := 1.0
			if l := math.Sqrt(len2); l > transformGrad {
				cut = transformGrad / l
			}
			for c := range t.res.Dims {
				e := i*d + c
				gc := float32(g[c] * cut)
				if v[e] > 0 != (gc > 0) || v[e] < 0 != (gc < 0) {
					gain[e] += 0.2
				} else {
					gain[e] = gain[e]*0.8 + 0.01
				}
				v[e] = transformMomentum*v[e] - transformRate*gain[e]*gc
				next := y[e] + v[e]
				y[e] = min(max(next, t.box.lo[c]), t.box.hi[c])
			}
		}
	}
	for i := range n {
		copy(out[(lo+i)*t.res.Dims:(lo+i+1)*t.res.Dims], y[i*d:])
	}
}

// repel sums the repulsion of the reference at the points y.
func (t *transformer) repel(phi, force, y []float32) {
	d := t.dims
	switch t.used {
	case Mesh:
		m := &t.rep.mesh
		vec.Gather(phi, force, m.grid, &m.at, y, t.half, 0, len(phi))
	case Exact:
		var px, py [vec.Lanes]float32
		var sum, fx, fy [vec.Lanes]float64
		for i := range phi {
			px[i], py[i] = y[2*i], y[2*i+1]
		}
		vec.Pairs(&sum, &fx, &fy, &px, &py, t.ref, t.rep.w, 1, 0, t.rep.n)
		for i := range phi {
			phi[i] = float32(sum[i])
			force[2*i], force[2*i+1] = float32(fx[i]), float32(fy[i])
		}
	default:
		for i := range phi {
			var at [3]float32
			copy(at[:], y[i*d:i*d+d])
			s, f := t.rep.tree.sumAt(at[:], -1)
			phi[i] = float32(s)
			for c := range d {
				force[i*d+c] = float32(f[c])
			}
		}
	}
}
