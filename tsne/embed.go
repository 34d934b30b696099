package tsne

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/semamap/semamap/tsne/knn"
)

// A Result is a finished map.
type Result struct {
	// Y holds the positions, rows × Dims in the order of the input.
	Y    []float32
	Dims int
	// KL is the divergence of the map from P in nats.
	KL float64
	// Perplexity is the value used, 0 for other kernels and given affinities.
	Perplexity float64
	// Steps is the number of steps taken.
	Steps int
	Stats Stats

	freedom  float64
	seed     uint64
	workers  int
	weights  []float64  // of the rows; nil: 1 each
	metric   knn.Metric // of the search
	distance func(a, b []float32) float64
}

// Stats tells how a run went.
type Stats struct {
	Rows, Distinct int   // rows of the input; after merging equal ones
	Neighbors      int   // neighbours searched or given for each distinct row
	Edges          int64 // entries of P
	Unsolved       int   // rows whose perplexity equation has no solution
	PeakBytes      int64 // estimate of the memory used beyond the input
	Recall         float64
	Merging        time.Duration // validation and merging
	Searching      time.Duration
	Calibrating    time.Duration // affinities
	Starting       time.Duration // first positions
	Stepping       time.Duration
}

// Len returns the number of rows.
func (r *Result) Len() int {
	if r.Dims == 0 {
		return 0
	}
	return len(r.Y) / r.Dims
}

// XY returns the position of row i, with y = 0 for maps of one dimension and
// the first two coordinates for maps of three.
func (r *Result) XY(i int) (x, y float64) {
	x = float64(r.Y[i*r.Dims])
	if r.Dims > 1 {
		y = float64(r.Y[i*r.Dims+1])
	}
	return x, y
}

// Embed makes a map of the rows of x; s may be nil. When the context is
// cancelled it returns an error that wraps the context's, with the map so far:
// nil during the preparation, later one whose KL is NaN.
func Embed(ctx context.Context, x Points, s *Settings) (*Result, error) {
	r, err := New(ctx, x, s)
	if err != nil {
		return nil, err
	}
	return r.run(ctx)
}

// New prepares a run: it checks the settings and the rows, merges equal rows,
// finds neighbours, calibrates the affinities and makes the start. It keeps
// no reference to x. The errors are a [*SettingError], a [*ValueError], an
// [*EntryError], those of [knn.Search] and the context's, wrapped.
func New(ctx context.Context, x Points, s *Settings) (*Run, error) {
	r, err := newFrom(ctx, x, s)
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil, fmt.Errorf("tsne: preparing: %w", err)
	}
	return r, err
}

func newFrom(ctx context.Context, x Points, s *Settings) (*Run, error) {
	var set Settings
	if s != nil {
		set = *s
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	n, d := 0, 0
	switch {
	case x != nil:
		var err error
		if n, d, err = checkShape(x); err != nil {
			return nil, err
		}
	case set.Affinities != nil:
		n = set.Affinities.Len()
	case set.Neighbors != nil:
		n = set.Neighbors.N
	default:
		return nil, &SettingError{"points", nil, "neither points, Neighbors nor Affinities are given"}
	}
	if err := set.fill(n); err != nil {
		return nil, err
	}
	switch {
	case x == nil && set.Start.needsPoints():
		return nil, &SettingError{"Start", "PCA", "needs points"}
	case set.Affinities != nil && set.Neighbors != nil:
		return nil, &SettingError{"Affinities", "given", "Neighbors are given too"}
	case set.Affinities != nil && set.Affinities.Len() != n:
		return nil, &SettingError{"Affinities", set.Affinities.Len(), fmt.Sprintf("rows do not match the %d points", n)}
	case set.Neighbors != nil && set.Neighbors.N != n:
		return nil, &SettingError{"Neighbors", set.Neighbors.N, fmt.Sprintf("rows do not match the %d points", n)}
	}
	b := &builder{ctx: ctx, s: set, x: x, n: n, d: d, u: n}
	b.stats.Rows = n
	for _, stage := range []struct {
		time *time.Duration
		run  func() error
	}{
		{&b.stats.Merging, b.merge},
		{&b.stats.Searching, b.search},
		{&b.stats.Calibrating, b.calibrate},
		{&b.stats.Starting, b.start},
	} {
		begin := time.Now()
		if err := stage.run(); err != nil {
			return nil, err
		}
		*stage.time = time.Since(begin)
	}
	b.stats.Distinct = b.u
	b.stats.Edges = int64(len(b.p.Val))
	set.Neighbors, set.Affinities, set.Weights, set.Fixed, set.Start = nil, nil, nil, nil, nil
	r, err := newRun(ctx, set, n, b.u, b.of, b.w, b.fixed, b.p, b.y)
	if err != nil {
		return nil, err
	}
	r.stats, r.perp = b.stats, b.perp
	return r, nil
}

// A builder holds what New makes on the way.
type builder struct {
	ctx   context.Context
	s     Settings
	x     Points
	n, d  int
	u     int
	of    []int32
	first []int32
	w     []float64
	fixed []bool
	kern  Kernel
	perp  float64
	graph *knn.Graph
	p     *Affinities
	y     []float64
	stats Stats
}

// merge checks the points and merges equal ones.
func (b *builder) merge() error {
	b.w, b.fixed = b.s.Weights, b.s.Fixed
	if b.x == nil {
		return nil
	}
	sc := newScan(b.x, b.d)
	if err := sc.check(b.ctx, b.s.Workers, b.n); err != nil {
		return err
	}
	if b.s.Duplicates == Keep || b.s.Affinities != nil || b.s.Neighbors != nil {
		return nil
	}
	of, first, err := sc.merge(b.ctx, b.s.Workers, b.n, b.s.Fixed)
	if err != nil {
		return err
	}
	if len(first) == b.n {
		return nil
	}
	b.of, b.first, b.u = of, first, len(first)
	b.w = make([]float64, b.u)
	for i, u := range of {
		b.w[u] += weight(b.s.Weights, i)
	}
	if b.s.Fixed != nil {
		b.fixed = make([]bool, b.u)
		for u, i := range first {
			b.fixed[u] = b.s.Fixed[i]
		}
	}
	b.x = pick(b.x, first)
	return nil
}

// search finds the neighbours.
func (b *builder) search() error {
	if b.s.Affinities != nil {
		return nil
	}
	if g := b.s.Neighbors; g != nil {
		if err := checkGraph(b.ctx, g); err != nil {
			return err
		}
		b.graph = g
		var err error
		b.kern, b.perp, err = b.s.graphKernel(g)
		b.stats.Neighbors = g.K
		return err
	}
	perp, err := b.s.perplexity(b.u)
	if err != nil {
		return err
	}
	b.kern, b.perp = b.s.Kernel, 0
	if b.kern == nil {
		b.kern, b.perp = gaussian(perp), perp
	}
	k, err := b.kern.neighbors(b.u)
	if err != nil {
		return err
	}
	if b.u <= 2 {
		k = b.u - 1 // nothing to calibrate
	}
	k = max(0, k)
	b.stats.Neighbors = k
	need := b.estimate(k)
	b.stats.PeakBytes = need
	if b.s.MaxMemory > 0 && need > b.s.MaxMemory {
		return fmt.Errorf("tsne: MaxMemory = %d: about %d bytes are needed: %w", b.s.MaxMemory, need, ErrMemory)
	}
	var ks knn.Settings
	if b.s.Search != nil {
		ks = *b.s.Search
	}
	if ks.Workers == 0 {
		ks.Workers = b.s.Workers
	}
	if ks.Seed == 0 {
		ks.Seed = b.s.Seed
	}
	if ks.MaxMemory == 0 {
		ks.MaxMemory = b.s.MaxMemory
	}
	if b.graph, err = knn.Search(b.ctx, b.x, k, &ks); err != nil {
		return err
	}
	b.stats.Recall = b.graph.Recall.Mean
	b.stats.PeakBytes = max(need, b.graph.Stats.Bytes)
	collect()
	return nil
}

// estimate returns about how many bytes the affinities and the steps need.
func (b *builder) estimate(k int) int64 {
	u, edges := int64(b.u), int64(b.u)*int64(k)
	// The graph and its transpose while P, of up to twice the edges, is made;
	// later two copies of P while it is permuted.
	return max(edges*(12+12)+2*edges*8, 2*2*edges*8) + u*(8*4*4) + int64(b.n)*8
}

func (b *builder) calibrate() error {
	var err error
	if a := b.s.Affinities; a != nil {
		b.p, err = checkAffinities(b.ctx, a)
		return err
	}
	b.p, b.stats.Unsolved, err = affinities(b.ctx, b.graph, b.kern, b.w, b.s.Workers, b.s.Neighbors == nil)
	b.graph = nil
	collect()
	return err
}

// collect frees the large memory of a stage for the next, which the pace of
// the collector would keep until the heap has doubled: at 70,000 rows it
// halves the peak. It takes milliseconds, as little of the heap holds pointers.
func collect() { runtime.GC() }

func (b *builder) start() error {
	b.y = make([]float64, b.u*b.s.Dims)
	if b.u == 0 {
		return nil
	}
	in := &startInput{
		x: b.x, p: b.p, w: b.w, n: b.u, dims: b.s.Dims, seed: b.s.Seed, workers: b.s.Workers, of: b.of,
	}
	if b.u == 1 {
		if _, given := b.s.Start.(givenStart); !given {
			return nil
		}
	}
	return b.s.Start.positions(b.ctx, b.y, in)
}
